from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from tests.fakes.certificates import BTC, a_certificate, certified
from vigie.domain.canonical import digest


def test_the_hash_is_that_of_the_document_without_the_hash() -> None:
    one = a_certificate()
    assert one.hash == digest(one.document())
    assert "hash" not in one.document()
    assert one.name == f"ema_cross-{one.hash[:16]}"


def test_every_other_claim_is_another_certificate() -> None:
    one = a_certificate()
    others = (a_certificate(trials=1235), replace(one, deflated_sharpe=None), replace(one, gates=one.gates[:1]))
    assert len({one.hash, *(other.hash for other in others)}) == 4


def test_the_same_claims_have_the_same_hash_whatever_holds_them() -> None:
    one = a_certificate()
    assert replace(one, parameters=MappingProxyType(dict(reversed(one.parameters.items())))).hash == one.hash


def test_instants_are_written_as_text_and_parameters_that_look_like_them_are_not() -> None:
    document = a_certificate().document()
    assert document["created_at"] == "2025-06-15T15:06:40.123Z"
    assert document["candles"]["BTC/USDT"]["first_at"] == "2024-01-01T00:00:00.000Z"
    assert document["folds"][0]["test_start_at"] == "2024-01-02T01:00:00.000Z"
    assert document["folds"][0]["parameters"]["start_at"] == 3


def test_pairs_are_sorted_and_lead_to_the_hashes_of_their_candles() -> None:
    one = a_certificate(on={"ETH/USDT": certified(BTC[:10]), "BTC/USDT": certified(BTC)})
    assert one.pairs == ("BTC/USDT", "ETH/USDT")
    assert one.data_hashes == {"BTC/USDT": BTC.content_hash, "ETH/USDT": BTC[:10].content_hash}


def test_one_pair_of_made_up_candles_makes_all_of_it_made_up() -> None:
    real, made_up = certified(BTC), replace(certified(BTC), venue="synthetic")
    assert not a_certificate(on={"BTC/USDT": real}).synthetic
    assert a_certificate(on={"BTC/USDT": real, "ETH/USDT": made_up}).synthetic
