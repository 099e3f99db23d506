"""Typed, bounded parameters; every problem of a call is told at once."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from vigie.domain.errors import ConfigError
from vigie.strategy.params import Params, choice, number, switch


@dataclass(frozen=True, slots=True)
class Parameters(Params):
    """One of each kind."""

    fast: int = number(20, low=2, high=400, grid=(10, 20), help="span, candles")
    share: float = number(0.5, low=0.0, high=1.0, help="share, fraction")
    scenario: str = choice("base", ("base", "sma"), grid=("base", "sma"), help="filter")
    guarded: bool = switch(True, help="guard")

    def check(self) -> None:
        """Refuse one combination."""
        if self.fast == 13 and not self.guarded:
            raise ConfigError("13 must be guarded")


def problems(**given: object) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        Parameters.build(given)
    return caught.value.problems


def test_without_anything_given_the_defaults_hold() -> None:
    assert Parameters.build({}) == Parameters(20, 0.5, "base", True)
    assert Parameters.build({}).as_dict() == {"fast": 20, "share": 0.5, "scenario": "base", "guarded": True}


def test_values_are_read_from_text_and_from_numbers_alike() -> None:
    text = Parameters.build({"fast": "30", "share": "1e-1", "scenario": "sma", "guarded": "off"})
    assert text == Parameters.build({"fast": 30, "share": 0.1, "scenario": "sma", "guarded": False})
    assert (type(text.fast), type(text.share), type(text.guarded)) == (int, float, bool)


def test_a_whole_number_may_be_written_with_a_point_and_stays_whole() -> None:
    assert Parameters.build({"fast": "30.0"}).fast == 30
    assert type(Parameters.build({"fast": 30.0}).fast) is int
    assert type(Parameters.build({"share": 1}).share) is float


@pytest.mark.parametrize("word", ["on", "ON", "yes", "true", "True", "1", True, 1])
def test_a_switch_is_switched_on_by_many_words(word: object) -> None:
    assert Parameters.build({"guarded": word}).guarded is True


@pytest.mark.parametrize("word", ["off", "no", "False", "0", "none", False, 0])
def test_a_switch_is_switched_off_by_many_words(word: object) -> None:
    assert Parameters.build({"guarded": word}).guarded is False


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("fast", "1", "fast=1: must lie between 2 and 400"),
        ("fast", "401", "fast=401: must lie between 2 and 400"),
        ("fast", "2.5", "fast=2.5: not a whole number"),
        ("fast", "many", "fast=many: not a whole number"),
        ("fast", "", "fast=: not a whole number"),
        ("fast", "nan", "fast=nan: not a whole number"),
        ("fast", "inf", "fast=inf: not a whole number"),
        ("fast", True, "fast=True: not a whole number"),
        ("share", "-0.1", "share=-0.1: must lie between 0 and 1"),
        ("share", "nan", "share=nan: not a number"),
        ("share", float("nan"), "share=nan: not a number"),
        ("share", "inf", "share=inf: must lie between 0 and 1"),
        ("share", "5%", "share=5%: not a number"),
        ("scenario", "smo", "scenario=smo: choose one of base, sma"),
        ("scenario", "Base", "scenario=Base: choose one of base, sma"),
        ("guarded", "maybe", "guarded=maybe: say on or off"),
        ("guarded", "2", "guarded=2: say on or off"),
        ("fsat", "3", "unknown parameter 'fsat'; did you mean 'fast'?"),
        ("zzzzz", "3", "unknown parameter 'zzzzz'; known: fast, guarded, scenario, share"),
    ],
)
def test_a_bad_value_or_name_is_refused_with_what_would_do(name: str, given: object, said: str) -> None:
    assert problems(**{name: given}) == (said,)


@pytest.mark.parametrize("edge", ["2", "400"])
def test_bounds_belong_to_the_allowed(edge: str) -> None:
    assert Parameters.build({"fast": edge}).fast == int(edge)


def test_all_problems_are_told_at_once() -> None:
    assert problems(fast="x", share="2", scenario="?", guarded="?", fsat="1") == (
        "fast=x: not a whole number",
        "share=2: must lie between 0 and 1",
        "scenario=?: choose one of base, sma",
        "guarded=?: say on or off",
        "unknown parameter 'fsat'; did you mean 'fast'?",
    )


def test_combinations_are_checked_once_the_values_are_right() -> None:
    assert problems(fast=13, guarded="off") == ("13 must be guarded",)
    assert problems(fast=13, guarded="off", share="x") == ("share=x: not a number",)


def test_what_is_known_of_a_parameter_comes_from_its_declaration() -> None:
    specs = Parameters.specs()
    assert list(specs) == ["fast", "share", "scenario", "guarded"]
    fast = specs["fast"]
    assert (fast.kind, fast.default, fast.low, fast.high, fast.grid, fast.help) == (
        int,
        20,
        2,
        400,
        (10, 20),
        "span, candles",
    )
    assert specs["scenario"].choices == ("base", "sma")
    assert specs["guarded"].kind is bool


def test_parameters_are_frozen_and_equal_by_value() -> None:
    made = Parameters()
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.fast = 3  # type: ignore[misc]
    assert {made, Parameters()} == {made}


@dataclass(frozen=True, slots=True)
class Unfinished(Params):
    """Lacks a default."""

    fast: int


def test_a_parameter_without_a_default_is_a_mistake_of_the_author() -> None:
    with pytest.raises(TypeError, match="parameter 'fast' of Unfinished has no default"):
        Unfinished.specs()


def test_a_base_without_parameters_is_fine() -> None:
    assert Params.build({}).as_dict() == {}
