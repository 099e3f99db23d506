"""Searches: counted when they begin, run once, kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.command_line import home
from tests.fakes.markets_on_disk import write_market
from tests.fakes.trials import FakeTrialLedger
from tests.oracles.markets import HOUR_MS, START_MS
from tests.unit.research.test_sweep import bits
from tests.unit.research.test_walk_forward import everything
from vigie.adapters.storage.certificates import CertificateFolder
from vigie.adapters.storage.results import SqliteResults
from vigie.adapters.storage.trials import JsonlTrialLedger
from vigie.adapters.workers.local import LEAST
from vigie.app.research.backtest import Request, backtest
from vigie.app.research.gates import gate_settings
from vigie.app.research.search import SearchRequest, SweepResult, run_sweep, searched
from vigie.app.research.trials import ledger_of
from vigie.app.research.walk_forward import WalkedForward, WalkForwardRequest, points_to_run, promote, run_walk_forward
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.domain.trial import TrialKind
from vigie.research.lanes import NAMES
from vigie.research.overfitting import Overfitting
from vigie.research.points import point_of

GRID = ("fast=5,12", "slow=30,60", "trail_atr=3,6", "warm_up=50")
ALL_PASS = ("mean_sharpe=-99", "win_rate=0", "trades=1", "folds=1", "out_in_ratio=-99")


__all__ = ["home"]


def at(row: int) -> int:
    return START_MS + row * HOUR_MS


@pytest.fixture
def base(home: Path, tmp_path: Path) -> Request:
    data = write_market(tmp_path / "binance_BTC-USDT_1h.csv", rows=1500)
    return Request(tmp_path / "home", "ema_cross", "standard", Timeframe(HOUR_MS), data=data)


def swept(
    base: Request,
    grid: Sequence[str] = GRID,
    progress: Callable[[int], None] = lambda _: None,
    **how: object,
) -> SweepResult:
    request = SearchRequest(base, grid, least_trades=1, **how)  # type: ignore[arg-type]
    return run_sweep(request, searched(request, lambda _: None), progress=progress)


def walk(base: Request, gates: Sequence[str] = ALL_PASS, **how: object) -> WalkedForward:
    search = SearchRequest(base, GRID, least_trades=1)
    request = WalkForwardRequest(search, gates=gate_settings(gates), **{"folds": 2, **how})  # type: ignore[arg-type]
    return run_walk_forward(request, searched(search, lambda _: None))


def change(base: Request, row: int) -> None:
    """Another volume in one candle."""
    assert base.data is not None
    lines = base.data.read_text().splitlines()
    fields = lines[1 + row].split(",")
    lines[1 + row] = ",".join([*fields[:5], repr(float(fields[5]) + 1)])
    base.data.write_text("\n".join(lines) + "\n")


def own_strategy(base: Request) -> Request:
    """A strategy of the user's own."""
    (base.home / "strategies").mkdir()
    text = (Path(__file__).parents[4] / "strategies" / "ema_cross.py").read_text(encoding="utf-8")
    (base.home / "strategies" / "mine.py").write_text(text)
    return replace(base, strategy="mine")


def edit(mine: Request) -> None:
    """One changed line of it."""
    own = mine.home / "strategies" / "mine.py"
    text = own.read_text()
    changed = text.replace("volatility, parameters.stop_atr", "volatility, 1.5 * parameters.stop_atr")
    assert changed != text
    own.write_text(changed)


def all_of(found: WalkedForward) -> list[object]:
    """A walk-forward to the last bit."""
    outcome = found.outcome
    scores = [
        (dict(one.point), list(map(bits, one.measured)), None if one.daily is None else one.daily.tobytes())
        for one in outcome.scores
    ]
    folds = [everything(one) for one in outcome.folds]
    luck = outcome.overfitting
    assert isinstance(luck, Overfitting)
    return [folds, scores, outcome.verdict, outcome.sharpe, luck.logits.tobytes(), outcome.equity.tobytes()]


