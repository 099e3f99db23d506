"""A profile is a named bundle; a plan is a profile with a strategy and the user's overrides, checked as a whole."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from vigie.decision.registry import GateRule, SizingRule, gate_rules, sizing_rules
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
        guards: rules of the gate that are on; None: all but the optional ones.
        guard_numbers: changes to the numbers of rules, by number name; they switch optional rules on.
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
    return Planner(strategy, profile_name).plan(overrides)


class Planner:
    """Makes many plans of one strategy and profile: what they share is read once, and is one object in all of them.

    Args:
        strategy: what is to be traded.
        profile_name: for instance ``standard``.
    """

    def __init__(self, strategy: Strategy, profile_name: str) -> None:
        self._strategy = strategy
        self._profile_name = profile_name
        # Another profile is as good as any to check the other words with: all problems are told at once.
        self._problems: list[str] = []
        self._profile = _collect(lambda: load_profile(profile_name), self._problems) or load_profile(DEFAULT)
        self._own = strategy.parameters.specs()
        self._sorted: dict[tuple[str, ...], _Names] = {}

    def plan(self, overrides: Mapping[str, str]) -> Plan:
        """As `plan`.

        Raises:
            ConfigError: every unknown name and bad value, at once.
        """
        names = tuple(overrides)
        sorted_ = self._sorted.get(names) or self._sorted.setdefault(names, self._sort(names))
        problems = [*self._problems, *sorted_.problems]
        parameters = sorted_.own.of(overrides, problems)
        settings = sorted_.settings.of(overrides, problems)
        amounts = sorted_.sizing.of(overrides, problems)
        limits = sorted_.guards.of(overrides, problems)
        if problems:
            raise ConfigError(problems)
        return Plan(
            strategy=self._strategy,
            profile=self._profile_name,
            parameters=parameters,
            settings=settings,
            sizing_amount=amounts[settings.sizing],
            limits=limits,
            overrides=dict(overrides),
        )

    def _sort(self, names: Sequence[str]) -> _Names:
        own, numbers = self._own, number_specs()
        clash = sorted(set(own) & set(numbers))
        if clash:
            raise ConfigError(f"strategy '{self._strategy.name}' names a parameter like a rule: {', '.join(clash)}")
        sizing = {rule.number.name for rule in sizing_rules()}
        guards = {rule.number.name for rule in gate_rules()}
        return _Names(
            own=_Part(self._parameters, tuple(name for name in names if name in own)),
            settings=_Part(self._settings, tuple(name for name in names if name in Settings.specs())),
            sizing=_Part(self._amounts, tuple(name for name in names if name in sizing)),
            guards=_Part(self._limits, tuple(name for name in names if name in guards)),
            problems=tuple(
                f"unknown parameter '{name}'{suggestion(name, [*own, *numbers])}"
                for name in names
                if name not in own and name not in numbers
            ),
        )

    def _parameters(self, given: Mapping[str, str], problems: list[str]) -> Params | None:
        preset = self._strategy.presets.get(self._profile_name, {})
        return _collect(lambda: self._strategy.parameters.build({**preset, **given}), problems)

    def _settings(self, given: Mapping[str, str], problems: list[str]) -> Settings | None:
        return _collect(lambda: Settings.build({**self._profile.settings, **given}), problems)

    def _amounts(self, given: Mapping[str, str], problems: list[str]) -> Mapping[str, float]:
        """The number of each sizing rule, by rule name."""
        numbers: Mapping[str, object] = {**self._profile.sizing_numbers, **given}
        return {
            rule.name: _read(rule.number, numbers.get(rule.number.name, rule.number.default), problems)
            for rule in sizing_rules()
        }

    def _limits(self, given: Mapping[str, str], problems: list[str]) -> Mapping[str, float]:
        profile = self._profile
        limits = {}
        for rule in gate_rules():
            name = rule.number.name
            on = _is_on(profile, rule)
            wanted: object = profile.guard_numbers.get(name, rule.number.default) if on else "off"
            wanted = given.get(name, wanted)
            limits[rule.name] = math.nan if str(wanted).lower() == "off" else _read(rule.number, wanted, problems)
        return MappingProxyType(limits)


class _Names(NamedTuple):
    """Names of overrides, sorted by the part of a plan they belong to."""

    own: _Part
    settings: _Part
    sizing: _Part
    guards: _Part
    problems: tuple[str, ...]


class _Part:
    """One part of many plans, made once for the same words.

    Args:
        make: it, from its words; problems are added to the list.
        names: of its words among the overrides.
    """

    def __init__(self, make: Callable[[Mapping[str, str], list[str]], Any], names: tuple[str, ...]) -> None:
        self._make = make
        self._names = names
        # One name would be given as itself, none not at all.
        self._words = itemgetter(*names) if len(names) > 1 else lambda given: tuple(given[name] for name in names)
        self._made: dict[tuple[str, ...], Any] = {}

    def of(self, overrides: Mapping[str, str], problems: list[str]) -> Any:  # noqa: ANN401, RUF100 - one of four kinds
        """This part; None, with its problems told, where it cannot be made."""
        words = self._words(overrides)
        found = self._made.get(words)
        if found is None:
            own_problems: list[str] = []
            found = self._make(dict(zip(self._names, words, strict=True)), own_problems)
            problems += own_problems
            if not own_problems:
                self._made[words] = found
        return found


def _collect(build: Callable[[], T], problems: list[str]) -> T | None:
    """The built value, or None with its problems added to the list."""
    try:
        return build()
    except ConfigError as error:
        problems.extend(error.problems)
        return None


def _is_on(profile: Profile, rule: GateRule) -> bool:
    """Whether a profile has a rule of the gate on."""
    if profile.guards is not None:
        return rule.name in profile.guards
    return not rule.optional or rule.number.name in profile.guard_numbers


def _sizing(name: str) -> SizingRule:
    return next(rule for rule in sizing_rules() if rule.name == name)


def _read(spec: Spec, given: object, problems: list[str]) -> float:
    """The number, or NaN with its problem added to the list."""
    value = _collect(lambda: float(spec.read(given)), problems)
    return math.nan if value is None else value
