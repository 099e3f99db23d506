from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.certificates import BTC, a_certificate
from tests.fakes.clock import FakeClock
from tests.fakes.command_line import Vigie
from tests.fakes.files import lines, write_csv
from tests.fakes.trials import an_event, key
from vigie.adapters.market_data.store import CandleStore
from vigie.adapters.storage.certificates import CertificateFolder
from vigie.adapters.storage.trials import JsonlTrialLedger
from vigie.app.strategies.finding import find
from vigie.domain.candles import Series
from vigie.domain.pair import Pair
from vigie.domain.trial import TrialKind
from vigie.research.compile import source_hash


def test_a_backtest_says_in_every_report_how_many_trials_stand_behind_it(vigie: Vigie, home: Path) -> None:
    data = write_csv(home / "binance_BTC-USDT_1h.csv", lines(300))
    report = home / "r.html"
    words = ("backtest", "--strategy", "ema_cross", "--data", data)
    assert vigie(*words, "--json").document["scope"]["trial_count"] == 1
    assert vigie(*words, "--param", "fast=10", "--json").document["scope"]["trial_count"] == 2
    shown = vigie(*words, "--param", "fast=11", "--report", report)
    assert shown.code == 0
    assert "3 trials" in shown.out
    assert "3 trials" in report.read_text(encoding="utf-8")
    counted = vigie("trials", "--json").document
    assert counted["trials"] == 3
    assert [(row["strategy"], row["pairs"], row["kind"], row["events"]) for row in counted["rows"]] == [
        ("ema_cross", {"BTC/USDT": "binance"}, "backtest", 3)
    ]


def test_a_backtest_cannot_be_asked_not_to_be_counted(vigie: Vigie) -> None:
    assert "count" not in vigie("backtest", "--help").out.lower()


def test_before_the_first_trial_there_is_none(vigie: Vigie) -> None:
    assert vigie("trials").out == "no trial was counted yet\n"
    document = vigie("trials", "--strategy", "ema_cross", "--json").document
    assert (document["trials"], document["since"], document["rows"]) == (0, None, [])


