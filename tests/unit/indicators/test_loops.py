"""The compiled twins of the recursive loops give the same bits as the plain ones."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import numpy as np
import pytest

from tests.oracles import markets
from vigie.indicators import loops
from vigie.research.compile import use_compiled_loops

VALUES = {"alpha": (0.5, 2 / 21), "period": (1, 2, 14), "first": (0, 1, 14)}
"""What each scalar argument of a loop is tried with; all others are columns of candles."""


@pytest.fixture
def twins() -> dict[str, object]:
    use_compiled_loops()
    return dict(loops.compiled)


def calls(name: str, rows: int) -> Iterator[list[object]]:
    """Arguments of a loop: candles for arrays, each value for scalars."""
    candles = markets.as_candles(markets.gap_heavy(300, 5))[:rows]
    parameters = list(inspect.signature(loops.PLAIN[name]).parameters)
    for choice in range(3):
        yield [
            VALUES[one][choice % len(VALUES[one])] if one in VALUES else getattr(candles, one, candles.close)
            for one in parameters
        ]


@pytest.mark.parametrize("name", sorted(loops.PLAIN))
@pytest.mark.parametrize("rows", [0, 1, 13, 14, 27, 300])
def test_a_compiled_loop_equals_the_plain_one_bit_for_bit(twins: dict[str, object], name: str, rows: int) -> None:
    for arguments in calls(name, rows):
        compiled, plain = twins[name](*arguments), loops.PLAIN[name](*arguments)
        assert compiled.tobytes() == plain.tobytes()
        assert compiled.dtype == plain.dtype == np.float64


def test_every_loop_has_a_twin_and_callers_get_it(twins: dict[str, object]) -> None:
    assert set(twins) == set(loops.PLAIN)
    assert len(twins) >= 3


@pytest.mark.parametrize("name", sorted(loops.PLAIN))
def test_undefined_values_go_through_both_alike(twins: dict[str, object], name: str) -> None:
    holed = np.array([np.nan, 1.0, np.nan, 2.0, 3.0, 4.0, 5.0])
    arguments = [VALUES[one][1] if one in VALUES else holed for one in inspect.signature(loops.PLAIN[name]).parameters]
    np.testing.assert_array_equal(twins[name](*arguments), loops.PLAIN[name](*arguments))
