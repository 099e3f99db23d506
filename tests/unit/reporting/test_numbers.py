from __future__ import annotations

import math

import pytest

from vigie.metrics.definitions import Unit
from vigie.reporting import numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (104_123.456, "104,123.46"),
        (61.234, "61.234"),
        (1.0, "1"),
        (0.00001234, "0.00001234"),
        (0.000000014557, "0.000000014557"),
        (math.nan, "n/a"),
    ],
)
def test_a_price_keeps_its_significant_digits(value: float, shown: str) -> None:
    assert numbers.price(value) == shown


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        (0.0123, "1.23 %"),
        (-0.5, "-50.0 %"),
        (53.32, "5,332 %"),
        (0.0000123, "0.0012 %"),
        (0.0, "0 %"),
    ],
)
def test_a_percentage_shows_what_says_something(fraction: float, shown: str) -> None:
    assert numbers.percent(fraction) == shown


def test_a_sign_is_shown_for_gains_when_asked_for() -> None:
    assert numbers.percent(0.05, signed=True) == "+5.00 %"
    assert numbers.money(12.5, signed=True) == "+12.50"
    assert numbers.money(-12.5, signed=True) == "-12.50"
    assert numbers.money(0.0, signed=True) == "0.00"


def test_a_small_amount_is_not_shown_as_nothing() -> None:
    assert numbers.money(0.00123) == "0.00123"
    assert numbers.quantity(0.0000456) == "0.0000456"
    assert numbers.ratio(-0.0042) == "-0.0042"
    assert numbers.basis_points(0.00025) == "2.5 bps"
    assert numbers.basis_points(0.0) == "0 bps"


def test_a_large_amount_drops_its_cents() -> None:
    assert numbers.money(294_846.481) == "294,846"


def test_durations_change_their_unit_when_they_grow() -> None:
    assert numbers.hours(34.52) == "34.5 h"
    assert numbers.hours(240.0) == "10.0 d"
    assert numbers.days(1767.2) == "1,767 d"
    assert numbers.days(0.0) == "0 d"


@pytest.mark.parametrize("unit", list(Unit))
def test_an_undefined_number_is_never_a_number(unit: Unit) -> None:
    assert numbers.in_unit(None, unit) == "n/a"
    assert numbers.in_unit(2.0, unit) != "n/a"
