"""A journal and a snapshot whose account is projected into the read model after every save, and never waits for it.

The engine knows of neither: it saves at the end of each tick, and what was journalled since the last one goes along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from vigie.adapters.storage.read_model import ReadModel
from vigie.domain.events import Event
from vigie.domain.portfolio import Portfolio
from vigie.ports.journal import Entry, Journal
from vigie.ports.state_store import Loaded, StateStore


class ProjectedJournal:
    """Fulfils :class:`vigie.ports.journal.Journal`, and keeps in mind what the read model has not seen."""

    def __init__(self, journal: Journal, model: ReadModel) -> None:
        self._journal, self._model = journal, model
        self._unseen: list[Entry] = []

    @property
    def last_seq(self) -> int:
        """Number of the last line. See the port."""
        return self._journal.last_seq

    def append(self, events: Sequence[Event]) -> tuple[Entry, ...]:
        """Add lines. See the port."""
        entries = self._journal.append(events)
        self._unseen += entries
        return entries

    def sync(self) -> None:
        """Everything appended is on the disk when this returns. See the port."""
        self._journal.sync()

    def read(self, after_seq: int = 0) -> Iterator[Entry]:
        """Lines after a number. See the port."""
        return self._journal.read(after_seq)

    def project(self) -> None:
        """Show the read model what is new; what it cannot take now it reads from the journal later.

        Raises:
            InvariantBroken: the journal is damaged.
        """
        entries, self._unseen = self._unseen, []
        self._model.update(entries)


class ProjectedStore:
    """Fulfils :class:`vigie.ports.state_store.StateStore`; a snapshot that fails keeps nothing from the read model."""

    def __init__(self, store: StateStore, project: Callable[[], None]) -> None:
        self._store, self._project = store, project

    def save(self, portfolio: Portfolio) -> None:
        """Replace the snapshot, then project. See the port."""
        try:
            self._store.save(portfolio)
        finally:
            self._project()

    def load(self) -> Loaded:
        """The newest snapshot that is whole. See the port."""
        return self._store.load()
