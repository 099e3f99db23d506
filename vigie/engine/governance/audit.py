"""Asking the rules of a journal alone: one pass, each invariant over every line that concerns it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vigie.domain import events as e
from vigie.domain.errors import InvariantBroken
from vigie.domain.portfolio import Portfolio
from vigie.engine.governance.evidence import Breach, Invariant, Step, Watcher
from vigie.engine.governance.registry import Rule, rules
from vigie.ports.journal import Entry

CHAIN, FOLD = "10.2", "9.2"
"""Invariants that reading itself finds broken, and telling the account again."""
_CANNOT_TELL = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError)


@dataclass(slots=True)
class Finding:
    """What became of one invariant.

    Attributes:
        invariant: which.
        examined: lines that concerned it; 0: it was not run.
        breaches: the first ones of those that were found.
        count: all of them.
    """

    invariant: Invariant
    examined: int
    breaches: list[Breach]
    count: int = 0

    @property
    def word(self) -> str:
        """``pass``, ``fail`` or ``not-run``."""
        return "fail" if self.count else "pass" if self.examined else "not-run"


@dataclass(frozen=True, slots=True)
class Audit:
    """What the rules say of a journal.

    Attributes:
        lines: that were read.
        rules: that were asked.
        findings: by number of the invariant.
    """

    lines: int
    rules: tuple[Rule, ...]
    findings: dict[str, Finding]

    def of(self, rule: Rule) -> list[Finding]:
        """The findings of one rule."""
        return [self.findings[one.number] for one in rule.invariants if one.number in self.findings]

    def word(self, rule: Rule) -> str:
        """``fail`` if any invariant fails, ``not-run`` if none had a line to look at, else ``pass``."""
        words = {one.word for one in self.of(rule)}
        return "fail" if "fail" in words else "pass" if "pass" in words else "not-run"

    @property
    def holds(self) -> bool:
        """Nothing fails."""
        return all(one.word != "fail" for one in self.findings.values())

    @property
    def score(self) -> float:
        """Share of the executed invariants that pass; NaN: none was executed."""
        run = [one for one in self.findings.values() if one.word != "not-run"]
        return sum(one.word == "pass" for one in run) / len(run) if run else float("nan")


KEPT = 100
"""Breaches of one invariant that are kept; all are counted."""


def audited(entries: Iterable[Entry], asked: Sequence[Rule] | None = None, since_ms: int | None = None) -> Audit:
    """Ask the rules of a journal.

    Args:
        entries: from the first line on; the account is told again from them.
        asked: rules; None: all.
        since_ms: breaches before this instant are not told, epoch milliseconds; None: all are.
    """
    known = tuple(rules() if asked is None else asked)
    watched = [one for rule in known for one in rule.invariants if one.watch is not None]
    findings = {one.number: Finding(one, 0, []) for one in watched}
    watchers: list[tuple[Finding, Watcher]] = [
        (findings[one.number], one.watch()) for one in watched if one.watch is not None
    ]
    account, run, lines, last = Portfolio(), None, 0, 0
    reader = iter(entries)
    while True:
        try:
            entry = next(reader, None)
        except InvariantBroken as error:
            _broken(findings, CHAIN, Breach(CHAIN, str(error), last + 1))
            break
        if entry is None:
            break
        try:
            after = account.apply(entry.event, entry.seq, entry.at)
        except InvariantBroken as error:
            _broken(findings, FOLD, Breach(FOLD, str(error), entry.seq, entry.at))
            break
        if isinstance(entry.event, e.RunStarted):
            run = entry.event
        step = Step(entry, account, after, run)
        counts = since_ms is None or entry.at >= since_ms
        for finding, watcher in watchers:
            _ask(finding, watcher, step, counts=counts)
        account, lines, last = after, lines + 1, entry.seq
    return Audit(lines, known, findings)


def _ask(finding: Finding, watcher: Watcher, step: Step, *, counts: bool) -> None:
    try:
        said = watcher(step)
    except _CANNOT_TELL as error:
        said = (f"cannot be told: {error!r}",)
    if said is None or not counts:
        return
    finding.examined += 1
    for text in said:
        finding.count += 1
        if len(finding.breaches) < KEPT:
            finding.breaches.append(Breach(finding.invariant.number, text, step.entry.seq, step.entry.at))


def _broken(findings: dict[str, Finding], number: str, breach: Breach) -> None:
    finding = findings.get(number)
    if finding is not None:
        finding.examined += 1
        finding.count += 1
        finding.breaches.append(breach)
