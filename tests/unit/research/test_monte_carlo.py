from __future__ import annotations

import math
import random
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.oracles import statistics_of_honesty as oracle
from vigie.domain.errors import ConfigError, DataError
from vigie.research.monte_carlo import MonteCarlo, bootstrap_returns, resample_trades
from vigie.research.paired_bootstrap import Comparison, compare_returns
from vigie.research.resampled import Interval, path_statistics
from vigie.research.stationary_bootstrap import automatic_block_length, stationary_rows


def noise(seed: int, count: int = 300, mean: float = 0.001) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 0.02, count)


def trending(seed: int, memory: float, count: int = 500) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(0.0, 0.01, count)
    for row in range(1, count):
        steps[row] += memory * steps[row - 1]
    return steps


def bootstrapped(returns: np.ndarray, **settings: float) -> MonteCarlo:
    found = bootstrap_returns(returns, **({"periods_per_year": 365.0, "seed": 1, "paths": 400} | settings))
    assert isinstance(found, MonteCarlo), found
    return found


def reordered(returns: np.ndarray, **settings: float) -> MonteCarlo:
    found = resample_trades(returns, **({"trades_per_year": 50.0, "seed": 1, "paths": 400} | settings))
    assert isinstance(found, MonteCarlo), found
    return found


def compared(first: np.ndarray, second: np.ndarray, **settings: float) -> Comparison:
    found = compare_returns(first, second, **({"periods_per_year": 365.0, "seed": 1, "paths": 400} | settings))
    assert isinstance(found, Comparison), found
    return found


def rows_of(count: int, length: float, paths: int, seed: int = 1) -> np.ndarray:
    return np.concatenate(list(stationary_rows(count, length, paths, np.random.default_rng(seed))))


# Blocks


@pytest.mark.parametrize("count", [20, 50, 300])
@pytest.mark.parametrize("memory", [-0.4, 0.0, 0.3, 0.9])
def test_the_automatic_block_length_agrees_with_its_definition(count: int, memory: float) -> None:
    returns = trending(count, memory, count)
    assert automatic_block_length(returns) == pytest.approx(oracle.block_length(returns.tolist()), rel=1e-9)


def test_the_longer_the_memory_the_longer_the_blocks() -> None:
    lengths = [
        np.mean([float(automatic_block_length(trending(seed, memory))) for seed in range(10)])
        for memory in (0.0, 0.5, 0.9)
    ]
    assert lengths[0] < lengths[1] < lengths[2]


def test_the_optimal_block_of_a_known_law_is_found() -> None:
    # AR(1) with memory 0.5: G = sum |k| 0.5^|k| R(0) = 4 R(0), g(0) = 3 R(0), so b = ((4 / 3)^2 n)^(1/3) = 32.9.
    lengths = [float(automatic_block_length(trending(seed, 0.5, 20_000))) for seed in range(8)]
    assert np.median(lengths) == pytest.approx((16 / 9 * 20_000) ** (1 / 3), rel=0.1)


@pytest.mark.parametrize(("count", "longest"), [(40, 14), (400, 60)])
def test_blocks_are_at_most_a_third_of_the_history_or_three_roots_of_it(count: int, longest: int) -> None:
    # Steps of a noise that comes back: no variance in the long run, so no block is long enough.
    returns = np.diff(noise(2, count + 1))
    assert automatic_block_length(returns) == float(longest)
    assert oracle.block_length(returns.tolist()) == longest


def test_returns_that_do_not_vary_need_no_blocks() -> None:
    assert automatic_block_length(np.full(50, 0.01)) == 1.0


def test_a_block_goes_on_from_the_last_row_to_the_first() -> None:
    rows = rows_of(50, 50.0, 200)
    assert rows.min() == 0
    assert rows.max() == 49
    steps = np.diff(rows, axis=1) % 50
    assert np.mean(steps == 1) == pytest.approx(1 - 1 / 50, abs=0.01)
    assert (rows[:, :-1][steps == 1] == 49).any()


@pytest.mark.parametrize("length", [1.0, 2.5, 10.0])
def test_blocks_begin_with_the_chance_asked_for_and_anywhere(length: float) -> None:
    rows = rows_of(1000, length, 200)
    assert np.mean(np.diff(rows, axis=1) % 1000 == 1) == pytest.approx(1 - 1 / length + 1 / length / 1000, abs=0.005)
    assert np.bincount(rows.ravel(), minlength=1000) == pytest.approx(200, abs=6 * math.sqrt(200 * 2 * length))
    assert rows[:, 0].std() == pytest.approx(1000 / math.sqrt(12), rel=0.1)


