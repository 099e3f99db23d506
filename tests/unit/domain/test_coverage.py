"""How long a position had no stop: what the fold makes of the events."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tests.fakes.accounts import AT, BASELINE, BTC, ENTRY_ID, EXIT_ID, STOP_ID, WISH, filled, learnt, planned
from vigie.domain import events as e
from vigie.domain.coverage import GUARD_PERIOD_MS, Gaps
from vigie.domain.holdings import Holding
from vigie.domain.order import Leg
from vigie.domain.order_status import Learnt
from vigie.domain.portfolio import Portfolio, folded

Timed = tuple[int, e.Event]
BOUGHT: tuple[Timed, ...] = (
    (0, BASELINE),
    (0, WISH),
    (0, planned()),
    (0, learnt(Learnt.SENT)),
    (200, filled(at=AT + 100)),
    (200, learnt(Learnt.FILLED)),
)
SECOND = "6" * 32


def at(events: Iterable[Timed]) -> Portfolio:
    """The account after events, each so many milliseconds after the beginning."""
    return folded((seq, AT + after, event) for seq, (after, event) in enumerate(events, 1))


def of(events: Iterable[Timed]) -> Holding:
    return at(events).holdings[BTC]


def stop(after: int, heard_after: int, client_id: str = STOP_ID) -> tuple[Timed, ...]:
    """A stop that is sent, and taken some time later."""
    return (
        (after, planned(client_id, Leg.STOP)),
        (after, learnt(Learnt.SENT, client_id)),
        (heard_after, learnt(Learnt.ACCEPTED, client_id)),
        (heard_after, e.StopMarked(BTC, client_id)),
    )


def test_it_begins_with_the_first_fill_and_ends_when_the_stop_was_taken() -> None:
    assert of(BOUGHT).bare_since == AT + 100
    covered = at([*BOUGHT, *stop(250, 700)])
    assert covered.holdings[BTC].bare_since is None
    assert covered.holdings[BTC].gaps == covered.gaps == Gaps(1, 600, 600, 0)


def test_a_stop_whose_answer_was_lost_covers_nothing_until_the_venue_says_so() -> None:
    lost = (
        (250, planned(STOP_ID, Leg.STOP)),
        (250, learnt(Learnt.SENT, STOP_ID)),
        (300, learnt(Learnt.NO_ANSWER, STOP_ID)),
        (300, e.StopMarked(BTC, STOP_ID)),
    )
    assert of([*BOUGHT, *lost]).bare_since == AT + 100
    assert of([*BOUGHT, *lost, (9_100, learnt(Learnt.ACCEPTED, STOP_ID))]).gaps.total_ms == 9_000


def test_each_replacement_is_a_gap_of_its_own() -> None:
    moved = (
        *stop(250, 700),
        (5_000, learnt(Learnt.CANCELED, STOP_ID)),
        (5_000, e.StopMarked(BTC, None)),
        *stop(5_100, 5_400, SECOND),
    )
    assert of([*BOUGHT, *moved]).gaps == Gaps(2, 1_000, 600, 0)


def test_a_stop_that_somebody_took_away_is_missed_from_the_venues_own_instant_on() -> None:
    taken = e.OrderLearnt(STOP_ID, BTC, Learnt.CANCELED, venue_at=AT + 10_000)
    assert of([*BOUGHT, *stop(250, 700), (50_000, taken)]).bare_since == AT + 10_000


def test_a_late_part_of_the_entry_is_bare_until_a_stop_covers_it_too() -> None:
    entry = (
        (0, BASELINE),
        (0, WISH),
        (0, planned()),
        (0, learnt(Learnt.SENT)),
        (100, filled(quantity="1", at=AT + 100)),
        (100, learnt(Learnt.FILLED_IN_PART)),
        *stop(250, 700),
    )
    late = (*entry, (8_000, filled(trade_id="t2", quantity="1", at=AT + 8_000)))
    assert of(late).bare_since == AT + 8_000
    # What is heard of the old stop does not cover the new coins.
    assert of([*late, (8_100, learnt(Learnt.NO_ANSWER, STOP_ID))]).bare_since == AT + 8_000
    assert of([*late, (9_000, e.StopMarked(BTC, STOP_ID, "covers all"))]).gaps == Gaps(2, 1_600, 1_000, 0)


def test_a_stop_that_was_filled_leaves_nothing_bare_behind() -> None:
    sold = (
        *stop(250, 700),
        (5_000, filled(STOP_ID, trade_id="s", price="95", at=AT + 4_000)),
        (5_000, learnt(Learnt.FILLED, STOP_ID)),
    )
    assert of([*BOUGHT, *sold]).bare_since is None
    assert of([*BOUGHT, *sold]).gaps.count == 1


def test_what_was_sold_without_a_stop_was_bare_until_its_last_sale() -> None:
    sale = (
        *stop(250, 700),
        (5_000, learnt(Learnt.CANCELED, STOP_ID)),
        (5_000, e.StopMarked(BTC, None)),
        (5_050, planned(EXIT_ID, Leg.EXIT)),
        (5_050, learnt(Learnt.SENT, EXIT_ID)),
        (7_000, filled(EXIT_ID, trade_id="x", price="101", at=AT + 5_300)),
        (7_000, learnt(Learnt.FILLED, EXIT_ID)),
    )
    closed = e.TradeClosed(BTC, AT, AT, Decimal(100), Decimal(101), Decimal(2), Decimal(0), Decimal(2), 4)
    account = at([*BOUGHT, *sale, (9_000, closed)])
    assert account.gaps == Gaps(2, 600 + 300, 600, 0)


def test_what_lasted_longer_than_a_guard_period_is_counted() -> None:
    assert of([*BOUGHT, *stop(250, 100 + GUARD_PERIOD_MS)]).gaps.too_long == 0
    assert of([*BOUGHT, *stop(250, 101 + GUARD_PERIOD_MS)]).gaps.too_long == 1


def test_no_time_is_less_than_nothing() -> None:
    assert Gaps().with_one(-5) == Gaps(1, 0, 0, 0)


def test_the_entry_of_an_account_of_old_folds_as_before() -> None:
    """Lines without the fields of today: what they do not say is their default."""
    old = e.from_fields("order", 1, {"client_id": ENTRY_ID, "pair": BTC, "learnt": "sent"})
    assert old == learnt(Learnt.SENT)
    closed = {
        "pair": BTC, "entry_at": 1, "exit_at": 2, "entry_price": "1", "exit_price": "1", "quantity": "1", "fees": "0",
        "profit": "0", "code": 1,
    }  # fmt: skip
    found = e.from_fields("trade", 1, closed)
    assert isinstance(found, e.TradeClosed)
    assert (found.bare_ms, found.slippage, found.fees_elsewhere) == (0, 0, 0)
