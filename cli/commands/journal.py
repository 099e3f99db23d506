"""``vigie journal``: what was done, line by line, and what can be told from it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from cli.options import JsonOption, ReadOption, SinceOption, home

PANEL = "Looking"
ORDER = 52

app = typer.Typer(invoke_without_command=True)

PairOption: TypeAlias = Annotated[str | None, typer.Option("--pair", metavar="A/B", help="Only this pair.")]
KindOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--kind", metavar="KIND", help="Only this kind of line; repeatable.")
]


@app.callback()
def command(
    context: typer.Context,
    account: ReadOption = None,
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", min=1, help="So many lines; with --since, all.")
    ] = None,
    since: SinceOption = None,
    pair: PairOption = None,
    kind: KindOption = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with lines that come, until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read, check and explain the journal of an account.

    Without a command: its last lines, or those that come.

    Example: vigie journal --account paper --kind trade --kind halt --follow
    """
    if context.invoked_subcommand is not None:
        return
    import json

    from cli.instants import parse_instant
    from cli.output import print_json
    from cli.parsing import parse_pair
    from cli.plain import show_row
    from cli.which import tell_which
    from vigie.app.accounts import others, to_read
    from vigie.app.journal.reading import Wanted, document_of, followed, kinds_of, last_lines, last_seq
    from vigie.reporting.journal import journal_row

    name = to_read(home(), account)
    count = last if last is not None or since is not None else 20
    wanted = Wanted(count, parse_instant(since), parse_pair(pair), kinds_of(kind))
    seen = last_seq(home(), name)
    documents = [document_of(line) for line in last_lines(home(), name, wanted)]
    if as_json and not follow:
        whole = {"account": name, "other_accounts": others(home(), name), "lines": documents}
        print_json(whole, "vigie.journal/1")
        return

    def put(document: dict[str, object]) -> None:
        if as_json:
            typer.echo(json.dumps(document))
        else:
            show_row(journal_row(document))

    if account is None:
        tell_which(name)
    # Ctrl-C is how following ends, at whatever point.
    with contextlib.suppress(KeyboardInterrupt) if follow else contextlib.nullcontext():
        for document in documents:
            put(document)
        if follow:
            after = max([seen, *(int(str(document["seq"])) for document in documents)])
            for line in followed(home(), name, wanted, after):
                put(document_of(line))


@app.command("verify")
def verify(account: ReadOption = None, as_json: JsonOption = False) -> None:
    """Check every line and the chain; exit 3 names the first bad line.

    Example: vigie journal verify --account paper
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.accounts import to_read
    from vigie.app.journal.reading import snapshot_seq, verified
    from vigie.reporting.journal import verify_rows

    name = to_read(home(), account)
    document = verified(home(), name, lambda: snapshot_seq(home(), name))
    if as_json:
        print_json(document)
    else:
        for row in verify_rows(document):
            show_row(row)
    if not document["holds"]:
        raise typer.Exit(3)


@app.command("trades")
def trades_(
    account: ReadOption = None,
    last: Annotated[int | None, typer.Option("--last", metavar="N", min=1, help="Only so many, the last ones.")] = None,
    since: SinceOption = None,
    pair: PairOption = None,
    as_json: JsonOption = False,
) -> None:
    """List closed trades.

    Example: vigie journal trades --pair BTC/USDT --last 10
    """
    from cli.instants import parse_instant
    from cli.output import print_json
    from cli.parsing import parse_pair
    from cli.plain import show_row, tell
    from cli.which import tell_which
    from vigie.app.accounts import others, to_read
    from vigie.app.journal.reading import trades
    from vigie.reporting.journal import TRADE_HEAD, trade_row

    name = to_read(home(), account)
    found = trades(home(), name, parse_pair(pair), parse_instant(since))
    found = found if last is None else found[-last:]
    if as_json:
        document = {"account": name, "other_accounts": others(home(), name), "trades": found}
        print_json(document, "vigie.journal.trades/1")
        return
    if account is None:
        tell_which(name)
    for row in (TRADE_HEAD, *map(trade_row, found)):
        show_row(row)
    tell(f"{len(found)} trades")


@app.command("show")
def show_(
    seq: Annotated[int, typer.Argument(help="Number of the line.")],
    account: ReadOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one line with all its fields.

    Example: vigie journal show 74
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.accounts import to_read
    from vigie.app.journal.reading import document_of, one_line
    from vigie.reporting.journal import journal_row

    document = document_of(one_line(home(), to_read(home(), account), seq))
    if not as_json:
        show_row(journal_row(document))
    print_json(document, "vigie.journal.show/1")


@app.command("explain")
def explain_(
    pair: Annotated[str, typer.Argument(help="For instance BTC/USDT.")],
    time: Annotated[str, typer.Argument(help="In the candle: 2023-01-31T13:00 (UTC), or epoch time.")],
    account: ReadOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell why it traded or did not.

    Verdicts and sizes are counted again from the journal alone. Exit 3 if that differs.

    Example: vigie journal explain BTC/USDT 2023-01-31T13:00
    """
    from cli.instants import parse_instant
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.accounts import to_read
    from vigie.app.journal.explain import explain
    from vigie.domain.pair import Pair
    from vigie.reporting.journal import explain_rows

    instant = parse_instant(time)
    document = explain(home(), to_read(home(), account), str(Pair.parse(pair)), instant or 0)
    if as_json:
        print_json(document)
    else:
        for row in explain_rows(document):
            show_row(row)
    if not document["recomputed_agrees"]:
        raise typer.Exit(3)


