"""Real HTTP to the simulated exchange, with the same hooks as the way without a socket."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from tests.fakes.in_process import DeskLine
from vigie.adapters.exchanges.ccxt_broker import CcxtBroker, open_live_broker
from vigie.adapters.exchanges.secrets import Secrets
from vigie.adapters.market_data.ccxt_source import CcxtCandleSource
from vigie.adapters.sim_server.calls import Call
from vigie.ports.request_budget import BudgetStore

PATIENCE_S = 0.3
"""Real seconds: here nobody is far away."""


class HookedAdapter(HTTPAdapter):
    """What a session of `requests` sends through: sockets, and somebody who looks on."""

    def __init__(self, line: DeskLine) -> None:
        super().__init__()
        self._line = line

    def send(self, request: requests.PreparedRequest, *rest: Any, **named: Any) -> requests.Response:
        """Send it."""
        parts, body = urlsplit(request.url or ""), request.body or b""
        text = body.decode() if isinstance(body, bytes) else str(body)
        call = Call(request.method or "", parts.path, parts.query, text)
        if self._line.unplugged:
            nobody = NewConnectionError(None, "no network")  # type: ignore[arg-type]
            raise requests.exceptions.ConnectionError(MaxRetryError(None, parts.path, nobody))  # type: ignore[arg-type]
        self._line.before(call)
        try:
            return super().send(request, *rest, **named)
        finally:
            self._line.after(call)


def broker_over_http(line: DeskLine, store: BudgetStore) -> CcxtBroker:
    """The shipped broker on a socket."""
    ex = line.ex
    secrets = Secrets(ex.api_key, ex.api_secret)
    broker = open_live_broker("binance", secrets, ex.clock, store, base_url=ex.url, timeout_s=PATIENCE_S)
    broker._wire._client.session.mount("http://", HookedAdapter(line))
    return broker


def candles_over_http(line: DeskLine) -> CcxtCandleSource:
    """The shipped reader of candles on a socket."""
    source = CcxtCandleSource("binance", local_time_ms=line.ex.now_ms, base_url=line.ex.url)
    source._api.session.mount("http://", HookedAdapter(line))
    # Its limiter sleeps by the machine's clock, and here the exchange's goes by.
    source._api.enableRateLimit = False
    source._api.timeout = round(PATIENCE_S * 1000)
    return source
