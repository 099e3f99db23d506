"""What a search tries: names, values, and the points they span."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from vigie.decision.profile import Plan, Planner, number_specs
from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.strategy.params import Spec, Value
from vigie.strategy.strategy import Strategy

Point: TypeAlias = Mapping[str, str]
"""One value for each searched name, as ``--param`` takes it."""

MOST_POINTS = 1_000_000
"""More are not tried at once: they would fill the memory before the first of them is run."""

NOT_SEARCHED = {
    "wallet": "a search runs in one wallet",
    "close_at_end": "the end of the candles is not the strategy's doing, and every test of a walk-forward sells there",
}
"""Settings that describe the account or the test, not the system: and why none of them is better than another."""

_MOST_NUMBERED = 2**62


@dataclass(frozen=True, slots=True)
class Axis:
    """One searched name and the values tried, in order."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Space:
    """The axes of a search, in order; the last one varies fastest."""

    axes: tuple[Axis, ...]

    def __len__(self) -> int:
        return self.size

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return math.prod(len(axis.values) for axis in self.axes)

    def points(self) -> list[Point]:
        """Every combination, in a fixed order.

        Raises:
            ConfigError: more than `MOST_POINTS`.
        """
        if self.size > MOST_POINTS:
            raise ConfigError(
                f"the grid has {self.size:,} points, more than {MOST_POINTS:,}: name fewer values, or draw some "
                "of them with --samples"
            )
        names = [axis.name for axis in self.axes]
        return [dict(zip(names, one, strict=True)) for one in itertools.product(*(axis.values for axis in self.axes))]

    def drawn(self, count: int, seed: int) -> list[Point]:
        """So many different combinations, drawn by a seed, in the order of the grid; all of them if there are fewer.

        Raises:
            ConfigError: more than `MOST_POINTS` are wanted, or the grid is too large to be numbered.
        """
        wanted = min(count, self.size)
        if wanted > MOST_POINTS:
            raise ConfigError(f"{wanted:,} points are more than {MOST_POINTS:,}: draw fewer")
        if self.size > _MOST_NUMBERED:
            raise ConfigError(f"the grid has {self.size:,} points, too many to draw from: name fewer values")
        chosen = np.random.default_rng(seed).choice(self.size, wanted, replace=False)
        return [self._at(int(index)) for index in sorted(chosen)]

    def _at(self, index: int) -> Point:
        point: dict[str, str] = {}
        for axis in reversed(self.axes):
            index, place = divmod(index, len(axis.values))
            point[axis.name] = axis.values[place]
        return {axis.name: point[axis.name] for axis in self.axes}


def space_of(strategy: Strategy, fixed: Mapping[str, str], given: Sequence[str] = ()) -> Space:
    """The space of a strategy: its own grids, those of the rules, and what the user says instead.

    Args:
        strategy: whose parameters are searched.
        fixed: names set by ``--param``: not searched.
        given: ``NAME=V1,V2,...`` or ``NAME=FIRST:LAST:STEP``; if there are any, only these names are searched.

    Raises:
        ConfigError: a malformed axis, an unknown name (with a suggestion), a bad value, or nothing to search.
    """
    specs = {**strategy.parameters.specs(), **number_specs()}
    problems: list[str] = []
    if given:
        axes = [axis for word in given if (axis := _axis(word, specs, problems)) is not None]
        named = [axis.name for axis in axes]
        problems += [f"'{name}' is searched twice" for name in dict.fromkeys(named) if named.count(name) > 1]
        problems += [f"'{name}' is not searched: {NOT_SEARCHED[name]}" for name in named if name in NOT_SEARCHED]
        problems += [f"'{axis.name}' is both searched and fixed" for axis in axes if axis.name in fixed]
    else:
        searched = strategy.parameters.specs().values()
        axes = [
            Axis(spec.name, tuple(_word(value) for value in spec.grid))
            for spec in searched
            if spec.grid and spec.name not in fixed
        ]
    if not axes and not problems:
        problems.append(f"strategy '{strategy.name}' has nothing to search: name it with --grid NAME=V1,V2")
    if problems:
        raise ConfigError(problems)
    return Space(tuple(axes))


def _axis(word: str, specs: Mapping[str, Spec], problems: list[str]) -> Axis | None:
    name, equals, values = (part.strip() for part in word.partition("="))
    if not equals or not values:
        problems.append(f"'{word}' is not of the form NAME=V1,V2 or NAME=FIRST:LAST:STEP")
        return None
    if name not in specs:
        problems.append(f"unknown parameter '{name}'{suggestion(name, specs)}")
        return None
    try:
        listed = _range(values) if ":" in values else [value.strip() for value in values.split(",")]
        return Axis(name, tuple(dict.fromkeys(_word(specs[name].read(value)) for value in listed)))
    except ConfigError as error:
        problems.extend(error.problems)
        return None


def _range(text: str) -> list[str]:
    try:
        first, last, step = (float(part) for part in text.split(":"))
        count = int((last - first) / step + 1e-9) + 1
        if step <= 0 or count < 1 or count > 10_000:
            raise ValueError
    except (ValueError, ZeroDivisionError, OverflowError):
        raise ConfigError(f"'{text}' is not a range FIRST:LAST:STEP") from None
    return [f"{first + step * index:.10g}" for index in range(count)]


def _word(value: Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def plans(
    strategy: Strategy, profile: str, fixed: Mapping[str, str], points: Sequence[Point]
) -> tuple[list[tuple[Point, Plan]], int]:
    """A plan for each point that makes sense.

    Returns:
        points with their plans, and how many points make no sense (a fast span that is not below the slow one).

    Raises:
        ConfigError: no point makes sense; says why of the first.
    """
    made, first_problem = sensible(strategy, profile, fixed, points)
    if not made and first_problem is not None:
        raise first_problem
    return made, len(points) - len(made)


def sensible(
    strategy: Strategy, profile: str, fixed: Mapping[str, str], points: Sequence[Point]
) -> tuple[list[tuple[Point, Plan]], ConfigError | None]:
    """A plan for each point that makes sense, and why the first of the others makes none."""
    made: list[tuple[Point, Plan]] = []
    first_problem: ConfigError | None = None
    planner = Planner(strategy, profile)
    for point in points:
        try:
            made.append((point, planner.plan({**fixed, **point})))
        except ConfigError as error:
            first_problem = first_problem or error
    return made, first_problem
