"""Pictures of a walk-forward: folds in time, steps of a parameter, and what the script draws."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import Any

from vigie.domain.instants import as_text
from vigie.metrics.drawdown import drawdowns
from vigie.reporting.page.backtest_charts import rounded, thinned
from vigie.reporting.stability import Stability
from vigie.research.walk_forward import FoldResult, WalkForward

_WIDTH, _TOP, _ROW, _LEFT, _RIGHT = 300, 10, 20, 58, 12
_MOST_LABELS = 9


def payload(found: WalkForward) -> dict[str, Any]:
    """Everything the script of the page needs, ready for JSON."""
    tested = [one for one in found.folds if one.tested is not None]
    return {
        "equity": _equity(found),
        "edges": [one.fold.test_start for one in tested],
        "folds": [
            {
                "name": f"fold {number}",
                "test": f"{as_text(one.fold.test_start)[:10]} to {as_text(one.fold.test_end)[:10]}",
                "inside": None if one.in_sample is None else one.in_sample.values["sharpe"],
                "outside": None if one.tested is None else one.tested.measured.values["sharpe"],
            }
            for number, one in enumerate(found.folds, start=1)
        ],
    }


def _equity(found: WalkForward) -> dict[str, list[float]]:
    runs = [one.tested for one in found.folds if one.tested is not None]
    if not runs:
        return {"at": [], "equity": [], "fallen": []}
    fallen = drawdowns(found.equity, runs[0].capital)
    rows = thinned((found.equity, fallen))
    return {
        "at": found.closes_at[rows].tolist(),
        "equity": rounded(found.equity[rows]),
        "fallen": rounded(-fallen[rows]),
    }


def timeline(found: WalkForward) -> str:
    """A bar for each fold over the whole time; no script, so it is as wide as the page."""
    start = min(one.fold.train_start for one in found.folds)
    end = max(one.fold.test_end for one in found.folds)

    def span(kind: str, first: int, last: int) -> str:
        left, width = 100.0 * (first - start) / (end - start), 100.0 * (last - first) / (end - start)
        said = f"{kind} {as_text(first)} to {as_text(last)}"
        return f'<i class="{kind}" style="left:{left:.3f}%;width:{width:.3f}%" title="{said}"></i>'

    def row(number: int, one: FoldResult) -> str:
        fold = one.fold
        spans = span("train", fold.train_start, fold.train_end) + span("test", fold.test_start, fold.test_end)
        return f"<div><b>{number}</b><span>{spans}</span></div>"

    rows = "".join(row(number, one) for number, one in enumerate(found.folds, start=1))
    ends = f"<div><b></b><span>{as_text(start)[:10]}<em>{as_text(end)[:10]}</em></span></div>"
    return f'<div class="timeline">{rows}{ends}</div>'


def steps(one: Stability) -> str:
    """One parameter over the folds as a line that steps from place to place of its grid."""
    rows = len(one.tried)
    row = min(_ROW, 180 // max(1, rows - 1))
    bottom = _TOP + row * (rows - 1)
    places = [*one.places, None if one.final is None else one.tried.index(one.final) + 1]
    each = (_WIDTH - _LEFT - _RIGHT) / len(places)
    at = [(_LEFT + each * column, bottom - row * (place - 1)) if place else None for column, place in enumerate(places)]
    apart = -(-rows // _MOST_LABELS)
    grid = "".join(
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" class="grid"/>'
        + (f'<text x="{_LEFT - 6}" y="{y + 4}" class="end">{escape(value)}</text>' if place % apart == 0 else "")
        for place, value in enumerate(one.tried)
        for y in (bottom - row * place,)
    )
    marks = "".join(
        f'<line x1="{x:.1f}" x2="{x + each:.1f}" y1="{y}" y2="{y}" class="{"final" if last else "step"}"/>'
        for last, (x, y) in ((column == len(at) - 1, spot) for column, spot in enumerate(at) if spot is not None)
    )
    rises = "".join(
        f'<line x1="{after[0]:.1f}" x2="{after[0]:.1f}" y1="{before[1]}" y2="{after[1]}" class="step"/>'
        for before, after in pairwise(at[:-1])
        if before and after and before[1] != after[1]
    )
    names = [*(str(number) for number in range(1, len(places))), "all"]
    feet = "".join(
        f'<text x="{_LEFT + each * (column + 0.5):.1f}" y="{bottom + 20}" class="middle">{name}</text>'
        for column, name in enumerate(names)
        if column % (-(-len(names) // 12)) == 0 or name == "all"
    )
    said = ", ".join(
        f"{name}: {value or 'nothing'}" for name, value in zip(names, (*one.chosen, one.final), strict=True)
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {bottom + 26}" width="{_WIDTH}" role="img" '
        f'aria-label="{escape(f"{one.name} by fold: {said}")}">{grid}{rises}{marks}{feet}</svg>'
    )
