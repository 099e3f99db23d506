"""Numbers from sums are the numbers of `ratios`, to the bit, and undefined for the same reasons."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.metrics import ratios
from vigie.metrics.summary import RUIN, Metrics
from vigie.metrics.sums import NAMES, Measures, Sums, kept, measure_sums

CAPITAL = 10_000.0
PER_YEAR = 8766.0


def measured(rows: int = 1000, years: float = 0.5, **columns: float) -> Metrics:
    usual = {
        "capital": CAPITAL,
        "final": 12_000.0,
        "total": 0.2,
        "squares": 0.02,
        "losses": 0.008,
        "deepest": 0.1,
        "trades": 40.0,
        "wins": 18.0,
        "gained": 3_000.0,
        "lost": 1_000.0,
        "fees": 120.0,
        "held": 300.0,
    }
    sums = Sums(**{name: np.array([value]) for name, value in {**usual, **columns}.items()})
    (found,) = measure_sums(sums, rows=rows, years=years, per_year=PER_YEAR)
    assert tuple(found.values) == NAMES
    assert set(found.undefined) == {name for name, value in found.values.items() if value is None}
    return found


@given(
    rows=st.integers(1, 100_000),
    years=st.floats(0.001, 20.0),
    total=st.floats(-2.0, 2.0),
    squares=st.floats(0.0, 1.0),
    share=st.floats(0.0, 1.0),
    final=st.floats(1.0, 1e6),
    deepest=st.floats(0.0, 0.99),
)
def test_every_ratio_has_the_bits_of_its_definition(
    rows: int, years: float, total: float, squares: float, share: float, final: float, deepest: float
) -> None:
    losses = squares * share
    found = measured(rows, years, total=total, squares=squares, losses=losses, final=final, deepest=deepest)
    moments = ratios.moments_of_sums(rows, total, squares, losses)
    yearly = ratios.cagr(final / CAPITAL, years)
    expected = {
        "cagr": yearly,
        "volatility": ratios.volatility(moments, PER_YEAR),
        "sharpe": ratios.sharpe(moments, PER_YEAR),
        "sortino": ratios.sortino(moments, PER_YEAR),
        "calmar": ratios.calmar(yearly, deepest),
    }
    for name, value in expected.items():
        assert (found.undefined[name] if isinstance(value, str) else found.values[name]) == value, name


def test_what_is_plain_division_by_hand() -> None:
    found = measured().values
    assert found["total_return"] == pytest.approx(0.2)
    assert (found["win_rate"], found["profit_factor"], found["exposure_fraction"]) == (0.45, 3.0, 0.3)
    assert (found["max_drawdown"], found["trades"], found["fees"]) == (0.1, 40.0, 120.0)


def test_what_is_undefined_says_why() -> None:
    idle = measured(trades=0.0, wins=0.0, gained=0.0, lost=0.0, total=0.0, squares=0.0, losses=0.0, deepest=0.0)
    assert idle.undefined == {
        "sharpe": ratios.NO_VARIATION,
        "sortino": ratios.NO_LOSS,
        "calmar": "no drawdown",
        "win_rate": "no closed trade",
        "profit_factor": "no closed trade",
    }
    assert measured(lost=0.0).undefined == {"profit_factor": "no losing trade"}
    assert measured(deepest=1.0).undefined == dict.fromkeys(("volatility", "sharpe", "sortino"), RUIN)
    assert measured(rows=0).undefined["sharpe"] == ratios.NO_CANDLES
    assert measured(rows=0).values["trades"] == 0.0
    assert math.isclose(measured(rows=1).values["exposure_fraction"] or 0.0, 300.0)


def three(rows: int = 1000) -> Measures:
    columns = {name: np.array([1.0, 2.0, 3.0]) / 10.0 for name in Sums.__dataclass_fields__}
    columns["trades"] = np.array([0.0, 2.0, 3.0])
    return measure_sums(Sums(**columns), rows=rows, years=0.5, per_year=PER_YEAR)


@pytest.mark.parametrize("rows", [0, 1, 1000])
def test_a_column_is_that_number_of_every_record_whatever_was_asked_for_before(rows: int) -> None:
    whole = list(three(rows))
    assert len(whole) == len(three(rows)) == 3
    for name in NAMES:
        assert list(three(rows).column(name)) == [one.values[name] for one in whole]
    asked = three(rows)
    for name in reversed(NAMES):
        asked.column(name)
    assert list(asked) == whole
    assert asked[1:] == whole[1:]
    assert asked[-1] == whole[2]


def test_there_are_no_more_records_than_runs() -> None:
    for rows in (0, 1000):
        with pytest.raises(IndexError):
            three(rows)[3]


def test_of_a_run_that_was_measured_whole_the_same_numbers_are_kept() -> None:
    whole = Metrics(
        {**dict.fromkeys(NAMES, 1.0), "sharpe": None, "exposure": None},
        {"sharpe": "returns do not vary", "exposure": "nobody asked"},
    )
    assert kept(whole) == Metrics({**dict.fromkeys(NAMES, 1.0), "sharpe": None}, {"sharpe": "returns do not vary"})
