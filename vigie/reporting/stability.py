"""Whether the choice stays where it was: each searched name over the folds, and its place in the grid."""

from __future__ import annotations

from dataclasses import dataclass

from vigie.reporting.search_facts import ends_of, ordered
from vigie.research.walk_forward import WalkForward


@dataclass(frozen=True, slots=True)
class Stability:
    """One searched name.

    Attributes:
        name: of the parameter or setting.
        tried: its values, the lowest first.
        chosen: by each fold, in order of time; None: the fold chose nothing.
        final: chosen by the same rule on all candles; None: nothing.
    """

    name: str
    tried: tuple[str, ...]
    chosen: tuple[str | None, ...]
    final: str | None

    @property
    def places(self) -> tuple[int | None, ...]:
        """Where in the grid each choice lies, 1 for the lowest value."""
        return tuple(None if one is None else self.tried.index(one) + 1 for one in self.chosen)

    @property
    def different(self) -> int:
        """How many different values were chosen."""
        return len({one for one in self.chosen if one is not None})

    @property
    def at_edge(self) -> int:
        """Choices that lie at an end of the grid: better ones may lie beyond."""
        return sum(one in ends_of(self.tried) for one in self.chosen if one is not None)


def stability(found: WalkForward) -> tuple[Stability, ...]:
    """Every searched name, in the order of the search."""
    final = {} if found.final is None else found.final.point
    return tuple(
        Stability(
            name,
            ordered(tuple(dict.fromkeys(score.point[name] for score in found.scores))),
            tuple(None if one.chosen is None else one.chosen[name] for one in found.folds),
            final.get(name),
        )
        for name in searched_names(found)
    )


def searched_names(found: WalkForward) -> list[str]:
    """Names that were searched, in their order."""
    return list(found.scores[0].point) if found.scores else []
