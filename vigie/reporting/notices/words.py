"""Numbers and names as notices write them. Prices keep their significant digits: 0.00001234, never 0.0000."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from vigie.domain.instants import as_text
from vigie.domain.masking import for_people
from vigie.domain.order import Intent, Leg

LEGS = {
    Leg.ENTRY: "buy",
    Leg.STOP: "stop",
    Leg.EXIT: "sale",
    Leg.PARTIAL_1: "first partial sale",
    Leg.PARTIAL_2: "second partial sale",
    Leg.CHASE: "sale behind a jumped stop",
    Leg.EMERGENCY: "emergency sale",
    Leg.CLOSE: "sale that a person asked for",
    Leg.LIQUIDATION: "liquidation",
}
REASONS = {
    "stop": "its stop was executed",
    "trailing": "its trailing stop was executed",
    "target": "the target was reached",
    "signal": "the strategy's signal",
    "gap": "the price had jumped over its stop",
    "partial_1": "first partial sale",
    "partial_2": "second partial sale",
    "end": "the candles ended",
    "emergency": "its stop could not be placed",
    "person": "a person asked for it",
    "limit": "a limit of the account demanded it",
    "none": "no reason is known",
}


def number(value: Decimal | float, digits: int = 8) -> str:
    """A price, a quantity or an amount: so many significant digits, no exponent, no trailing zeros."""
    exact = Decimal(str(value))
    if not exact.is_finite():
        return "not known"
    whole = max(digits, exact.adjusted() + 1)
    rounded = +Decimal(f"{exact:.{whole}g}")
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Decimal | float, quote: str = "", *, signed: bool = False) -> str:
    """An amount in quote, in cents where it is that large."""
    exact = Decimal(str(value))
    if not exact.is_finite():
        return "not known"
    text = f"{exact:,.2f}" if abs(exact) >= 1 or exact == 0 else number(exact, 3)
    return f"{'+' if signed and exact > 0 else ''}{text}{f' {quote}' if quote else ''}"


def percent(fraction: float | Decimal, *, signed: bool = True) -> str:
    """A fraction in percent."""
    value = round(100 * float(fraction), 2) + 0.0
    return f"{value:{'+' if signed and value else ''}.2f} %"


def when(at: int) -> str:
    """An instant, UTC."""
    return f"{as_text(at)} UTC"


def quote_of(pair: str) -> str:
    """The quote asset of a pair."""
    return pair.partition("/")[2]


def base_of(pair: str) -> str:
    """The base asset of a pair."""
    return pair.partition("/")[0]


def sentence(text: str, longest: int = 300) -> str:
    """Words of others in one line, masked."""
    return for_people(text, longest)


def pair_in(text: str) -> str:
    """The pair that a sentence begins with; empty: it does not begin with one."""
    first = text.split(" ", 1)[0].rstrip(":")
    return first if first.count("/") == 1 and first.replace("/", "").isalnum() else ""


def order_facts(intent: Intent) -> tuple[tuple[str, str], ...]:
    """An order as facts."""
    found: list[tuple[str, Any]] = [
        ("pair", intent.pair),
        ("order", f"{LEGS[intent.leg]}, {intent.type.value}"),
        ("quantity", f"{number(intent.quantity)} {base_of(intent.pair)}"),
    ]
    if intent.trigger is not None:
        found.append(("trigger", f"{number(intent.trigger)} {quote_of(intent.pair)}"))
    if intent.limit is not None:
        found.append(("limit", f"{number(intent.limit)} {quote_of(intent.pair)}"))
    if intent.reference is not None:
        found.append(("decided at", f"{number(intent.reference)} {quote_of(intent.pair)}"))
    return tuple(found)
