"""A profile is a named bundle; a plan is a profile with a strategy and the user's overrides, checked as a whole."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import MappingProxyType
from typing import TypeVar

from vigie.decision.registry import SizingRule, gate_rules, sizing_rules
from vigie.decision.settings import Settings
from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.strategy.params import Params, Spec, Value
from vigie.strategy.strategy import Strategy

T = TypeVar("T")

DEFAULT = "standard"
_PACKAGE = "vigie.decision.profiles"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a name like ``classic-a`` stands for.

    Attributes:
        summary: one sentence.
        settings: changes to the defaults of `Settings`.
        sizing_numbers: changes to the numbers of sizing rules, by number name.
        guards: rules of the gate that are on; None: all of them.
        guard_numbers: changes to the numbers of rules, by number name.
        mended: defects of the original that were mended on purpose, one sentence each.
    """

    summary: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    sizing_numbers: Mapping[str, float] = field(default_factory=dict)
    guards: frozenset[str] | None = None
    guard_numbers: Mapping[str, float] = field(default_factory=dict)
    mended: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything a decision depends on besides candles and account.

    Attributes:
        strategy: the strategy.
        profile: name of the profile.
        parameters: of the strategy.
        settings: policies, costs, wallet.
        sizing_amount: the number of the sizing rule in force.
        limits: number of each rule of the gate by rule name; NaN: switched off.
        overrides: what the user changed, as given.
    """

    strategy: Strategy
    profile: str
    parameters: Params
    settings: Settings
    sizing_amount: float
    limits: Mapping[str, float]
    overrides: Mapping[str, str]

    @cached_property
    def numbers(self) -> Mapping[str, Value]:
        """Every setting, the sizing number and the guards in force, by name: what a result records."""
        shown: dict[str, Value] = dict(self.settings.as_dict())
        shown[_sizing(self.settings.sizing).number.name] = self.sizing_amount
        for rule in gate_rules():
            limit = self.limits[rule.name]
            shown[rule.number.name] = "off" if math.isnan(limit) else limit
        return MappingProxyType(shown)


def profile_names() -> list[str]:
    """Names of all profiles, as users write them."""
    package = importlib.import_module(_PACKAGE)
    return sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(package.__path__))


def load_profile(name: str) -> Profile:
    """Find a profile by name.

    Raises:
        ConfigError: no such profile, with a suggestion.
    """
    if name not in profile_names():
        raise ConfigError(f"unknown profile '{name}'{suggestion(name, profile_names())}")
    profile: Profile = importlib.import_module(f"{_PACKAGE}.{name.replace('-', '_')}").PROFILE
    return profile


@cache
def number_specs() -> Mapping[str, Spec]:
    """Every name that ``--param`` knows besides the strategy's own, in order: settings, sizing, guards."""
    specs = dict(Settings.specs())
    specs |= {rule.number.name: rule.number for rule in sizing_rules()}
    specs |= {rule.number.name: rule.number for rule in gate_rules()}
    return MappingProxyType(specs)


def plan(strategy: Strategy, profile_name: str, overrides: Mapping[str, str]) -> Plan:
    """Put profile, strategy presets and overrides together.

    Args:
        strategy: what is to be traded.
        profile_name: for instance ``standard``.
        overrides: ``--param`` names and values: strategy parameters, settings, sizing numbers and guard numbers;
            a guard's value may be ``off``.

    Raises:
        ConfigError: every unknown name and bad value, at once.
    """
    problems: list[str] = []
    # Another profile is as good as any to check the other words with: all problems are told at once.
    profile = _collect(lambda: load_profile(profile_name), problems) or load_profile(DEFAULT)
    own = strategy.parameters.specs()
    numbers = number_specs()
    clash = sorted(set(own) & set(numbers))
    if clash:
        raise ConfigError(f"strategy '{strategy.name}' names a parameter like a rule: {', '.join(clash)}")
    problems += [
        f"unknown parameter '{name}'{suggestion(name, [*own, *numbers])}"
        for name in overrides
        if name not in own and name not in numbers
    ]
    parameters = _collect(
        lambda: strategy.parameters.build(
            {**strategy.presets.get(profile_name, {}), **{name: overrides[name] for name in overrides if name in own}}
        ),
        problems,
    )
    settings_given = {name: overrides[name] for name in overrides if name in Settings.specs()}
    settings = _collect(lambda: Settings.build({**profile.settings, **settings_given}), problems)
    amounts = _amounts(profile, overrides, problems)
    limits = _limits(profile, overrides, problems)
    if problems or parameters is None or settings is None:
        raise ConfigError(problems)
    return Plan(
        strategy=strategy,
        profile=profile_name,
        parameters=parameters,
        settings=settings,
        sizing_amount=amounts[_sizing(settings.sizing).number.name],
        limits=limits,
        overrides=dict(overrides),
    )


def _collect(build: Callable[[], T], problems: list[str]) -> T | None:
    """The built value, or None with its problems added to the list."""
    try:
        return build()
    except ConfigError as error:
        problems.extend(error.problems)
        return None


def _sizing(name: str) -> SizingRule:
    return next(rule for rule in sizing_rules() if rule.name == name)


def _read(spec: Spec, given: object, problems: list[str]) -> float:
    """The number, or NaN with its problem added to the list."""
    value = _collect(lambda: float(spec.read(given)), problems)
    return math.nan if value is None else value


def _amounts(profile: Profile, overrides: Mapping[str, str], problems: list[str]) -> dict[str, float]:
    given = {**profile.sizing_numbers, **overrides}
    numbers = [rule.number for rule in sizing_rules()]
    return {number.name: _read(number, given.get(number.name, number.default), problems) for number in numbers}


def _limits(profile: Profile, overrides: Mapping[str, str], problems: list[str]) -> dict[str, float]:
    limits = {}
    for rule in gate_rules():
        name = rule.number.name
        on = profile.guards is None or rule.name in profile.guards
        given: object = profile.guard_numbers.get(name, rule.number.default) if on else "off"
        given = overrides.get(name, given)
        limits[rule.name] = math.nan if str(given).lower() == "off" else _read(rule.number, given, problems)
    return limits
