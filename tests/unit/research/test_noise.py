"""Where nothing is to be found, a search still finds something, and a walk-forward does not; and the picture of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import noise
from tests.unit.research.search_cases import points
from vigie.domain.errors import ConfigError
from vigie.research.gates import GateSettings
from vigie.research.space import plans
from vigie.strategy.strategy import load

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "walk_forward.md").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"


def same(one: noise.Walk, other: noise.Walk) -> bool:
    return (one.seed, one.promoted) == (other.seed, other.promoted) and [
        one.best_in_sample,
        one.mean_out_of_sample,
    ] == pytest.approx([other.best_in_sample, other.mean_out_of_sample], rel=1e-9)


@pytest.mark.long
def test_of_twenty_random_walks_at_most_one_is_promoted_though_the_best_point_looks_good_on_most() -> None:
    walks = [noise.walked(seed) for seed in noise.SEEDS]
    assert sum(one.best_in_sample > GateSettings().mean_sharpe for one in walks) > len(walks) / 2
    assert sum(one.promoted for one in walks) <= 1
    assert all(same(*both) for both in zip(walks, noise.recorded(), strict=True)), "run benchmarks.noise again"


@pytest.mark.parametrize("seed", [1, 11])
def test_a_walk_gives_the_numbers_of_the_picture(seed: int) -> None:
    assert same(noise.walked(seed), noise.recorded()[seed])


def test_the_picture_is_drawn_from_its_numbers_and_the_guide_says_the_same() -> None:
    walks = noise.recorded()
    drawn = (noise.PICTURES / "noise.svg").read_text(encoding="utf-8")
    assert drawn == noise.svg(walks)
    limit = GateSettings().mean_sharpe
    good = sum(one.best_in_sample > limit for one in walks)
    outside = sum(one.mean_out_of_sample > limit for one in walks)
    promoted = {0: "none", 1: "one"}[sum(one.promoted for one in walks)]
    told = " ".join(GUIDE.split())
    assert "](pictures/noise.svg)" in told
    assert f"above {limit:g} on {good} of them, up to {max(one.best_in_sample for one in walks):.1f}" in told
    assert f"was above {limit:g} on {outside} of them, by luck too" in told
    assert f"promoted {promoted} of the {len(walks)}" in told


def test_every_walk_has_its_two_dots_where_its_numbers_are() -> None:
    walks = noise.recorded()
    picture = ET.fromstring(noise.svg(walks))
    ticks = {int(one.text or ""): float(one.attrib["x"]) for one in picture.iter(f"{SVG}text")
             if one.get("class") == "middle" and re.fullmatch(r"-?\d", one.text or "")}  # fmt: skip
    unit = ticks[1] - ticks[0]
    rows = {int(row.find(f"{SVG}text").text): row for row in picture.iter(f"{SVG}g")}  # type: ignore[union-attr, arg-type]
    assert sorted(rows) == [one.seed for one in walks]
    for one in walks:
        dots = {dot.attrib["class"]: float(dot.attrib["cx"]) for dot in rows[one.seed].iter(f"{SVG}circle")}
        assert (dots["in"] - ticks[0]) / unit == pytest.approx(one.best_in_sample, abs=0.01)
        assert (dots["out"] - ticks[0]) / unit == pytest.approx(one.mean_out_of_sample, abs=0.01)


def test_a_promoted_walk_would_be_seen() -> None:
    walks = [replace(one, promoted=one.seed == 3) for one in noise.recorded()]
    assert noise.svg(walks).count('class="promoted"') == 1
    assert "promoted: 1 of 20" in noise.svg(walks)


def test_the_grid_of_the_noise_makes_sense_at_every_point() -> None:
    try:
        _, senseless = plans(load("ema_cross"), "standard", noise.NO_COSTS, points(noise.GRID))
    except ConfigError:
        pytest.fail("the grid of the noise test makes no sense")
    assert senseless == 0
