"""Frozen dataclasses as JSON and back, without loss: what the journal's lines and the state file are made of.

Decimals and enumerations are text, an unknown float (NaN) is null, infinities are text, tuples are lists, mappings
have text keys. Reading checks every type: a file that was tampered with is an error, not an odd number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(record: object) -> dict[str, Any]:
    """The fields of a dataclass, of JSON's own types.

    Raises:
        TypeError: a value that has no place in JSON.
    """
    return {name: _plain(getattr(record, name)) for name in _names(cast(Hashable, type(record)))}


def from_json(kind: type[T], document: Mapping[str, Any]) -> T:
    """The dataclass that `to_json` wrote.

    Args:
        kind: the dataclass.
        document: its fields; one that is missing takes its default.

    Raises:
        ValueError: an unknown field, a missing one without default, or a value of another type; says which.
    """
    readers = _readers(cast(Hashable, kind))
    unknown = sorted(set(document) - set(readers))
    if unknown:
        raise ValueError(f"{kind.__name__} has no field '{unknown[0]}'")
    found: dict[str, Any] = {}
    for name, (read, has_default) in readers.items():
        if name not in document:
            if not has_default:
                raise ValueError(f"{kind.__name__} lacks '{name}'")
            continue
        try:
            found[name] = read(document[name])
        except (ValueError, TypeError, OverflowError, InvalidOperation) as error:
            raise ValueError(f"{kind.__name__}.{name}: {error or document[name]}") from None
    return kind(**found)


def _plain(value: object) -> Any:  # noqa: ANN401, RUF100 - JSON
    kind = type(value)
    return value if kind in _AS_IT_IS else _writer(cast(Hashable, kind))(value)


_AS_IT_IS = frozenset({str, int, bool, NoneType})
"""Types whose values JSON has."""


@cache
def _writer(kind: type) -> Callable[[Any], Any]:
    """What makes JSON of a type's values; looked up once a type, since a snapshot is thousands of values."""
    if issubclass(kind, Enum):
        return lambda value: value.value
    if issubclass(kind, int | str):
        return lambda value: value
    if issubclass(kind, float | Decimal):
        return _number
    if issubclass(kind, Mapping):
        return lambda value: {str(key): _plain(one) for key, one in value.items()}
    if issubclass(kind, tuple | list):
        return lambda value: [_plain(one) for one in value]
    if is_dataclass(kind):
        return to_json
    raise TypeError(f"{kind.__name__} has no place in a record")


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


def _number(value: float | Decimal) -> float | str | None:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError(f"{value} is no amount, and has no place in a record")
        return str(value)
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


Reader = Callable[[Any], Any]


@cache
def _readers(kind: type) -> dict[str, tuple[Reader, bool]]:
    hints = get_type_hints(kind)
    return {
        one.name: (_reader(hints[one.name]), one.default is not MISSING or one.default_factory is not MISSING)
        for one in fields(kind)
        if one.init
    }


def _reader(hint: Any) -> Reader:  # noqa: ANN401, RUF100 - a type expression
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType or NoneType in arguments:
        (inner,) = (one for one in arguments if one is not NoneType)
        if inner is float:
            raise TypeError("null is an unknown float already: it cannot be None as well")
        read = _reader(inner)
        return lambda value: None if value is None else read(value)
    if origin is tuple:
        read_one = _reader(arguments[0])
        return lambda value: tuple(read_one(one) for one in _of(list, value))
    if origin is not None and issubclass(origin, Mapping):
        read_value = _reader(arguments[1])
        return lambda value: {key: read_value(one) for key, one in _of(dict, value).items()}
    if is_dataclass(hint):
        nested = cast("type[Any]", hint)
        return lambda value: from_json(nested, _of(dict, value))
    if issubclass(hint, Enum):
        return cast("Reader", hint)
    return _SCALARS[hint]


def _of(kind: type[T], value: object) -> T:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{value!r} is not {_WORDS[kind]}")
    return value


def _float(value: object) -> float:
    if value is None:
        return math.nan
    if value in ("inf", "-inf"):
        return float(str(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _decimal(value: object) -> Decimal:
    number = Decimal(_of(str, value))
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number


_WORDS: dict[type, str] = {list: "a list", dict: "an object", str: "text", int: "a whole number", bool: "true or false"}
_SCALARS: dict[Any, Reader] = {
    str: lambda value: _of(str, value),
    int: lambda value: _of(int, value),
    bool: lambda value: _of(bool, value),
    float: _float,
    Decimal: _decimal,
}