def test_paths_do_not_depend_on_how_they_are_cut_into_chunks() -> None:
    # 300 paths of 2000 rows need more than one chunk, 100 of them fit into the first.
    chunks = list(stationary_rows(2000, 5.0, 300, np.random.default_rng(1)))
    assert len(chunks) > 1
    assert max(chunk.size for chunk in chunks) <= 1 << 18
    assert np.array_equal(np.concatenate(chunks)[:100], rows_of(2000, 5.0, 100))


# Paths


@given(returns=some.lists(some.floats(-1.0, 1.0), min_size=2, max_size=30))
@settings(max_examples=100)
def test_the_numbers_of_a_path_agree_with_a_loop(returns: list[float]) -> None:
    found = path_statistics([np.array([returns])])
    wealth, depth = oracle.wealth_and_drawdown(returns)
    assert found.final_wealth[0] == pytest.approx(wealth, rel=1e-9, abs=1e-12)
    assert found.max_drawdown[0] == pytest.approx(depth, rel=1e-9, abs=1e-12)
    if len(set(np.round(returns, 4))) > 1:
        assert found.sharpe_per_period[0] == pytest.approx(oracle.sharpe(returns), rel=1e-6, abs=1e-9)


def test_the_bootstrap_agrees_with_one_that_walks_step_by_step() -> None:
    returns = trending(3, 0.4, 120) + 0.001
    source = random.Random(5)
    paths = [oracle.stationary_path(returns.tolist(), 6.0, source) for _ in range(4000)]
    wealth, depth = zip(*(oracle.wealth_and_drawdown(path) for path in paths), strict=True)
    ratios = [oracle.sharpe(path) * math.sqrt(365) for path in paths]
    found = bootstrapped(returns, paths=20_000, block_length=6.0)
    assert isinstance(found.annual_sharpe, Interval)
    for ours, theirs in ((found.final_wealth, wealth), (found.max_drawdown, depth), (found.annual_sharpe, ratios)):
        spread = float(np.std(theirs))
        for value, level in ((ours.low, 0.05), (ours.median, 0.5), (ours.high, 0.95)):
            # About four standard errors of a 5 % quantile of 4,000 draws.
            assert value == pytest.approx(oracle.quantile(theirs, level), abs=0.13 * spread)


def test_what_happened_stands_beside_the_interval() -> None:
    returns = noise(1)
    found = bootstrapped(returns)
    wealth, depth = oracle.wealth_and_drawdown(returns.tolist())
    assert isinstance(found.annual_sharpe, Interval)
    assert found.final_wealth.observed == pytest.approx(wealth)
    assert found.max_drawdown.observed == pytest.approx(depth)
    assert found.annual_sharpe.observed == pytest.approx(oracle.sharpe(returns.tolist()) * math.sqrt(365))
    for one in (found.final_wealth, found.max_drawdown, found.annual_sharpe):
        assert one.low < one.median < one.high
        assert one.low < one.observed < one.high


def test_the_interval_of_the_sharpe_ratio_is_as_wide_as_its_standard_error_says() -> None:
    found = bootstrapped(noise(2, 1000), paths=4000, block_length=1.0, periods_per_year=1.0)
    assert isinstance(found.annual_sharpe, Interval)
    # 90 % of a normal law: 2 x 1.645 standard errors of about 1 / sqrt(n).
    assert found.annual_sharpe.high - found.annual_sharpe.low == pytest.approx(2 * 1.645 / math.sqrt(1000), rel=0.08)


def test_blocks_keep_the_memory_that_single_days_lose() -> None:
    returns = trending(4, 0.6)
    alone, blocks = bootstrapped(returns, block_length=1.0), bootstrapped(returns, block_length=20.0)
    assert blocks.max_drawdown.median > 1.3 * alone.max_drawdown.median
    automatic = bootstrapped(returns)
    assert automatic.block_length == automatic_block_length(returns)


def test_the_chance_of_ruin_falls_with_its_depth() -> None:
    returns = noise(5)
    chances = [bootstrapped(returns, ruin_drawdown=depth).probability_of_ruin for depth in (0.01, 0.2, 0.3, 1.0)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] == 1.0
    assert 0.0 < chances[2] < chances[1] < 1.0
    assert chances[3] == 0.0


def test_losing_everything_is_a_drawdown_of_one_that_stays() -> None:
    returns = noise(6, 30)
    returns[3] = -1.0
    found = reordered(returns, ruin_drawdown=1.0)
    assert found.final_wealth.high == 0.0
    assert found.max_drawdown.low == 1.0
    assert found.probability_of_ruin == 1.0


