"""The compiled twins of the loops over arrays give the same bits as the plain ones."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import vigie.indicators.loops
import vigie.metrics.loops
from tests.oracles import markets
from vigie.domain import loops
from vigie.research.compile import use_compiled_loops

Twins = dict[str, Callable[..., Any]]

SCALARS: dict[str, tuple[float, ...]] = {
    "alpha": (0.5, 2 / 21),
    "other": (2 / 51, 0.5),
    "period": (1, 2, 14),
    "first": (0, 1, 14),
    "start": (100.0, 50.0),
    "start_at": (markets.START_MS - 3_600_000,),
    "risk_free": (0.0, 1e-6),
}
"""What each scalar argument of a loop is tried with."""
COLUMNS = {
    "values": "close",
    "equity": "close",
    "at": "closes_at",
    "high": "high",
    "low": "low",
    "close": "close",
    "line": "close",
    "second": "open",
}
"""Which column of candles each array argument is given."""


@pytest.fixture
def twins() -> Twins:
    use_compiled_loops()
    return dict(loops.compiled)


def calls(name: str, rows: int) -> Iterator[list[object]]:
    candles = markets.as_candles(markets.gap_heavy(300, 5))[:rows]
    for turn in range(3):
        yield [
            SCALARS[one][turn % len(SCALARS[one])] if one in SCALARS else getattr(candles, COLUMNS[one])
            for one in inspect.signature(loops.PLAIN[name]).parameters
        ]


def bits(answer: object) -> list[bytes]:
    return [np.asarray(part).tobytes() for part in (answer if isinstance(answer, tuple) else (answer,))]


@pytest.mark.parametrize("name", sorted(loops.PLAIN))
@pytest.mark.parametrize("rows", [0, 1, 13, 14, 27, 300])
def test_a_compiled_loop_equals_the_plain_one_bit_for_bit(twins: Twins, name: str, rows: int) -> None:
    for arguments in calls(name, rows):
        assert bits(twins[name](*arguments)) == bits(loops.PLAIN[name](*arguments))


@pytest.mark.parametrize("name", sorted(loops.PLAIN))
def test_undefined_values_go_through_both_alike(twins: Twins, name: str) -> None:
    for arguments in calls(name, 60):
        holed = [one.copy() if isinstance(one, np.ndarray) else one for one in arguments]
        for one in holed:
            if isinstance(one, np.ndarray) and one.dtype == np.float64:
                one[[0, 7, 8, 30]] = np.nan
        for ours, plain in zip(
            np.atleast_1d(twins[name](*holed)), np.atleast_1d(loops.PLAIN[name](*holed)), strict=True
        ):
            np.testing.assert_array_equal(ours, plain)


def test_every_loop_has_a_twin(twins: Twins) -> None:
    assert set(twins) == set(loops.PLAIN)
    assert len(twins) >= 5


def test_callers_get_the_twin_once_it_is_there() -> None:
    name = "vigie.indicators.loops.exponential"
    use_compiled_loops()
    values = np.array([1.0, 2.0])
    kept = loops.compiled[name]
    try:
        loops.compiled[name] = lambda values, alpha: np.full(len(values), -1.0)
        assert vigie.indicators.loops.exponential(values, 0.5).tolist() == [-1.0, -1.0]
        del loops.compiled[name]
        assert vigie.indicators.loops.exponential(values, 0.5).tolist() == [1.0, 1.5]
    finally:
        loops.compiled[name] = kept
