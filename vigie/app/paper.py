"""Paper trading on the market as it goes by: the engine that trades live, on a simulated venue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from vigie.adapters.clock import SystemClock
from vigie.adapters.market_data.ccxt_source import CcxtCandleSource
from vigie.adapters.signals import EndSignals
from vigie.app.halting import stopped
from vigie.app.settings import AccountSettings, check_name
from vigie.app.ticking import Pace, Ticker, wait
from vigie.app.wiring import Papering, Report, papering, plan_of
from vigie.domain.errors import ConfigError, VenueUnavailable
from vigie.domain.events import Recovered
from vigie.domain.portfolio import Portfolio
from vigie.engine.cycle import Tick
from vigie.ports.candles import CandleSource
from vigie.ports.clock import Clock

DEFAULT = "paper"
Told: TypeAlias = Callable[[str, Sequence[str], Portfolio], None]


@dataclass(frozen=True, slots=True)
class PaperRequest:
    """Paper trading.

    Attributes:
        home: the user's folder.
        settings: of the account.
        once: one tick, then the end: for cron.
        opens: False: it decides and writes down, and opens no position.
        base_url: another address for the venue; None: its own.
    """

    home: Path
    settings: AccountSettings
    once: bool = False
    opens: bool = True
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class PaperResult:
    """What a run left.

    Attributes:
        account: its name.
        started: what the start found.
        ticks: how many there were.
        portfolio: the account at the end.
        last_seq: lines of the journal.
        problems: what went wrong in the last tick.
        ended: who wanted the end.
    """

    account: str
    started: Recovered
    ticks: int
    portfolio: Portfolio
    last_seq: int
    problems: tuple[str, ...]
    ended: str


def paper_name(given: str | None) -> str:
    """The account of paper trading.

    Raises:
        ConfigError: a name that is no paper account's.
    """
    name = check_name(given or DEFAULT)
    if name != DEFAULT and not name.startswith(f"{DEFAULT}-"):
        raise ConfigError(f"'{name}': a paper account is called paper or paper-..., so that none is taken for real")
    return name


def run_paper(
    request: PaperRequest,
    *,
    report: Report = lambda _: None,
    told: Told = lambda _, __, ___: None,
    clock: Clock | None = None,
    source: CandleSource | None = None,
    pace: Pace | None = None,
) -> PaperResult:
    """Trade on paper until a signal, a stop command, or, with ``once``, the end of the first tick.

    Args:
        request: what to do.
        report: told what happened on the way.
        told: of each tick the mode, what went wrong, and the account after it.
        clock: now; None: the machine's.
        source: public candles; None: of the account's venue.
        pace: how long the waits are.

    Raises:
        AccountLocked: another process holds the account.
        ConfigError: a setting that cannot be, a pair that the venue does not trade, or a stopped account.
        InvariantBroken: the account's files do not add up.
        VenueUnavailable: the venue does not answer at the start.
    """
    settings, time = request.settings, clock or SystemClock()
    made = plan_of(settings, request.home)
    market = source or CcxtCandleSource(settings.venue, local_time_ms=time.now_ms, base_url=request.base_url)
    pace = pace or Pace()
    with EndSignals() as signals:

        def ending() -> str | None:
            return signals.heard or stopped(request.home, settings.name)

        while True:
            try:
                with papering(
                    settings, made, market, home=request.home, clock=time, opens=request.opens, report=report
                ) as paper:
                    ticker = Ticker(
                        paper.engine, paper.feed, time, settings.pairs, settings.timeframe, pace=pace, ending=ending
                    )
                    return _session(paper, ticker, request, told)
            except VenueUnavailable as error:
                # Who is called once is called again; who is to run for months waits for the venue.
                if request.once:
                    raise
                report(f"{error}; the next try comes in {pace.guard:.0f} s")
                wait(time, pace.guard, ending)
                if ending() is not None:
                    raise


def _session(paper: Papering, ticker: Ticker, request: PaperRequest, told: Told) -> PaperResult:
    """From a clean start to a proper end."""
    started = paper.engine.start()
    ticks = 0
    last: tuple[str, ...] = ()

    def each(tick: Tick) -> None:
        nonlocal ticks, last
        ticks, last = ticks + 1, tick.problems
        told(tick.mode.value, tick.problems, paper.engine.portfolio)

    if request.once:
        each(ticker.tick())
        ended = "one tick was asked for"
    else:
        ended = ticker.run(each)
    paper.engine.stop(ended)
    return PaperResult(
        account=request.settings.name,
        started=started,
        ticks=ticks,
        portfolio=paper.engine.portfolio,
        last_seq=paper.journal.last_seq,
        problems=last,
        ended=ended,
    )
