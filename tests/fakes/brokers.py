"""Brokers on real ccxt, pointed at a simulated exchange."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vigie.adapters.exchanges.ccxt_broker import CcxtBroker, open_live_broker
from vigie.adapters.exchanges.secrets import Secrets
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.storage.request_budget import BudgetInMemory
from vigie.ports.clock import Clock
from vigie.ports.request_budget import BudgetStore


@contextmanager
def sim_broker(
    ex: SimExchange,
    *,
    clock: Clock | None = None,
    store: BudgetStore | None = None,
    timeout_s: float = 0.4,
    read_tries: int = 1,
) -> Iterator[CcxtBroker]:
    """A broker whose customer the exchange knows."""
    broker = open_live_broker(
        "binance",
        Secrets(ex.api_key, ex.api_secret),
        clock or ex.clock,
        store or BudgetInMemory(),
        base_url=ex.url,
        timeout_s=timeout_s,
        read_tries=read_tries,
    )
    try:
        yield broker
    finally:
        broker.close()


class OffClock:
    """The exchange's time and an error, as a machine's own clock has it. Fulfils the Clock port.

    Attributes:
        error_ms: how much later it is than the exchange's.
    """

    def __init__(self, ex: SimExchange, error_ms: int) -> None:
        self._ex, self.error_ms = ex, error_ms

    def now_ms(self) -> int:
        """The present instant, wrong by that much."""
        return self._ex.now_ms() + self.error_ms

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        self._ex.clock.sleep(seconds)
