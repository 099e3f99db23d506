"""What a trading process keeps an eye on beside its account: its memory, its disk, its network. Told, never acted on.

Each trouble is told when it comes and when it has gone, not in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vigie.adapters.network import NetworkCheck
from vigie.adapters.storage.reserve import Reserve
from vigie.app.watch.settings import WatchSettings
from vigie.domain.events import AlertRaised
from vigie.ports.alerts import OVER, Alerts
from vigie.ports.clock import Clock

MEGABYTE = 1e6
NETWORK_AFTER = 2
"""Ticks in a row with problems, after which the network is looked at."""
NETWORK_AGAIN_MS = 300_000


@dataclass(slots=True)
class Troubles:
    """What is wrong now, by topic.

    Attributes:
        alerts: told of what comes and goes.
        now: sentences by topic.
    """

    alerts: Alerts
    now: dict[str, str] = field(default_factory=dict)

    def say(self, topic: str, text: str, *, urgent: bool = False) -> None:
        """Something is wrong: told if it is new."""
        fresh = topic not in self.now
        self.now[topic] = text
        if fresh:
            self.alerts.tell(AlertRaised(topic, text, urgent))

    def over(self, topic: str, text: str) -> None:
        """It is not wrong any more: told if it was."""
        if self.now.pop(topic, None) is not None:
            self.alerts.tell(AlertRaised(f"{topic}{OVER}", text))


def resident_mb() -> float:
    """Resident memory of this process, megabytes."""
    import psutil

    return float(psutil.Process().memory_info().rss) / MEGABYTE


@dataclass(slots=True)
class Guards:
    """Looked at after each tick.

    Attributes:
        settings: limits.
        reserve: of the account; it is made again here.
        network: the check.
        troubles: what is wrong.
        clock: now.
        memory_mb: of this process.
    """

    settings: WatchSettings
    reserve: Reserve
    network: NetworkCheck
    troubles: Troubles
    clock: Clock
    memory_mb: Callable[[], float] = resident_mb
    _failing: int = 0
    _looked_at: int | None = None

    def memory(self) -> float:
        """Megabytes; somebody is told when they are too many."""
        used, limit = self.memory_mb(), self.settings.memory_mb
        if used > limit:
            self.troubles.say("memory", f"memory: {used:.0f} MB are used, the limit is {limit:.0f} MB: restart it soon")
        elif used < 0.9 * limit:
            self.troubles.over("memory", f"memory: {used:.0f} MB are used, less than the limit again")
        return used

    def disk(self) -> float:
        """Free megabytes; somebody is told when they are few. The reserve is made where there is room for it.

        Raises:
            OSError: the disk does not say, or the reserve cannot be made.
        """
        free = self.reserve.free() / MEGABYTE
        low, critical = self.settings.disk_low_mb, self.settings.disk_critical_mb
        if self.reserve.spent and not self.reserve.make():
            self.troubles.say("disk", f"disk full: {free:.1f} MB are free; nothing new is bought", urgent=True)
        elif free < critical:
            self.troubles.say("disk-critical", f"disk: {free:.0f} MB are free; nothing new is bought", urgent=True)
        elif free < low:
            self.troubles.say("disk-low", f"disk: {free:.0f} MB are free: make room before nothing new is bought")
        if not self.reserve.spent:
            self.troubles.over("disk", f"disk: there is room again, {free:.0f} MB")
        if free >= critical:
            self.troubles.over("disk-critical", f"disk: {free:.0f} MB are free: purchases are possible again")
        if free >= 1.1 * low:
            self.troubles.over("disk-low", f"disk: {free:.0f} MB are free again")
        return free

    def line(self, *, failing: bool) -> str:
        """What is wrong with the network, as of the last look; a look begins where ticks go wrong.

        Args:
            failing: this tick had problems.
        """
        self._failing = self._failing + 1 if failing else 0
        now = self.clock.now_ms()
        due = self._looked_at is None or not 0 <= now - self._looked_at < NETWORK_AGAIN_MS
        if self._failing >= NETWORK_AFTER and due:
            self._looked_at = now
            self.network.begin()
        verdict = self.network.verdict
        if not failing:
            # The venue has answered: better than any look.
            self.network.verdict = verdict = None
            self.troubles.over("network", "network: the venue answers again")
        if verdict is None or verdict.reached:
            return ""
        self.troubles.say("network", str(verdict), urgent=True)
        return str(verdict)
