"""Many points over one pair, for a few numbers each: no book, no Python between points that share their signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from vigie.decision.policies import Filters
from vigie.decision.profile import Plan
from vigie.domain.candles import Series
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import DAY_MS
from vigie.metrics.summary import Metrics
from vigie.research.compile import compiled_lean, use_compiled_loops
from vigie.research.lanes import lane_of, metrics_of, run_lane
from vigie.research.pieces import piece_of
from vigie.research.timeline import filters_of

_YEAR_DAYS = 365.25


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
    end_ms: int | None,
    jobs: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Metrics]:
    """Run every plan over one pair.

    Args:
        plans: all of which the lean loop can run (`can_be_lean`).
        one: candles of the pair.
        instruments: venue filters where they are known.
        start_ms: start of what is traded, epoch milliseconds.
        end_ms: its end, excluded.
        jobs: threads.
        progress: told how many more plans are done.

    Returns:
        the numbers named in `lanes.NAMES`, one record per plan, in their order.
    """
    use_compiled_loops()
    compiled_lean()
    groups: dict[object, list[int]] = {}
    for index, made in enumerate(plans):
        # Filters can hang on a setting too: plans of one group meet the same ones.
        shared = (made.parameters, made.settings.warm_up_from_past, made.settings.min_notional)
        groups.setdefault(shared, []).append(index)
    found: dict[int, Metrics] = {}

    def work(members: Sequence[int]) -> None:
        mine = [plans[index] for index in members]
        piece = piece_of(mine[0], one, start_ms, end_ms)
        candles = piece.traded.candles
        tick, step, quantity, notional = filters_of([one.pair], instruments, mine[0].settings.min_notional)[0]
        lines = run_lane(lane_of(piece), mine, piece.warm_up, Filters(tick, step, quantity, notional))
        years = (int(candles.closes_at[-1]) - int(candles.opens_at[0])) / DAY_MS / _YEAR_DAYS
        for index, made, line in zip(members, mine, lines, strict=True):
            found[index] = metrics_of(
                line,
                rows=len(candles),
                capital=float(made.settings.capital),
                years=years,
                per_year=candles.timeframe.per_year,
            )
        progress(len(members))

    pool = ThreadPoolExecutor(max_workers=max(1, jobs))
    try:
        for done in [pool.submit(work, members) for members in groups.values()]:
            done.result()
    finally:
        # After an interrupt or an error nothing is begun any more.
        pool.shutdown(cancel_futures=True)
    return [found[index] for index in range(len(plans))]