def test_every_number_of_a_sweep_is_that_of_a_backtest(base: Request) -> None:
    base = replace(base, start_ms=at(100), end_ms=at(1400))
    found = swept(base)
    assert len(found.results) == 8
    for (point, _), kept in zip(found.searched.made, found.results, strict=True):
        alone = backtest(replace(base, overrides=point, counted=False))
        assert list(kept.metrics.values) == list(NAMES)
        # One pair runs through the lean loop, which adds up in another order.
        for name in NAMES:
            assert kept.metrics.values[name] == pytest.approx(alone.measured.values[name], rel=1e-9, abs=1e-12)


def test_what_the_store_gives_back_is_what_was_computed_to_the_bit(base: Request) -> None:
    first, second = swept(base), swept(base)
    assert (first.from_store, second.from_store) == (0, 8)
    assert [bits(one.metrics) for one in first.results] == [bits(one.metrics) for one in second.results]
    assert first.ranked("sharpe", 1)[0][0] == second.ranked("sharpe", 1)[0][0]


def test_only_what_is_new_is_computed(base: Request) -> None:
    swept(base)
    told: list[int] = []
    found = swept(base, ("fast=5,12,20", *GRID[1:]), told.append)
    assert found.from_store == 8
    assert sum(told) == len(found.results) == 12


@pytest.mark.parametrize("rolling", [False, True])
def test_a_second_walk_forward_computes_no_point_and_is_the_same_to_the_bit(base: Request, rolling: bool) -> None:
    first, second = walk(base, rolling=rolling), walk(base, rolling=rolling)
    assert (first.from_store, first.points) == (0, 24 if rolling else 8)
    assert second.from_store == second.points == first.points
    assert all_of(second) == all_of(first)


@pytest.mark.parametrize("rolling", [False, True])
@pytest.mark.parametrize("ends", [(600,), (1050,), (600, 1050, 1500)])
def test_a_walk_forward_over_sweeps_is_the_same_to_the_bit(base: Request, ends: Sequence[int], rolling: bool) -> None:
    """Training parts are sweeps that end at their date, whoever computed them."""
    fresh = walk(replace(base, home=base.home / "other"), rolling=rolling)
    for end in ends:
        swept(replace(base, end_ms=at(end)))
    assert all_of(walk(base, rolling=rolling)) == all_of(fresh)


def test_a_training_part_is_answered_by_a_sweep_and_answers_one(base: Request) -> None:
    walk(base)
    assert [swept(replace(base, end_ms=at(end))).from_store for end in (600, 1050, 1500, 900)] == [8, 8, 8, 0]
    first = replace(base, home=base.home / "other")
    swept(replace(first, end_ms=at(600)))
    assert walk(first, boundaries=(at(600), at(900), at(1200)), rolling=True).from_store == 8


def test_walk_forwards_share_the_dates_that_are_the_same(base: Request) -> None:
    whole = walk(base, boundaries=(at(600), at(900), at(1200), at(1500)))
    part = walk(base, boundaries=(at(600), at(900), at(1500)))
    assert (whole.from_store, part.from_store) == (0, 8)


def test_a_changed_candle_recomputes_the_folds_that_have_seen_it_and_no_other(base: Request) -> None:
    dates = (at(600), at(900), at(1200))
    walk(base, boundaries=dates, rolling=True)
    change(base, 700)
    again = walk(base, boundaries=dates, rolling=True)
    assert (again.points, again.from_store) == (24, 8)
    fresh = walk(replace(base, home=base.home / "other"), boundaries=dates, rolling=True)
    assert all_of(again) == all_of(fresh)


def test_one_changed_line_of_the_strategy_recomputes_the_walk_forward(base: Request) -> None:
    mine = own_strategy(base)
    assert [walk(mine).from_store, walk(mine).from_store] == [0, 8]
    edit(mine)
    assert walk(mine).from_store == 0


def test_points_that_look_back_further_stand_on_more_candles(base: Request) -> None:
    """A searched warm-up: what lies before the range matters to those that look at it, and only to those."""
    base = replace(base, start_ms=at(300))
    grid = ("fast=5,12", "slow=30", "warm_up=50", "warm_up_from_past=on,off")
    swept(base, grid)
    change(base, 100)
    assert swept(base, grid).from_store == 2


