"""The tables of a backtest's page, which need no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from vigie.domain.instants import as_text
from vigie.domain.trades import ExitReason
from vigie.metrics.definitions import CURVE_METRICS, DEFINITIONS
from vigie.metrics.returns import monthly_returns
from vigie.reporting.gate_words import guard_words
from vigie.reporting.numbers import hours, in_unit, money, percent, price, quantity, ratio
from vigie.reporting.page import parts
from vigie.reporting.tables import by_exit_reason, by_pair, quote_asset
from vigie.research.result import BacktestResult

_MAX_TRADES = 2_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def shown(result: BacktestResult, name: str) -> str:
    """A metric in its unit."""
    return in_unit(result.metrics.values[name], DEFINITIONS[name].unit)


def months(result: BacktestResult) -> str:
    """A row per year, a cell per month, shaded by the return."""
    by_year: dict[int, dict[int, float]] = {}
    for one in monthly_returns(result.equity, result.closes_at, result.capital):
        by_year.setdefault(one.year, {})[one.month] = one.fraction
    reach = max((abs(value) for one in by_year.values() for value in one.values()), default=0.0) or 1.0
    rows = "".join(_year(year, one, reach) for year, one in by_year.items())
    heads = "".join(f"<th>{name}</th>" for name in ("", *_MONTHS, "Year"))
    table = (
        f'<div class="scroll"><table class="months"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
    return parts.section(
        "Monthly returns", "of the equity, percent, UTC months; the first and the last may be partial", "", table
    )


def _year(year: int, by_month: Mapping[int, float], reach: float) -> str:
    total = 1.0
    for value in by_month.values():
        total *= 1.0 + value
    cells = "".join(_month(by_month.get(month), reach) for month in range(1, 13))
    return (
        f'<tr><td>{year}</td>{cells}<td class="year {parts.tone(total - 1.0)}">{100.0 * (total - 1.0):+.1f}</td></tr>'
    )


def _month(value: float | None, reach: float) -> str:
    if not value:
        return "<td></td>" if value is None else '<td class="quiet">0</td>'
    tone = "gain" if value > 0.0 else "loss"
    # The root lifts small months off the background; the largest month keeps its text readable.
    shade = 0.08 + 0.6 * (abs(value) / reach) ** 0.7
    return f'<td style="background:rgba(var(--{tone}-rgb),{shade:.2f})">{100.0 * value:+.1f}</td>'


def distribution(result: BacktestResult) -> str:
    """The place of the histogram."""
    if not len(result.trades):
        return parts.section("Returns of trades", "no closed trade", "", "")
    about = f"{len(result.trades):,} closed trades, after costs"
    return parts.section("Returns of trades", about, "", '<div id="distribution" class="plot"></div>')


def exits_and_refusals(result: BacktestResult) -> str:
    """Why trades ended, and which entries were not allowed."""
    asset = quote_asset(result)
    rows = by_exit_reason(result.trades)
    largest = max((row.share for row in rows), default=1.0)
    exits = [
        (
            escape(row.reason.replace("_", " ")) + parts.bar(row.share / largest),
            f"{row.trades:,}",
            percent(row.win_rate),
            parts.signed(row.profit, money(row.profit, signed=True)),
            parts.signed(row.average_fraction, percent(row.average_fraction, signed=True)),
        )
        for row in rows
    ]
    counted = sorted(result.refusals.items(), key=lambda item: (-item[1], item[0]))
    refused = [(escape(guard_words(name)), f"{count:,}") for name, count in counted]
    return (
        '<section><div class="head"><h2>Exit reasons</h2></div>'
        + parts.table(("reason", "trades", "won", f"profit {asset}", "average"), exits)
        + '<h3 style="margin-top:22px">Entries refused by the gate</h3>'
        + (parts.table(("guard", "entries"), refused) if refused else '<p class="quiet">no guard was on</p>')
        + "</section>"
    )


def pairs(result: BacktestResult) -> str:
    """A row per pair."""
    asset = quote_asset(result)
    headings = (
        "pair",
        "candles",
        "trades",
        "win rate",
        "profit factor",
        "expectancy",
        f"profit {asset}",
        f"open {asset}",
        f"fees {asset}",
        "exposure",
        "buy & hold",
    )
    rows = [
        (
            escape(row.pair),
            f"{row.candles:,}",
            f"{row.trades:,}",
            parts.or_missing(row.win_rate, percent),
            parts.or_missing(row.profit_factor, ratio),
            parts.or_missing(row.expectancy_fraction, percent),
            parts.signed(row.profit, money(row.profit, signed=True)),
            parts.signed(row.open_profit, money(row.open_profit, signed=True)) if row.open_profit else "",
            money(row.fees),
            parts.or_missing(row.exposure_fraction, percent),
            "" if row.hold_return is None else parts.signed(row.hold_return, percent(row.hold_return, signed=True)),
        )
        for row in by_pair(result)
    ]
    return parts.section("By pair", "hold: last close against first open of the pair", "", parts.table(headings, rows))


def metrics(result: BacktestResult) -> str:
    """All numbers with their definitions, folded away."""
    rows = []
    for name, definition in DEFINITIONS.items():
        if name.startswith("hold_"):
            continue
        held = f"hold_{name}"
        hold = shown(result, held) if name in CURVE_METRICS and held in DEFINITIONS else ""
        reason = f" Undefined here: {result.metrics.undefined[name]}." if name in result.metrics.undefined else ""
        rows.append((escape(definition.label), shown(result, name), hold, f"{escape(definition.text + reason)}"))
    table = parts.table(("metric", "strategy", "buy & hold", "definition"), rows, last="why")
    return f"<section><details><summary>All metrics and their definitions</summary>{table}</details></section>"


def trades(result: BacktestResult) -> str:
    """The closed trades, the last first."""
    closed, count = result.trades, len(result.trades)
    listed = range(count - 1, max(-1, count - 1 - _MAX_TRADES), -1)
    about = f"{count:,} closed trades, the last first; click a heading to sort, a row to see it in the chart"
    if count > _MAX_TRADES:
        about = f"the last {_MAX_TRADES:,} of {count:,} closed trades; the export has all"
    asset = quote_asset(result)
    headings = (
        "pair",
        "entry (UTC)",
        "exit (UTC)",
        "held",
        "entry price",
        "exit price",
        "first stop",
        "quantity",
        f"fees {asset}",
        f"profit {asset}",
        "profit",
        "reason",
    )
    head = "".join(f"<th data-sort>{escape(name)}</th>" for name in headings)
    columns = {
        name: getattr(closed, name).tolist()
        for name in ("pair", "entry_at", "exit_at", "entry_price", "exit_price", "stop_at_entry", "quantity", "fees")
    } | {name: getattr(closed, name).tolist() for name in ("profit", "profit_fraction", "exit_reason")}
    rows = "".join(_trade({name: column[row] for name, column in columns.items()}, result.pairs) for row in listed)
    table = f'<div class="scroll tall"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return parts.section("Trades", about, "", table)


def _trade(one: Mapping[str, float], names: Sequence[str]) -> str:
    held = (one["exit_at"] - one["entry_at"]) / 3_600_000.0
    cells = (
        (one["entry_at"], as_text(int(one["entry_at"]))),
        (one["exit_at"], as_text(int(one["exit_at"]))),
        (held, hours(held)),
        (one["entry_price"], price(one["entry_price"])),
        (one["exit_price"], price(one["exit_price"])),
        (one["stop_at_entry"], price(one["stop_at_entry"])),
        (one["quantity"], quantity(one["quantity"])),
        (one["fees"], money(one["fees"])),
        (one["profit"], parts.signed(one["profit"], money(one["profit"], signed=True))),
        (one["profit_fraction"], parts.signed(one["profit"], percent(one["profit_fraction"], signed=True))),
    )
    inner = "".join(f'<td data-value="{value!r}">{text}</td>' for value, text in cells)
    reason = ExitReason(int(one["exit_reason"])).label.replace("_", " ")
    pair = int(one["pair"])
    span = f'data-pair="{pair}" data-from="{int(one["entry_at"])}" data-to="{int(one["exit_at"])}"'
    return f"<tr {span}><td>{escape(names[pair])}</td>{inner}<td>{escape(reason)}</td></tr>"
