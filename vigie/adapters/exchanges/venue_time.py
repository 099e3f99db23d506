"""A venue's time: ours, put right by what the venue says."""

from __future__ import annotations

from collections.abc import Callable

from vigie.domain.errors import VenueUnavailable
from vigie.ports.clock import Clock

LONGEST_OFFSET_MS = 60_000
"""A clock that is further off is mended by a person: candles and cooldowns would be wrong as well."""
VALID_MS = 1_800_000
"""A drift of a second an hour is half a second in this time; venues take one."""


class VenueTime:
    """Our clock and an offset that was measured."""

    def __init__(self, venue: str, clock: Clock, *, increasing: bool = False, simulated: bool = False) -> None:
        """Make ready; nothing is asked yet.

        Args:
            venue: for messages: its name, or the address that answers in its place.
            clock: ours.
            increasing: no instant is given twice: the venue takes it for the number of the request.
            simulated: it may be one of this machine, which lives in whatever time it likes.
        """
        self._venue, self._clock, self._increasing, self._simulated = venue, clock, increasing, simulated
        self._offset = 0
        self._measured_at: int | None = None
        self._last = 0

    @property
    def offset_ms(self) -> int:
        """The venue's time less ours."""
        return self._offset

    def now_ms(self) -> int:
        """The venue's present instant, epoch milliseconds."""
        now = self._clock.now_ms() + self._offset
        if self._increasing:
            now = max(now, self._last + 1)
            self._last = now
        return now

    @property
    def due(self) -> bool:
        """It was not measured yet, or long ago, or our clock has been set back since."""
        return self._measured_at is None or not 0 <= self._clock.now_ms() - self._measured_at < VALID_MS

    def measure(self, ask: Callable[[], int]) -> None:
        """Ask the venue.

        Args:
            ask: gives its time, epoch milliseconds.

        Raises:
            VenueUnavailable: the two are too far apart.
        """
        before = self._clock.now_ms()
        theirs = ask()
        after = self._clock.now_ms()
        offset = theirs - (before + after) // 2
        if abs(offset) > LONGEST_OFFSET_MS:
            raise VenueUnavailable(self._too_far(offset))
        self._offset, self._measured_at = offset, after

    def _too_far(self, offset: int) -> str:
        text = f"this machine's clock and that of {self._venue} are {abs(offset) / 1000:,.0f} s apart"
        if not self._simulated:
            return f"{text}: set the clock"
        return (
            f"{text}: a simulated exchange has a time of its own; to go by it add --control-url URL, which "
            "vigie exchange serve prints, or serve it with --speed wall (this machine's clock is not to blame)"
        )
