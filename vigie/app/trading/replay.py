"""Paper trading on recorded candles: the shipped engine, journal and stops, with time that goes by as told."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.signals import EndSignals
from vigie.app.control.halting import require_started, stopped
from vigie.app.data.candles import Report, load_instruments, load_series, require_continuity
from vigie.app.logs.writing import Ears, logged
from vigie.app.settings import AccountSettings, check_name
from vigie.app.trading.last_run import changes, facts_of, last_run, require_onward, require_same
from vigie.app.trading.running import END_WITHIN
from vigie.app.trading.setups import plan_of
from vigie.app.trading.ticking import Ending, wait
from vigie.app.wiring import Replay, replaying
from vigie.decision.profile import Plan
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.events import Recovered
from vigie.domain.instants import as_datetime, as_text
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio
from vigie.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """A replay.

    Attributes:
        home: the user's folder.
        settings: of the account; its name begins with ``replay-``.
        data: candle file or folder; None: the store, and without pairs the sample market.
        pairs: None: all there are.
        start_ms, end_ms: the range, epoch milliseconds; None: all candles.
        pace: how many times faster than time it goes; None: as fast as it can.
    """

    home: Path
    settings: AccountSettings
    data: Path | None = None
    pairs: Sequence[Pair] | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    pace: float | None = None


@dataclass(frozen=True, slots=True)
class ReplayTask:
    """A replay that was understood.

    Attributes:
        request: what was asked; its account names the pairs that are traded.
        plan: what decides.
        series: the candles.
        instruments: filters where they are known.
        rows: candles of the common timeline in the range.
        first, last: opening instants of the first and the last of them, epoch milliseconds.
        decided_at: opening instant of the last candle that the account decided before, epoch milliseconds; None: it
            decided none.
        rows_left: candles after that.
    """

    request: ReplayRequest
    plan: Plan
    series: tuple[Series, ...]
    instruments: Mapping[Pair, Instrument]
    rows: int
    first: int
    last: int
    decided_at: int | None = None
    rows_left: int = 0

    def facts(self) -> dict[str, Any]:
        """What people are told before it begins; instants are epoch milliseconds, ``pace`` None where it is none."""
        settings = self.request.settings
        return {
            "account": settings.name,
            "strategy": self.plan.strategy.name,
            "profile": settings.profile,
            "timeframe": str(settings.timeframe),
            "pairs": [str(one) for one in settings.pairs],
            "rows": self.rows,
            "first": self.first,
            "last": self.last,
            "decided_at": self.decided_at,
            "rows_left": self.rows_left,
            "pace": self.request.pace,
        }


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What a replay left.

    Attributes:
        account: its name.
        started: what the start found.
        rows: candles gone through in this call.
        portfolio: the account at the end.
        last_seq: number of the last line of the journal.
        problems: what went wrong on the way, each once.
        at_end: what went wrong in the last tick.
        interrupted: a signal ended it before the candles did; it can be gone on with.
        ended: what ended it.
        rows_left: candles that have not gone by.
    """

    account: str
    started: Recovered
    rows: int
    portfolio: Portfolio
    last_seq: int
    problems: tuple[str, ...]
    at_end: tuple[str, ...]
    interrupted: bool
    ended: str
    rows_left: int


@dataclass(frozen=True, slots=True)
class Waking:
    """The machine's clock, whose waits end when somebody wants an end. Fulfils `vigie.ports.clock.Clock`.

    Attributes:
        ending: why this is to end; None: it is not.
        clock: that it goes by.
    """

    ending: Ending
    clock: Clock = field(default_factory=SystemClock)

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return self.clock.now_ms()

    def sleep(self, seconds: float) -> None:
        """Wait, but no longer than until somebody wants an end."""
        wait(self.clock, seconds, self.ending)


def replay_name(given: str | None) -> str:
    """The account of a replay: a new one each time unless it is named.

    Raises:
        ConfigError: a name that is no replay's.
    """
    if given is None:
        return f"replay-{as_datetime(SystemClock().now_ms()):%Y%m%d-%H%M%S}-{os.getpid()}"
    if not given.startswith("replay-"):
        raise ConfigError(
            f"'{given}': the account of a replay begins with replay-, so that none is taken for real: replay-{given}"
        )
    return check_name(given)


