"""A search of its own process on real files, and a live account that goes over to what was taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.test_live import opened
from tests.fakes.certificates import a_certificate, certified
from tests.fakes.command_line import Vigie
from tests.fakes.live_markets import CALM, EXACT, LiveHouse
from tests.fakes.markets_on_disk import write_market
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.certificates import CertificateFolder
from vigie.app.research.certificates import proposals, take
from vigie.app.settings import account_settings
from vigie.app.trading.reoptimise import reoptimise
from vigie.decision.profile import plan
from vigie.domain import events as e
from vigie.domain.certificate import Certificate
from vigie.domain.portfolio import folded
from vigie.research.compile import source_hash
from vigie.strategy.strategy import load

TABLE = """
[accounts.live-main]
strategy = "ema_cross"
pairs = ["BTC/USDT"]
capital = 1000
[accounts.live-main.reoptimise]
every = "weekly"
day = "sunday"
hour = 3
arguments = [
  "--data", "{data}", "--min-trades", "1", "--folds", "2", "--grid", "fast=5,12", "--grid", "slow=30,60",
  "--grid", "warm_up=50", "--gate", "mean_sharpe=-99", "--gate", "win_rate=0", "--gate", "trades={trades}",
  "--gate", "folds=1", "--gate", "out_in_ratio=-99",
]
"""


@pytest.mark.long
def test_a_search_is_a_walk_forward_whose_certificate_waits_to_be_taken(vigie: Vigie, home: Path) -> None:
    data = write_market(home / "candles" / "binance_BTC-USDT_1h.csv", rows=1500)
    (home / "vigie.toml").write_text(TABLE.format(data=data, trades=1))
    # Not by the command: at a low priority it would wait for whatever else this machine is doing.
    done = reoptimise(home, account_settings(home, "live-main"), auto_promote=False, clock=SystemClock())
    name = done.certificate
    assert name is not None, done.text
    assert done.taken is False
    assert [one.path.stem for one in proposals(home)] == [name]
    assert vigie("certificate", "proposals", "--json").document["proposals"][0]["name"] == name
    assert vigie("certificate", "list", "--json").document["certificates"] == []
    assert "nothing was proved" in vigie("config", "check", "--account", "live-main", "--json").out
    assert "is taken" in vigie("certificate", "promote", name).out
    assert vigie("certificate", "list", "--json").document["certificates"][0]["name"] == name
    shown = vigie("config", "show", "--account", "live-main").out
    assert "reoptimise.every" in shown


def test_the_command_tells_what_came_of_it_and_gives_way_to_whoever_trades(home: Path) -> None:
    (home / "vigie.toml").write_text(TABLE.format(data=home / "missing", trades=1))
    source = (
        "import os, subprocess, sys\n"
        "from cli.main import run\n"
        "code = run(['reoptimise', '--account', 'live-main', '--auto-promote', '--json'])\n"
        "ask = [sys.executable, '-c', 'import os; print(os.nice(0))']\n"
        "child = subprocess.run(ask, capture_output=True, text=True)\n"
        "print(code, child.stdout, file=sys.stderr)\n"
    )
    told = os.environ | {"VIGIE_HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", source], env=told, capture_output=True, text=True, check=True)
    assert done.stderr.split() == ["0", str(os.nice(0) + 10)]
    assert json.loads(done.stdout)["text"].startswith("walk-forward failed with ")


def test_a_search_that_nobody_described_is_refused(vigie: Vigie, home: Path) -> None:
    said = vigie("reoptimise", "--account", "paper")
    assert said.code == 78
    assert "[accounts.paper.reoptimise]" in said.err
    (home / "vigie.toml").write_text('[accounts.paper.reoptimise]\nevery = "daily"\n')
    said = vigie("config", "check", "--account", "paper", "--json")
    assert said.code == 78
    assert 'every must be "weekly" or "monthly"' in said.document["problems"][0]


def proof(house: LiveHouse, words: dict[str, str], created_at: int) -> Certificate:
    made = plan(load("ema_cross"), "standard", {**EXACT, **CALM, **words})
    on = {str(one.pair): certified(one.candles) for one in house.series}
    found = a_certificate(strategy_hash=made.strategy.code_hash, code_hash=source_hash(), on=on)
    return replace(
        found, parameters=made.parameters.as_dict(), settings=dict(made.numbers), created_at=created_at
    )  # fmt: skip


FAST = {"fast": "3", "slow": "9", "trail_atr": "1", "activation_atr": "0.5"}
SLOW = {"fast": "5", "slow": "30", "trail_atr": "0.3", "activation_atr": "0.5"}


def test_a_certificate_that_is_taken_holds_for_what_is_opened_from_then_on_without_a_new_process(home: Path) -> None:
    with opened(home, days=2) as house:
        toml = house.home / "vigie.toml"
        ours = {*FAST}
        toml.write_text(
            "\n".join(line for line in toml.read_text().splitlines() if line.partition(" =")[0] not in ours)
        )
        CertificateFolder.of(home).save(proof(house, FAST, 1_750_000_000_000))
        second = proof(house, SLOW, 1_750_000_000_001)
        CertificateFolder.proposed(home).save(second)
        while not folded((one.seq, one.at, one.event) for one in house.lines()).holdings:
            house.run(1, without_certificate=None)
        before = folded((one.seq, one.at, one.event) for one in house.lines())

        def each(number: int) -> None:
            if number == 2:
                take(home, second.name)

        house.run(24, each=each, without_certificate=None)
        lines = house.lines()
        starts = [one.event for one in lines if isinstance(one.event, e.RunStarted)]
        ends = [one.event.reason for one in lines if isinstance(one.event, e.RunEnded)]
        assert ends[-2:] == ["another certificate is in force", "SIGTERM"]
        assert starts[-1].certificate == second.name
        assert starts[-2].certificate != second.name
        assert (starts[-2].numbers["trail_atr"], starts[-1].numbers["trail_atr"]) == ("1.0", "0.3")
        after = folded((one.seq, one.at, one.event) for one in lines)
        assert after.run not in before.runs
        trades = [one.event for one in lines if isinstance(one.event, e.TradeClosed)]
        assert {one.pair for one in trades} >= set(before.holdings)
        assert house.problems == []
