"""What the invariants look at, by phase. Unknown is NaN or None, and never means that all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from vigie.decision.facts import Facts
from vigie.domain import events as e
from vigie.domain.holdings import Latch
from vigie.domain.instrument import Instrument
from vigie.domain.order import Intent
from vigie.domain.portfolio import Portfolio
from vigie.domain.trading_mode import TradingMode
from vigie.engine.setup import Setup
from vigie.ports.journal import Entry


class Phase(StrEnum):
    """When an invariant is asked."""

    ORDER = "before an order"
    CYCLE = "each cycle"
    BOOT = "at boot"
    AUDIT = "in audit"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry that is about to be sent.

    Attributes:
        intent: what would be sent.
        facts: what the gate was told.
        verdicts: of the gate, by rule: ``pass``, ``refuse`` or ``off``.
        account: as it stands.
        setup: of the account.
        instrument: the venue's filters of the pair.
        newest_at: opening instant of the last closed candle of the pair, epoch milliseconds; None: there is none.
        price: that it would meet now, quote; None: the pair does not trade.
        mode: in force.
        now_ms: epoch milliseconds.
    """

    intent: Intent
    facts: Facts
    verdicts: Mapping[str, str]
    account: Portfolio
    setup: Setup
    instrument: Instrument
    newest_at: int | None
    price: float | None
    mode: TradingMode
    now_ms: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The account at the end of a tick, or of a start.

    Attributes:
        account: as the books have it.
        setup: of the account.
        mode: in force.
        now_ms: epoch milliseconds.
        journal_seq: number of the journal's last line.
        kept: latches on the disk, by name.
        switch: why people halted all accounts; None: they did not.
        differences: grave ones between books and venue that were seen twice.
        unprotected: pairs held without a stop at the end of this tick and of the one before.
        prices_unknown: ticks in a row in which a price of what is held was missing.
        uncompared: ticks in a row in which books and venue were not compared.
        crashes: starts without an end in the ten minutes before this start.
    """

    account: Portfolio
    setup: Setup
    mode: TradingMode
    now_ms: int
    journal_seq: int
    kept: Mapping[str, Latch] = field(default_factory=dict)
    switch: str | None = None
    differences: tuple[str, ...] = ()
    unprotected: tuple[str, ...] = ()
    prices_unknown: int = 0
    uncompared: int = 0
    crashes: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the journal and the account around it.

    Attributes:
        entry: the line.
        before, after: the account.
        run: the run that wrote it; None: none has begun.
    """

    entry: Entry
    before: Portfolio
    after: Portfolio
    run: e.RunStarted | None

    @property
    def event(self) -> e.Event:
        """What happened."""
        return self.entry.event


CRASH_WINDOW_MS = 600_000
"""Starts without an end count for so long."""

Check: TypeAlias = Callable[[Any], Iterable[str]]
"""Asked of a `Proposal` or a `Standing`: sentences, one for each breach."""
Watcher: TypeAlias = Callable[[Step], "Iterable[str] | None"]
"""Asked of each line: sentences, one for each breach; None: the line is no concern of this invariant."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that must hold.

    Attributes:
        number: ``4.1``.
        phase: when it is asked.
        text: what holds.
        check: of the phases before the audit.
        watch: of the audit: makes a watcher, which remembers what it has to.
        latches: a breach in a cycle halts until a person comes; False: it holds entries back as long as it lasts.
    """

    number: str
    phase: Phase
    text: str
    check: Check | None = None
    watch: Callable[[], Watcher] | None = None
    latches: bool = True


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that does not hold.

    Attributes:
        number: of the invariant.
        text: a sentence.
        seq, at: of the line of the journal; 0: none.
        latches: as of the invariant.
    """

    number: str
    text: str
    seq: int = 0
    at: int = 0
    latches: bool = True


def before_order(number: str, text: str, check: Callable[[Proposal], Iterable[str]]) -> Invariant:
    """An invariant that an entry is asked about."""
    return Invariant(number, Phase.ORDER, text, check=check)


def each_cycle(
    number: str, text: str, check: Callable[[Standing], Iterable[str]], *, latches: bool = True
) -> Invariant:
    """An invariant that holds at the end of each tick."""
    return Invariant(number, Phase.CYCLE, text, check=check, latches=latches)


def at_boot(number: str, text: str, check: Callable[[Standing], Iterable[str]]) -> Invariant:
    """An invariant that holds before there is trading."""
    return Invariant(number, Phase.BOOT, text, check=check)


def in_audit(number: str, text: str, watch: Callable[[], Watcher]) -> Invariant:
    """An invariant of the journal alone."""
    return Invariant(number, Phase.AUDIT, text, watch=watch)
