"""The simulated exchange's own desk behind ccxt's own session, without a socket between them.

What is shipped stays as it is: ccxt builds, signs and reads, our gate looks, the desk parses, checks and answers. Only
the network is gone, and with it threads and real seconds: such a process can be forked, and a week takes seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import IncompleteRead, MaxRetryError, NewConnectionError, ProtocolError

from vigie.adapters.exchanges.ccxt_broker import CcxtBroker, open_live_broker
from vigie.adapters.exchanges.secrets import Secrets
from vigie.adapters.sim_server.calls import Answer, Call
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.storage.request_budget import BudgetInMemory
from vigie.domain.errors import VenueRefused, VenueUnavailable
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.ports.candles import CandleRow
from vigie.ports.clock import Clock
from vigie.ports.request_budget import BudgetStore

NOWHERE = "http://127.0.0.1:9"
"""An address on this machine where nobody listens: what slips past the session is found out."""

Hook = Callable[[Call], None]
SERVER_TROUBLE = 400


class DeskLine:
    """The way to a desk and back, and what can become of a call on it.

    Attributes:
        before, after: called with each call that leaves, before the exchange has it and when it has done it.
        unplugged: nothing leaves any more.
        patience_s: of the exchange's seconds: so long a caller waits who gets no answer.
    """

    def __init__(self, ex: SimExchange, patience_s: float = 10.0) -> None:
        self.ex = ex
        self.before: Hook = lambda _: None
        self.after: Hook = lambda _: None
        self.unplugged = False
        self.patience_s = patience_s

    def bring(self, call: Call) -> Answer:
        """The answer to a call.

        Raises:
            requests.RequestException: as a network has it.
        """
        if self.unplugged:
            nobody = NewConnectionError(None, "no network")  # type: ignore[arg-type]
            raise requests.exceptions.ConnectionError(MaxRetryError(None, call.path, nobody))  # type: ignore[arg-type]
        self.before(call)
        reply = self.ex.desk.handle(call)
        self.after(call)
        if reply.hang_s and reply.answer is None:
            self.ex.advance(self.patience_s)
            raise requests.exceptions.ReadTimeout("Read timed out.")
        if reply.answer is None:
            reset = ConnectionResetError(104, "Connection reset by peer")
            raise requests.exceptions.ConnectionError(ProtocolError("Connection aborted.", reset))
        if reply.half:
            cut = ProtocolError("Connection broken: IncompleteRead", IncompleteRead(1, 1))
            raise requests.exceptions.ChunkedEncodingError(cut)
        return reply.answer


class DeskSession:
    """What ccxt takes for a session of `requests`."""

    def __init__(self, line: DeskLine) -> None:
        self._line = line
        self.cookies: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.max_redirects = 0

    def request(
        self, method: str, url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> requests.Response:
        """Bring a request to the desk, and its answer back."""
        parts = urlsplit(url)
        key = (headers or {}).get("X-MBX-APIKEY", "")
        answer = self._line.bring(Call(method, parts.path, parts.query, (data or b"").decode(), key))
        made = requests.Response()
        made.status_code, made.url = answer.status, url
        made.headers = CaseInsensitiveDict({"Content-Type": f"{answer.kind};charset=UTF-8", **answer.headers})
        made._content = answer.body.encode()
        return made

    def close(self) -> None:
        """There is nothing to let go of."""


def broker_on(line: DeskLine, clock: Clock | None = None, store: BudgetStore | None = None) -> CcxtBroker:
    """The shipped broker, with real ccxt, on the desk."""
    ex = line.ex
    broker = open_live_broker(
        "binance", Secrets(ex.api_key, ex.api_secret), clock or ex.clock, store or BudgetInMemory(), base_url=NOWHERE
    )
    # Where requests would open a socket.
    broker._wire._client.session = DeskSession(line)
    return broker


class DeskCandles:
    """Candles and prices as the desk tells them, read without ccxt. Fulfils `vigie.ports.candles.CandleSource`."""

    venue = "binance"
    page_limit = 1000

    def __init__(self, line: DeskLine) -> None:
        self._line = line

    def now_ms(self) -> int:
        """The venue's time, epoch milliseconds."""
        return int(self._get("/api/v3/time")["serverTime"])

    def page(self, pair: Pair, timeframe: Timeframe, since_ms: int) -> Sequence[CandleRow]:
        """Candles from an instant on, the last one may be forming."""
        words = {"symbol": _symbol(pair), "interval": str(timeframe), "startTime": since_ms, "limit": self.page_limit}
        rows = self._get("/api/v3/klines", **words)
        if not isinstance(rows, list):
            raise VenueUnavailable("not candles")
        return sorted((int(row[0]), *map(float, row[1:6])) for row in rows)  # type: ignore[misc]

    def last_price(self, pair: Pair) -> float | None:
        """The price of the last trade."""
        return float(self._get("/api/v3/ticker/price", symbol=_symbol(pair))["price"])

    def instrument(self, pair: Pair) -> Instrument:
        """Nobody asks a feed for filters."""
        return Instrument(pair, Decimal(0), Decimal(0), Decimal(0), Decimal(0))

    def _get(self, path: str, **words: object) -> Any:
        try:
            answer = self._line.bring(Call("GET", path, urlencode(words)))
            document = json.loads(answer.body)
        except (requests.RequestException, ValueError) as error:
            raise VenueUnavailable(f"no answer: {error}") from error
        if answer.status == SERVER_TROUBLE:
            raise VenueRefused(f"HTTP {answer.status}: {answer.body}")
        if answer.status > SERVER_TROUBLE:
            raise VenueUnavailable(f"HTTP {answer.status}: {answer.body}")
        return document


def _symbol(pair: Pair) -> str:
    return f"{pair.base}{pair.quote}"
