"""Impossible candles cannot be built; ranges, holes and identity of those that can."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest

from tests.oracles import markets
from vigie.domain.candles import COLUMNS, Candles, Series
from vigie.domain.errors import DataError
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

HOUR_MS = 3_600_000
START_MS = markets.START_MS


def candles(**changes: object) -> Candles:
    """Three good hourly candles from 2020-01-01 00:00 on, with some columns changed."""
    columns: dict[str, object] = {
        "timeframe": Timeframe.parse("1h"),
        "opens_at": [START_MS, START_MS + HOUR_MS, START_MS + 2 * HOUR_MS],
        "open": [10.0, 11.0, 12.0],
        "high": [11.0, 12.0, 13.0],
        "low": [9.0, 10.0, 11.0],
        "close": [10.5, 11.5, 12.5],
        "volume": [1.0, 0.0, np.nan],
    }
    return Candles(**(columns | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"close": [10.5, np.nan, 12.5]}, "row 2 (2020-01-01 01:00): close is not a number"),
        ({"high": [11.0, 12.0, np.inf]}, "row 3 (2020-01-01 02:00): high is not a number"),
        ({"low": [0.0, 10.0, 11.0]}, "row 1 (2020-01-01 00:00): low is not above zero"),
        ({"open": [-10.0, 11.0, 12.0]}, "row 1 (2020-01-01 00:00): open is not above zero"),
        ({"high": [11.0, 11.4, 13.0]}, "row 2 (2020-01-01 01:00): high is below open or close"),
        ({"low": [9.0, 11.2, 11.0]}, "row 2 (2020-01-01 01:00): low is above open or close"),
        ({"volume": [1.0, -1.0, 0.0]}, "row 2 (2020-01-01 01:00): volume is negative"),
        ({"volume": [np.inf, 1.0, 0.0]}, "row 1 (2020-01-01 00:00): volume is infinite"),
        ({"close": [10.5, 11.5]}, "column 'close' has 2 rows, the time column 3"),
        ({"opens_at": [START_MS, START_MS, START_MS + HOUR_MS]}, "row 2 (2020-01-01 00:00) repeats the time"),
        ({"opens_at": [START_MS, START_MS + HOUR_MS, START_MS]}, "row 3 (2020-01-01 00:00) is earlier than"),
        (
            {"opens_at": [START_MS, START_MS + HOUR_MS, START_MS + HOUR_MS * 3 // 2 + HOUR_MS]},
            "row 3 (2020-01-01 02:30) is not a whole number of 1h candles after the row before it: mixed timeframes?",
        ),
    ],
)
def test_an_impossible_candle_is_refused_with_its_row(changes: dict[str, object], said: str) -> None:
    with pytest.raises(DataError) as caught:
        candles(**changes)
    assert str(caught.value).startswith(said)


def test_an_instant_no_calendar_has_is_refused_with_a_sentence_too() -> None:
    far = START_MS * 1000  # microseconds taken for milliseconds
    with pytest.raises(DataError, match=rf"row 1 \({far} ms\): close is not a number"):
        candles(opens_at=[far, far + HOUR_MS, far + 2 * HOUR_MS], close=[np.nan, 11.5, 12.5])


def test_a_flat_candle_and_an_unknown_volume_are_possible() -> None:
    flat = {name: [10.0, 10.0, 10.0] for name in COLUMNS}
    assert len(candles(**flat)) == 3
    assert len(candles(volume=[np.nan] * 3)) == 3


def test_no_candles_are_candles_too() -> None:
    none = candles()[:0]
    assert len(none) == 0
    assert len(none.closes_at) == len(none.rows_without_hole) == 0
    assert none.content_hash == candles(opens_at=[], **{name: [] for name in COLUMNS}).content_hash


def test_candles_cannot_be_changed() -> None:
    made = candles()
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.open = made.close  # type: ignore[misc]
    for name in ("opens_at", *COLUMNS):
        with pytest.raises(ValueError, match="read-only"):
            getattr(made, name)[0] = 1
        with pytest.raises(ValueError, match="read-only"):
            getattr(made[1:], name)[0] = 1


def test_a_candle_closes_where_the_next_one_opens() -> None:
    made = candles()
    assert made.closes_at.tolist()[:2] == made.opens_at.tolist()[1:]


def test_a_candle_belongs_to_the_day_in_which_it_closes_and_midnight_opens_a_new_one() -> None:
    hours = [START_MS + hour * HOUR_MS for hour in (21, 22, 23)]
    day = START_MS // 86_400_000
    assert candles(opens_at=hours).close_day.tolist() == [day, day, day + 1]


def test_between_takes_the_start_and_leaves_the_end() -> None:
    made = candles()
    assert made.between(START_MS + HOUR_MS, START_MS + 2 * HOUR_MS).open.tolist() == [11.0]
    assert made.between(None, START_MS + 1).open.tolist() == [10.0]
    assert made.between(START_MS + 1, None).open.tolist() == [11.0, 12.0]
    assert made.between(None, None) is made
    assert len(made.between(START_MS, START_MS + 3 * HOUR_MS)) == 3
    assert len(made.between(START_MS + 9 * HOUR_MS, None)) == 0


def test_a_hole_starts_the_count_anew() -> None:
    at = [START_MS + hour * HOUR_MS for hour in (0, 1, 3, 4, 5, 9)]
    columns = {name: [10.0] * 6 for name in COLUMNS}
    made = candles(opens_at=at, **columns)
    assert made.rows_without_hole.tolist() == [1, 2, 1, 2, 3, 1]
    assert made[1:5].rows_without_hole.tolist() == [1, 1, 2, 3]
    assert made[:2].rows_without_hole.tolist() == [1, 2]
    assert made[5:].rows_without_hole.tolist() == [1]


@pytest.mark.parametrize("column", ["opens_at", *COLUMNS])
def test_the_identity_of_candles_depends_on_every_column(column: str) -> None:
    made = candles()
    changed = getattr(made, column).copy()
    changed[0] = changed[0] - HOUR_MS if column == "opens_at" else changed[0] + 0.25
    assert candles(**{column: changed}).content_hash != made.content_hash
    assert candles().content_hash == made.content_hash


def test_the_identity_of_candles_depends_on_the_timeframe() -> None:
    assert candles(timeframe=Timeframe.parse("30m")).content_hash != candles().content_hash


def test_only_the_sample_market_is_synthetic() -> None:
    assert Series(Pair("A", "B"), "synthetic", candles(), "made").synthetic
    assert not Series(Pair("A", "B"), "binance", candles(), "store").synthetic


def test_candles_that_were_sent_to_another_process_are_the_same_and_frozen() -> None:
    sent = pickle.loads(pickle.dumps(candles()))
    assert sent.content_hash == candles().content_hash
    with pytest.raises(ValueError, match="read-only"):
        sent.close[0] = 1.0
