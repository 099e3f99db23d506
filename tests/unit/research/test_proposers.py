"""Who says which points are tried: each once, the same ones for the same seed, wiser with every answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest

from vigie.domain.errors import ConfigError
from vigie.metrics.summary import Metrics
from vigie.research.optuna_proposer import OptunaProposer, in_order
from vigie.research.proposers import BATCH, Proposer, Search, proposer_of, search_of, worth
from vigie.research.space import Axis, Point, Space

WIDE = Space(
    (
        Axis("fast", tuple(str(value) for value in range(5, 41))),
        Axis("slow", tuple(str(value) for value in range(50, 200, 5))),
        Axis("fill_at", ("close", "next_open")),
    )
)

Worth = Callable[[Point], float | None]


def hill(point: Point) -> float | None:
    """Highest at fast=12, slow=120, next_open."""
    distance = ((int(point["fast"]) - 12) / 36) ** 2 + ((int(point["slow"]) - 120) / 150) ** 2
    return -distance - (point["fill_at"] == "close")


def explored(proposer: Proposer, of: Worth = hill) -> list[list[Point]]:
    """Every batch of a search that is answered."""
    batches: list[list[Point]] = []
    while batch := proposer.ask():
        batches.append(list(batch))
        proposer.tell([of(point) for point in batch])
    return batches


def flat(batches: Sequence[Sequence[Point]]) -> list[Point]:
    return [point for batch in batches for point in batch]


def names(points: Sequence[Point]) -> set[tuple[str, ...]]:
    return {tuple(point.values()) for point in points}


def best(points: Sequence[Point]) -> float:
    return max(hill(point) or 0.0 for point in points)


def test_the_grid_is_one_batch_in_its_order() -> None:
    assert explored(proposer_of(Search.GRID, WIDE, None, 7)) == [WIDE.points()]


def test_a_draw_is_one_batch_of_the_points_that_the_seed_has_always_drawn() -> None:
    assert explored(proposer_of(Search.RANDOM, WIDE, 50, 7)) == [WIDE.drawn(50, 7)]


def test_the_points_of_a_seed_are_the_same_as_ever() -> None:
    """Their keys are in stores and ledgers out there."""
    small = Space((Axis("a", ("1", "2", "3", "4")), Axis("b", ("x", "y", "z"))))
    (batch,) = explored(proposer_of(Search.RANDOM, small, 5, 7), lambda _: None)
    assert [" ".join(point.values()) for point in batch] == ["2 z", "3 x", "3 y", "4 x", "4 z"]


def test_a_study_gives_so_many_different_points_in_batches_of_one_size() -> None:
    batches = explored(proposer_of(Search.OPTUNA, WIDE, 60, 7))
    assert [len(batch) for batch in batches] == [BATCH, BATCH, BATCH, 60 - 3 * BATCH]
    assert len(names(flat(batches))) == 60
    assert names(flat(batches)) <= names(WIDE.points())
    assert all(list(point) == ["fast", "slow", "fill_at"] for point in flat(batches))


def test_the_same_seed_and_answers_propose_the_same_points_and_another_seed_others() -> None:
    first, again, other = (explored(proposer_of(Search.OPTUNA, WIDE, 60, seed)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_a_study_learns_from_its_answers() -> None:
    """The same study told the opposite goes elsewhere, and told the truth it finds more than a draw does."""
    told = flat(explored(proposer_of(Search.OPTUNA, WIDE, 80, 7)))
    misled = flat(explored(proposer_of(Search.OPTUNA, WIDE, 80, 7), lambda point: -(hill(point) or 0.0)))
    assert told[:BATCH] == misled[:BATCH], "before the first answer nothing is known"
    late = [best(points[40:]) for points in (told, misled, WIDE.drawn(80, 7))]
    assert late[0] > late[1]
    assert late[0] > late[2]


def test_answers_matter_only_after_they_are_given() -> None:
    """What the last batch was worth changes no proposal before it."""
    whole = flat(explored(proposer_of(Search.OPTUNA, WIDE, 60, 7)))
    seen: set[tuple[str, ...]] = set()

    def turned_at_the_end(point: Point) -> float | None:
        seen.add(tuple(point.values()))
        return hill(point) if len(seen) <= 2 * BATCH else -(hill(point) or 0.0)

    turned = flat(explored(proposer_of(Search.OPTUNA, WIDE, 60, 7), turned_at_the_end))
    assert turned[: 3 * BATCH] == whole[: 3 * BATCH]
    assert turned[3 * BATCH :] != whole[3 * BATCH :]


def test_points_that_are_worth_nothing_are_left_behind() -> None:
    def half(point: Point) -> float | None:
        return None if point["fill_at"] == "close" else 0.5

    late = flat(explored(proposer_of(Search.OPTUNA, WIDE, 120, 7), half))[60:]
    assert sum(point["fill_at"] == "close" for point in late) < len(late) / 4


def test_a_search_in_which_nothing_is_worth_anything_ends_all_the_same() -> None:
    assert len(names(flat(explored(proposer_of(Search.OPTUNA, WIDE, 40, 7), lambda _: None)))) == 40


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_nearly_all_points_of_a_small_space_are_found_without_a_repeat(batch: int) -> None:
    """Here a study proposes known points over and over: they are answered from what is known."""
    small = Space((Axis("a", ("1", "2", "3", "4", "5")), Axis("b", ("x", "y", "z"))))
    points = flat(explored(OptunaProposer(small, 14, 7, batch), lambda point: float(point["a"])))
    assert len(points) == len(names(points)) == 14


def test_whoever_wants_all_points_gets_the_grid() -> None:
    small = Space((Axis("a", ("1", "2")), Axis("b", ("x", "y", "z"))))
    for search in (Search.RANDOM, Search.OPTUNA):
        assert explored(proposer_of(search, small, 6, 7), lambda _: 0.0) == [small.points()]


def test_a_batch_that_is_not_wholly_answered_is_refused() -> None:
    proposer = proposer_of(Search.OPTUNA, WIDE, 60, 7)
    proposer.ask()
    with pytest.raises(ValueError, match="shorter"):
        proposer.tell([0.0])


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        (("5", "7", "10"), True),
        (("10", "7.5", "-1"), True),
        (("5",), True),
        (("5", "10", "7"), False),
        (("on", "off"), False),
        (("close", "next_open"), False),
        (("off", "5", "10"), False),
    ],
)
def test_only_rising_or_falling_numbers_have_neighbours(values: tuple[str, ...], ordered: bool) -> None:
    assert in_order(Axis("any", values)) is ordered


@pytest.mark.parametrize(
    ("name", "samples", "search"),
    [
        (None, None, Search.GRID),
        (None, 5, Search.RANDOM),
        ("grid", None, Search.GRID),
        ("random", 5, Search.RANDOM),
        ("optuna", 5, Search.OPTUNA),
    ],
)
def test_samples_alone_draw_and_nothing_at_all_is_the_grid(
    name: str | None, samples: int | None, search: Search
) -> None:
    assert search_of(name, samples) is search


@pytest.mark.parametrize(
    ("name", "samples", "sentence"),
    [
        ("optun", 5, "unknown search 'optun'.*did you mean 'optuna'"),
        ("grid", 5, "tries every point"),
        ("random", None, "needs a number of points"),
        ("optuna", None, "needs a number of points"),
    ],
)
def test_a_search_that_is_none_is_refused_in_words(name: str, samples: int | None, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        search_of(name, samples)


def test_a_point_is_worth_its_metric_if_it_traded_enough() -> None:
    made = Metrics({"sharpe": 1.5, "calmar": None, "trades": 30.0}, {"calmar": "no drawdown"})
    assert worth(made, "sharpe", 30) == 1.5
    assert worth(made, "sharpe", 31) is None
    assert worth(made, "calmar", 0) is None


SCRIPT = """
import sys
{before}
from vigie.domain.errors import ConfigError
from vigie.research.optuna_proposer import OptunaProposer
from vigie.research.space import Axis, Space
space = Space((Axis("a", tuple(str(value) for value in range(50))),))
try:
    proposer = OptunaProposer(space, 40, 7, 16)
    while batch := proposer.ask():
        proposer.tell([None if point["a"] == "3" else 1.0 for point in batch])
except ConfigError as error:
    print(error)
"""


def alone(before: str = "") -> subprocess.CompletedProcess[str]:
    script = SCRIPT.format(before=before)
    return subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)


def test_optuna_says_nothing_of_its_own() -> None:
    done = alone()
    assert (done.stdout, done.stderr) == ("", "")


def test_without_optuna_one_sentence_says_how_to_get_it() -> None:
    done = alone("sys.modules['optuna'] = None  # as if it were not installed")
    assert 'uv tool install ".[optuna]"' in done.stdout
    assert done.stderr == ""
