"""Whether an account is looked after: what a supervisor, a container or a person has to know first."""

from __future__ import annotations

from dataclasses import dataclass

from vigie.adapters.storage.receipts import AWAY
from vigie.app.backup.outcome import TOPICS
from vigie.app.status.standing import Standing
from vigie.domain.portfolio import Portfolio
from vigie.domain.timeframe import Timeframe
from vigie.domain.trading_mode import TradingMode, strictest

GUARD_SECONDS = 60
"""A running engine beats at least so often."""
SILENCE_SECONDS = 3 * GUARD_SECONDS
NO_PULSE = "no-heartbeat"
DECISION_GRACE_MS = 5 * 60_000
"""A decision that is this late has not come."""


def mode_of(standing: Standing) -> TradingMode:
    """What the account may do, as far as its files tell."""
    modes = {TradingMode(latch.mode) for latch in standing.latches.values()}
    if standing.kill_switch is not None:
        modes.add(TradingMode.HALTED)
    told = None if standing.pulse is None else standing.pulse.facts.get("mode")
    if standing.holder is not None and told == TradingMode.HALTED.value and not modes:
        modes.add(TradingMode.HALTED)  # troubles of its own, of which the problems tell
    return strictest(modes)


def next_run_at(standing: Standing) -> int | None:
    """When the next decision is due, epoch milliseconds; None: nothing says so, or time is a replay's own."""
    cycle = None if standing.portfolio is None else standing.portfolio.cycle
    if cycle is None or standing.mode == "replay" or standing.stopped is not None:
        return None
    # The candle after the last one that was decided on has to close.
    return cycle.candle_at + 2 * Timeframe.parse(str(standing.run["timeframe"])).milliseconds


def unprotected(portfolio: Portfolio) -> list[str]:
    """Pairs that are held without a stop that lives at the venue."""
    found = []
    for pair, held in sorted(portfolio.holdings.items()):
        stop = None if held.stop_id is None else portfolio.orders.get(held.stop_id)
        if stop is None or not stop.status.at_venue:
            found.append(pair)
    return found


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong.

    Attributes:
        subject: what it is about; stays the same while its words change.
        text: a sentence.
    """

    subject: str
    text: str


def problems_of(standing: Standing) -> tuple[str, ...]:
    """What is wrong, one sentence each; empty: healthy."""
    return tuple(one.text for one in findings_of(standing))


def findings_of(standing: Standing) -> tuple[Finding, ...]:
    """The same with what each is about."""
    asked = (_damaged, _halted, _away, _silence, _money, _late, _watch)
    return tuple(one for ask in asked for one in ask(standing))


def halts_of(standing: Standing) -> list[str]:
    """Why nothing new may be opened until a person comes, one sentence each."""
    return [one.text for one in _halted(standing)]


def _damaged(standing: Standing) -> list[Finding]:
    return [Finding("files", text) for text in standing.damage]


def _halted(standing: Standing) -> list[Finding]:
    found = [] if standing.kill_switch is None else [Finding("kill-switch", f"halted: {standing.kill_switch}")]
    for name, latch in sorted(standing.latches.items()):
        if latch.mode == TradingMode.HALTED.value and not (name == "kill-switch" and found):
            found.append(Finding(f"halted-{name}", f"halted by {name}: {latch.reason}"))
    return found


def _away(standing: Standing) -> list[Finding]:
    """What a start found that has no venue: it tries again, and has no engine to tell of it."""
    receipt = standing.receipt
    if receipt.get("kind") != AWAY or not 0 <= standing.here - int(receipt["at"]) <= 1000 * SILENCE_SECONDS:
        return []
    return [Finding("venue", f"the last start found no venue: {one}") for one in receipt.get("problems", ())]


def _silence(standing: Standing) -> list[Finding]:
    if _away(standing):
        return []  # told already: it is no death, and there is nobody whose heart could beat
    if standing.holder is not None:
        return _heart(standing)
    if not standing.run:
        return [Finding("process", _never_ran(standing))]
    held = () if standing.portfolio is None else tuple(standing.portfolio.holdings)
    if standing.stopped is not None:
        text = f"stopped, and nobody moves the stops of {', '.join(sorted(held))}"
        return [Finding("process", text)] if held else []
    if standing.ended is None:
        return [Finding("process", f"process {standing.run.get('process')} died without a word: start it again")]
    return []


def _never_ran(standing: Standing) -> str:
    """Why the journal knows no process; a start that never came to trade has left a receipt."""
    receipt, reason = standing.receipt, standing.receipt.get("reason")
    if receipt.get("kind") == AWAY:
        why = f"the last start found no venue: {'; '.join(map(str, receipt.get('problems', ())))}"
    elif receipt.get("kind") == "end" and reason:
        why = f"the last start ended before it began: {reason}"
    else:
        return "no process has ever run this account"
    return f"no process has traded this account yet: {why}"


def _heart(standing: Standing) -> list[Finding]:
    if standing.pulse is None or standing.pulse_age is None:
        return [Finding(NO_PULSE, f"{standing.holder} holds the account and has no heartbeat")]
    told = standing.pulse.facts.get("problems")
    found = [Finding("tick", str(one)) for one in told] if isinstance(told, list) else []
    if standing.pulse_age > SILENCE_SECONDS:
        text = f"no heartbeat for {standing.pulse_age:,.0f} s: {standing.holder} hangs"
        found.append(Finding("heartbeat", text))
    return found


def _money(standing: Standing) -> list[Finding]:
    portfolio = standing.settled
    if portfolio is None:
        return [Finding("files", "nothing is known of what it holds")] if standing.run else []
    found = [Finding(f"stop-{pair}", f"{pair} is held without a stop at the venue") for pair in unprotected(portfolio)]
    return found + [
        Finding("unknown-order", f"nobody knows whether order {one.intent.client_id} exists")
        for one in portfolio.unsettled()
    ]


def _late(standing: Standing) -> list[Finding]:
    due = next_run_at(standing)
    if due is None or standing.now <= due + DECISION_GRACE_MS:
        return []
    minutes = (standing.now - due) / 60_000
    return [Finding("decision", f"the decision that was due {minutes:,.0f} minutes ago has not come")]


def _watch(standing: Standing) -> list[Finding]:
    """What those who stand beside the engine saw last, while it lives."""
    found = [Finding("disk", standing.room)] if standing.room and standing.run else []
    troubles = standing.receipt.get("troubles")
    if standing.holder is None or not isinstance(troubles, dict):
        return found
    # An account whose backup fails trades as well as ever: status has a row for it, and nobody restarts anything.
    others = ((str(topic), str(text)) for topic, text in troubles.items() if topic not in TOPICS)
    return found + [Finding(topic, text) for topic, text in others if not (found and topic.startswith("disk"))]
