"""``vigie status`` for people: lines of text, by nothing but the standard library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_NAME = 12


def status_lines(document: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Lines and their colours; None: none.

    Args:
        document: as `vigie.app.status.status` makes it.
    """
    healthy = document["healthy"]
    yield (
        f"{document['account']} · {document['mode'].upper()} · {'healthy' if healthy else 'UNHEALTHY'}",
        ("green" if healthy else "red"),
    )
    for problem in document["problems"]:
        yield f"! {problem}", "red"
    yield from _plain(_process(document))
    yield from _halts(document)
    if "positions" in document:
        yield from _plain(_money(document))
        yield from _positions(document["positions"])
        yield from _plain(_orders(document))
    for one in document["requests"]:
        words = " ".join(f"{name}={value}" for name, value in one["arguments"].items())
        yield _row("pending", f"{one['kind']} {words}, asked {when(one['asked_at'])}"), "yellow"


def health_line(document: Mapping[str, Any]) -> str:
    """One line for supervisors and cron mails."""
    if document["healthy"]:
        return f"healthy: {document['account']} {document['mode']}, {_heart(document['process'])}"
    return f"UNHEALTHY: {document['account']}: {'; '.join(document['problems'])}"


def when(instant: str | None) -> str:
    """``2024-03-01 13:00`` of an ISO instant."""
    return "-" if instant is None else instant[:16].replace("T", " ")


def _plain(rows: Sequence[str]) -> Iterator[tuple[str, None]]:
    for row in rows:
        yield row, None


def _row(name: str, text: str) -> str:
    return f"{name:<{_NAME}}{text}"


def _heart(process: Mapping[str, Any]) -> str:
    age = process["heartbeat_age_seconds"]
    beat = "no heartbeat" if age is None else f"heartbeat {duration(age)} ago"
    if process["running"]:
        return f"process {process['pid']}, {beat}"
    ended = process["ended"]
    return f"no process{'' if ended is None else f' ({ended})'}, {beat}"


def duration(seconds: float) -> str:
    """``42 s``, ``3 min``, ``5 h``, ``12 d``."""
    for length, unit in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.0f} s"


def _process(document: Mapping[str, Any]) -> list[str]:
    rows = [
        _row("process", _heart(document["process"])),
        _row("last cycle", f"candle of {when(document['last_cycle_at'])} UTC"),
    ]
    if document["next_run_at"] is not None:
        rows.append(_row("next run", f"{when(document['next_run_at'])} UTC"))
    if document["stopped"] is not None:
        rows.append(_row("stopped", f"{document['stopped']} (vigie start)"))
    what = [document["strategy"], document["profile"], document["timeframe"], " ".join(document["pairs"])]
    rows.append(_row("trades", " · ".join(one for one in what if one) or "-"))
    rows.append(_row("certificate", document["certificate"] or "none"))
    return rows


def _halts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in document["halts"]:
        since = "" if one["since"] is None else f", since {when(one['since'])}"
        until = "" if one["until"] is None else f", until {when(one['until'])}"
        yield _row("halt", f"{one['name']} ({one['mode']}{since}{until}): {one['reason']}"), "yellow"
    if document["resume_code"]:
        account, code = document["account"], document["resume_code"]
        yield _row("to lift it", f"vigie resume --account {account} --confirm {code}"), "yellow"


def _money(document: Mapping[str, Any]) -> list[str]:
    quote = document["quote"]
    rows = [_row("equity", f"{_number(document['equity'])} {quote}, cash {_number(document['cash'])} {quote}")]
    for one in document["limits"]:
        text = f"{_percent(one['now'])} now, {_percent(one['used'])} at worst"
        if one["limit"] is not None:
            text += f", limit {_percent(one['limit'])}: {_percent(one['left'])} left"
        rows.append(_row(f"loss, {one['name']}", text))
    return rows


def _positions(positions: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str | None]]:
    if not positions:
        yield _row("positions", "none"), None
        return
    form = "{:<12}{:>14}{:>14}{:>14}{:>14}{:>8}{:>14}{:>8}"
    yield form.format("position", "quantity", "entry", "last close", "stop", "away", "profit", "age"), None
    for one in positions:
        row = form.format(
            one["pair"],
            _short(one["quantity"]),
            _short(one["entry_price"]),
            _short(one["last_close"]),
            "NONE" if one["stop"] is None else _short(one["stop"]),
            _percent(one["stop_distance"]),
            _number(one["profit"]),
            duration(one["age_hours"] * 3600),
        )
        yield row + ("  leaving" if one["leaving"] else ""), "red" if one["stop"] is None else None


def _orders(document: Mapping[str, Any]) -> list[str]:
    moving = [one for one in document["orders"] if one["leg"] != "stop" or one["unknown"]]
    rows = [
        _row("order", f"{one['pair']} {one['leg']} {_short(one['quantity'])}: {one['status']} ({one['client_id']})")
        for one in moving
    ]
    return rows or [_row("orders", "none in flight")]


def _number(value: object) -> str:
    return "-" if value is None else f"{float(str(value)):,.2f}"


def _short(value: object) -> str:
    return "-" if value is None else f"{float(str(value)):,.8g}"


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{fraction:.2%}"
