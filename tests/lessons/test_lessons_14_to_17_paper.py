"""Lessons of the first system about paper trading: nothing real is reachable from it, and its ledger is its own."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.fakes.small_markets import BTC, QUIET, on_one_pair, ticked
from vigie.adapters.exchanges.paper import PaperBroker
from vigie.domain.candles import Candles
from vigie.domain.order import Leg, OrderType
from vigie.domain.pair import Pair
from vigie.engine.reconcile import DifferenceKind, compare
from vigie.ports.feed import CandleFeed

ROOT = Path(__file__).resolve().parents[2]


class ReadsAlone:
    """A client of a venue: candles and prices, and an outcry at all else."""

    def __init__(self, feed: CandleFeed) -> None:
        self._feed = feed

    def closed(self, pair: Pair, count: int) -> Candles:
        return self._feed.closed(pair, count)

    def to_open(self) -> None:
        self._feed.to_open()

    def price(self, pair: Pair) -> float | None:
        return self._feed.price(pair)

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"paper trading reached for {name}")


def test_lesson_14_no_write_of_any_kind_is_reachable_in_paper() -> None:
    market = on_one_pair([QUIET] * 6, entries=[1], exits=[3])
    paper = market.broker.paper
    market.broker.paper = PaperBroker(paper._ledger, ReadsAlone(market.market), market.market, market.setup.timeframe)
    assert ticked(market, 6) == []
    legs = [one.leg for one in market.broker.sent]
    assert {Leg.ENTRY, Leg.STOP, Leg.EXIT} <= set(legs), "stop orders too were sent, and to our own ledger"


def test_lesson_14_a_contract_keeps_the_network_out_of_papers_venue() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (found,) = [one for one in contracts if one["name"] == "nothing of paper trading's venue can send"]
    assert {"ccxt", "aiohttp", "requests", "urllib", "socket"} <= set(found["forbidden_modules"])
    assert "allow_indirect_imports" not in found


def test_lesson_16_an_order_that_is_not_ours_is_told_and_never_taken_for_ours() -> None:
    ours, other = on_one_pair([QUIET] * 6, entries=[1]), on_one_pair([QUIET] * 6)
    ticked(ours, 4)
    ticked(other, 4)
    resting = ours.broker.open_orders()
    assert [one.type for one in resting] == [OrderType.STOP_LOSS_LIMIT]
    found = compare(other.engine.portfolio, other.broker.balances(), resting, [BTC])
    assert [one.kind for one in found] == [DifferenceKind.FOREIGN_ORDER]
