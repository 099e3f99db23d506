"""An account for people and for machines: what it holds, what it did, how a replay or a comparison ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from vigie.domain.instants import as_iso, as_text
from vigie.domain.portfolio import Portfolio

REPLAY_SCHEMA = "vigie.replay/1"
PAPER_SCHEMA = "vigie.paper/1"
LIVE_SCHEMA = "vigie.live/1"
PARITY_SCHEMA = "vigie.parity/1"
LIVE_PARITY_SCHEMA = "vigie.parity.account/1"


def account_document(account: Portfolio) -> dict[str, Any]:
    """What an account holds, of JSON's own types; money as text, to the last digit."""
    cycle = account.cycle
    return {
        "quote": account.quote,
        "capital": str(account.capital),
        "cash": str(account.cash),
        "equity": None if cycle is None else cycle.equity,
        "peak": None if cycle is None else cycle.peak,
        "worst_drawdown": None if cycle is None else cycle.worst,
        "day_first_equity": None if cycle is None else cycle.day_first,
        "day_lowest_equity": None if cycle is None else cycle.day_low,
        "last_candle_at": None if cycle is None else as_iso(cycle.candle_at),
        "positions": {
            pair: {
                "quantity": str(held.quantity),
                "entry_price": str(held.average_price),
                "entered_at": as_iso(held.entered_at),
                "stop": _stop_of(account, held.stop_id),
                "leaving": held.leaving != 0,
            }
            for pair, held in sorted(account.holdings.items())
        },
        "waiting": sorted(account.wishes),
        "orders": {
            one.intent.client_id: {"pair": one.intent.pair, "leg": one.intent.leg.value, "status": one.status.value}
            for one in account.open_orders()
        },
        "latches": {
            name: {"mode": one.mode, "reason": one.reason, "since": as_iso(one.since)}
            for name, one in sorted(account.latches.items())
        },
        "dust": {pair: str(quantity) for pair, quantity in sorted(account.dust.items())},
    }


def _stop_of(account: Portfolio, client_id: str | None) -> str | None:
    record = None if client_id is None else account.orders.get(client_id)
    return None if record is None or record.status.final else str(record.intent.trigger)


def replay_document(account: Portfolio, facts: Mapping[str, Any]) -> dict[str, Any]:
    """How a replay ended.

    Args:
        account: as it stands at the end.
        facts: ``account``, ``rows``, ``lines``, ``recovery``, ``problems``, ``interrupted``.
    """
    return {"schema": REPLAY_SCHEMA, **facts, "portfolio": account_document(account)}


def replay_lines(facts: Mapping[str, Any]) -> list[str]:
    """What is about to go by, before it does.

    Args:
        facts: ``account``, ``strategy``, ``profile``, ``timeframe``, ``pairs``, ``rows``, ``first``, ``last`` (epoch
            milliseconds), ``decided_at`` (of the account that is gone on with, or None), ``rows_left``, ``pace`` (times
            faster than time, or None).
    """
    what = [facts["strategy"], facts["profile"], facts["timeframe"], " ".join(facts["pairs"])]
    first, count = facts["first"], f"{facts['rows']:,} candles, {as_text(facts['first'])}"
    if facts["decided_at"] is not None:
        first = facts["decided_at"]
        count = f"goes on after {as_text(first)} UTC: {facts['rows_left']:,} candles left,"
    lines = [
        f"account {facts['account']}: {' · '.join(what)}",
        f"{count} to {as_text(facts['last'])} UTC; Ctrl-C ends it well",
    ]
    if facts["pace"] is not None:
        hours = (facts["last"] - first) / facts["pace"] / 3_600_000
        lines.append(f"{facts['pace']:g} times as fast as time: {hours:,.1f} hours in all")
    return lines


def replay_view(document: Mapping[str, Any]) -> RenderableType:
    """The same for a terminal."""
    rows = [
        ("account", document["account"]),
        ("candles gone through", f"{document['rows']:,}"),
        *_standing(document),
    ]
    parts: list[RenderableType] = [_facts(rows)]
    parts += [Text(f"problem: {one}", style="yellow") for one in document["problems"]]
    return Group(*parts)