@app.command("export")
def export(
    form: Annotated[str, typer.Option("--format", metavar="csv|parquet", help="Of the table.")] = "csv",
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="File; without it, stdout.")] = None,
    account: ReadOption = None,
    since: SinceOption = None,
    pair: PairOption = None,
    kind: KindOption = None,
) -> None:
    """Write lines as a table; one --kind gets a column per field.

    Example: vigie journal export --kind fill --output fills.csv
    """
    import sys

    from cli.instants import parse_instant
    from cli.parsing import parse_pair
    from cli.plain import tell
    from vigie.app.accounts import to_read
    from vigie.app.journal.export import exported
    from vigie.app.journal.reading import Wanted, kinds_of
    from vigie.domain.errors import ConfigError

    if form == "parquet" and output is None:
        raise ConfigError("--format parquet is no text: say where with --output PATH")
    name = to_read(home(), account)
    wanted = Wanted(None, parse_instant(since), parse_pair(pair), kinds_of(kind))
    content, rows = exported(home(), name, wanted, form)
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    else:
        output.write_bytes(content)
        tell(f"written: {output}, {rows:,} rows")


@app.command("tax")
def tax_(
    year: Annotated[int, typer.Option("--year", metavar="YEAR", min=2009, max=9999, help="Of the sales, UTC.")],
    method: Annotated[
        str, typer.Option("--method", metavar="fifo|lifo|average", help="Which coins go first.")
    ] = "fifo",
    account: ReadOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what was sold in a year and what had been paid for it.

    A checksum binds the table to the journal.

    Example: vigie journal tax --method fifo --year 2023
    """
    from cli.output import print_json
    from cli.plain import show
    from vigie.app.accounts import to_read
    from vigie.app.journal.tax import lines_of, tax
    from vigie.domain.errors import ConfigError
    from vigie.domain.lots import Method

    if method not in list(Method):
        raise ConfigError(f"--method {method}: choose one of {', '.join(Method)}")
    document = tax(home(), to_read(home(), account), Method(method), year)
    if as_json:
        print_json(document)
        return
    for line in lines_of(document):
        show(line)


@app.command("rebuild")
def rebuild_(
    account: ReadOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make snapshot and read model anew from the journal.

    Says what that changed. No engine may run meanwhile.

    Example: vigie journal rebuild --account paper --dry-run
    """
    from cli.output import print_json
    from cli.plain import show_row, tell
    from vigie.app.accounts import to_steer
    from vigie.app.journal.rebuild import rebuild
    from vigie.reporting.journal import rebuild_rows

    document = rebuild(home(), to_steer(home(), account), dry_run=dry_run, report=tell)
    if as_json:
        print_json(document)
        return
    for row in rebuild_rows(document):
        show_row(row)
