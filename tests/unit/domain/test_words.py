"""Pairs, timeframes, instants, suggestions, errors: how they are read and written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vigie.domain import errors
from vigie.domain.instants import as_datetime, as_text
from vigie.domain.names import suggestion
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe


@pytest.mark.parametrize("text", ["BTC/USDT", "btc-usdt", " Btc_Usdt "])
def test_a_pair_is_read_however_it_is_written(text: str) -> None:
    pair = Pair.parse(text)
    assert pair == Pair("BTC", "USDT")
    assert str(pair) == "BTC/USDT"
    assert pair.file_name == "BTC-USDT"


@pytest.mark.parametrize("text", ["", "BTC", "BTCUSDT", "BTC/", "/USDT", "A/B/C", "BTC USDT", "ÄB/CD"])
def test_what_is_not_a_pair_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(errors.ConfigError, match=r"is not a pair: .*for instance BTC/USDT"):
        Pair.parse(text)


def test_pairs_are_sorted_by_name() -> None:
    assert min([Pair("SOL", "USDT"), Pair("BTC", "USDT"), Pair("BTC", "EUR")]) == Pair("BTC", "EUR")


@pytest.mark.parametrize(
    ("text", "milliseconds", "written"),
    [
        ("1m", 60_000, "1m"),
        (" 15m ", 900_000, "15m"),
        ("60m", 3_600_000, "1h"),
        ("4h", 14_400_000, "4h"),
        ("24h", 86_400_000, "1d"),
        ("7d", 604_800_000, "1w"),
        ("90m", 5_400_000, "90m"),
    ],
)
def test_a_timeframe_is_read_and_written_in_its_largest_unit(text: str, milliseconds: int, written: str) -> None:
    timeframe = Timeframe.parse(text)
    assert timeframe.milliseconds == milliseconds
    assert str(timeframe) == written


def test_a_length_without_a_unit_is_written_in_milliseconds() -> None:
    assert str(Timeframe(1500)) == "1500ms"


@pytest.mark.parametrize("text", ["", "h", "0h", "-1h", "1.5h", "1M", "1y", "1hh", "12345h", "1 h"])
def test_what_is_not_a_timeframe_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(errors.ConfigError, match=r"is not a timeframe: .*for instance 1h"):
        Timeframe.parse(text)


@pytest.mark.parametrize(
    ("text", "each_year"),
    [
        ("1m", 525_960),
        ("5m", 105_192),
        ("15m", 35_064),
        ("30m", 17_532),
        ("1h", 8766),
        ("2h", 4383),
        ("4h", 2191),
        ("6h", 1461),
        ("8h", 1096),
        ("12h", 730),
        ("1d", 365),
        ("3d", 122),
        ("1w", 52),
    ],
)
def test_a_year_has_so_many_candles_of_each_timeframe__lesson_81(text: str, each_year: float) -> None:
    assert Timeframe.parse(text).per_year == pytest.approx(each_year)


def test_an_instant_is_aware_and_in_utc() -> None:
    assert as_datetime(1_709_298_000_000) == datetime(2024, 3, 1, 13, tzinfo=UTC)
    assert as_text(1_709_298_000_000) == "2024-03-01 13:00"


def test_an_instant_that_no_calendar_has_is_still_written() -> None:
    assert as_text(1_709_298_000_000_000) == "1709298000000000 ms"


def test_a_mistyped_word_is_answered_with_the_nearest() -> None:
    assert suggestion("fsat", ["fast", "slow"]) == "; did you mean 'fast'?"


def test_a_strange_word_is_answered_with_all_that_are_known_or_nothing() -> None:
    assert suggestion("zzz", ["slow", "fast"]) == "; known: fast, slow"
    assert suggestion("zzz", []) == ""


def test_a_config_error_tells_all_problems_one_a_line() -> None:
    assert errors.ConfigError("one").problems == ("one",)
    both = errors.ConfigError(["one", "two"])
    assert both.problems == ("one", "two")
    assert str(both) == "one\ntwo"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.VigieError("x"), 1),
        (errors.ConfigError("x"), 78),
        (errors.DataError("x"), 65),
        (errors.CheckFailed("x"), 3),
        (errors.AccountLocked("x"), 4),
        (errors.VenueRefused("x"), 1),
        (errors.VenueUnavailable("x"), 75),
        (errors.OutcomeUnknown("x"), 75),
        (errors.InvariantBroken("x"), 70),
    ],
)
def test_each_error_has_its_exit_code_and_one_root(error: errors.VigieError, code: int) -> None:
    assert error.exit_code == code
    assert isinstance(error, errors.VigieError)


def test_an_unavailable_venue_may_say_how_long_to_wait() -> None:
    assert errors.VenueUnavailable("busy", retry_after=2.5).retry_after == 2.5
    assert errors.VenueUnavailable("busy").retry_after is None
