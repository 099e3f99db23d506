"""A backtest as a page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from vigie.metrics.definitions import DEFINITIONS
from vigie.reporting.notes import notes
from vigie.reporting.numbers import in_unit, money
from vigie.reporting.page import backtest_tables as tables
from vigie.reporting.page import parts
from vigie.reporting.page.backtest_charts import payload
from vigie.reporting.page.backtest_tables import shown
from vigie.reporting.page.frame import framed
from vigie.reporting.scope import scope
from vigie.reporting.tables import quote_asset
from vigie.research.result import BacktestResult

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


def backtest_page(result: BacktestResult, trials: int | None = None) -> str:
    """The report.

    Args:
        result: a backtest.
        trials: tries counted by the trial ledger, this one included; None: not counted.
    """
    title = f"{result.identity.strategy} · {' '.join(result.pairs)} · vigie"
    return framed(title, _body(result, trials), payload(result), "backtest.js")


def _body(result: BacktestResult, trials: int | None) -> str:
    return "\n".join(
        (
            _header(result, trials),
            "<main>",
            parts.warnings(notes(result, trials)),
            parts.cards(_card(result, name) for name in _CARDS),
            _curves(result),
            _candles(result),
            tables.months(result),
            '<div class="halves">',
            tables.distribution(result),
            tables.exits_and_refusals(result),
            "</div>",
            tables.pairs(result),
            tables.metrics(result),
            tables.trades(result),
            _identity(result),
            parts.footer(scope(result, trials).parts()),
            "</main>",
        )
    )


def _header(result: BacktestResult, trials: int | None) -> str:
    identity, said = result.identity, scope(result, trials)
    synthetic = ("synthetic data",) if result.synthetic else ()
    capital = f"capital {money(result.capital)} {quote_asset(result)}"
    return parts.header(
        identity.strategy,
        f"{' '.join(result.pairs)} · {identity.timeframe} · profile {identity.profile}",
        parts.hashes(identity.version, identity.code_hash, identity.strategy_hash),
        (*synthetic, said.period, said.candles, said.sample, said.costs, capital, said.trials),
        (*synthetic, said.sample),
    )


def _card(result: BacktestResult, name: str) -> str:
    definition, value = DEFINITIONS[name], result.metrics.values[name]
    signed = name in ("total_return", "cagr", "expectancy")
    tone = parts.tone(value) if signed and value is not None else ""
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
        return f"longest {shown(result, 'max_drawdown_days')}, hold\u00a0{hold:.0f}\u00a0%"
    relatives = {
        "win_rate": f"{len(result.trades):,} trades",
        "profit_factor": f"{asset} won / lost",
        "expectancy": f"{asset} a trade · {shown(result, 'expectancy_fraction')}",
        "exposure_fraction": f"turnover {shown(result, 'turnover')}",
        "conditional_var_95": f"VaR {shown(result, 'value_at_risk_95')}",
        "fees": f"{asset} · slippage {shown(result, 'slippage')}",
    }
    return relatives[name] if name in relatives else f"hold {shown(result, f'hold_{name}')}"


def _curves(result: BacktestResult) -> str:
    # Curves that part by more than this cannot both be read on a linear scale.
    apart = max(result.hold.max(), result.equity.max()) > 5.0 * result.capital if len(result.equity) else False
    pressed = "true" if apart else "false"
    buttons = f'<div class="buttons"><button id="equity-log" aria-pressed="{pressed}">log scale</button></div>'
    about = f"{quote_asset(result)} at candle closes; below: fall from the highest value so far"
    return parts.section("Equity against buy-and-hold", about, buttons, '<div id="curves" class="plot"></div>')


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
    return parts.identity(groups)
