"""The parts of the HTML page that need no script: header, cards, notes and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from vigie.domain.instants import as_text
from vigie.domain.trades import ExitReason
from vigie.metrics.definitions import CURVE_METRICS, DEFINITIONS
from vigie.metrics.returns import monthly_returns
from vigie.reporting.notes import notes
from vigie.reporting.numbers import MISSING, hours, in_unit, money, percent, price, quantity, ratio
from vigie.reporting.scope import scope
from vigie.reporting.tables import by_exit_reason, by_pair, quote_asset
from vigie.research.result import BacktestResult

_MAX_TRADES = 2_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CARDS = (
    "total_return",
    "cagr",
    "sharpe",
    "sortino",
    "max_drawdown",
    "calmar",
    "win_rate",
    "profit_factor",
    "expectancy",
    "exposure_fraction",
    "conditional_var_95",
    "fees",
)
_SPANS = (("1 week", 7), ("1 month", 31), ("3 months", 92), ("1 year", 366), ("all", 0))


def head_title(result: BacktestResult) -> str:
    """The title of the browser's tab, escaped."""
    return escape(f"{result.identity.strategy} · {' '.join(result.pairs)} · vigie")


def body(result: BacktestResult, trials: int | None) -> str:
    """Everything between the body tags but the scripts."""
    return "\n".join(
        (
            _header(result, trials),
            "<main>",
            _notes(result, trials),
            _cards(result),
            _curves(result),
            _candles(result),
            _months(result),
            '<div class="halves">',
            _distribution(result),
            _exits_and_refusals(result),
            "</div>",
            _pairs(result),
            _metrics(result),
            _trades(result),
            _identity(result),
            _footer(result, trials),
            "</main>",
        )
    )


def _header(result: BacktestResult, trials: int | None) -> str:
    identity, said = result.identity, scope(result, trials)
    loud = '<span class="loud">synthetic data</span>' if result.synthetic else ""
    parts = "".join(f"<span>{escape(part)}</span>" for part in (said.period, said.candles))
    sample = f'<span class="loud">{escape(said.sample)}</span>'
    rest = "".join(
        f"<span>{escape(part)}</span>"
        for part in (said.costs, f"capital {money(result.capital)} {quote_asset(result)}", said.trials)
    )
    subject = f"{' '.join(result.pairs)} · {identity.timeframe} · profile {identity.profile}"
    return (
        f'<header><div><div class="top"><div><h1>{escape(identity.strategy)}<small>{escape(subject)}</small></h1>'
        f'<p class="quiet">vigie {escape(identity.version)} · code <code>{escape(identity.code_hash[:12])}</code> · '
        f"strategy <code>{escape(identity.strategy_hash[:12])}</code></p></div>"
        f'<button id="theme">dark / light</button></div>'
        f'<div class="scope">{loud}{parts}{sample}{rest}</div></div></header>'
    )


def _notes(result: BacktestResult, trials: int | None) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in notes(result, trials))
    return f'<section class="notes"><ul>{items}</ul></section>'


def _cards(result: BacktestResult) -> str:
    return f'<div class="cards">{"".join(_card(result, name) for name in _CARDS)}</div>'


def _card(result: BacktestResult, name: str) -> str:
    definition, value = DEFINITIONS[name], result.metrics.values[name]
    signed = name in ("total_return", "cagr", "expectancy")
    tone = _tone(value) if signed and value is not None else ""
    number = ("+" if tone == "gain" else "") + in_unit(value, definition.unit)
    return (
        f'<div class="card" title="{escape(definition.text)}"><b>{escape(definition.label)}</b>'
        f'<strong class="{tone}">{number}</strong><i>{escape(_below(result, name))}</i></div>'
    )


def _below(result: BacktestResult, name: str) -> str:
    """The small line of a card: the same number of buy-and-hold, or the nearest relative."""
    values, asset = result.metrics.values, quote_asset(result)
    if name in result.metrics.undefined:
        return result.metrics.undefined[name]
    if name == "max_drawdown":
        hold = 100.0 * (values["hold_max_drawdown"] or 0.0)
        return f"longest {_shown(result, 'max_drawdown_days')}, hold\u00a0{hold:.0f}\u00a0%"
    relatives = {
        "win_rate": f"{len(result.trades):,} trades",
        "profit_factor": f"{asset} won / lost",
        "expectancy": f"{asset} a trade · {_shown(result, 'expectancy_fraction')}",
        "exposure_fraction": f"turnover {_shown(result, 'turnover')}",
        "conditional_var_95": f"VaR {_shown(result, 'value_at_risk_95')}",
        "fees": f"{asset} · slippage {_shown(result, 'slippage')}",
    }
    return relatives[name] if name in relatives else f"hold {_shown(result, f'hold_{name}')}"


