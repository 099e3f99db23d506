"""What a strategy may leave out, and what it may not get wrong."""

from __future__ import annotations

import numpy as np
import pytest

from vigie.strategy.signals import Signals


def signals(**changes: object) -> Signals:
    columns: dict[str, object] = {
        "entry": np.array([True, False, True]),
        "exit": np.array([False, True, False]),
        "stop_distance": np.array([1.0, 2.0, np.nan]),
        "volatility": np.array([1.0, 1.0, 1.0]),
        "warm_up": 1,
    }
    return Signals.of(**(columns | changes))  # type: ignore[arg-type]


def test_a_simple_strategy_gets_no_target_full_confidence_and_one_reason() -> None:
    made = signals()
    assert len(made) == 3
    assert made.entry.tolist() == [1, 0, 1]
    assert np.isnan(made.target_distance).all()
    assert made.confidence.tolist() == [1.0, 1.0, 1.0]
    assert made.reason.tolist() == [0, 0, 0]
    assert made.reasons == ("entry",)


def test_whole_numbers_and_lists_become_the_right_columns() -> None:
    made = signals(
        entry=[1, 0, -1], stop_distance=[1, 2, 3], target_distance=[5, 6, 7], confidence=[3, 2, 1], reason=[0, 1, 0]
    )
    kinds = {
        "entry": np.int8,
        "exit": np.bool_,
        "stop_distance": np.float64,
        "target_distance": np.float64,
        "confidence": np.float64,
        "reason": np.int8,
    }
    for name, kind in kinds.items():
        assert getattr(made, name).dtype == kind, name


@pytest.mark.parametrize("column", ["exit", "stop_distance", "volatility", "target_distance", "confidence", "reason"])
def test_a_column_of_another_length_is_refused_by_name(column: str) -> None:
    with pytest.raises(ValueError, match=rf"signals column '{column}' has shape \(2,\), expected \(3,\)"):
        signals(**{column: np.zeros(2)})


@pytest.mark.parametrize("unknown", [np.nan, np.inf])
def test_confidence_must_be_a_number_since_it_decides_who_goes_first(unknown: float) -> None:
    with pytest.raises(ValueError, match="'confidence' must be finite"):
        signals(confidence=np.array([1.0, unknown, 1.0]))
