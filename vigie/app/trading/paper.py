"""Paper trading on the market as it goes by: the engine that trades live, on a simulated venue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.clock import SystemClock
from vigie.adapters.market_data.ccxt_source import CcxtCandleSource
from vigie.app.logs.writing import logged
from vigie.app.serve.serving import watched_by_eyes
from vigie.app.serve.settings import HealthSettings
from vigie.app.settings import AccountSettings, check_name
from vigie.app.trading.last_run import told_of_change
from vigie.app.trading.running import Run, RunResult, Told, run_account, said_once
from vigie.app.trading.setups import plan_of
from vigie.app.trading.ticking import Pace
from vigie.app.wiring import Report, papering
from vigie.domain.errors import ConfigError
from vigie.ports.candles import CandleSource
from vigie.ports.clock import Clock

DEFAULT = "paper"
MEANWHILE = "Ctrl-C ends it; vigie paper --replay needs no network"


@dataclass(frozen=True, slots=True)
class PaperRequest:
    """Paper trading.

    Attributes:
        home: the user's folder.
        settings: of the account.
        once: one tick, then the end: for cron.
        opens: False: it decides and writes down, and opens no position.
        base_url: another address for the venue; None: its own.
        health: where health and metrics are served beside it; None: nowhere.
    """

    home: Path
    settings: AccountSettings
    once: bool = False
    opens: bool = True
    base_url: str | None = None
    health: HealthSettings | None = None


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
    waiting: Report = lambda _: None,
) -> RunResult:
    """Trade on paper until a signal, a stop command, or, with ``once``, the end of the first tick.

    Args:
        request: what to do.
        report: told what happened on the way.
        told: of each tick the mode, what went wrong, and the account after it.
        clock: now; None: the machine's.
        source: public candles; None: of the account's venue.
        pace: how long the waits are.
        waiting: told who is asked, before it is.

    Raises:
        AccountLocked: another process holds the account.
        ConfigError: a setting that cannot be, a pair that the venue does not trade, or a stopped account.
        InvariantBroken: the account's files do not add up.
        VenueUnavailable: the venue does not answer at the start.
    """
    settings, time = request.settings, clock or SystemClock()
    made = plan_of(settings, request.home)
    market = source or CcxtCandleSource(settings.venue, local_time_ms=time.now_ms, base_url=request.base_url)
    asking = said_once(waiting)
    with (
        logged(request.home, "paper", settings.name, report=report, told=told, now_ms=time.now_ms) as ears,
        watched_by_eyes(request.home, settings.name, request.health, ears.report),
    ):
        unproved = said_once(ears.report)
        for sentence in told_of_change(request.home, settings, made):
            ears.report(sentence)
        return run_account(
            Run(request.home, settings, request.once, request.base_url, MEANWHILE),
            lambda: papering(
                settings,
                made,
                market,
                home=request.home,
                clock=time,
                opens=request.opens,
                report=ears.report,
                unproved=unproved,
                asking=lambda: asking(f"asking {request.base_url or settings.venue} for its markets and its time"),
            ),
            clock=time,
            pace=pace,
            report=ears.report,
            told=ears.told,
        )
