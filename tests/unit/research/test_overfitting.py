from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from tests.oracles import statistics_of_honesty as oracle
from vigie.domain.errors import ConfigError, DataError
from vigie.research.overfitting import Overfitting, overfitting


def measured(returns: np.ndarray, blocks: int = 16) -> Overfitting:
    found = overfitting(returns, blocks=blocks)
    assert isinstance(found, Overfitting), found
    return found


def noise(seed: int, rows: int = 400, trials: int = 40) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.01, (rows, trials))


def agrees_with_every_split_joined_from_its_rows(returns: np.ndarray, blocks: int) -> None:
    found = measured(returns, blocks)
    wanted = oracle.splits(returns.T.tolist(), blocks)
    size = returns.shape[1] + 1
    told = zip(found.chosen, found.in_sample, found.out_of_sample, 1 / (1 + np.exp(-found.logits)) * size, strict=True)
    # The order of the splits is nobody's business.
    ours = sorted((int(best), *(round(float(one), 9) for one in rest)) for best, *rest in told)
    theirs = sorted((best, *(round(one, 9) for one in rest)) for best, *rest in wanted)
    assert np.array(ours) == pytest.approx(np.array(theirs), abs=2e-9)
    assert found.probability == pytest.approx(oracle.overfitting_probability(returns.T.tolist(), blocks), abs=1e-12)
    assert found.probability_of_loss == pytest.approx(np.mean([outer < 0 for _, _, outer, _ in wanted]), abs=1e-12)
    slope = np.polyfit([inner for _, inner, _, _ in wanted], [outer for _, _, outer, _ in wanted], 1)[0]
    assert found.slope == pytest.approx(slope, rel=1e-8)


@pytest.mark.parametrize(("rows", "trials", "blocks"), [(48, 5, 6), (50, 4, 8), (61, 9, 4)])
def test_every_split_agrees_with_its_rows_joined_and_ranked(rows: int, trials: int, blocks: int) -> None:
    agrees_with_every_split_joined_from_its_rows(noise(rows, rows, trials) + 0.001, blocks)


