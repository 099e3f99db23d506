"""Numbers for people: as many digits as say something, the unit beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from vigie.metrics.definitions import Unit

MISSING = "n/a"


def price(value: float) -> str:
    """A price in quote: ``104,123.45``, ``61.234``, ``0.00001234``; NaN is ``n/a``."""
    if not math.isfinite(value):
        return MISSING
    return f"{value:,.2f}" if abs(value) >= 1000.0 else _significant(value, 5)


def quantity(value: float) -> str:
    """A quantity in base: five significant digits, ``1,234.5``, ``0.000123``."""
    return _significant(value, 5)


def money(value: float, *, signed: bool = False) -> str:
    """An amount in quote, in cents while that says something: ``+1,234.50``, ``294,846``, ``0.00123``."""
    sign = "+" if signed and value > 0.0 else ""
    if 0.0 < abs(value) < 1.0:
        return sign + _significant(value, 3)
    return f"{sign}{value:,.{2 if abs(value) < 1e5 else 0}f}"


def percent(fraction: float, *, signed: bool = False) -> str:
    """A fraction in percent: ``+1.23 %``, ``12.3 %``, ``1,235 %``, ``0.0012 %``."""
    value = 100.0 * fraction
    size = abs(value)
    sign = "+" if signed and value > 0.0 else ""
    if 0.0 < size < 0.01:
        return f"{sign}{_significant(value, 2)} %"
    if size == 0.0:
        return "0 %"
    return f"{sign}{value:,.{2 if size < 10.0 else 1 if size < 1000.0 else 0}f} %"


def ratio(value: float) -> str:
    """A ratio, to two decimals or two digits: ``1.23``, ``-0.0042``."""
    if 0.0 < abs(value) < 0.01:
        return _significant(value, 2)
    return f"{value:,.2f}"


def days(value: float) -> str:
    """A number of days: ``3.5 d``, ``1,767 d``."""
    return f"{value:,.{1 if 0.0 < value < 100.0 else 0}f} d"


def hours(value: float) -> str:
    """A duration: ``34.5 h`` below four days, then ``6.2 d``."""
    return f"{value:.1f} h" if value < 96.0 else days(value / 24.0)


def basis_points(fraction: float) -> str:
    """A cost: ``0.001`` is ``10 bps``."""
    return f"{_significant(fraction * 1e4, 4)} bps"


_BY_UNIT: Mapping[Unit, Callable[[float], str]] = {
    Unit.FRACTION: percent,
    Unit.QUOTE: money,
    Unit.RATIO: ratio,
    Unit.DAYS: days,
    Unit.HOURS: hours,
    Unit.BARS: lambda value: f"{value:,.1f}",
    Unit.COUNT: lambda value: f"{value:,.0f}",
    Unit.PER_YEAR: lambda value: f"{ratio(value)} /y",
}


def in_unit(value: float | None, unit: Unit) -> str:
    """A metric for people; None is ``n/a``."""
    return MISSING if value is None else _BY_UNIT[unit](value)


def _significant(value: float, digits: int) -> str:
    """Fixed notation with so many significant digits, zeros at the end dropped."""
    if value == 0.0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
