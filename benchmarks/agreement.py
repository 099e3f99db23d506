"""Trades of a participant against the trades of the judge, one by one."""

from __future__ import annotations

from collections.abc import Sequence

TOLERANCE = 1e-6
FIELDS = ("entry row", "exit row", "entry price", "exit price")


def disagreements(judge: Sequence[Sequence[float]], trades: Sequence[Sequence[float]]) -> list[str]:
    """One sentence per difference: rows exactly, prices to 1e-6 relative; trades are matched by their entry row."""
    found = []
    expected = {int(trade[0]): trade for trade in judge}
    given = {int(trade[0]): trade for trade in trades}
    if len(trades) != len(judge):
        found.append(f"{len(trades)} trades instead of {len(judge)}")
    found += [f"no trade entered at row {row}" for row in sorted(expected.keys() - given.keys())]
    found += [f"a trade nobody else has entered at row {row}" for row in sorted(given.keys() - expected.keys())]
    for row in sorted(expected.keys() & given.keys()):
        for name, wanted, told in zip(FIELDS, expected[row], given[row], strict=False):
            tolerance = 0 if name.endswith("row") else TOLERANCE * abs(wanted)
            if not abs(told - wanted) <= tolerance:
                found.append(f"trade entered at row {row}: {name} {told:.10g} instead of {wanted:.10g}")
    return found
