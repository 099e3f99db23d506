"""Health asked by many at once, and what a log line costs: ``uv run python -m benchmarks.eyes [--json] [--seconds 5]``.

`vigie serve` on a finished replay of two weeks of the sample market, in a process of its own; fifty clients, each
asking again as soon as it is answered, then scrapes of ``/metrics``, one after the other.

- ``health_p50_ms``, ``health_p99_ms``, ``health_max_ms``: from asking to the last byte (wanted: p99 under 50);
- ``health_per_s``: answers a second;
- ``metrics_ms``: median of a scrape that reads the files anew (one a second);
- ``log_line_us``: what one line costs the thread that logs, the file being written by another.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from vigie.adapters.logs.files import log_file
from vigie.adapters.logs.masks import mask_of

CLIENTS = 50
LINES = 5_000


async def _ask(url: str, seconds: float) -> list[float]:
    import aiohttp

    times: list[float] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CLIENTS)) as session:

        async def one() -> None:
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                began = time.perf_counter()
                async with session.get(url) as answer:
                    await answer.read()
                    assert answer.status in (200, 503)
                times.append(1000 * (time.perf_counter() - began))

        await asyncio.gather(*(one() for _ in range(CLIENTS)))
    return times


async def _scrape(url: str, times: int = 5) -> float:
    import aiohttp

    found = []
    async with aiohttp.ClientSession() as session:
        for _ in range(times):
            await asyncio.sleep(1.1)  # the page is kept for a second
            began = time.perf_counter()
            async with session.get(url) as answer:
                await answer.read()
                assert answer.status == 200
            found.append(1000 * (time.perf_counter() - began))
    return statistics.median(found)


def log_line_us(folder: Path) -> float:
    """Microseconds of the thread that logs, per line."""
    now = time.time_ns() // 1_000_000
    spent = 0.0
    words = {"form": "text", "level": "INFO", "mask": mask_of(["a-secret-of-ours"]), "now_ms": lambda: now}
    with log_file("live", "benchmark", folder / "a.log", **words) as logger:  # type: ignore[arg-type]
        for number in range(LINES):
            began = time.perf_counter()
            logger.info("%s", f"decided 2026-03-01 12:00 · equity 10,0{number % 10}2.50 USDT · nothing held · active")
            spent += time.perf_counter() - began
            if number % 500 == 0:
                time.sleep(0.05)  # ticks come once a minute: the queue is never full
    return 1e6 * spent / LINES


def measure(seconds: float) -> dict[str, float]:
    """All numbers."""
    vigie = str(Path(sys.executable).with_name("vigie"))
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "VIGIE_HOME": folder}
        replay = "paper --replay --account replay-1 --timerange 20230101-20230115 --quiet"
        subprocess.run([vigie, *replay.split()], env=environment, check=True, stdout=subprocess.DEVNULL)
        serve = "serve --account replay-1 --health-port 0 --metrics-port 0 --json --quiet"
        with subprocess.Popen([vigie, *serve.split()], env=environment, stdout=subprocess.PIPE) as server:
            try:
                assert server.stdout is not None
                ports = json.loads(server.stdout.readline())["ports"]
                times = asyncio.run(_ask(f"http://127.0.0.1:{ports['health']}/health", seconds))
                scrape = asyncio.run(_scrape(f"http://127.0.0.1:{ports['metrics']}/metrics"))
            finally:
                server.terminate()
        return {
            "health_p50_ms": statistics.median(times),
            "health_p99_ms": statistics.quantiles(times, n=100)[98],
            "health_max_ms": max(times),
            "health_per_s": len(times) / seconds,
            "metrics_ms": scrape,
            "log_line_us": log_line_us(Path(folder)),
        }


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=5.0)
    words = parser.parse_args()
    found = measure(words.seconds)
    if words.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name:<16}{value:>12,.1f}")


if __name__ == "__main__":
    main()
