from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.accounts import intent
from vigie.decision.client_ids import client_id
from vigie.decision.intents import ApprovedIntent, Refusal, approve
from vigie.domain.order import Intent, Leg, Side
from vigie.domain.trading_mode import TradingMode

FACTS: dict[str, Any] = {
    "account": "paper",
    "mode": "paper",
    "strategy": "ema_cross",
    "pair": "BTC/USDT",
    "key": "1750000000000",
    "leg": Leg.ENTRY,
    "attempt": 0,
}


def test_an_id_is_the_beginning_of_a_hash_that_anybody_can_compute() -> None:
    text = '["paper","paper","ema_cross","BTC/USDT","1750000000000","entry",0]'
    assert client_id(**FACTS) == hashlib.sha256(text.encode()).hexdigest()[:32]


@pytest.mark.parametrize(
    "changed",
    [
        {"account": "live-1"},
        {"mode": "live"},
        {"strategy": "other"},
        {"pair": "ETH/USDT"},
        {"key": "seq:17"},
        {"leg": Leg.STOP},
        {"attempt": 1},
        # Text that moves from one fact into the next is another id.
        {"account": "paperpaper", "mode": ""},
    ],
)
def test_every_fact_makes_another_id(changed: dict[str, Any]) -> None:
    assert client_id(**{**FACTS, **changed}) != client_id(**FACTS)


def test_an_approved_intent_cannot_be_made_by_hand() -> None:
    with pytest.raises(TypeError, match="only vigie"):
        ApprovedIntent(intent(), object())


def asked(of: Intent, mode: TradingMode = TradingMode.ACTIVE, *refusing: str, unsettled: bool = False) -> Any:
    answer = approve(of, mode=mode, refusing=refusing, unsettled=unsettled)
    return answer.reasons if isinstance(answer, Refusal) else answer


@pytest.mark.parametrize("leg", Leg)
def test_what_nothing_speaks_against_is_approved(leg: Leg) -> None:
    approved = asked(intent(leg=leg))
    assert isinstance(approved, ApprovedIntent)
    assert approved.intent == intent(leg=leg)


def test_rules_and_unknown_orders_keep_entries_out() -> None:
    answer = asked(intent(), TradingMode.ACTIVE, "drawdown", "positions", unsettled=True)
    assert answer == ("drawdown", "positions", "an order of this pair is unknown")


@pytest.mark.parametrize("leg", [leg for leg in Leg if leg is not Leg.ENTRY])
def test_rules_and_unknown_orders_keep_nothing_else_out(leg: Leg) -> None:
    assert isinstance(asked(intent(leg=leg), TradingMode.REDUCE_ONLY, "drawdown", unsettled=True), ApprovedIntent)


@pytest.mark.parametrize(
    ("mode", "leg", "reasons"),
    [
        (TradingMode.REDUCE_ONLY, Leg.ENTRY, ("mode reduce-only",)),
        (TradingMode.HALTED, Leg.ENTRY, ("mode halted",)),
        (TradingMode.HALTED, Leg.EXIT, ("mode halted",)),
        (TradingMode.HALTED, Leg.PARTIAL_1, ("mode halted",)),
    ],
)
def test_a_mode_keeps_out_what_it_blocks(mode: TradingMode, leg: Leg, reasons: tuple[str, ...]) -> None:
    refused = approve(intent(leg=leg), mode=mode, refusing=())
    assert refused == Refusal(intent(leg=leg), reasons)


@pytest.mark.parametrize("leg", [Leg.STOP, Leg.CHASE, Leg.EMERGENCY, Leg.CLOSE, Leg.LIQUIDATION])
def test_a_halt_never_blocks_what_protects(leg: Leg) -> None:
    assert isinstance(asked(intent(leg=leg), TradingMode.HALTED), ApprovedIntent)


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN"])
def test_nothing_is_not_sent(quantity: str) -> None:
    assert asked(replace(intent(), quantity=Decimal(quantity))) == ("nothing to send",)


@pytest.mark.parametrize(("leg", "side"), [(Leg.ENTRY, Side.SELL), (Leg.STOP, Side.BUY), (Leg.CLOSE, Side.BUY)])
def test_only_entries_buy_and_they_do_nothing_else(leg: Leg, side: Side) -> None:
    assert asked(replace(intent(leg=leg), side=side)) == ("only entries buy, and they do nothing else",)
