from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.certificates import BTC, a_certificate, certified
from tests.fakes.results import HOUR, candles
from vigie.adapters.market_data.store import CandleStore
from vigie.adapters.storage.certificates import CertificateFolder
from vigie.app.research.certificates import Difference, verify
from vigie.app.strategies.finding import find
from vigie.domain.candles import Candles, Series
from vigie.domain.certificate import Certificate, CertifiedCandles
from vigie.domain.pair import Pair
from vigie.research.compile import source_hash


def keep(home: Path, of: Candles, venue: str = "binance") -> None:
    CandleStore.of(home).save(Series(Pair("BTC", "USDT"), venue, of, "a test"), "a test")


def issue(home: Path, on: Mapping[str, CertifiedCandles] | None = None) -> Certificate:
    one = a_certificate(strategy_hash=find("ema_cross", home).code_hash, code_hash=source_hash(), on=on)
    CertificateFolder.of(home).save(one)
    return one


def differences(home: Path, data: Path | None = None) -> list[str]:
    return [one.what for one in verify(home, "ema_cross", data).differences]


def longer(of: Candles) -> Candles:
    """The same candles and six more."""
    more = candles([*of.close.tolist(), *[200.0] * 6])
    assert more[: len(of)].content_hash == of.content_hash
    return more


def test_a_certificate_holds_on_the_code_and_candles_it_was_made_with(tmp_path: Path) -> None:
    keep(tmp_path, BTC)
    one = issue(tmp_path)
    found = verify(tmp_path, "ema_cross")
    assert found.certificate == one
    assert found.differences == ()


def test_candles_that_came_later_do_not_matter(tmp_path: Path) -> None:
    keep(tmp_path, longer(BTC))
    issue(tmp_path)
    assert differences(tmp_path) == []


def test_other_code_is_a_difference(tmp_path: Path) -> None:
    keep(tmp_path, BTC)
    CertificateFolder.of(tmp_path).save(replace(issue(tmp_path), strategy="donchian", code_hash="b" * 64))
    assert [one.what for one in verify(tmp_path, "donchian").differences] == [
        "decision code",
        "file of strategy donchian",
    ]


def test_a_strategy_that_is_gone_is_a_difference(tmp_path: Path) -> None:
    keep(tmp_path, BTC)
    CertificateFolder.of(tmp_path).save(replace(issue(tmp_path), strategy="sold"))
    (gone,) = verify(tmp_path, "sold").differences
    assert gone.present.startswith("none: unknown strategy 'sold'")


def test_candles_that_were_corrected_since_are_a_difference(tmp_path: Path) -> None:
    volume = BTC.volume.copy()
    volume[7] += 1.0
    keep(tmp_path, replace(BTC, volume=volume))
    issue(tmp_path)
    (found,) = verify(tmp_path, "ema_cross").differences
    assert found.what == "candles of BTC/USDT"
    assert found.certified == f"48 from 2024-01-01 00:00 to 2024-01-02 23:00, hash {BTC.content_hash}"
    assert found.present.startswith("48 from 2024-01-01 00:00 to 2024-01-02 23:00, hash ")


def test_missing_candles_are_a_difference_with_their_span(tmp_path: Path) -> None:
    keep(tmp_path, BTC[10:])
    issue(tmp_path)
    (found,) = verify(tmp_path, "ema_cross").differences
    assert found.present.startswith("38 from 2024-01-01 10:00 to ")


def test_no_candles_in_the_stretch_or_at_all_are_a_difference(tmp_path: Path) -> None:
    issue(tmp_path)
    assert verify(tmp_path, "ema_cross").differences == (
        Difference("candles of BTC/USDT", verify(tmp_path, "ema_cross").differences[0].certified, "none in the store"),
    )
    later = replace(BTC, opens_at=BTC.opens_at + 100 * HOUR.milliseconds)
    keep(tmp_path, later)
    assert verify(tmp_path, "ema_cross").differences[0].present == "none in this stretch"


def test_candles_of_another_venue_are_not_taken_for_those_of_the_certificate(tmp_path: Path) -> None:
    keep(tmp_path, BTC, venue="kraken")
    issue(tmp_path)
    assert verify(tmp_path, "ema_cross").differences[0].present == "none in the store"
    folder = CandleStore.of(tmp_path).folder
    assert differences(tmp_path, folder) == ["venue of BTC/USDT"]


def test_candles_may_lie_outside_the_store_and_a_place_without_them_is_a_difference(tmp_path: Path) -> None:
    issue(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    keep(elsewhere, BTC)
    assert differences(tmp_path, CandleStore.of(elsewhere).folder) == []
    (found,) = verify(tmp_path, "ema_cross", tmp_path / "nowhere").differences
    assert "no such file or folder" in found.present


def test_a_damaged_store_is_a_difference(tmp_path: Path) -> None:
    keep(tmp_path, BTC)
    issue(tmp_path)
    (stored,) = CandleStore.of(tmp_path).files()
    stored.path.write_bytes(b"PAR1")
    (found,) = verify(tmp_path, "ema_cross").differences
    assert found.present.startswith("none: ")


@pytest.mark.parametrize("pairs", [("BTC/USDT",), ("BTC/USDT", "ETH/USDT")])
def test_every_pair_is_looked_at(tmp_path: Path, pairs: tuple[str, ...]) -> None:
    issue(tmp_path, on=dict.fromkeys(pairs, certified(BTC)))
    assert differences(tmp_path) == [f"candles of {pair}" for pair in pairs]
