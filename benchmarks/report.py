"""The result for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table


def show(result: dict[str, Any]) -> None:
    """A table of everybody, then each disagreement."""
    console = Console()
    console.width = max(console.width, 110)
    table = Table(title=f"Rule W1 on {result['candles']:,} candles (seed {result['seed']})")
    for title in ("", "warm ms", "times vigie", "first ms", "peak MB", "trades", "final equity", "differences"):
        table.add_column(title, justify="left" if not title else "right")
    for name, facts in result["participants"].items():
        table.add_row(
            f"{name} {(facts['versions'] or {}).get(name, '')}",
            _number(result[f"{name}_ms"], ".3f"),
            _number(result.get(f"ratio_{name}"), ".1f"),
            _number(facts["first_ms"] or None, ".0f"),
            _number(facts["peak_mb"], ".0f"),
            str(facts["trades"]),
            _number(facts["final_equity"], ",.2f"),
            str(len(result["disagreements"][name])),
        )
    judge = result["judge"]
    table.add_row(
        "judge (plain Python)",
        _number(judge["ms"], ".3f"),
        "",
        "",
        "",
        str(judge["trades"]),
        _number(judge["final_equity"], ",.2f"),
        "",
    )
    console.print(table)
    console.print(", ".join(str(fact) for fact in result["machine"].values()), highlight=False)
    for name, sentences in result["disagreements"].items():
        for sentence in sentences:
            console.print(f"{name}: {sentence}", highlight=False, markup=False)
    console.print("All trades agree." if result["trades_agree"] else "The trades do NOT all agree.")


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
