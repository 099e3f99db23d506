"""``vigie backup``: what cannot be had again, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from cli.options import JsonOption, home

PANEL = "Operations"
ORDER = 75

app = typer.Typer(help="Journals, latches and certificates: one file, and back.", no_args_is_help=True)

AccountOption: TypeAlias = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Only this account; without it, all.")
]
FileArgument: TypeAlias = Annotated[Path, typer.Argument(metavar="FILE", help="An archive of vigie backup create.")]


@app.command("create")
def create_(
    account: AccountOption = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where to; without it, backups/ of the home.")
    ] = None,
    keep_last: Annotated[
        int | None, typer.Option("--keep-last", metavar="N", min=1, help="Archives that are kept; default 14.")
    ] = None,
    with_env: Annotated[bool, typer.Option("--with-env", help="Keys too: whoever has the file has them.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write an archive; engines may run meanwhile.

    Journals up to a line's end with their chain checked, snapshots, latches, requests, certificates, trials,
    strategies and vigie.toml. What goes wrong is mailed too. Exit 3 if a chain is broken.

    Example: vigie backup create --keep-last 30
    """
    from cli.output import note, print_json
    from cli.plain import show_row
    from vigie.app.backup.create import BackupRequest, create_and_tell
    from vigie.app.backup.settings import backup_settings
    from vigie.reporting.backup import created_rows

    kept = keep_last or backup_settings(home()).keep
    document = create_and_tell(BackupRequest(home(), account, folder, kept, with_env), note)
    if as_json:
        print_json(document)
    else:
        for row in created_rows(document):
            show_row(row)
    if not document["ok"]:
        raise typer.Exit(3)


@app.command("verify")
def verify_(file: FileArgument, as_json: JsonOption = False) -> None:
    """Hold an archive against its manifest and chains; exit 3: broken.

    Example: vigie backup verify backups/vigie-20260101T030000.000Z.tar.gz
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.backup.create import verified
    from vigie.reporting.backup import verified_rows

    document = verified(file)
    if as_json:
        print_json(document)
    else:
        for row in verified_rows(document):
            show_row(row)
    if not document["ok"]:
        raise typer.Exit(3)


@app.command("restore")
def restore_(file: FileArgument, account: AccountOption = None, as_json: JsonOption = False) -> None:
    """Bring accounts back: halted, their latches kept.

    Refuses while an engine runs, and over an account that knows more than the archive. What is replaced is moved to
    state/replaced/.

    Example: vigie backup restore backups/vigie-20260101T030000.000Z.tar.gz
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.backup.restore import RestoreRequest, restore
    from vigie.reporting.backup import restored_rows

    document = restore(RestoreRequest(home(), file, account))
    if as_json:
        print_json(document)
    else:
        for row in restored_rows(document):
            show_row(row)
