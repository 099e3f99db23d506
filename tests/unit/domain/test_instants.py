"""Instants as numbers and as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.domain.instants import as_iso, as_text, for_names, from_iso

AT = 1_709_298_000_123


def test_people_read_minutes_files_milliseconds_and_names_no_colons() -> None:
    assert as_text(AT) == "2024-03-01 13:00"
    assert as_iso(AT) == "2024-03-01T13:00:00.123Z"
    assert for_names(AT) == "20240301T130000.123Z"


def test_what_no_calendar_has_is_shown_as_the_number_it_is() -> None:
    assert as_text(10**18) == "1000000000000000000 ms"


@given(st.integers(0, 4_102_444_800_000))
def test_what_was_written_is_read_back(at: int) -> None:
    assert from_iso(as_iso(at)) == at


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    assert from_iso("2024-03-01T14:00:00.123+01:00") == AT


def test_an_instant_without_its_zone_is_none() -> None:
    with pytest.raises(ValueError, match=r"'2024-03-01T13:00:00' does not say its offset from UTC"):
        from_iso("2024-03-01T13:00:00")