@pytest.mark.parametrize("row", [0, 700, 1499])
def test_one_changed_candle_recomputes_everything(base: Request, row: int) -> None:
    swept(base)
    change(base, row)
    assert swept(base).from_store == 0


def test_one_changed_line_of_the_strategy_recomputes_everything(base: Request) -> None:
    mine = own_strategy(base)
    assert [swept(mine).from_store, swept(mine).from_store] == [0, 8]
    edit(mine)
    assert swept(mine).from_store == 0


@pytest.mark.parametrize(
    "changed", [{"start_ms": at(100)}, {"end_ms": at(1400)}, {"overrides": {"fee_fraction": "0.002"}}]
)
def test_another_range_or_cost_is_not_answered_from_the_store(base: Request, changed: dict[str, object]) -> None:
    swept(base)
    assert swept(replace(base, **changed)).from_store == 0  # type: ignore[arg-type]


def test_the_same_points_are_counted_once_by_sweeps_and_walk_forwards(base: Request) -> None:
    assert swept(base).trials == 8
    assert swept(base).trials == 8
    assert walk(base).outcome.trials == 8
    assert walk(base, rolling=True).outcome.trials == 8
    assert swept(base, ("fast=5,12,20", *GRID[1:])).trials == 12
    kinds = {row.kind: row.events for row in JsonlTrialLedger.of(base.home, FakeClock()).breakdown()}
    assert kinds == {TrialKind.SWEEP: 3, TrialKind.FOLD: 2}


@pytest.mark.parametrize("warm_up_from_past", ["on", "off"])
@pytest.mark.parametrize("start_ms", [None, at(100)])
def test_a_backtest_of_a_point_that_was_swept_is_no_new_trial(
    base: Request, start_ms: int | None, warm_up_from_past: str
) -> None:
    base = replace(base, start_ms=start_ms, end_ms=at(1400), overrides={"warm_up_from_past": warm_up_from_past})
    found = swept(base)
    ledger = FakeTrialLedger()
    for (point, _), key in zip(found.searched.made, found.searched.keys, strict=True):
        result = backtest(replace(base, overrides={**base.overrides, **point}), ledger=ledger)
        assert point_of(result, found.searched.prepared.instruments) == key


def test_a_grid_over_the_warm_up_knows_what_each_point_could_look_at(base: Request) -> None:
    base = replace(base, start_ms=at(100), end_ms=at(1400))
    found = swept(base, ("warm_up_from_past=on,off", "fast=5,12", "slow=30", "warm_up=50"))
    assert (len(set(found.searched.keys)), found.trials) == (4, 4)
    for (point, _), key in zip(found.searched.made, found.searched.keys, strict=True):
        assert point_of(backtest(replace(base, overrides=point), ledger=FakeTrialLedger())) == key


def test_candles_after_the_last_boundary_are_not_part_of_what_is_counted(base: Request) -> None:
    dates = (at(600), at(900), at(1200))
    assert walk(base, boundaries=dates).outcome.trials == 8
    # The same points on the same candles, said as a range: nothing new was looked at.
    assert swept(replace(base, end_ms=at(1200))).trials == 8
    assert walk(replace(base, end_ms=at(1200)), boundaries=dates).outcome.trials == 8
    assert swept(base).trials == 16, "the later candles are looked at now"


def two_pairs(base: Request, listed: int, gone: int = 1500) -> Request:
    """A second pair beside the first, with candles of some rows only."""
    assert base.data is not None
    path = write_market(base.data.with_name("binance_ETH-USDT_1h.csv"), rows=1500, seed=4)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *lines[1 + listed : 1 + gone]]) + "\n")
    return replace(base, data=base.data.parent)


def test_a_pair_listed_in_the_last_fold_is_left_out_before(base: Request) -> None:
    done = walk(two_pairs(base, 1300), boundaries=(at(600), at(900), at(1200), at(1500)))
    eth = Pair("ETH", "USDT")
    assert [(one.untrained, one.untested) for one in done.outcome.folds] == [
        ((eth,), (eth,)),
        ((eth,), (eth,)),
        ((eth,), ()),
    ]
    pairs = [one.tested.pairs for one in done.outcome.folds if one.tested]
    assert pairs == [("BTC/USDT",), ("BTC/USDT",), ("BTC/USDT", "ETH/USDT")]
    assert promote(done, base.home).pairs == ("BTC/USDT", "ETH/USDT")


