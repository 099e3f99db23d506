"""`vigie.toml` changes between two runs while a position is open: it goes on by what it was opened under."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.test_live import opened, written
from tests.fakes.command_line import Vigie
from tests.fakes.live_markets import NAME, LiveHouse
from vigie.domain import events as e
from vigie.domain.portfolio import Portfolio, folded


def account_of(house: LiveHouse) -> Portfolio:
    return folded((one.seq, one.at, one.event) for one in house.lines())


def test_what_is_set_between_two_runs_holds_for_the_next_position(vigie: Vigie, home: Path) -> None:
    with opened(home, days=2) as house:
        house.run(1)
        while not account_of(house).holdings:
            house.run(1)
        before = account_of(house)
        toml = house.home / "vigie.toml"
        words = {'trail_atr = "1"': 'trail_atr = "0.3"', 'fast = "3"': 'fast = "5"', 'slow = "9"': 'slow = "30"'}
        text = toml.read_text()
        for old, new in words.items():
            assert old in text
            text = text.replace(old, new)
        toml.write_text(text)
        house.run(24)
        lines, after = house.lines(), account_of(house)
        runs = [one.event for one in lines if isinstance(one.event, e.RunStarted)]
        assert (runs[0].numbers["trail_atr"], runs[-1].numbers["trail_atr"]) == ("1.0", "0.3")
        trades = [one.event for one in lines if isinstance(one.event, e.TradeClosed)]
        assert {one.pair for one in trades} >= set(before.holdings), "what was open then is over now"
        assert after.run not in before.runs
        # Every decision is held to the plan that its position was opened under; the others to the plan of the day.
        found = vigie("parity", "--account", NAME, "--data", written(house), "--json")
        assert (found.code, found.document["first_difference"]) == (0, None)
        assert found.document["managed"] > 0
        assert house.problems == []
