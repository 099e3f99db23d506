from __future__ import annotations

from decimal import Decimal

import pytest

from vigie.domain.order import Balance, Leg
from vigie.domain.trading_mode import Act, TradingMode, permits, strictest

BLOCKED = {
    (TradingMode.REDUCE_ONLY, Act.ENTRY),
    (TradingMode.HALTED, Act.ENTRY),
    (TradingMode.HALTED, Act.EXIT),
}


@pytest.mark.parametrize("mode", TradingMode)
@pytest.mark.parametrize("act", Act)
def test_a_mode_blocks_what_the_table_says_and_nothing_else(mode: TradingMode, act: Act) -> None:
    assert permits(mode, act) is ((mode, act) not in BLOCKED)


def test_the_mode_that_allows_least_wins() -> None:
    active, reduced, halted = TradingMode
    assert strictest(set()) is active
    assert strictest({active, reduced}) is reduced
    assert strictest({reduced, halted, active}) is halted


def test_each_leg_asks_for_one_permission() -> None:
    assert {leg: leg.act for leg in Leg} == {
        Leg.ENTRY: Act.ENTRY,
        Leg.STOP: Act.STOP,
        Leg.EXIT: Act.EXIT,
        Leg.PARTIAL_1: Act.EXIT,
        Leg.PARTIAL_2: Act.EXIT,
        Leg.CHASE: Act.PROTECTIVE_SALE,
        Leg.EMERGENCY: Act.PROTECTIVE_SALE,
        Leg.CLOSE: Act.LIQUIDATION,
        Leg.LIQUIDATION: Act.LIQUIDATION,
    }


def test_only_what_protects_is_tried_again() -> None:
    assert {leg for leg in Leg if leg.protective} == {Leg.STOP, Leg.CHASE, Leg.EMERGENCY, Leg.CLOSE, Leg.LIQUIDATION}


def test_what_is_locked_is_still_ours() -> None:
    assert Balance(Decimal("1.5"), Decimal("0.25")).total == Decimal("1.75")
