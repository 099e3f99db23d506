from __future__ import annotations

import pytest

from vigie.domain.errors import ConfigError
from vigie.research.space import Axis, Space, plans, space_of
from vigie.strategy.strategy import load

EMA = load("ema_cross")


def axes(*given: str, **fixed: str) -> dict[str, tuple[str, ...]]:
    return {axis.name: axis.values for axis in space_of(EMA, fixed, given).axes}


def test_without_words_the_grids_of_the_strategy_are_searched_but_for_what_is_fixed() -> None:
    assert axes() == {"fast": ("10", "20", "30"), "slow": ("50", "100", "200"), "stop_atr": ("2", "3")}
    assert list(axes(slow="60", stop_atr="1")) == ["fast"]


def test_words_replace_the_grids_and_may_name_rules_and_guards_too() -> None:
    assert axes("fast=5,7", "trail_atr=4,5.5", "cooldown_bars=0,12", "fill_at=close,next_open") == {
        "fast": ("5", "7"),
        "trail_atr": ("4", "5.5"),
        "cooldown_bars": ("0", "12"),
        "fill_at": ("close", "next_open"),
    }


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("fast=10:30:10", ("10", "20", "30")),
        ("fast=10:35:10", ("10", "20", "30")),
        ("fast=10:10:1", ("10",)),
        ("stop_atr=0.1:0.5:0.1", ("0.1", "0.2", "0.3", "0.4", "0.5")),
        ("fast = 5 , 7", ("5", "7")),
        ("fast=5,5.0,05", ("5",)),
        ("partials=on,off,yes", ("on", "off")),
    ],
)
def test_ranges_include_their_end_and_equal_values_are_one(text: str, values: tuple[str, ...]) -> None:
    assert tuple(axes(text).values()) == (values,)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("fast", "not of the form"),
        ("fast=", "not of the form"),
        ("=5", "unknown parameter ''"),
        ("fsat=5", "unknown parameter 'fsat'.*fast"),
        ("fast=0", "must lie between"),
        ("fast=2.5", "not a whole number"),
        ("fast=5,", "not a whole number"),
        ("fast=10:5:1", "not a range"),
        ("fast=5:10", "not a range"),
        ("fast=5:10:0", "not a range"),
        ("fast=5:10:-1", "not a range"),
        ("fast=5:nan:1", "not a range"),
        ("fast=5:inf:1", "not a range"),
        ("stop_atr=1:50:0.0001", "not a range"),
    ],
)
def test_an_axis_that_is_none_is_refused_in_words(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        axes(text)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as told:
        axes("fast", "fsat=5", "slow=0", "stop_atr=3", stop_atr="2")
    assert len(told.value.problems) == 4


def test_a_name_that_is_searched_twice_is_refused() -> None:
    """The second would overwrite the first, and every point would be counted several times."""
    with pytest.raises(ConfigError, match="'fast' is searched twice"):
        axes("fast=5,7", "fast=9")


def test_nothing_to_search_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing to search"):
        axes(fast="5", slow="50", stop_atr="2")


def test_points_come_in_a_fixed_order_with_the_last_axis_fastest() -> None:
    space = Space((Axis("a", ("1", "2")), Axis("b", ("x", "y", "z"))))
    assert len(space) == 6
    assert [" ".join(point.values()) for point in space.points()] == ["1 x", "1 y", "1 z", "2 x", "2 y", "2 z"]


def test_drawn_points_are_different_ones_of_the_grid_in_its_order_and_the_seed_decides() -> None:
    space = space_of(EMA, {}, ("fast=5:40:1", "slow=50:90:1"))
    drawn, every = space.drawn(50, 7), space.points()
    places = [every.index(point) for point in drawn]
    assert len(drawn) == 50
    assert places == sorted(set(places))
    assert drawn == space.drawn(50, 7)
    assert drawn != space.drawn(50, 8)


def test_whoever_draws_more_than_there_are_gets_all() -> None:
    space = space_of(EMA, {})
    assert space.drawn(1000, 7) == space.points()


def test_a_huge_space_is_drawn_from_without_being_written_down() -> None:
    names = ("fast", "slow", "atr_period", "warm_up", "cooldown_bars")
    space = space_of(EMA, {}, [f"{name}=10:400:1" for name in names])
    assert len(space) == 391**5
    assert len({tuple(point.values()) for point in space.drawn(100, 7)}) == 100


def test_more_points_than_fit_are_refused_before_they_are_written_down() -> None:
    names = ("fast", "slow", "atr_period", "warm_up", "cooldown_bars")
    space = space_of(EMA, {}, [f"{name}=10:400:1" for name in names])
    with pytest.raises(ConfigError, match=r"9,138,686,662,951 points, more than 1,000,000.*--samples"):
        space.points()
    with pytest.raises(ConfigError, match="2,000,000 points are more than 1,000,000"):
        space.drawn(2_000_000, 7)
    vast = Space(tuple(Axis(str(index), tuple(map(str, range(10_000)))) for index in range(5)))
    with pytest.raises(ConfigError, match="too many to draw from"):
        vast.drawn(5, 7)


def test_points_without_sense_are_left_out_and_counted() -> None:
    made, senseless = plans(EMA, "standard", {"slow": "20"}, [{"fast": "10"}, {"fast": "20"}, {"fast": "30"}])
    assert [point["fast"] for point, _ in made] == ["10"]
    assert made[0][1].parameters.as_dict()["slow"] == 20
    assert senseless == 2


def test_if_no_point_makes_sense_the_reason_of_the_first_is_told() -> None:
    with pytest.raises(ConfigError, match="fast=30 must be below slow=20"):
        plans(EMA, "standard", {"slow": "20"}, [{"fast": "30"}, {"fast": "40"}])


@pytest.mark.parametrize("name", ["wallet=shared,per-pair", "close_at_end=on,off"])
def test_what_describes_the_account_or_the_test_is_not_searched(name: str) -> None:
    with pytest.raises(ConfigError, match=f"'{name.partition('=')[0]}' is not searched: "):
        space_of(load("ema_cross"), {}, [name])
