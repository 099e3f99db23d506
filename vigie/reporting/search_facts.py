"""What a search was: said by its reports beside every number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vigie.metrics.definitions import DEFINITIONS, Definition
from vigie.reporting.scope import costs_of, period_of, trials_of
from vigie.research.space import Axis


@dataclass(frozen=True, slots=True)
class SearchFacts:
    """A search, in what its reports need.

    Attributes:
        strategy, profile, timeframe, pairs: what was traded.
        quote: the asset that amounts are in.
        capital: at the start, in quote.
        objective: what was looked for, as the user says it.
        metric: the name of the metric behind it.
        least_trades: points with fewer closed trades were not ranked.
        axes: names and values searched.
        tried: points that were run.
        senseless: points that make no sense and were not.
        trials: counted for this strategy and these pairs, these included.
        start, end: first open and last close, epoch milliseconds.
        candles: how many, of all pairs.
        synthetic: True if any candle never happened.
        overrides: what the user fixed, as given.
        fixed: every parameter, rule, cost, sizing and guard number that was not searched.
        origins: venue and file, by pair.
        data_hashes: SHA-256 of the candles, by pair.
        strategy_hash, code_hash: SHA-256 of the strategy's file and of the decision code.
        version: of vigie.
    """

    strategy: str
    profile: str
    timeframe: str
    pairs: tuple[str, ...]
    quote: str
    capital: float
    objective: str
    metric: str
    least_trades: int
    axes: tuple[Axis, ...]
    tried: int
    senseless: int
    trials: int
    start: int
    end: int
    candles: int
    synthetic: bool
    overrides: Mapping[str, str]
    fixed: Mapping[str, object]
    origins: Mapping[str, str]
    data_hashes: Mapping[str, str]
    strategy_hash: str
    code_hash: str
    version: str

    @property
    def looked_for(self) -> Definition:
        """What the objective is."""
        return DEFINITIONS[self.metric]

    def statements(self, sample: str) -> tuple[str, ...]:
        """Period, candles, sample, costs and trials, in reading order.

        Args:
            sample: in or out of sample.
        """
        made_up = ("synthetic data",) if self.synthetic else ()
        return (
            *made_up,
            period_of(self.start, self.end),
            f"{self.candles:,} candles of {self.timeframe}",
            sample,
            costs_of(self.fixed),
            trials_of(self.trials),
        )

    def groups(self) -> tuple[tuple[str, Mapping[str, object]], ...]:
        """Everything needed to run it again, by headings."""
        searched = {axis.name: ", ".join(axis.values) for axis in self.axes}
        return (
            ("Searched", searched),
            ("Looked for", {"objective": self.objective, "least trades": self.least_trades}),
            ("Changed on the command line", self.overrides or {"nothing": ""}),
            ("Not searched", self.fixed),
            ("Candles", self.origins),
            ("SHA-256 of the candles", self.data_hashes),
            ("SHA-256 of the code", {"strategy": self.strategy_hash, "decision code": self.code_hash}),
        )


def ordered(values: tuple[str, ...]) -> tuple[str, ...]:
    """Values of an axis, the lowest first; as they were given if they are not numbers."""
    return tuple(sorted(values, key=float)) if are_numbers(values) else values


def ends_of(values: tuple[str, ...]) -> tuple[str, ...]:
    """The lowest and the highest value of an axis; none where there is no middle, or where values are only names."""
    inside = ordered(values)
    return (inside[0], inside[-1]) if len(inside) > 2 and are_numbers(values) else ()


def are_numbers(values: Iterable[str]) -> bool:
    """Whether every value of an axis is a number."""
    try:
        return all(math.isfinite(float(value)) for value in values)
    except ValueError:
        return False
