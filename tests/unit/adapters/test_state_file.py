"""The snapshot: never a moment without a good copy, and never a doubt about a bad one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.accounts import ENTERED, account
from vigie.adapters.storage.sealed import seal, unseal
from vigie.adapters.storage.state_file import SCHEMA, StateFile
from vigie.domain.errors import ConfigError
from vigie.domain.portfolio import Portfolio
from vigie.domain.record import to_json
from vigie.ports.state_store import Loaded

ONE, TWO, THREE = (Portfolio(seq=seq) for seq in (1, 2, 3))


@pytest.fixture
def state(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path / "paper" / "state.json", "paper")


def names(state: StateFile) -> list[str]:
    return sorted(path.name for path in state.path.parent.iterdir())


def test_there_is_nothing_before_the_first_snapshot(state: StateFile) -> None:
    assert state.load() == Loaded(None, "nothing")


def test_a_snapshot_is_read_back_as_it_was_saved(state: StateFile) -> None:
    whole = account(ENTERED)
    state.save(whole)
    assert state.load() == Loaded(whole, "state")
    assert names(state) == ["state.json"]


def test_the_one_before_becomes_the_backup(state: StateFile) -> None:
    for one in (ONE, TWO, THREE):
        state.save(one)
    state.path.unlink()
    assert state.load() == Loaded(TWO, "backup", (f"{state.path}: it does not exist",))
    state.save(ONE)
    assert names(state) == ["state.json", "state.json.bak"]


def test_a_damaged_snapshot_never_becomes_the_backup(state: StateFile) -> None:
    state.save(ONE)
    state.save(TWO)
    state.path.write_bytes(state.path.read_bytes().replace(b'"seq":2', b'"seq":9'))
    assert state.load().portfolio == ONE
    state.save(THREE)
    assert state.load() == Loaded(THREE, "state")
    state.path.unlink()
    assert state.load().portfolio == ONE


def test_a_crash_between_the_backup_and_the_snapshot_is_survived_by_the_next_save(state: StateFile) -> None:
    state.save(ONE)
    # What a kill in the middle leaves: two names of one file, and a temporary third.
    os.link(state.path, state.backup)
    os.link(state.path, state.path.with_name(".state.json.bak.tmp"))
    assert state.load() == Loaded(ONE, "state")
    state.save(TWO)
    assert (state.load().portfolio, names(state)) == (TWO, ["state.json", "state.json.bak"])
    state.path.unlink()
    assert state.load().portfolio == ONE


NO_LINKS = """
import os, sys
from pathlib import Path
def refused(*_, **__): raise OSError(95, "no hard links here")
os.link = refused
from vigie.adapters.storage.state_file import StateFile
from vigie.domain.portfolio import Portfolio
state = StateFile(Path(sys.argv[1]), "paper")
for seq in (1, 2, 3): state.save(Portfolio(seq=seq))
state.path.unlink()
print(state.load().portfolio.seq)
"""


def test_a_file_system_without_hard_links_has_a_backup_too(state: StateFile) -> None:
    done = subprocess.run([sys.executable, "-c", NO_LINKS, str(state.path)], capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"
    assert names(state) == ["state.json.bak"]


def spoilt(state: StateFile, **members: Any) -> None:
    """A file with a correct checksum and another content."""
    document = {"schema": SCHEMA, "account": "paper", "portfolio": to_json(ONE), **members}
    raw, _ = seal({name: value for name, value in document.items() if value is not None}, "sha256")
    state.path.parent.mkdir(exist_ok=True)
    state.path.write_bytes(raw + b"\n")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"account": "live-a"}, "it is the state of account live-a, not of paper"),
        ({"schema": None}, "it does not say its schema"),
        ({"schema": True}, "it does not say its schema"),
        ({"schema": 0}, "it has schema 0, and nothing leads from there to 2"),
        ({"portfolio": None}, "'portfolio'"),
        ({"portfolio": {"seq": "1"}}, "Portfolio.seq: '1' is not a whole number"),
        ({"portfolio": {"mood": 1}}, "Portfolio has no field 'mood'"),
    ],
)
def test_a_content_that_does_not_fit_is_told(state: StateFile, members: dict[str, Any], words: str) -> None:
    spoilt(state, **members)
    loaded = state.load()
    assert (loaded.portfolio, loaded.source) == (None, "nothing")
    assert loaded.problems[0] == f"{state.path}: {words}"


def test_a_folder_in_its_place_is_told(state: StateFile) -> None:
    state.path.mkdir(parents=True)
    loaded = state.load()
    assert loaded.source == "nothing"
    assert "it cannot be read" in loaded.problems[0]
    with pytest.raises(OSError, match="directory"):
        state.save(ONE)


def in_cents(portfolio: dict[str, Any]) -> dict[str, Any]:
    """Schema 0 counted cash in cents."""
    cents = Decimal(portfolio.pop("cents"))
    return {**portfolio, "cash": str(cents / 100)}


def test_an_older_snapshot_is_migrated_step_by_step(state: StateFile) -> None:
    old = to_json(ONE)
    del old["cash"]
    spoilt(state, schema=0, portfolio={**old, "cents": "1250"})
    newer = StateFile(state.path, "paper", migrations={0: in_cents, 1: lambda portfolio: portfolio})
    assert newer.load() == Loaded(Portfolio(seq=1, cash=Decimal("12.5")), "state", migrated=(0, SCHEMA))
    newer.save(TWO)
    assert json.loads(state.path.read_bytes())["schema"] == SCHEMA
    state.path.unlink()
    assert newer.load().portfolio == Portfolio(seq=1, cash=Decimal("12.5"))


def test_a_later_snapshot_is_neither_read_nor_overwritten(state: StateFile) -> None:
    state.save(ONE)
    spoilt(state, schema=3)
    before = state.path.read_bytes()
    with pytest.raises(ConfigError, match=r"state.json: it has schema 3, this vigie knows 2: use the later vigie"):
        state.load()
    with pytest.raises(ConfigError, match="schema 3"):
        state.save(TWO)
    assert state.path.read_bytes() == before


def test_anybody_can_see_what_is_in_it(state: StateFile) -> None:
    state.save(TWO)
    document = json.loads(state.path.read_bytes())
    assert list(document) == ["schema", "account", "portfolio", "sha256"]
    assert document["portfolio"]["seq"] == 2


def test_a_seal_is_closed_with_the_hash_and_nothing_else_opens_it() -> None:
    raw, digest = seal({"a": "é"}, "hash")
    assert raw == b'{"a":"\\u00e9","hash":"' + digest.encode() + b'"}'
    assert unseal(raw, "hash") == ({"a": "é"}, digest)
    for other in (b"", b"{}", raw[:-1], raw + b" ", raw.upper(), b"[" + raw[1:]):
        with pytest.raises(ValueError, match=r"it does not end with its hash|does not match its hash"):
            unseal(other, "hash")
    with pytest.raises(ValueError, match="does not end with its sha256"):
        unseal(raw, "sha256")


def test_a_snapshot_of_the_first_schema_is_read_and_said_to_be_one(state: StateFile) -> None:
    old = to_json(account(ENTERED))
    # What the first schema knew nothing of.
    for name in ("run", "runs", "gaps", "samples", "fees_elsewhere", "fees_elsewhere_value"):
        del old[name]
    for held in old["holdings"].values():
        for name in ("run", "bare_since", "gaps", "slippage", "fees_elsewhere"):
            del held[name]
    spoilt(state, schema=1, portfolio=old)
    loaded = state.load()
    assert (loaded.source, loaded.problems, loaded.migrated) == ("state", (), (1, SCHEMA))
    assert loaded.portfolio is not None
    assert loaded.portfolio.cash == account(ENTERED).cash
    state.save(account(ENTERED))
    assert state.load().migrated is None
