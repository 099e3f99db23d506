"""A child that is started again when it dies, later each time and so often an hour, from a thread nobody waits for."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from vigie.app.program import END_SECONDS

FIRST_REST_SECONDS = 1.0
MOST_AN_HOUR = 6
"""So often is a child that dies started again."""
_HOUR_SECONDS = 3600.0
Child = subprocess.Popen[bytes]


@dataclass(slots=True)
class Rests:
    """How long who has died rests before it is started again; seconds of a clock that nobody sets.

    Attributes:
        starts: those of the last hour, the one that was granted last among them.
    """

    starts: list[float] = field(default_factory=list)

    def after_a_death(self, now: float) -> tuple[float, bool]:
        """How long it rests, twice as long each time; and whether it had lived for an hour, or dies first."""
        self.starts = [one for one in self.starts if now - one < _HOUR_SECONDS]
        rest, news = FIRST_REST_SECONDS * 2.0 ** len(self.starts), not self.starts
        if len(self.starts) >= MOST_AN_HOUR:
            rest = max(FIRST_REST_SECONDS, self.starts[-MOST_AN_HOUR] + _HOUR_SECONDS - now)
        self.starts.append(now + rest)
        return rest, news


class KeptChild:
    """The server of health beside an engine."""

    def __init__(self, begin: Callable[[], Child | None], report: Callable[[str], None]) -> None:
        """Make ready.

        Args:
            begin: starts one, its stdin a pipe that ends it; None: it could not be.
            report: told of the first death in an hour.
        """
        self._begin, self._report = begin, report
        self._child: Child | None = None
        self._ended, self._changing = threading.Event(), threading.Lock()

    def start(self) -> None:
        """Start it, and whoever looks after it."""
        self._child = self._begin()
        threading.Thread(target=self._look_after, name="health", daemon=True).start()

    def close(self) -> None:
        """Let it go; nobody starts it again."""
        self._ended.set()
        with self._changing:
            _let_go(self._child)

    def _look_after(self) -> None:
        rests = Rests()
        while True:
            code = None if self._child is None else self._child.wait()
            if self._ended.is_set():
                return
            rest, news = rests.after_a_death(time.monotonic())
            if news and code is not None:
                text = f"health is not served any more (its process ended with {code}); trading goes on"
                self._report(f"{text}; it is started again, at most {MOST_AN_HOUR} times an hour")
            if self._ended.wait(rest):
                return
            with self._changing:
                if self._ended.is_set():
                    return
                _let_go(self._child)
                self._child = self._begin()


def _let_go(child: Child | None) -> None:
    if child is None:
        return
    with suppress(OSError):
        if child.stdin is not None:
            child.stdin.close()
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
