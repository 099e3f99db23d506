"""The proof that what was tested is what trades: one range of candles through the backtest and through the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.app.accounts import account_folder
from vigie.app.trading.replay import ReplayTask, run_replay
from vigie.domain import events as e
from vigie.domain.instants import as_text
from vigie.domain.order import Leg
from vigie.domain.trades import EventKind
from vigie.ports.journal import Entry
from vigie.research.backtest import run
from vigie.research.result import BacktestResult

TOLERANCE = 1e-9
"""Relative difference of prices, and of money against the wallet, that is rounding: one side counts in binary."""


@dataclass(frozen=True, slots=True)
class Act:
    """One decision that moved coins.

    Attributes:
        at: epoch milliseconds; of the candle's opening for what happens inside or at its open.
        pair: ``BTC/USDT``.
        kind: ``buy``, ``partial`` or ``sell``.
        reason: `ExitReason` label of a sale; empty for a buy.
        price, quantity: quote per base, base.
    """

    at: int
    pair: str
    kind: str
    reason: str
    price: float
    quantity: float


@dataclass(frozen=True, slots=True)
class Parity:
    """What the comparison found.

    Attributes:
        acts: compared on the side of the backtest.
        decisions: lines of decision in the engine's journal.
        refusals: entries that both refused.
        rows: candles of the common timeline.
        first_difference: a sentence with both sides and what they looked at; None: identical.
        equity: at the end, backtest and engine, quote.
        halted_at: an instant at which a limit halted the engine: a person has the wheel from there, and the comparison
            ends; None: it did not.
    """

    acts: int
    decisions: int
    refusals: int
    rows: int
    first_difference: str | None
    equity: tuple[float, float]
    halted_at: int | None

    @property
    def identical(self) -> bool:
        """No difference was found."""
        return self.first_difference is None


def prove(task: ReplayTask, *, progress: Callable[[int], None] = lambda _: None) -> Parity:
    """Run both and compare act by act; what the engine says on the way is about an account that is thrown away.

    Args:
        task: the range and the account; its files are made in a folder of their own and thrown away.
        progress: told how many more candles have gone by.

    Raises:
        ConfigError: the plan asks for what no market can do.
    """
    request = task.request
    tested = run(
        task.plan,
        task.series,
        instruments=task.instruments,
        start_ms=request.start_ms,
        end_ms=request.end_ms,
    )
    with TemporaryDirectory(prefix="vigie-parity-") as scratch:
        home = Path(scratch)
        done = run_replay(replace(task, request=replace(request, home=home)), progress=progress)
        if done.interrupted:
            raise KeyboardInterrupt
        folder = account_folder(home, done.account) / "journal"
        with JsonlJournal(folder, done.account, SystemClock()) as journal:
            entries = list(journal.read())
    return compare(tested, entries, task.rows)


def compare(tested: BacktestResult, entries: Sequence[Entry], rows: int) -> Parity:
    """A backtest against the journal of an engine.

    Args:
        tested: the backtest.
        entries: the journal, from its first line.
        rows: candles of the common timeline.
    """
    halted_at = next(
        (one.at for one in entries if isinstance(one.event, e.Halted) and one.event.mode == "halted"), None
    )
    theirs = acts_of_backtest(tested)
    ours = acts_of_journal(entries)
    if halted_at is not None:
        theirs = [one for one in theirs if one.at < halted_at]
        ours = [one for one in ours if one.at < halted_at]
    refusals = sum(isinstance(one.event, e.Decided) and one.event.action == "refuse" for one in entries)
    cycles = [one.event for one in entries if isinstance(one.event, e.CycleDone)]
    equity = (float(tested.equity[-1]), cycles[-1].equity if cycles else tested.capital)
    difference = _first_difference(theirs, ours, tested.capital)
    if difference is None and halted_at is None and abs(equity[0] - equity[1]) > TOLERANCE * tested.capital * 100:
        difference = f"equity at the end: {equity[0]!r} in the backtest, {equity[1]!r} in the engine"
    return Parity(
        acts=len(theirs),
        decisions=sum(isinstance(one.event, e.Decided) for one in entries),
        refusals=refusals,
        rows=rows,
        first_difference=difference,
        equity=equity,
        halted_at=halted_at,
    )


def acts_of_backtest(tested: BacktestResult) -> list[Act]:
    """What moved coins, in order."""
    events, pairs = tested.events, tested.pairs
    return ordered(
        Act(
            at=int(events.at[row]),
            pair=pairs[events.pair[row]],
            kind=EventKind(events.kind[row]).label,
            reason=_reason(int(events.reason[row])),
            price=float(events.price[row]),
            quantity=float(events.quantity[row]),
        )
        for row in range(len(events))
    )


def acts_of_journal(entries: Sequence[Entry]) -> list[Act]:
    """Fills by order, each order one act; a sale's reason is that of the trade it closed."""
    orders: dict[str, e.IntentPlanned] = {}
    acts: dict[str, list[e.FillSeen]] = {}
    reasons: dict[str, str] = {}
    last_sale: dict[str, str] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, e.IntentPlanned):
            orders[event.intent.client_id] = event
        elif isinstance(event, e.FillSeen):
            acts.setdefault(event.client_id, []).append(event)
            if orders[event.client_id].intent.leg is not Leg.ENTRY:
                last_sale[event.pair] = event.client_id
        elif isinstance(event, e.TradeClosed) and event.pair in last_sale:
            reasons[last_sale[event.pair]] = _reason(event.code)
    return ordered(_act(orders[one], fills, reasons.get(one, "")) for one, fills in acts.items())


