"""What systemd wants to hear: ready, alive, stopping (sd_notify(3)); one datagram each, to a socket that it names.

Nothing is said where nobody listens, and nothing that fails here is worth a tick.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

VARIABLE = "NOTIFY_SOCKET"


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Where a supervisor listens.

    Attributes:
        address: path of a socket, or @name for one without a file; empty: nobody listens.
    """

    address: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Supervisor:
        """The one that an environment names."""
        return cls(environment.get(VARIABLE, ""))

    def ready(self, status: str) -> None:
        """It runs from now on."""
        self._say("READY=1", f"STATUS={_line(status)}")

    def alive(self, status: str) -> None:
        """It goes on; said less often than the unit's WatchdogSec, it is started anew."""
        self._say("WATCHDOG=1", f"STATUS={_line(status)}")

    def stopping(self, status: str) -> None:
        """It comes to its end."""
        self._say("STOPPING=1", f"STATUS={_line(status)}")

    def _say(self, *lines: str) -> None:
        family = getattr(socket, "AF_UNIX", None)
        if not self.address or family is None:
            return
        # The first character of a name without a file is a zero byte.
        name = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with suppress(OSError, ValueError), socket.socket(family, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.sendto("\n".join(lines).encode("utf-8", "replace"), name)


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
