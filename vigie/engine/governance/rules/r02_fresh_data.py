"""R2: decisions are made on closed, fresh candles without holes, and time goes forward."""

from __future__ import annotations

from collections.abc import Iterable

from vigie.domain import events as e
from vigie.engine.governance.evidence import Proposal, Standing, Step, Watcher, before_order, each_cycle, in_audit
from vigie.engine.governance.numbers import candle_ms

TITLE = "fresh data"


def _fresh(proposal: Proposal) -> Iterable[str]:
    candle_at, late = proposal.intent.candle_at, proposal.setup.gives_up_after
    if candle_at is None or proposal.newest_at != candle_at:
        # A hole in the market is no reason: the next open is that of the next candle that exists.
        yield "the candle that decided is not the last of its pair"
    elif late is not None:
        age = (proposal.now_ms - candle_at - proposal.setup.timeframe.milliseconds) / 1000
        if not age <= late:
            yield f"the candle that decided closed {age:.0f} s ago, limit {late:.0f} s"


def _closed(proposal: Proposal) -> Iterable[str]:
    candle_at = proposal.intent.candle_at
    if candle_at is None or candle_at + proposal.setup.timeframe.milliseconds > proposal.now_ms:
        yield "the candle that decided has not closed"


def _whole(proposal: Proposal) -> Iterable[str]:
    if not proposal.facts.candles_in_row >= 1:
        yield "how many candles follow each other without a hole is not known"
    if proposal.verdicts.get("holes") == "refuse":
        yield "a hole in the candles is too near"


def _forward(standing: Standing) -> Iterable[str]:
    cycle = standing.account.cycle
    length = standing.setup.timeframe.milliseconds
    if cycle is not None and cycle.candle_at + length > standing.now_ms:
        yield "the clock stands before the close of a candle that was decided"


def _decided_after_close() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if not isinstance(event, e.Decided):
            return None
        early = event.candle_at + candle_ms(step.run) - step.entry.at
        return [f"{event.pair}: decided {early} ms before its candle closed"] if early > 0 else ()

    return watch


def _in_order() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        event, last = step.event, step.before.cycle
        if not isinstance(event, e.CycleDone):
            return None
        again = last is not None and event.candle_at <= last.candle_at
        return [f"candle {event.candle_at} was marked after {last.candle_at}"] if again and last else ()

    return watch


INVARIANTS = (
    before_order("2.1", "the candle that decided is the last of its pair, and not too old", _fresh),
    before_order("2.2", "the candle that decided has closed", _closed),
    before_order("2.3", "the candles before it have no hole", _whole),
    each_cycle("2.5", "the clock is not behind what was decided", _forward),
    in_audit("2.6", "nothing was decided before its candle closed", _decided_after_close),
    in_audit("2.7", "candles were marked in their order, each once", _in_order),
)
