"""R10: what was decided can be explained from the journal alone, and its sums are right."""

from __future__ import annotations

import math
from collections.abc import Iterable

from vigie.decision.facts import Facts
from vigie.decision.registry import gate_rules
from vigie.domain import events as e
from vigie.domain.order import Leg
from vigie.engine.governance.evidence import Proposal, Step, Watcher, before_order, in_audit
from vigie.engine.governance.numbers import candle_ms, number

TITLE = "journal completeness"
GAP = 3
"""Candles without a cycle in a running process."""


def _told(proposal: Proposal) -> Iterable[str]:
    missing = sorted({rule.name for rule in gate_rules()} - set(proposal.verdicts))
    if missing:
        yield f"no verdict of {', '.join(missing)}"
    if not proposal.setup.config_hash and proposal.setup.mode == "live":
        yield "the configuration has no hash"


def _explained() -> Watcher:
    """Verdicts are told again from the facts and the numbers of the run."""
    rules = {rule.name: rule for rule in gate_rules()}

    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if not isinstance(event, e.Decided):
            return None
        said = [] if event.inputs_hash else [f"{event.pair}: nothing tells which candles were looked at"]
        if event.action not in ("enter", "refuse"):
            return said
        missing = sorted(set(rules) - set(event.verdicts))
        said += [f"{event.pair}: no verdict of {name}" for name in missing]
        if event.action == "enter":
            said += [f"{event.pair}: entered, and {name} refuses" for name, word in event.verdicts.items()
                     if word == "refuse"]  # fmt: skip
        if not missing:
            said += _wrong(event, step)
        return said

    return watch


def _wrong(event: e.Decided, step: Step) -> list[str]:
    facts = Facts(**{name: event.facts[name] for name in Facts._fields})  # type: ignore[arg-type]
    found = []
    for rule in gate_rules():
        word, limit = event.verdicts[rule.name], number(step.run, rule.number.name)
        if math.isnan(limit) != (word == "off"):
            found.append(f"{event.pair}: {rule.name} is told as {word}, and its number is {limit:g}")
        elif word != "off" and rule.name != "holes" and rule.refuses(facts, limit) != (word == "refuse"):
            # The hole rule asks for no more candles than the warm-up has, which a run does not tell.
            found.append(f"{event.pair}: {rule.name} is told as {word}, and its facts say otherwise")
    return found


def _decided_first() -> Watcher:
    entered: set[tuple[str, int]] = set()

    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if isinstance(event, e.Decided) and event.action == "enter":
            entered.add((event.pair, event.candle_at))
        if not isinstance(event, e.IntentPlanned) or event.intent.leg is not Leg.ENTRY:
            return None
        known = (event.intent.pair, event.intent.candle_at) in entered
        return () if known else [f"{event.intent.pair}: an entry that nothing decided"]

    return watch


def _chained() -> Watcher:
    # Reading checks the chain: a line that breaks it ends the audit, and is told as a breach of this invariant.
    return lambda _: ()


def _explains_equity() -> Watcher:
    closes: dict[str, float] = {}

    def watch(step: Step) -> Iterable[str] | None:
        event, account = step.event, step.before
        if isinstance(event, e.Decided) and "close" in event.numbers:
            closes[event.pair] = event.numbers["close"]
        if not isinstance(event, e.CycleDone):
            return None
        said = [] if event.cash == account.cash else [f"{event.cash} in cash, the fills leave {account.cash}"]
        if event.held != len(account.holdings):
            said.append(f"{event.held} positions, the fills leave {len(account.holdings)}")
        worth = float(account.cash) + sum(
            float(held.quantity) * closes.get(pair, math.nan) for pair, held in account.holdings.items()
        )
        if not math.isnan(worth) and not abs(worth - event.equity) <= 1e-4 * abs(worth):
            said.append(f"equity {event.equity:.10g}, cash and coins are worth {worth:.10g}")
        return said

    return watch


def _time_goes_on() -> Watcher:
    last = [0]

    def watch(step: Step) -> Iterable[str] | None:
        back = last[0] - step.entry.at
        last[0] = step.entry.at
        return [f"{back} ms before the line before it"] if back > 0 else ()

    return watch


def _no_gap() -> Watcher:
    last: list[int | None] = [None]

    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if isinstance(event, e.RunStarted | e.RunEnded):
            last[0] = None
        if not isinstance(event, e.CycleDone) or step.run is None or step.run.mode == "replay":
            # A replay's candles have the holes of their market.
            return None
        before, last[0] = last[0], step.entry.at
        missed = 0 if before is None else (step.entry.at - before) // candle_ms(step.run)
        return [f"{missed} candles without a cycle"] if missed > GAP else ()

    return watch


INVARIANTS = (
    before_order("10.1", "an entry has the verdict of every rule", _told),
    in_audit("10.2", "the chain of lines holds", _chained),
    in_audit("10.3", "every decision tells what it looked at, and its verdicts follow from its facts", _explained),
    in_audit("10.4", "every entry was decided before it was planned", _decided_first),
    in_audit("10.5", "cash, positions and equity are those of the fills", _explains_equity),
    in_audit("10.6", "lines follow each other in time", _time_goes_on),
    in_audit("10.7", "no cycle is missing while a process runs", _no_gap),
)
