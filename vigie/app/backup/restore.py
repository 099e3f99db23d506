"""``vigie backup restore``: an account as an archive has it. It comes back halted, and no latch is ever lost.

Nothing is overwritten: what was there is moved to ``state/replaced/``. An account that runs, or knows more than the
archive, is left alone.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.exchanges.paper_ledger import FILE_NAME as LEDGER
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.atomic import write_atomically
from vigie.adapters.storage.halts import Halts
from vigie.adapters.storage.journal_files import find, segments, verify
from vigie.adapters.storage.signs_of_life import lines_told_of
from vigie.app.accounts import account_folder, state_folder
from vigie.app.backup.create import chain_problems, opened
from vigie.domain.errors import CheckFailed, ConfigError
from vigie.domain.holdings import Latch
from vigie.domain.instants import for_names
from vigie.domain.trading_mode import TradingMode

RESTORED = "restored"
_REPLACED = ("journal", "state.json", "state.json.bak", LEDGER, "vigie.db", "vigie.db-wal", "vigie.db-shm",
             "heartbeat.json", "receipts", "requests", "watchdog.json")  # fmt: skip


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """What is to come back.

    Attributes:
        home: where to.
        file: the archive.
        account: only this one; None: all in it.
    """

    home: Path
    file: Path
    account: str | None = None


def restore(request: RestoreRequest) -> dict[str, Any]:
    """Bring accounts back; a document of JSON's own types.

    Raises:
        AccountLocked: an engine runs.
        CheckFailed: the archive's chain is broken, or the account there knows more, or other things.
        ConfigError: there is no such account in it.
        DataError: it is no archive, or damaged.
        OSError: something cannot be written; the account is halted, and the same call may be made again.
    """
    with TemporaryDirectory(prefix="vigie-restore-") as name:
        stage = Path(name)
        manifest = opened(request.file, stage)
        there = [str(row["account"]) for row in manifest["accounts"]]
        if request.account is not None and request.account not in there:
            raise ConfigError(f"{request.file} holds {', '.join(there)}, and no account '{request.account}'")
        wanted = there if request.account is None else [request.account]
        problems = chain_problems(manifest, stage, wanted)
        if problems:
            raise CheckFailed("; ".join(problems))
        rows = [_account(request, stage, one, str(manifest["at"])) for one in wanted]
        fresh, kept = _others(request.home, stage)
    return {
        "schema": "vigie.backup.restore/1",
        "file": str(request.file),
        "at": manifest["at"],
        "accounts": rows,
        "written": fresh,
        "left": kept,
    }


def _account(request: RestoreRequest, stage: Path, account: str, at: str) -> dict[str, Any]:
    folder, source, clock = account_folder(request.home, account), stage / "state" / account, SystemClock()
    with AccountLock.take(folder, clock):
        _require_older(folder, source / "journal", account)
        halts = Halts(folder, clock)
        reason = f"restored from a backup of {at[:16].replace('T', ' ')} UTC: vigie reconcile, then vigie resume"
        # First of all: whatever comes in between, it does not trade.
        halts.latch(RESTORED, Latch(TradingMode.HALTED.value, reason, clock.now_ms()))
        for name, latch in Halts(source, clock).latches().items():
            if name not in halts.latches():
                halts.latch(name, latch)
        if (source / "stopped").exists() and halts.stopped() is None:
            write_atomically(halts.marker, (source / "stopped").read_bytes())
        aside = _moved_aside(request.home, folder, for_names(clock.now_ms()))
        for path in sorted(one for one in source.rglob("*") if one.is_file()):
            if path.name not in ("halts.json", "stopped"):
                write_atomically(folder / path.relative_to(source), path.read_bytes())
        checked = verify(folder / "journal", account)
        return {
            "account": account,
            "last_seq": max(checked.last_seq, 0),
            "latches": sorted(halts.latches()),
            "stopped": halts.stopped(),
            "aside": None if aside is None else str(aside),
        }


def _require_older(folder: Path, journal: Path, account: str) -> None:
    """Make sure that the archive knows all that is there.

    Raises:
        CheckFailed: it does not.
    """
    cure = f"move {folder} away first if the archive is what you want"
    theirs = verify(journal, account)
    ours = verify(folder / "journal", account)
    if ours.bad is not None:
        raise CheckFailed(f"{ours.bad}; nobody can tell what it knows: {cure}")
    most = max(ours.last_seq, lines_told_of(folder))
    if most > max(theirs.last_seq, 0):
        raise CheckFailed(f"account {account} knows line {most}, the archive ends at {theirs.last_seq}: {cure}")
    if not segments(folder / "journal"):
        return
    line = find(journal, ours.last_seq)
    if line is None or line.hash != ours.last_hash:
        raise CheckFailed(f"account {account} has another history than the archive: {cure}")


def _moved_aside(home: Path, folder: Path, stamp: str) -> Path | None:
    """Move what is replaced out of the way; where to, None if there was nothing."""
    there = [folder / name for name in _REPLACED if (folder / name).exists()]
    if not there:
        return None
    aside = state_folder(home) / "replaced" / f"{folder.name}-{stamp}"
    aside.mkdir(parents=True)
    for path in there:
        shutil.move(path, aside / path.name)
    return aside


def _others(home: Path, stage: Path) -> tuple[list[str], list[str]]:
    """Write what the home lacks: settings, strategies, certificates, trials, the kill switch; what was written, left.

    What is there already stays: it may be newer.
    """
    fresh, kept = list[str](), list[str]()
    accounts = {path.name for path in (stage / "state").iterdir() if path.is_dir()} - {"certificates"}
    for path in sorted(one for one in stage.rglob("*") if one.is_file()):
        parts = path.relative_to(stage).parts
        if parts[0] == "state" and parts[1] in accounts:
            continue
        target = (home if parts[0] == "home" else state_folder(home)).joinpath(*parts[1:])
        name = target.relative_to(home).as_posix()
        if target.exists():
            kept.append(name)
            continue
        write_atomically(target, path.read_bytes())
        if target.name == ".env":
            target.chmod(0o600)
        fresh.append(name)
    return fresh, kept
