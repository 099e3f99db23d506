"""What a start makes of what the last run left on the disk. Never an empty start beside a journal."""

from __future__ import annotations

from dataclasses import dataclass

from vigie.domain.errors import InvariantBroken
from vigie.domain.portfolio import Portfolio, folded
from vigie.domain.record import to_json
from vigie.ports.journal import Journal
from vigie.ports.state_store import StateStore


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
        InvariantBroken: the journal is damaged, or ends before the snapshot: what is missing may be an order.
    """
    loaded = store.load()
    steps = list(loaded.problems)
    snapshot = loaded.portfolio
    if snapshot is not None and snapshot.seq > journal.last_seq:
        raise InvariantBroken(
            f"the journal ends at line {journal.last_seq}, the snapshot of the account knows line {snapshot.seq}: "
            "lines are lost"
        )
    if snapshot is None and journal.last_seq == 0:
        return Restored(Portfolio(), ("a fresh account", *steps), damaged=bool(steps))
    whole = folded((one.seq, one.at, one.event) for one in journal.read())
    if snapshot is None:
        steps.append(f"no snapshot: rebuilt from the journal, {whole.seq} lines")
        return Restored(whole, tuple(steps), damaged=bool(loaded.problems))
    carried = folded(((one.seq, one.at, one.event) for one in journal.read(after_seq=snapshot.seq)), snapshot)
    if to_json(carried) != to_json(whole):
        # Both are whole by their checksums, and still they differ: the journal is the truth.
        raise InvariantBroken("the snapshot of the account does not follow from its journal")
    if snapshot.seq < whole.seq:
        steps.append(f"{loaded.source} carried on by {whole.seq - snapshot.seq} lines of the journal")
    return Restored(whole, tuple(steps), damaged=bool(loaded.problems))
