"""The simulated exchange as a program of its own, and what can be asked of one that runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.sim_server.client import ControlClient
from vigie.adapters.sim_server.faults import Plan, read_plan
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.sim_server.gauge import NO_LIMITS, Limits
from vigie.adapters.sim_server.market import first_instant, moved, whole_days
from vigie.adapters.sim_server.server import LOOPBACK, require_loopback
from vigie.adapters.storage.atomic import write_atomically
from vigie.app.data.candles import Report, load_instruments, load_series
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError
from vigie.domain.instants import from_iso
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.simulation.exchange.path import Extremes
from vigie.simulation.exchange.settings import Settings

RUNNING = "exchange.json"
"""Below ``state/``: where the exchange that was started last can be asked."""
_TIMEFRAMES = ("1m", "5m", "15m", "1h", "4h", "1d")
USUAL_BALANCE = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class ExchangeRequest:
    """An exchange to serve.

    Attributes:
        home: the user's folder.
        data: candle file or folder; None: the store, and without pairs the sample market.
        pairs: None: all there are.
        timeframe: of the candles; None: the finest there is.
        host, port, control_port: a loopback address; port 0: any that is free.
        speed: ``manual``, ``wall``, or how many times faster than ours.
        faults: file of the plan.
        balances: ``USDT=10000``.
        start: instant, or epoch milliseconds; None: when all pairs trade.
        spread_bps, slippage_bps: of the matching, basis points.
        participation: fraction of a candle's volume that orders can have; None: any amount.
        touch: a resting order is filled when the price touches it.
        extremes: which extreme of a candle comes first.
        seed: of what is drawn.
        limited: weights and orders are counted and refused.
    """

    home: Path
    data: Path | None = None
    pairs: Sequence[Pair] | None = None
    timeframe: Timeframe | None = None
    host: str = LOOPBACK
    port: int = 0
    control_port: int = 0
    speed: str = "manual"
    faults: Path | None = None
    balances: Sequence[str] = ()
    start: str | None = None
    spread_bps: float = 1.0
    slippage_bps: float = 0.0
    participation: float | None = None
    touch: bool = False
    extremes: str = Extremes.ADVERSE.value
    seed: int = 0
    limited: bool = True


@dataclass(frozen=True, slots=True)
class Served:
    """An exchange that has been served.

    Attributes:
        never_fired: rules of its plan that did nothing.
        strangers: paths that nobody serves and somebody asked for.
    """

    never_fired: tuple[str, ...] = ()
    strangers: tuple[str, ...] = field(default=())


def serve(
    request: ExchangeRequest,
    *,
    listening: Callable[[Mapping[str, str]], None],
    stop: threading.Event,
    report: Report = lambda _: None,
) -> Served:
    """Serve until somebody says stop.

    Args:
        request: what to serve.
        listening: told the addresses and the key, once they can be called.
        stop: set by who wants it to end.
        report: told what was left out of the candles.

    Raises:
        ConfigError: a name, number, path or address that cannot be.
        DataError: the candles cannot be used.
    """
    exchange = _made(request, report)
    with exchange:
        document = {
            "url": exchange.url,
            "control_url": exchange.control_url,
            "api_key": exchange.api_key,
            "api_secret": exchange.api_secret,
        }
        path = request.home / "state" / RUNNING
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({"control_url": exchange.control_url}).encode())
        try:
            listening(document)
            while not stop.wait(0.2):
                pass
        except KeyboardInterrupt:
            pass  # this is how a person ends it
        finally:
            path.unlink(missing_ok=True)
        return Served(exchange.never_fired(), tuple(dict.fromkeys(exchange.journal.strangers)))


def _made(request: ExchangeRequest, report: Report) -> SimExchange:
    require_loopback(request.host)
    series = _series(request, report)
    start_ms = _start(request.start, series)
    speed = _speed(request.speed)
    if request.speed == "wall":
        # Clients that sign with their own time find the exchange in the present: its candles come along.
        by = whole_days(start_ms, SystemClock().now_ms())
        series = tuple(moved(one, by) for one in series)
        start_ms = SystemClock().now_ms()
    return SimExchange(
        series,
        instruments=load_instruments(request.home, series),
        balances=balances_of(request.balances, series),
        start_ms=start_ms,
        settings=settings_of(request),
        limits=Limits() if request.limited else NO_LIMITS,
        faults=_plan(request.faults, start_ms),
        pace=None if speed is None else (SystemClock(), speed),
        port=request.port,
        control_port=request.control_port,
        host=request.host,
        strict=False,
    )


def _series(request: ExchangeRequest, report: Report) -> tuple[Series, ...]:
    """Candles of the finest timeframe there is, unless one was named.

    Raises:
        ConfigError: there are none; says what was looked for.
        DataError: they cannot be used.
    """
    wanted = [request.timeframe] if request.timeframe else [Timeframe.parse(one) for one in _TIMEFRAMES]
    for timeframe in wanted[:-1]:
        try:
            return load_series(request.data, request.home, request.pairs, timeframe, report=report)
        except ConfigError:
            continue
    if request.timeframe is None:
        try:
            return load_series(request.data, request.home, request.pairs, wanted[-1], report=report)
        except ConfigError:
            # What is missing is best said of the usual timeframe.
            return load_series(request.data, request.home, request.pairs, Timeframe.parse("1h"), report=report)
    return load_series(request.data, request.home, request.pairs, wanted[-1], report=report)


def _start(given: str | None, series: Sequence[Series]) -> int:
    first = first_instant(series)
    if given is None:
        return first
    try:
        at = int(given) if given.isdigit() else from_iso(given)
    except ValueError as error:
        raise ConfigError(f"--start {given}: {error}: write 2024-03-01T12:00:00Z") from None
    last = max(int(one.candles.closes_at[-1]) for one in series)
    if not first <= at <= last:
        raise ConfigError(f"--start {given} lies outside of the candles")
    return at


def _speed(given: str) -> float | None:
    if given == "manual":
        return None
    if given == "wall":
        return 1.0
    try:
        speed = float(given)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed <= 1e7:
        raise ConfigError(f"--speed {given}: write manual, wall, or how many times faster than time, for instance 3600")
    return speed


def settings_of(request: ExchangeRequest) -> Settings:
    """The matching that was asked for.

    Raises:
        ConfigError: no such order of extremes.
    """
    try:
        extremes = Extremes(request.extremes)
    except ValueError:
        raise ConfigError(f"--extremes {request.extremes}: write {', '.join(Extremes)}") from None
    share = request.participation
    return Settings(
        half_spread_fraction=Decimal(repr(request.spread_bps)) / 20_000,
        slippage_fraction=Decimal(repr(request.slippage_bps)) / 10_000,
        participation_fraction=None if share is None else Decimal(repr(share)),
        touch=request.touch,
        extremes=extremes,
        seed=request.seed,
    )


def balances_of(given: Sequence[str], series: Sequence[Series]) -> dict[str, Decimal]:
    """Balances by asset; without any, 10,000 of what the pairs are priced in.

    Raises:
        ConfigError: every word that is no asset with an amount above zero.
    """
    if not given:
        return {one.pair.quote: USUAL_BALANCE for one in series}
    balances: dict[str, Decimal] = {}
    problems: list[str] = []
    for word in given:
        asset, equals, text = (part.strip() for part in word.partition("="))
        try:
            amount = Decimal(text)
        except InvalidOperation:
            amount = Decimal(0)
        if not (asset and equals and amount.is_finite() and amount > 0):
            problems.append(f"--balance {word}: write an asset and an amount, for instance USDT=10000")
        balances[asset.upper()] = amount
    if problems:
        raise ConfigError(problems)
    return balances


def _plan(path: Path | None, start_ms: int) -> Plan:
    if path is None:
        return Plan()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        return read_plan(text, start_ms)
    except ConfigError as error:
        raise ConfigError([f"{path}: {one}" for one in error.problems]) from error


# --- one that runs --------------------------------------------------------------------------------------------------


def control(home: Path, url: str | None) -> ControlClient:
    """The control port of an exchange that runs: the one named, or the one that was started in this home.

    Raises:
        ConfigError: none was named and none runs.
    """
    if url is not None:
        return ControlClient(url)
    path = home / "state" / RUNNING
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["control_url"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(
            "no simulated exchange runs in this home: start one with vigie exchange serve or name it with --control-url"
        ) from None
    return ControlClient(str(found))


def advance(client: ControlClient, *, seconds: float | None, to: str | None) -> dict[str, Any]:
    """Let time go by on a running exchange.

    Raises:
        ConfigError: not exactly one of both, or backwards.
        VenueUnavailable: nobody answers.
    """
    if (seconds is None) == (to is None):
        raise ConfigError("say how far: --by 1h, or --to 2024-03-01T12:00:00Z")
    return client.post("/advance", {"seconds": seconds} if to is None else {"to": to})


def new_plan(client: ControlClient, path: Path) -> dict[str, Any]:
    """Put another fault plan in force.

    Raises:
        ConfigError: the file cannot be read, or the plan is wrong.
        VenueUnavailable: nobody answers.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return client.post("/faults", {"plan": text})
