"""R9: nothing is entered before a start has found everything in order, and one process writes."""

from __future__ import annotations

from collections.abc import Iterable

from vigie.domain import events as e
from vigie.domain.order import Leg
from vigie.engine.governance.evidence import (
    CRASH_WINDOW_MS,
    Proposal,
    Standing,
    Step,
    Watcher,
    at_boot,
    before_order,
    each_cycle,
    in_audit,
)

TITLE = "recovery"


def _begun(proposal: Proposal) -> Iterable[str]:
    if not proposal.account.quote:
        yield "the account has not begun"


def _one_writer(standing: Standing) -> Iterable[str]:
    if standing.journal_seq != standing.account.seq:
        yield f"the journal ends at line {standing.journal_seq}, the account knows line {standing.account.seq}"


def _steady(standing: Standing) -> Iterable[str]:
    most = standing.setup.most_crashes
    if most is not None and standing.crashes > most:
        yield f"{standing.crashes} starts without an end within {CRASH_WINDOW_MS // 60_000} minutes, limit {most}"


def _recovered_first() -> Watcher:
    recovered: list[bool] = [False]

    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if isinstance(event, e.RunStarted):
            recovered[0] = False
        if isinstance(event, e.Recovered):
            recovered[0] = True
        if not isinstance(event, e.IntentPlanned) or event.intent.leg is not Leg.ENTRY:
            return None
        return () if recovered[0] else [f"{event.intent.pair}: an entry before the start was over"]

    return watch


def _digested() -> Watcher:
    # A line that the account cannot digest ends the audit, and is told as a breach of this invariant.
    return lambda step: () if step.after.seq == step.entry.seq else ["the account lost count"]


def _ended_protected() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if not isinstance(event, e.RunEnded):
            return None
        return [f"{pair} was left without a stop" for pair in event.unprotected]

    return watch


INVARIANTS = (
    in_audit("9.1", "no entry was planned before a start had recovered", _recovered_first),
    in_audit("9.2", "the account can be told again from every line", _digested),
    each_cycle("9.3", "journal and account stand at the same line", _one_writer),
    at_boot("9.4", "the process is not killed again and again", _steady),
    before_order("9.5", "the account has begun", _begun),
    in_audit("9.6", "a process that ended left nothing without a stop", _ended_protected),
)
