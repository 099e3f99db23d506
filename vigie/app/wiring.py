"""The objects of a mode: feed, broker, clock, journal and what goes with them. The only place that knows modes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from vigie.adapters.alerts.spoken import Spoken
from vigie.adapters.clock import SystemClock
from vigie.adapters.exchanges.paper import PaperBroker
from vigie.adapters.exchanges.paper_ledger import FILE_NAME, PaperLedger
from vigie.adapters.market_data.replay import ReplayMarket
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.controls import FileControls
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.projected import ProjectedJournal, ProjectedStore
from vigie.adapters.storage.read_model import READ_MODEL, ReadModel
from vigie.adapters.storage.state_file import StateFile
from vigie.app.accounts import account_folder, state_folder
from vigie.app.halting import require_started
from vigie.app.settings import AccountSettings
from vigie.app.strategies import find
from vigie.decision.profile import Plan, plan
from vigie.decision.settings import Settings
from vigie.domain.candles import Series
from vigie.domain.canonical import digest
from vigie.domain.instrument import Instrument
from vigie.engine.cycle import Engine, World
from vigie.engine.setup import Setup
from vigie.research.compile import source_hash
from vigie.simulation.terms import Terms

Report = Callable[[str], None]


def plan_of(settings: AccountSettings, home: Path) -> Plan:
    """What an account decides with.

    Raises:
        ConfigError: every unknown name and bad value, at once.
    """
    overrides = dict(settings.parameters)
    if settings.capital is not None:
        overrides["capital"] = settings.capital
    return plan(find(settings.strategy, home), settings.profile, overrides)


def setup_of(settings: AccountSettings, made: Plan, mode: str) -> Setup:
    """An account as the engine takes it.

    Raises:
        ConfigError: the plan asks for what no market can do.
    """
    config = {
        "account": settings.name,
        "mode": mode,
        "strategy": made.strategy.name,
        "profile": made.profile,
        "pairs": [str(pair) for pair in settings.pairs],
        "timeframe": str(settings.timeframe),
        "parameters": made.parameters.as_dict(),
        "settings": dict(made.numbers),
    }
    return Setup(
        account=settings.name,
        mode=mode,
        plan=made,
        pairs=tuple(sorted(settings.pairs)),
        timeframe=settings.timeframe,
        capital=Decimal(repr(float(made.settings.capital))),
        version=version("vigie"),
        code_hash=source_hash(),
        config_hash=digest(config),
        process=os.getpid(),
    )


def terms_of(settings: Settings) -> Terms:
    """What the simulated venue charges: what a backtest of the same settings counts with."""
    costs = settings.costs()
    return Terms(
        fee_fraction=_exact(costs.fee_fraction),
        slippage_fraction=_exact(costs.slippage_fraction),
        partial_slippage_fraction=_exact(costs.partial_slippage_fraction),
        fee_in_base=costs.fee_in_base,
    )


def _exact(number: float) -> Decimal:
    return Decimal(repr(float(number)))


@dataclass(frozen=True, slots=True)
class Replay:
    """An engine on recorded candles.

    Attributes:
        engine: started by the caller.
        market: goes by when the caller says so.
        ledger: of the simulated venue.
        resumed: the account had begun before.
        journal: of the account.
    """

    engine: Engine
    market: ReplayMarket
    ledger: PaperLedger
    resumed: bool
    journal: JsonlJournal


@contextmanager
def replaying(
    settings: AccountSettings,
    made: Plan,
    series: Sequence[Series],
    instruments: Sequence[Instrument],
    *,
    home: Path,
    start_ms: int | None,
    end_ms: int | None,
    pace: float | None = None,
    report: Report = lambda _: None,
) -> Iterator[Replay]:
    """An account on recorded candles: its own lock, journal, state and venue below the home.

    Args:
        settings: of the account.
        made: its plan.
        series: candles, those before the range included.
        instruments: filters of the pairs that are known.
        home: where ``state/`` lies.
        start_ms: start of the range, epoch milliseconds; None: from the first candle.
        end_ms: its end, excluded; None: to the last candle.
        pace: how many times faster than time it goes; None: as fast as it can.
        report: told what happened on the way.

    Raises:
        AccountLocked: another process holds the account.
        ConfigError: the plan asks for what no market can do, or the account was stopped on purpose.
        InvariantBroken: the account's files do not add up.
    """
    folder, clock = account_folder(home, settings.name), SystemClock()
    require_started(home, settings.name)
    setup = setup_of(settings, made, "replay")
    with AccountLock.take(folder, clock):
        ledger = _ledger(folder, setup, instruments)
        market = ReplayMarket(
            series,
            ledger.venue,
            start_ms=start_ms,
            end_ms=end_ms,
            save=ledger.save,
            pace=None if pace is None else (clock, pace),
        )
        with (
            JsonlJournal(folder / "journal", settings.name, market, report) as journal,
            closing(ReadModel(folder / READ_MODEL, journal, report)) as model,
        ):
            written = ProjectedJournal(journal, model)
            world = World(
                broker=PaperBroker(ledger, market, market, settings.timeframe),
                feed=market,
                clock=market,
                journal=written,
                store=ProjectedStore(StateFile(folder / "state.json", settings.name), written.project),
                controls=FileControls.of(state_folder(home), settings.name, market, report),
                alerts=Spoken(report),
            )
            resumed = journal.last_seq > 0
            yield Replay(Engine(setup, world), market, ledger, resumed, journal)


def _ledger(folder: Path, setup: Setup, instruments: Sequence[Instrument]) -> PaperLedger:
    known = {one.pair: one for one in instruments}
    listed = [known.get(pair, Instrument(pair)) for pair in setup.pairs]
    return PaperLedger(folder / FILE_NAME, listed, terms_of(setup.plan.settings), {setup.quote: setup.capital})
