"""``vigie strategy``: what there is, what it can be told, and whether it sees the future."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import DataOption, JsonOption, PairsOption, ParamOption, ProfileOption, TimeframeOption, home
from cli.output import console, note, print_json, progress
from cli.parsing import overrides, parse_pairs
from vigie.domain.errors import CheckFailed
from vigie.domain.timeframe import Timeframe

if TYPE_CHECKING:
    from rich.table import Table


PANEL = "Research"
ORDER = 20
_ORIGINS = {"built-in": "built-in", "home": "strategies/"}

app = typer.Typer(help="Strategies: list, show, make, check.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Strategy, as `vigie strategy list` names it.")]


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """Name all strategies and profiles.

    Of each strategy it says whether it is built in or lies in strategies/ of this home.

    Example: vigie strategy list
    """
    from vigie.app.strategies.facts import overview

    found = overview(home(), note)
    if as_json:
        print_json(found, "vigie.strategy.list/1")
        return
    for title, rows in found.items():
        table = _table(title)
        table.add_column("name", no_wrap=True)
        theirs = title == "strategies"
        if theirs:
            table.add_column("from", no_wrap=True)
        table.add_column("what it does")
        for row in rows:
            whose = [_ORIGINS[row["origin"]]] if theirs else []
            table.add_row(row["name"], *whose, row["summary"])
        console().print(table, "")


@app.command("show")
def show(name: NameArgument, profile: ProfileOption = "standard", as_json: JsonOption = False) -> None:
    """Show everything that --param can set.

    Each number with its value, bounds and search grid.

    Example: vigie strategy show ema_cross --profile titan
    """
    from vigie.app.strategies.facts import describe

    described = describe(name, profile, home())
    if as_json:
        print_json(described.as_dict(), "vigie.strategy.show/1")
        return
    console().print(f"{described.name}: {described.summary}")
    console().print(f"profile {described.profile}: {described.profile_summary}")
    for sentence in described.mended:
        console().print(f"mended: {sentence}")
    for title, rows in described.groups.items():
        console().print("", _parameters(title, rows))


def _parameters(title: str, rows: list[dict[str, Any]]) -> Table:
    table = _table(title)
    table.add_column("name", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("allowed")
    table.add_column("meaning")
    for row in rows:
        table.add_row(row["name"], str(row["value"]), row["allowed"], row["help"])
    return table


def _table(title: str) -> Table:
    from rich import box
    from rich.table import Table

    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)


@app.command("new")
def new(name: Annotated[str, typer.Argument(metavar="NAME", help="File name without .py, lower case.")]) -> None:
    """Write a strategy file to start from.

    It goes into strategies/ of the home.

    Example: vigie strategy new my_idea
    """
    from vigie.app.strategies.new import create

    path = create(name, home())
    note(f"written: {path}")
    note(f"next: vigie strategy check {name}, then vigie backtest --strategy {name}")


@app.command("check")
def check(
    name: NameArgument,
    profile: ProfileOption = "standard",
    pairs: PairsOption = None,
    timeframe: TimeframeOption = "1h",
    data: DataOption = None,
    param: ParamOption = None,
    cuts: Annotated[int, typer.Option(metavar="N", min=2, help="Places per pair at which the candles are cut.")] = 200,
    as_json: JsonOption = False,
) -> None:
    """Look for a view of the future.

    The candles are cut after fills and anywhere, and the strategy is asked again. Every earlier wish must be
    unchanged. Exit code 3 if one is not.

    Example: vigie strategy check my_idea --data candles/ --pairs BTC/USDT
    """
    from vigie.app.research.backtest import Request
    from vigie.app.strategies.check import check_strategy

    request = Request(
        home=home(),
        strategy=name,
        profile=profile,
        timeframe=Timeframe.parse(timeframe),
        data=data,
        pairs=parse_pairs(pairs),
        overrides=overrides(param),
    )
    with progress(f"cutting candles under {name}", 0) as advance:
        report = check_strategy(request, cuts=cuts, report=note, progress=advance)
    if as_json:
        document = {"strategy": name, "passed": not report.leaks, **_as_dict(report)}
        print_json(document, "vigie.strategy.check/1")
    elif not report.leaks:
        console().print(
            f"{name} does not see the future: {report.cuts} cuts ({report.after_fills} at fills), "
            f"{report.rows_compared:,} wishes compared, none changed",
            soft_wrap=True,
        )
    if report.leaks:
        sentences = [
            f"{leak.pair}: '{leak.column}' decided at {leak.decided_at} was {leak.with_future:g}, and is "
            f"{leak.without:g} when the candles end with that of {leak.cut_after}"
            for leak in report.leaks
        ]
        raise CheckFailed(f"{name} sees the future\n" + "\n".join(sentences))


def _as_dict(report: object) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(report)  # type: ignore[call-overload, no-any-return]


@app.command("propose")
def propose(
    name: NameArgument,
    pairs: PairsOption = None,
    timeframe: TimeframeOption = "1h",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a strategy propose its parameters.

    It looks at the first 70 % of the candles; the numbers are fixed from then on.

    Example: vigie strategy propose ema_cross --pairs BTC/USDT
    """
    from vigie.app.strategies.facts import proposals

    found = proposals(name, home(), data, parse_pairs(pairs), Timeframe.parse(timeframe), note)
    if as_json:
        print_json({"strategy": name, "proposals": found}, "vigie.strategy.propose/1")
        return
    for pair, values in found.items():
        words = " ".join(f"--param {key}={value}" for key, value in values.items())
        console().print(f"{pair}: {words}")