@given(seed=some.integers(0, 2**32 - 1), trials=some.integers(2, 7), rows=some.integers(12, 40))
@settings(max_examples=25, deadline=None)
def test_sparse_traders_and_equal_trials_agree_with_the_enumeration(seed: int, trials: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    returns = rng.normal(0.0, 0.01, (rows, trials)) * (rng.random((rows, trials)) < 0.6)
    # Two halves of the history: nothing in one of them, and a trial twice.
    returns[: rows // 2, 0] = 0.0
    returns = np.column_stack([returns, returns[:, -1]])
    assume(returns.any(axis=0).all())
    assert measured(returns, 4).probability == oracle.overfitting_probability(returns.T.tolist(), 4)


def test_with_sixteen_blocks_there_are_12870_splits() -> None:
    found = measured(noise(1))
    assert found.logits.shape == found.chosen.shape == (math.comb(16, 8),)


def test_noise_is_overfitted_half_of_the_time() -> None:
    found = [measured(noise(seed), 8).probability for seed in range(60)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.08)


def test_what_a_trial_of_fixed_total_won_in_one_half_it_loses_in_the_other() -> None:
    # The "memory effect" of the paper: all trials end where they began.
    returns = noise(2)
    found = measured(returns - returns.mean(axis=0))
    assert found.slope == pytest.approx(-1.0, abs=0.1)
    assert found.probability > 0.99
    assert found.probability_of_loss == 1.0


def test_a_truly_good_strategy_is_not_overfitted() -> None:
    returns = noise(3, 1000)
    returns[:, 5] += 0.003
    found = measured(returns)
    assert found.probability < 0.01
    assert found.probability_of_loss < 0.01
    assert (found.chosen == 5).mean() > 0.99


def test_a_strategy_that_only_fits_its_past_is_overfitted() -> None:
    # Each trial earns in its own two of eight blocks what it loses in the others.
    returns = noise(4, 400, 28)
    pairs = [(one, two) for one in range(8) for two in range(one)]
    for trial, (one, two) in enumerate(pairs):
        blocks = returns[:, trial].reshape(8, 50)
        blocks[[one, two]] += 0.03
        returns[:, trial] -= returns[:, trial].mean()
    assert measured(returns, 8).probability > 0.95


def test_the_same_returns_give_the_same_numbers() -> None:
    first, second = measured(noise(7)), measured(noise(7))
    assert first.logits.tobytes() == second.logits.tobytes()
    assert first.slope == second.slope


def test_the_order_of_the_trials_does_not_matter() -> None:
    returns = noise(8)
    order = np.random.default_rng(0).permutation(40)
    first, second = measured(returns, 8), measured(returns[:, order], 8)
    assert np.array_equal(first.chosen, order[second.chosen])
    assert first.probability == second.probability


def test_a_scale_of_its_own_changes_no_rank_of_a_trial() -> None:
    returns = noise(9)
    assert measured(returns, 8).logits == pytest.approx(measured(returns * np.linspace(0.1, 30, 40), 8).logits)


def test_trials_that_never_traded_are_left_out_and_counted() -> None:
    returns = noise(10, 100, 6)
    beside = np.insert(returns, 2, 0.0, axis=1)
    plain, found = measured(returns, 8), measured(beside, 8)
    assert (found.trials, found.flat_trials) == (6, 1)
    assert found.probability == plain.probability
    assert 2 not in found.chosen


def test_a_trial_that_slept_through_one_half_is_ranked_as_neither_gain_nor_loss() -> None:
    returns = noise(11, 80, 3) + 0.02
    returns[:40, 0] = 0.0
    found = measured(returns, 4)
    # Out of sample in the half it slept through: below two trials that earn.
    slept = (found.chosen == 0) & (found.out_of_sample == 0.0)
    assert np.allclose(found.logits[slept], math.log((1 / 4) / (3 / 4)))


@pytest.mark.parametrize(
    ("returns", "reason"),
    [
        (noise(0, 100, 1), "fewer than two trials"),
        (np.zeros((100, 3)), "fewer than two trials"),
        (np.full((100, 3), 0.001), "fewer than two trials"),
        (np.column_stack([noise(0, 100, 1), np.zeros(100)]), "fewer than two trials"),
        (noise(0, 31, 3), "31 rows are too few for 16 blocks"),
        (np.vstack([np.full((64, 2), 0.001), noise(0, 64, 2)]), "each period of half the history"),
    ],
)
def test_what_is_undefined_has_a_reason_and_no_number(returns: np.ndarray, reason: str) -> None:
    found = overfitting(returns)
    assert isinstance(found, str)
    assert reason in found


def test_trials_with_one_winning_row_each_tie_whatever_they_won() -> None:
    # One gain in n rows has the Sharpe ratio 1 / sqrt(n) whatever it was, but for rounding.
    returns = np.zeros((80, 20))
    returns[np.arange(20), np.arange(20)] = np.random.default_rng(0).uniform(0.001, 0.1, 20)
    found = measured(returns, 4)
    assert set(found.chosen) == {0}
    assert np.allclose(found.logits, 0.0)


def test_equal_trials_never_beat_their_median() -> None:
    found = measured(np.repeat(noise(1, 100, 1), 3, axis=1), 4)
    assert found.probability == 1.0
    assert np.allclose(found.logits, 0.0)
    assert set(found.chosen) == {0}


def test_a_choice_that_never_changes_its_past_has_no_slope() -> None:
    returns = np.tile(noise(5, 10, 3), (4, 1))
    assert "the same in every split" in str(measured(returns, 4).slope)


@pytest.mark.parametrize("blocks", [7, 2, 0, -4, 22])
def test_blocks_that_cannot_be_halved_are_refused(blocks: int) -> None:
    with pytest.raises(ConfigError, match="even number from 4 to 20"):
        overfitting(noise(0), blocks=blocks)


def test_a_nan_return_is_refused_with_its_row_and_column() -> None:
    returns = noise(0)
    returns[17, 3] = math.inf
    with pytest.raises(DataError, match="row 17, column 3: inf is not a return"):
        overfitting(returns)
