"""How much may still be asked of a venue: one budget for all processes of a host, in the venue's own weights.

A venue that is asked too often first refuses (429) and then bans the address (418), and a banned address cannot move a
stop. So requests are counted before they leave, the venue's own count is believed where it is higher, a part is kept
for what protects, and once the venue has said "later" nobody asks before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from vigie.domain.errors import VenueUnavailable
from vigie.ports.clock import Clock
from vigie.ports.request_budget import BudgetStore, Spent

RESERVE_FRACTION = 0.2
"""Share of each limit that only protective requests may use."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a venue.

    Attributes:
        name: as in the costs of requests.
        window_ms: its length, milliseconds; windows begin at multiples of it.
        most: what may be used in a window.
    """

    name: str
    window_ms: int
    most: int


class RateBudget:
    """Admits requests to one venue, or says when to come again. It never waits itself: a stop may be behind it."""

    def __init__(
        self,
        venue: str,
        limits: Iterable[Limit],
        store: BudgetStore,
        clock: Clock,
        reserve_fraction: float = RESERVE_FRACTION,
    ) -> None:
        """Make ready.

        Args:
            venue: for messages.
            limits: of the venue.
            store: shared by all processes that ask from this address.
            clock: now.
            reserve_fraction: share of each limit for protective requests.
        """
        self._venue, self._store, self._clock = venue, store, clock
        self._limits = {one.name: one for one in limits}
        self._reserve = reserve_fraction

    def learn(self, limits: Mapping[str, int]) -> None:
        """The venue has told its limits; those that are not known are left out, zero is no limit to go by."""
        for name, most in limits.items():
            if name in self._limits and most > 0:
                self._limits[name] = replace(self._limits[name], most=most)

    def spend(self, costs: Mapping[str, int], *, protective: bool) -> None:
        """Count a request that is about to be sent.

        Args:
            costs: by limit; limits that are not known are left out.
            protective: it may use the reserve. It is sent even if nothing can be counted: a disk that is full must
                not keep a stop away from the venue.

        Raises:
            VenueUnavailable: it must not be sent now; says when. Nothing was counted.
        """
        now = self._clock.now_ms()
        try:
            self._store.change(lambda spent: self._charged(spent, costs, now, protective=protective))
        except OSError as error:
            if not protective:
                raise VenueUnavailable(
                    f"{self._venue}: requests cannot be counted, and only protective ones are sent: "
                    f"{error.strerror or error}"
                ) from error

    def _charged(self, spent: Spent, costs: Mapping[str, int], now: int, *, protective: bool) -> Spent:
        if now < spent.blocked_until:
            seconds = (spent.blocked_until - now) / 1000
            raise VenueUnavailable(f"{self._venue} wants no request for {seconds:.0f} s: {spent.why}", seconds)
        counts = dict(spent.counts)
        for name, cost in costs.items():
            limit = self._limits.get(name)
            if limit is None or cost == 0:
                continue
            used = _used(spent, limit, now)
            most = limit.most if protective else int(limit.most * (1 - self._reserve))
            if used + cost > most:
                raise self._spent_up(limit, used, now, protective=protective)
            counts[name] = (now // limit.window_ms, used + cost)
        return replace(spent, counts=counts)

    def _spent_up(self, limit: Limit, used: int, now: int, *, protective: bool) -> VenueUnavailable:
        seconds = (limit.window_ms - now % limit.window_ms) / 1000
        rest = "" if protective else "; the rest is kept for what protects"
        return VenueUnavailable(
            f"{self._venue}: {used} of {limit.most} {limit.name} are used, the next {limit.window_ms / 1000:g} s begin "
            f"in {seconds:.1f} s{rest}",
            seconds,
        )

    def heard(self, used: Mapping[str, int]) -> None:
        """The venue has told what it counts; where that is more than ours, somebody else asks from this address too.

        Args:
            used: by limit, in its present window.
        """
        now = self._clock.now_ms()
        told = {name: count for name, count in used.items() if name in self._limits}
        if told:
            self._try_to(lambda spent: self._corrected(spent, told, now))

    def _corrected(self, spent: Spent, told: Mapping[str, int], now: int) -> Spent:
        counts = dict(spent.counts)
        for name, count in told.items():
            limit = self._limits[name]
            counts[name] = (now // limit.window_ms, max(count, _used(spent, limit, now)))
        return replace(spent, counts=counts)

    def block(self, seconds: float, why: str) -> None:
        """The venue has sent us away: nobody on this host asks before. An earlier, longer block stands.

        Args:
            seconds: from now.
            why: what it said, for people.
        """
        until = self._clock.now_ms() + round(seconds * 1000)
        self._try_to(
            lambda spent: replace(spent, blocked_until=until, why=why) if until > spent.blocked_until else spent
        )

    def blocked_for(self) -> float:
        """Seconds until somebody may ask again; zero: now."""
        found = self._try_to(lambda spent: spent)
        return 0.0 if found is None else max(found.blocked_until - self._clock.now_ms(), 0) / 1000

    def used(self) -> dict[str, tuple[int, int]]:
        """By limit: what was used in its present window, and what may be."""
        now, found = self._clock.now_ms(), self._try_to(lambda spent: spent) or Spent()
        return {name: (_used(found, one, now), one.most) for name, one in self._limits.items()}

    def _try_to(self, step: Callable[[Spent], Spent]) -> Spent | None:
        try:
            return self._store.change(step)
        except OSError:
            # What cannot be kept is found out again: the venue says it with its next answer.
            return None


def _used(spent: Spent, limit: Limit, now: int) -> int:
    window, count = spent.counts.get(limit.name, (-1, 0))
    return count if window == now // limit.window_ms else 0
