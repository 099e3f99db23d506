"""Who says which points of a space are tried: the whole grid, a draw by a seed, or somebody who learns from answers."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.metrics.summary import Metrics
from vigie.research.space import Point, Space

BATCH = 16
"""Points that are proposed before the next answer is waited for. A part of the search like its seed: with another
number other points would be proposed, so it hangs on no machine."""


class Search(StrEnum):
    """How the points of a space are chosen."""

    GRID = "grid"
    RANDOM = "random"
    OPTUNA = "optuna"


class Proposer(Protocol):
    """Gives points in batches, each a different one, and may learn from what the batches before were worth."""

    def ask(self) -> Sequence[Point]:
        """The next batch; empty: there is nothing more to try. Every batch is answered before the next one."""
        ...

    def tell(self, worths: Sequence[float | None]) -> None:
        """What the points of the last batch are worth, in their order.

        Args:
            worths: more is better; None: the point makes no sense, or has too few trades or no number.
        """
        ...


class Listed:
    """Points that are known beforehand, in one batch; answers change nothing."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._left = list(points)

    def ask(self) -> Sequence[Point]:
        """All of them, then nothing."""
        batch, self._left = self._left, []
        return batch

    def tell(self, worths: Sequence[float | None]) -> None:
        """Nobody listens."""


def search_of(name: str | None, samples: int | None) -> Search:
    """The kind of search that somebody asks for.

    Args:
        name: a word of `Search`; None: the grid, or a draw if a number of samples is given.
        samples: how many points; None: not said.

    Raises:
        ConfigError: no such search, or one that does not go with the number of samples.
    """
    if name is None:
        return Search.GRID if samples is None else Search.RANDOM
    known = [one.value for one in Search]
    if name not in known:
        raise ConfigError(f"unknown search '{name}'{suggestion(name, known)}")
    search = Search(name)
    if search is Search.GRID and samples is not None:
        raise ConfigError("--search grid tries every point: leave out --samples, or say --search random")
    if search is not Search.GRID and samples is None:
        raise ConfigError(f"--search {search} needs a number of points: --samples 200")
    return search


def listed(search: Search, space: Space, samples: int | None, seed: int) -> list[Point] | None:
    """The points of a search that are known beforehand; None: they are proposed on the way.

    Whoever wants as many points as there are gets the grid: a study would have nothing to choose.

    Raises:
        ConfigError: more points than can be listed.
    """
    if samples is None:
        return space.points()
    return None if search is Search.OPTUNA and samples < space.size else space.drawn(samples, seed)


def proposer_of(search: Search, space: Space, samples: int | None, seed: int) -> Proposer:
    """Who proposes the points of a search; a new one each time, that has heard nothing yet.

    Args:
        search: how points are chosen.
        space: what there is to choose from.
        samples: how many points, all of them if there are fewer; None: the whole grid.
        seed: of everything that is drawn.

    Raises:
        ConfigError: more points than can be tried, or Optuna is wanted and not installed.
    """
    points = listed(search, space, samples, seed)
    if points is not None:
        return Listed(points)
    from vigie.research.optuna_proposer import OptunaProposer

    return OptunaProposer(space, samples or 0, seed, BATCH)


def worth(metrics: Metrics, metric: str, least_trades: int) -> float | None:
    """What a search makes of a point: its metric, or None if that is undefined or rests on too few trades."""
    trades = metrics.values["trades"] or 0
    return metrics.values[metric] if trades >= least_trades else None
