"""The numbers that a run was started with, as its line in the journal has them."""

from __future__ import annotations

import math

from vigie.decision.registry import gate_rules
from vigie.domain.events import RunStarted
from vigie.domain.timeframe import Timeframe

CRUMB = 1e-9
"""Relative distance that is rounding: one side counts in binary."""


def number(run: RunStarted | None, name: str) -> float:
    """A number of a run by its name; NaN: it has none, or it is off."""
    said = "off" if run is None else run.numbers.get(name, "off")
    try:
        return float(said)
    except ValueError:
        return math.nan


def limit(run: RunStarted | None, rule: str) -> float:
    """The number of a rule of the gate; NaN: it is off, or there is no such rule."""
    named = {one.name: one.number.name for one in gate_rules()}
    return number(run, named[rule]) if rule in named else math.nan


def candle_ms(run: RunStarted | None) -> int:
    """Length of a candle, milliseconds.

    Raises:
        ValueError: no run has begun.
    """
    if run is None:
        raise ValueError("no run has begun")
    return Timeframe.parse(run.timeframe).milliseconds


def largest_share(run: RunStarted | None) -> float:
    """The most of the equity that one position may take; NaN: no run has begun."""
    if run is None:
        return math.nan
    said = number(run, "max_position_fraction")
    if said > 0.0:
        return said
    most = limit(run, "max_open_positions")
    pairs = len(run.pairs)
    return 1.0 / (min(most, pairs) if most == most else pairs)
