"""Reading an account's journal: the tail, lines by kind, pair and time, one by its number, trades, the chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal_files import backwards, find, newer, tail, verify
from vigie.adapters.storage.journal_lines import GENESIS, Line
from vigie.adapters.storage.journal_search import backwards_with, kind_mark, lines_with
from vigie.app.accounts import account_folder
from vigie.domain.errors import ConfigError
from vigie.domain.exit_reason import ExitReason
from vigie.domain.instants import as_iso
from vigie.domain.names import suggestion

_PATIENCE = 200
"""Lines in a row older than what is asked for: a person's line in a replay has another time than its neighbours."""
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines.

    Attributes:
        count: the last so many; None: all.
        since: not before this instant, epoch milliseconds; None: any.
        pair: ``BTC/USDT``; None: any, and lines without one.
        kinds: of events; empty: all.
    """

    count: int | None = 20
    since: int | None = None
    pair: str | None = None
    kinds: tuple[str, ...] = ()

    def fits(self, line: Line) -> bool:
        """Whether a line is among them."""
        if self.kinds and line.kind not in self.kinds:
            return False
        if self.since is not None and line.at < self.since:
            return False
        return self.pair is None or pair_of(line) == self.pair


def kinds_of(words: Sequence[str] | None) -> tuple[str, ...]:
    """Kinds of lines as somebody wrote them.

    Raises:
        ConfigError: there is no such kind.
    """
    if not words:
        return ()
    from vigie.domain.events import KINDS  # slow to load, and seldom wanted

    known = {GENESIS, *KINDS}
    problems = [f"unknown kind '{word}'{suggestion(word, known)}" for word in words if word not in known]
    if problems:
        raise ConfigError(problems)
    return tuple(words)


def pair_of(line: Line) -> str | None:
    """The pair that a line is about; None: none."""
    intent = line.fields.get("intent")
    pair = intent.get("pair") if isinstance(intent, dict) else line.fields.get("pair")
    return pair if isinstance(pair, str) else None


def journal_folder(home: Path, account: str) -> Path:
    """Where the journal of an account lies."""
    return account_folder(home, account) / "journal"


def last_lines(home: Path, account: str, wanted: Wanted) -> list[Line]:
    """The last lines that fit, oldest first; read from the end, and no further than it must.

    Raises:
        InvariantBroken: a damaged line among those looked at.
    """
    folder = journal_folder(home, account)
    words = [kind_mark(kind) for kind in wanted.kinds] or ([] if wanted.pair is None else [f'"pair":"{wanted.pair}"'])
    found: list[Line] = []
    older = 0
    for line in backwards_with(folder, words) if words else backwards(folder):
        if wanted.count is not None and len(found) >= wanted.count:
            break
        older = older + 1 if wanted.since is not None and line.at < wanted.since else 0
        if older > _PATIENCE:
            break
        if wanted.fits(line):
            found.append(line)
    return found[::-1]


def followed(home: Path, account: str, wanted: Wanted, after_seq: int) -> Iterator[Line]:
    """Lines that come from now on, without end.

    Raises:
        InvariantBroken: a damaged line among them.
    """
    folder, clock = journal_folder(home, account), SystemClock()
    while True:
        for line in newer(folder, after_seq):
            after_seq = line.seq
            if wanted.fits(line):
                yield line
        clock.sleep(_LOOK_SECONDS)


def one_line(home: Path, account: str, seq: int) -> Line:
    """The line of a number.

    Raises:
        ConfigError: there is no such line.
        InvariantBroken: it is damaged.
    """
    line = find(journal_folder(home, account), seq)
    if line is None:
        raise ConfigError(f"the journal of {account} has no line {seq}")
    return line


def last_seq(home: Path, account: str) -> int:
    """Number of the last line; -1: there is none."""
    found = tail(journal_folder(home, account), 1)
    return found[0].seq if found else -1


def document_of(line: Line) -> dict[str, Any]:
    """A line as JSON, in the order in which it is written."""
    own = {"seq": line.seq, "at": as_iso(line.at), "kind": line.kind, "v": line.version}
    return {**own, **line.fields, "prev": line.prev, "hash": line.hash}


def trades(home: Path, account: str, pair: str | None, since: int | None) -> list[dict[str, Any]]:
    """Closed trades, oldest first.

    Raises:
        InvariantBroken: a damaged line among them.
    """
    wanted = Wanted(None, since, pair, ("trade",))
    found = []
    for line in lines_with(journal_folder(home, account), kind_mark("trade")):
        if wanted.fits(line):
            fields = line.fields
            found.append(
                {
                    "seq": line.seq,
                    **fields,
                    "entry_at": as_iso(fields["entry_at"]),
                    "exit_at": as_iso(fields["exit_at"]),
                    "reason": ExitReason(fields["code"]).label,
                }
            )
    return found


def verified(home: Path, account: str, snapshot_seq: Callable[[], int]) -> dict[str, Any]:
    """Look at every line of the chain, and whether the snapshot knows of lines behind its end.

    Args:
        home: of the user.
        account: whose journal.
        snapshot_seq: number of the last line that the snapshot knows; 0: there is none.

    Raises:
        ConfigError: a later vigie wrote it.
        OSError: a file cannot be read.
    """
    known = snapshot_seq()
    found = verify(journal_folder(home, account), account)
    bad = found.bad
    if not found.files:
        bad = "there is no journal"
    elif bad is None and found.last_seq < known:
        bad = f"the journal ends at line {found.last_seq}, the snapshot knows line {known}: lines are lost"
    return {
        "schema": "vigie.journal.verify/1",
        "account": account,
        "holds": bad is None,
        "lines": found.lines,
        "last_seq": found.last_seq,
        "last_hash": found.last_hash,
        "files": list(found.files),
        "bad": bad,
    }


def snapshot_seq(home: Path, account: str) -> int:
    """Number of the last line that the snapshot knows; 0: there is none that can be read."""
    from vigie.adapters.storage.state_file import StateFile

    loaded = StateFile(account_folder(home, account) / "state.json", account).load()
    return 0 if loaded.portfolio is None else loaded.portfolio.seq
