"""What the engine itself raises as an alert: missing stops, fills that do not add up, slippage, keys, overrides."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.domain import events as e
from vigie.domain.notice import Level, Notice
from vigie.ports.journal import Entry
from vigie.reporting.notices.memory import Memory
from vigie.reporting.notices.words import pair_in, sentence

FAMILY = "alarms"
_STOP_TODO = "Look at once. Place a stop or sell by hand at the exchange if it lasts."

SUBJECTS = {
    "unprotected": "stop missing",
    "uncovered": "too long without a stop",
    "slippage": "filled far from the price it was decided at",
    "fills": "fills of the exchange do not add up",
    "fees": "a fee could not be valued",
    "override": "runs against the house's advice",
    "config": "a setting stops the work",
    "sent-away": "sent away by the exchange",
    "frozen": "a position goes on by old numbers",
    "exit-price-unknown": "sold at a price that nobody tells",
    "adopted": "coins became a position",
    "bust": "a trade was taken back",
    "reconcile": "books and exchange differ",
}
TODO = {
    "unprotected": _STOP_TODO,
    "uncovered": _STOP_TODO,
    "slippage": "Compare with the costs of the profile; thin markets cost more than a backtest says.",
    "fills": "Compare the order with the exchange's own list of trades.",
    "fees": "Nothing; the fee is counted when its price is known.",
    "override": "Make sure that you meant it; `vigie walk-forward --promote` writes a certificate.",
    "config": "`vigie config check` tells what is wrong. Stops stay at the exchange meanwhile.",
    "sent-away": "Wait: the exchange has banned or throttled this address. Requests stop until it says.",
    "frozen": "Look at the certificate and the settings that it was opened under.",
    "exit-price-unknown": "Look at the exchange's own list of trades.",
    "reconcile": "`vigie reconcile` shows the differences and what can be done about each.",
}
_SOLD = "Nothing. The sale is told separately."
_WITHOUT_A_STOP = {
    "passed its stop": "sold at the market: the price had passed its stop",
    "no stop can be placed": "no stop can be placed: it is being sold",
    "could not be sent": "stop missing: it could not be sent",
    "rests for those": "stop covers fewer coins than the books have",
}
"""By words of `vigie.engine.protection`."""
_TOLD_ELSEWHERE = ("adopted", "bust")
"""Their own lines have templates in `books`."""
_SLOW = ("unprotected", "uncovered")


def _unprotected(alert: e.AlertRaised) -> str:
    """What was really done about a position without its stop."""
    if alert.topic != "unprotected":
        return ""
    return next((words for mark, words in _WITHOUT_A_STOP.items() if mark in alert.text), SUBJECTS["unprotected"])


def notices(entry: Entry, memory: Memory) -> Iterator[Notice]:
    """Of alerts; one that repeats the latch of the line before it is left out."""
    alert = entry.event
    if not isinstance(alert, e.AlertRaised) or alert.topic in memory.latched or alert.topic in _TOLD_ELSEWHERE:
        return
    text = sentence(alert.text)
    pair = pair_in(alert.text)
    subject = SUBJECTS.get(alert.topic, f"alert: {alert.topic.replace('_', ' ').replace('-', ' ')}")
    yield Notice(
        Level.CRITICAL if alert.urgent else Level.WARNING,
        FAMILY,
        f"{alert.topic}:{pair or text}",
        f"{pair} {_unprotected(alert) or subject}".strip(),
        f"{text[:1].upper()}{text[1:]}." if not text.endswith(".") else text,
        TODO.get(alert.topic, "Look at the account.") if alert.urgent or alert.topic != "unprotected" else _SOLD,
        look="status",
        facts=(("topic", alert.topic), *((("pair", pair),) if pair else ())),
        slow=alert.topic in _SLOW,
    )
