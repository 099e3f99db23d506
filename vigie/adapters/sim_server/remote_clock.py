"""The time of a simulated exchange in another process: it goes by while somebody here waits."""

from __future__ import annotations

from vigie.adapters.sim_server.client import ControlClient
from vigie.domain.errors import VenueUnavailable


class RemoteClock:
    """The exchange's time as a clock that moves when somebody sleeps. Fulfils :class:`vigie.ports.clock.Clock`.

    For an exchange whose time nobody else moves (``--speed manual``): it is asked once, and moved from here.
    """

    def __init__(self, control: ControlClient) -> None:
        """Ask for the time.

        Args:
            control: of the exchange.

        Raises:
            ConfigError: the control port does not understand.
            VenueUnavailable: nobody answers.
        """
        self._control = control
        self._now_ms = self._advanced(0.0)

    def now_ms(self) -> int:
        """The present instant in epoch milliseconds, UTC."""
        return self._now_ms

    def sleep(self, seconds: float) -> None:
        """Let time go by, and the exchange live through it; zero or less returns at once.

        Raises:
            VenueUnavailable: nobody answers.
        """
        if seconds > 0:
            self._now_ms = self._advanced(seconds)

    def goes_by(self) -> bool:
        """Whether time can go by at all: the exchange that moves it is there."""
        try:
            self._advanced(0.0)
        except VenueUnavailable:
            return False
        return True

    def _advanced(self, seconds: float) -> int:
        return int(self._control.post("/advance", {"seconds": seconds})["now"])
