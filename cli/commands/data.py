"""``vigie data``: get candles, keep them, and know what they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import AddressOption, DataOption, JsonOption, PairsOption, SinceOption, TimeframeOption, home
from cli.output import console, note, print_json, progress, waits
from cli.parsing import parse_pairs
from vigie.domain.instants import as_text
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

if TYPE_CHECKING:
    from vigie.app.data.chores import FileCheck, Holding
    from vigie.app.data.download import Downloaded

PANEL = "Candles"
ORDER = 30
MOST_SHOWN = 20

app = typer.Typer(help="Candles: get, keep, check.", no_args_is_help=True)

OwnTimeframe = Annotated[
    str | None, typer.Option("--timeframe", metavar="TF", help="Candle length, if the file does not say: 1h.")
]


@app.command("sample")
def sample(
    market: Annotated[
        str, typer.Option(metavar="NAME", help="sample, or trending: learnable on purpose, for the demo.")
    ] = "sample",
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Another seed, another market; default: the market's own.")
    ] = None,
    shuffled: Annotated[
        bool, typer.Option("--shuffled", help="The trending market's hours in another order: nothing to learn.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make up a market: synthetic, and labelled so everywhere.

    sample: three pairs, hourly, five years; it looks like a market. trending: three pairs, hourly, two years, whose
    trends last (docs/demo.md says how long).

    Examples: vigie data sample --seed 7
    vigie data sample --market trending
    """
    from vigie.app.data.chores import make_sample

    _show_holdings(make_sample(home(), seed, market, shuffled=shuffled), as_json)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, CSV.gz, Parquet or Feather.")],
    pair: Annotated[str | None, typer.Option(metavar="A/B", help="Pair, if the file name does not say.")] = None,
    timeframe: OwnTimeframe = None,
    venue: Annotated[
        str | None, typer.Option(metavar="NAME", help="Venue, if the file name does not say: binance.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite other candles of that name.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read candle files into the store, closed candles only.

    Example: vigie data import my_candles.csv --pair BTC/USDT --timeframe 1h
    """
    from vigie.app.data.chores import import_files

    taken = import_files(
        files,
        home(),
        pair=Pair.parse(pair) if pair else None,
        timeframe=Timeframe.parse(timeframe) if timeframe else None,
        venue=venue,
        replace=replace,
        report=note,
    )
    _show_holdings(taken, as_json)


@app.command("download")
def download(
    pairs: Annotated[list[str], typer.Argument(metavar="PAIR...", help="For instance BTC/USDT ETH/USDT.")],
    exchange: Annotated[str, typer.Option(metavar="NAME", help="Any exchange that ccxt knows.")] = "binance",
    timeframe: TimeframeOption = "1h",
    since: SinceOption = None,
    refresh: Annotated[int, typer.Option(metavar="N", help="Stored candles at the end to fetch again.")] = 1,
    base_url: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch candles from an exchange into the store.

    It goes on where it ended; the first time, without --since, it begins five years ago.

    Example: vigie data download BTC/USDT ETH/USDT --timeframe 4h --since 20200101
    """
    from cli.instants import parse_instant
    from vigie.app.data.download import download as fetch

    wanted = parse_pairs(",".join(pairs)) or ()
    waits(shown=not as_json)(f"asking {base_url or exchange} for {', '.join(map(str, wanted))}")
    done = fetch(
        wanted,
        home(),
        exchange=exchange,
        timeframe=Timeframe.parse(timeframe),
        since_ms=parse_instant(since),
        refresh=refresh,
        base_url=base_url,
        progress=progress,
    )
    _show_downloads(done, as_json)


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """What candles there are.

    Example: vigie data list
    """
    from vigie.app.data.chores import list_series

    _show_holdings(list_series(home(), data), as_json)


@app.command("check")
def check(
    data: DataOption = None,
    timeframe: OwnTimeframe = None,
    max_gap_fraction: Annotated[
        float, typer.Option(metavar="FRACTION", min=0, max=1, help="Missing candles allowed; 1 for markets that close.")
    ] = 0.01,
    max_zero_volume_fraction: Annotated[
        float, typer.Option(metavar="FRACTION", min=0, max=1, help="Candles without volume allowed.")
    ] = 0.05,
    as_json: JsonOption = False,
) -> None:
    """Look for what is wrong with candles.

    Order, duplicates, gaps, impossible candles, zero volume, outliers. Exit 3 if a file fails.

    Example: vigie data check --data candles/
    """
    from vigie.app.data.chores import check_files, require_clean

    checks = check_files(
        home(),
        data,
        timeframe=Timeframe.parse(timeframe) if timeframe else None,
        max_gap_fraction=max_gap_fraction,
        max_zero_volume_fraction=max_zero_volume_fraction,
    )
    _show_checks(checks, as_json)
    require_clean(checks)


@app.command("resample")
def resample(
    timeframe: TimeframeOption,
    pairs: PairsOption = None,
    data: DataOption = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there, not into the store.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Add candles up to longer ones (UTC grid).

    A candle with missing parts is made from the parts there are; a last one that is not over is left out.

    Example: vigie data resample --timeframe 4h --pairs BTC/USDT
    """
    from vigie.app.data.chores import resample_series

    made = resample_series(
        home(), Timeframe.parse(timeframe), data=data, pairs=parse_pairs(pairs), output=output, report=note
    )
    _show_holdings(made, as_json)


def _show_holdings(holdings: Sequence[Holding], as_json: bool) -> None:
    if as_json:
        print_json({"series": [_holding_document(one) for one in holdings]}, "vigie.data.series/1")
        return
    if not holdings:
        note("the store is empty: vigie data download BTC/USDT or vigie data sample fills it")
        return
    rows = [
        (
            one.venue, str(one.pair), str(one.timeframe), f"{one.candles:,}", str(one.missing), _day(one.first),
            _day(one.last), one.source,
        )
        for one in holdings
    ]  # fmt: skip
    _print_table(("venue", "pair", "tf", ">candles", ">missing", "first", "last", "source"), rows)
    if any(one.synthetic for one in holdings):
        note("synthetic candles never happened: they show how things work, not what earns money")


def _holding_document(one: Holding) -> Mapping[str, object]:
    return {
        "venue": one.venue,
        "pair": str(one.pair),
        "timeframe": str(one.timeframe),
        "synthetic": one.synthetic,
        "candles": one.candles,
        "missing": one.missing,
        "first_open_at": _iso(one.first),
        "last_open_at": _iso(one.last),
        "source": one.source,
        "path": one.path,
        "content_hash": one.content_hash,
    }


def _show_downloads(done: Sequence[Downloaded], as_json: bool) -> None:
    if as_json:
        print_json({"series": [_download_document(one) for one in done]}, "vigie.data.download/1")
        return
    rows = [
        (
            one.venue, str(one.pair), str(one.timeframe), f"{one.candles:,}", f"{one.added:,}", str(len(one.revised)),
            _day(one.first), _day(one.last),
        )
        for one in done
    ]  # fmt: skip
    _print_table(("venue", "pair", "tf", ">candles", ">new", ">revised", "first", "last"), rows)
    for one in done:
        for revision in one.revised[:MOST_SHOWN]:
            note(f"{one.pair} {as_text(revision.opens_at)} revised: {_changes(revision.before, revision.after)}")
        if len(one.revised) > MOST_SHOWN:
            note(f"{one.pair}: {len(one.revised) - MOST_SHOWN} more revised candles; --json lists all")


def _changes(before: Sequence[float], after: Sequence[float]) -> str:
    names = ("open", "high", "low", "close", "volume")
    changed = [(name, old, new) for name, old, new in zip(names, before, after, strict=True) if old != new]
    return ", ".join(f"{name} {old:.10g} -> {new:.10g}" for name, old, new in changed)


def _download_document(one: Downloaded) -> Mapping[str, object]:
    return {
        "venue": one.venue,
        "pair": str(one.pair),
        "timeframe": str(one.timeframe),
        "candles": one.candles,
        "added": one.added,
        "forming_left_out": one.forming,
        "revised": [{"open_at": _iso(r.opens_at), "before": r.before, "after": r.after} for r in one.revised],
        "first_open_at": _iso(one.first),
        "last_open_at": _iso(one.last),
        "path": one.path,
        "content_hash": one.content_hash,
    }


def _show_checks(checks: Sequence[FileCheck], as_json: bool) -> None:
    if as_json:
        failed = sum(bool(one.failures) for one in checks)
        document = {"files": [_check_document(one) for one in checks], "failed": failed}
        print_json(document, "vigie.data.check/1")
        return
    columns = ("file", ">rows", ">missing", ">holes", ">broken", ">no vol", ">outliers", "")
    _print_table(columns, [_check_row(one) for one in checks])
    for one in checks:
        found = one.quality
        lines = list(one.failures if found is None else found.examples)
        if found is not None and found.holes:
            hole = found.holes[0]
            lines.append(f"longest hole: {hole.missing} candles after {as_text(hole.after)}")
        for line in lines[:MOST_SHOWN]:
            console().print(f"{one.path.name}: {line}", soft_wrap=True)


def _check_row(one: FileCheck) -> tuple[str, ...]:
    verdict = "FAIL" if one.failures else "ok"
    found = one.quality
    if found is None:
        return one.path.name, "", "", "", "", "", "", verdict
    numbers = (found.missing, len(found.holes), found.broken, found.zero_volume, found.outliers)
    return one.path.name, f"{found.rows:,}", *map(str, numbers), verdict


def _check_document(one: FileCheck) -> Mapping[str, object]:
    document: dict[str, object] = {
        "path": one.path,
        "timeframe": str(one.timeframe) if one.timeframe else None,
        "passed": not one.failures,
        "failures": one.failures,
    }
    found = one.quality
    if found is None:
        return document
    names = (
        "rows", "missing", "missing_fraction", "unreadable", "disorder", "duplicates", "off_grid", "impossible",
        "zero_volume", "zero_volume_fraction", "outliers", "examples",
    )  # fmt: skip
    holes = [{"after": _iso(h.after), "before": _iso(h.before), "missing": h.missing} for h in found.holes]
    times = {"first_open_at": _iso(found.first), "last_open_at": _iso(found.last)}
    return document | times | {name: getattr(found, name) for name in names} | {"holes": holes}


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; a column whose heading begins with ``>`` is flushed right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in columns:
        # Names and sources may be of any length and fold; numbers, days and pairs never break.
        table.add_column(
            heading.lstrip(">"),
            justify="right" if heading.startswith(">") else "left",
            overflow="fold",
            no_wrap=heading not in ("file", "source", "venue", "pair"),
        )
    for row in rows:
        table.add_row(*row)
    console().print(table)


def _day(epoch_ms: int) -> str:
    return as_text(epoch_ms)[:10]


def _iso(epoch_ms: int | None) -> str | None:
    return None if epoch_ms is None else f"{as_text(epoch_ms).replace(' ', 'T')}:00Z"
