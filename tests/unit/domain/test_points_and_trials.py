"""What is hashed, how, and what a trial is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.trials import an_event
from vigie.domain.canonical import canonical, digest
from vigie.domain.instants import as_iso, from_iso
from vigie.domain.point import Ground
from vigie.domain.trial import Market

GROUND = Ground("c" * 64, "ema_cross", "s" * 64, {"BTC/USDT": "d" * 64}, {"BTC/USDT": (1, 2)}, {"BTC/USDT": "0.1 0"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_canonical_json_says_the_same_as_the_value(value: object) -> None:
    assert json.loads(canonical(value)) == value


def test_the_order_of_keys_does_not_change_a_digest() -> None:
    assert digest({"a": 1, "b": {"d": 2.5, "c": "é"}}) == digest({"b": {"c": "é", "d": 2.5}, "a": 1})


def test_floats_that_differ_in_the_last_bit_have_different_digests() -> None:
    assert digest(0.1) != digest(float(np.nextafter(0.1, 1.0)))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_json_cannot_say_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        GROUND.key({}, {"stop_atr": value})


def test_a_point_has_one_key_however_its_numbers_are_ordered() -> None:
    key = GROUND.key({"fast": 20, "slow": 50}, {"fee_fraction": 0.001})
    assert key == GROUND.key({"slow": 50, "fast": 20}, {"fee_fraction": 0.001})
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "changed",
    [
        {"code_hash": "x"},
        {"strategy": "donchian"},
        {"strategy_hash": "x"},
        {"data_hashes": {"BTC/USDT": "x"}},
        {"data_hashes": {"ETH/USDT": "d" * 64}},
        {"ranges": {"BTC/USDT": (1, 3)}},
        {"filters": {}},
    ],
)
def test_another_ground_is_another_point(changed: Mapping[str, Any]) -> None:
    assert replace(GROUND, **changed).key({"fast": 20}, {}) != GROUND.key({"fast": 20}, {})


def test_a_number_is_not_taken_for_a_setting_of_the_same_name() -> None:
    assert GROUND.key({"fast": 20}, {}) != GROUND.key({}, {"fast": 20})


def test_keys_of_one_ground_do_not_depend_on_which_was_asked_for_first() -> None:
    first = GROUND.key({"fast": 20}, {})
    GROUND.key({"fast": 21}, {})
    assert GROUND.key({"fast": 20}, {}) == first == replace(GROUND).key({"fast": 20}, {})


def test_an_event_without_a_point_or_a_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one pair and one parameter point"):
        replace(an_event(), points=())
    with pytest.raises(ValueError, match="at least one pair"):
        an_event(pairs=())


def test_a_point_whose_key_is_too_short_to_be_kept_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 hex digits"):
        an_event("0123456789abcde")


def test_a_market_is_written_with_its_venue_and_timeframe() -> None:
    assert str(Market("binance", "BTC/USDT", "1h")) == "binance BTC/USDT 1h"


@given(st.integers(min_value=-62_135_596_800_000, max_value=253_402_300_799_999))
def test_an_instant_survives_being_written(epoch_ms: int) -> None:
    assert from_iso(as_iso(epoch_ms)) == epoch_ms


def test_instants_sort_as_text() -> None:
    assert as_iso(1_700_000_000_000) == "2023-11-14T22:13:20.000Z" < as_iso(1_700_000_000_001)


def test_an_instant_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="does not say its offset"):
        from_iso("2024-01-01T00:00:00")
