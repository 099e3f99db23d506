"""One breach for each invariant: an entry, a standing or a journal that is right but for one thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

from tests.fakes.small_markets import BTC, HOUR, START, Row, Wanted, on_pairs
from vigie.decision.client_ids import client_id
from vigie.domain import events as e
from vigie.domain.holdings import Latch, OrderRecord
from vigie.domain.order import Leg, OrderType
from vigie.domain.order_status import Learnt, OrderStatus
from vigie.domain.pair import Pair
from vigie.domain.trading_mode import TradingMode
from vigie.engine.governance.evidence import Proposal, Standing
from vigie.engine.governance.governor import Governor
from vigie.ports.journal import Entry

NAN = float("nan")
RISING: tuple[Row, ...] = tuple((100.0 + n, 101.2 + n, 99.6 + n, 101.0 + n) for n in range(10))
FALLING: tuple[Row, ...] = tuple((110.0 - 2 * n, 110.2 - 2 * n, 107.8 - 2 * n, 108.0 - 2 * n) for n in range(5))
SETTINGS = {
    "sizing": "risk",
    "risk_fraction": "0.01",
    "max_open_positions": "2",
    "correlation_limit": "off",
    "heat_fraction": "0.5",
    "daily_loss_fraction": "0.5",
    "drawdown_fraction": "0.5",
    "trail_atr": "1",
    "activation_atr": "1",
}


class Watched(Governor):
    """Keeps what it was asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.proposals: list[Proposal] = []
        self.standings: list[Standing] = []

    def refusing(self, proposal: Proposal) -> Any:
        self.proposals.append(proposal)
        return super().refusing(proposal)

    def breaches(self, phase: Any, standing: Standing) -> Any:
        self.standings.append(standing)
        return super().breaches(phase, standing)


@cache
def _run() -> tuple[Proposal, Standing, tuple[Entry, ...]]:
    rows = [*RISING, *FALLING]
    others = [(first / 2, high / 2, low / 2, last / 2) for first, high, low, last in rows]
    market = on_pairs(SETTINGS, BTC=Wanted(rows, [1, 6]), ETH=Wanted(others, [3]))
    watched = Watched()
    market.again()._governor = watched
    market.engine.start()
    proposal = standing = None
    while market.market.close_row():
        assert market.engine.decision_tick().problems == ()
        if watched.proposals and proposal is None:
            proposal, standing = watched.proposals[0], watched.standings[-1]
    market.engine.stop("the candles ended")
    assert proposal is not None
    assert standing is not None
    return proposal, standing, tuple(market.journal.lines)


def good_proposal() -> Proposal:
    """The first entry of a small market."""
    return _run()[0]


def good_standing() -> Standing:
    """The account with its first position."""
    return _run()[1]


def good_journal() -> tuple[Entry, ...]:
    """Positions that were entered, protected, trailed and stopped out."""
    return _run()[2]


# --- changing one thing -------------------------------------------------------------------------------------------


def proposed(**changes: Any) -> Proposal:
    return replace(good_proposal(), **changes)


def with_facts(**changes: float) -> Proposal:
    return proposed(facts=good_proposal().facts._replace(**changes))


def with_intent(**changes: Any) -> Proposal:
    return proposed(intent=replace(good_proposal().intent, **changes))


def refused_by(rule: str) -> Proposal:
    return proposed(verdicts={**good_proposal().verdicts, rule: "refuse"})


def planned_with(**changes: Any) -> Any:
    return replace(good_proposal().setup, plan=replace(good_proposal().setup.plan, **changes))


def limited(**limits: float) -> Any:
    return planned_with(limits={**good_proposal().setup.plan.limits, **limits})


def standing(**changes: Any) -> Standing:
    return replace(good_standing(), **changes)


def account_with(**changes: Any) -> Any:
    return replace(good_standing().account, **changes)


def unknown_order() -> OrderRecord:
    intent = replace(good_proposal().intent, client_id="f" * 32, pair="ETH/USDT")
    return OrderRecord(intent, OrderStatus.UNKNOWN)


def changed(kind: type[e.Event], change: Callable[[Any], e.Event], which: int = 0) -> list[Entry]:
    """The journal with one line of a kind told differently."""
    lines = list(good_journal())
    at = [row for row, one in enumerate(lines) if isinstance(one.event, kind)][which]
    lines[at] = replace(lines[at], event=change(lines[at].event))
    return lines


def inserted(fresh: Sequence[e.Event], before: Callable[[e.Event], bool]) -> list[Entry]:
    """The journal with more lines before the first of some kind."""
    lines = list(good_journal())
    at = next(row for row, one in enumerate(lines) if before(one.event))
    extra = [Entry(0, lines[at].at, one) for one in fresh]
    return numbered([*lines[:at], *extra, *lines[at:]])


def without(*unwanted: Callable[[e.Event], bool]) -> list[Entry]:
    """The journal without the first line of each of some kinds."""
    lines = list(good_journal())
    for one in unwanted:
        lines.remove(next(line for line in lines if one(line.event)))
    return numbered(lines)


