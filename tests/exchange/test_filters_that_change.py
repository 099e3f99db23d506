"""A venue changes its filters while a position is open: the stop that has to be placed anew fits them, in one tick."""

from __future__ import annotations

from decimal import Decimal

from tests.exchange.test_engine_on_the_wire import live
from tests.exchange.test_reconcile_on_the_wire import CALM, cancelled_by_hand
from vigie.domain.trading_mode import TradingMode

COARSER = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.3", "maxPrice": "1000000", "tickSize": "0.3"},
    {"filterType": "LOT_SIZE", "minQty": "0.07", "maxQty": "9000", "stepSize": "0.07"},
]


def test_f21_a_stop_refused_for_new_filters_is_placed_within_them_in_the_same_tick() -> None:
    with live(CALM, entries=[5]) as run:
        run.engine.start()
        assert run.hours(2) == []
        cancelled_by_hand(run)
        run.ex.do("symbol", symbol="BTCUSDT", filters=COARSER)
        run.ex.advance(60)
        assert run.engine.guard_tick().problems == ()
        (stop,) = run.broker.open_orders()
        assert stop.quantity % Decimal("0.07") == 0
        assert run.engine._desk.mode is TradingMode.ACTIVE, "new filters are no reason to halt"
