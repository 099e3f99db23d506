"""Typed, bounded parameters with a search grid.

A strategy declares them once::

    @dataclass(frozen=True, slots=True)
    class Parameters(Params):
        fast: int = number(20, low=2, high=400, grid=(10, 20, 30), help="span of the fast EMA, in candles")
        scenario: str = choice("base", ("base", "sma"), help="extra entry filter")
        filter: bool = switch(True, help="...")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from types import MappingProxyType
from typing import Any, Self, TypeAlias, get_type_hints

from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion

Value: TypeAlias = bool | int | float | str

_DECLARED_BY = "number(), choice() or switch()"
_OFF = {"off", "no", "false", "0", "none"}
_ON = {"on", "yes", "true", "1"}


@dataclass(frozen=True, slots=True)
class Spec:
    """What is known about one parameter.

    Attributes:
        name: the name used with ``--param``.
        kind: int, float, bool or str.
        default: the value without any setting.
        low, high: inclusive bounds of a number, else None.
        choices: allowed words of a choice, else empty.
        grid: values a search tries; empty: the parameter is not searched.
        help: one line, with the unit.
    """

    name: str
    kind: type
    default: Value
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    grid: tuple[Value, ...] = ()
    help: str = ""

    def read(self, given: object) -> Value:
        """A value from text or from a number, checked.

        Raises:
            ConfigError: not of this kind, or out of bounds.
        """
        if self.kind is bool:
            return self._read_switch(given)
        if self.choices:
            if str(given) in self.choices:
                return str(given)
            raise ConfigError(f"{self.name}={given}: choose one of {', '.join(self.choices)}")
        return self._read_number(given)

    def _read_switch(self, given: object) -> bool:
        word = str(given).lower()
        if word in _ON or word in _OFF:
            return word in _ON
        raise ConfigError(f"{self.name}={given}: say on or off")

    def _read_number(self, given: object) -> int | float:
        try:
            number = float(str(given))
            if number != number or (self.kind is int and number != int(number)):
                raise ValueError
        except (ValueError, OverflowError):
            raise ConfigError(f"{self.name}={given}: not a {'whole ' if self.kind is int else ''}number") from None
        if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
            raise ConfigError(f"{self.name}={given}: must lie between {self.low:g} and {self.high:g}")
        return int(number) if self.kind is int else number


def number(default: float, *, low: float, high: float, help: str, grid: tuple[float, ...] = ()) -> Any:  # noqa: A002, ANN401, RUF100
    """Declare a number; the annotation of the field (int or float) says which kind."""
    return field(default=default, metadata={"low": low, "high": high, "grid": grid, "help": help})


def choice(default: str, choices: tuple[str, ...], *, help: str, grid: tuple[str, ...] = ()) -> Any:  # noqa: A002, ANN401, RUF100
    """Declare a word out of several."""
    return field(default=default, metadata={"choices": choices, "grid": grid, "help": help})


def switch(default: bool, *, help: str, grid: tuple[bool, ...] = ()) -> Any:  # noqa: A002, ANN401, FBT001, RUF100
    """Declare something that is on or off."""
    return field(default=default, metadata={"grid": grid, "help": help})


@dataclass(frozen=True, slots=True)
class Params:
    """Base of every strategy's ``Parameters``; immutable, hashable by value."""

    @classmethod
    @cache
    def specs(cls) -> Mapping[str, Spec]:
        """What is known about each parameter, in order of declaration."""
        kinds = get_type_hints(cls)
        found = {}
        for declared in fields(cls):
            if declared.default is MISSING:
                raise TypeError(f"parameter '{declared.name}' of {cls.__qualname__} has no default")
            if "help" not in declared.metadata:
                raise TypeError(f"parameter '{declared.name}' of {cls.__qualname__}: declare it by {_DECLARED_BY}")
            found[declared.name] = Spec(declared.name, kinds[declared.name], declared.default, **declared.metadata)
        return MappingProxyType(found)

    @classmethod
    def build(cls, given: Mapping[str, object]) -> Self:
        """Parameters from names and values; text is read, bounds are checked.

        Raises:
            ConfigError: every unknown name (with a suggestion) and every bad value, at once.
        """
        specs = cls.specs()
        values: dict[str, Value] = {}
        problems: list[str] = []
        for name, raw in given.items():
            if name not in specs:
                problems.append(f"unknown parameter '{name}'{suggestion(name, specs)}")
                continue
            try:
                values[name] = specs[name].read(raw)
            except ConfigError as error:
                problems.extend(error.problems)
        if problems:
            raise ConfigError(problems)
        made = cls(**values)
        made.check()
        return made

    def check(self) -> None:
        """Override to refuse combinations that make no sense; raise ConfigError."""

    def as_dict(self) -> dict[str, Value]:
        """Names and values, in order of declaration."""
        return {declared.name: getattr(self, declared.name) for declared in fields(self)}
