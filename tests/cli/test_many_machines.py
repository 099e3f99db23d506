"""The same commands on a dask cluster: real processes on loopback, the same numbers to the last bit, and accidents."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_sweep import SLOW_STRATEGY, kept
from tests.fakes.command_line import Vigie
from tests.fakes.dask_processes import DaskProcesses, dask_processes, killed, until
from tests.fakes.markets_on_disk import write_market
from tests.unit.research.test_sweep import bits
from vigie.adapters.clock import SystemClock
from vigie.adapters.workers.dask_cluster import connected
from vigie.app.research.backtest import Request
from vigie.app.research.engines import address_of
from vigie.app.research.search import SearchRequest, SweepResult, run_sweep, searched
from vigie.domain.errors import ConfigError
from vigie.domain.timeframe import Timeframe
from vigie.strategy.strategy import load

CHECKOUT = Path(__file__).resolve().parents[2]
GRID = ("--grid", "fast=5:14:1", "--grid", "slow=30,60", "--grid", "trail_atr=3,6", "--grid", "warm_up=50")
OWN = '''
"""Crosses averages, as its helper says."""

from strategies import _helper
from strategies.ema_cross import Parameters
from strategies.ema_cross import signals as crossing

__all__ = ["Parameters"]


def signals(candles, parameters):
    """What the helper makes of it."""
    return _helper.changed(crossing(candles, parameters))
'''
HELPER = """
from dataclasses import replace


def changed(signals):
    return replace(signals, stop_distance=signals.stop_distance * {factor})
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    with dask_processes(tmp_path_factory.mktemp("dask")) as processes:
        yield processes


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[DaskProcesses]:
    """One in which processes may die."""
    with dask_processes(tmp_path / "dask") as processes:
        yield processes


@pytest.fixture
def data(home: Path) -> Path:
    return write_market(home / "candles" / "binance_BTC-USDT_1h.csv", rows=1500)


def document(vigie: Vigie, home: Path, engine: str, monkeypatch: pytest.MonkeyPatch, *words: object) -> dict[str, Any]:
    """What a command answers in a home that knows nothing yet."""
    fresh = home / engine.partition(":")[0] / str(len(list(home.iterdir())))
    fresh.mkdir(parents=True)
    if (home / "strategies").exists():
        shutil.copytree(home / "strategies", fresh / "strategies")
    monkeypatch.setenv("VIGIE_HOME", str(fresh))
    said = vigie(*words, "--min-trades", 1, "--engine", engine, "--json")
    assert said.code in (0, 3), said.err
    found: dict[str, Any] = said.document
    assert found["from_store"] == 0
    return found


