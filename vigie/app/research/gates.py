"""Gate limits as people write them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace

from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.research.gates import GateSettings

WHOLE = ("trades", "folds")
"""Limits that are counts."""


def gate_settings(given: Sequence[str]) -> GateSettings:
    """The default gates with some limits changed by ``NAME=LIMIT``.

    Raises:
        ConfigError: every malformed word, unknown name or bad number, at once.
    """
    known = {one.name: one.type for one in fields(GateSettings)}
    limits: dict[str, float] = {}
    problems: list[str] = []
    for word in given:
        name, equals, text = (part.strip() for part in word.partition("="))
        if not equals:
            problems.append(f"'{word}' is not of the form NAME=LIMIT")
        elif name not in known:
            problems.append(f"unknown gate '{name}'{suggestion(name, known)}")
        else:
            limits[name] = _number(name, text, problems)
    if problems:
        raise ConfigError(problems)
    whole = {name: int(limits.pop(name)) for name in WHOLE if name in limits}
    return replace(GateSettings(), **whole, **limits)  # type: ignore[arg-type]


def _number(name: str, text: str, problems: list[str]) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        problems.append(f"{name}={text}: not a number")
    elif name in WHOLE and number != int(number):
        problems.append(f"{name}={text}: not a whole number")
    return number
