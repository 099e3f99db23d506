"""What a search ran on, above its numbers: strategy, pairs, period, costs, and whether any market ever traded it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from vigie.reporting.notes import synthetic
from vigie.reporting.numbers import money
from vigie.reporting.scope import costs_of, period_of, trials_of
from vigie.reporting.search_facts import SearchFacts
from vigie.reporting.terminal import Flowing, Note


def search_head(cells: Sequence[SearchFacts], trials: int, sample: str) -> RenderableType:
    """The lines above a search, as a backtest has them.

    Args:
        cells: what each of its cells was; all are of one strategy and capital.
        trials: counted for all of them.
        sample: in or out of sample.
    """
    first = cells[0]
    timeframes = _each(one.timeframe for one in cells)
    pairs = _each(pair for one in cells for pair in one.pairs)
    period = period_of(min(one.start for one in cells), max(one.end for one in cells))
    # Scenarios have other costs each: their names stand in the table.
    costs = {costs_of(one.fixed) for one in cells}
    lines: list[RenderableType] = [
        Text(f"{first.strategy} · {_each(one.profile for one in cells)} · {timeframes} · {pairs}", "bold"),
        Flowing(
            (
                f"capital {money(first.capital)} {first.quote}",
                period,
                f"{sum(one.candles for one in cells):,} candles of {timeframes}",
                sample,
                *(costs if len(costs) == 1 else ()),
                trials_of(trials),
            )
        ),
    ]
    made_up = list(dict.fromkeys(pair for one in cells if one.synthetic for pair in one.pairs))
    if made_up:
        lines.append(Note(synthetic(made_up)))
    return Group(*lines, "")


def _each(words: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(words))
