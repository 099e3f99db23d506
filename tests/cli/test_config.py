"""``vigie config``: every problem at once, what is in force, and no secret anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.command_line import Vigie

WRONG = """
colour = "blue"
[accounts.paper]
strategey = "ema_stochrsi"
timeframe = "soon"
pairs = ["BTC/USDT", "ETH/EUR"]
[accounts.paper.parameters]
fsat = 3
[accounts.paper-2]
profile = "standrad"
[accounts.paper-3]
pairs = ["BTC/USDT", "ETH/EUR"]
[accounts.paper-3.reconcile]
foreign-ordr = "ignore"
missing-stop = "ignore"
[accounts.live-main]
venue = "bitget"
[accounts.Main]
"""
KEY, SECRET = "k" * 20 + "KEY1", "s" * 20 + "SECRET2"


def written(home: Path, mode: int = 0o600) -> None:
    path = home / ".env"
    path.write_text(f"VIGIE_LIVE_MAIN_API_KEY={KEY}\nVIGIE_LIVE_MAIN_API_SECRET={SECRET}\n")
    path.chmod(mode)


def test_an_empty_home_is_in_order(vigie: Vigie) -> None:
    said = vigie("config", "check")
    assert (said.code, "nothing is wrong" in said.out) == (0, True)


def test_every_problem_of_every_account_is_told_at_once(vigie: Vigie, home: Path) -> None:
    (home / "vigie.toml").write_text(WRONG)
    said = vigie("config", "check", "--json")
    assert said.code == 78
    problems = "\n".join(said.document["problems"])
    for sentence in (
        "unknown key 'colour'",
        "unknown key 'strategey'; did you mean 'strategy'?",
        "[accounts.paper] timeframe: ",
        "did you mean 'fast'",
        "unknown profile 'standrad'; did you mean 'standard'?",
        "there is no kind of difference 'foreign-ordr'; did you mean 'foreign-order'?",
        "missing-stop knows no policy 'ignore': adopt, close, halt",
        "the pairs of an account are counted in one quote asset",
        "[accounts.live-main] capital: say how much",
        "the requests to bitget are not held in any test",
        "keys are missing: set VIGIE_LIVE_MAIN_API_KEY and VIGIE_LIVE_MAIN_API_SECRET",
        "no certificate for ema_stochrsi",
        "'Main' is no name for an account",
    ):
        assert sentence in problems, sentence
    assert len(said.document["problems"]) == len(set(said.document["problems"]))
    assert "13 problems" in vigie("config", "check").out or "problems" in vigie("config", "check").out


def test_a_pair_in_another_quote_is_no_fault_of_the_profile(vigie: Vigie, home: Path) -> None:
    (home / "vigie.toml").write_text('[accounts.paper]\npairs = ["BTC/USDT", "ETH/BTC"]\n')
    problems = vigie("config", "check", "--json").document["problems"]
    assert problems == ["[accounts.paper] the pairs of an account are counted in one quote asset"]


def test_a_file_that_is_not_toml_is_one_problem(vigie: Vigie, home: Path) -> None:
    (home / "vigie.toml").write_text("[accounts\n")
    said = vigie("config", "check", "--json")
    assert (said.code, len(said.document["problems"])) == (78, 1)
    assert "is not TOML" in said.document["problems"][0]


def test_keys_are_named_with_their_place_and_never_shown(vigie: Vigie, home: Path) -> None:
    (home / "vigie.toml").write_text("[accounts.live-main]\ncapital = 100\n")
    written(home)
    for words in (("check",), ("check", "--json"), ("show",), ("show", "--json")):
        said = vigie("config", *words)
        assert KEY not in said.out + said.err
        assert SECRET not in said.out + said.err
        assert "VIGIE_LIVE_MAIN_API_SECRET" in said.out
    rows = {row["name"]: row for row in vigie("config", "show", "--json").document["accounts"][0]["settings"]}
    assert rows["VIGIE_LIVE_MAIN_API_KEY"] == {"name": "VIGIE_LIVE_MAIN_API_KEY", "value": "***", "source": ".env"}


def test_a_secret_file_that_others_may_read_is_a_problem(vigie: Vigie, home: Path) -> None:
    (home / "vigie.toml").write_text("[accounts.live-main]\ncapital = 100\n")
    written(home, 0o644)
    said = vigie("config", "check", "--json")
    assert said.code == 78
    assert any("others may read it (mode 644)" in one for one in said.document["problems"])
    assert SECRET not in said.out


def shown(vigie: Vigie, account: str = "paper") -> dict[str, Any]:
    document = vigie("config", "show", "--account", account, "--json").document
    return {row["name"]: (row["value"], row["source"]) for row in document["accounts"][0]["settings"]}


def test_environment_is_above_the_file_and_the_file_above_the_defaults(
    vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[accounts.paper]\ncapital = 500\ntimeframe = "4h"\n[accounts.paper.parameters]\nfast = 20\nslow = 60\n'
    (home / "vigie.toml").write_text(text)
    (home / ".env").write_text("VIGIE_PAPER_PARAM_SLOW=70\nVIGIE_PAPER_TIMEFRAME=2h\n")
    (home / ".env").chmod(0o600)
    monkeypatch.setenv("VIGIE_PAPER_TIMEFRAME", "1h")
    monkeypatch.setenv("VIGIE_PAPER_PAIRS", "ETH/USDT,BTC/USDT")
    found = shown(vigie)
    assert found["timeframe"] == ("1h", "environment")
    assert found["pairs"] == ("BTC/USDT,ETH/USDT", "environment")
    assert found["slow"] == ("70", ".env")
    assert found["fast"] == ("20", "vigie.toml")
    assert found["capital"] == ("500.0", "vigie.toml")
    assert found["venue"] == ("binance", "default")
    assert found["fee_fraction"][1] == "profile standard"
    assert found["reconcile.missing-stop"] == ("adopt", "default")


def test_a_variable_with_a_slip_in_it_is_refused_with_a_suggestion(
    vigie: Vigie, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_PAPER_TIMEFRAM", "1h")
    said = vigie("paper", "--once")
    assert said.code == 78
    assert "VIGIE_PAPER_TIMEFRAM: there is no such setting; did you mean 'TIMEFRAME'?" in said.err


def test_variables_of_an_account_with_a_longer_name_are_its_own(
    vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "vigie.toml").write_text("[accounts.paper]\n[accounts.paper-2]\n")
    monkeypatch.setenv("VIGIE_PAPER_2_CAPITAL", "77")
    assert shown(vigie, "paper-2")["capital"] == ("77.0", "environment")
    assert shown(vigie, "paper")["capital"][1] != "environment"
    assert vigie("config", "check").code == 0


def test_a_variable_of_no_account_is_told(vigie: Vigie, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_LIFE_ACCOUNT", "live-main")
    said = vigie("config", "check", "--json")
    assert said.code == 78
    assert "did you mean 'VIGIE_LIVE_ACCOUNT'?" in said.document["problems"][0]
