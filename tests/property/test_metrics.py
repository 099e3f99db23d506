from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vigie.metrics import ratios
from vigie.metrics.drawdown import drawdowns, worst
from vigie.metrics.returns import last_of_each_day, monthly_returns, simple_returns
from vigie.metrics.round_trips import longest_streak

HOUR = 3_600_000
DAY = 24 * HOUR
prices = st.floats(1.0, 1e6)
lengths = st.one_of(st.integers(1, 60), st.integers(500, 530), st.integers(1020, 1800))


@st.composite
def curves(draw: st.DrawFn) -> np.ndarray:
    """Random walks around the block length, with flat stretches and returns to old peaks."""
    noise = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = noise.choice([-2.0, -1.0, 0.0, 0.0, 1.0, 2.0], draw(lengths))
    return np.maximum(draw(st.sampled_from([50.0, 1000.0])) + np.cumsum(steps), 1.0)


def slow_drawdown(curve: np.ndarray, start: float) -> tuple[float, int]:
    peak, since, depth, longest = start, 0, 0.0, 0
    for row, value in enumerate(curve.tolist(), start=1):
        if value >= peak:
            # Peaks that follow each other have nothing below them.
            longest = max(longest, row - since if row - since > 1 else 0)
            peak, since = value, row
        else:
            longest = max(longest, row - since)
            depth = max(depth, 1.0 - value / peak)
    return depth, longest


@given(curves(), st.sampled_from([40.0, 50.0, 1000.0, 1010.0]))
def test_the_fast_drawdown_equals_the_loop_over_all_points(curve: np.ndarray, start: float) -> None:
    found = worst(curve, np.arange(1, len(curve) + 1), start, 0)
    depth, longest = slow_drawdown(curve, start)
    assert found.depth == pytest.approx(depth, abs=1e-15)
    assert found.duration_ms == longest
    assert float(drawdowns(curve, start).max()) == pytest.approx(depth, abs=1e-15)


@given(curves(), st.sampled_from([0.0, 1e-4]))
def test_moments_equal_those_of_the_returns(curve: np.ndarray, risk_free: float) -> None:
    found = ratios.moments(curve, 50.0, risk_free)
    excess = np.diff(np.concatenate(((50.0,), curve))) / np.concatenate(((50.0,), curve[:-1])) - risk_free
    assert found.mean == pytest.approx(excess.mean(), rel=1e-9, abs=1e-13)
    deviation = excess.std(ddof=1) if len(excess) > 1 else 0.0
    assert found.deviation == pytest.approx(deviation, rel=1e-9, abs=1e-13)
    assert found.downside == pytest.approx(math.sqrt((np.minimum(excess, 0.0) ** 2).mean()), rel=1e-9, abs=1e-13)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=200, unique=True), st.integers(0, 47), st.booleans())
def test_the_last_point_of_a_day_is_the_last_of_its_day(hours: list[int], shift: int, whole: bool) -> None:
    at = HOUR * (np.arange(1, max(hours) + 1) if whole else np.array(sorted(hours))) + shift * HOUR // 2
    days = [(int(instant) - 1) // DAY for instant in at]
    expected = [row for row, day in enumerate(days) if row + 1 == len(days) or days[row + 1] != day]
    assert last_of_each_day(at, HOUR).tolist() == expected


@given(curves())
def test_days_and_months_compound_to_the_whole(curve: np.ndarray) -> None:
    at = HOUR * np.arange(1, len(curve) + 1)
    daily = simple_returns(curve[last_of_each_day(at, HOUR)], 50.0)
    assert np.prod(1.0 + daily) == pytest.approx(curve[-1] / 50.0)
    months = monthly_returns(curve, at, 50.0)
    assert math.prod(1.0 + month.fraction for month in months) == pytest.approx(curve[-1] / 50.0)


@given(arrays.arrays(np.bool_, st.integers(0, 40)))
def test_a_streak_equals_the_loop(wanted: np.ndarray) -> None:
    longest = current = 0
    for one in wanted.tolist():
        current = current + 1 if one else 0
        longest = max(longest, current)
    assert longest_streak(wanted) == longest


@given(arrays.arrays(np.float64, st.integers(20, 300), elements=st.floats(-0.5, 0.5)))
def test_the_mean_loss_beyond_is_at_least_the_value_at_risk(daily: np.ndarray) -> None:
    at_risk, beyond = ratios.value_at_risk(daily)
    assert not isinstance(at_risk, str)
    assert not isinstance(beyond, str)
    assert beyond >= at_risk - 1e-15
    assert np.count_nonzero(daily <= -at_risk) >= math.ceil(0.05 * len(daily))