def understood(request: ReplayRequest, report: Report = lambda _: None) -> ReplayTask:
    """Read the candles, check every number, and whether the account can be gone on with by them.

    Args:
        request: what was asked.
        report: told what was left out, made, or is not as it was in the account's last run.

    Raises:
        ConfigError: a name, number, path or pair is wrong, or the account is another replay's or was stopped.
        DataError: the candles cannot be used, or none lie in the range.
    """
    require_started(request.home, request.settings.name)  # before candles are read for nothing
    made = plan_of(request.settings, request.home)
    series = load_series(request.data, request.home, request.pairs, request.settings.timeframe, report=report)
    instants: set[int] = set()
    for one in series:
        inside = one.candles.between(request.start_ms, request.end_ms)
        require_continuity(Series(one.pair, one.venue, inside, one.origin))
        instants |= set(inside.opens_at.tolist())
    if not instants:
        raise DataError(f"no candles in the range of the replay; {_there_are(series)}")
    settings = replace(request.settings, pairs=tuple(sorted(one.pair for one in series)))
    known = load_instruments(request.home, series)
    rows = sorted(instants)
    task = ReplayTask(
        replace(request, settings=settings), made, series, known, len(rows), rows[0], rows[-1], rows_left=len(rows)
    )
    return _gone_on(task, rows, report)


def _gone_on(task: ReplayTask, rows: Sequence[int], report: Report) -> ReplayTask:
    """The same from where its account stands; nothing is written yet."""
    request = task.request
    before = last_run(request.home, request.settings.name)
    if before is None:
        return task
    now = facts_of(request.settings, task.plan)
    require_same(request.home, request.settings.name, before, now, task.series)
    for sentence in changes(before, now):
        report(sentence)
    if before.decided_at is None:
        return task
    require_onward(request.settings.name, before.decided_at, rows, task.series)
    left = sum(at > before.decided_at for at in rows)
    return replace(task, decided_at=before.decided_at, rows_left=left)


def _there_are(series: Sequence[Series]) -> str:
    """Which candles there are at all: who asked for none of them asks again."""
    ends = [(int(one.candles.opens_at[0]), int(one.candles.opens_at[-1])) for one in series if len(one.candles)]
    if not ends:
        return "there are none at all"
    first, last = min(one for one, _ in ends), max(one for _, one in ends)
    return f"there are some from {as_text(first)} to {as_text(last)} UTC"


def run_replay(
    task: ReplayTask,
    *,
    report: Report = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
    watch: Callable[[Replay], None] = lambda _: None,
) -> ReplayResult:
    """Let the candles go by, tick after tick, from where the account stands.

    Args:
        task: what to do.
        report: told what happened on the way.
        progress: told how many more candles have gone by.
        watch: shown the replay after each candle.

    Raises:
        AccountLocked: another process holds the account.
        ConfigError: the plan asks for what no market can do.
        InvariantBroken: the account's files do not add up.
    """
    request = task.request
    begins = min((int(one.candles.opens_at[0]) for one in task.series if len(one.candles)), default=0)
    first = begins if request.start_ms is None else max(begins, request.start_ms)
    with logged(request.home, "paper", request.settings.name, report=report, now_ms=lambda: first) as ears:
        return _gone_through(task, ears, progress, watch)


def _gone_through(
    task: ReplayTask, ears: Ears, progress: Callable[[int], None], watch: Callable[[Replay], None]
) -> ReplayResult:
    request = task.request
    problems: dict[str, None] = {}
    last: tuple[str, ...] = ()
    rows = 0

    def ending() -> str | None:
        return signals.heard or stopped(request.home, request.settings.name)

    with (
        EndSignals(patience=END_WITHIN) as signals,
        replaying(
            request.settings,
            task.plan,
            task.series,
            tuple(task.instruments.values()),
            home=request.home,
            start_ms=request.start_ms,
            end_ms=request.end_ms,
            pace=None if request.pace is None else (Waking(ending), request.pace),
            report=ears.report,
        ) as replay,
    ):
        ears.now_ms = replay.market.now_ms
        started = replay.engine.start()

        def tick() -> None:
            nonlocal last
            done = replay.engine.decision_tick()
            last = done.problems
            problems.update(dict.fromkeys(last))
            ears.tick(done.mode.value, done.problems, replay.engine.portfolio)

        if replay.resumed:
            # What was decided before the last process died still waits for its price.
            tick()
            progress(task.rows - replay.market.rows_left)
        why = ending()
        while why is None and replay.market.close_row():
            tick()
            rows += 1
            progress(1)
            watch(replay)
            why = ending()
        left = replay.market.rows_left
        ended = why or "the candles ended"
        replay.engine.stop(ended)
        return ReplayResult(
            account=request.settings.name,
            started=started,
            rows=rows,
            portfolio=replay.engine.portfolio,
            last_seq=replay.journal.last_seq,
            problems=tuple(problems),
            at_end=last,
            interrupted=signals.heard is not None and left > 0,
            ended=ended,
            rows_left=left,
        )
