"""Paper's broker: the candles that nobody looked at, the file it answers from, and that nothing leaves the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.orders import approved, buy, sell, stop
from vigie.adapters.exchanges.paper import PaperBroker
from vigie.adapters.exchanges.paper_ledger import FILE_NAME, PaperLedger
from vigie.domain.candles import Candles
from vigie.domain.errors import DataError, InvariantBroken, OutcomeUnknown, RefusalCode, VenueRefused, VenueUnavailable
from vigie.domain.instrument import Instrument
from vigie.domain.order import Balance
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.ports.broker import Broker
from vigie.simulation.terms import Terms

BTC = Pair("BTC", "USDT")
H1 = Timeframe.parse("1h")
HOUR = H1.milliseconds
LISTED = [Instrument(BTC, tick=Decimal("0.01"))]


@dataclass
class Market:
    """A feed and its clock: one candle per hour, of these lows, open and close 100; the price of now is given.

    Attributes:
        lows: of the candles from hour 0 on.
        now: epoch milliseconds.
        last: present price.
        failure: raised by each read.
        asked: counts of candles that were asked for.
    """

    lows: list[float]
    now: int = 0
    last: float | None = 100.0
    failure: Exception | None = None
    asked: list[int] = field(default_factory=list)

    def now_ms(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody waits {seconds} s here")

    def to_open(self) -> None:
        pass

    def price(self, pair: Pair) -> float | None:
        self._fail()
        return self.last

    def closed(self, pair: Pair, count: int) -> Candles:
        self._fail()
        self.asked.append(count)
        known = min(self.now // HOUR, len(self.lows))
        lows = self.lows[:known]
        flat = [100.0] * known
        candles = Candles(H1, [at * HOUR for at in range(known)], flat, flat, lows, flat, flat)  # type: ignore[arg-type]
        return candles[max(0, known - count) :]

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


def ledger(path: Path | None = None, terms: Terms | None = None) -> PaperLedger:
    return PaperLedger(path, LISTED, terms or Terms(), {"USDT": Decimal(1000), "BTC": Decimal(2)})


def broker(market: Market, books: PaperLedger | None = None) -> PaperBroker:
    return PaperBroker(books or ledger(), market, market, H1)


def test_it_is_a_broker() -> None:
    fulfils: Broker = broker(Market([]))
    assert fulfils.instrument(BTC) is LISTED[0]
    assert fulfils.balances() == {"USDT": Balance(Decimal(1000), Decimal(0)), "BTC": Balance(Decimal(2), Decimal(0))}


def test_a_market_order_meets_the_price_of_now() -> None:
    market = Market([], now=5)
    paper = broker(market)
    market.last = 101.5
    report = paper.submit(approved(buy(1)))
    assert [(one.price, one.filled_at) for one in report.fills] == [(Decimal("101.5"), 5)]
    assert paper.find(BTC, "buy") == report


def test_where_the_pair_does_not_trade_a_market_order_is_refused() -> None:
    market = Market([], last=None)
    paper = broker(market)
    with pytest.raises(VenueRefused) as error:
        paper.submit(approved(sell(1)))
    assert error.value.code is RefusalCode.MARKET_CLOSED
    assert paper.submit(approved(stop(1, 95, 94))).status is OrderStatus.ACCEPTED


def test_a_pair_that_is_not_listed_is_refused_before_its_price_is_asked_for() -> None:
    paper = broker(Market([], failure=VenueUnavailable("no")))
    with pytest.raises(VenueRefused) as error:
        paper.submit(approved(buy(1, pair="ETH/USDT")))
    assert error.value.code is RefusalCode.UNKNOWN_PAIR
    with pytest.raises(VenueRefused):
        paper.instrument(Pair("ETH", "USDT"))


@pytest.mark.parametrize("question", ["find", "open_orders", "balances", "cancel", "submit"])
def test_stops_that_were_hit_while_nobody_looked_are_filled_in_their_candle_before_any_answer(question: str) -> None:
    market = Market([99.0, 99.0, 94.5, 99.0, 99.0], now=HOUR // 2)
    paper = broker(market)
    paper.submit(approved(stop(2, 95, 94)))
    market.now = 5 * HOUR + 7
    if question == "find":
        report = paper.find(BTC, "stop")
        assert report is not None
        assert [(one.price, one.filled_at) for one in report.fills] == [(95, 2 * HOUR)]
    elif question == "open_orders":
        assert paper.open_orders() == ()
    elif question == "balances":
        assert paper.balances()["USDT"].free == 1190
    elif question == "cancel":
        with pytest.raises(VenueRefused):
            paper.cancel(BTC, "stop")
    else:
        with pytest.raises(VenueRefused) as error:
            paper.submit(approved(sell(1)))
        assert error.value.code is RefusalCode.INSUFFICIENT_BALANCE
    assert market.asked == [5], "as many as could have closed since the stop was placed"


def test_candles_are_asked_for_only_while_something_rests_and_only_once() -> None:
    market = Market([99.0] * 9, now=HOUR)
    paper = broker(market)
    paper.submit(approved(buy(1)))
    paper.balances()
    assert market.asked == []
    paper.submit(approved(stop(2, 95, 94)))
    assert [one.client_id for one in paper.open_orders()] == ["stop"]
    market.now = 3 * HOUR
    paper.open_orders()
    paper.open_orders()
    assert market.asked == [2]
    market.now = 4 * HOUR + 1
    paper.open_orders()
    # The open candle is asked for too: the venue, not we, knows whether it has closed.
    assert market.asked == [2, 2]


def test_a_stop_is_not_held_against_candles_that_had_closed_before_it_was_placed() -> None:
    market = Market([90.0, 90.0, 99.0], now=2 * HOUR)
    paper = broker(market)
    paper.submit(approved(stop(2, 95, 94)))
    market.now = 3 * HOUR
    assert [one.client_id for one in paper.open_orders()] == ["stop"]


def test_terms_that_refuse_triggering_stops_look_at_the_price_of_now() -> None:
    market = Market([], last=94.0)
    paper = broker(market, ledger(terms=Terms(refuse_triggering=True)))
    with pytest.raises(VenueRefused) as error:
        paper.submit(approved(stop(1, 95, 94)))
    assert error.value.code is RefusalCode.WOULD_TRIGGER


@pytest.mark.parametrize("failure", [VenueUnavailable("gone"), DataError("high is below low")])
def test_without_candles_or_price_nothing_is_done(failure: Exception) -> None:
    market = Market([99.0, 99.0])
    paper = broker(market)
    paper.submit(approved(stop(1, 95, 94)))
    market.now, market.failure = HOUR, failure
    for ask in (paper.open_orders, paper.balances, lambda: paper.submit(approved(sell(1)))):
        with pytest.raises(VenueUnavailable):
            ask()
    market.failure = None
    assert [one.client_id for one in paper.open_orders()] == ["stop"]


def test_only_what_was_approved_is_taken() -> None:
    with pytest.raises(TypeError, match="not Intent"):
        broker(Market([])).submit(buy(1))  # type: ignore[arg-type]


# --- the file -----------------------------------------------------------------------------------------------------


def test_each_answer_is_in_the_file_before_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "account" / FILE_NAME
    market = Market([99.0, 94.0], now=HOUR)
    books = ledger(path)
    assert books.fresh
    paper = broker(market, books)

    def on_disk() -> PaperLedger:
        return PaperLedger(path, LISTED, Terms(), {"USDT": Decimal(77)})

    assert (on_disk().fresh, on_disk().venue.balances()) == (False, books.venue.balances()), "deposits are made once"
    bought = paper.submit(approved(buy(1)))
    assert on_disk().venue.find("BTC/USDT", "buy") == bought
    rests = paper.submit(approved(stop(1, 95, 94)))
    assert on_disk().venue.open_orders() == (rests,)
    gone = paper.cancel(BTC, "stop")
    assert on_disk().venue.find("BTC/USDT", "stop") == gone
    paper.submit(approved(stop(1, 95, 94, "second")))
    market.now = 2 * HOUR
    filled = paper.find(BTC, "second")
    assert filled is not None
    assert filled.status is OrderStatus.FILLED
    assert on_disk().venue.find("BTC/USDT", "second") == filled
    assert [one.name for one in path.parent.iterdir()] == [FILE_NAME]


def test_a_refusal_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    paper = broker(Market([]), ledger(path))
    before = path.stat().st_mtime_ns, path.read_bytes()
    with pytest.raises(VenueRefused):
        paper.submit(approved(sell(3)))
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_what_has_ended_is_written_the_same_from_memory_and_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    books = ledger(path)
    paper = broker(Market([]), books)
    for number in range(5):
        paper.submit(approved(buy("0.5", f"{number}")))
    before = path.read_bytes()
    PaperLedger(path, LISTED, Terms(), {}).save()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda content: content.replace(b'"free":"900', b'"free":"990'), "its checksum differs"),
        (lambda content: content.replace(b'"version":1', b'"version":2'), "version 2 is not known"),
        (lambda content: content[:-40], "the paper ledger is damaged"),
        (lambda _: b"", "the paper ledger is damaged"),
        (lambda _: b"[1]", "the paper ledger is damaged"),
        (lambda _: b"{}", "the paper ledger is damaged"),
        (lambda _: b"\xff\x00", "the paper ledger is damaged"),
    ],
)
def test_a_damaged_ledger_is_never_taken_for_an_empty_one(tmp_path: Path, harm: object, words: str) -> None:
    path = tmp_path / FILE_NAME
    broker(Market([]), ledger(path)).submit(approved(buy(1)))
    harmed = harm(path.read_bytes())  # type: ignore[operator]
    assert harmed != path.read_bytes()
    path.write_bytes(harmed)
    with pytest.raises(InvariantBroken, match=words):
        ledger(path)
    assert path.read_bytes() == harmed


def test_a_write_that_fails_before_the_rename_is_an_unknown_outcome_that_turns_out_not_to_have_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = broker(Market([]), ledger(tmp_path / FILE_NAME))
    monkeypatch.setattr(os, "fsync", failing_at(1))
    with pytest.raises(OutcomeUnknown, match=r"order buy may or may not .* cannot be written: No space left"):
        paper.submit(approved(buy(1)))
    assert paper.find(BTC, "buy") is None
    assert paper.balances()["USDT"].free == 1000
    assert paper.submit(approved(buy(1))).venue_id == "1"


def test_a_write_that_fails_after_the_rename_is_an_unknown_outcome_that_turns_out_to_have_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = ledger(tmp_path / FILE_NAME)
    paper = broker(Market([]), books)
    paper.submit(approved(stop(1, 95, 94)))
    monkeypatch.setattr(os, "fsync", failing_at(2))
    with pytest.raises(OutcomeUnknown, match="the cancel of stop may or may not"):
        paper.cancel(BTC, "stop")
    report = paper.find(BTC, "stop")
    assert report is not None
    assert report.status is OrderStatus.CANCELED
    assert PaperLedger(tmp_path / FILE_NAME, LISTED, Terms(), {}).venue.find("BTC/USDT", "stop") == report


def test_fills_that_cannot_be_kept_are_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    market = Market([94.5])
    paper = broker(market, ledger(tmp_path / FILE_NAME))
    paper.submit(approved(stop(1, 95, 94)))
    market.now = HOUR
    monkeypatch.setattr(os, "fsync", failing_at(1))
    with pytest.raises(VenueUnavailable, match="cannot be written"):
        paper.find(BTC, "stop")
    assert paper.open_orders() == ()


def test_a_ledger_that_can_neither_be_written_nor_read_halts(tmp_path: Path) -> None:
    folder = tmp_path / "account"
    paper = broker(Market([]), ledger(folder / FILE_NAME))
    folder.rename(tmp_path / "elsewhere")
    folder.touch()
    with pytest.raises(InvariantBroken, match="neither written nor read"):
        paper.submit(approved(buy(1)))


def failing_at(call: int) -> object:
    """An fsync of which one call fails."""
    real, calls = os.fsync, [0]

    def fsync(descriptor: int) -> None:
        calls[0] += 1
        if calls[0] == call:
            raise OSError(28, "No space left on device")
        real(descriptor)

    return fsync


# --- nothing leaves the machine -----------------------------------------------------------------------------------


def test_nothing_that_could_send_is_even_imported() -> None:
    script = "import sys, vigie.adapters.exchanges.paper as p; print(' '.join(sorted(sys.modules)))"
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    senders = {"ccxt", "requests", "aiohttp", "urllib3", "httpx", "http.client", "ssl", "yagmail", "smtplib"}
    assert senders & set(modules) == set()
    assert not [
        one
        for one in modules
        if one.startswith("vigie.adapters.")
        and "paper" not in one
        and "storage" not in one
        and one != "vigie.adapters.exchanges"
    ]
