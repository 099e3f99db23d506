"""Every combination of damage to the three things an account is remembered by: snapshot, backup, journal.

`remember` writes a small account, `spoil` damages it, and `Case` says what the stores must report. Whoever decides
about recovery from such reports can walk through `CASES` as well.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.fakes.accounts import ENTERED, cycle
from tests.fakes.clock import FakeClock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.sealed import seal
from vigie.adapters.storage.state_file import StateFile
from vigie.domain.events import AlertRaised, Event
from vigie.domain.portfolio import folded

ACCOUNT = "paper"
MONTH_MS = 31 * 86_400_000
EVENTS: tuple[Event, ...] = (*ENTERED, cycle(), AlertRaised("disk", "is nearly full"), cycle(1010.0))
LAST = len(EVENTS)
STATE_SEQ, BACKUP_SEQ, STALE_SEQ, STALE_JOURNAL = LAST, LAST - 2, 3, LAST - 4
"""The journal's second month begins behind line `LAST - 3`."""

DAMAGES = ("ok", "truncated", "bit-flipped", "empty", "old-version", "stale", "deleted")
READABLE = {"ok", "stale"}


@dataclass(frozen=True, slots=True)
class Case:
    """One combination, and what is to be found.

    Attributes:
        state, backup, journal: damages.
    """

    state: str
    backup: str
    journal: str

    def __str__(self) -> str:
        return f"{self.state}-{self.backup}-{self.journal}"

    @property
    def source(self) -> str:
        """Where the snapshot comes from: `Loaded.source`."""
        return "state" if self.state in READABLE else "backup" if self.backup in READABLE else "nothing"

    @property
    def snapshot_seq(self) -> int | None:
        """Number of the last event in the snapshot that is found; None: none is."""
        whole = {"state": STATE_SEQ, "backup": BACKUP_SEQ, "nothing": None}[self.source]
        damage = {"state": self.state, "backup": self.backup, "nothing": ""}[self.source]
        return STALE_SEQ if damage == "stale" else whole

    @property
    def broken(self) -> bool:
        """The journal cannot be opened, or not be read to its end."""
        return self.journal in ("bit-flipped", "empty")

    @property
    def journal_seq(self) -> int:
        """Number of its last line, where it is not broken."""
        return {"truncated": LAST - 1, "stale": STALE_JOURNAL, "deleted": 0}.get(self.journal, LAST)

    @property
    def ahead(self) -> bool:
        """The snapshot knows events that the journal does not: somebody took lines away."""
        return not self.broken and (self.snapshot_seq or 0) > self.journal_seq


CASES = [Case(*damages) for damages in product(DAMAGES, repeat=3)]


def remember(folder: Path) -> None:
    """An account of two months, its snapshot and its backup, below a folder of its own."""
    clock = FakeClock()
    with JsonlJournal(folder / "journal", ACCOUNT, clock) as journal:
        entries = [*journal.append(EVENTS[: LAST - 3])]
        clock.at_ms += MONTH_MS
        entries += journal.append(EVENTS[LAST - 3 :])
        journal.sync()
    store = StateFile(folder / "state.json", ACCOUNT)
    for seq in (STALE_SEQ, BACKUP_SEQ, STATE_SEQ):
        store.save(folded((entry.seq, entry.at, entry.event) for entry in entries[:seq]))
        if seq == STALE_SEQ:
            shutil.copy(store.path, folder / "state.old")


def spoil(folder: Path, case: Case) -> None:
    """Damage what `remember` wrote."""
    stale = (folder / "state.old").read_bytes()
    for name, damage in (("state.json", case.state), ("state.json.bak", case.backup)):
        path = folder / name
        if damage == "stale":
            path.write_bytes(stale)
        else:
            _SNAPSHOT[damage](path)
    _JOURNAL[case.journal](folder / "journal")


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    path.write_bytes(raw)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _older_schema(path: Path) -> None:
    document = json.loads(path.read_bytes())
    document.pop("sha256")
    raw, _ = seal({**document, "schema": 0}, "sha256")
    path.write_bytes(raw + b"\n")


def _fewer_lines(folder: Path) -> None:
    """A copy of the journal from before its second month, and one line less; or ten lines less."""
    first, *later = sorted(folder.iterdir())
    for second in later:
        second.unlink()
    first.write_bytes(b"".join(first.read_bytes().splitlines(keepends=True)[: -1 if later else -10]))


def _older_events(folder: Path) -> None:
    """The same journal, its events of an older version that this vigie still reads."""
    digest = "0" * 64
    for path in sorted(folder.iterdir()):
        lines = []
        for raw in path.read_bytes().splitlines():
            document = json.loads(raw)
            document.pop("hash")
            older = {**document, "v": document["v"] if document["seq"] == 0 else 0, "prev": digest}
            line, digest = seal(older, "hash")
            lines.append(line + b"\n")
        path.write_bytes(b"".join(lines))


def _last(damage: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda folder: damage(max(folder.iterdir()))


def _first(damage: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda folder: damage(min(folder.iterdir()))


_SNAPSHOT: dict[str, Callable[[Path], None]] = {
    "ok": lambda _: None,
    "truncated": _truncate,
    "bit-flipped": _flip,
    "empty": _empty,
    "old-version": _older_schema,
    "deleted": lambda path: path.unlink(),
}
_JOURNAL: dict[str, Callable[[Path], None]] = {
    "ok": lambda _: None,
    "truncated": _last(_truncate),
    "bit-flipped": _first(_flip),
    "empty": _first(_empty),
    "old-version": _older_events,
    "stale": _fewer_lines,
    "deleted": shutil.rmtree,
}
