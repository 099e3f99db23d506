"""One pair and many plans, laid out for the lean loop; and its lines of numbers as metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigie.decision.pipeline import wallet_of
from vigie.decision.profile import Plan
from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.metrics.sums import NAMES, Sums
from vigie.research.compile import compiled_lean
from vigie.research.inputs import HOLE, hole_limit, limits_of
from vigie.research.kernel import lean as k
from vigie.research.pieces import Range
from vigie.research.timeline import filters_of
from vigie.strategy.signals import Signals

__all__ = ["NAMES", "Numbers", "Road", "run_lane", "sums_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Road:
    """The candles of a pair that is alone in its wallet, as the lean loop wants them; lanes share it."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    in_row: IntArray
    day: IntArray

    @classmethod
    def of(cls, there: Range) -> Road:
        """The candles of a range."""
        candles = there.traded.candles
        columns = candles.open, candles.high, candles.low, candles.close
        in_row = there.known.candles.rows_without_hole[there.first :]
        return cls(*(_readable(column) for column in (*columns, in_row, candles.close_day)))

    def lane(self, signals: Signals) -> k.Lane:
        """These candles with the wishes of a strategy; no entry while it is warming up."""
        wanted = np.flatnonzero(signals.entry[signals.warm_up :] != 0)
        return k.Lane(
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            in_row=self.in_row,
            day=self.day,
            entries=_readable(wanted + signals.warm_up),
            entry=_readable(signals.entry),
            exit=_readable(signals.exit),
            stop_distance=_readable(signals.stop_distance),
            target_distance=_readable(signals.target_distance),
            volatility=_readable(signals.volatility),
        )


def _readable(column: NDArray[Any]) -> Any:
    """Contiguous and read-only, always: numba would compile the loop once more for every other kind of array."""
    view = np.ascontiguousarray(column).view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """The numbers of many plans over one pair, a line each.

    Attributes:
        rules, costs, wallets: fields of `Rules`, `Costs` and `Wallet`, shapes (plans, 17), (plans, 4), (plans, 6).
        limits: of the gate's rules, shape (plans, rules).
        filters: of the venue, shape (plans, 4).
    """

    rules: FloatArray
    costs: FloatArray
    wallets: FloatArray
    limits: FloatArray
    filters: FloatArray

    @classmethod
    def of(cls, plans: Sequence[Plan], pair: Pair, instruments: Mapping[Pair, Instrument]) -> Numbers:
        """Lay out plans; what several of them share (`Planner`) is read once."""
        lines: dict[object, int] = {}
        table: list[tuple[list[float], ...]] = []
        places = []
        for plan in plans:
            # Plans live as long as this function: nobody else gets these ids.
            shared = (id(plan.settings), id(plan.limits), plan.sizing_amount)
            if shared not in lines:
                numbers = plan.settings.rules(), plan.settings.costs(), wallet_of(plan, 1), limits_of(plan)
                filters = filters_of([pair], instruments, plan.settings.min_notional)[0]
                lines[shared] = len(table)
                table.append(tuple([float(one) for one in line] for line in (*numbers, filters)))
            places.append(lines[shared])
        return cls(*(np.array(column)[places] for column in zip(*table, strict=True)))

    def warmed_up(self, members: IntArray, warm_up: int) -> None:
        """Tell the hole rule of some plans for how many candles their strategy asks."""
        self.limits[members, HOLE] = hole_limit(self.limits[members, HOLE], warm_up)


def run_lane(
    lane: k.Lane,
    numbers: Numbers,
    members: IntArray,
    ends: IntArray,
    days: IntArray,
    out: FloatArray,
    daily: FloatArray,
) -> None:
    """Run some plans over one lane.

    Args:
        lane: candles and wishes.
        numbers: of all plans.
        members: those who share the wishes, shape (m,).
        ends: how many candles each answer is about, not decreasing; the last one: all.
        days: last row of each day whose equity is wanted.
        out: lines ``members`` are written: columns L_*, shape (plans, ends, 11).
        daily: lines ``members`` are written: equity, quote, shape (plans, days).
    """
    n = numbers
    compiled_lean()(lane, n.rules, n.costs, n.wallets, n.limits, n.filters, members, ends, days, out, daily)


def sums_of(lines: FloatArray, capital: FloatArray) -> Sums:
    """The answers of the lean loop about one date, shape (plans, 11), by name."""
    return Sums(
        capital=capital,
        final=lines[:, k.L_FINAL],
        total=lines[:, k.L_SUM],
        squares=lines[:, k.L_SQUARES],
        losses=lines[:, k.L_LOSSES],
        deepest=lines[:, k.L_DEEPEST],
        trades=lines[:, k.L_TRADES],
        wins=lines[:, k.L_WINS],
        gained=lines[:, k.L_GAINED],
        lost=lines[:, k.L_LOST],
        fees=lines[:, k.L_FEES],
        held=lines[:, k.L_HELD],
    )
