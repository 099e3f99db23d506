"""Latches: the kill switch, limits of the account, the state that cannot be saved; and readings beyond a limit."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.domain import events as e
from vigie.domain.notice import Level, Notice
from vigie.domain.trading_mode import TradingMode
from vigie.ports.journal import Entry
from vigie.reporting.notices.memory import Memory
from vigie.reporting.notices.words import money, sentence, when

FAMILY = "limits"
_REST = "New positions are off. Stops stay and are looked after."

SUBJECTS = {
    "kill-switch": "kill switch: everything is halted",
    "person": "halted by a person",
    "pause": "paused by a person",
    "daily_loss": "daily loss limit reached",
    "drawdown": "drawdown limit reached",
    "total_loss": "total loss limit reached",
    "losing_streak": "losing streak limit reached",
    "trades_per_day": "limit of trades per day reached",
    "drift": "orders cost more than the plan assumes",
    "invariant": "its own books do not add up",
    "reconcile": "books and exchange differ",
    "storage": "the state cannot be saved",
}
TODO = {
    "kill-switch": "Find out who set it and why; `vigie resume` lifts it.",
    "daily_loss": "Nothing: it ends with the UTC day. Look at the trades of today.",
    "drawdown": "Look at what went wrong before you lift it: it stays until a person does.",
    "total_loss": "Look at what went wrong before you lift it: it stays until a person does.",
    "invariant": "Do not restart blindly: `vigie reconcile` compares, `vigie journal verify` checks the journal.",
    "reconcile": "`vigie reconcile` shows the differences and what can be done about each.",
    "storage": "Look at the disk: full, read-only or broken. Then lift the halt.",
    "drift": "Compare the fills with the profile's costs; raise the costs and test again, or trade less.",
}
_SLOW = ("daily_loss", "drawdown", "total_loss", "losing_streak", "trades_per_day")


def notices(entry: Entry, memory: Memory) -> Iterator[Notice]:  # noqa: ARG001 - the same shape for all
    """Of latches and readings."""
    match entry.event:
        case e.Halted() as halted:
            yield _halted(halted)
        case e.Resumed(name=name, reason=reason):
            yield Notice(
                Level.INFO,
                FAMILY,
                f"lifted:{name}",
                f"{_plain(name)} lifted",
                f"New positions are no longer held back by this: {sentence(reason)}.",
                "Nothing, if it was you.",
                facts=(("latch", name), ("reason", sentence(reason))),
            )
        case e.EquityRead(equity=equity, beyond=beyond) if beyond:
            names = ", ".join(_plain(one) for one in beyond)
            yield Notice(
                Level.WARNING,
                FAMILY,
                f"reading:{names}",
                f"beyond a limit: {names}",
                "Between two closes the account was beyond a limit. If the next reading finds it too, it is latched.",
                "Nothing yet.",
                facts=(("equity", money(equity)), ("beyond", names)),
                slow=True,
            )


def _plain(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def _todo(halted: e.Halted) -> str:
    usual = TODO.get(halted.name, "Look at the reason; `vigie resume` lifts it.")
    # Where the settings sell at a limit, no day ends it.
    return TODO["total_loss"] if halted.name == "daily_loss" and halted.until is None else usual


def _halted(halted: e.Halted) -> Notice:
    full = halted.mode == TradingMode.HALTED.value
    person = halted.name in ("person", "pause")
    level = Level.WARNING if person or not full else Level.CRITICAL
    ends = "a person lifts it" if halted.until is None else when(halted.until)
    what = "Everything held is being sold. " if halted.sells else ""
    return Notice(
        level,
        FAMILY,
        f"halt:{halted.name}",
        SUBJECTS.get(halted.name, f"halted by {_plain(halted.name)}"),
        f"{what}{_REST}",
        _todo(halted),
        facts=(("latch", halted.name), ("mode", halted.mode), ("reason", sentence(halted.reason)), ("until", ends)),
        slow=halted.name in _SLOW,
    )