def test_a_pair_of_which_nothing_was_looked_at_is_not_certified(base: Request) -> None:
    done = walk(two_pairs(base, 1300), boundaries=(at(600), at(900), at(1200)))
    assert done.outcome.passed
    with pytest.raises(ConfigError, match="no candle of ETH/USDT was looked at"):
        promote(done, base.home)


def test_a_pair_without_candles_in_the_range_of_a_sweep_is_refused_and_nothing_counted(base: Request) -> None:
    with pytest.raises(DataError, match=r"ETH/USDT: no candles in .*; there are candles from"):
        swept(replace(two_pairs(base, 1300), end_ms=at(1200)))
    assert not (base.home / "state").exists()


def test_a_fold_in_which_no_pair_has_candles_is_refused_and_nothing_counted(base: Request) -> None:
    assert base.data is not None
    lines = base.data.read_text().splitlines()
    base.data.write_text("\n".join([*lines[:701], *lines[801:]]) + "\n")
    with pytest.raises(DataError, match=r"fold 1: no pair has candles in its test, 2020-01-\d\d .* to 2020-"):
        walk(base, boundaries=(at(700), at(790), at(1500)))
    assert not (base.home / "state").exists()


def test_a_search_is_counted_before_the_first_point_is_run(base: Request) -> None:
    seen: list[int] = []
    search = SearchRequest(base, GRID, least_trades=1)
    task = searched(search, lambda _: None)
    run_sweep(search, task, progress=lambda _: seen.append(ledger_of(base.home).count("ema_cross", task.markets)))
    assert set(seen) == {8}


def test_points_without_sense_are_neither_run_nor_counted(base: Request) -> None:
    found = swept(base, ("fast=5,40", "slow=30,60", "warm_up=50"))
    assert (len(found.results), found.searched.senseless, found.trials) == (3, 1, 3)


def test_what_an_interrupt_left_is_taken_from_the_store(base: Request) -> None:
    done = 0

    def stop_in_the_second_batch(n: int) -> None:
        nonlocal done
        done += n
        if done > LEAST + 5:
            raise KeyboardInterrupt

    grid = ("fast=5:34:1", "slow=40:135:5", "warm_up=50")
    with pytest.raises(KeyboardInterrupt):
        swept(base, grid, stop_in_the_second_batch)
    again = swept(base, grid)
    assert (again.from_store, len(again.results)) == (LEAST, 600)


def test_ranked_is_best_first_and_keeps_the_order_of_the_grid_among_equals(base: Request) -> None:
    found = swept(base, ("activation_atr=95,90,99", "fast=5,12", "slow=30", "warm_up=50"))
    ranked = [point["activation_atr"] for point, _ in found.ranked("return", 1)]
    assert ranked == ["95", "90", "99"] * 2
    values = [result.metrics.values["total_return"] for _, result in found.ranked("return", 1)]
    assert values == sorted(values, reverse=True)  # type: ignore[type-var]
    assert found.ranked("return", 10_000) == []


def test_drawn_points_are_those_of_the_seed(base: Request) -> None:
    tried = [swept(base, samples=3, seed=seed).searched.points for seed in (1, 1, 2)]
    assert tried[0] == tried[1] != tried[2]
    assert len(tried[0]) == 3


def test_folds_of_a_time_range_lie_inside_it(base: Request) -> None:
    found = walk(replace(base, start_ms=at(50), end_ms=at(1450)))
    assert (found.folds[0].train_start, found.folds[-1].test_end) == (at(50), at(1450))


def test_dates_beyond_the_time_range_are_refused(base: Request) -> None:
    """They would show what somebody has set aside, and count it as something else."""
    with pytest.raises(ConfigError, match="after the last candle"):
        walk(replace(base, end_ms=at(1000)), boundaries=(at(600), at(900), at(1400)))


