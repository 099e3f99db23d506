"""Many points over one pair, for a few numbers each: no book, no Python between points that share their signals."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar, overload

import numpy as np

from vigie.decision.profile import Plan
from vigie.decision.weighing import Wallet
from vigie.domain.candles import Candles, FloatArray, IntArray, Series
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import DAY_MS
from vigie.metrics.returns import last_of_each_day
from vigie.metrics.summary import Metrics
from vigie.metrics.sums import Measures, measure_sums
from vigie.research.compile import compiled_lean, use_compiled_loops
from vigie.research.folds import rows_before
from vigie.research.kernel.lean import LEAN_COLUMNS
from vigie.research.lanes import Numbers, Road, run_lanes, sums_of
from vigie.research.memo import Memo
from vigie.research.pieces import piece_in, range_of

T = TypeVar("T")

_YEAR_DAYS = 365.25
_ROW_BYTES = 9
"""What the wishes of a group take at most, a row: volatility and exit."""
_MOST_BYTES = 16 * 2**20
"""What the wishes of the groups that one thread has at once may take."""
_LINES = 32
_TURNS = 8
"""A thread comes back so often at least, so that none is left alone with the rest at the end."""


@dataclass(frozen=True, slots=True, eq=False)
class AtDates(Sequence[Metrics]):
    """The numbers of one plan at each date.

    Attributes:
        dates: of all plans, date by date.
        plan: which of them this is.
    """

    dates: Sequence[Measures]
    plan: int

    def __len__(self) -> int:
        return len(self.dates)

    @overload
    def __getitem__(self, at: int) -> Metrics: ...
    @overload
    def __getitem__(self, at: slice) -> list[Metrics]: ...
    def __getitem__(self, at: int | slice) -> Metrics | list[Metrics]:
        """The record at a date."""
        return [one[self.plan] for one in self.dates[at]] if isinstance(at, slice) else self.dates[at][self.plan]

    def number(self, at: int, name: str) -> float | None:
        """One number at a date, without the others."""
        return self.dates[at].column(name)[self.plan]


def can_be_lean(plans: Sequence[Plan], pairs: int) -> bool:
    """Whether the lean loop knows all that the plans ask for: one pair, next-open fills, no closing at the end."""
    return pairs == 1 and all(
        one.settings.fill_at == "next_open" and not one.settings.last_at_close and not one.settings.close_at_end
        for one in plans
    )


def lean_sweep(
    plans: Sequence[Plan],
    one: Series,
    *,
    instruments: Mapping[Pair, Instrument],
    start_ms: int | None,
    ends_ms: Sequence[int],
    daily: bool = True,
    jobs: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[list[AtDates], FloatArray]:
    """Run every plan over one pair, in one pass that is measured at each date.

    Args:
        plans: all of which the lean loop can run (`can_be_lean`).
        one: candles of the pair.
        instruments: venue filters where they are known.
        start_ms: start of what is traded, epoch milliseconds.
        ends_ms: dates to measure at, increasing; candles that open before a date belong to it.
        daily: whether daily equity is wanted.
        jobs: threads.
        progress: told how many more plans are done.

    Returns:
        the numbers of each plan in their order, and its returns per UTC day, fractions, shape (plans, days), or
        (plans, 0).
    """
    use_compiled_loops()
    compiled_lean()
    groups = _groups(plans)
    places = {
        from_past: range_of(made, one, start_ms, ends_ms[-1])
        for from_past, made in {made.settings.warm_up_from_past: made for made in plans}.items()
    }
    roads = {from_past: Road.of(there) for from_past, there in places.items()}
    memo = Memo([there.known.candles for there in places.values()])
    candles = next(iter(places.values())).traded.candles
    ends = np.array(rows_before(candles.opens_at, ends_ms), dtype=np.int64)
    days = last_of_each_day(candles.closes_at, candles.timeframe.milliseconds) if daily else ends[:0]
    numbers = Numbers.of(plans, one.pair, instruments)
    lines = np.empty((len(plans), len(ends), LEAN_COLUMNS))
    levels = np.empty((len(plans), len(days)))

    def work(batch: Sequence[IntArray]) -> None:
        from_past = plans[batch[0][0]].settings.warm_up_from_past
        wishes = []
        for members in batch:
            with memo.used():
                piece = piece_in(places[from_past], plans[members[0]])
            numbers.warmed_up(members, piece.warm_up)
            wishes.append(piece.signals)
        run_lanes(roads[from_past].lanes(wishes, batch), numbers, ends, days, lines, levels)
        progress(sum(map(len, batch)))

    waiting = deque(_batches(groups, plans, len(candles), jobs))

    def work_on() -> None:
        try:
            for batch in _taken(waiting):
                work(batch)
        finally:
            waiting.clear()

    threads = max(1, jobs)
    pool = ThreadPoolExecutor(max_workers=threads)
    try:
        for done in [pool.submit(work_on) for _ in range(threads)]:
            done.result()
    finally:
        # After an interrupt or an error nothing is begun any more.
        waiting.clear()
        pool.shutdown()
    capital = numbers.wallets[:, Wallet._fields.index("capital")]
    return _measured(lines, capital, candles, ends), _returns(levels, capital)


def _taken(waiting: deque[T]) -> Iterator[T]:
    """One after another until none is left; several threads may take from the same."""
    while True:
        try:
            one = waiting.popleft()
        except IndexError:
            return
        yield one


def _batches(groups: Sequence[IntArray], plans: Sequence[Plan], rows: int, jobs: int) -> list[Sequence[IntArray]]:
    """Groups that go through the compiled loop in one go.

    A thread that comes back from it after each group waits for Python each time: that cost a fifth of a search.
    """
    most = max(1, min(_MOST_BYTES // (_ROW_BYTES * max(1, rows)), len(groups) // (_TURNS * max(1, jobs))))
    of_a_kind = groupby(groups, lambda members: plans[members[0]].settings.warm_up_from_past)
    kinds = [list(some) for _, some in of_a_kind]
    return [some[first : first + most] for some in kinds for first in range(0, len(some), most)]


def _groups(plans: Sequence[Plan]) -> list[IntArray]:
    """Plans that share their signals, by their places."""
    groups: dict[object, list[int]] = {}
    for index, made in enumerate(plans):
        groups.setdefault((made.parameters, made.settings.warm_up_from_past), []).append(index)
    return [np.array(members, dtype=np.int64) for members in groups.values()]


def _measured(lines: FloatArray, capital: FloatArray, candles: Candles, ends: IntArray) -> list[AtDates]:
    by_date = []
    for at, rows in enumerate(ends.tolist()):
        years = (int(candles.closes_at[rows - 1]) - int(candles.opens_at[0])) / DAY_MS / _YEAR_DAYS if rows else 0.0
        sums = sums_of(lines[:, at], capital)
        by_date.append(measure_sums(sums, rows=rows, years=years, per_year=candles.timeframe.per_year))
    return [AtDates(by_date, plan) for plan in range(len(lines))]


def _returns(levels: FloatArray, capital: FloatArray) -> FloatArray:
    """`simple_returns` of each line, in place; some lines at a time, as many as a processor has at hand."""
    for first in range(0, len(levels), _LINES):
        some = levels[first : first + _LINES]
        some[:, 1:] /= some[:, :-1].copy()
        some[:, :1] /= capital[first : first + _LINES, np.newaxis]
        some -= 1.0
    return levels
