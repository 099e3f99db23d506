"""History from a venue, page by page, kept and continued.

Our own loop: ccxt's ``paginate`` with ``since`` alone starts at most ten pages before now and says nothing about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from vigie.adapters.market_data.files import infer_timeframe
from vigie.domain.candles import COLUMNS, Candles
from vigie.domain.errors import DataError, VenueUnavailable
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.ports.candles import CandleRow, CandleSource
from vigie.ports.clock import Clock
from vigie.reliability.retry import PATIENT, Tries, retry_read


@dataclass(frozen=True, slots=True)
class Revision:
    """A stored candle that the venue now tells differently.

    Attributes:
        opens_at: epoch milliseconds.
        before, after: open, high, low, close, volume.
    """

    opens_at: int
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of a download.

    Attributes:
        candles: stored and new ones together, closed ones only; None if there is none at all.
        added: candles that were not stored before.
        revised: stored candles that changed.
        forming: rows left out because they are not closed yet.
        failure: why it ended early, None if it did not.
    """

    candles: Candles | None
    added: int
    revised: tuple[Revision, ...]
    forming: int
    failure: VenueUnavailable | None


def fetch_history(
    source: CandleSource,
    clock: Clock,
    pair: Pair,
    timeframe: Timeframe,
    *,
    since_ms: int,
    stored: Candles | None,
    refresh: int,
    advance: Callable[[int], None],
    now_ms: int | None = None,
    tries: Tries = PATIENT,
) -> Fetched:
    """Fetch candles from ``since_ms``, or from where the stored ones end, up to the last closed one.

    Args:
        source: asked for pages; each read is tried again with growing waits.
        clock: waits between tries.
        pair: what to fetch.
        timeframe: of which length.
        since_ms: first opening time wanted, epoch milliseconds.
        stored: what is there already; asked for again only in its last ``refresh`` candles, unless it starts later
            than ``since_ms``: then everything is asked for.
        refresh: stored candles at the end to ask for again, at least one.
        advance: told how much nearer the end is, in candles.
        now_ms: the venue's time, if it has just told it; None: it is asked.
        tries: of each read.

    Raises:
        ConfigError, VenueRefused: the venue will not, and why.
        DataError: the venue's rows are impossible.
        VenueUnavailable: the very first read failed.
    """
    now_ms = retry_read(source.now_ms, clock, **tries) if now_ms is None else now_ms
    backfill = stored is not None and since_ms < stored.opens_at[0]
    start = since_ms
    if stored is not None and not backfill:
        start = int(stored.opens_at[-min(max(refresh, 1), len(stored))])
    rows, forming, failure = _pages(source, clock, pair, timeframe, start, now_ms, advance, tries)
    if failure is not None and backfill:
        # A half would leave a hole between what came and what was stored, and nothing would ever close it.
        raise failure
    fresh = _checked(rows, timeframe, f"{source.venue} {pair}")
    merged, added, revised = merge(stored, fresh)
    return Fetched(merged, added, revised, forming, failure)


def _pages(
    source: CandleSource,
    clock: Clock,
    pair: Pair,
    timeframe: Timeframe,
    start: int,
    now_ms: int,
    advance: Callable[[int], None],
    tries: Tries,
) -> tuple[list[CandleRow], int, VenueUnavailable | None]:
    length = timeframe.milliseconds
    rows: list[CandleRow] = []
    since, forming = start, 0
    while since + length <= now_ms:
        try:
            page = retry_read(partial(source.page, pair, timeframe, since), clock, **tries)
        except VenueUnavailable as failure:
            return rows, forming, failure
        new = [row for row in page if row[0] >= since]
        closed = [row for row in new if row[0] + length <= now_ms]
        forming += len(new) - len(closed)
        rows += closed
        # Nothing in this window is no proof of nothing after it: some venues answer a window, not "from here on".
        ahead = new[-1][0] + length if new else since + source.page_limit * length
        advance((min(ahead, now_ms) - since) // length)
        since = ahead
    return rows, forming, None


def _checked(rows: list[CandleRow], timeframe: Timeframe, what: str) -> Candles | None:
    if not rows:
        return None
    table = np.array(rows, dtype=np.float64)
    opens_at = np.array([row[0] for row in rows], dtype=np.int64)
    try:
        candles = Candles(timeframe, opens_at, *(table[:, at] for at in range(1, 6)))
    except DataError as error:
        raise DataError(f"{what}: the venue sent an impossible candle: {error}") from error
    usual = infer_timeframe(opens_at)
    if len(rows) > 2 and usual is not None and usual > timeframe:
        raise DataError(f"{what}: the venue sent {usual} candles, not {timeframe}")
    return candles


def merge(stored: Candles | None, fresh: Candles | None) -> tuple[Candles | None, int, tuple[Revision, ...]]:
    """Stored and fresh candles together; where both have a candle the fresh one counts.

    Returns:
        All candles, how many were not stored before, and the stored ones that changed.

    Raises:
        DataError: the two do not lie on the same grid.
    """
    if fresh is None:
        return stored, 0, ()
    if stored is None:
        return fresh, len(fresh), ()
    _, old_rows, new_rows = np.intersect1d(stored.opens_at, fresh.opens_at, assume_unique=True, return_indices=True)
    old = np.column_stack([getattr(stored, name)[old_rows] for name in COLUMNS])
    new = np.column_stack([getattr(fresh, name)[new_rows] for name in COLUMNS])
    changed = np.flatnonzero(~np.all((old == new) | (np.isnan(old) & np.isnan(new)), axis=1))
    revised = tuple(
        Revision(int(fresh.opens_at[new_rows[at]]), tuple(old[at].tolist()), tuple(new[at].tolist())) for at in changed
    )
    kept = np.ones(len(stored), dtype=np.bool_)
    kept[old_rows] = False
    opens_at = np.concatenate([stored.opens_at[kept], fresh.opens_at])
    order = np.argsort(opens_at)
    columns = (np.concatenate([getattr(stored, name)[kept], getattr(fresh, name)])[order] for name in COLUMNS)
    return Candles(stored.timeframe, opens_at[order], *columns), len(fresh) - len(new_rows), revised
