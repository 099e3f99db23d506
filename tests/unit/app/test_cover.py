"""Whether what an account is about to do was proved, and the sentence where it was not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.certificates import BTC as CANDLES
from tests.fakes.certificates import a_certificate, certified
from vigie.adapters.storage.certificates import CertificateFolder
from vigie.app.research.certificates import cover_of, proved
from vigie.decision.profile import Plan, plan
from vigie.domain.certificate import Certificate
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.research.compile import source_hash
from vigie.strategy.strategy import load

BTC, ETH, H1 = Pair("BTC", "USDT"), Pair("ETH", "USDT"), Timeframe.parse("1h")


@pytest.fixture
def made() -> Plan:
    return plan(load("ema_cross"), "standard", {"fast": "12", "capital": "500"})


def proof(made: Plan) -> Certificate:
    return replace(
        a_certificate(strategy_hash=made.strategy.code_hash, code_hash=source_hash()),
        parameters=made.parameters.as_dict(),
        settings={**dict(made.numbers), "capital": 10_000.0},
    )


def test_a_certificate_of_these_numbers_covers_whatever_money_there_is(tmp_path: Path, made: Plan) -> None:
    CertificateFolder.of(tmp_path).save(proof(made))
    found = cover_of(tmp_path, made, [BTC], H1)
    assert (found.name, found.missing) == (proof(made).name, "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"profile": "titan"}, "its profile is titan"),
        ({"code_hash": "c" * 64}, "the code has changed since"),
        ({"strategy_hash": "c" * 64}, "the code has changed since"),
        ({"parameters": {}}, "is 14, not None"),
        ({"timeframe": "4h"}, "no certificate for ema_cross on 1h candles"),
        ({"strategy": "donchian"}, "no certificate for ema_cross on 1h candles"),
    ],
)
def test_another_proof_is_none_and_says_why(tmp_path: Path, made: Plan, change: dict[str, object], words: str) -> None:
    CertificateFolder.of(tmp_path).save(replace(proof(made), **change))  # type: ignore[arg-type]
    found = cover_of(tmp_path, made, [BTC], H1)
    assert found.name is None
    assert words in found.missing


def test_a_pair_that_was_not_proved_is_named(tmp_path: Path, made: Plan) -> None:
    CertificateFolder.of(tmp_path).save(proof(made))
    assert "it is not about ETH/USDT" in cover_of(tmp_path, made, [BTC, ETH], H1).missing


def test_of_several_that_hold_the_newest_counts_and_one_that_holds_is_enough(tmp_path: Path, made: Plan) -> None:
    older = proof(made)
    newer = replace(older, created_at=older.created_at + 1)
    CertificateFolder.of(tmp_path).save(older)
    CertificateFolder.of(tmp_path).save(newer)
    CertificateFolder.of(tmp_path).save(replace(older, profile="titan", created_at=older.created_at + 2))
    assert cover_of(tmp_path, made, [BTC], H1).name == newer.name


def practice(made: Plan, later: int = 0) -> Certificate:
    """The same proof on candles that never happened."""
    found = proof(made)
    return replace(found, candles={"BTC/USDT": certified(CANDLES, "synthetic")}, created_at=found.created_at + later)


def test_a_certificate_on_made_up_candles_says_so(tmp_path: Path, made: Plan) -> None:
    CertificateFolder.of(tmp_path).save(practice(made))
    assert cover_of(tmp_path, made, [BTC], H1).synthetic
    CertificateFolder.of(tmp_path).save(proof(made))
    assert not cover_of(tmp_path, made, [BTC], H1).synthetic


def test_a_proof_on_a_market_goes_before_a_newer_one_on_made_up_candles(tmp_path: Path, made: Plan) -> None:
    CertificateFolder.of(tmp_path).save(proof(made))
    CertificateFolder.of(tmp_path).save(practice(made, later=1))
    assert cover_of(tmp_path, made, [BTC], H1).name == proof(made).name
    found = proved(tmp_path, made.strategy, "standard", [BTC], H1)
    assert found is not None
    assert found.name == proof(made).name
