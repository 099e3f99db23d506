"""``vigie backup create`` and ``verify``: what cannot be had again, in one file, taken while engines run.

The snapshot is copied before the journal and the journal up to its last whole line: what was copied always knows at
least as much as its snapshot. Candles, results, the read model, receipts and heartbeats are left out: they can be made
again. Keys (``.env``) only if somebody asks for them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.exchanges.paper_ledger import FILE_NAME as LEDGER
from vigie.adapters.storage import kill_switch
from vigie.adapters.storage.appending import whole_length
from vigie.adapters.storage.archive import pack, unpack
from vigie.adapters.storage.atomic import make_folder
from vigie.adapters.storage.journal_files import segments, verify
from vigie.adapters.storage.state_file import StateFile
from vigie.app.accounts import account_folder, known, state_folder
from vigie.domain.errors import ConfigError, VigieError
from vigie.domain.events import AlertRaised
from vigie.domain.instants import as_iso, for_names
from vigie.domain.names import suggestion

SCHEMA, FOLDER = "vigie.backup/1", "backups"
OF_ACCOUNT = ("halts.json", "stopped", "drills.json")
OF_HOME = ("vigie.toml",)
OF_STATE = (kill_switch.NAME, "trials.jsonl", "certificates")
_STAGE = ".stage-"
_TRIES = 20
_PAUSE_S = 0.25
_STAMP = re.compile(r"\d{8}T\d{6}\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class BackupRequest:
    """What is to be kept.

    Attributes:
        home: the user's folder.
        account: only this one; None: all.
        folder: where archives lie; None: ``backups/`` of the home.
        keep: archives of the same kind that are kept.
        with_env: ``.env`` too.
    """

    home: Path
    account: str | None = None
    folder: Path | None = None
    keep: int = 14
    with_env: bool = False


def create(request: BackupRequest) -> dict[str, Any]:
    """Write an archive and drop the oldest ones; a document of JSON's own types.

    An account whose chain is broken is kept as it is, and told; then nothing is dropped.

    Raises:
        ConfigError: there is nothing to keep, or no account of that name.
        OSError: it cannot be written; the archives before it are still there.
    """
    home, clock = request.home, SystemClock()
    accounts = _accounts(home, request.account)
    folder = request.folder or home / FOLDER
    make_folder(folder)
    at = clock.now_ms()
    prefix = "vigie" if request.account is None else f"vigie-{request.account}"
    target = folder / f"{prefix}-{for_names(at)}.tar.gz"
    with TemporaryDirectory(dir=folder, prefix=_STAGE) as name:
        stage = Path(name)
        rows = [_copy_account(home, one, stage / "state" / one) for one in accounts]
        _copy_home(home, stage, with_env=request.with_env)
        facts = {"schema": SCHEMA, "at": as_iso(at), "version": version("vigie"), "accounts": rows}
        pack(stage, target, facts)
        count = sum(path.is_file() for path in stage.rglob("*"))
    problems = [one["problem"] for one in rows if one["problem"]]
    dropped = [] if problems else _rotated(folder, prefix, request.keep)
    return {
        **facts,
        "file": str(target),
        "bytes": target.stat().st_size,
        "files": count,
        "ok": not problems,
        "problems": problems,
        "dropped": dropped,
    }


def create_and_tell(request: BackupRequest, report: Callable[[str], None]) -> dict[str, Any]:
    """The same, and people are told where it goes wrong: who calls is a clock, at three in the morning.

    Raises:
        ConfigError, OSError: as `create`.
    """
    try:
        document = create(request)
    except OSError as error:
        _tell(request, f"the backup failed: {error}", report)
        raise
    if document["problems"]:
        _tell(request, f"the backup holds a journal that is damaged: {'; '.join(document['problems'])}", report)
    return document


def _tell(request: BackupRequest, text: str, report: Callable[[str], None]) -> None:
    from vigie.app.alerts.alarms import alarms

    account = request.account or known(request.home)[0]
    try:
        with alarms(request.home, account, report) as alerts:
            alerts.tell(AlertRaised("backup", text, urgent=True))
    except (VigieError, OSError) as error:
        report(f"nobody could be told: {error}")


def _accounts(home: Path, account: str | None) -> list[str]:
    names = known(home)
    if account is not None and account not in names:
        raise ConfigError(f"there is no account '{account}'{suggestion(account, names) if names else ''}")
    if not names:
        raise ConfigError(f"{home}: there is no account whose files could be kept")
    return names if account is None else [account]


def _copy_account(home: Path, account: str, into: Path) -> dict[str, Any]:
    """Copy an account; with a simulated venue until nothing changed meanwhile: both must be of the same moment."""
    folder, clock = account_folder(home, account), SystemClock()
    quiet = False
    for look in range(_TRIES if (folder / LEDGER).exists() else 1):
        if look:
            clock.sleep(_PAUSE_S)
        before = _signature(folder)
        shutil.rmtree(into, ignore_errors=True)
        _copy_files(folder, into)
        quiet = _signature(folder) == before
        if quiet:
            break
    checked = verify(into / "journal", account)
    _drop_foreign_snapshot(into, account, checked.last_seq)
    return {
        "account": account,
        "last_seq": max(checked.last_seq, 0),
        "last_hash": checked.last_hash,
        "lines": checked.lines,
        "quiet": quiet,
        "problem": None if checked.bad is None else f"{account}: {checked.bad}",
    }


def _signature(folder: Path) -> tuple[object, ...]:
    """What changes when an engine writes."""
    return tuple(_stamp(path) for path in (folder / "state.json", folder / LEDGER, *segments(folder / "journal")))


def _stamp(path: Path) -> tuple[str, int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (path.name, 0, 0, 0)
    return (path.name, found.st_ino, found.st_size, found.st_mtime_ns)


def _copy_files(folder: Path, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for name in ("state.json", LEDGER):
        _copy(folder / name, into / name)
    for path in segments(folder / "journal"):
        _copy(path, into / "journal" / path.name, whole_length(path))
    # Latches last: one that comes meanwhile is in the archive.
    for name in OF_ACCOUNT:
        _copy(folder / name, into / name)
    for path in sorted(_files(folder / "requests")):
        _copy(path, into / "requests" / path.name)


def _drop_foreign_snapshot(into: Path, account: str, last_seq: int) -> None:
    """A snapshot that cannot be read, or knows more than the journal, keeps a start from beginning: lines suffice."""
    try:
        portfolio = StateFile(into / "state.json", account).load().portfolio
        if portfolio is not None and portfolio.seq <= max(last_seq, 0):
            return
    except VigieError:
        pass
    (into / "state.json").unlink(missing_ok=True)


def _copy_home(home: Path, stage: Path, *, with_env: bool) -> None:
    for name in (*OF_HOME, *((".env",) if with_env else ())):
        _copy(home / name, stage / "home" / name)
    for path in sorted(_files(home / "strategies")):
        if path.suffix == ".py":
            _copy(path, stage / "home" / "strategies" / path.name)
    for name in OF_STATE:
        path = state_folder(home) / name
        for one in sorted(_files(path)) if path.is_dir() else [path]:
            _copy(one, stage / "state" / one.relative_to(state_folder(home)))
    halted, switch = kill_switch.reason_to_halt(state_folder(home)), stage / "state" / kill_switch.NAME
    if halted is not None and not switch.is_file():
        # A folder of that name, or a file that nobody can read, halts too.
        shutil.rmtree(switch, ignore_errors=True)
        switch.write_text(f"{halted}\n", encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    """Files of a folder that are finished."""
    try:
        yield from (one for one in folder.iterdir() if one.is_file() and not one.name.endswith((".tmp", ".lock")))
    except (FileNotFoundError, NotADirectoryError):
        return


def _copy(source: Path, target: Path, size: int | None = None) -> None:
    """A file, or its beginning; one that is not there is no file."""
    try:
        with source.open("rb") as file:
            target.parent.mkdir(parents=True, exist_ok=True)
            content = file.read() if size is None else file.read(size)
    except (FileNotFoundError, IsADirectoryError):
        return
    target.write_bytes(content)


def remove_old_stages(home: Path) -> None:
    """Remove what a backup that was killed left half done, a day ago or more.

    Raises:
        OSError: the folder cannot be read.
    """
    before = SystemClock().now_ms() / 1000 - 86_400
    for left in (home / FOLDER).glob(f"{_STAGE}*"):
        if left.stat().st_mtime < before:
            shutil.rmtree(left, ignore_errors=True)


def _rotated(folder: Path, prefix: str, keep: int) -> list[str]:
    """Drop the oldest archives of a kind; their names."""
    mine = [
        path
        for path in sorted(folder.glob(f"{prefix}-*.tar.gz"))
        if _STAMP.fullmatch(path.name.removeprefix(f"{prefix}-").removesuffix(".tar.gz"))
    ]
    old = mine[: -max(keep, 1)]
    for path in old:
        path.unlink()
    return [path.name for path in old]


def verified(file: Path) -> dict[str, Any]:
    """Hold an archive against its manifest and each journal against its chain; a document of JSON's own types.

    Raises:
        DataError: it is no archive of vigie's, or damaged.
    """
    with TemporaryDirectory(prefix="vigie-verify-") as name:
        manifest = opened(file, Path(name))
        problems = chain_problems(manifest, Path(name))
    return {
        "schema": "vigie.backup.verify/1",
        "file": str(file),
        "at": manifest["at"],
        "accounts": manifest["accounts"],
        "files": len(manifest["files"]),
        "ok": not problems,
        "problems": problems,
    }


def opened(file: Path, into: Path) -> dict[str, Any]:
    """Unpack an archive; its manifest.

    Raises:
        DataError: it is no archive of vigie's, or damaged.
        ConfigError: a later vigie wrote it.
    """
    manifest = unpack(file, into)
    if manifest.get("schema") != SCHEMA:
        raise ConfigError(f"{file}: it says {manifest.get('schema')}, this vigie knows {SCHEMA}: use the later vigie")
    return manifest


def chain_problems(manifest: dict[str, Any], stage: Path, accounts: Sequence[str] = ()) -> list[str]:
    """What is wrong with the journals of an archive, sentences."""
    problems = []
    for row in manifest["accounts"]:
        account = str(row["account"])
        if accounts and account not in accounts:
            continue
        checked = verify(stage / "state" / account / "journal", account)
        if checked.bad is not None:
            problems.append(f"{account}: {checked.bad}")
        elif (max(checked.last_seq, 0), checked.last_hash) != (row["last_seq"], row["last_hash"]):
            problems.append(f"{account}: its journal does not end where the manifest says")
    return problems