def test_the_number_of_points_for_the_progress_bar_is_how_many_are_run(base: Request) -> None:
    for rolling in (False, True):
        search = SearchRequest(base, GRID, least_trades=1)
        request = WalkForwardRequest(search, folds=2, rolling=rolling)
        task = searched(search, lambda _: None)
        told: list[int] = []
        run_walk_forward(request, task, progress=told.append)
        assert sum(told) == points_to_run(request, task)


def test_nothing_is_promoted_unless_every_gate_is_passed(base: Request) -> None:
    done = walk(base, gates=("trades=100000",))
    with pytest.raises(ConfigError, match="not every gate was passed"):
        promote(done, base.home)
    assert CertificateFolder.of(base.home).all() == ()


def test_a_certificate_holds_what_was_chosen_and_judged(base: Request) -> None:
    done = walk(base)
    assert done.outcome.passed
    made = promote(done, base.home)
    assert done.outcome.final is not None
    chosen = done.outcome.final.point
    assert {name: str(made.parameters[name]) for name in ("fast", "slow")} == {
        name: chosen[name] for name in ("fast", "slow")
    }
    assert made.settings["trail_atr"] == float(chosen["trail_atr"])
    assert made.settings["close_at_end"] is False, "live does not sell because a test ended"
    assert made.trials == 8
    assert len(made.folds) == 2
    assert all(gate.passed for gate in made.gates)
    assert CertificateFolder.of(base.home).find(made.name) == made


def test_a_certificate_names_the_candles_that_were_looked_at_and_no_others(base: Request) -> None:
    made = promote(walk(replace(base, end_ms=at(1400))), base.home)
    assert made.candles["BTC/USDT"].last_at == at(1399)
    assert made.candles["BTC/USDT"].rows == 1400


def test_candles_that_never_happened_are_not_promoted(tmp_path: Path) -> None:
    data = write_market(tmp_path / "synthetic_BTC-USDT_1h.csv", rows=1500)
    done = walk(Request(tmp_path, "ema_cross", "standard", Timeframe(HOUR_MS), data=data))
    assert done.outcome.passed
    with pytest.raises(ConfigError, match="synthetic"):
        promote(done, tmp_path)


def test_for_practice_they_are_and_the_certificate_says_that_they_never_happened(tmp_path: Path, base: Request) -> None:
    data = write_market(tmp_path / "synthetic_BTC-USDT_1h.csv", rows=1500)
    made = promote(
        walk(Request(tmp_path, "ema_cross", "standard", Timeframe(HOUR_MS), data=data)), tmp_path, practice=True
    )
    assert made.synthetic
    assert CertificateFolder.of(tmp_path).find(made.name).synthetic
    assert not promote(walk(base), base.home, practice=True).synthetic


def test_one_wallet_each_is_refused_before_anything_is_counted(base: Request) -> None:
    assert base.data is not None
    write_market(base.data.with_name("binance_ETH-USDT_1h.csv"), rows=1500, seed=4)
    with pytest.raises(ConfigError, match="one wallet"):
        swept(replace(base, data=base.data.parent, overrides={"wallet": "per-pair"}))
    assert not (base.home / "state").exists()


def test_a_store_that_was_thrown_away_costs_time_and_no_result(base: Request) -> None:
    first = swept(base)
    store = SqliteResults.of(base.home, FakeClock())
    store.path.write_bytes(b"no database")
    again = swept(base)
    assert again.from_store == 0
    assert [bits(one.metrics) for one in again.results] == [bits(one.metrics) for one in first.results]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("trades",), "not of the form"),
        (("trads=3",), "unknown gate 'trads'.*trades"),
        (("trades=many",), "not a number"),
        (("mean_sharpe=nan",), "not a number"),
        (("trades=30.5",), "not a whole number"),
    ],
)
def test_a_gate_that_is_none_is_refused(words: Sequence[str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        gate_settings(words)


def test_gates_are_changed_by_name_and_the_rest_stays() -> None:
    made = gate_settings(("trades=5", "mean_sharpe=-1"))
    assert (made.trades, made.mean_sharpe, made.win_rate) == (5, -1.0, 0.45)