def _act(planned: e.IntentPlanned, fills: Sequence[e.FillSeen], reason: str) -> Act:
    intent = planned.intent
    quantity = sum(float(one.fill.quantity) for one in fills)
    price = sum(float(one.fill.price * one.fill.quantity) for one in fills) / quantity
    part = intent.leg in (Leg.PARTIAL_1, Leg.PARTIAL_2)
    kind = "buy" if intent.leg is Leg.ENTRY else "partial" if part else "sell"
    return Act(
        at=fills[0].fill.filled_at,
        pair=intent.pair,
        kind=kind,
        reason=intent.leg.value.replace("-", "_") if part else reason,
        price=price,
        quantity=quantity,
    )


def ordered(acts: Iterable[Act]) -> list[Act]:
    """By instant, then pair; a sale before a buy."""
    return sorted(acts, key=lambda one: (one.at, one.pair, one.kind == "buy"))


def _reason(code: int) -> str:
    from vigie.domain.trades import ExitReason

    return "" if code == ExitReason.NONE else ExitReason(code).label


def _first_difference(theirs: Sequence[Act], ours: Sequence[Act], capital: float) -> str | None:
    for tested, traded in zip(theirs, ours, strict=False):
        if not _same(tested, traded, capital):
            return f"backtest: {_told(tested)}; engine: {_told(traded)}"
    if len(theirs) > len(ours):
        return f"backtest: {_told(theirs[len(ours)])}; engine: nothing"
    if len(ours) > len(theirs):
        return f"backtest: nothing; engine: {_told(ours[len(theirs)])}"
    return None


def _same(tested: Act, traded: Act, capital: float) -> bool:
    named = (tested.at, tested.pair, tested.kind, tested.reason) == (traded.at, traded.pair, traded.kind, traded.reason)
    price = abs(tested.price - traded.price) <= TOLERANCE * tested.price
    money = abs(tested.quantity - traded.quantity) * tested.price <= TOLERANCE * capital * 100
    return named and price and money


def _told(act: Act) -> str:
    why = f" ({act.reason})" if act.reason else ""
    return f"{act.kind}{why} {act.quantity:.10g} {act.pair} at {act.price:.10g}, {as_text(act.at)}"
