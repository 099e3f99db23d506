"""What was asked of the exchange, and what it answered."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One call, or one act of whoever holds the strings.

    Attributes:
        seq: counted from 1.
        at: the exchange's time, epoch milliseconds.
        method, path: of the call; ``DO`` and the act's name for an act.
        parameters: without the signature.
        status: of the answer; 0: none was sent.
        code: of the error body; 0: none.
        faults: names of the rules that had a hand in it.
    """

    seq: int
    at: int
    method: str
    path: str
    parameters: Mapping[str, Any]
    status: int
    code: int = 0
    faults: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For the control port."""
        return {
            "seq": self.seq,
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "parameters": dict(self.parameters),
            "status": self.status,
            "code": self.code,
            "faults": list(self.faults),
        }


class ExchangeJournal:
    """The last entries, in memory; paths that nobody serves are remembered for good."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._seq = 0
        self.strangers: list[str] = []

    def note(  # noqa: PLR0913, RUF100
        self,
        at: int,
        method: str,
        path: str,
        parameters: Mapping[str, Any],
        status: int,
        code: int = 0,
        faults: tuple[str, ...] = (),
    ) -> None:
        """Add an entry."""
        self._seq += 1
        self._entries.append(Entry(self._seq, at, method, path, parameters, status, code, faults))

    def since(self, seq: int = 0) -> list[Entry]:
        """Entries after a number, oldest first."""
        return [one for one in self._entries if one.seq > seq]

    def calls(self, method: str, path: str) -> list[Entry]:
        """Entries of one method and path."""
        return [one for one in self._entries if one.method == method and one.path == path]
