"""Where trials are counted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from vigie.domain.trial import Market, TrialCount, TrialEvent


class TrialLedger(Protocol):
    """Counts tries, forgets none. The real one is ``adapters/storage/trials.py``."""

    def record(self, event: TrialEvent) -> None:
        """Count an event; it is on disk when this returns.

        Raises:
            ConfigError: the ledger cannot be written.
            DataError: the ledger is damaged.
        """
        ...

    def count(self, strategy: str, markets: Collection[Market]) -> int:
        """Distinct trials of a strategy, in any version of it, on runs that held at least one of these markets.

        Raises:
            ConfigError: the ledger cannot be read.
            DataError: the ledger is damaged.
        """
        ...

    def breakdown(self, strategy: str | None = None) -> tuple[TrialCount, ...]:
        """Trials by strategy, set of markets and kind, sorted; of one strategy or of all.

        Raises:
            ConfigError: the ledger cannot be read.
            DataError: the ledger is damaged.
        """
        ...
