"""What is written down and read back: without loss, and not without a look."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.accounts import ENTERED, account, cycle, filled, planned
from vigie.adapters.storage.journal_lines import OWN
from vigie.domain import events as e
from vigie.domain.order import Fill, Side
from vigie.domain.portfolio import Portfolio
from vigie.domain.record import from_json, to_json

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@dataclass(frozen=True, slots=True)
class Everything:
    number: float
    amount: Decimal
    count: int
    flag: bool
    name: str
    side: Side
    maybe: Decimal | None
    fill: Fill
    names: tuple[str, ...]
    amounts: Mapping[str, Decimal]
    numbers: Mapping[str, float] = field(default_factory=dict)
    later: int = 7


FILLS = st.builds(Fill, st.text(), DECIMALS, DECIMALS, DECIMALS, st.text(), st.integers())
EVERYTHING = st.builds(
    Everything,
    number=st.floats(),
    amount=DECIMALS,
    count=st.integers(),
    flag=st.booleans(),
    name=st.text(),
    side=st.sampled_from(Side),
    maybe=st.none() | DECIMALS,
    fill=FILLS,
    names=st.lists(st.text()).map(tuple),
    amounts=st.dictionaries(st.text(), DECIMALS),
    numbers=st.dictionaries(st.text(), st.floats()),
    later=st.integers(),
)
ONE = Everything(
    1.5, Decimal("1.50"), 1, True, "x", Side.BUY, None, Fill("t", Decimal(1), Decimal(2), Decimal(0), "BTC", 9),
    ("a",), {"BTC": Decimal("1E+3")}, {"nan": math.nan, "inf": math.inf, "-inf": -math.inf},
)  # fmt: skip


def same(left: object, right: object) -> bool:
    """Equal, NaN being equal to NaN, and to the last digit of a Decimal."""
    return repr(left) == repr(right)


@given(EVERYTHING)
def test_what_is_written_as_json_is_read_back_to_the_last_digit(record: Everything) -> None:
    # Deliberately through text: json itself must not lose anything either.
    document = json.loads(json.dumps(to_json(record), allow_nan=False))
    assert same(from_json(Everything, document), record)


def test_json_has_no_nan_and_no_infinity() -> None:
    written = to_json(ONE)
    assert written["numbers"] == {"nan": None, "inf": "inf", "-inf": "-inf"}
    assert written["amount"] == "1.50"
    assert written["fill"]["filled_at"] == 9


def test_a_field_that_is_missing_takes_its_default() -> None:
    document = to_json(ONE)
    del document["later"], document["numbers"]
    assert from_json(Everything, document) == replace(ONE, later=7, numbers={})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("number", "1.5", "Everything.number: '1.5' is not a number"),
        ("number", True, "Everything.number: True is not a number"),
        ("number", "nan", "Everything.number: 'nan' is not a number"),
        ("number", 10**400, "Everything.number: int too large"),
        ("amount", 1.5, "Everything.amount: 1.5 is not text"),
        ("amount", "much", "Everything.amount:"),
        ("amount", "NaN", "Everything.amount: 'NaN' is not a finite number"),
        ("amount", "Infinity", "Everything.amount: 'Infinity' is not a finite number"),
        ("count", 1.0, "Everything.count: 1.0 is not a whole number"),
        ("count", True, "Everything.count: True is not a whole number"),
        ("flag", 1, "Everything.flag: 1 is not true or false"),
        ("name", None, "Everything.name: None is not text"),
        ("side", "hold", "Everything.side: 'hold' is not a valid Side"),
        ("side", [], "Everything.side:"),
        ("maybe", 3, "Everything.maybe: 3 is not text"),
        ("fill", [], "Everything.fill: .* is not an object"),
        ("fill", {}, "Everything.fill: Fill lacks 'trade_id'"),
        ("names", "a", "Everything.names: 'a' is not a list"),
        ("names", [1], "Everything.names: 1 is not text"),
        ("amounts", [], "Everything.amounts: .* is not an object"),
        ("amounts", {"BTC": 1}, "Everything.amounts: 1 is not text"),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_name_of_its_field(name: str, value: object, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}"):
        from_json(Everything, {**to_json(ONE), name: value})


@given(st.sampled_from([one.name for one in fields(Everything)]), JSON)
def test_whatever_stands_in_a_field_it_is_read_or_refused_and_nothing_else(name: str, value: object) -> None:
    with contextlib.suppress(ValueError):
        from_json(Everything, {**to_json(ONE), name: value})


def test_fields_that_nobody_knows_and_fields_that_are_missing_are_refused() -> None:
    with pytest.raises(ValueError, match="Everything has no field 'extra'"):
        from_json(Everything, {**to_json(ONE), "extra": 1})
    document = to_json(ONE)
    del document["count"]
    with pytest.raises(ValueError, match="Everything lacks 'count'"):
        from_json(Everything, document)


@pytest.mark.parametrize("value", [object(), b"x", {1, 2}, 1j, Decimal("NaN"), Decimal("Infinity")])
def test_what_could_not_be_read_back_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError, match="has no place in a record"):
        to_json(replace(ONE, name=value))


class _Name(str):
    """Text by another name."""

    __slots__ = ()


def test_text_by_another_name_is_text() -> None:
    assert to_json(replace(ONE, name=_Name("a"))) == to_json(replace(ONE, name="a"))


@dataclass(frozen=True, slots=True)
class _Vague:
    number: float | None = None


def test_an_unknown_float_and_no_float_cannot_be_told_apart_and_are_no_field() -> None:
    with pytest.raises(TypeError, match="cannot be None as well"):
        from_json(_Vague, {})


# --- events -------------------------------------------------------------------------------------------------------


def test_every_event_has_a_kind_of_its_own() -> None:
    kinds = {one.KIND for one in e.KINDS.values()}
    assert kinds == set(e.KINDS)
    assert len(set(e.KINDS.values())) == len(e.KINDS)


@pytest.mark.parametrize("kind", e.KINDS.values(), ids=e.KINDS)
def test_no_event_has_a_field_that_the_line_itself_uses(kind: type[e.Event]) -> None:
    assert not {one.name for one in fields(kind)} & set(OWN)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", e.KINDS.values(), ids=e.KINDS)
@settings(max_examples=15)
@given(st.data())
def test_every_event_is_read_back_as_it_was_written(kind: type[e.Event], data: st.DataObject) -> None:
    st.register_type_strategy(Decimal, DECIMALS)
    event = data.draw(st.builds(kind))
    document = json.loads(json.dumps(e.to_fields(event), allow_nan=False))
    read = e.from_fields(kind.KIND, kind.VERSION, document)
    assert type(read) is kind
    assert same(e.to_fields(read), e.to_fields(event))


def test_a_kind_or_a_version_that_this_vigie_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind 'gossip'"):
        e.from_fields("gossip", 1, {})
    with pytest.raises(ValueError, match="'fill' has version 2, this vigie knows 1"):
        e.from_fields("fill", 2, e.to_fields(filled()))


def test_an_account_is_read_back_as_it_was_written() -> None:
    whole = account([*ENTERED, planned("b" * 32), cycle(), e.Halted("pause", "reduce-only", "", 9)])
    document = json.loads(json.dumps(to_json(whole), allow_nan=False))
    assert from_json(Portfolio, document) == whole
