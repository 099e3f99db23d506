from __future__ import annotations

from pathlib import Path

import pytest

from cli.options import home
from cli.parsing import parse_list, parse_pairs, parse_params, parse_scenarios, parse_timerange
from vigie.domain.errors import ConfigError
from vigie.domain.pair import Pair

DAY = 86_400_000
Y2020 = 1_577_836_800_000  # 2020-01-01T00:00Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, (None, None)),
        ("20200101-20200102", (Y2020, Y2020 + 2 * DAY)),
        ("20200101-20200101", (Y2020, Y2020 + DAY)),
        ("20200101-", (Y2020, None)),
        ("-20200101", (None, Y2020 + DAY)),
        (" 20200101-20200102 ", (Y2020, Y2020 + 2 * DAY)),
        ("1577836800-1577923200", (Y2020, Y2020 + DAY)),
        ("1577836800000-1577836800001", (Y2020, Y2020 + 1)),
        ("20200101-1577923200", (Y2020, Y2020 + DAY)),
    ],
)
def test_a_timerange_includes_its_last_day_as_a_whole(
    text: str | None, expected: tuple[int | None, int | None]
) -> None:
    assert parse_timerange(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not of the form FROM-TO"),
        ("-", "not of the form FROM-TO"),
        ("20200101", "not of the form FROM-TO"),
        ("2020-01-01", "not of the form FROM-TO"),
        ("20200230-", "there is no day 20200230"),
        ("yesterday-", "'yesterday' is neither a day"),
        ("20200102-20200101", "ends before it starts"),
        ("1577836800-1577836800", "ends before it starts"),
    ],
)
def test_a_timerange_that_cannot_be_read_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse_timerange(text)


def test_pairs_are_read_in_order_and_spaces_do_not_matter() -> None:
    assert parse_pairs("eth/usdt, BTC-USDT,") == (Pair("ETH", "USDT"), Pair("BTC", "USDT"))
    assert parse_pairs(None) is None


def test_all_problems_of_a_list_of_pairs_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_pairs("BTC,BTC/USDT,BTC/USDT,?")
    assert len(caught.value.problems) == 3
    with pytest.raises(ConfigError, match="no pair given"):
        parse_pairs(" , ")


def test_params_are_split_at_the_first_equals_sign() -> None:
    assert parse_params(["fast=20", "note=a=b", " slow = 50 "]) == {"fast": "20", "note": "a=b", "slow": "50"}
    assert parse_params(None) == {}


def test_all_problems_of_a_list_of_params_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_params(["fast", "=3", "slow=", "a=1", "a=2"])
    assert len(caught.value.problems) == 4


def test_a_list_is_read_in_order_and_refused_if_it_says_something_twice_or_nothing() -> None:
    assert parse_list(" 1h, 4h", "--timeframe") == ("1h", "4h")
    with pytest.raises(ConfigError, match="--timeframe '1h,': there is nothing between two commas"):
        parse_list("1h,", "--timeframe")
    with pytest.raises(ConfigError, match="1h is named twice"):
        parse_list("1h,4h,1h", "--timeframe")


def test_scenarios_are_overrides_under_a_name_and_basis_points_become_fractions() -> None:
    assert parse_scenarios(None) == {}
    assert parse_scenarios(["plain:", "dear: fee_bps=20, cooldown_bars=5", "slow:fill_at=close"]) == {
        "plain": {},
        "dear": {"fee_fraction": "0.002", "cooldown_bars": "5"},
        "slow": {"fill_at": "close"},
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["dear"], "'dear' is not of the form NAME:KEY=VALUE"),
        (["fee_bps=20"], "not of the form"),
        ([":fee_bps=20"], "not of the form"),
        (["a=b:c"], "not of the form"),
        (["dear:fee_bps"], "scenario 'dear': 'fee_bps' is not of the form"),
        (["dear:fee_bps=many"], "scenario 'dear': fee_bps=many: must be a number"),
        (["dear:fee_bps=-1"], "must be a number between 0 and 1000"),
        (["dear:fee_bps=nan"], "must be a number between 0 and 1000"),
        (["dear:fee_bps=2,fee_fraction=0.1"], "given both"),
        (["dear:fee_bps=2,fee_bps=3"], "given twice"),
        (["dear:fee_bps=2", "dear:fee_bps=3"], "scenario 'dear' is given twice"),
    ],
)
def test_a_scenario_that_is_none_is_refused_in_words(words: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        parse_scenarios(words)


def test_home_is_the_named_folder_or_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIGIE_HOME", raising=False)
    assert home() == tmp_path
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("VIGIE_HOME", "other")
    assert home() == tmp_path / "other"


def test_a_home_that_does_not_exist_is_refused_instead_of_starting_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_HOME", str(tmp_path / "typo"))
    with pytest.raises(ConfigError, match="not a folder"):
        home()
