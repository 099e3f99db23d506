"""A process that trades on a drill's exchange until it is killed, or until it has said that it is done.

It reads where and what from stdin, says ``ready`` before its first step and ``done`` after its last.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from vigie.adapters.clock import SystemClock
from vigie.app.drill.stage import drill_setup, settings_from, world_at
from vigie.engine.cycle import Engine

TICKS = 6


class Shifted:
    """Our own clock, so many milliseconds away. Fulfils the Clock port."""

    def __init__(self, ahead_ms: int) -> None:
        self._clock, self._ahead = SystemClock(), ahead_ms

    def now_ms(self) -> int:
        """The exchange's present instant."""
        return self._clock.now_ms() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._clock.sleep(seconds)


def main() -> None:
    """Start, decide, look after what is there, end."""
    told = json.load(sys.stdin)
    settings = settings_from(told["account"])
    setup = drill_setup(settings, Path(told["user"]))
    keys = (str(told["keys"][0]), str(told["keys"][1]))
    import ccxt  # noqa: F401 - heavy, and it is not what is to be killed

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with world_at(Path(told["home"]), setup, told["url"], keys, Shifted(told["ahead_ms"]), lambda _: None) as (
        world,
        _,
    ):
        engine = Engine(setup, world)
        engine.start()
        engine.decision_tick()
        for _ in range(TICKS):
            engine.guard_tick()
        engine.stop("the drill ends")
    sys.stdout.write("done\n")
    sys.stdout.flush()
