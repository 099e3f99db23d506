"""What is known about strategies, profiles and everything that can be set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vigie.app.data.candles import Report, load_series
from vigie.app.strategies.finding import every, find, origin
from vigie.decision.profile import load_profile, number_specs, plan, profile_names
from vigie.decision.registry import gate_rules, sizing_rules
from vigie.domain.errors import ConfigError
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.strategy.params import Spec, Value
from vigie.strategy.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Described:
    """A strategy under a profile: every name that ``--param`` knows, with its value.

    Attributes:
        groups: rows by heading; each row has name, value, default, allowed, grid, help.
        mended: defects of the original that the profile mends.
    """

    name: str
    summary: str
    profile: str
    profile_summary: str
    mended: tuple[str, ...]
    groups: Mapping[str, list[dict[str, Any]]]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def overview(home: Path, report: Report = lambda _: None) -> dict[str, list[dict[str, str]]]:
    """Names and summaries of all strategies and profiles; of strategies, whose they are as well.

    Args:
        home: the user's folder.
        report: told what is wrong with strategies that cannot be used; they are left out.

    Raises:
        ConfigError: a name exists twice.
    """
    found = every(home)
    for one in found:
        if isinstance(one, ConfigError):
            report("\n".join(one.problems))
    return {
        "strategies": [
            {"name": one.name, "summary": one.summary, "origin": origin(one, home)}
            for one in found
            if isinstance(one, Strategy)
        ],
        "profiles": [{"name": name, "summary": load_profile(name).summary} for name in profile_names()],
    }


def describe(name: str, profile_name: str, home: Path) -> Described:
    """Everything that can be set for a strategy under a profile.

    Raises:
        ConfigError: no such strategy or profile.
    """
    strategy = find(name, home)
    made = plan(strategy, profile_name, {})
    profile = load_profile(profile_name)
    numbers = made.numbers
    guards = {rule.number.name for rule in gate_rules()}
    sizing = {rule.number.name: rule for rule in sizing_rules()}
    settings = [spec for key, spec in number_specs().items() if key not in guards and key not in sizing]
    return Described(
        name=strategy.name,
        summary=strategy.summary,
        profile=profile_name,
        profile_summary=profile.summary,
        mended=profile.mended,
        groups={
            "strategy": [
                _row(spec, made.parameters.as_dict()[key]) for key, spec in strategy.parameters.specs().items()
            ],
            "rules, costs, wallet": [_row(spec, numbers[spec.name]) for spec in settings],
            "sizing numbers": [
                _row(rule.number, profile.sizing_numbers.get(key, rule.number.default), f"sizing={rule.name}: ")
                for key, rule in sizing.items()
            ],
            "guards (number, or off)": [_row(rule.number, _shown(made.limits[rule.name])) for rule in gate_rules()],
        },
    )


def _shown(limit: float) -> Value:
    return "off" if math.isnan(limit) else limit


def _row(spec: Spec, value: Value, prefix: str = "") -> dict[str, Any]:
    return {
        "name": spec.name,
        "value": _plain(value),
        "default": _plain(spec.default),
        "allowed": _allowed(spec),
        "grid": [_plain(one) for one in spec.grid],
        "help": prefix + spec.help,
    }


def _plain(value: Value) -> Value:
    if isinstance(value, bool):
        return "on" if value else "off"
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e6 else value


def _allowed(spec: Spec) -> str:
    if spec.kind is bool:
        return "on, off"
    if spec.choices:
        return ", ".join(spec.choices)
    return f"{spec.low:g} to {spec.high:g}"


def proposals(
    name: str, home: Path, data: Path | None, pairs: Sequence[Pair] | None, timeframe: Timeframe, report: Report
) -> dict[str, Mapping[str, Value]]:
    """What a strategy's proposer makes of the candles, by pair.

    Raises:
        ConfigError: the strategy has no proposer, or a name or path is wrong.
        DataError: the candles cannot be used.
    """
    strategy = find(name, home)
    if strategy.propose is None:
        raise ConfigError(f"strategy '{name}' proposes nothing: it has no function propose(candles)")
    series = load_series(data, home, pairs, timeframe, report=report)
    return {str(one.pair): strategy.propose(one.candles) for one in series}
