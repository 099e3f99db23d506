"""Klines with something wrong in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from vigie.adapters.sim_server.calls import Answer, as_json
from vigie.adapters.sim_server.faults import Rule


def bent(answer: Answer, rule: Rule) -> Answer:
    """An answer of /klines as a rule bends it; an error stays as it is."""
    if answer.status != 200:
        return answer
    bend = _BENDS[str(rule.options["how"])]
    return Answer(200, as_json(bend(json.loads(answer.body), rule)).body, answer.headers)


def _revised(rows: list[Any], rule: Rule) -> list[Any]:
    where = int(rule.options.get("row", -2))
    if -len(rows) <= where < len(rows):
        factor = float(rule.options.get("factor", 1.01))
        rows[where][2:5] = [f"{float(one) * factor:.8f}" for one in rows[where][2:5]]
    return rows


def _place_of(rows: list[Any], rule: Rule) -> int:
    where = int(rule.options.get("row", -2))
    return where % len(rows) if rows else 0


_BENDS: dict[str, Callable[[list[Any], Rule], list[Any]]] = {
    # The last closed candle is not there yet: neither is what comes after it.
    "late": lambda rows, _: rows[:-2],
    "gap": lambda rows, rule: rows[: _place_of(rows, rule)] + rows[_place_of(rows, rule) + 1 :],
    "duplicate": lambda rows, rule: rows[: _place_of(rows, rule) + 1] + rows[_place_of(rows, rule) :],
    "revise": _revised,
    "forming": lambda rows, _: rows[-1:],
}
