"""A replay on a ledger on disk that dies at every single operation of the disk, and goes on: the same fills.

The trader here is not the engine: a fixed rule that, like the engine, computes its client ids and asks before it
sends. What is tested is that the venue and the market come back to where they were.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.orders import approved, buy, sell, stop
from tests.oracles import markets
from vigie.adapters.exchanges.paper import PaperBroker
from vigie.adapters.exchanges.paper_ledger import FILE_NAME, PaperLedger
from vigie.adapters.market_data.replay import ReplayMarket
from vigie.domain.candles import Series
from vigie.domain.instrument import Instrument
from vigie.domain.order import Intent, OrderReport
from vigie.domain.pair import Pair
from vigie.simulation.record import VenueRecord
from vigie.simulation.terms import Terms

PAIRS = (Pair("BTC", "USDT"), Pair("ETH", "USDT"))
LISTED = [Instrument(pair, tick=Decimal("0.01"), step=Decimal("0.0001"), min_notional=Decimal(5)) for pair in PAIRS]
TERMS = Terms(fee_fraction=Decimal("0.001"), slippage_fraction=Decimal("0.0005"), fee_in_base=True)
CANDLES = [markets.as_candles(markets.with_holes(markets.gap_heavy(16, seed), seed)) for seed in (3, 4)]
SERIES = [Series(pair, "made-up", candles, "made up") for pair, candles in zip(PAIRS, CANDLES, strict=True)]


class Died(BaseException):
    """The process is gone."""


class Trader:
    """Holds each pair nearly always: buys at an open, protects, moves the stop every third row, sells at one row.

    What it decides it notes before it acts, as the engine does in its journal, and asks before it sends.
    """

    def __init__(self, path: Path, notes: dict[str, Any]) -> None:
        ledger = PaperLedger(path, LISTED, TERMS, {"USDT": Decimal(1000)})
        self.market = ReplayMarket(SERIES, ledger.venue, save=ledger.save, start_ms=int(CANDLES[0].opens_at[2]))
        self.broker = PaperBroker(ledger, self.market, self.market, CANDLES[0].timeframe)
        self.notes = notes

    def run(self) -> None:
        if self.market.row_opens_at is not None:
            self.act()
        while self.market.close_row():
            self.act()

    def act(self) -> None:
        """Everything of one row; may be done again."""
        row = self.market.rows_left
        self.market.to_open()
        for pair in PAIRS:
            resting = self.noted(f"{row} {pair}", lambda p=pair: self.stop_of(p))
            if self.market.price(pair) is None:
                continue
            if resting is None:
                report = self.send(pair, f"buy-{row}-{pair.base}", lambda name, p=pair: buy("0.5", name, str(p)))
                self.protect(pair, row, report.fills[0].price)
            elif row == 5:
                self.cancel(pair, resting)
                self.send(pair, f"sell-{row}-{pair.base}", lambda name, p=pair: sell(self.coins(p), name, str(p)))
            elif row % 3 == 0:
                self.cancel(pair, resting)
                self.protect(pair, row, Decimal(100))

    def stop_of(self, pair: Pair) -> str | None:
        return next((one.client_id for one in self.broker.open_orders() if one.pair == str(pair)), None)

    def coins(self, pair: Pair) -> Decimal:
        return self.broker.instrument(pair).quantity_down(self.broker.balances()[pair.base].free)

    def protect(self, pair: Pair, row: int, price: Decimal) -> None:
        at = self.broker.instrument(pair).price_down
        trigger, limit = at(price * Decimal("0.98")), at(price * Decimal("0.975"))
        self.send(
            pair, f"stop-{row}-{pair.base}", lambda name: stop(self.coins(pair), trigger, limit, name, str(pair))
        )  # fmt: skip

    def send(self, pair: Pair, name: str, make: Callable[[str], Intent]) -> OrderReport:
        intent = self.noted(name, lambda: make(name))
        known = self.broker.find(pair, name)
        return known if known is not None else self.broker.submit(approved(intent))

    def cancel(self, pair: Pair, name: str) -> None:
        known = self.broker.find(pair, name)
        if known is not None and not known.status.final:
            self.broker.cancel(pair, name)

    def noted(self, key: str, decide: Callable[[], Any]) -> Any:
        if key not in self.notes:
            self.notes[key] = decide()
        return self.notes[key]


def end_of(path: Path) -> VenueRecord:
    return PaperLedger(path, LISTED, TERMS, {}).venue.to_record()


def dying(monkeypatch: pytest.MonkeyPatch, at: int) -> list[int]:
    """Let the process die before the operation of this number; counts them. Nothing waits for the disk."""
    count, replace = [0], os.replace

    def operation(real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            count[0] += 1
            if count[0] == at:
                raise Died
            return real(*arguments)

        return counted

    monkeypatch.setattr(os, "fsync", operation(lambda _: None))
    monkeypatch.setattr(os, "replace", operation(replace))
    return count


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> VenueRecord:
    """What comes of it where nobody dies."""
    path = tmp_path_factory.mktemp("whole") / FILE_NAME
    Trader(path, {}).run()
    return end_of(path)


def test_the_trader_does_everything_that_is_to_be_survived(whole: VenueRecord) -> None:
    kinds = {(one.type.value, one.side.value, one.status.value) for one in whole.ended_orders}
    assert kinds == {
        ("market", "buy", "filled"),
        ("market", "sell", "filled"),
        ("stop-loss-limit", "sell", "filled"),
        ("stop-loss-limit", "sell", "canceled"),
    }


@pytest.mark.long
def test_the_fills_are_the_same_wherever_the_process_died(
    whole: VenueRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        count = dying(patch, 0)
        Trader(tmp_path / "counted", {}).run()
    assert count[0] > 80
    for at in range(1, count[0] + 1):
        path, notes = tmp_path / f"{at}" / FILE_NAME, {}
        with monkeypatch.context() as patch:
            dying(patch, at)
            with pytest.raises(Died):
                Trader(path, notes).run()
            dying(patch, 0)
            Trader(path, notes).run()
        assert end_of(path) == whole, f"died at operation {at}"
