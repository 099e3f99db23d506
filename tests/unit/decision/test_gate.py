"""Each rule of the gate alone, and all of them together: unknown is no, and every no is told."""

from __future__ import annotations

import math

import pytest

from tests.unit.decision.cases import facts
from vigie.decision.facts import Facts
from vigie.decision.gate import refusals, rule_names
from vigie.decision.registry import GateRule, gate_rules

NAN = math.nan
RULES = {rule.name: rule for rule in gate_rules()}

LIMITS: dict[str, float] = {
    "cooldown": 12,
    "correlation": 0.85,
    "daily_loss": 0.05,
    "defined_stop": 0.0,
    "drawdown": 0.15,
    "heat": 0.02,
    "holes": 24,
    "long_only": 1,
    "losing_streak": 3,
    "max_open_positions": 5,
    "order_size": 25.0,
    "placeable_stop": 0.0,
    "stop_too_far": 0.05,
    "stop_too_near": 0.015,
    "target_required": 0.02,
    "total_loss": 0.10,
    "trades_per_day": 5,
}

ALLOWED = [
    ("cooldown", {"bars_since_stop": 12.0}),
    ("cooldown", {"bars_since_stop": math.inf}),
    ("correlation", {"correlation": 0.85}),
    # The lowest equity of the day: 9,500.01 > 10,000 x (1 - 0.05).
    ("daily_loss", {"day_lowest_equity": 9_500.01}),
    ("defined_stop", {"stop_distance": 1e-9}),
    ("drawdown", {"worst_drawdown": 0.1499}),
    # Two coins with a stop 3 away plan to lose 6; the day may lose 200 in all.
    ("heat", {"heat": 194.0}),
    ("heat", {"heat": 94.0, "equity": 9_900.0}),
    ("heat", {"heat": 194.0, "equity": 12_000.0}),
    ("holes", {"candles_in_row": 24}),
    ("long_only", {"direction": 1}),
    ("losing_streak", {"losing_streak": 2}),
    ("max_open_positions", {"open_positions": 4}),
    ("order_size", {"quantity": 0.25, "notional": 25.0}),
    ("order_size", {"quantity": 0.25, "min_quantity": 0.25}),
    ("order_size", {"notional": 200.0, "min_notional": 200.0}),
    # The price is 100: a stop 99.99 below it lies at 0.01.
    ("placeable_stop", {"stop_distance": 99.99}),
    ("stop_too_far", {"stop_distance": 5.0}),
    ("stop_too_near", {"stop_distance": 1.5}),
    ("target_required", {"target_distance": 2.01}),
    ("total_loss", {"lowest_equity": 9_000.01}),
    ("trades_per_day", {"trades_today": 4}),
]

