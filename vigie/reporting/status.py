"""``vigie status`` for people: lines of text, by nothing but the standard library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vigie.reporting.row import BAD, GOOD, LOOK, Row

_NAME = 12
_CELLS = "{:>11}{:>11}{:>11}{:>11}{:>7}{:>10}{:>7}"
"""With the name before it, eighty columns."""
_SHOWN = 3
"""Other accounts that are named; who has many has many replays."""
_NARROW = 0.25
"""A limit of which less than this part is left is worth a look."""
_MODES = {"active": GOOD, "reduce-only": LOOK, "halted": BAD}


def status_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """The screen, line by line.

    Args:
        document: as `vigie.app.status.document.status` makes it.
    """
    healthy, mode = document["healthy"], document["mode"]
    stopped = _stopped(document)
    words = f"{_state(document)} · {'healthy' if healthy else 'UNHEALTHY'}"
    yield Row(f"{document['account']} · ", words, BAD if not healthy else LOOK if stopped else _MODES[mode])
    shown = {f"halted{by}: {one['reason']}" for one in document["halts"] for by in ("", f" by {one['name']}")}
    for problem in document["problems"]:
        if problem not in shown:  # halts have rows of their own
            yield Row("! ", problem, BAD)
    yield from _process(document)
    yield from _halts(document)
    if "positions" in document:
        yield from _money(document)
        yield from _positions(document["positions"])
        yield from _coverage(document)
        yield from _drift(document.get("drift", ()))
        yield from _elsewhere(document)
        yield from _orders(document)
    for one in document.get("alerts", ()):
        if one.get("problem"):
            yield _row(one["channel"], f"{one['waiting']} waiting: {one['problem']}", LOOK)
    yield _row("log", document["log"])
    for problem in (document.get("backup") or {}).get("problems", ()):
        yield _row("daily", problem, LOOK)
    for one in document["requests"]:
        words = " ".join(f"{name}={value}" for name, value in one["arguments"].items())
        yield _row("pending", f"{one['kind']} {words}, asked {when(one['asked_at'])}", LOOK)


def others_row(names: Sequence[str]) -> Row:
    """That there are other accounts, for who has not said which one is meant."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return Row(f"others: {', '.join(names[:_SHOWN])}{more} (--account NAME)")


def health_line(document: Mapping[str, Any]) -> str:
    """One line for supervisors and cron mails."""
    if document["healthy"]:
        return f"healthy: {document['account']} {_state(document)}, {_heart(document['process'])}"
    return f"UNHEALTHY: {document['account']}: {'; '.join(document['problems'])}"


def _stopped(document: Mapping[str, Any]) -> bool:
    """Whether it was stopped on purpose and has ended."""
    return document["stopped"] is not None and not document["process"]["running"]


def _state(document: Mapping[str, Any]) -> str:
    """What it may do, in the words that every line about it has."""
    return "STOPPED" if _stopped(document) else str(document["mode"]).upper()


def when(instant: str | None) -> str:
    """``2024-03-01 13:00`` of an ISO instant."""
    return "-" if instant is None else instant[:16].replace("T", " ")


def _row(name: str, text: str, colour: str | None = None) -> Row:
    return Row(f"{name:<{_NAME}}", text, colour)


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
        if seconds >= 1.5 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.0f} s"


def _process(document: Mapping[str, Any]) -> Iterator[Row]:
    process = document["process"]
    yield _row("process", _heart(process).removeprefix("process "))
    last = document["last_cycle_at"]
    yield _row("last cycle", "none yet" if last is None else f"candle of {when(last)} UTC")
    if document["next_run_at"] is not None:
        yield _row("next run", f"{when(document['next_run_at'])} UTC")
    if document["stopped"] is not None:
        yield _row("stopped", f"{document['stopped']} (vigie start)", LOOK)
    what = [document["strategy"], document["profile"], document["timeframe"], " ".join(document["pairs"])]
    yield _row("strategy", " · ".join(one for one in what if one) or "-")
    yield _row("certificate", document["certificate"] or "none")


def _halts(document: Mapping[str, Any]) -> Iterator[Row]:
    for one in document["halts"]:
        since = "" if one["since"] is None else f", since {when(one['since'])}"
        until = "" if one["until"] is None else f", until {when(one['until'])}"
        colour = BAD if one["mode"] == "halted" else LOOK
        yield _row("halt", f"{one['name']} ({one['mode']}{since}{until}): {one['reason']}", colour)
    if document["resume_code"]:
        account, code = document["account"], document["resume_code"]
        yield _row("to lift it", f"vigie resume --account {account} --confirm {code}")


