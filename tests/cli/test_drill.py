"""``vigie drill``: drills that are passed, and invariants that see what should not be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.command_line import Vigie
from vigie.app.drill.market import Arena, arenas, market_of
from vigie.app.drill.stage import FillableDisk, Stage, drill_setup, staged
from vigie.app.settings import AccountSettings
from vigie.domain.events import FillSeen
from vigie.domain.order import Leg
from vigie.ports.journal import Entry

PAPER = AccountSettings("paper")


def test_drills_are_done_shown_and_kept(vigie: Vigie, home: Path) -> None:
    said = vigie("drill", "--only", "cancelled-stop", "--only", "duplicate-start")
    assert said.code == 0, said.out
    lines = said.out.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["cancelled-stop", "pass"], ["duplicate-start", "pass"]]
    assert "refused with exit code 4" in said.out
    assert lines[-1].startswith("2 of 2 drills passed")
    kept = json.loads((home / "state" / "paper" / "drills.json").read_text())
    assert (kept["passed"], kept["complete"]) == (True, False)
    assert [one["name"] for one in kept["drills"]] == ["cancelled-stop", "duplicate-start"]
    assert 0 < kept["drills"][0]["bare_seconds"] <= 60
    assert vigie("status", "--account", "paper").code != 0, "a drill is no run of the account"


def test_a_live_account_that_nobody_wrote_down_is_not_drilled(vigie: Vigie, home: Path) -> None:
    said = vigie("drill", "--account", "live-main", "--only", "cancelled-stop")
    assert (said.code, "has no table [accounts.live-main]" in said.err) == (78, True)
    assert not (home / "state" / "live-main").exists()


def test_an_unknown_drill_is_refused_with_a_suggestion(vigie: Vigie) -> None:
    said = vigie("drill", "--only", "canceled-stop")
    assert (said.code, "did you mean 'cancelled-stop'?" in said.err) == (78, True)


def test_the_users_own_candles_are_drilled_on_without_known_filters(vigie: Vigie, candles: Path) -> None:
    said = vigie("drill", "--data", candles, "--only", "cancelled-stop")
    assert said.code == 0, said.out + said.err
    assert "binance_BTC-USDT" in said.out or "test_BTC-USDT" in said.out


def test_candles_in_which_nothing_is_bought_are_65(vigie: Vigie, home: Path, candles: Path) -> None:
    text = "[accounts.paper.parameters]\nvolatility_max = 0.0001\n"
    (home / "vigie.toml").write_text(text)
    said = vigie("drill", "--data", candles, "--only", "cancelled-stop")
    assert (said.code, "name other candles with --data" in said.err) == (65, True), said.out + said.err


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_drill_is_passed(vigie: Vigie, seed: int) -> None:
    document = vigie("drill", "--seed", seed, "--json").document
    assert [(one["name"], one["failures"]) for one in document["drills"] if not one["passed"]] == []
    assert document["complete"]


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Arena:
    home = tmp_path_factory.mktemp("home")
    setup = drill_setup(PAPER, home)
    series, instruments = market_of(home, PAPER.pairs, PAPER.timeframe, None, 1)
    for one in arenas(dict.fromkeys(PAPER.pairs, setup.plan), series, instruments, 1):
        with staged(PAPER, setup, one, home) as stage:
            stage.open()
            stage.decide()
            if stage.held:
                return one
    raise AssertionError("nothing is bought")


class Forgetful(FillableDisk):
    """A journal that has lost its fills."""

    def read(self, after_seq: int = 0) -> Iterator[Entry]:
        return (one for one in super().read(after_seq) if not isinstance(one.event, FillSeen))


def lost_fill(stage: Stage) -> None:
    stage.world = replace(stage.world, journal=Forgetful(stage.disk._journal))


def bare_for_minutes(stage: Stage) -> None:
    stage.ex.do("cancel", symbol=stage.symbol, side="SELL")
    stage.observe()
    stage.ex.advance(120)
    stage.observe()
    stage.guard()


def bare_at_the_end(stage: Stage) -> None:
    stage.ex.do("cancel", symbol=stage.symbol, side="SELL")


def somebody_elses_order(stage: Stage) -> None:
    stage.ex.do("deposit", asset="USDT", amount="1000")
    stage.ex.do("place", symbol=stage.symbol, side="BUY", type="MARKET", quantity="0.01")


def sent_again(stage: Stage) -> None:
    """The entry once more under its own id, which the exchange takes: the first has ended."""
    entry = next(one for one in stage.engine.portfolio.orders.values() if one.intent.leg is Leg.ENTRY)
    stage.ex.do("deposit", asset="USDT", amount="100000")
    stage.ex.do("place", symbol=stage.symbol, side="BUY", type="MARKET", quantity=str(entry.intent.quantity),
                newClientOrderId=entry.intent.client_id)  # fmt: skip


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (lambda _: None, ""),
        (lost_fill, "are not in the journal"),
        (bare_for_minutes, "without a stop while the exchange answered"),
        (bare_at_the_end, "coins without a stop at the end"),
        (somebody_elses_order, "and the journal does not know it"),
        (sent_again, "was sent twice"),
    ],
)
def test_what_should_not_be_is_seen(
    tmp_path: Path, arena: Arena, trouble: Callable[[Stage], None], sentence: str
) -> None:
    with staged(PAPER, drill_setup(PAPER, tmp_path), arena, tmp_path) as stage:
        stage.open()
        stage.decide()
        trouble(stage)
        found = stage.failures()
    assert any(sentence in one for one in found) if sentence else found == []
