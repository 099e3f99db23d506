"""What was bought and sold inside a candle: fills, the orders they are of, and the trades that they closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vigie.adapters.storage.journal_lines import Line
from vigie.adapters.storage.journal_search import kind_mark, lines_with
from vigie.domain.exit_reason import ExitReason
from vigie.domain.instants import as_iso

_FILLS = ("fill", "sold_elsewhere")


def executed(folder: Path, pair: str, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
    """Fills of a pair by the venue's time, and trades that ended with one of them, in the order of their lines.

    Args:
        folder: of the journal.
        pair: ``BTC/USDT``.
        start_ms: opening instant of the candle, epoch milliseconds.
        end_ms: of the next one.

    Returns:
        the fields of each line with ``seq``, ``at``, ``kind``; of a fill its order beside them (``order``: the fields
        of the intent and ``seq``, its line; None: it was not ours), of a trade its ``reason``.

    Raises:
        InvariantBroken: a damaged line.
    """
    fills = [
        {**_told(line), "order": _order(folder, line)}
        for kind in _FILLS
        for line in lines_with(folder, kind_mark(kind))
        if line.fields.get("pair") == pair and start_ms <= int(line.fields["fill"]["filled_at"]) < end_ms
    ]
    trades = [
        {**_told(line), "reason": ExitReason(line.fields["code"]).label}
        for line in (lines_with(folder, kind_mark("trade")) if fills else ())
        if line.fields["pair"] == pair and start_ms <= int(line.fields["exit_at"]) < end_ms
    ]
    return sorted([*fills, *trades], key=lambda one: int(one["seq"]))


def _told(line: Line) -> dict[str, Any]:
    return {"seq": line.seq, "at": as_iso(line.at), "kind": line.kind, **line.fields}


def _order(folder: Path, fill: Line) -> dict[str, Any] | None:
    """What the order of a fill was sent for."""
    client_id = fill.fields.get("client_id")
    for line in lines_with(folder, f'"client_id":"{client_id}"') if client_id else ():
        if line.kind == "intent":
            intent: dict[str, Any] = line.fields["intent"]
            at = intent["candle_at"]
            return {"seq": line.seq, **intent, "candle_at": None if at is None else as_iso(int(at))}
    return None
