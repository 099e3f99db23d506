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

__all__ = ["NAMES", "Numbers", "Road", "run_lanes", "sums_of"]


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

    def lanes(self, wishes: Sequence[Signals], members: Sequence[IntArray]) -> k.Lanes:
        """These candles with the wishes of some strategies; no entry while one is warming up.

        Args:
            wishes: of each group.
            members: lines of the plans that share them.
        """
        entries = [np.flatnonzero(one.entry[one.warm_up :] != 0) + one.warm_up for one in wishes]
        # Most groups share their volatility, each by a view of its own: it is laid out once.
        memories = [one.volatility.ctypes.data for one in wishes]
        kinds = dict(zip(memories, (one.volatility for one in wishes), strict=True))
        exits = np.empty((len(wishes), len(self.close)), dtype=np.bool_)
        for line, one in zip(exits, wishes, strict=True):
            line[:] = one.exit
        places = {found: place for place, found in enumerate(kinds)}
        return k.Lanes(
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            in_row=self.in_row,
            day=self.day,
            members=_readable(np.concatenate(members)),
            member_bounds=_bounds(members),
            entries=_readable(np.concatenate(entries)),
            entry=_there([one.entry for one in wishes], entries),
            stop_distance=_there([one.stop_distance for one in wishes], entries),
            target_distance=_there([one.target_distance for one in wishes], entries),
            entry_bounds=_bounds(entries),
            exit=_readable(exits),
            volatility=_readable(_lines(list(kinds.values()))),
            kind=_readable(np.array([places[one] for one in memories], dtype=np.int64)),
        )


def _bounds(parts: Sequence[IntArray]) -> IntArray:
    """Where each part begins in all of them together, and the end."""
    bounds: IntArray = _readable(np.cumsum([0, *map(len, parts)], dtype=np.int64))
    return bounds


def _lines(columns: Sequence[FloatArray]) -> FloatArray:
    """Columns as the lines of a table; a single one is not copied."""
    return columns[0].reshape(1, -1) if len(columns) == 1 else np.stack(columns)


def _there(columns: Sequence[NDArray[Any]], rows: Sequence[IntArray]) -> Any:
    """Columns in the rows where somebody wants to enter, one after the other."""
    return _readable(np.concatenate([column[wanted] for column, wanted in zip(columns, rows, strict=True)]))


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


def run_lanes(
    lanes: k.Lanes, numbers: Numbers, ends: IntArray, days: IntArray, out: FloatArray, daily: FloatArray
) -> None:
    """Run the plans of some lanes.

    Args:
        lanes: candles, wishes, and who shares them.
        numbers: of all plans.
        ends: how many candles each answer is about, not decreasing; the last one: all.
        days: last row of each day whose equity is wanted.
        out: the members' lines are written: columns L_*, shape (plans, ends, 11).
        daily: the members' lines are written: equity, quote, shape (plans, days).
    """
    n = numbers
    compiled_lean()(lanes, n.rules, n.costs, n.wallets, n.limits, n.filters, ends, days, out, daily)


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