REFUSED = [
    ("cooldown", {"bars_since_stop": 11.0}),
    ("cooldown", {"bars_since_stop": NAN}),
    ("correlation", {"correlation": 0.8501}),
    ("correlation", {"correlation": NAN}),
    # 9,500 is not above 10,000 x 0.95: reached is refused.
    ("daily_loss", {"day_lowest_equity": 9_500.0}),
    ("daily_loss", {"day_lowest_equity": NAN}),
    ("daily_loss", {"day_first_equity": NAN}),
    # An account that reads as empty (lesson 60).
    ("daily_loss", {"day_first_equity": 0.0, "day_lowest_equity": 0.0}),
    ("defined_stop", {"stop_distance": 0.0}),
    ("defined_stop", {"stop_distance": -1.0}),
    ("defined_stop", {"stop_distance": NAN}),
    ("defined_stop", {"stop_distance": math.inf}),
    ("drawdown", {"worst_drawdown": 0.15}),
    ("drawdown", {"worst_drawdown": NAN}),
    ("heat", {"heat": 194.01}),
    ("heat", {"heat": 94.01, "equity": 9_900.0}),
    ("heat", {"heat": NAN}),
    ("heat", {"equity": NAN}),
    ("heat", {"day_first_equity": NAN}),
    ("heat", {"quantity": NAN}),
    ("heat", {"stop_distance": NAN}),
    ("holes", {"candles_in_row": 23}),
    ("holes", {"candles_in_row": NAN}),
    ("long_only", {"direction": -1}),
    ("long_only", {"direction": 0}),
    ("long_only", {"direction": NAN}),
    ("losing_streak", {"losing_streak": 3}),
    ("losing_streak", {"losing_streak": NAN}),
    ("max_open_positions", {"open_positions": 5}),
    ("max_open_positions", {"open_positions": 6}),
    ("max_open_positions", {"open_positions": NAN}),
    ("order_size", {"quantity": 0.0}),
    ("order_size", {"quantity": NAN}),
    ("order_size", {"quantity": 0.0999}),
    ("order_size", {"min_quantity": NAN}),
    ("order_size", {"notional": 24.99}),
    ("order_size", {"notional": NAN}),
    ("order_size", {"notional": 199.99, "min_notional": 200.0}),
    ("order_size", {"min_notional": NAN}),
    ("placeable_stop", {"stop_distance": 100.0}),
    ("placeable_stop", {"stop_distance": 250.0}),
    ("placeable_stop", {"stop_distance": NAN}),
    ("placeable_stop", {"price": NAN}),
    ("placeable_stop", {"price": 0.0}),
    ("stop_too_far", {"stop_distance": 5.01}),
    ("stop_too_far", {"stop_distance": NAN}),
    ("stop_too_far", {"price": NAN}),
    ("stop_too_near", {"stop_distance": 1.49}),
    ("stop_too_near", {"stop_distance": NAN}),
    ("stop_too_near", {"price": NAN}),
    ("target_required", {"target_distance": 2.0}),
    ("target_required", {"target_distance": NAN}),
    ("target_required", {"price": NAN}),
    ("total_loss", {"lowest_equity": 9_000.0}),
    ("total_loss", {"lowest_equity": NAN}),
    ("total_loss", {"start_equity": NAN}),
    ("trades_per_day", {"trades_today": 5}),
    ("trades_per_day", {"trades_today": NAN}),
]


def alone(name: str, given: Facts) -> tuple[str, ...]:
    """The verdict with only this rule switched on."""
    return refusals(given, {rule: limit if rule == name else NAN for rule, limit in LIMITS.items()})


@pytest.mark.parametrize(("name", "changes"), ALLOWED)
def test_a_rule_lets_through_up_to_its_limit(name: str, changes: dict[str, float]) -> None:
    assert alone(name, facts(**changes)) == ()


@pytest.mark.parametrize(("name", "changes"), REFUSED)
def test_a_rule_refuses_from_its_limit_on_and_what_is_unknown(name: str, changes: dict[str, float]) -> None:
    assert alone(name, facts(**changes)) == (name,)


@pytest.mark.parametrize(("name", "changes"), REFUSED)
def test_a_rule_that_is_switched_off_refuses_nothing(name: str, changes: dict[str, float]) -> None:
    assert name not in refusals(facts(**changes), LIMITS | {name: NAN})
    assert name not in refusals(facts(**changes), {rule: LIMITS[rule] for rule in LIMITS if rule != name})


def test_the_order_size_limit_may_be_zero_but_an_order_never() -> None:
    rule = RULES["order_size"]
    assert rule.refuses(facts(notional=0.0, min_notional=0.0), 0.0)
    assert not rule.refuses(facts(notional=0.01, min_notional=0.0), 0.0)


def test_every_rule_gives_its_verdict_and_not_only_the_first() -> None:
    everything_wrong = Facts(
        direction=-1,
        price=NAN,
        stop_distance=NAN,
        target_distance=NAN,
        quantity=0.0,
        notional=0.0,
        min_quantity=0.0,
        min_notional=0.0,
        open_positions=9,
        correlation=1.0,
        equity=NAN,
        day_first_equity=NAN,
        day_lowest_equity=NAN,
        worst_drawdown=0.9,
        start_equity=NAN,
        lowest_equity=NAN,
        heat=NAN,
        trades_today=9,
        losing_streak=9,
        candles_in_row=0,
        bars_since_stop=0.0,
    )
    assert refusals(everything_wrong, LIMITS) == tuple(sorted(LIMITS))
    assert refusals(facts(), LIMITS) == ()


def test_this_table_knows_every_rule() -> None:
    assert set(LIMITS) == set(RULES) == {name for name, _ in REFUSED} == {name for name, _ in ALLOWED}
    assert rule_names() == tuple(sorted(RULES))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_number_of_a_rule_is_described_and_its_default_is_within_its_bounds(rule: GateRule) -> None:
    assert rule.number.help
    assert rule.number.read(rule.number.default) == rule.number.default
