"""Searches over cells for people: what differs is shown, the same numbers as in the document, in eighty columns."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from cli.output import plain
from vigie.metrics.summary import Metrics
from vigie.reporting.cells import cells_document, cells_view
from vigie.research.cells import AXES, Cell, Tried

NUMBERS = {"sharpe": 1.25, "total_return": 0.5, "max_drawdown": 0.2, "trades": 40.0}
FACTS = {"strategy": "ema_cross", "trials": 8}


def tried(cell: Cell, fast: int, worth: float | None) -> Tried:
    metrics = Metrics({**NUMBERS, "sharpe": worth}, {} if worth is not None else {"sharpe": "returns do not vary"})
    return Tried(cell, {"fast": str(fast), "slow": "200"}, metrics, worth)


def cells(*, timeframes: tuple[str, ...] = ("1h",), scenarios: tuple[str, ...] = ("plain", "dear")) -> list[Cell]:
    pairs = ("BTC/USDT", "DOGE/USDT")
    return [Cell(time, "classic-a", pair, name) for time in timeframes for pair in pairs for name in scenarios]


def shown(lines: list[Tried], width: int = 80, top: int = 5) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(cells_view(lines, "sharpe", top))
    return out.getvalue()


def test_only_what_differs_has_a_column() -> None:
    lines = [tried(cell, 10, 1.0) for cell in cells()]
    text = shown(lines)
    assert "pairs" in text
    assert "scenario" in text
    assert "timeframe" not in text
    assert "classic-a" not in text
    assert list(cells_document(lines, FACTS)["points"][0]["cell"]) == ["pairs", "scenario"]


@pytest.mark.parametrize("width", [80, 100])
def test_the_tables_fit_and_break_no_word(width: int) -> None:
    text = shown([tried(cell, 10, 1.25) for cell in cells(timeframes=("15m", "4h"))], width, 8)
    assert max(map(len, text.splitlines())) <= width
    assert text.count("DOGE/USDT") == 4 + 4, "of eight points and eight cells"
    for heading in ("timeframe", "scenario", "Sharpe", "return", "trades"):
        assert heading in text


def test_a_wallet_of_many_pairs_is_folded_and_not_cut() -> None:
    wide = Cell("1h", "standard", "ADA/USDT BNB/USDT BTC/USDT DOGE/USDT ETH/USDT LINK/USDT SOL/USDT", "plain")
    text = shown([tried(wide, 10, 1.0), tried(Cell("1h", "standard", "BTC/USDT", "plain"), 10, 0.5)])
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def test_the_document_says_what_the_tables_say() -> None:
    one, two, three, four = cells()
    lines = [tried(one, 10, 2.0), tried(two, 10, None), tried(three, 10, 1.0), tried(four, 10, 0.5),
             tried(one, 20, 0.7)]  # fmt: skip
    document = json.loads(json.dumps(plain(cells_document(lines, FACTS)), allow_nan=False))
    assert document["trials"] == 8
    assert document["in_sample"] is True
    assert [one["metrics"]["sharpe"] for one in document["points"]] == [2.0, 1.0, 0.7, 0.5]
    assert [(one["tried"], one["ranked"], one["best"], one["median"]) for one in document["cells"]] == [
        (2, 2, 2.0, 1.35),
        (1, 0, None, None),
        (1, 1, 1.0, 1.0),
        (1, 1, 0.5, 0.5),
    ]
    assert document["cells"][1]["parameters"] is None
    first, second = document["robust"]
    assert (first["parameters"]["fast"], first["median"], first["worst"], first["cells"]) == ("10", 0.75, None, 4)
    assert first["worst_cell"] == {"pairs": "BTC/USDT", "scenario": "dear"}
    assert (second["parameters"]["fast"], second["cells"]) == ("20", 1)
    text = shown(lines)
    assert "0 of 1" in text
    assert "2 of 2" in text
    assert "none" in text


def test_so_many_points_are_shown_as_are_wanted() -> None:
    text = shown([tried(cell, fast, 1.0 / fast) for cell in cells() for fast in range(1, 9)], top=2)
    best = text.split("by cell")[0]
    assert best.count("200") == 2


def test_names_of_cells_are_those_of_the_record() -> None:
    assert set(AXES) == set(Cell.__dataclass_fields__)
