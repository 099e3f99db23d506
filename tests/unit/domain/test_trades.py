"""Columns of trades and events."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from vigie.domain.trades import EventKind, Events, ExitReason, Trades


def numbered(kind: type[Trades | Events], rows: int) -> Trades | Events:
    return kind(**{column.name: np.arange(rows) for column in fields(kind)})


def test_trades_and_events_have_a_length_and_rows_can_be_picked() -> None:
    for kind in (Trades, Events):
        table = numbered(kind, 4)
        assert len(table) == 4
        picked = table[np.array([False, True, False, True])]
        assert type(picked) is kind
        assert len(picked) == 2
        assert picked.pair.tolist() == [1, 3]
        assert table[1:].pair.tolist() == [1, 2, 3]
        assert table[np.array([3, 0])].pair.tolist() == [3, 0]


def test_reasons_and_kinds_are_written_in_lower_case() -> None:
    assert [reason.label for reason in ExitReason] == [
        "none",
        "stop",
        "trailing",
        "target",
        "signal",
        "gap",
        "partial_1",
        "partial_2",
        "end",
        "emergency",
        "person",
        "limit",
    ]
    assert [kind.label for kind in EventKind] == ["buy", "partial", "sell"]
