"""Each invariant catches its breach, nobody else does without its rule, and what is right passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.engine.governance.cases import (
    AUDIT,
    BOOT,
    CYCLE,
    ORDER,
    good_journal,
    good_proposal,
    good_standing,
)
from vigie.domain.errors import InvariantBroken
from vigie.domain.holdings import OrderRecord
from vigie.domain.order_status import OrderStatus
from vigie.engine.governance.audit import audited
from vigie.engine.governance.evidence import Phase
from vigie.engine.governance.governor import Governor
from vigie.engine.governance.registry import Rule, rules
from vigie.ports.journal import Entry

NAMES = [f"R{number}" for number in range(1, 11)]


def broken_chain() -> Iterator[Entry]:
    yield from good_journal()[:5]
    raise InvariantBroken("2025-06.jsonl, line 6: its hash does not fit")


def found(number: str, known: tuple[Rule, ...]) -> list[str]:
    """Numbers of what is broken by the case of an invariant."""
    governor = Governor(known)
    if number in ORDER:
        return [one.number for one in governor.refusing(ORDER[number]())]
    if number in CYCLE:
        return [one.number for one in governor.breaches(Phase.CYCLE, CYCLE[number]())]
    if number in BOOT:
        return [one.number for one in governor.breaches(Phase.BOOT, BOOT[number]())]
    lines = broken_chain() if number == "10.2" else iter(AUDIT[number]())
    return [name for name, one in audited(lines, known).findings.items() if one.count]


CASES = [*ORDER, *CYCLE, *BOOT, *AUDIT, "10.2"]


@pytest.mark.parametrize("number", CASES)
def test_each_invariant_catches_its_breach(number: str) -> None:
    assert number in found(number, rules())


@pytest.mark.parametrize("name", NAMES)
def test_no_rule_can_be_taken_away_unnoticed(name: str) -> None:
    """For each rule there are breaches that it alone catches: disabled, the test above fails."""
    rule = next(one for one in rules() if one.name == name)
    others = tuple(one for one in rules() if one is not rule)
    own = [one.number for one in rule.invariants]
    alone = [number for number in own if found(number, others) == []]
    assert alone, "somebody else catches all that it does"
    assert all(number in found(number, rules()) for number in alone)


def test_what_is_right_passes() -> None:
    governor = Governor()
    assert governor.refusing(good_proposal()) == ()
    assert governor.breaches(Phase.CYCLE, good_standing()) == ()
    assert governor.breaches(Phase.BOOT, good_standing()) == ()
    audit = audited(good_journal())
    assert {number: one.breaches for number, one in audit.findings.items() if one.count} == {}
    assert audit.holds
    assert audit.score == 1.0


def test_ten_rules_are_found_by_file_name_and_every_invariant_has_a_case() -> None:
    assert [one.name for one in rules()] == NAMES
    numbers = [one.number for rule in rules() for one in rule.invariants]
    assert len(numbers) == len(set(numbers))
    assert sorted(numbers) == sorted(CASES)
    for rule in rules():
        assert all(f"R{one.number.split('.')[0]}" == rule.name for one in rule.invariants)
        assert rule.title
    assert {one.phase for rule in rules() for one in rule.invariants} == set(Phase)


# --- closed, not open ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "number"),
    [
        ("equity", "3.1"),
        ("price", "3.1"),
        ("stop_distance", "6.1"),
        ("candles_in_row", "2.3"),
    ],
)
def test_what_is_not_known_means_no_entry(field: str, number: str) -> None:
    unknown = replace(good_proposal(), facts=good_proposal().facts._replace(**{field: float("nan")}))
    assert number in [one.number for one in Governor().refusing(unknown)]


def test_a_correlation_that_is_not_known_means_no_entry() -> None:
    good = good_proposal()
    plan = replace(good.setup.plan, limits={**good.setup.plan.limits, "correlation": 0.7})
    unknown = replace(good, setup=replace(good.setup, plan=plan), facts=good.facts._replace(correlation=float("nan")))
    assert [one.number for one in Governor().refusing(unknown)] == ["5.1"]


def test_a_clock_or_a_candle_that_is_not_known_means_no_entry() -> None:
    good = good_proposal()
    assert "2.1" in [one.number for one in Governor().refusing(replace(good, newest_at=None))]
    nobody = replace(good, intent=replace(good.intent, candle_at=None))
    assert {"2.1", "2.2"} <= {one.number for one in Governor().refusing(nobody)}


def test_a_check_that_cannot_tell_says_no() -> None:
    broken = replace(good_proposal(), verdicts=None)  # type: ignore[arg-type]
    said = {one.number: one.text for one in Governor().refusing(broken)}
    assert "cannot be told" in said["10.1"]


def test_breaches_before_an_instant_are_not_told() -> None:
    lines = AUDIT["4.9"]()
    assert not audited(lines).holds
    assert audited(lines, since_ms=lines[-1].at + 1).holds


def test_an_invariant_without_a_line_that_concerns_it_was_not_run_and_earns_nothing() -> None:
    audit = audited(good_journal()[:3])
    by_name = {rule.name: audit.word(rule) for rule in audit.rules}
    assert by_name["R5"] == "not-run"
    assert by_name["R9"] == "pass"
    assert audit.findings["5.4"].word == "not-run"
    assert audited([]).score != audited([]).score


def test_an_entry_whose_fills_are_still_to_come_lets_no_second_one_through() -> None:
    """Found by the state machine: it was no position yet, and a third one was bought where two are allowed."""
    good = good_proposal()
    waiting = OrderRecord(replace(good.intent, client_id="f" * 32, pair="ETH/USDT"), OrderStatus.PARTIAL)
    account = replace(good.account, orders={"f" * 32: waiting})
    assert [one.number for one in Governor().refusing(replace(good, account=account))] == ["4.2"]
