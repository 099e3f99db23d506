"""``with SimExchange(...) as ex:`` - the whole exchange in this process, for tests and short runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from vigie.adapters.sim_server.acts import act
from vigie.adapters.sim_server.clock import ExchangeClock
from vigie.adapters.sim_server.control import Control, control_handler
from vigie.adapters.sim_server.desk import Credentials, Desk
from vigie.adapters.sim_server.faults import Plan, plan_of
from vigie.adapters.sim_server.gauge import Limits
from vigie.adapters.sim_server.journal import ExchangeJournal
from vigie.adapters.sim_server.market import first_instant, open_exchange
from vigie.adapters.sim_server.server import LOOPBACK, LoopServer, exchange_handler
from vigie.domain.candles import Series
from vigie.domain.errors import CheckFailed
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.ports.clock import Clock
from vigie.simulation.exchange.exchange import Exchange
from vigie.simulation.exchange.settings import Settings

KEY = Credentials("SIMULATED-NOT-A-REAL-KEY-" + "0" * 39, "SIMULATED-NOT-A-REAL-SECRET-" + "0" * 36)
"""64 characters each, as real ones; they open nothing else."""


class SimExchange:
    """A simulated exchange on loopback.

    It leaves with an error if a rule of its fault plan never acted, or if somebody asked for a path that nobody
    serves: such a test has not tested what it says.

    Attributes:
        url: ``http://127.0.0.1:PORT``.
        control_url: the same for the control port; empty: there is none.
        api_key, api_secret: what its customer signs with.
        clock: its time, to give to whoever trades on it. Fulfils :class:`vigie.ports.clock.Clock`.
    """

    def __init__(  # noqa: PLR0913, RUF100
        self,
        series: Sequence[Series],
        *,
        instruments: Mapping[Pair, Instrument] | None = None,
        balances: Mapping[str, Decimal | int | str] | None = None,
        start_ms: int | None = None,
        settings: Settings | None = None,
        limits: Limits | None = None,
        faults: Sequence[Mapping[str, Any]] | Plan = (),
        pace: tuple[Clock, float] | None = None,
        port: int = 0,
        control_port: int | None = None,
        host: str = LOOPBACK,
        strict: bool = True,
        credentials: Credentials = KEY,
    ) -> None:
        """Make ready; nothing listens yet.

        Args:
            series: candles of the pairs that are listed.
            instruments: their filters where they are known.
            balances: what the account begins with.
            start_ms: first instant, epoch milliseconds; None: when all pairs trade.
            settings: of the matching.
            limits: of weights and orders.
            faults: tables of rules, or a plan.
            pace: our own clock, and how many times faster its time goes; None: only when it is moved.
            port: 0: any that is free.
            control_port: the same; None: there is none.
            host: a loopback address.
            strict: leave with an error as above.
            credentials: of its customer.

        Raises:
            ConfigError: a rule, a balance, a pair or an address that cannot be.
        """
        self._start = first_instant(series) if start_ms is None else start_ms
        self._series, self._instruments = tuple(series), dict(instruments or {})
        self._settings, self._limits = settings or Settings(), limits or Limits()
        self._deposits = {asset: Decimal(str(amount)) for asset, amount in (balances or {}).items()}
        self._faults, self._pace, self._strict = faults, pace, strict
        self.api_key, self.api_secret = credentials.key, credentials.secret
        self._lock = threading.RLock()
        self._control = Control(self._made)
        self._server = LoopServer()
        self._server.add(self._handle, port, host)
        if control_port is not None:
            self._server.add(control_handler(self._control, self._lock), control_port, host)
        self._host = f"[{host}]" if ":" in host else host
        self.url = self.control_url = ""

    def _made(self) -> Desk:
        exchange = open_exchange(self._series, self._instruments, self._settings, self._start, self._deposits)
        plan = self._faults if isinstance(self._faults, Plan) else plan_of(self._faults, self._start)
        clock = ExchangeClock(self._start, self._pace)
        return Desk(exchange, clock, Credentials(self.api_key, self.api_secret), self._limits, plan)

    async def _handle(self, request: Any) -> Any:  # noqa: ANN401, RUF100
        # A reset makes another desk: it is looked up for each request.
        return await exchange_handler(self._control.desk, self._lock)(request)

    # --- life ---------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Listen."""
        self._server.start()
        self.url = f"http://{self._host}:{self._server.ports[0]}"
        if len(self._server.ports) > 1:
            self.control_url = f"http://{self._host}:{self._server.ports[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more.

        Raises:
            CheckFailed: strict, and something was not tested as it says.
        """
        self._server.stop()
        if self._strict and kind is None:
            self.require_used()

    def require_used(self) -> None:
        """Make sure that every rule has acted and nobody asked for what is not served.

        Raises:
            CheckFailed: says which.
        """
        problems = [f"the fault '{name}' never happened" for name in self.never_fired()]
        problems += [f"nobody serves {path}" for path in dict.fromkeys(self.journal.strangers)]
        if problems:
            raise CheckFailed("; ".join(problems))

    # --- strings ------------------------------------------------------------------------------------------------

    @property
    def desk(self) -> Desk:
        """What answers; to look at while nobody calls."""
        return self._control.desk

    @property
    def exchange(self) -> Exchange:
        """Orders, coins and prices; to look at while nobody calls."""
        return self.desk.exchange

    @property
    def clock(self) -> SimClock:
        """Its time: moved by whoever waits on it."""
        return SimClock(self)

    @property
    def journal(self) -> ExchangeJournal:
        """What was asked and answered."""
        return self.desk.journal

    def now_ms(self) -> int:
        """The present instant, epoch milliseconds."""
        return self.desk.clock.now_ms()

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0) -> int:
        """Let time go by; what happens on the way has happened when this returns: the new instant.

        Raises:
            ValueError: backwards.
        """
        with self._lock:
            self.desk.clock.advance(round((seconds + 60 * minutes + 3600 * hours) * 1000))
            return self.desk.catch_up()

    def advance_to(self, at_ms: int) -> int:
        """The same, to an instant in epoch milliseconds; one that is over changes nothing."""
        with self._lock:
            self.desk.clock.advance(max(at_ms - self.desk.clock.now_ms(), 0))
            return self.desk.catch_up()

    def do(self, act_name: str, **words: Any) -> dict[str, Any]:  # noqa: ANN401, RUF100
        """One of `acts.ACTS`, by name.

        Raises:
            ConfigError: no such act, or it cannot be done.
        """
        with self._lock:
            self.desk.catch_up()
            return act(self.desk, {"do": act_name, **words})

    def faults(self, *tables: Mapping[str, Any]) -> None:
        """Put other rules in force.

        Raises:
            ConfigError: all that is wrong with them.
        """
        with self._lock:
            self.desk.plan = plan_of(tables, self.exchange.started)

    def never_fired(self) -> tuple[str, ...]:
        """Names of the rules that have done nothing so far."""
        return self.desk.plan.never_fired()

    def state(self) -> dict[str, Any]:
        """Everything there is, with a digest."""
        with self._lock:
            self.desk.catch_up()
            return self.desk.state()

    def reset(self) -> None:
        """Begin again."""
        with self._lock:
            self._control.reset()


class SimClock:
    """The exchange's time as a clock that moves when somebody sleeps. Fulfils :class:`vigie.ports.clock.Clock`."""

    def __init__(self, exchange: SimExchange) -> None:
        self._exchange = exchange

    def now_ms(self) -> int:
        """The present instant in epoch milliseconds, UTC."""
        return self._exchange.now_ms()

    def sleep(self, seconds: float) -> None:
        """Let time go by, and the exchange live through it; zero or less returns at once."""
        if seconds > 0:
            self._exchange.desk.clock.sleep(seconds)
            self._exchange.advance()
