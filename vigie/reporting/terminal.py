"""A result on one screen of a terminal: 100 columns, down to 80. Colour only for sign and state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from vigie.metrics.definitions import DEFINITIONS, Unit
from vigie.reporting.gate_words import guard_words
from vigie.reporting.notes import notes
from vigie.reporting.numbers import MISSING, in_unit, money, percent, ratio
from vigie.reporting.scope import scope
from vigie.reporting.tables import by_exit_reason, by_pair, quote_asset
from vigie.research.result import BacktestResult

_SIGNED = frozenset(
    {
        "total_return",
        "cagr",
        "expectancy",
        "expectancy_fraction",
        "average_win",
        "average_loss",
        "largest_win",
        "largest_loss",
    }
)
_CURVE = (
    "final_equity",
    "total_return",
    "cagr",
    "volatility",
    "sharpe",
    "sortino",
    "calmar",
    "max_drawdown",
    "max_drawdown_days",
    "value_at_risk_95",
    "conditional_var_95",
)
_TRADES = (
    "trades",
    "win_rate",
    "profit_factor",
    "expectancy",
    "average_win",
    "average_loss",
    "longest_losing_streak",
    "average_hours_held",
    "exposure_fraction",
    "turnover",
    "fees",
    "slippage",
)


def render(result: BacktestResult, trials: int | None = None) -> RenderableType:
    """The report as a rich renderable.

    Args:
        result: a backtest.
        trials: tries counted by the trial ledger, this one included; None: not counted.
    """
    parts = (
        header(result, trials),
        _side_by_side(_against_hold(result), _round_trips(result)),
        _pairs(result),
        Group(_side_by_side(_exits(result), _refusals(result)), *_quiet_guards(result)),
        _notes(result, trials),
    )
    *first, last = parts
    return Group(*(line for part in first for line in (part, "")), last)


def header(result: BacktestResult, trials: int | None = None) -> RenderableType:
    """What was tested, over what, at which costs. See `render` for the arguments."""
    identity = result.identity
    title = Text(f"{identity.strategy} · {identity.profile} · {identity.timeframe} · {' '.join(result.pairs)}", "bold")
    lines: list[RenderableType] = [
        title,
        Flowing((f"capital {money(result.capital)} {quote_asset(result)}", *scope(result, trials).parts())),
    ]
    if identity.overrides:
        changed = ", ".join(f"{name}={value}" for name, value in identity.overrides.items())
        lines.append(Text(f"changed: {changed}", "dim"))
    return Group(*lines)


def _against_hold(result: BacktestResult) -> Table:
    values = result.metrics.values
    held = {name: f"hold_{name}" for name in _CURVE}
    return _table(
        (f"money in {quote_asset(result)}", "strategy", "buy & hold"),
        [
            (DEFINITIONS[name].label, _metric(name, values), _metric(hold, values) if hold in values else "")
            for name, hold in held.items()
        ],
    )


def _round_trips(result: BacktestResult) -> Table:
    values = result.metrics.values
    rows = [(DEFINITIONS[name].label, _metric(name, values)) for name in _TRADES]
    return _table((f"money in {quote_asset(result)}", "trades"), rows)


def _pairs(result: BacktestResult) -> RenderableType:
    """The widest table: on a narrow terminal it goes without its last columns."""
    quote = quote_asset(result)
    headings = (
        "pair",
        "trades",
        "win rate",
        "factor",
        f"profit {quote}",
        "buy & hold",
        "exposure",
        f"fees {quote}",
        "open",
    )
    rows: list[tuple[Text | str, ...]] = [
        (
            row.pair,
            f"{row.trades:,}",
            _optional(row.win_rate),
            MISSING if row.profit_factor is None else ratio(row.profit_factor),
            _coloured(row.profit, money(row.profit, signed=True)),
            MISSING if row.hold_return is None else _coloured(row.hold_return, percent(row.hold_return, signed=True)),
            _optional(row.exposure_fraction),
            money(row.fees),
            _coloured(row.open_profit, money(row.open_profit, signed=True)) if row.open_profit else "-",
        )
        for row in by_pair(result)
    ]
    return _Fitting(tuple(_table(headings[:count], rows) for count in range(len(headings), 3, -1)))


def _exits(result: BacktestResult) -> Table:
    rows = [
        (
            row.reason.replace("_", " "),
            f"{row.trades:,}",
            percent(row.win_rate),
            _coloured(row.profit, money(row.profit, signed=True)),
        )
        for row in by_exit_reason(result.trades)
    ]
    return _table(("exit reason", "trades", "won", f"profit {quote_asset(result)}"), rows or [("none", "", "", "")])


def _refusals(result: BacktestResult) -> Table:
    counted = sorted(result.refusals.items(), key=lambda item: (-item[1], item[0]))
    rows = [(guard_words(name), f"{count:,}") for name, count in counted if count]
    nothing = "none" if counted else "no guard was on"
    return _table(("entries refused by", "count"), rows or [(nothing, "")])


def _quiet_guards(result: BacktestResult) -> tuple[RenderableType, ...]:
    """Guards that were on and refused nothing: a line, not a row each."""
    names = sorted(guard_words(name) for name, count in result.refusals.items() if not count)
    return (Flowing((f"refused by none of: {names[0]}", *names[1:])),) if names else ()


def _notes(result: BacktestResult, trials: int | None) -> RenderableType:
    return Group(*map(Note, notes(result, trials)))


@dataclass(frozen=True, slots=True)
class Flowing:
    """Statements with dots between them; a line ends where a statement does, as long as one fits the width."""

    parts: Sequence[str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line = ""
        for part in self.parts:
            longer = f"{line} · {part}" if line else part
            if line and len(longer) > options.max_width:
                yield Text(line, "dim")
                longer = part
            line = longer
        yield Text(line, "dim")


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence behind a mark, its further lines indented; no blanks at the ends of lines."""

    sentence: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        mark = "! "
        for line in Text(self.sentence).wrap(console, max(10, options.max_width - len(mark))):
            line.rstrip()
            yield Text.assemble((mark, "yellow"), line)
            mark = "  "


@dataclass(frozen=True, slots=True)
class _Fitting:
    """The first of several renderables that fits the width; the last one if none does."""

    choices: Sequence[RenderableType]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        unbounded = options.update(max_width=10_000)
        for choice in self.choices:
            if Measurement.get(console, unbounded, choice).maximum <= options.max_width:
                break
        yield choice


def _side_by_side(left: Table, right: Table) -> RenderableType:
    grid = Table.grid(padding=(0, 3, 0, 0), pad_edge=False)
    grid.add_row(left, right)
    return _Fitting((grid, Group(left, "", right)))


def _table(headings: Sequence[str], rows: Iterable[Sequence[Text | str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="left" if index == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row[: len(headings)])
    return table


def _metric(name: str, values: Mapping[str, float | None]) -> Text:
    value, unit = values[name], DEFINITIONS[name].unit
    plain = name.removeprefix("hold_")
    if value is None or plain not in _SIGNED:
        return Text(in_unit(value, unit), "dim" if value is None else "")
    return _coloured(value, (percent if unit is Unit.FRACTION else money)(value, signed=True))


def _coloured(value: float, text: str) -> Text:
    return Text(text, "green" if value > 0.0 else "red" if value < 0.0 else "")


def _optional(fraction: float | None) -> str:
    return MISSING if fraction is None else percent(fraction)