def _standing(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    held = document["portfolio"]
    return [
        ("lines in the journal", f"{document['lines']:,}"),
        ("equity", "-" if held["equity"] is None else f"{held['equity']:,.2f} {held['quote']}"),
        ("worst drawdown", "-" if held["worst_drawdown"] is None else f"{held['worst_drawdown']:.2%}"),
        ("positions", ", ".join(held["positions"]) or "none"),
        ("halts", ", ".join(held["latches"]) or "none"),
    ]


def paper_document(account: Portfolio, facts: Mapping[str, Any]) -> dict[str, Any]:
    """How paper trading ended.

    Args:
        account: as it stands at the end.
        facts: ``account``, ``ticks``, ``lines``, ``recovery``, ``problems``, ``ended``.
    """
    return {"schema": PAPER_SCHEMA, **facts, "portfolio": account_document(account)}


def live_document(account: Portfolio, facts: Mapping[str, Any]) -> dict[str, Any]:
    """How live trading ended; as `paper_document`."""
    return {**paper_document(account, facts), "schema": LIVE_SCHEMA}


def paper_view(document: Mapping[str, Any]) -> RenderableType:
    """The same for a terminal."""
    rows = [
        ("account", document["account"]),
        ("ended by", document["ended"]),
        ("ticks", f"{document['ticks']:,}"),
        *_standing(document),
    ]
    return _facts(rows)


def tick_line(mode: str, problems: Sequence[str], account: Portfolio) -> str:
    """One tick in one line: the last candle that was decided on, what is held, what is wrong."""
    cycle = account.cycle
    parts = ["nothing decided yet" if cycle is None else f"decided {as_text(cycle.candle_at)}"]
    if cycle is not None:
        parts.append(f"equity {cycle.equity:,.2f} {account.quote}")
    parts += [", ".join(sorted(account.holdings)) or "nothing held", mode.replace("_", " ")]
    return "; ".join([" · ".join(parts), *problems])


def parity_document(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a comparison found, as given."""
    return {"schema": PARITY_SCHEMA, **facts}


def parity_view(document: Mapping[str, Any]) -> RenderableType:
    """The same for a terminal: identical or not comes first."""
    word = Text("identical", style="bold green") if document["identical"] else Text("DIFFERENT", style="bold red")
    rows = [
        ("acts compared", f"{document['acts']:,} (buys, partial and full sales: candle, price, quantity, reason)"),
        ("decisions journalled", f"{document['decisions']:,} on {document['rows']:,} candles"),
        ("entries refused", f"{document['refusals']:,}"),
        ("equity, backtest", f"{document['equity_backtest']:,.6f}"),
        ("equity, engine", f"{document['equity_engine']:,.6f}"),
    ]
    parts: list[RenderableType] = [word, _facts(rows)]
    if document["first_difference"]:
        parts.append(Text(f"first difference: {document['first_difference']}", style="red"))
    if document["halted_at"] is not None:
        when = as_text(document["halted_at"])
        parts.append(Text(f"a limit halted the engine at {when}: from there a person has the wheel, not compared"))
    return Group(*parts)


def live_parity_document(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the comparison of an account with the backtest found, as given."""
    return {"schema": LIVE_PARITY_SCHEMA, **facts}


def live_parity_view(document: Mapping[str, Any]) -> RenderableType:
    """The same for a terminal."""
    word = Text("identical", style="bold green") if document["identical"] else Text("DIFFERENT", style="bold red")
    rows = [
        ("account", document["account"]),
        ("decisions at closes", f"{document['decisions']:,} (candle, signal, what was done)"),
        ("of them with a position", f"{document['managed']:,} (stops, exits, parts)"),
        ("entries counted again", f"{document['entries']:,} (size, every rule of the gate)"),
        ("candles without a decision", f"{document['missed']:,}"),
    ]
    parts: list[RenderableType] = [word, _facts(rows)]
    if document["first_difference"]:
        parts.append(Text(f"first difference: {document['first_difference']}", style="red"))
    return Group(*parts)


def _facts(rows: list[tuple[str, str]]) -> Table:
    table = Table(box=box.SIMPLE, show_header=False, show_edge=False, pad_edge=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column()
    for name, value in rows:
        table.add_row(name, value)
    return table