def _shown(result: BacktestResult, name: str) -> str:
    return in_unit(result.metrics.values[name], DEFINITIONS[name].unit)


def _curves(result: BacktestResult) -> str:
    # Curves that part by more than this cannot both be read on a linear scale.
    apart = max(result.hold.max(), result.equity.max()) > 5.0 * result.capital if len(result.equity) else False
    pressed = "true" if apart else "false"
    buttons = f'<div class="buttons"><button id="equity-log" aria-pressed="{pressed}">log scale</button></div>'
    about = f"{quote_asset(result)} at candle closes; below: fall from the highest value so far"
    return _section("Equity against buy-and-hold", about, buttons, '<div id="curves" class="plot"></div>')


def _candles(result: BacktestResult) -> str:
    pairs = "".join(
        f'<button data-show="{index}" aria-pressed="{"true" if index == 0 else "false"}">{escape(pair)}</button>'
        for index, pair in enumerate(result.pairs)
    )
    spans = "".join(f'<button data-days="{days}">{label}</button>' for label, days in _SPANS)
    log = '<button id="price-log" aria-pressed="false">log scale</button>'
    buttons = f'<div class="buttons">{pairs}</div><div class="buttons">{spans}{log}</div>'
    plot = '<p id="resolution" class="quiet" style="font-size:13px"></p><div id="candles" class="plot"></div>'
    return f'<section><div class="head"><h2>Candles and trades</h2>{buttons}</div>{plot}</section>'


def _months(result: BacktestResult) -> str:
    by_year: dict[int, dict[int, float]] = {}
    for one in monthly_returns(result.equity, result.closes_at, result.capital):
        by_year.setdefault(one.year, {})[one.month] = one.fraction
    reach = max((abs(value) for months in by_year.values() for value in months.values()), default=0.0) or 1.0
    rows = "".join(_year(year, months, reach) for year, months in by_year.items())
    heads = "".join(f"<th>{name}</th>" for name in ("", *_MONTHS, "Year"))
    table = (
        f'<div class="scroll"><table class="months"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
    return _section(
        "Monthly returns", "of the equity, percent, UTC months; the first and the last may be partial", "", table
    )


def _year(year: int, months: Mapping[int, float], reach: float) -> str:
    total = 1.0
    for value in months.values():
        total *= 1.0 + value
    cells = "".join(_month(months.get(month), reach) for month in range(1, 13))
    return f'<tr><td>{year}</td>{cells}<td class="year {_tone(total - 1.0)}">{100.0 * (total - 1.0):+.1f}</td></tr>'


def _month(value: float | None, reach: float) -> str:
    if not value:
        return "<td></td>" if value is None else '<td class="quiet">0</td>'
    tone = "gain" if value > 0.0 else "loss"
    # The root lifts small months off the background; the largest month keeps its text readable.
    shade = 0.08 + 0.6 * (abs(value) / reach) ** 0.7
    return f'<td style="background:rgba(var(--{tone}-rgb),{shade:.2f})">{100.0 * value:+.1f}</td>'


def _distribution(result: BacktestResult) -> str:
    if not len(result.trades):
        return _section("Returns of trades", "no closed trade", "", "")
    about = f"{len(result.trades):,} closed trades, after costs"
    return _section("Returns of trades", about, "", '<div id="distribution" class="plot"></div>')


def _exits_and_refusals(result: BacktestResult) -> str:
    asset = quote_asset(result)
    rows = by_exit_reason(result.trades)
    largest = max((row.share for row in rows), default=1.0)
    exits = [
        (
            escape(row.reason.replace("_", " ")) + _bar(row.share / largest),
            f"{row.trades:,}",
            percent(row.win_rate),
            _signed(row.profit, money(row.profit, signed=True)),
            _signed(row.average_fraction, percent(row.average_fraction, signed=True)),
        )
        for row in rows
    ]
    counted = sorted(result.refusals.items(), key=lambda item: (-item[1], item[0]))
    refused = [(escape(name.replace("_", " ")), f"{count:,}") for name, count in counted]
    return (
        '<section><div class="head"><h2>Exit reasons</h2></div>'
        + _table(("reason", "trades", "won", f"profit {asset}", "average"), exits)
        + '<h3 style="margin-top:22px">Entries refused by the gate</h3>'
        + (_table(("guard", "entries"), refused) if refused else '<p class="quiet">no guard was on</p>')
        + "</section>"
    )


def _pairs(result: BacktestResult) -> str:
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
        "hold",
    )
    rows = [
        (
            escape(row.pair),
            f"{row.candles:,}",
            f"{row.trades:,}",
            _or_missing(row.win_rate, percent),
            _or_missing(row.profit_factor, ratio),
            _or_missing(row.expectancy_fraction, percent),
            _signed(row.profit, money(row.profit, signed=True)),
            _signed(row.open_profit, money(row.open_profit, signed=True)) if row.open_profit else "",
            money(row.fees),
            _or_missing(row.exposure_fraction, percent),
            "" if row.hold_return is None else _signed(row.hold_return, percent(row.hold_return, signed=True)),
        )
        for row in by_pair(result)
    ]
    return _section("By pair", "hold: last close against first open of the pair", "", _table(headings, rows))


