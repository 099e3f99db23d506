"""Run a backtest and keep what came out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from vigie.app.data.candles import LONGEST_HOLE_DAYS, Report, load_instruments, load_series, require_continuity
from vigie.app.research.compiling import tell_if_cold
from vigie.app.research.output import write_output
from vigie.app.research.trials import ledger_of, markets_of, record_backtest
from vigie.app.strategies.finding import find
from vigie.decision.profile import Plan, plan
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.ports.trials import TrialLedger
from vigie.research.result import BacktestResult

TABLE_SUFFIXES = (".csv", ".json", ".parquet")
REPORT_SUFFIXES = (".html", ".htm")
SAVED_SUFFIXES = (".json",)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be tested.

    Attributes:
        home: the user's folder; its ``state/candles`` is the candle store.
        data: candle file or folder; None: the store, and without pairs the sample market.
        pairs: None: all there are.
        start_ms: first instant that is traded, epoch milliseconds, None: from the first candle.
        end_ms: first instant that is not, None: to the last candle.
        overrides: parameters, settings, sizing and guard numbers by name, as text.
        longest_hole_days: a longer hole in the candles stops the run.
        counted: the trial ledger counts the run; False only where nothing is chosen by its result.
    """

    home: Path
    strategy: str
    profile: str
    timeframe: Timeframe
    data: Path | None = None
    pairs: Sequence[Pair] | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    longest_hole_days: float = LONGEST_HOLE_DAYS
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that was understood: its plan, its candles, and the filters that are known."""

    plan: Plan
    series: tuple[Series, ...]
    instruments: Mapping[Pair, Instrument]


def prepare(request: Request, report: Report, read: Sequence[Series] | None = None) -> Prepared:
    """Find the strategy, check every number, read the candles.

    Args:
        request: what is to be tested.
        report: told what was left out or made on the way.
        read: the candles, if they were read already.

    Raises:
        ConfigError: a name, number, path or pair is wrong.
        DataError: the candles cannot be used, or have a hole longer than allowed.
    """
    made = plan(find(request.strategy, request.home), request.profile, request.overrides)
    if read is None:
        read = load_series(request.data, request.home, request.pairs, request.timeframe, report=report)
    series = tuple(read)
    for one in series:
        inside = one.candles.between(request.start_ms, request.end_ms)
        require_continuity(Series(one.pair, one.venue, inside, one.origin), request.longest_hole_days)
    return Prepared(made, series, load_instruments(request.home, series))


def backtest(
    request: Request,
    report: Report = lambda _: None,
    ledger: TrialLedger | None = None,
    waiting: Report = lambda _: None,
) -> BacktestResult:
    """Run what was asked for, and count it before anybody sees what came out.

    Args:
        request: what is to be tested.
        report: told what was left out or made on the way.
        ledger: counts the run; None: the ledger of the home.
        waiting: told what is being waited for, if it takes long.

    Raises:
        ConfigError: a name, number, path or pair is wrong, or the ledger cannot be written.
        DataError: the candles cannot be used, or the ledger is damaged.
    """
    prepared = prepare(request, report)
    tell_if_cold(waiting)
    # Imported late: the loop brings numba along, and a mistyped name should not wait for it.
    from vigie.research.backtest import run

    result = run(
        prepared.plan,
        prepared.series,
        instruments=prepared.instruments,
        start_ms=request.start_ms,
        end_ms=request.end_ms,
        version=version("vigie"),
    )
    if request.counted:
        _count(ledger or ledger_of(request.home, report), result, prepared, report)
    return result


def _count(ledger: TrialLedger, result: BacktestResult, prepared: Prepared, report: Report) -> None:
    try:
        record_backtest(ledger, result, prepared.instruments)
    except ConfigError as error:
        # Candles that never happened prove nothing: a home that cannot be written is no reason to refuse a first look.
        if not all(one.synthetic for one in result.series):
            raise
        report(f"not counted as a trial, the market is synthetic: {error}")


def trials_behind(request: Request, result: BacktestResult, ledger: TrialLedger | None = None) -> int | None:
    """Trials of this strategy on these markets, this one included; None if this one was not counted.

    Args:
        request: what was tested.
        result: what came out of it.
        ledger: that counted it; None: the ledger of the home.

    Raises:
        ConfigError: the ledger cannot be read.
        DataError: the ledger is damaged.
    """
    if not request.counted:
        return None
    found = (ledger or ledger_of(request.home)).count(result.identity.strategy, markets_of(result))
    return found or None


@dataclass(frozen=True, slots=True)
class Outputs:
    """Files to write; None: not wanted."""

    trades: Path | None = None
    events: Path | None = None
    report: Path | None = None
    saved: Path | None = None

    def check(self) -> None:
        """Refuse, before anything is computed, what could not be written at the end.

        Raises:
            ConfigError: an unknown file ending, a folder that does not exist or cannot be written, or one file for
                two outputs; all of them at once.
        """
        tables = ((self.trades, TABLE_SUFFIXES), (self.events, TABLE_SUFFIXES))
        check_writable((*tables, (self.report, REPORT_SUFFIXES), (self.saved, SAVED_SUFFIXES)))


def check_writable(outputs: Iterable[tuple[Path | None, Sequence[str]]]) -> None:
    """Refuse files that could not be written.

    Args:
        outputs: paths with the endings that each may have; None: not wanted.

    Raises:
        ConfigError: an unknown file ending, a folder that does not exist or cannot be written, or one file for two
            outputs; all of them at once.
    """
    problems = []
    taken: set[Path] = set()
    for path, suffixes in outputs:
        if path is None:
            continue
        if path.suffix.lower() not in suffixes:
            problems.append(f"{path}: the name must end in one of {', '.join(suffixes)}")
        if path.resolve() in taken:
            problems.append(f"{path}: two outputs cannot go into one file")
        taken.add(path.resolve())
        problems += _unwritable(path)
    if problems:
        raise ConfigError(problems)


def _unwritable(path: Path) -> list[str]:
    if not path.parent.is_dir():
        return [f"{path}: there is no folder {path.parent}"]
    if path.is_dir():
        return [f"{path}: is a folder"]
    return [] if os.access(path.parent, os.W_OK) else [f"{path}: the folder {path.parent} cannot be written"]


def write(result: BacktestResult, outputs: Outputs, trials: int | None = None) -> list[Path]:
    """Write the files that are wanted, each whole or not at all.

    Args:
        result: a backtest.
        outputs: which files.
        trials: tries counted by the trial ledger, this one included; None: not counted.

    Returns:
        what was written.

    Raises:
        ConfigError: a file cannot be written.
    """
    from vigie.app.research.saved import saved_backtest
    from vigie.reporting.exports import events_table, trades_table

    # All of them are made before the first is written: an error in one leaves none.
    made: list[tuple[Path, bytes]] = []
    if outputs.trades is not None:
        made.append((outputs.trades, trades_table(result, outputs.trades.suffix.lower())))
    if outputs.events is not None:
        made.append((outputs.events, events_table(result, outputs.events.suffix.lower())))
    if outputs.report is not None:
        made.append((outputs.report, _html(result, trials)))
    if outputs.saved is not None:
        made.append((outputs.saved, saved_backtest(result, trials)))
    return write_files(made)


def write_files(made: Sequence[tuple[Path, bytes]]) -> list[Path]:
    """Write files, each whole or not at all.

    Returns:
        what was written.

    Raises:
        ConfigError: a file cannot be written.
    """
    for path, content in made:
        write_output(path, content)
    return [path for path, _ in made]


def _html(result: BacktestResult, trials: int | None) -> bytes:
    from vigie.reporting.page.backtest import backtest_page

    return backtest_page(result, trials).encode()
