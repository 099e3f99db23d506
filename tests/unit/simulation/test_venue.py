"""The simulated venue, case by case with the arithmetic shown."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.fakes.orders import buy, sell, stop
from vigie.domain.errors import InvariantBroken, RefusalCode, VenueRefused
from vigie.domain.instrument import Instrument
from vigie.domain.order import Balance, Fill, Intent, Leg, OrderReport, OrderType, Side
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair
from vigie.domain.record import from_json, to_json
from vigie.simulation.invariants import broken
from vigie.simulation.ledger import Account
from vigie.simulation.matching import Candle, meet
from vigie.simulation.orders import VenueOrder
from vigie.simulation.record import VenueRecord
from vigie.simulation.terms import Terms
from vigie.simulation.venue import Venue

BTC = Instrument(
    Pair("BTC", "USDT"),
    tick=Decimal("0.01"),
    step=Decimal("0.001"),
    min_quantity=Decimal("0.002"),
    min_notional=Decimal(10),
)
ETH = Instrument(Pair("ETH", "USDT"))
TERMS = Terms(
    fee_fraction=Decimal("0.001"), slippage_fraction=Decimal("0.01"), partial_slippage_fraction=Decimal("0.002")
)  # fmt: skip
HOUR = 3_600_000


def opened(terms: Terms = TERMS, price: str = "100", dollars: str = "1000") -> Venue:
    venue = Venue([BTC, ETH], terms)
    venue.deposit("USDT", Decimal(dollars))
    venue.trade_at("BTC/USDT", Decimal(price), 0)
    return venue


def holding(terms: Terms = TERMS, quantity: str = "2") -> Venue:
    """Nothing but coins, and BTC at 100."""
    venue = Venue([BTC, ETH], terms)
    venue.deposit("BTC", Decimal(quantity))
    venue.trade_at("BTC/USDT", Decimal(100), 0)
    return venue


def play(venue: Venue, open_: str, high: str, low: str, close: str, hour: int = 0, pair: str = "BTC/USDT") -> None:
    venue.play(pair, Decimal(open_), Decimal(high), Decimal(low), Decimal(close), hour * HOUR, (hour + 1) * HOUR)


def found(venue: Venue, client_id: str, pair: str = "BTC/USDT") -> OrderReport:
    report = venue.find(pair, client_id)
    assert report is not None
    return report


def refused(code: RefusalCode, venue: Venue, intent: Intent) -> None:
    before = venue.to_record()
    with pytest.raises(VenueRefused) as error:
        venue.submit(intent, 5)
    assert error.value.code is code
    assert venue.to_record() == before, "a refusal changes nothing"


# --- market orders ------------------------------------------------------------------------------------------------


def test_a_market_buy_pays_slippage_and_a_fee_in_quote_on_top() -> None:
    venue = opened()
    report = venue.submit(buy(2), 7)
    # 100 x 1.01 = 101; 2 x 101 = 202; fee 0.202; 1000 - 202.202 = 797.798
    assert report.fills == (Fill("1", Decimal("101.00"), Decimal(2), Decimal("0.202"), "USDT", 7),)
    assert (report.status, report.executed, report.executed_value) == (OrderStatus.FILLED, 2, 202)
    assert venue.balances() == {"USDT": Balance(Decimal("797.798"), Decimal(0)), "BTC": Balance(Decimal(2), Decimal(0))}
    assert broken(venue.to_record()) == ()


def test_a_market_buy_pays_its_fee_in_coin_where_the_terms_say_so() -> None:
    venue = opened(replace(TERMS, fee_in_base=True))
    report = venue.submit(buy(2), 7)
    # fee 2 x 0.001 = 0.002 BTC; quote 1000 - 202
    assert (report.fills[0].fee, report.fills[0].fee_asset) == (Decimal("0.002"), "BTC")
    assert venue.balances() == {"USDT": Balance(Decimal(798), Decimal(0)), "BTC": Balance(Decimal("1.998"), Decimal(0))}


def test_a_market_sale_receives_less_slippage_and_less_a_fee_in_quote_also_where_buys_pay_in_coin() -> None:
    venue = holding(replace(TERMS, fee_in_base=True))
    report = venue.submit(sell(2), 7)
    # 100 x 0.99 = 99; 2 x 99 = 198; fee 0.198; 197.802
    assert (report.fills[0].price, report.fills[0].fee, report.fills[0].fee_asset) == (99, Decimal("0.198"), "USDT")
    assert venue.balances()["USDT"] == Balance(Decimal("197.802"), Decimal(0))


@pytest.mark.parametrize("leg", [Leg.PARTIAL_1, Leg.PARTIAL_2])
def test_partial_sales_have_a_slippage_of_their_own(leg: Leg) -> None:
    assert holding().submit(sell(1, leg=leg), 7).fills[0].price == Decimal("99.8")


def test_commission_is_cut_to_the_places_of_the_venue() -> None:
    terms = replace(TERMS, slippage_fraction=Decimal(0), commission_places=2)
    # 0.201 x 100 = 20.1; fee 0.0201, cut to 0.02
    assert holding(terms).submit(sell("0.201"), 7).fills[0].fee == Decimal("0.02")


def test_a_fill_price_has_twelve_digits() -> None:
    venue = opened(replace(TERMS, slippage_fraction=Decimal("0.00033")), price="123.456789")
    assert venue.submit(buy(1), 7).fills[0].price == Decimal("123.497529740")


def test_all_the_money_can_be_spent_and_not_a_digit_more() -> None:
    exactly = opened(dollars="202.202")
    exactly.submit(buy(2), 7)
    assert exactly.balances()["USDT"] == Balance(Decimal(0), Decimal(0))
    refused(RefusalCode.INSUFFICIENT_BALANCE, opened(dollars="202.201"), buy(2))


def test_a_pair_that_does_not_trade_takes_stops_but_no_market_orders() -> None:
    venue = holding()
    venue.pause("BTC/USDT")
    assert venue.price("BTC/USDT") is None
    refused(RefusalCode.MARKET_CLOSED, venue, sell(1))
    assert venue.submit(stop(2, 95, 94), 5).status is OrderStatus.ACCEPTED


# --- stops --------------------------------------------------------------------------------------------------------


def test_a_stop_locks_its_coins_and_a_cancel_frees_them() -> None:
    venue = holding()
    report = venue.submit(stop("1.5", 95, 94), 5)
    assert (report.status, report.triggered, report.limit, report.trigger) == (OrderStatus.ACCEPTED, False, 94, 95)
    assert venue.balances()["BTC"] == Balance(Decimal("0.5"), Decimal("1.5"))
    refused(RefusalCode.INSUFFICIENT_BALANCE, venue, sell(1))
    report = venue.cancel("BTC/USDT", "stop", 9)
    assert (report.status, report.updated_at, venue.seen_at) == (OrderStatus.CANCELED, 9, 9)
    assert venue.balances()["BTC"] == Balance(Decimal(2), Decimal(0))
    assert venue.open_orders() == ()


@pytest.mark.parametrize(
    ("candle", "price"),
    [
        # above the trigger: nothing
        (("100", "101", "95.01", "97"), None),
        # reached inside: trigger 95 x 0.99 = 94.05, above the limit of 94
        (("100", "101", "95", "97"), "94.05"),
        # opened below the trigger: 94.96 x 0.99 = 94.0104
        (("94.96", "101", "90", "97"), "94.0104"),
        # ... and less slippage that were 93.9...: the limit holds
        (("94.5", "101", "90", "97"), "94"),
        # opened below the limit, came back above it: at the limit
        (("93", "94.01", "90", "91"), "94"),
    ],
)
def test_a_stop_limit_meets_a_candle(candle: tuple[str, str, str, str], price: str | None) -> None:
    venue = holding()
    venue.submit(stop(2, 95, 94), 0)
    play(venue, *candle)
    report = found(venue, "stop")
    assert [str(one.price.normalize()) for one in report.fills] == ([] if price is None else [price])
    assert report.status is (OrderStatus.ACCEPTED if price is None else OrderStatus.FILLED)
    assert broken(venue.to_record()) == ()


def test_a_limit_of_more_than_twelve_digits_is_a_limit_too() -> None:
    venue = Venue([ETH], TERMS)
    venue.deposit("ETH", Decimal(1))
    venue.submit(stop(1, 95, "94.00000000000009", pair="ETH/USDT"), 0)
    play(venue, "93", "99", "90", "98", pair="ETH/USDT")
    assert found(venue, "stop", "ETH/USDT").fills[0].price == Decimal("94.00000000000009")


def test_a_stop_that_was_jumped_over_rests_at_its_limit_until_the_price_comes_back() -> None:
    venue = holding()
    venue.submit(stop(2, 95, 94), 0)
    play(venue, "93", "94", "90", "92", hour=0)
    report = found(venue, "stop")
    assert (report.triggered, report.status, report.updated_at) == (True, OrderStatus.ACCEPTED, 0)
    assert venue.balances()["BTC"].locked == 2
    play(venue, "92", "93.99", "92", "93", hour=1)
    assert found(venue, "stop").fills == ()
    play(venue, "93", "99", "93", "98", hour=2)
    (fill,) = found(venue, "stop").fills
    # 2 x 94 = 188, fee 0.188
    assert (fill.price, fill.fee, fill.filled_at) == (94, Decimal("0.188"), 2 * HOUR)
    assert venue.balances() == {"BTC": Balance(Decimal(0), Decimal(0)), "USDT": Balance(Decimal("187.812"), Decimal(0))}


def test_a_stop_lives_through_the_candle_that_it_was_placed_in_but_not_through_one_that_had_closed() -> None:
    venue = holding()
    venue.submit(stop(1, 95, 94, "old"), HOUR)
    play(venue, "100", "101", "90", "95", hour=0)
    assert found(venue, "old").status is OrderStatus.ACCEPTED
    venue.submit(stop(1, 95, 94, "late"), HOUR + 9)
    play(venue, "100", "101", "90", "95", hour=1)
    assert [found(venue, one).fills[0].filled_at for one in ("old", "late")] == [HOUR, HOUR + 9]
    assert [found(venue, one).fills[0].trade_id for one in ("old", "late")] == ["1", "2"]


def test_after_a_candle_the_pair_trades_at_its_close_and_other_pairs_go_on_as_they_were() -> None:
    venue = holding()
    venue.deposit("ETH", Decimal(3))
    venue.submit(stop(3, 95, 94, pair="ETH/USDT"), 0)
    play(venue, "93", "99", "90", "98")
    assert (venue.price("BTC/USDT"), venue.price("ETH/USDT")) == (98, None)
    assert found(venue, "stop", "ETH/USDT").fills == ()
    assert (venue.played("BTC/USDT"), venue.played("ETH/USDT"), venue.seen_at) == (HOUR, 0, HOUR)
    assert venue.awaiting() == {"ETH/USDT": 0}


def test_what_is_played_twice_is_an_error() -> None:
    venue = holding()
    play(venue, "100", "101", "99", "100")
    with pytest.raises(ValueError, match="BTC/USDT: the candle that closes at 3600000 was played already"):
        play(venue, "100", "101", "99", "100")


def test_a_stop_that_the_price_has_passed_waits_or_is_refused_by_terms() -> None:
    venue = holding()
    venue.submit(stop(1, 100, 99), 0)
    strict = holding(replace(TERMS, refuse_triggering=True))
    refused(RefusalCode.WOULD_TRIGGER, strict, stop(1, 100, 99))
    strict.submit(stop(1, "99.99", 99), 0)
    strict.pause("BTC/USDT")
    strict.submit(stop(1, 100, 99, "unseen"), 0)


def test_a_stop_limit_without_prices_cannot_meet_a_candle() -> None:
    order = VenueOrder(
        1, "x", "BTC/USDT", Side.SELL, OrderType.STOP_LOSS_LIMIT, Decimal(1), None, None, 0, 0
    )  # fmt: skip
    with pytest.raises(ValueError, match="lacks a price"):
        meet(order, Candle(Decimal(1), Decimal(1), Decimal(1), Decimal(1), 0, HOUR), TERMS)


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intent", "code"),
    [
        (buy("1.0005"), RefusalCode.LOT_SIZE),
        (buy("0.001"), RefusalCode.LOT_SIZE),
        (buy("0"), RefusalCode.LOT_SIZE),
        (buy("-1"), RefusalCode.LOT_SIZE),
        (buy("NaN"), RefusalCode.LOT_SIZE),
        (stop(1, "95.001", 94), RefusalCode.PRICE_FILTER),
        (stop(1, 95, "94.001"), RefusalCode.PRICE_FILTER),
        (stop(1, 95, 0), RefusalCode.PRICE_FILTER),
        (stop(1, 95, "Infinity"), RefusalCode.PRICE_FILTER),
        # 0.1 x 99.99 = 9.999; 0.1 x 100 x 0.99 = 9.9; 0.099 x 101 = 9.999
        (stop("0.1", 101, "99.99"), RefusalCode.NOTIONAL),
        (sell("0.1"), RefusalCode.NOTIONAL),
        (buy("0.099"), RefusalCode.NOTIONAL),
        (sell(3), RefusalCode.INSUFFICIENT_BALANCE),
        (stop(3, 95, 94), RefusalCode.INSUFFICIENT_BALANCE),
        (buy(100), RefusalCode.INSUFFICIENT_BALANCE),
        (buy(1, pair="XRP/USDT"), RefusalCode.UNKNOWN_PAIR),
        (buy(1, pair="ETH/USDT"), RefusalCode.MARKET_CLOSED),
        (replace(buy(1), limit=Decimal(99)), RefusalCode.PARAMETERS),
        (replace(buy(1), trigger=Decimal(99)), RefusalCode.PARAMETERS),
        (replace(buy(1), type=OrderType.LIMIT_IOC), RefusalCode.PARAMETERS),
        (replace(stop(1, 95, 94), trigger=None), RefusalCode.PARAMETERS),
        (replace(stop(1, 95, 94), limit=None), RefusalCode.PARAMETERS),
        (replace(stop(1, 95, 94), side=Side.BUY), RefusalCode.PARAMETERS),
    ],
)
def test_a_refusal_has_a_code_and_changes_nothing(intent: Intent, code: RefusalCode) -> None:
    venue = holding()
    venue.deposit("USDT", Decimal(1000))
    refused(code, venue, intent)


def test_an_order_of_exactly_the_smallest_size_and_value_is_taken() -> None:
    venue = holding()
    assert venue.submit(stop("0.1", 101, 100), 0).status is OrderStatus.ACCEPTED


def test_a_client_id_is_unique_among_open_orders_of_all_pairs_and_free_again_afterwards() -> None:
    venue = holding()
    venue.deposit("ETH", Decimal(2))
    venue.trade_at("ETH/USDT", Decimal(100), 0)
    venue.submit(stop(1, 95, 94, "same"), 0)
    refused(RefusalCode.DUPLICATE_ORDER, venue, stop(1, 95, 94, "same"))
    refused(RefusalCode.DUPLICATE_ORDER, venue, sell(1, "same", "ETH/USDT"))
    venue.cancel("BTC/USDT", "same", 1)
    assert venue.submit(sell(1, "same"), 2).venue_id == "2"
    assert venue.submit(sell(1, "same"), 3).venue_id == "3"
    assert found(venue, "same").venue_id == "3", "the latest"


def test_only_open_orders_can_be_cancelled() -> None:
    venue = opened()
    venue.submit(buy(1), 1)
    for client_id in ("buy", "never"):
        with pytest.raises(VenueRefused) as error:
            venue.cancel("BTC/USDT", client_id, 2)
        assert error.value.code is RefusalCode.UNKNOWN_ORDER
    assert venue.find("BTC/USDT", "never") is None


def test_coins_come_and_go_but_not_those_that_are_locked_and_not_less_than_nothing() -> None:
    venue = holding()
    venue.submit(stop("1.5", 95, 94), 0)
    venue.withdraw("BTC", Decimal("0.5"))
    with pytest.raises(VenueRefused) as error:
        venue.withdraw("BTC", Decimal("0.001"))
    assert error.value.code is RefusalCode.INSUFFICIENT_BALANCE
    for amount in ("0", "-1", "NaN", "Infinity"):
        with pytest.raises(ValueError, match="above zero"):
            venue.deposit("BTC", Decimal(amount))
        with pytest.raises(ValueError, match="above zero"):
            venue.withdraw("BTC", Decimal(amount))


# --- numbers and memory -------------------------------------------------------------------------------------------


def test_orders_and_trades_are_counted_by_pair() -> None:
    venue = opened()
    venue.trade_at("ETH/USDT", Decimal(10), 0)
    reports = [venue.submit(buy(1, f"{n}", pair), n) for n, pair in enumerate(("BTC/USDT", "ETH/USDT", "BTC/USDT"))]
    assert [one.venue_id for one in reports] == ["1", "1", "2"]
    assert [one.fills[0].trade_id for one in reports] == ["1", "1", "2"]


def test_the_oldest_of_the_ended_orders_are_forgotten() -> None:
    venue = opened(replace(TERMS, kept_orders=2))
    for client_id in ("a", "b", "b", "c"):
        venue.submit(buy("0.1", client_id), 1)
    assert [one.number for one in venue.to_record().ended_orders] == [3, 4]
    assert venue.find("BTC/USDT", "a") is None
    assert found(venue, "b").venue_id == "3", "the later one of that name is remembered"
    assert broken(venue.to_record()) == ()


def test_a_venue_goes_on_from_its_record_as_if_nothing_had_happened() -> None:
    venue = holding()
    venue.deposit("USDT", Decimal(500))
    venue.submit(buy("0.1"), 1)
    venue.submit(stop(1, 95, 94), 2)
    play(venue, "93", "94", "90", "92")
    record = from_json(VenueRecord, to_json(venue.to_record()))
    assert record == venue.to_record()
    again = Venue([BTC, ETH], TERMS, record)
    for one in (venue, again):
        play(one, "93", "99", "93", "98", hour=1)
        one.submit(sell(1), HOUR)
    assert again.to_record() == venue.to_record()
    assert again.balances()["BTC"].total == Decimal("0.1")


# --- books that do not add up -------------------------------------------------------------------------------------


def good() -> VenueRecord:
    venue = holding()
    venue.deposit("USDT", Decimal(500))
    venue.submit(buy("0.1"), 1)
    venue.submit(stop(1, 95, 94), 2)
    return venue.to_record()


def with_account(record: VenueRecord, asset: str, **values: Decimal) -> VenueRecord:
    return replace(record, accounts={**record.accounts, asset: replace(record.accounts[asset], **values)})


def with_ended(record: VenueRecord, **values: object) -> VenueRecord:
    return replace(record, ended_orders=(replace(record.ended_orders[0], **values),))  # type: ignore[arg-type]


def with_open(record: VenueRecord, **values: object) -> VenueRecord:
    return replace(record, open_orders=(replace(record.open_orders[0], **values),))  # type: ignore[arg-type]


def doubled(record: VenueRecord) -> VenueRecord:
    first = record.open_orders[0]
    second = replace(first, number=1, quantity=Decimal("0.1"))
    return replace(record, open_orders=(first, second))


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (with_account(good(), "USDT", free=Decimal(500)), "500 USDT came in"),
        (with_account(good(), "USDT", fees=Decimal(-1), traded=Decimal("11.1101")), "an amount of USDT is negative"),
        (with_account(good(), "BTC", free=Decimal("0.1"), locked=Decimal(2)), "2 BTC are locked, open orders need 1"),
        (replace(good(), accounts={"BTC": Account()}), "0 BTC are locked, open orders need 1"),
        (replace(good(), accounts={}), "0 BTC are locked, open orders need 1"),
        (doubled(good()), "2 open orders have the id stop"),
        (doubled(good()), "order 1 of BTC/USDT is there twice"),
        (with_open(good(), status=OrderStatus.CANCELED), "order stop is open and canceled"),
        (with_ended(good(), status=OrderStatus.PARTIAL), "order buy has ended and is partial"),
        (with_ended(good(), quantity=Decimal("0.2")), "order buy is filled with 0.1 of 0.2 executed"),
        (with_ended(good(), status=OrderStatus.CANCELED), "order buy is canceled with 0.1 of 0.1 executed"),
        (replace(good(), last_order={"BTC/USDT": 1}), "order 2 of BTC/USDT has a number that was not given yet"),
        (with_open(good(), number=1), "order 1 of BTC/USDT is there twice"),
        (
            with_ended(good(), quantity=Decimal("0.2"), fills=good().ended_orders[0].fills * 2),
            "trade 1 of BTC/USDT is there twice",
        ),
    ],
)
def test_books_that_do_not_add_up_are_told_and_not_taken(record: VenueRecord, problem: str) -> None:
    assert any(problem in one for one in broken(record)), broken(record)
    with pytest.raises(InvariantBroken, match="do not add up"):
        Venue([BTC], TERMS, record)