# Trades


def test_the_order_of_trades_changes_the_drawdown_and_nothing_else() -> None:
    found = reordered(noise(7, 60))
    assert isinstance(found.annual_sharpe, Interval)
    for one in (found.final_wealth, found.annual_sharpe):
        assert (one.low, one.high) == pytest.approx((one.observed, one.observed))
    assert found.max_drawdown.low < found.max_drawdown.high
    assert found.block_length is None


def test_the_orders_of_four_trades_are_drawn_alike() -> None:
    trades = [0.5, -0.3, 0.2, -0.4]
    depths = [oracle.wealth_and_drawdown(order)[1] for order in permutations(trades)]
    found = reordered(np.array(trades), paths=40_000, ruin_drawdown=0.5)
    wanted = sum(depth >= 0.5 for depth in depths) / 24
    assert 0.0 < wanted < 1.0
    assert found.probability_of_ruin == pytest.approx(wanted, abs=0.01)


def test_trades_drawn_with_replacement_vary_in_wealth_too() -> None:
    found = reordered(noise(8, 100), replace=True, paths=4000)
    assert isinstance(found.annual_sharpe, Interval)
    logs = np.log1p(noise(8, 100))
    width = math.log(found.final_wealth.high / found.final_wealth.low)
    assert width == pytest.approx(2 * 1.645 * logs.std() * 10, rel=0.08)
    assert found.annual_sharpe.low < found.annual_sharpe.observed < found.annual_sharpe.high


# Pairs


def test_the_same_returns_twice_do_not_differ() -> None:
    found = compared(noise(1), noise(1))
    for one in (found.annual_sharpe, found.total_return, found.max_drawdown):
        assert not isinstance(one, str)
        assert one.interval == Interval(0.0, 0.0, 0.0, 0.0)
        assert one.p_value == 1.0


def test_a_series_beside_itself_with_a_daily_gain_is_better_beyond_doubt() -> None:
    returns = noise(2)
    found = compared(returns + 0.001, returns)
    assert not isinstance(found.annual_sharpe, str)
    assert found.annual_sharpe.p_value == found.total_return.p_value == pytest.approx(2 / 401)
    assert found.annual_sharpe.interval.low > 0.0
    # The same gain in another market cannot be told from luck: pairing is what shows it.
    unpaired = compared(returns + 0.001, noise(3, mean=float(returns.mean())))
    assert unpaired.total_return.p_value > 0.1


def test_turning_the_pair_round_turns_the_difference_round() -> None:
    one, other = compared(noise(4), noise(5)), compared(noise(5), noise(4))
    for first, second in ((one.total_return, other.total_return), (one.max_drawdown, other.max_drawdown)):
        assert first.interval.low == pytest.approx(-second.interval.high)
        assert first.interval.observed == pytest.approx(-second.interval.observed)
        assert first.p_value == pytest.approx(second.p_value)


def test_the_observed_differences_are_those_of_the_two_histories() -> None:
    first, second = noise(4), noise(5)
    found = compared(first, second)
    assert not isinstance(found.annual_sharpe, str)
    (wealth, depth), (other, deep) = (oracle.wealth_and_drawdown(one.tolist()) for one in (first, second))
    ratio = (oracle.sharpe(first.tolist()) - oracle.sharpe(second.tolist())) * math.sqrt(365)
    assert found.total_return.interval.observed == pytest.approx(wealth - other)
    assert found.max_drawdown.interval.observed == pytest.approx(depth - deep)
    assert found.annual_sharpe.interval.observed == pytest.approx(ratio)
    assert found.mean_return.interval.observed == pytest.approx((sum(first) - sum(second)) / len(first))


def test_the_share_above_zero_counts_a_tie_half() -> None:
    returns = noise(2)
    assert compared(returns, returns).mean_return.share_above == 0.5
    assert compared(returns + 0.001, returns).mean_return.share_above == 1.0
    assert compared(returns, returns + 0.001).mean_return.share_above == 0.0
    one, other = compared(noise(4), noise(5)), compared(noise(5), noise(4))
    assert one.mean_return.share_above == pytest.approx(1.0 - other.mean_return.share_above)
    assert 0.0 < one.mean_return.share_above < 1.0


