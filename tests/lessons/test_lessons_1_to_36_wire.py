"""Lessons of the first system about orders at a real exchange, each held against the broker over real HTTP.

Those that are not here (13, 18, 23, 24, 26 to 29, 31 to 36) are the engine's: what it does with what the broker says.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.exchange.conftest import OPENED, made
from tests.fakes.brokers import OffClock, sim_broker
from tests.fakes.exchanges import FINE, series, straight
from tests.fakes.orders import approved, buy, stop
from vigie.adapters.exchanges.binance_answers import listing
from vigie.adapters.exchanges.ccxt_broker import CcxtBroker
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.decision.client_ids import client_id
from vigie.domain.errors import OutcomeUnknown, RefusalCode, VenueRefused, VenueUnavailable
from vigie.domain.order import Leg, OrderType
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair

PAIR, SYMBOL = Pair("BTC", "USDT"), "BTCUSDT"
ID = "0123456789abcdef0123456789abcdef"
POST = {"method": "POST", "path": "/api/v3/order"}
STOP = stop("0.01", 24_000, 23_900, client_id=ID)
ENTRY = buy("0.01", client_id=ID)


@pytest.fixture
def ex() -> Iterator[SimExchange]:
    with made() as exchange:
        yield exchange


@pytest.fixture
def broker(ex: SimExchange) -> Iterator[CcxtBroker]:
    with sim_broker(ex) as found:
        yield found


def posts(ex: SimExchange) -> list[Any]:
    return ex.journal.calls("POST", "/api/v3/order")


def symbol(**changes: Any) -> dict[str, Any]:
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
        {"filterType": "NOTIONAL", "minNotional": "5"},
    ]
    return {
        "symbol": SYMBOL, "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT",
        "orderTypes": ["MARKET", "STOP_LOSS_LIMIT"], "filters": filters, **changes,
    }  # fmt: skip


def test_lesson_1_each_parameter_is_sent_exactly_once(ex: SimExchange, broker: CcxtBroker) -> None:
    """The exchange refuses a parameter that comes twice, and one that it does not know."""
    broker.submit(approved(ENTRY))
    broker.submit(approved(replace(STOP, client_id="stop")))
    broker.find(PAIR, "stop")
    broker.cancel(PAIR, "stop")
    broker.open_orders()
    broker.balances()
    assert {one.code for one in ex.journal.since()} == {0}
    assert all("recvWindow" in one.parameters for one in posts(ex))


def test_lesson_2_a_second_try_is_built_and_signed_anew(ex: SimExchange) -> None:
    clock = OffClock(ex, 0)
    with sim_broker(ex, clock=clock) as broker:
        broker.balances()
        clock.error_ms = 3000
        broker.submit(approved(ENTRY))
    first, second = posts(ex)
    assert (first.code, second.code) == (-1021, 0)
    assert int(first.parameters["timestamp"]) - int(second.parameters["timestamp"]) == 3000


def test_lesson_3_a_clock_that_drifts_is_measured_and_a_wrong_one_costs_two_requests_at_most(ex: SimExchange) -> None:
    with sim_broker(ex, clock=OffClock(ex, -9000)) as broker:
        broker.balances()
        assert {one.code for one in ex.journal.since()} == {0}
        ex.faults({"name": "-1021", **POST, "action": "answer", "status": 400, "code": -1021, "count": 0})
        with pytest.raises(VenueUnavailable):
            broker.submit(approved(ENTRY))
    assert len(posts(ex)) == 2


def test_lesson_4_and_6_what_breaks_a_filter_is_never_sent(ex: SimExchange, broker: CcxtBroker) -> None:
    for intent, code in (
        (stop("0.0001", 24_000, 23_900), RefusalCode.NOTIONAL),
        (stop("0.000015", 24_000, 23_900), RefusalCode.LOT_SIZE),
        (stop("0.01", "24000.001", 23_900), RefusalCode.PRICE_FILTER),
    ):
        with pytest.raises(VenueRefused, match="nothing was sent") as refused:
            broker.submit(approved(intent))
        assert refused.value.code is code
    assert posts(ex) == []
    trigger = broker.instrument(PAIR).price_down(24_000.009)
    assert broker.submit(approved(replace(STOP, trigger=trigger))).trigger == Decimal("24000.00")


@pytest.mark.parametrize("name", ["NOTIONAL", "MIN_NOTIONAL"])
def test_lesson_5_the_least_value_is_read_under_both_of_its_names_and_a_missing_one_is_an_error(name: str) -> None:
    rows = symbol()["filters"]
    named = [*rows[:2], {"filterType": name, "minNotional": "7.5"}]
    assert listing(PAIR, symbol(filters=named)).instrument.min_notional == Decimal("7.5")
    for missing in range(3):
        with pytest.raises(VenueRefused, match="filter for BTC/USDT"):
            listing(PAIR, symbol(filters=[one for n, one in enumerate(rows) if n != missing]))


def test_lesson_7_an_order_type_that_the_pair_does_not_take_is_not_sent(ex: SimExchange, broker: CcxtBroker) -> None:
    assert listing(PAIR, symbol(orderTypes=["MARKET"])).order_types == {OrderType.MARKET}
    ex.do("symbol", symbol=SYMBOL, orderTypes=["LIMIT", "MARKET"])
    with pytest.raises(VenueRefused, match="takes no stop-loss-limit orders"):
        broker.submit(approved(STOP))
    assert posts(ex) == []


@pytest.fixture
def jumped() -> Iterator[tuple[SimExchange, CcxtBroker]]:
    rows = [*straight(25_000, 24_500), *straight(23_000, 23_100, 23_050, 24_600)]
    market = SimExchange([series(rows, start=OPENED)], instruments=FINE, balances={"BTC": 1})
    with market as ex, sim_broker(ex) as found:
        found.submit(approved(STOP))
        ex.advance(minutes=3)
        yield ex, found


def test_lesson_8_a_stop_that_was_jumped_over_says_so(jumped: tuple[SimExchange, CcxtBroker]) -> None:
    found = jumped[1].find(PAIR, ID)
    assert found is not None
    assert (found.triggered, found.status, found.executed) == (True, OrderStatus.ACCEPTED, 0)


def test_lesson_9_a_time_out_after_the_order_was_taken_gives_one_fill(ex: SimExchange, broker: CcxtBroker) -> None:
    broker.instrument(PAIR)
    ex.faults({"name": "F2", **POST, "action": "hang", "when": "after", "seconds": 5})
    with pytest.raises(OutcomeUnknown):
        broker.submit(approved(ENTRY))
    assert [one.parameters["newClientOrderId"] for one in posts(ex)] == [ID]
    found = broker.find(PAIR, ID)
    assert found is not None
    assert found.status is OrderStatus.FILLED
    assert broker.balances()["BTC"].total == Decimal("1.00999")


def test_lesson_10_a_stop_whose_answer_was_lost_is_found_and_not_taken_for_refused(
    ex: SimExchange, broker: CcxtBroker
) -> None:
    broker.instrument(PAIR)
    ex.faults({"name": "F2", **POST, "action": "hang", "when": "after", "seconds": 5})
    with pytest.raises(OutcomeUnknown):
        broker.submit(approved(STOP))
    again = broker.submit(approved(STOP))
    assert again.status is OrderStatus.ACCEPTED, "the exchange says duplicate: it is the one that rests"
    assert len(broker.open_orders()) == 1


def test_lesson_11_a_part_is_told_as_a_part(jumped: tuple[SimExchange, CcxtBroker]) -> None:
    ex, broker = jumped
    ex.do("fill", symbol=SYMBOL, client_id=ID, quantity="0.004")
    found = broker.find(PAIR, ID)
    assert found is not None
    assert (found.status, found.executed, found.quantity) == (OrderStatus.PARTIAL, Decimal("0.004"), Decimal("0.01"))


def test_lesson_12_and_25_fees_in_coin_are_told_and_coins_that_are_not_there_are_a_proven_no(
    ex: SimExchange, broker: CcxtBroker
) -> None:
    ex.do("withdraw", asset="BTC", amount="1")
    report = broker.submit(approved(ENTRY))
    net = sum(one.quantity - one.fee for one in report.fills if one.fee_asset == "BTC")
    assert net == broker.balances()["BTC"].free == Decimal("0.00999")
    with pytest.raises(VenueRefused) as refused:
        broker.submit(approved(stop("0.01", 24_000, 23_900, client_id="gross")))
    assert refused.value.code is RefusalCode.INSUFFICIENT_BALANCE
    kept = broker.submit(approved(stop("0.00999", 24_000, 23_900, client_id="net")))
    assert kept.status is OrderStatus.ACCEPTED
    with pytest.raises(VenueRefused):
        broker.submit(approved(stop("0.00999", 23_000, 22_900, client_id="second")))


def test_lesson_16_an_id_of_paper_is_never_one_of_live() -> None:
    words = {"account": "one", "strategy": "s", "pair": "BTC/USDT", "key": "1", "leg": Leg.ENTRY}
    ids = {client_id(mode=mode, **words) for mode in ("paper", "live", "replay")}  # type: ignore[arg-type]
    assert len(ids) == 3


def test_lesson_19_each_fill_has_the_fee_that_was_really_paid(ex: SimExchange, broker: CcxtBroker) -> None:
    ex.do("fees", taker="0.0007")
    report = broker.submit(approved(ENTRY))
    (fill,) = report.fills
    assert fill.fee / fill.quantity == Decimal("0.0007")


def test_lesson_20_and_104_nobody_waits_inside_a_call_and_weights_are_what_counts(
    ex: SimExchange, broker: CcxtBroker
) -> None:
    broker.instrument(PAIR)
    ex.faults({"name": "418", **POST, "action": "answer", "status": 418, "code": -1003, "retry_after": 300})
    began, hour = time.monotonic(), ex.now_ms()
    for _ in range(3):
        with pytest.raises(VenueUnavailable) as later:
            broker.submit(approved(STOP))
        assert later.value.retry_after == 300
    assert time.monotonic() - began < 2
    assert ex.now_ms() == hour, "nobody slept on the exchange's clock either"
    assert len(posts(ex)) == 1
    ex.advance(300)
    before = int(_weight(ex))
    broker.open_orders()
    assert _weight(ex) - before == 80


def _weight(ex: SimExchange) -> int:
    return ex.desk.gauge.used("weight", 60_000, ex.now_ms())


def test_lesson_21_a_stop_that_was_filled_while_nobody_looked_is_told_with_its_fill(
    jumped: tuple[SimExchange, CcxtBroker],
) -> None:
    ex, broker = jumped
    ex.advance(minutes=2)
    found = broker.find(PAIR, ID)
    assert found is not None
    assert (found.status, found.executed) == (OrderStatus.FILLED, Decimal("0.01"))
    assert found.fills[0].price == Decimal(23_900)


def test_lesson_22_coins_in_a_stop_are_still_ours(broker: CcxtBroker) -> None:
    broker.submit(approved(stop("1", 24_000, 23_900)))
    held = broker.balances()["BTC"]
    assert (held.free, held.locked, held.total) == (0, 1, 1)


def test_lesson_30_whether_there_is_a_stop_is_the_exchanges_word(ex: SimExchange, broker: CcxtBroker) -> None:
    broker.submit(approved(STOP))
    with sim_broker(ex) as after_a_restart:
        (found,) = after_a_restart.open_orders()
        asked = after_a_restart.find(PAIR, ID)
    assert (found.client_id, found.pair, found.trigger) == (ID, "BTC/USDT", Decimal(24_000))
    assert found.type is OrderType.STOP_LOSS_LIMIT
    assert asked is not None
    assert asked.trigger == found.trigger