def _money(document: Mapping[str, Any]) -> Iterator[Row]:
    quote = document["quote"]
    equity = "not counted yet" if document["equity"] is None else f"{_number(document['equity'])} {quote}"
    yield _row("equity", f"{equity}, cash {_number(document['cash'])} {quote}")
    for one in document["limits"]:
        limit, left = one["limit"], one["left"]
        text = f"{_moved(one['now'])} now, {_moved(one['used'])} at worst"
        colour = None
        if limit is not None and left is not None:
            text += f", limit {limit:.2%}: {abs(left):.2%} {'beyond it' if left < 0 else 'left'}"
            colour = BAD if left <= 0 else LOOK if left < _NARROW * limit else None
        yield _row(one["name"], text, colour)


def _moved(fall: float | None) -> str:
    """``1.20% down`` of a fall by 0.012."""
    if fall is None:
        return "unknown"
    return f"{abs(fall):.2%} {'up' if round(fall, 4) < 0 else 'down'}"


def _positions(positions: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    if not positions:
        yield _row("positions", "none")
        return
    heads = ("quantity", "entry", "last close", "stop", "away", "profit", "age")
    yield Row(f"{'position':<{_NAME}}{_CELLS.format(*heads)}", "")
    for one in positions:
        bare = one["stop"] is None
        cells = _CELLS.format(
            _short(one["quantity"]),
            _short(one["entry_price"]),
            _short(one["last_close"]),
            "NONE" if bare else _short(one["stop"]),
            _percent(one["stop_distance"]),
            _number(one["profit"]),
            duration(one["age_hours"] * 3600),
        )
        yield _row(one["pair"], cells, BAD if bare else None)
        if one["leaving"]:
            yield _row("", "is to be sold at the next price", LOOK)


def _coverage(document: Mapping[str, Any]) -> Iterator[Row]:
    """Times without a stop: those that last, then all that are over."""
    for one in document["positions"]:
        bare = one.get("bare_seconds")
        if bare is not None:
            yield _row("no stop", f"{one['pair']} for {duration(bare)}", BAD)
    over = document.get("coverage")
    if over is not None and over["seconds"]:
        longest = f"longest {over['longest_seconds']:,.1f} s"
        text = f"no stop for {over['seconds']:,.1f} s in {over['gaps']:,} gaps, {longest}"
        late = f"; {over['too_long']} over a minute" if over["too_long"] else ""
        yield _row("coverage", text + late, LOOK if late else None)


def _drift(found: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for one in found:
        if one["mean"] is None:
            continue
        shown = _seconds if one["unit"] == "seconds" else _percent_fine
        sure = "" if one["lower_95"] is None else f" ({shown(one['lower_95'])} to {shown(one['upper_95'])})"
        judged = f", limit {shown(one['limit'])}" if one["limit"] is not None else ""
        text = f"{shown(one['mean'])}{sure} over {one['orders']}, assumed {shown(one['assumed'])}{judged}"
        yield _row(one["name"], text, BAD if one["beyond"] else None)


def _elsewhere(document: Mapping[str, Any]) -> Iterator[Row]:
    amounts = [f"{_short(one)} {asset}" for asset, one in document.get("fees_elsewhere", {}).items()]
    if amounts:
        worth = f"{_number(document['fees_elsewhere_value'])} {document['quote']}"
        yield _row("fees in", f"{', '.join(amounts)}: worth {worth}, not in profits")


def _seconds(value: float) -> str:
    return f"{value:,.1f} s"


def _percent_fine(fraction: float) -> str:
    return f"{fraction:.3%}"


def _orders(document: Mapping[str, Any]) -> Iterator[Row]:
    # A stop that rests is shown with its position.
    moving = [one for one in document["orders"] if one["leg"] != "stop" or one["unknown"]]
    for one in moving:
        text = f"{one['pair']} {one['leg']} {_short(one['quantity'])}: {one['status']} ({one['client_id']})"
        yield _row("order", text, BAD if one["unknown"] else None)
    if not moving:
        yield _row("orders", "none in flight")


def _number(value: object) -> str:
    return "-" if value is None else f"{float(str(value)):,.2f}"


def _short(value: object) -> str:
    return "-" if value is None else f"{float(str(value)):,.8g}"


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{fraction:.2%}"
