"""Alerts said aloud where the process runs: to the terminal and the log of its supervisor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vigie.domain.events import AlertRaised


@dataclass(frozen=True, slots=True)
class Spoken:
    """Fulfils :class:`vigie.ports.alerts.Alerts`.

    Attributes:
        say: takes a sentence.
    """

    say: Callable[[str], None]

    def tell(self, alert: AlertRaised) -> None:
        """Say it."""
        self.say(f"{'URGENT: ' if alert.urgent else ''}{alert.text}")
