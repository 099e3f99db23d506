"""Counting tries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.trials import JsonlTrialLedger
from vigie.app.data.candles import Report
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.trial import Market, TrialCount, TrialEvent, TrialKind
from vigie.ports.trials import TrialLedger
from vigie.research.points import point_of
from vigie.research.result import BacktestResult


@dataclass(frozen=True, slots=True)
class Counted:
    """What the ledger holds.

    Attributes:
        rows: by strategy, set of markets and kind.
        trials: distinct ones in all of them.
        since: instant of the first event, epoch milliseconds; None: nothing was counted yet.
    """

    rows: tuple[TrialCount, ...]
    trials: int
    since: int | None


def ledger_of(home: Path, report: Report = lambda _: None) -> TrialLedger:
    """The ledger of a home folder.

    Args:
        home: the user's folder.
        report: told about a torn last line.
    """
    return JsonlTrialLedger.of(home, SystemClock(), report)


def counted(home: Path, strategy: str | None = None, report: Report = lambda _: None) -> Counted:
    """How many trials were made, of one strategy or of all.

    Raises:
        ConfigError: the ledger cannot be read.
        DataError: the ledger is damaged.
    """
    rows = ledger_of(home, report).breakdown(strategy)
    return Counted(rows, sum(row.trials for row in rows), min((row.first_at for row in rows), default=None))


def markets_of(result: BacktestResult) -> tuple[Market, ...]:
    """What was traded."""
    timeframe = str(result.identity.timeframe)
    return tuple(Market(one.venue, str(one.pair), timeframe) for one in result.series)


def record_backtest(
    ledger: TrialLedger, result: BacktestResult, instruments: Mapping[Pair, Instrument] | None = None
) -> None:
    """Count a backtest as one trial.

    Args:
        ledger: counts.
        result: what came out; nobody has seen it yet.
        instruments: the venue's filters it was run with.

    Raises:
        ConfigError: the ledger cannot be written.
        DataError: the ledger is damaged.
    """
    identity = result.identity
    ledger.record(
        TrialEvent(
            kind=TrialKind.BACKTEST,
            strategy=identity.strategy,
            strategy_hash=identity.strategy_hash,
            code_hash=identity.code_hash,
            timeframe=str(identity.timeframe),
            venues={str(one.pair): one.venue for one in result.series},
            data_hashes=identity.data_hashes,
            points=(point_of(result, instruments),),
        )
    )