def test_a_sweep_on_a_cluster_is_the_local_one_to_the_last_bit(
    vigie: Vigie, home: Path, data: Path, cluster: DaskProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("sweep", "--strategy", "ema_cross", "--data", data, *GRID)
    far = document(vigie, home, cluster.engine, monkeypatch, *words)
    assert far == document(vigie, home, "local", monkeypatch, *words)
    assert len(far["points"]) == 40


@pytest.mark.parametrize("how", [(), pytest.param(("--rolling",), marks=pytest.mark.long)])
def test_a_walk_forward_on_a_cluster_is_the_local_one_to_the_last_bit(
    vigie: Vigie,
    home: Path,
    data: Path,
    cluster: DaskProcesses,
    monkeypatch: pytest.MonkeyPatch,
    how: tuple[str, ...],
) -> None:
    words = ("walk-forward", "--strategy", "ema_cross", "--data", data, "--folds", 2, *GRID, *how)
    far = document(vigie, home, cluster.engine, monkeypatch, *words)
    assert far == document(vigie, home, "local", monkeypatch, *words)


@pytest.mark.long
def test_several_pairs_in_one_wallet_are_the_same_too(
    vigie: Vigie, home: Path, data: Path, cluster: DaskProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_market(data.with_name("binance_ETH-USDT_1h.csv"), rows=1500, seed=4)
    words = ("sweep", "--strategy", "ema_cross", "--data", data.parent, *GRID[:-4])
    far = document(vigie, home, cluster.engine, monkeypatch, *words)
    assert far == document(vigie, home, "local", monkeypatch, *words)
    assert far["pairs"] == ["BTC/USDT", "ETH/USDT"]


def test_the_strategy_folder_is_sent_along_and_a_changed_helper_is_sent_again(
    vigie: Vigie, home: Path, data: Path, cluster: DaskProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers serve one version after the other, in the same processes."""
    (home / "strategies").mkdir()
    (home / "strategies" / "own.py").write_text(OWN)
    found = []
    for factor in (1.0, 0.5):
        (home / "strategies" / "_helper.py").write_text(HELPER.format(factor=factor))
        words = ("sweep", "--strategy", "own", "--data", data, *GRID)
        found.append(document(vigie, home, cluster.engine, monkeypatch, *words)["points"])
        shutil.rmtree(home / "dask")
    shutil.rmtree(home / "strategies")
    built_in = document(vigie, home, "local", monkeypatch, "sweep", "--strategy", "ema_cross", "--data", data, *GRID)
    usual = load("ema_cross").parameters.specs()["stop_atr"].default
    assert isinstance(usual, float)
    halved = ("--strategy", "ema_cross", "--data", data, *GRID, "--param", f"stop_atr={usual / 2:g}")
    assert found[0] == built_in["points"]
    assert found[1] == document(vigie, home, "local", monkeypatch, "sweep", *halved)["points"]
    assert found[0] != found[1]


@pytest.mark.parametrize(
    "engine", ["dsk://here:1", "dask://", "dask://here:0", "dask://here:70000", "dask://a b:1", "Local", "tcp://here:1"]
)
def test_an_engine_that_is_none_is_a_wrong_setting_and_counts_nothing(
    vigie: Vigie, home: Path, data: Path, engine: str
) -> None:
    said = vigie("sweep", "--strategy", "ema_cross", "--data", data, "--engine", engine)
    assert said.code == 78
    assert f"'{engine}' is neither local nor of the form dask://HOST:PORT" in said.err
    assert not (home / "state").exists()


def test_an_address_without_a_port_means_the_one_that_dask_uses() -> None:
    assert [address_of(engine) for engine in ("local", "dask://box", "dask://10.0.0.1:99", "dask://[::1]:7")] == [
        None,
        "box:8786",
        "10.0.0.1:99",
        "[::1]:7",
    ]
    with pytest.raises(ConfigError):
        address_of("")


@pytest.mark.long
def test_a_scheduler_that_does_not_answer_is_told_soon_and_counts_nothing(vigie: Vigie, home: Path, data: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        begun = time.monotonic()
        said = vigie("sweep", "--data", data, "--engine", f"dask://127.0.0.1:{nobody.getsockname()[1]}")
    assert said.code == 75
    assert "no dask scheduler answers at 127.0.0.1:" in said.err
    assert "start one with `dask scheduler`" in said.err
    assert time.monotonic() - begun < 60.0, "it does not wait for ever"
    assert not (home / "state" / "trials.jsonl").exists()


@pytest.mark.long
def test_a_scheduler_without_workers_is_told(vigie: Vigie, home: Path, data: Path, tmp_path: Path) -> None:
    with dask_processes(tmp_path / "dask", workers=0) as lonely:
        said = vigie("sweep", "--data", data, "--engine", lonely.engine)
    assert said.code == 75
    assert "has no workers: start some with `dask worker tcp://127.0.0.1:" in said.err
    assert not (home / "state" / "trials.jsonl").exists()


def test_without_the_extra_the_words_that_install_it_are_told(
    vigie: Vigie, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = vigie("sweep", "--data", data, "--engine", "dask://127.0.0.1:1")
    assert said.code == 78
    assert 'uv tool install ".[dask]"' in said.err


@pytest.mark.long
def test_a_worker_with_another_vigie_is_refused_and_named(vigie: Vigie, home: Path, data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for package in ("vigie", "strategies"):
        shutil.copytree(CHECKOUT / package, other / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "vigie" / "domain" / "candles.py").open("a", encoding="utf-8") as file:
        file.write("# one line more\n")
    with dask_processes(tmp_path / "dask", workers=1) as cluster:
        cluster.start_worker(environment={"PYTHONPATH": str(other)})
        said = vigie("sweep", "--data", data, "--engine", cluster.engine)
    assert said.code == 78
    assert "is not built like this vigie (vigie's sources " in said.err
    assert "worker tcp://127.0.0.1:" in said.err
    assert not (home / "state" / "trials.jsonl").exists()


@pytest.mark.long
def test_a_worker_that_joins_too_late_to_be_asked_is_named_when_it_refuses(cluster: DaskProcesses) -> None:
    # A function of this function travels with its code: no worker knows the tests.
    def refused(_job: object, _points: object, _told: object) -> list[int]:
        raise ConfigError("this worker is not built like this vigie")

    with (
        connected(cluster.engine.removeprefix("dask://"), SystemClock()) as workers,
        pytest.raises(ConfigError, match=r"worker tcp://127\.0\.0\.1:\d+: this worker is not built like this vigie"),
    ):
        list(workers.run(refused, None, [1], lambda _: None))


def slow_search(home: Path, data: Path, engine: str, points: int) -> SearchRequest:
    (home / "strategies").mkdir(exist_ok=True)
    (home / "strategies" / "slow.py").write_text(SLOW_STRATEGY)
    base = Request(home, "slow", "standard", Timeframe.parse("1h"), data=data)
    return SearchRequest(base, (f"turns=1:{points}:1",), least_trades=0, engine=engine)


def numbers(found: SweepResult) -> list[dict[str, str]]:
    return [bits(one.metrics) for one in found.results]


@pytest.mark.long
def test_a_worker_that_is_killed_costs_only_its_chunks(home: Path, data: Path, own_cluster: DaskProcesses) -> None:
    request = slow_search(home, data, own_cluster.engine, 600)
    done = 0

    def kill_one_in_the_middle(count: int) -> None:
        nonlocal done
        done += count
        if done > 100 and own_cluster.workers[0].poll() is None:
            killed(own_cluster.workers[0])

    found = run_sweep(request, searched(request, print), progress=kill_one_in_the_middle)
    assert own_cluster.workers[0].poll() is not None
    assert own_cluster.workers[1].poll() is None
    assert (found.from_store, len(found.results), done) == (0, 600, 600)
    (home / "state" / "results.db").unlink()
    local = replace(request, engine="local")
    assert numbers(found) == numbers(run_sweep(local, searched(local, print)))


@pytest.mark.long
def test_when_the_whole_cluster_dies_it_is_said_and_what_is_finished_is_kept(
    vigie: Vigie, home: Path, data: Path, own_cluster: DaskProcesses
) -> None:
    request = slow_search(home, data, own_cluster.engine, 600)
    engine, store = own_cluster.engine, home / "state" / "results.db"
    running = started(
        home, "sweep", "--strategy", "slow", "--data", data, "--grid", request.grid[0], "--engine", engine
    )
    try:
        until(lambda: kept(store) > 0)
        own_cluster.end()
        _, err = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 75, err
    assert "the dask cluster at 127.0.0.1:" in err
    assert "Traceback" not in err
    assert 0 < kept(store) < 600


@pytest.mark.long
def test_an_interrupted_client_keeps_what_is_finished_and_the_next_run_takes_it(
    vigie: Vigie, home: Path, data: Path, own_cluster: DaskProcesses
) -> None:
    store = home / "state" / "results.db"
    slow_search(home, data, own_cluster.engine, 600)
    words = ("sweep", "--strategy", "slow", "--data", data, "--grid", "turns=1:600:1", "--min-trades", 0, "--json")
    running = started(home, *words, "--engine", own_cluster.engine)
    try:
        until(lambda: kept(store) > 0)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 130, err
    assert out == ""
    assert "interrupted" in err
    assert "Traceback" not in err
    finished = kept(store)
    assert 0 < finished < 600
    assert len((home / "state" / "trials.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    again = vigie(*words, "--engine", own_cluster.engine).document
    assert (again["from_store"], again["tried"]) == (finished, 600)
    store.unlink()
    local = vigie(*words).document
    assert local["points"] == again["points"]


def started(home: Path, *words: object) -> subprocess.Popen[str]:
    """A command in a process of its own, as a shell starts it: this one may run where interrupts are ignored."""
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "import sys; from cli.main import run; sys.exit(run(sys.argv[1:]))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, words)],
        env={**os.environ, "VIGIE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