def _metrics(result: BacktestResult) -> str:
    rows = []
    for name, definition in DEFINITIONS.items():
        if name.startswith("hold_"):
            continue
        held = f"hold_{name}"
        hold = _shown(result, held) if name in CURVE_METRICS and held in DEFINITIONS else ""
        reason = f" Undefined here: {result.metrics.undefined[name]}." if name in result.metrics.undefined else ""
        rows.append((escape(definition.label), _shown(result, name), hold, f"{escape(definition.text + reason)}"))
    table = _table(("metric", "strategy", "buy & hold", "definition"), rows, last="why")
    return f"<section><details><summary>All metrics and their definitions</summary>{table}</details></section>"


def _trades(result: BacktestResult) -> str:
    trades, count = result.trades, len(result.trades)
    shown = range(count - 1, max(-1, count - 1 - _MAX_TRADES), -1)
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
        name: getattr(trades, name).tolist()
        for name in ("pair", "entry_at", "exit_at", "entry_price", "exit_price", "stop_at_entry", "quantity", "fees")
    } | {name: getattr(trades, name).tolist() for name in ("profit", "profit_fraction", "exit_reason")}
    pairs = result.pairs
    rows = "".join(_trade({name: column[row] for name, column in columns.items()}, pairs) for row in shown)
    table = f'<div class="scroll tall"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return _section("Trades", about, "", table)


def _trade(one: Mapping[str, float], pairs: Sequence[str]) -> str:
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
        (one["profit"], _signed(one["profit"], money(one["profit"], signed=True))),
        (one["profit_fraction"], _signed(one["profit"], percent(one["profit_fraction"], signed=True))),
    )
    inner = "".join(f'<td data-value="{value!r}">{text}</td>' for value, text in cells)
    reason = ExitReason(int(one["exit_reason"])).label.replace("_", " ")
    pair = int(one["pair"])
    span = f'data-pair="{pair}" data-from="{int(one["entry_at"])}" data-to="{int(one["exit_at"])}"'
    return f"<tr {span}><td>{escape(pairs[pair])}</td>{inner}<td>{escape(reason)}</td></tr>"


def _identity(result: BacktestResult) -> str:
    identity = result.identity
    origins = {str(one.pair): f"{one.venue}, {one.origin}" for one in result.series}
    groups: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("Changed on the command line", identity.overrides or {"nothing": ""}),
        ("Strategy parameters", identity.parameters),
        ("Rules, costs, sizing, guards", identity.settings),
        ("Candles", origins),
        ("SHA-256 of the candles", identity.data_hashes),
        ("SHA-256 of the code", {"strategy": identity.strategy_hash, "decision code": identity.code_hash}),
    )
    parts = "".join(f"<div><h3>{title}</h3>{_facts(facts)}</div>" for title, facts in groups)
    about = "enough to run it again and get the same numbers"
    return _section("What was run", about, "", f'<div class="identity">{parts}</div>')


def _facts(facts: Mapping[str, object]) -> str:
    return _table((), [(escape(name), f"<code>{escape(str(value))}</code>") for name, value in facts.items()])


def _footer(result: BacktestResult, trials: int | None) -> str:
    said = " · ".join(scope(result, trials).parts())
    return f"<footer>Every number on this page: {escape(said)}. Risk-free rate 0. Times are UTC.</footer>"


def _section(title: str, about: str, buttons: str, content: str) -> str:
    return (
        f'<section><div class="head"><div><h2>{escape(title)}</h2><p>{escape(about)}</p></div>{buttons}</div>'
        f"{content}</section>"
    )


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], last: str = "") -> str:
    """Cells are HTML already; ``last`` is the class of the last column."""
    classes = [""] * (len(headings) - 1) + [last]
    head = "".join(f'<th class="{kind}">{escape(name)}</th>' for name, kind in zip(headings, classes, strict=False))
    lines = "".join(
        "<tr>"
        + "".join(f"<td>{cell}</td>" for cell in row[:-1])
        + (f'<td class="{last}">' if last else "<td>")
        + f"{row[-1]}</td></tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'


def _bar(share: float) -> str:
    return f'<span class="bar" style="width:{90.0 * share:.0f}px"></span>'


def _tone(value: float) -> str:
    return "gain" if value > 0.0 else "loss" if value < 0.0 else ""


def _signed(value: float, text: str) -> str:
    return f'<span class="{_tone(value)}">{text}</span>'


def _or_missing(value: float | None, show: Callable[[float], str]) -> str:
    return MISSING if value is None else show(value)
