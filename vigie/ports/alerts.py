"""Telling people."""

from __future__ import annotations

from typing import Protocol

from vigie.domain.events import AlertRaised


class Alerts(Protocol):
    """One or more channels. Never raises: an alert that cannot be delivered is kept and tried again."""

    def tell(self, alert: AlertRaised) -> None:
        """Hand an alert over; it is journalled already."""
        ...
