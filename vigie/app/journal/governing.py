"""``vigie govern``: the rules, and what they say of an account's journal. Reads only: an engine may run meanwhile."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal import entry_of
from vigie.adapters.storage.journal_files import segments, tail, walk
from vigie.app.journal.reading import journal_folder
from vigie.domain.errors import ConfigError
from vigie.domain.instants import as_iso
from vigie.domain.names import suggestion
from vigie.domain.timeframe import DAY_MS
from vigie.engine.governance.audit import Audit, Finding, audited
from vigie.engine.governance.evidence import Breach
from vigie.engine.governance.registry import Rule, rules
from vigie.ports.journal import Entry


def listed() -> dict[str, Any]:
    """Every rule and what it asks when."""
    return {
        "schema": "vigie.govern.list/1",
        "rules": [
            {
                "rule": rule.name,
                "title": rule.title,
                "invariants": [
                    {"number": one.number, "phase": one.phase.value, "text": one.text} for one in rule.invariants
                ],
            }
            for rule in rules()
        ],
    }


def checked(home: Path, account: str, wanted: str | None, since_ms: int | None) -> dict[str, Any]:
    """The invariants that a journal can be asked about, each with its breaches.

    Args:
        home: of the user.
        account: whose journal.
        wanted: one rule, ``R4``; None: all.
        since_ms: breaches before this instant are not told, epoch milliseconds; None: all.

    Raises:
        ConfigError: no such rule, or no journal.
        OSError: a file cannot be read.
    """
    asked = rules() if wanted is None else (_named(wanted),)
    audit = audited(_entries(home, account), asked, since_ms)
    breaches = [_breach(one) for finding in audit.findings.values() for one in finding.breaches]
    return {
        "schema": "vigie.govern.check/1",
        "account": account,
        "lines": audit.lines + 1,  # the one that begins the journal has nothing to be asked of
        "since": None if since_ms is None else as_iso(since_ms),
        "invariants": [_finding(one) for one in audit.findings.values()],
        "breaches": sorted(breaches, key=lambda one: one["seq"] or 0),
        "count": sum(one.count for one in audit.findings.values()),
        "holds": audit.holds,
    }


def audited_days(home: Path, account: str, days: int | None) -> dict[str, Any]:
    """Pass, fail or not-run of each rule, and the share of what was executed that passes.

    Args:
        home: of the user.
        account: whose journal.
        days: the last so many; None: all.

    Raises:
        ConfigError: no journal.
        OSError: a file cannot be read.
    """
    since_ms = None if days is None else _last_at(home, account) - days * DAY_MS
    audit = audited(_entries(home, account), None, since_ms)
    return {
        "schema": "vigie.govern.audit/1",
        "account": account,
        "lines": audit.lines + 1,  # the one that begins the journal has nothing to be asked of
        "days": days,
        "since": None if since_ms is None else as_iso(since_ms),
        "rules": [_rule(audit, rule) for rule in audit.rules],
        "executed": sum(one.word != "not-run" for one in audit.findings.values()),
        "passed": sum(one.word == "pass" for one in audit.findings.values()),
        "score": None if math.isnan(audit.score) else audit.score,
        "holds": audit.holds,
    }


def _named(wanted: str) -> Rule:
    known = {rule.name: rule for rule in rules()}
    rule = known.get(wanted.upper())
    if rule is None:
        raise ConfigError(f"there is no rule '{wanted}'{suggestion(wanted.upper(), known)}")
    return rule


def _entries(home: Path, account: str) -> Iterator[Entry]:
    folder = journal_folder(home, account)
    if not segments(folder):
        raise ConfigError(f"{folder}: there is no journal to ask")
    return (entry_of(line) for line in walk(folder, account=account) if line.seq > 0)


def _last_at(home: Path, account: str) -> int:
    """Instant of the last line: an account of a replay does not live now, epoch milliseconds."""
    last = tail(journal_folder(home, account), 1)
    return last[0].at if last else SystemClock().now_ms()


def _rule(audit: Audit, rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "title": rule.title,
        "word": audit.word(rule),
        "invariants": [_finding(one) for one in audit.of(rule)],
    }


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "number": found.invariant.number,
        "text": found.invariant.text,
        "word": found.word,
        "examined": found.examined,
        "count": found.count,
        "breaches": [_breach(one) for one in found.breaches],
    }


def _breach(one: Breach) -> dict[str, Any]:
    return {
        "number": one.number,
        "seq": one.seq or None,
        "at": as_iso(one.at) if one.at else None,
        "text": one.text,
    }
