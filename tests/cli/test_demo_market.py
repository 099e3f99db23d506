"""The gates that the demo passes: ordinary ones, on its market, and never on the same hours in another order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.command_line import Vigie
from vigie.app.demo.research import SEARCH
from vigie.research.gates import GateSettings

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_what_can_be_learnt_is_certified_for_practice(vigie: Vigie, home: Path, seed: int) -> None:
    assert vigie("data", "sample", "--market", "trending", "--seed", seed).code == 0
    walked = vigie("walk-forward", *SEARCH)
    assert (walked.code, walked.document["passed"]) == (0, True)
    ordinary = GateSettings()
    assert {one["name"]: one["limit"] for one in walked.document["gates"]} == {
        name: getattr(ordinary, name) for name in ("mean_sharpe", "win_rate", "trades", "folds", "out_in_ratio")
    }
    assert walked.document["trials"] == 9, "each point of the search is counted"
    assert [one.stem for one in (home / "state" / "certificates").iterdir()] == [walked.document["certificate"]]


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_the_same_hours_in_another_order_are_not(vigie: Vigie, home: Path, seed: int) -> None:
    assert vigie("data", "sample", "--market", "trending", "--shuffled", "--seed", seed).code == 0
    walked = vigie("walk-forward", *SEARCH)
    assert (walked.code, walked.document["passed"], walked.document["certificate"]) == (3, False, None)
    assert {"mean_sharpe", "win_rate"} <= {one["name"] for one in walked.document["gates"] if not one["passed"]}
    assert not (home / "state" / "certificates").exists()


def test_on_the_sample_market_nothing_is_certified_either(vigie: Vigie) -> None:
    walked = vigie("walk-forward", "--samples", 12, "--promote", "--practice", "--json")
    assert walked.code == 3
