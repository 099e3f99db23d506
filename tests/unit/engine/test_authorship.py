"""An account knows its own orders by their ids alone, and takes nobody else's for its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vigie.app.drill.stage import drill_setup
from vigie.app.settings import AccountSettings
from vigie.decision.client_ids import client_id
from vigie.domain.order import Leg
from vigie.engine.authorship import authorship
from vigie.engine.reconcile import Made
from vigie.engine.setup import Setup

NOW, HOUR, PAIR, LINES = 1_750_000_000_000, 3_600_000, "BTC/USDT", 50
CANDLE = NOW // HOUR * HOUR - 5 * HOUR


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return drill_setup(AccountSettings("paper"), tmp_path_factory.mktemp("home"))


def id_of(setup: Setup, key: str, leg: Leg, attempt: int = 0) -> str:
    strategy = setup.plan.strategy.name
    return client_id(
        account=setup.account, mode=setup.mode, strategy=strategy, pair=PAIR, key=key, leg=leg, attempt=attempt
    )


def test_orders_of_a_candle_and_of_a_line_are_known_with_what_they_were_for(setup: Setup) -> None:
    stop, early = id_of(setup, str(CANDLE), Leg.STOP, 2), id_of(setup, "seq:40", Leg.STOP)
    found = authorship(setup, {stop: PAIR, early: PAIR}, NOW, LINES)
    assert found == {stop: Made(Leg.STOP, CANDLE, 2), early: Made(Leg.STOP, None, 0)}


def test_a_position_that_is_older_than_the_window_is_known_by_its_own_candle(setup: Setup) -> None:
    old = CANDLE - 5000 * HOUR
    stop = id_of(setup, str(old), Leg.STOP)
    assert authorship(setup, {stop: PAIR}, NOW, LINES, [old]) == {stop: Made(Leg.STOP, old, 0)}


def test_an_order_of_another_account_or_of_paper_is_not_ours(setup: Setup) -> None:
    others = [replace(setup, account="live-other"), replace(setup, mode="paper")]
    ids = {id_of(one, str(CANDLE), Leg.STOP): PAIR for one in others}
    assert authorship(setup, {**ids, "web_1234": PAIR}, NOW, LINES) == {}
