"""The account in memory and its journal, always in step."""

from __future__ import annotations

from vigie.domain.events import AlertRaised, Event
from vigie.domain.portfolio import Portfolio, folded
from vigie.ports.clock import Clock
from vigie.ports.journal import Journal


class Books:
    """Whatever changes the account is written down in the same breath."""

    def __init__(self, journal: Journal, clock: Clock, portfolio: Portfolio) -> None:
        self._journal, self._clock = journal, clock
        self.portfolio = portfolio
        self._untold: list[AlertRaised] = []

    def write(self, *events: Event) -> None:
        """Journal events and apply them; not yet surely on the disk.

        Raises:
            InvariantBroken: they do not fit the account; nothing was written.
            OSError: they cannot be written; the account is as before.
        """
        # First in thought: a line that the account cannot digest would also stop every later start.
        now, seq = self._clock.now_ms(), self.portfolio.seq
        thought = tuple((seq + 1 + at, now, event) for at, event in enumerate(events))
        account = folded(thought, self.portfolio)
        written = tuple((one.seq, one.at, one.event) for one in self._journal.append(events))
        # The journal has a clock of its own: its instants are those that a restart will read.
        self.portfolio = account if written == thought else folded(written, self.portfolio)
        self._untold += [one for one in events if isinstance(one, AlertRaised)]

    def untold(self) -> list[AlertRaised]:
        """Alerts written since the last call: somebody has to be told."""
        alerts, self._untold = self._untold, []
        return alerts

    def sync(self) -> None:
        """All that was written is on the disk when this returns.

        Raises:
            OSError: it is not.
        """
        self._journal.sync()