def test_two_equally_good_series_differ_at_five_percent_about_as_often() -> None:
    values = []
    for seed in range(200):
        one, other = noise(2 * seed + 1000), noise(2 * seed + 1001)
        found = compared(one, other, paths=200, block_length=1.0)
        assert not isinstance(found.annual_sharpe, str)
        values.append(found.annual_sharpe.p_value)
    assert 0.01 <= np.mean(np.array(values) <= 0.05) <= 0.10
    assert 0.4 < float(np.mean(values)) < 0.6


def test_the_longer_memory_of_the_two_sets_the_blocks() -> None:
    memory, none = trending(1, 0.8, 300), noise(1)
    assert compared(none, memory).block_length == automatic_block_length(memory)
    assert float(automatic_block_length(none)) < float(automatic_block_length(memory))


# Refusals and reasons


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    returns = noise(9)
    assert bootstrapped(returns) == bootstrapped(returns)
    assert bootstrapped(returns) != bootstrapped(returns, seed=2)
    assert reordered(returns) == reordered(returns)
    assert reordered(returns) != reordered(returns, seed=2)
    assert compared(returns, noise(10)) == compared(returns, noise(10))


def test_the_returns_given_are_left_as_they_were() -> None:
    returns = noise(9)
    returns.setflags(write=False)
    bootstrapped(returns)
    reordered(returns)
    compared(returns, returns)
    assert np.array_equal(returns, noise(9))


def test_too_few_returns_have_a_reason_and_no_interval() -> None:
    assert automatic_block_length(noise(1, 19)) == "fewer than 20 returns"
    assert bootstrap_returns(noise(1, 19), periods_per_year=365.0, seed=1) == "fewer than 20 returns"
    assert compare_returns(noise(1, 19), noise(2, 19), periods_per_year=365.0, seed=1) == "fewer than 20 returns"
    assert resample_trades(noise(1, 1), trades_per_year=50.0, seed=1) == "fewer than 2 trades"


def test_a_wallet_that_never_moved_has_no_sharpe_ratio_and_says_why() -> None:
    still = np.zeros(50)
    found = bootstrapped(still)
    assert found.annual_sharpe == "returns do not vary"
    assert found.paths_without_sharpe == 400
    assert found.final_wealth == Interval(1.0, 1.0, 1.0, 1.0)
    against = compared(noise(1, 50), still)
    assert against.annual_sharpe == "returns do not vary"
    assert against.total_return.interval.low < against.total_return.interval.high


def test_histories_that_drew_no_variation_are_counted_and_left_out() -> None:
    once = np.zeros(30)
    once[4] = 0.1
    found = bootstrapped(once, block_length=1.0)
    assert isinstance(found.annual_sharpe, Interval)
    # The one day is missed by (29 / 30)^30 of the histories.
    assert found.paths_without_sharpe / 400 == pytest.approx((29 / 30) ** 30, abs=0.1)
    assert math.isfinite(found.annual_sharpe.low)
    pair = compared(once, noise(1, 30), block_length=1.0)
    assert pair.paths_without_sharpe == found.paths_without_sharpe


def test_a_nan_return_is_refused_with_its_row() -> None:
    returns = noise(1)
    returns[11] = math.nan
    with pytest.raises(DataError, match="row 11: nan is not a return"):
        bootstrapped(returns)
    with pytest.raises(DataError, match="row 11: nan is not a return"):
        compared(noise(1), returns)


def test_a_return_below_minus_one_is_refused_with_its_row() -> None:
    with pytest.raises(DataError, match=r"row 1: a return of -1\.5 loses more than everything"):
        reordered(np.array([0.1, -1.5, 0.2]))


def test_series_of_different_length_are_not_a_pair() -> None:
    with pytest.raises(DataError, match="300 returns cannot be paired with 299"):
        compared(noise(1), noise(1, 299))


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        bootstrapped(noise(1), paths=0, ruin_drawdown=1.5, periods_per_year=0.0)
    assert len(refused.value.problems) == 3


@pytest.mark.parametrize("length", [0.5, 301.0, math.nan])
def test_a_block_length_out_of_range_is_refused(length: float) -> None:
    with pytest.raises(ConfigError, match="from 1 to the 300 returns"):
        bootstrapped(noise(1), block_length=length)
    with pytest.raises(ConfigError, match="from 1 to the 300 returns"):
        compared(noise(1), noise(2), block_length=length)


def test_rows_without_a_path_or_a_block_are_refused() -> None:
    for count, length, paths in ((0, 1.0, 1), (1, 0.9, 1), (1, 1.0, 0)):
        with pytest.raises(ConfigError):
            list(stationary_rows(count, length, paths, np.random.default_rng(1)))
