"""What people and other processes ask of a running account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vigie.domain.holdings import Latch


@dataclass(frozen=True, slots=True)
class Request:
    """Another process asks for something.

    Attributes:
        request_id: unique.
        kind: ``halt``, ``pause``, ``resume``, ``close``, ``liquidate``, ``cancel-entries``,
            ``flow``, ``reconcile``.
        asked_at: epoch milliseconds.
        arguments: of the kind, as text: ``pair``, ``reason``, ``name``, ``value``, ``apply``, ``policies``,
            ``stop_fraction``.
    """

    request_id: str
    kind: str
    asked_at: int
    arguments: Mapping[str, str] = field(default_factory=dict)


class Controls(Protocol):
    """Halts that survive everything, and the letter box."""

    def kill_switch(self) -> str | None:
        """Why trading is halted by the file that people make; None: there is no such file.

        Anything that cannot be read counts as halted.
        """
        ...

    def latches(self) -> Mapping[str, Latch]:
        """Latches of this account as they stand on disk.

        A file that cannot be understood is a latch of its own, named ``unreadable``.
        """
        ...

    def latch(self, name: str, latch: Latch) -> None:
        """Keep a latch; on disk when this returns.

        Raises:
            OSError: it cannot be written.
        """
        ...

    def lift(self, name: str) -> None:
        """Forget a latch.

        Raises:
            OSError: it cannot be written.
        """
        ...

    def requests(self) -> tuple[Request, ...]:
        """What waits, oldest first."""
        ...

    def done(self, request: Request) -> None:
        """Take a request out of the box; called once it is journalled."""
        ...

    def beat(self, facts: Mapping[str, object]) -> None:
        """Tell that the process lives and what it did last."""
        ...
