"""docs/json.md is what ``--json`` prints: every document that a test of commands reads is held to it, and these."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import click
import pytest

from tests.fakes.command_line import Vigie
from tests.fakes.command_tree import root
from tests.fakes.json_documents import PAGE, differences, documented
from vigie.domain.saved_result import SavedResult

CHECKOUT = Path(__file__).resolve().parents[2]
SCHEMA = re.compile(r"vigie\.[a-z_.]+/\d+")
MADE = {f"vigie.{word}/1" for word in ("pause", "resume", "halt", "close", "stop", "start")} | {
    f"vigie.exchange.{word}/1" for word in ("advance", "faults", "do", "reset")
}
"""Schemas that the code puts together from the name of the command."""


def schemas() -> set[str]:
    found = set()
    for package in ("vigie", "cli"):
        for path in (CHECKOUT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)) if SCHEMA.search(text) else ():
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and SCHEMA.fullmatch(node.value):
                    found.add(node.value)
    return found


def test_the_page_lists_every_schema_of_the_code_and_no_other() -> None:
    assert len(schemas()) > 50
    assert schemas() | MADE == set(documented())


def test_every_document_has_fields_that_are_told() -> None:
    assert [name for name, fields in documented().items() if not fields] == ["vigie.exchange.do/1"]
    assert set(documented()["vigie.status/1"]) > {"account", "healthy", "mode", "positions"}


def test_every_command_that_the_page_names_exists() -> None:
    named = re.findall(r"^`vigie ([a-z-]+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(named) > 50
    group = root()
    assert set(named) <= set(group.list_commands(click.Context(group, info_name="vigie")))


def test_a_saved_result_has_the_fields_that_are_told() -> None:
    told = set(documented()["vigie.result/1"])
    assert told == {name for name in SavedResult.__slots__ if name != "daily"} | {"daily_returns"}


def test_a_field_that_is_new_gone_or_of_another_kind_is_found() -> None:
    good = {"schema": "vigie.capital/1", "account": "paper", "quote": "USDT", "capital": "10", "free": "5"}
    assert differences(good) == []
    assert differences({**good, "free": 5.0}) == ["vigie.capital/1: free is float"]
    assert differences({**good, "more": 1}) == ["docs/json.md names no field more of vigie.capital/1"]
    assert differences({key: good[key] for key in good if key != "quote"}) == ["vigie.capital/1 has no field quote"]
    assert differences({"schema": "vigie.new/1"}) == ["docs/json.md does not know vigie.new/1"]


TOUR = """
init | data list | strategy list | strategy show ema_cross | certificate list | certificate proposals | trials
config check | config show | deploy cron | status | healthcheck | journal --last 3 | journal show 7 | journal trades
journal verify | journal tax --year 2020 | journal rebuild --dry-run | govern list | govern check --rule R4
govern audit --days 400 | alert list | alert spool | alert daily | reconcile | capital | doctor | watchdog --once
backup create | logs | logs archive | pause | halt | stop | start
"""


@pytest.mark.usefixtures("replayed_account")
def test_what_commands_print_is_what_the_page_says(vigie: Vigie, home: Path) -> None:
    (home / "vigie.toml").write_text('[accounts.replay-1]\npairs = ["BTC/USDT", "ETH/USDT"]\n', encoding="utf-8")
    (home / "logs" / "paper").mkdir(parents=True)
    (home / "logs" / "paper" / "replay-1.log").touch()
    for line in TOUR.replace("\n", "|").split("|"):
        if not line.strip():
            continue
        words = shlex.split(line)
        account = ["--account", "replay-1"] if words[0] in ("reconcile", "capital", "doctor", "pause", "deploy") else []
        said = vigie(*words, *account, "--json")
        assert said.code in (0, 3), (line, said.err)
        assert said.document["schema"].startswith("vigie."), line
    code = vigie("status", "--json").document["resume_code"]
    assert vigie("resume", "--confirm", code, "--json").document["accounts"]
    (archive,) = (home / "backups").iterdir()
    assert vigie("backup", "verify", archive, "--json").document["ok"]