def numbered(lines: Sequence[Entry]) -> list[Entry]:
    return [replace(one, seq=seq) for seq, one in enumerate(lines, 1)]


def entry_sent(event: e.Event) -> bool:
    return (
        isinstance(event, e.OrderLearnt) and event.learnt is Learnt.SENT and event.client_id == first_entry().client_id
    )


def entry_filled(event: e.Event) -> bool:
    filled = isinstance(event, e.OrderLearnt) and event.learnt is Learnt.FILLED
    return filled and event.client_id == first_entry().client_id  # type: ignore[attr-defined]


def held_at_close(event: e.Event) -> bool:
    return isinstance(event, e.CycleDone) and event.held > 0


def both_held_at_close(event: e.Event) -> bool:
    """The first such close: the stop of ETH was placed an hour before, and nothing was tried for it since."""
    return isinstance(event, e.CycleDone) and event.held == 2


def ended(event: e.Event) -> bool:
    return isinstance(event, e.RunEnded)


def intent_with(**changes: Any) -> list[Entry]:
    return changed(e.IntentPlanned, lambda one: e.IntentPlanned(replace(one.intent, **changes)))


def told_off(event: Any) -> e.Event:
    return replace(event, verdicts={**event.verdicts, "drawdown": "off"})  # type: ignore[no-any-return]


def first_entry() -> Any:
    return next(
        one.event.intent
        for one in good_journal()
        if isinstance(one.event, e.IntentPlanned) and one.event.intent.leg is Leg.ENTRY
    )


def ran_with(**numbers: str) -> list[Entry]:
    return changed(e.RunStarted, lambda run: replace(run, numbers={**run.numbers, **numbers}))


def planned_again() -> list[Entry]:
    intent = first_entry()
    name = client_id(
        account="replay-test", mode="replay", strategy="scripted", pair=intent.pair, key=str(intent.candle_at),
        leg=Leg.ENTRY, attempt=1,
    )  # fmt: skip
    again = e.IntentPlanned(replace(intent, client_id=name, attempt=1))
    return inserted([again], held_at_close)


def lowered_stop() -> list[Entry]:
    lines = list(good_journal())
    stops = [
        row
        for row, one in enumerate(lines)
        if isinstance(one.event, e.IntentPlanned) and one.event.intent.leg is Leg.STOP and one.event.intent.pair == BTC
    ]
    for row in stops[1:2]:
        intent = lines[row].event.intent  # type: ignore[attr-defined]
        low = replace(intent, trigger=intent.trigger - 20, limit=intent.limit - 20)
        lines[row] = replace(lines[row], event=e.IntentPlanned(low))
    return lines


def told_with(**changes: float) -> Callable[[Any], e.Event]:
    return lambda one: replace(one, facts={**one.facts, **changes})


def entering(which: int = 0) -> int:
    """The place among all decisions of one that entered."""
    decided = [one.event for one in good_journal() if isinstance(one.event, e.Decided)]
    return [row for row, one in enumerate(decided) if one.action == "enter"][which]


def two_in_one() -> list[Entry]:
    """Two positions where one is allowed, and facts that lie about it."""
    lines = changed(e.Decided, told_with(open_positions=0.0), entering(1))
    run = next(row for row, one in enumerate(lines) if isinstance(one.event, e.RunStarted))
    event = lines[run].event
    assert isinstance(event, e.RunStarted)
    lines[run] = replace(lines[run], event=replace(event, numbers={**event.numbers, "max_open_positions": "1"}))
    return lines


def mode_changed() -> list[Entry]:
    lines = list(good_journal())
    run = next(one for one in lines if isinstance(one.event, e.RunStarted))
    assert isinstance(run.event, e.RunStarted)
    other = Entry(len(lines) + 1, lines[-1].at, replace(run.event, mode="paper", account="paper"))
    return [*lines, other]


def backwards() -> list[Entry]:
    lines = list(good_journal())
    lines[-1] = replace(lines[-1], at=lines[-2].at - 1)
    return lines


def gap() -> list[Entry]:
    """A paper account whose cycles are missing for five hours."""
    lines = changed(e.RunStarted, lambda run: replace(run, mode="paper"))
    last = max(row for row, one in enumerate(lines) if isinstance(one.event, e.CycleDone))
    return [replace(one, at=one.at + 5 * HOUR) if row >= last else one for row, one in enumerate(lines)]


def misdigested() -> list[Entry]:
    return inserted([e.LeaveDecided("XRP/USDT", 4, START)], ended)


