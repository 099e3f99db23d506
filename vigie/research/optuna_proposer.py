"""Points proposed by Optuna's tree-structured Parzen estimator (TPE): each batch leans on what the earlier ones earned.

Source: Bergstra, Bardenet, Bengio and Kegl, Algorithms for Hyper-Parameter Optimization, NIPS 2011; the estimator in
use is the multivariate one that is Optuna's default since version 5, with running trials counted as bad ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from vigie.domain.errors import ConfigError
from vigie.research.space import Axis, Point, Space

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution

Places: TypeAlias = tuple[int, ...]
"""A point as the place of its value on each axis."""

MOST_STUDIED = 5_000
"""More points are not proposed: what a study knows is looked through for each new one."""

_REPEATS = 8
"""Known points in a row after which an unknown one is drawn: an estimator that is sure must not stand still."""


class OptunaProposer:
    """Asks a study of its own; the same space, seed and answers give the same points.

    An axis of rising or falling numbers is searched by place, so that neighbours learn from each other; the values of
    any other axis are words without order. A point is given once: if the study proposes one that is known, the study
    is told its worth again and nobody else hears of it. Points that are worth None are told as pruned: the study
    counts them as worse than all others.
    """

    def __init__(self, space: Space, samples: int, seed: int, batch: int) -> None:
        """Begin a study.

        Args:
            space: what there is to choose from.
            samples: how many points are proposed in all, fewer than there are.
            seed: of the study.
            batch: points between two answers.

        Raises:
            ConfigError: Optuna is not installed, or more than `MOST_STUDIED` points are wanted.
        """
        if samples >= space.size:
            raise ValueError("a study of all points has nothing to choose")
        if samples > MOST_STUDIED:
            raise ConfigError(f"a study proposes {MOST_STUDIED:,} points at most, not {samples:,}: say --search random")
        self._space, self._samples, self._size = space, samples, batch
        self._optuna = _optuna()
        sampler = self._optuna.samplers.TPESampler(seed=seed)
        self._study: Study = self._optuna.create_study(direction="maximize", sampler=sampler)
        self._distributions = {axis.name: self._distribution(axis) for axis in space.axes}
        self._dice = np.random.default_rng(seed)
        self._known: dict[Places, float | None] = {}
        self._pending: dict[Places, list[Trial]] = {}

    def ask(self) -> Sequence[Point]:
        """The next points that were never proposed before; empty after so many samples."""
        wanted = min(self._size, self._samples - len(self._known))
        repeats = 0
        while len(self._pending) < wanted:
            if repeats == _REPEATS:
                self._study.enqueue_trial(self._parameters(self._unknown()))
            trial = self._study.ask(self._distributions)
            places = self._places(trial.params)
            if places in self._known:
                self._answer(trial, self._known[places])
            repeats = 0 if places not in self._known and places not in self._pending else repeats + 1
            if places not in self._known:
                self._pending.setdefault(places, []).append(trial)
        return [self._point(places) for places in self._pending]

    def tell(self, worths: Sequence[float | None]) -> None:
        """What the points of the last batch are worth."""
        for (places, trials), worth in zip(self._pending.items(), worths, strict=True):
            self._known[places] = worth
            for trial in trials:
                self._answer(trial, worth)
        self._pending = {}

    def _answer(self, trial: Trial, worth: float | None) -> None:
        if worth is None:
            self._study.tell(trial, state=self._optuna.trial.TrialState.PRUNED)
        else:
            self._study.tell(trial, worth)

    def _distribution(self, axis: Axis) -> BaseDistribution:
        found: BaseDistribution
        if in_order(axis):
            found = self._optuna.distributions.IntDistribution(0, len(axis.values) - 1)
        else:
            found = self._optuna.distributions.CategoricalDistribution(axis.values)
        return found

    def _places(self, parameters: dict[str, Any]) -> Places:
        return tuple(
            int(parameters[axis.name]) if in_order(axis) else axis.values.index(parameters[axis.name])
            for axis in self._space.axes
        )

    def _parameters(self, places: Places) -> dict[str, int | str]:
        return {
            axis.name: place if in_order(axis) else axis.values[place]
            for axis, place in zip(self._space.axes, places, strict=True)
        }

    def _point(self, places: Places) -> Point:
        return {axis.name: axis.values[place] for axis, place in zip(self._space.axes, places, strict=True)}

    def _unknown(self) -> Places:
        while True:
            drawn = tuple(int(self._dice.integers(len(axis.values))) for axis in self._space.axes)
            if drawn not in self._known and drawn not in self._pending:
                return drawn


def in_order(axis: Axis) -> bool:
    """Whether the values of an axis are numbers that rise or fall."""
    try:
        numbers = [float(value) for value in axis.values]
    except ValueError:
        return False
    steps = [second - first for first, second in pairwise(numbers)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _optuna() -> Any:  # noqa: ANN401, RUF100 - a module
    try:
        import optuna
    except ImportError as error:
        raise ConfigError('--search optuna needs Optuna: in the checkout, uv tool install ".[optuna]"') from error
    # It tells of every study on stderr; what is worth telling we tell.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
