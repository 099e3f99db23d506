"""The daily report as lines of plain text, readable too where blanks are run together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from vigie.domain.instants import as_text, from_iso
from vigie.reporting.letters import digest_lines, table
from vigie.reporting.notices.words import money, number, percent, quote_of, when


def daily_subject(document: Mapping[str, Any]) -> str:
    """What is most worth knowing: is all well, and what is it worth."""
    worth = "" if document["equity"] is None else f", {money(document['equity'], document['quote'])}"
    moved = document["day"]["change_fraction"]
    change = "" if moved is None else f" ({percent(moved)})"
    state = "all is well" if document["healthy"] else "NOT WELL"
    return f"vigie {document['account']}: daily report, {state}{worth}{change}"


def daily_lines(document: Mapping[str, Any], digest: Sequence[Mapping[str, object]] = ()) -> list[str]:
    """The report.

    Args:
        document: of `vigie.app.alerts.daily.daily_document`.
        digest: what was kept for it since the last.
    """
    quote = document["quote"]
    parts = [
        ("", table(_head(document))),
        ("Problems", [f"- {one}" for one in document["problems"]]),
        ("Positions", [_position(one) for one in document["positions"]] or ["none"]),
        (f"Trades of the last {document['hours']} hours", _trades(document, quote)),
        ("Limits", [_limit(one) for one in document["limits"]] or ["none is set, or nothing was decided yet"]),
        ("Costs against the plan", [_drift(one) for one in document["drift"]] or ["no filled order yet"]),
        ("What else happened", digest_lines(digest) or ["nothing"]),
        ("Anchor", _anchor(document["anchor"])),
    ]
    lines: list[str] = []
    for title, rows in parts:
        if rows:
            lines += [*([title.upper()] if title else []), *rows, ""]
    return [*lines, f"Look: vigie status --account {document['account']}", ""]


def _head(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    quote, day = document["quote"], document["day"]
    equity = "nothing decided yet" if document["equity"] is None else money(document["equity"], quote)
    change = "not known"
    if day["change"] is not None:
        change = f"{money(day['change'], quote, signed=True)} ({percent(day['change_fraction'])})"
    return [
        ("account", f"{document['account']} ({document['kind']})"),
        ("time", when(from_iso(document["at"]))),
        ("mode", f"{document['mode']}{'' if document['running'] else ', no process runs'}"),
        ("equity", equity),
        ("last 24 h", change),
        ("cash", money(Decimal(document["cash"]), quote) if document["cash"] else "not known"),
        ("strategy", f"{document['strategy']}, profile {document['profile']}, {document['timeframe']}"),
        ("halts", ", ".join(document["halts"]) or "none"),
        ("orders of unknown fate", str(document["unknown_orders"])),
    ]


def _position(one: Mapping[str, Any]) -> str:
    quote = quote_of(one["pair"])
    words = [
        f"{one['pair']}: {number(Decimal(one['quantity']))} bought at {number(Decimal(one['entry_price']))} {quote}"
    ]
    if one["last_close"] is not None:
        words.append(f"now {number(one['last_close'])} ({percent(one['profit_fraction'] or 0.0)})")
    if one["stop"] is None:
        words.append("NO STOP AT THE EXCHANGE")
    else:
        away = "" if one["stop_distance"] is None else f", {percent(one['stop_distance'], signed=False)} below"
        words.append(f"stop {number(Decimal(one['stop']))}{away}")
    return "; ".join(words)


def _trades(document: Mapping[str, Any], quote: str) -> list[str]:
    trades, found = document["trades"], []
    for one in trades:
        sold = f"sold at {number(Decimal(one['exit_price']))} ({one['reason']})"
        profit = money(Decimal(one["profit"]), quote, signed=True)
        found.append(f"{as_text(from_iso(one['exit_at']))}  {one['pair']}  {sold}  {profit}")
    if not trades:
        return ["none"]
    total = sum((Decimal(one["profit"]) for one in trades), Decimal(0))
    fees = sum((Decimal(one["fees"]) for one in trades), Decimal(0))
    won = sum(1 for one in trades if Decimal(one["profit"]) > 0)
    summary = (
        f"{len(trades)} closed, {won} with profit; {money(total, quote, signed=True)} in all, fees {money(fees, quote)}"
    )
    return [summary, *found]


def _limit(one: Mapping[str, Any]) -> str:
    used = "not known" if one["used"] is None else percent(one["used"], signed=False)
    limit = "no limit" if one["limit"] is None else f"of {percent(one['limit'], signed=False)}"
    name = {"day": "loss of the day", "total": "below the peak, at worst"}.get(one["name"], one["name"])
    return f"{name}: {used} {limit}"


def _drift(one: Mapping[str, Any]) -> str:
    def shown(value: float | None) -> str:
        if value is None:
            return "not known"
        return f"{value:,.1f} s" if one["unit"] == "seconds" else percent(value)

    beyond = "; BEYOND ITS LIMIT" if one["beyond"] else ""
    return f"{one['name']}: {shown(one['mean'])} over {one['orders']} orders, {shown(one['assumed'])} assumed{beyond}"


def _anchor(anchor: Mapping[str, Any]) -> list[str]:
    if anchor["seq"] is None:
        return ["the journal is empty"]
    return [
        f"journal line {anchor['seq']} has the hash",
        anchor["hash"],
        "Keep this mail: lines cut off the journal's end later are missed by it (vigie journal show SEQ).",
    ]