def test_trials_are_shown_by_strategy_and_kind(vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ledger = JsonlTrialLedger.of(home, FakeClock())
    ledger.record(an_event(key("one"), pairs=("BTC/USDT", "ETH/USDT")))
    ledger.record(an_event(*map(key, range(1500)), kind=TrialKind.SWEEP, strategy="donchian"))
    said = vigie("trials")
    assert said.out.startswith("1,501 trials since 2025-06-15 15:06 UTC\n")
    assert "binance BTC/USDT, ETH/USDT" in said.out
    assert "1,500" in said.out
    one = vigie("trials", "--strategy", "ema_cross")
    assert one.out.startswith("1 trial of ema_cross since ")
    assert "donchian" not in one.out


def test_a_damaged_ledger_is_unusable_data(vigie: Vigie, home: Path) -> None:
    (home / "state").mkdir()
    (home / "state" / "trials.jsonl").write_text("nonsense\n")
    said = vigie("trials")
    assert said.code == 65
    assert "line 1 cannot be read" in said.err


def keep(home: Path, **facts: Any) -> str:
    CandleStore.of(home).save(Series(Pair("BTC", "USDT"), "binance", BTC, "a test"), "a test")
    honest = a_certificate(strategy_hash=find("ema_cross", home).code_hash, code_hash=source_hash())
    one = replace(honest, **facts)
    CertificateFolder.of(home).save(one)
    return one.name


def test_without_a_certificate_the_list_says_where_they_come_from(vigie: Vigie) -> None:
    said = vigie("certificate", "list")
    assert (said.code, said.out) == (0, "")
    assert "walk-forward --promote" in said.err


def test_certificates_are_listed_and_a_changed_one_is_told(vigie: Vigie, home: Path) -> None:
    name, broken = keep(home), keep(home, trials=1)
    path = home / "state" / "certificates" / f"{broken}.json"
    path.write_text(path.read_text().replace('"trials": 1,', '"trials": 0,'))
    said = vigie("certificate", "list")
    assert name in said.out
    assert broken not in said.out
    assert "changed since it was written ('trials')" in said.err
    listed = {one["file"]: one for one in vigie("certificate", "list", "--json").document["certificates"]}
    assert listed[f"{name}.json"]["pairs"] == ["BTC/USDT"]
    assert "'trials'" in listed[f"{broken}.json"]["problem"]


def test_a_certificate_is_shown_with_folds_gates_and_trials(vigie: Vigie, home: Path) -> None:
    name = keep(home)
    out = vigie("certificate", "show", "ema_cross").out
    for words in (name, "1,234 trials behind it", "deflated Sharpe 0.97", "mean_sharpe", "undefined", "2024-01-02"):
        assert words in out
    assert "--param fast=20 --param scenario=base" in out
    document = vigie("certificate", "show", name, "--json").document
    assert document["strategy"] == "ema_cross"
    assert document["hash"].startswith(name.rpartition("-")[2])


def test_a_certificate_that_holds_is_verified(vigie: Vigie, home: Path) -> None:
    keep(home)
    said = vigie("certificate", "verify", "ema_cross")
    assert (said.code, said.err) == (0, "")
    assert "holds" in said.out
    assert vigie("certificate", "verify", "ema_cross", "--json").document["valid"] is True


def test_a_certificate_on_made_up_candles_is_marked_wherever_it_is_shown(vigie: Vigie, home: Path) -> None:
    made_up = {pair: replace(one, venue="synthetic") for pair, one in a_certificate().candles.items()}
    CandleStore.of(home).save(Series(Pair("BTC", "USDT"), "synthetic", BTC, "a test"), "a test")
    one = a_certificate(strategy_hash=find("ema_cross", home).code_hash, code_hash=source_hash(), on=made_up)
    CertificateFolder.of(home).save(one)
    for words in (("list",), ("show", one.name), ("verify", one.name)):
        assert "made-up candles" in " ".join(vigie("certificate", *words).out.split()), words
        document = vigie("certificate", *words, "--json").document
        (row,) = document.get("certificates", [document])
        assert row["synthetic"] is True


def test_a_certificate_on_real_candles_is_not_called_made_up(vigie: Vigie, home: Path) -> None:
    name = keep(home)
    for words in (("list",), ("show", name), ("verify", name)):
        assert "made-up" not in vigie("certificate", *words).out


def test_differences_are_listed_and_the_exit_code_is_3(vigie: Vigie, home: Path) -> None:
    keep(home, code_hash="0" * 64, strategy_hash="1" * 64)
    said = vigie("certificate", "verify", "ema_cross")
    assert said.code == 3
    assert f"decision code: certified {'0' * 64}; now {source_hash()}" in said.err
    assert "file of strategy ema_cross" in said.err
    as_json = vigie("certificate", "verify", "ema_cross", "--json")
    assert as_json.code == 3
    assert [one["what"] for one in as_json.document["differences"]] == ["decision code", "file of strategy ema_cross"]


@pytest.mark.parametrize("words", [("show", "nothing"), ("verify", "nothing")])
def test_an_unknown_certificate_is_a_wrong_setting(vigie: Vigie, words: tuple[str, ...]) -> None:
    assert vigie("certificate", *words).code == 78


def test_a_changed_certificate_is_unusable_data(vigie: Vigie, home: Path) -> None:
    path = home / "state" / "certificates" / f"{keep(home)}.json"
    path.write_text(path.read_text().replace('"trials": 1234', '"trials": 1'))
    assert vigie("certificate", "show", "ema").code == 65


def test_counting_and_listing_load_nothing_heavy(home: Path) -> None:
    script = (
        "import sys; from cli.main import run; "
        "assert run(['trials']) == run(['certificate', 'list']) == 0; "
        "print([name for name in ('pandas', 'numba', 'ccxt', 'pyarrow', 'plotly', 'ta') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
