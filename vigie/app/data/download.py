"""Fetching candles from a venue into the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from vigie.adapters.clock import SystemClock
from vigie.adapters.market_data.ccxt_source import CcxtCandleSource
from vigie.adapters.market_data.download import Fetched, Revision, fetch_history
from vigie.adapters.market_data.store import CandleStore
from vigie.domain.candles import Candles, Series
from vigie.domain.errors import ConfigError, VenueUnavailable
from vigie.domain.pair import Pair
from vigie.domain.timeframe import DAY_MS, Timeframe
from vigie.ports.candles import CandleSource
from vigie.ports.clock import Clock
from vigie.reliability.retry import retry_read

Progress: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Opens a progress bar for a number of candles; what it yields is told how many more have come."""

DEFAULT_HISTORY_DAYS = 5 * 365


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What a download did for one pair.

    Attributes:
        candles: now stored.
        added: of these, new.
        revised: candles stored earlier that the venue now tells differently.
        forming: rows left out because they are not closed yet.
        first, last: opening times of what is stored, epoch ms.
        path: the file.
        content_hash: SHA-256 of the candles.
    """

    venue: str
    pair: Pair
    timeframe: Timeframe
    candles: int
    added: int
    revised: tuple[Revision, ...]
    forming: int
    first: int
    last: int
    path: Path
    content_hash: str


def download(
    pairs: Sequence[Pair],
    home: Path,
    *,
    exchange: str,
    timeframe: Timeframe,
    since_ms: int | None = None,
    refresh: int = 1,
    base_url: str | None = None,
    clock: Clock | None = None,
    progress: Progress,
) -> tuple[Downloaded, ...]:
    """Fetch candles and the pairs' filters from a venue, and keep them.

    What came before a failure is kept, so that the next call goes on from there.

    Args:
        pairs: to fetch, one after the other.
        home: its store keeps them.
        exchange: ccxt's name of the venue.
        timeframe: of the candles.
        since_ms: first instant, epoch milliseconds; None: five years ago, or where the store ends.
        refresh: stored candles at the end to ask for again.
        base_url: another address for the venue, for tests.
        clock: tells the hour and waits between tries.
        progress: opens a progress bar.

    Raises:
        ConfigError: unknown exchange, pair or timeframe, or a setting that cannot be.
        VenueRefused: a proven no.
        VenueUnavailable: the venue cannot be reached.
        DataError: what is stored is damaged, or what came is impossible.
    """
    if refresh < 1:
        raise ConfigError(f"--refresh {refresh}: at least one candle")
    time = clock or SystemClock()
    source = CcxtCandleSource(exchange, local_time_ms=time.now_ms, base_url=base_url)
    store = CandleStore.of(home)
    # All pairs first: a misspelt last one should not be found after an hour.
    known = [retry_read(partial(source.instrument, pair), time) for pair in pairs]
    store.save_instruments(source.venue, known)
    return tuple(_one(source, time, store, pair, timeframe, since_ms, refresh, progress) for pair in pairs)


def _one(
    source: CandleSource,
    clock: Clock,
    store: CandleStore,
    pair: Pair,
    timeframe: Timeframe,
    since_ms: int | None,
    refresh: int,
    progress: Progress,
) -> Downloaded:
    held = store.load(source.venue, pair, timeframe)
    stored = held.candles if held is not None else None
    now_ms = clock.now_ms()
    start = since_ms if since_ms is not None else _default_start(stored, now_ms)
    ahead = start if stored is None or start < stored.opens_at[0] else int(stored.opens_at[-1])
    total = max(1, (now_ms - ahead) // timeframe.milliseconds)
    with progress(f"{source.venue} {pair} {timeframe}", total) as advance:
        fetched = fetch_history(
            source, clock, pair, timeframe, since_ms=start, stored=stored, refresh=refresh, advance=advance
        )
    return _keep(source, store, pair, timeframe, fetched)


def _keep(source: CandleSource, store: CandleStore, pair: Pair, timeframe: Timeframe, fetched: Fetched) -> Downloaded:
    if fetched.candles is None:
        if fetched.failure is not None:
            raise fetched.failure
        raise ConfigError(f"{source.venue} has no {timeframe} candles of {pair} since then: choose an earlier --since")
    series = Series(pair, source.venue, fetched.candles, "")
    path = store.path(source.venue, pair, timeframe)
    if fetched.added or fetched.revised:
        store.save(series, f"downloaded from {source.venue}")
    if fetched.failure is not None:
        raise VenueUnavailable(
            f"{pair}: {fetched.failure}; {fetched.added} new candles are kept, the same command goes on from there",
            fetched.failure.retry_after,
        )
    opens_at = fetched.candles.opens_at
    return Downloaded(
        source.venue, pair, timeframe, len(opens_at), fetched.added, fetched.revised, fetched.forming,
        int(opens_at[0]), int(opens_at[-1]), path, fetched.candles.content_hash,
    )  # fmt: skip


def _default_start(stored: Candles | None, now_ms: int) -> int:
    if stored is not None:
        return int(stored.opens_at[0])
    return (now_ms - DEFAULT_HISTORY_DAYS * DAY_MS) // DAY_MS * DAY_MS
