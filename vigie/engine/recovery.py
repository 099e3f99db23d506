"""What a start makes of what the last run left on the disk. Never an empty start beside a journal."""

from __future__ import annotations

from dataclasses import dataclass

from vigie.domain.errors import InvariantBroken
from vigie.domain.portfolio import Portfolio, folded
from vigie.domain.record import to_json
from vigie.ports.journal import Journal
from vigie.ports.state_store import StateStore

_CURE = "put the journal back, or move the account's folder away to begin anew"


@dataclass(frozen=True, slots=True)
class Restored:
    """The account as it was.

    Attributes:
        portfolio: all of it.
        steps: what was found, sentences.
        damaged: something was not as it should be.
    """

    portfolio: Portfolio
    steps: tuple[str, ...]
    damaged: bool


def restore(journal: Journal, store: StateStore) -> Restored:
    """State, then backup, each carried on by the journal; then the journal alone.

    Raises:
        InvariantBroken: the journal is damaged, or ends before what others know of it: what is missing may be an
            order. Or nothing says how the account began, and something says that it did.
    """
    loaded = store.load()
    steps = list(loaded.problems)
    snapshot = loaded.portfolio
    known = max(loaded.lines_told_of, 0 if snapshot is None else snapshot.seq)
    if known > journal.last_seq:
        witness = "snapshot" if snapshot is not None and snapshot.seq == known else "heartbeat"
        raise InvariantBroken(
            f"the journal ends at line {journal.last_seq}, the {witness} of the account knows line {known}: "
            f"lines are lost; {_CURE}"
        )
    whole = folded((one.seq, one.at, one.event) for one in journal.read())
    signs = (*loaded.problems, *(f"there is {name}" for name in loaded.signs_of_life))
    if not whole.quote and signs:
        raise InvariantBroken(
            f"the journal does not say how this account began, and yet it did ({'; '.join(signs)}): {_CURE}"
        )
    if snapshot is None and whole.seq == 0:
        return Restored(whole, ("a fresh account",), damaged=False)
    if snapshot is None:
        steps.append(f"no snapshot: rebuilt from the journal, {whole.seq} lines")
        return Restored(whole, tuple(steps), damaged=bool(loaded.problems))
    if loaded.migrated is not None:
        # A snapshot of old knows less than a fold of today: it says how far the journal went, and no more.
        before, now = loaded.migrated
        steps.append(f"the state is of schema {before}, this vigie writes {now}: told again by {whole.seq} lines")
        return Restored(whole, tuple(steps), damaged=bool(loaded.problems))
    carried = folded(((one.seq, one.at, one.event) for one in journal.read(after_seq=snapshot.seq)), snapshot)
    if to_json(carried) != to_json(whole):
        # Both are whole by their checksums, and still they differ: the journal is the truth.
        raise InvariantBroken("the snapshot of the account does not follow from its journal")
    if snapshot.seq < whole.seq:
        steps.append(f"{loaded.source} carried on by {whole.seq - snapshot.seq} lines of the journal")
    return Restored(whole, tuple(steps), damaged=bool(loaded.problems))
