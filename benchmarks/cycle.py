"""One cycle of a live engine over three pairs: ``uv run python -m benchmarks.cycle [--json] [--hours N]``.

The engine of ``vigie live`` (its files, its journal, real ccxt) trades hourly on the simulated exchange, over HTTP on
loopback, on made-up candles. Told are

- ``decision_cpu_ms``: what the engine worked in a decision tick, less what ccxt, HTTP and the venue took: candles read,
  signals, positions, sizes, gate, rules, journal and state written; median, and the worst of a hundred (``p99``);
  ``decision_ms``: the same by the wall, waiting for the disk and for whoever else is there included;
- ``strategy_ms``: of that, the strategy on three windows of candles;
- ``guard_cpu_ms``, ``guard_ms``: the same of a guard tick; ``wire_ms``: requests of a decision tick, by the wall;
- ``requests``: how many requests a tick makes, by what was held and what happened, a minute after another tick.

Wanted: decision_cpu_ms p99 < 100; the exit code is 3 if not. It is judged by the core's work and not by the wall.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from benchmarks.machine import describe
from vigie.adapters.market_data.sample import sample_instruments, sample_series
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.app.research.certificates import Cover
from vigie.app.settings import AccountSettings
from vigie.app.trading.setups import plan_of
from vigie.app.wiring import Place, living
from vigie.engine.cycle import Engine
from vigie.simulation.exchange.settings import Settings

HOUR = 3_600_000
BEFORE = 700
NAME = "live-bench"
PARAMETERS = {"fast": "3", "slow": "9", "drawdown_fraction": "off", "daily_loss_fraction": "off"}
WANTED_MS = 100.0


@dataclass
class Wire:
    """What was spent inside requests."""

    seconds: float = 0.0
    cpu: float = 0.0
    calls: list[str] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Measure every request of this process."""
        send = requests.Session.request

        def timed(session: Any, method: str, url: str, *words: Any, **named: Any) -> Any:
            began, worked = time.perf_counter(), time.thread_time()
            try:
                return send(session, method, url, *words, **named)
            finally:
                self.seconds += time.perf_counter() - began
                self.cpu += time.thread_time() - worked
                path = url.partition("?")[0]
                self.calls.append(f"{method} {path.partition('/api/v3')[2] or path}")

        requests.Session.request = timed  # type: ignore[method-assign]
        try:
            yield
        finally:
            requests.Session.request = send  # type: ignore[method-assign]


@dataclass
class Ticks:
    """What ticks took, by kind."""

    own: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wire: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[str, list[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, what: str, took: float, worked: float, wire: Wire) -> None:
        """One tick."""
        self.cpu[kind].append((worked - wire.cpu) * 1000)
        self.own[kind].append((took - wire.seconds) * 1000)
        self.wire[kind].append(wire.seconds * 1000)
        self.asked[what].append(tuple(wire.calls))


def measure(hours: int) -> dict[str, Any]:
    """All numbers."""
    series = [replace(one, candles=one.candles[2000 : 2000 + BEFORE + hours + 2]) for one in sample_series()]
    start = int(series[0].candles.opens_at[BEFORE])
    quote = series[0].pair.quote
    ticks = Ticks()
    with (
        tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder,
        SimExchange(
            series, instruments={one.pair: one for one in sample_instruments()}, balances={quote: 10_000},
            start_ms=start, settings=Settings(half_spread_fraction=Decimal(0)),
        ) as ex,
    ):  # fmt: skip
        home = Path(folder)
        settings = AccountSettings(
            NAME, strategy="ema_cross", pairs=tuple(one.pair for one in series), capital="10000", parameters=PARAMETERS
        )
        made = plan_of(settings, home)
        keys = {"VIGIE_LIVE_BENCH_API_KEY": ex.api_key, "VIGIE_LIVE_BENCH_API_SECRET": ex.api_secret}
        wire = Wire()
        with (
            wire.watched(),
            living(settings, made, Cover(None, "a benchmark"), home=home, clock=ex.clock, place=Place(ex.url),
                   override="a benchmark", environment=keys) as live,
        ):  # fmt: skip
            live.engine.start()
            for hour in range(1, hours + 1):
                for minute in (57, 58, 59):
                    ex.advance_to(start + (hour - 1) * HOUR + minute * 60_000)
                    _tick(live.engine, ticks, wire, decides=False)
                ex.advance_to(start + hour * HOUR)
                _tick(live.engine, ticks, wire, decides=True)
        strategy = _strategy_ms(made, series)
    return _found(ticks, hours, strategy)


def _tick(engine: Engine, ticks: Ticks, wire: Wire, *, decides: bool) -> None:
    wire.seconds, wire.cpu, wire.calls = 0.0, 0.0, []
    before = (set(engine.portfolio.holdings), len(engine.portfolio.orders))
    began, start = time.perf_counter(), time.thread_time()
    tick = engine.decision_tick() if decides else engine.guard_tick()
    took, worked = time.perf_counter() - began, time.thread_time() - start
    if tick.problems:
        raise SystemExit(f"the benchmark's account has problems: {tick.problems}")
    kind = "decision" if decides else "guard"
    quiet = (set(engine.portfolio.holdings), len(engine.portfolio.orders)) == before
    what = f"{kind}, {len(before[0])} held" if quiet else f"{kind}, orders were sent"
    ticks.add(kind, what, took, worked, wire)


def _strategy_ms(made: Any, series: Any) -> float:
    windows = [one.candles[-500:] for one in series]
    times = []
    for _ in range(20):
        began = time.perf_counter()
        for window in windows:
            made.strategy.signals(window, made.parameters)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def _found(ticks: Ticks, hours: int, strategy: float) -> dict[str, Any]:
    def told(values: list[float]) -> dict[str, float]:
        ordered = sorted(values)
        return {"median": statistics.median(ordered), "p99": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]}

    usual = {}
    for what, asked in sorted(ticks.asked.items()):
        calls, count = Counter(asked).most_common(1)[0]
        usual[what] = {"ticks": len(asked), "requests": len(calls), "usual_in": count, "calls": list(calls)}
        usual[what]["most"] = max(len(one) for one in asked)
    return {
        "hours": hours,
        "decision_cpu_ms": told(ticks.cpu["decision"][1:]),
        "guard_cpu_ms": told(ticks.cpu["guard"]),
        "decision_ms": told(ticks.own["decision"][1:]),
        "guard_ms": told(ticks.own["guard"]),
        "wire_ms": told(ticks.wire["decision"][1:]),
        "strategy_ms": strategy,
        "requests": usual,
        "machine": describe(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--hours", type=int, default=200, help="decisions")
    given = parser.parse_args()
    found = measure(given.hours)
    if given.json:
        print(json.dumps(found))
    else:
        for name in ("decision_cpu_ms", "decision_ms", "guard_cpu_ms", "guard_ms", "wire_ms"):
            print(f"{name:16s} median {found[name]['median']:7.1f}   p99 {found[name]['p99']:7.1f}")
        print(f"strategy_ms      median {found['strategy_ms']:7.1f}")
        for what, told in found["requests"].items():
            print(f"{what:28s} {told['requests']:2d} requests (most {told['most']}; {told['ticks']} ticks): "
                  f"{', '.join(told['calls'])}")  # fmt: skip
        print(found["machine"])
    if found["decision_cpu_ms"]["p99"] >= WANTED_MS:
        sys.exit(3)


if __name__ == "__main__":
    main()