ORDER: dict[str, Callable[[], Proposal]] = {
    "1.1": lambda: proposed(mode=TradingMode.HALTED),
    "2.1": lambda: proposed(newest_at=good_proposal().newest_at + HOUR),  # type: ignore[operator]
    "2.2": lambda: proposed(now_ms=START),
    "2.3": lambda: refused_by("holes"),
    "3.1": lambda: with_intent(quantity=Decimal(60)),
    "3.2": lambda: proposed(setup=planned_with(sizing_amount=0.001)),
    "3.4": lambda: refused_by("heat"),
    "3.5": lambda: with_intent(quantity=good_proposal().intent.quantity - Decimal("0.0005")),
    "4.2": lambda: proposed(account=replace(good_proposal().account, orders={"f" * 32: unknown_order()})),
    "5.1": lambda: replace(with_facts(correlation=0.71), setup=limited(correlation=0.7)),
    "5.2": lambda: proposed(account=replace(good_proposal().account, holdings=good_standing().account.holdings)),
    "5.3": lambda: proposed(account=replace(good_proposal().account, cash=good_proposal().account.cash - 9000)),
    "6.1": lambda: refused_by("stop_too_far"),
    "7.1": lambda: proposed(price=None),
    "7.2": lambda: with_intent(type=OrderType.STOP_LOSS_LIMIT),
    "8.3": lambda: proposed(setup=replace(good_proposal().setup, pairs=(Pair("ETH", "USDT"),) * 2)),
    "9.5": lambda: proposed(account=replace(good_proposal().account, quote="")),
    "10.1": lambda: proposed(verdicts=dict(list(good_proposal().verdicts.items())[1:])),
}  # fmt: skip
"""By invariant, an entry that breaks it."""

CYCLE: dict[str, Callable[[], Standing]] = {
    "1.2": lambda: standing(account=account_with(cycle=replace(good_standing().account.cycle, worst=0.6))),
    "1.5": lambda: standing(prices_unknown=3),
    "2.5": lambda: standing(now_ms=START),
    "4.3": lambda: standing(differences=("BTC: 1 in our books, 0 at the venue",)),
    "4.5": lambda: standing(uncompared=3),
    "6.2": lambda: standing(unprotected=(BTC,)),
    "9.3": lambda: standing(journal_seq=good_standing().account.seq + 1),
}
"""By invariant, the end of a tick that breaks it."""

BOOT: dict[str, Callable[[], Standing]] = {
    "1.4": lambda: standing(kept={"drawdown": Latch("halted", "15 % lost", 1)}),
    "8.1": lambda: standing(setup=replace(good_standing().setup, account="paper")),
    "8.2": lambda: standing(setup=replace(good_standing().setup, mode="live", account="live-1")),
    "9.4": lambda: standing(crashes=4, setup=replace(good_standing().setup, most_crashes=3)),
}
"""By invariant, a start that breaks it."""

AUDIT: dict[str, Callable[[], list[Entry]]] = {
    "1.6": lambda: inserted([e.Halted("person", "halted", "by hand")], entry_sent),
    "1.7": lambda: inserted([e.LimitReached("drawdown", 0.6, 0.5, 1.0)], lambda one: isinstance(one, e.CycleDone)),
    "1.8": lambda: changed(e.CycleDone, lambda one: replace(one, peak=one.peak - 1.0), -1),
    "2.6": lambda: changed(e.Decided, lambda one: replace(one, candle_at=one.candle_at + HOUR)),
    "2.7": lambda: changed(e.CycleDone, lambda one: replace(one, candle_at=one.candle_at - HOUR), 3),
    "3.6": lambda: ran_with(risk_fraction="0.001"),
    "3.7": lambda: ran_with(max_position_fraction="0.01"),
    "3.8": lambda: ran_with(heat_fraction="0.001"),
    "4.6": lambda: without(
        entry_sent,
        entry_filled,
    ),
    "4.7": lambda: changed(e.RunStarted, lambda run: replace(run, account="replay-another")),
    "4.8": planned_again,
    "4.9": lambda: changed(e.TradeClosed, lambda one: replace(one, profit=one.profit + 1)),
    "5.4": two_in_one,
    "5.5": lambda: ran_with(correlation_limit="-1"),
    "6.3": lowered_stop,
    "6.4": lambda: inserted([e.StopMarked("ETH/USDT", None)], both_held_at_close),
    "6.5": lambda: changed(
        e.IntentPlanned, lambda one: e.IntentPlanned(replace(one.intent, limit=one.intent.trigger + 1)), 1
    ),
    "7.3": lambda: intent_with(type=OrderType.STOP_LOSS_LIMIT),
    "8.4": lambda: changed(e.RunStarted, lambda run: replace(run, pairs=("ETH/USDT", "XRP/USDT"))),
    "8.5": mode_changed,
    "8.6": lambda: inserted([e.AlertRaised("venue", "bad key=abcdef0123456789")], ended),
    "9.1": lambda: without(lambda one: isinstance(one, e.Recovered)),
    "9.2": misdigested,
    "9.6": lambda: changed(e.RunEnded, lambda one: replace(one, unprotected=(BTC,))),
    "10.3": lambda: changed(e.Decided, told_off, entering()),
    "10.4": lambda: without(lambda one: isinstance(one, e.Decided) and one.action == "enter"),
    "10.5": lambda: changed(e.CycleDone, lambda one: replace(one, cash=one.cash + 100), -1),
    "10.6": backwards,
    "10.7": gap,
}  # fmt: skip
"""By invariant, a journal that breaks it. 10.2, the chain, is broken by a file: see its test."""
