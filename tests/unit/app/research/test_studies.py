"""Studies: what they propose is counted before it is run, and hangs on nothing that lies after their candles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.files import write_csv
from tests.fakes.markets_on_disk import rows_of, write_market
from tests.oracles import markets
from tests.oracles.markets import HOUR_MS, START_MS
from tests.unit.research.test_sweep import bits
from vigie.adapters.storage.trials import JsonlTrialLedger
from vigie.app.research.backtest import Request
from vigie.app.research.gates import gate_settings
from vigie.app.research.search import Searched, SearchRequest, SweepResult, points_of, run_sweep, searched
from vigie.app.research.studies import run_studies
from vigie.app.research.trials import ledger_of
from vigie.app.research.walk_forward import WalkedForward, WalkForwardRequest, points_to_run, run_walk_forward
from vigie.domain.errors import ConfigError
from vigie.domain.timeframe import Timeframe
from vigie.domain.trial import TrialKind
from vigie.research.proposers import BATCH
from vigie.research.space import Point

GRID = ("fast=5:14:1", "slow=12:60:4", "trail_atr=2:6:1", "warm_up=50")
ALL_PASS = ("mean_sharpe=-99", "win_rate=0", "trades=1", "folds=1", "out_in_ratio=-99")
SAMPLES = 40
ROWS = (700, 1000, 1300)


def at(row: int) -> int:
    return START_MS + row * HOUR_MS


@pytest.fixture
def base(tmp_path: Path) -> Request:
    (tmp_path / "home").mkdir()
    data = write_market(tmp_path / "binance_BTC-USDT_1h.csv", rows=1300)
    return Request(tmp_path / "home", "ema_cross", "standard", Timeframe(HOUR_MS), data=data)


def asked(base: Request, **how: object) -> tuple[SearchRequest, Searched]:
    wishes = {"grid": GRID, "samples": SAMPLES, "least_trades": 1, "search": "optuna", **how}
    request = SearchRequest(base, **wishes)  # type: ignore[arg-type]
    return request, searched(request, lambda _: None)


def studied(base: Request, progress: Callable[[int], None] = lambda _: None, **how: object) -> SweepResult:
    return run_studies([asked(base, **how)], ["one"], progress=progress)[0]


def walk(base: Request, progress: Callable[[int], None] = lambda _: None, **how: object) -> WalkedForward:
    search, task = asked(base)
    wishes = {"boundaries": tuple(at(row) for row in ROWS), "gates": gate_settings(ALL_PASS), **how}
    return run_walk_forward(WalkForwardRequest(search, **wishes), task, progress=progress)  # type: ignore[arg-type]


def mirrored(base: Request, first: int, last: int = 10_000) -> Request:
    """The same candles, but what rose from a row to another falls there; after that the old path goes on."""
    market = {name: list(column) for name, column in markets.MAKERS["trending"](1300, 3).items()}
    pivot, moved = market["open"][first], 1.0
    for row in range(first, 1300):
        if row < last:
            high, low = market["high"][row], market["low"][row]
            market["high"][row], market["low"][row] = pivot * pivot / low, pivot * pivot / high
            for name in ("open", "close"):
                market[name][row] = pivot * pivot / market[name][row]
            moved = market["close"][row] * market["close"][row] / (pivot * pivot)
        else:
            for name in ("open", "high", "low", "close"):
                market[name][row] *= moved
    assert base.data is not None
    folder = base.home.parent / f"mirrored_{first}_{last}"
    folder.mkdir()
    path = write_csv(folder / base.data.name, rows_of(market))  # type: ignore[arg-type]
    return replace(base, data=path)


def test_a_study_tries_so_many_different_points_of_the_grid(base: Request) -> None:
    found = studied(base)
    points = found.searched.points
    assert len({tuple(point.values()) for point in points}) == len(points) == SAMPLES
    assert len(found.results) + found.searched.senseless == SAMPLES
    assert found.searched.senseless > 0, "fast=14 slow=12 is there to be met"
    assert {tuple(point.values()) for point in points} <= {
        tuple(point.values()) for point in asked(base, search=None, samples=None)[1].points
    }


def test_every_number_of_a_study_is_that_of_a_sweep_of_the_same_points(base: Request) -> None:
    whole = run_sweep(*asked(base, search=None, samples=None))
    known = {
        tuple(point.values()): bits(kept.metrics)
        for (point, _), kept in zip(whole.searched.made, whole.results, strict=True)
    }
    found = studied(base)
    assert found.from_store == len(found.results), "a study is answered by the store like any other search"
    for (point, _), kept in zip(found.searched.made, found.results, strict=True):
        assert bits(kept.metrics) == known[tuple(point.values())]


def test_a_study_that_is_made_again_proposes_the_same_and_computes_nothing(base: Request) -> None:
    first, second = studied(base), studied(base)
    assert first.searched.points == second.searched.points
    assert (first.from_store, second.from_store) == (0, len(second.results))
    assert first.trials == second.trials == len(first.results)


def test_each_batch_is_counted_before_it_is_run_and_senseless_points_are_not(base: Request) -> None:
    request, task = asked(base)
    seen: list[tuple[int, int]] = []
    done = 0

    def look(n: int) -> None:
        nonlocal done
        done += n
        seen.append((done, ledger_of(base.home).count("ema_cross", task.markets)))

    (found,) = run_studies([(request, task)], ["one"], progress=look)
    senseless = found.searched.senseless
    assert done == points_of(request, task) == SAMPLES
    assert all(counted + senseless >= ran for ran, counted in seen)
    assert seen[0][1] <= BATCH, "what is not proposed yet is not counted yet"
    assert seen[-1][1] == found.trials == SAMPLES - senseless
    assert {row.kind: row.events for row in JsonlTrialLedger.of(base.home, FakeClock()).breakdown()} == {
        TrialKind.SWEEP: -(-SAMPLES // BATCH)
    }


def test_an_interrupted_study_goes_on_where_it_was(base: Request) -> None:
    done = 0

    def stop(n: int) -> None:
        nonlocal done
        done += n
        if done > 2 * BATCH:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        studied(base, stop)
    again = studied(base)
    assert again.from_store > 0
    (base.home / "state" / "results.db").unlink()
    assert studied(base).searched.points == again.searched.points


def test_a_study_that_finds_no_sense_says_why_and_counts_nothing(base: Request) -> None:
    with pytest.raises(ConfigError, match="must be below"):
        studied(base, grid=("fast=61:90:1", "slow=12:60:4"))
    assert not (base.home / "state" / "trials.jsonl").exists()


def test_whoever_wants_as_many_points_as_there_are_gets_the_grid(base: Request) -> None:
    _, task = asked(base, samples=100_000)
    assert not task.study
    assert len(task.points) == task.space.size


def test_cells_that_share_a_study_try_the_same_points_and_the_middle_decides(base: Request) -> None:
    dear = replace(base, overrides={"fee_fraction": "0.02"})
    together = run_studies([asked(base), asked(dear)], ["one", "one"])
    assert together[0].searched.points == together[1].searched.points
    alone = run_studies([asked(base), asked(dear)], ["one", "two"])
    assert alone[0].searched.points == studied(base).searched.points
    assert alone[0].searched.points != together[0].searched.points


def proposed(done: WalkedForward) -> list[tuple[Point, ...]]:
    assert len(done.proposed) == len(done.folds) + 1
    return list(done.proposed)


def test_a_walk_forward_has_a_study_for_each_fold_and_one_for_all_candles(base: Request) -> None:
    told: list[int] = []
    done = walk(base, told.append)
    search, task = asked(base)
    assert [len(points) for points in proposed(done)] == [SAMPLES] * 3
    assert sum(told) == points_to_run(WalkForwardRequest(search, boundaries=tuple(map(at, ROWS))), task)
    for one, points in zip(done.outcome.folds, proposed(done), strict=False):
        assert one.chosen in points
    assert done.outcome.final is not None
    assert done.outcome.final.point in proposed(done)[-1]


def test_the_choice_of_a_fold_is_that_of_a_study_over_its_training_candles(base: Request) -> None:
    done = walk(base)
    for one, points in zip(done.outcome.folds, proposed(done), strict=False):
        alone = studied(replace(base, end_ms=one.fold.train_end))
        assert alone.searched.points == points
        best, kept = alone.ranked("sharpe", 1)[0]
        assert one.chosen == best
        assert one.in_sample is not None
        assert one.in_sample.values["sharpe"] == kept.metrics.values["sharpe"]


@pytest.mark.parametrize("rolling", [False, True])
def test_candles_of_a_test_change_no_proposal_for_the_folds_up_to_it(base: Request, rolling: bool) -> None:
    """Whoever saw them would follow them: the study over all candles, which may, goes elsewhere."""
    plain = proposed(walk(base, rolling=rolling))
    later = proposed(walk(mirrored(base, ROWS[1]), rolling=rolling))
    assert later[:2] == plain[:2]
    assert later[2] != plain[2]
    earlier = proposed(walk(mirrored(base, ROWS[0]), rolling=rolling))
    assert earlier[0] == plain[0]
    assert earlier[1] != plain[1]


def test_candles_of_the_training_change_the_proposals(base: Request) -> None:
    assert proposed(walk(mirrored(base, 300, 600)))[0] != proposed(walk(base))[0]


def test_every_point_of_every_fold_is_counted_and_run_over_all_candles(base: Request) -> None:
    done = walk(base)
    every = {tuple(point.values()) for points in proposed(done) for point in points}
    union = {tuple(point.values()) for point in done.searched.points}
    assert union == every
    assert done.outcome.trials == len(done.outcome.scores) == len(every) - done.searched.senseless
    assert all(score.daily is not None for score in done.outcome.scores)
    assert done.outcome.trials > SAMPLES, "folds propose different points"
    assert {row.kind for row in JsonlTrialLedger.of(base.home, FakeClock()).breakdown()} == {TrialKind.FOLD}


def test_a_walk_forward_by_studies_that_is_made_again_is_answered_by_the_store(base: Request) -> None:
    first, second = walk(base), walk(base)
    assert second.from_store == second.points == first.points
    assert second.proposed == first.proposed
    assert (second.outcome.verdict, second.outcome.trials) == (first.outcome.verdict, first.outcome.trials)
