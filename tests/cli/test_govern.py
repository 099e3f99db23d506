"""``vigie govern``: the rules, asked of a replay by the engine and of one that was forged afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_journal import rewritten
from tests.fakes.accounts_on_disk import begun
from tests.fakes.command_line import Vigie
from vigie.engine.governance.registry import rules
from vigie.reporting.governance import check_rows

NAMES = [rule.name for rule in rules()]


def forge_a_profit(_: int, fields: dict[str, object]) -> None:
    if "profit" in fields:
        fields["profit"] = str(float(str(fields["profit"])) + 1)


def test_the_list_names_every_rule_invariant_and_phase(vigie: Vigie) -> None:
    said = vigie("govern", "list")
    assert said.code == 0
    document = json.loads(vigie("govern", "list", "--json").out)
    assert [one["rule"] for one in document["rules"]] == NAMES
    for rule in document["rules"]:
        assert rule["title"] in said.out
        for one in rule["invariants"]:
            assert f"{one['number']} " in said.out
            assert one["text"] in said.out
    assert {one["phase"] for rule in document["rules"] for one in rule["invariants"]} == {
        "before an order", "each cycle", "at boot", "in audit",
    }  # fmt: skip


@pytest.mark.usefixtures("replayed_account")
def test_a_replay_breaks_no_rule(vigie: Vigie) -> None:
    said = vigie("govern", "check")
    assert (said.code, said.out.rstrip().endswith("no breach")) == (0, True)
    document = json.loads(vigie("govern", "check", "--json").out)
    assert (document["holds"], document["count"], document["breaches"]) == (True, 0, [])
    assert document["lines"] > 100


def test_a_breach_is_told_with_its_line_and_exits_3(vigie: Vigie, replayed_account: Path) -> None:
    rewritten(replayed_account, forge_a_profit)
    said = vigie("govern", "check")
    assert said.code == 3
    assert "R4.9" in said.out
    document = json.loads(vigie("govern", "check", "--json").out)
    assert document["count"] == len(document["breaches"]) > 1
    assert said.out.rstrip().endswith(f": {document['count']} breaches")
    *_, alone = check_rows({**document, "count": 1, "breaches": document["breaches"][:1]})
    assert alone.text == "1 breach"
    assert {one["number"] for one in document["breaches"]} == {"4.9"}
    line = json.loads(vigie("journal", "show", str(document["breaches"][0]["seq"]), "--json").out)
    assert "profit" in json.dumps(line)


def test_one_rule_can_be_asked_alone_and_times_before_left_out(vigie: Vigie, replayed_account: Path) -> None:
    rewritten(replayed_account, forge_a_profit)
    assert vigie("govern", "check", "--rule", "R5").code == 0
    assert vigie("govern", "check", "--rule", "r4").code == 3
    assert vigie("govern", "check", "--since", "20300101").code == 0
    said = vigie("govern", "check", "--rule", "R11")
    assert said.code == 78
    assert "there is no rule 'R11'" in said.err


def test_the_audit_scores_what_was_executed_and_names_the_rule_that_fails(vigie: Vigie, replayed_account: Path) -> None:
    before = json.loads(vigie("govern", "audit", "--json").out)
    assert (before["holds"], before["score"], before["passed"]) == (True, 1.0, before["executed"])
    rewritten(replayed_account, forge_a_profit)
    said = vigie("govern", "audit")
    assert said.code == 3
    after = json.loads(vigie("govern", "audit", "--json").out)
    assert after["score"] < before["score"]
    assert [one["rule"] for one in after["rules"] if one["word"] == "fail"] == ["R4"]
    (row,) = [line for line in said.out.splitlines() if line.startswith("R4 ")]
    assert " fail " in row
    assert f"{after['passed']} of {after['executed']}" in said.out


def test_a_rule_that_had_nothing_to_look_at_was_not_run(vigie: Vigie, home: Path) -> None:
    from tests.fakes.accounts import BASELINE

    begun(home, events=(BASELINE,))
    document = json.loads(vigie("govern", "audit", "--json").out)
    words = {one["rule"]: one["word"] for one in document["rules"]}
    assert words["R5"] == words["R7"] == "not-run"
    assert document["executed"] < sum(len(one["invariants"]) for one in document["rules"])


def test_a_broken_chain_is_a_breach_of_the_tenth_rule(vigie: Vigie, replayed_account: Path) -> None:
    (first, *_) = sorted((replayed_account / "journal").glob("*.jsonl"))
    content = first.read_bytes()
    first.write_bytes(content.replace(b'"kind":"decision"', b'"kind":"Decision"', 1))
    said = vigie("govern", "check")
    assert said.code == 3
    assert "R10.2" in said.out


@pytest.mark.parametrize("command", ["check", "audit"])
def test_without_an_account_it_is_said_what_is_missing(vigie: Vigie, command: str) -> None:
    said = vigie("govern", command)
    assert said.code == 78
    assert "there is no account yet" in said.err


def test_the_commands_read_and_never_write(vigie: Vigie, replayed_account: Path) -> None:
    def seen() -> dict[str, bytes]:
        return {str(one): one.read_bytes() for one in replayed_account.rglob("*") if one.is_file()}

    before = seen()
    for words in (["list"], ["check"], ["audit", "--days", "3"]):
        vigie("govern", *words)
    assert seen() == before
