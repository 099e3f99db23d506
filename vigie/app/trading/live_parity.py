"""Whether an account decided as a backtest would have, given what it met: its own fills, money and stops.

A backtest fills at assumed prices, a venue at its own. So what is compared is each decision, with everything that it
hung on taken from the journal: the strategy is asked about the whole stretch of candles at once, as research asks it;
positions are moved by the rules that research compiles; sizes are counted again from the money there was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.app.data.candles import load_instruments, load_series
from vigie.app.journal.explain import counted_again, numbers_of
from vigie.app.journal.reading import journal_folder
from vigie.app.strategies.finding import find
from vigie.decision.policies import Filters
from vigie.decision.position_rules import Actions, Bar, advance, await_sale
from vigie.decision.profile import Plan, number_specs, plan
from vigie.domain import events as e
from vigie.domain.candles import Candles
from vigie.domain.errors import ConfigError, VigieError
from vigie.domain.holdings import Holding
from vigie.domain.instants import as_text
from vigie.domain.instrument import Instrument
from vigie.domain.order import Leg
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio, folded
from vigie.domain.timeframe import Timeframe
from vigie.domain.trades import ExitReason
from vigie.engine.positions import position_of
from vigie.engine.setup import filters_of
from vigie.ports.journal import Entry
from vigie.strategy.signals import Signals

TOLERANCE = 1e-9
"""Relative difference that is rounding: a recursive indicator remembers where its window began in its last digits."""
_PRICES = ("open", "high", "low", "close")
_WISHES = ("entry", "exit", "stop_distance", "target_distance", "volatility", "confidence")


@dataclass(frozen=True, slots=True)
class LiveParity:
    """What the comparison found.

    Attributes:
        account: whose journal.
        decisions: at closes, compared.
        entries: sizes and verdicts of the gate that were counted again.
        managed: closes at which something was held: its stops and exits.
        missed: candles and pairs that no process decided on, or of which no candle is at hand.
        first_difference: a sentence; None: identical.
    """

    account: str
    decisions: int
    entries: int
    managed: int
    missed: int
    first_difference: str | None

    @property
    def identical(self) -> bool:
        """No difference was found."""
        return self.first_difference is None


def prove_account(
    home: Path, account: str, data: Path | None, *, report: Callable[[str], None] = lambda _: None
) -> LiveParity:
    """Hold every decision in an account's journal to what a backtest decides there.

    Args:
        home: of the user.
        account: its name.
        data: file or folder of candles; None: the store.
        report: told what was left out.

    Raises:
        ConfigError: no such account, strategy or candles, or the journal has no run.
    """
    with JsonlJournal(journal_folder(home, account), account, SystemClock()) as journal:
        entries = list(journal.read())
    runs = [one.event for one in entries if isinstance(one.event, e.RunStarted)]
    if not runs:
        raise ConfigError(f"the journal of {account} knows no run")
    timeframe = Timeframe.parse(runs[-1].timeframe)
    pairs = sorted({Pair.parse(pair) for run in runs for pair in run.pairs})
    series = load_series(data, home, pairs, timeframe, report=report)
    instruments = load_instruments(home, series)
    judge = Judge(home, account, {str(one.pair): one.candles for one in series}, instruments)
    return judge.judged(entries)


@dataclass
class Judge:
    """Goes through a journal line by line.

    Attributes:
        home: where strategies are found.
        account: its name.
        candles: by pair.
        instruments: filters of the pairs that are known; of others parts that are sold are not compared.
    """

    home: Path
    account: str
    candles: Mapping[str, Candles]
    instruments: Mapping[Pair, Instrument]
    _run: e.RunStarted | None = None
    _plans: dict[str, Plan] = field(default_factory=dict)
    _signals: dict[tuple[str, str], Signals] = field(default_factory=dict)
    _entered: dict[str, float] = field(default_factory=dict)
    _decided: set[tuple[str, int]] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("decisions", "entries", "managed"), 0))
    _unknown: int = 0

    def judged(self, entries: Sequence[Entry]) -> LiveParity:
        """The verdict on a whole journal."""
        account, difference = Portfolio(), None
        for one in entries:
            difference = difference or self._look(one.event, account)
            account = folded([(one.seq, one.at, one.event)], account)
        return LiveParity(
            self.account, **self._counts, missed=self._missed() + self._unknown, first_difference=difference
        )

    def _look(self, event: e.Event, account: Portfolio) -> str | None:
        if isinstance(event, e.RunStarted):
            self._run = event
        elif isinstance(event, e.Decided) and event.facts:
            return self._sized(event)
        elif isinstance(event, e.Decided):
            return self._closed(event, account)
        elif isinstance(event, e.IntentPlanned) and event.intent.leg is Leg.ENTRY:
            wanted = self._entered.get(event.intent.pair)
            if wanted != float(event.intent.quantity):
                return f"{event.intent.pair}: {wanted} was decided and {event.intent.quantity} sent"
        return None

    def _present(self) -> e.RunStarted:
        if self._run is None:
            raise VigieError(f"the journal of {self.account} decides before a run has begun")
        return self._run

    def _of(self, pair: str, run: e.RunStarted) -> tuple[Plan, Signals]:
        """The plan of a run, and what its strategy says of a pair on the whole stretch."""
        key = f"{run.strategy}/{run.profile}/{sorted(run.numbers.items())}"
        if key not in self._plans:
            strategy = find(run.strategy, self.home)
            known = {*strategy.parameters.specs(), *number_specs()}
            numbers = {name: value for name, value in run.numbers.items() if name in known}
            self._plans[key] = plan(strategy, run.profile, numbers)
        made = self._plans[key]
        if (pair, key) not in self._signals:
            self._signals[pair, key] = made.strategy.signals(self.candles[pair], made.parameters)
        return made, self._signals[pair, key]

    def _sized(self, event: e.Decided) -> str | None:
        self._counts["entries"] += 1
        run = self._present()
        if event.action == "enter":
            self._entered[event.pair] = event.numbers["quantity"]
        found = counted_again(
            {"facts": event.facts, "numbers": event.numbers, "verdicts": event.verdicts},
            numbers_of(run.numbers),
            len(run.pairs),
        )
        if found["agrees"] is False:
            return f"{_where(event)}: {'; '.join(found['differences'])}"
        return None

    def _closed(self, event: e.Decided, account: Portfolio) -> str | None:
        candles = self.candles.get(event.pair)
        row = -1 if candles is None else int(candles.opens_at.searchsorted(event.candle_at))
        if candles is None or not row < len(candles) or int(candles.opens_at[row]) != event.candle_at:
            self._unknown += 1
            return None
        self._counts["decisions"] += 1
        self._decided.add((event.pair, event.candle_at))
        held = account.holdings.get(event.pair)
        # A position goes on by the numbers that it was opened under.
        run = self._present() if held is None else account.runs.get(held.run, self._present())
        made, signals = self._of(event.pair, run)
        theirs = {name: float(getattr(candles, name)[row]) for name in _PRICES}
        theirs |= {name: float(getattr(signals, name)[row]) for name in _WISHES}
        for name, value in theirs.items():
            if name in event.numbers and not _same(event.numbers[name], value):
                return f"{_where(event)}: {name} {event.numbers[name]!r} in the journal, {value!r} in the backtest"
        if held is None or held.rules is None:
            wants = row >= signals.warm_up and int(signals.entry[row]) != 0
            action = "wish" if wants else "none"
            return None if event.action == action else _other(event, action)
        self._counts["managed"] += 1
        bar = Bar(theirs["high"], theirs["close"], theirs["volatility"], bool(signals.exit[row]))
        return self._managed(event, account, held, bar, made)

    def _managed(self, event: e.Decided, account: Portfolio, held: Holding, bar: Bar, made: Plan) -> str | None:
        """What the rules make of a holding, from where the journal has it."""
        if held.rules is None:
            return None
        rules = made.settings.rules()
        known = self.instruments.get(Pair.parse(event.pair))
        filters = filters_of(made, known) if known is not None else Filters(math.nan, 0.0, 0.0, 0.0)
        position = position_of(held, held.rules)
        stop = None if held.stop_id is None else account.orders.get(held.stop_id)
        actions: Actions
        if stop is not None and stop.triggered and not stop.status.final:
            actions = await_sale(position, bar, rules)
        else:
            position, actions = advance(position, bar, rules, filters)
        leaving = actions.exit if held.leaving == 0 else 0
        parts = actions.partial_1 > 0 or actions.partial_2 > 0
        action = "leave" if leaving else "sell-part" if parts else "hold"
        if event.action != action and not (known is None and "sell-part" in (action, event.action)):
            return _other(event, action)
        reason = ExitReason(actions.exit).label if actions.exit else ""
        if event.reason != reason:
            return _other(event, reason or "no reason")
        for name, value in (("stop", position.fixed_stop), ("trailing", position.trailing)):
            if not _same(event.numbers[name], value):
                return f"{_where(event)}: {name} {event.numbers[name]!r} in the journal, {value!r} by the rules"
        return None

    def _missed(self) -> int:
        """Candles between the first and the last decision that no process decided on."""
        if not self._decided:
            return 0
        first, last = (edge(at for _, at in self._decided) for edge in (min, max))
        there = {
            (pair, int(at)) for pair, one in self.candles.items() for at in one.opens_at if first <= int(at) <= last
        }
        return len(there - self._decided)


def _same(first: float, second: float) -> bool:
    if math.isnan(first) or math.isnan(second):
        return math.isnan(first) and math.isnan(second)
    return abs(first - second) <= TOLERANCE * max(abs(first), abs(second))


def _other(event: e.Decided, theirs: str) -> str:
    return f"{_where(event)}: {event.action} {event.reason} in the journal, {theirs} in the backtest"


def _where(event: e.Decided) -> str:
    return f"{event.pair}, candle of {as_text(event.candle_at)}"
