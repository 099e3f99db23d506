"""A plan is a profile, a strategy and overrides, checked as a whole; every problem is told at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest

from vigie.decision.policies import Extreme, FillAt, GapPolicy, StopTest, TrailFrom
from vigie.decision.profile import Plan, Planner, load_profile, number_specs, plan, profile_names
from vigie.decision.registry import gate_rules, sizing_rules
from vigie.decision.settings import Settings
from vigie.domain.errors import ConfigError
from vigie.strategy.params import Params, number
from vigie.strategy.strategy import Strategy, load, names

STRATEGY = load("ema_cross")


def planned(profile: str = "standard", **overrides: str) -> Plan:
    return plan(STRATEGY, profile, overrides)


def problems(profile: str = "standard", strategy: Strategy = STRATEGY, **overrides: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        plan(strategy, profile, overrides)
    return caught.value.problems


# --- profiles ---------------------------------------------------------------------------------------------------------


def test_the_profiles_are_found_by_file_name() -> None:
    assert profile_names() == ["classic-a", "classic-b", "classic-c", "standard", "titan"]


@pytest.mark.parametrize("profile", profile_names())
@pytest.mark.parametrize("strategy", names())
def test_every_profile_and_its_presets_are_valid_for_every_strategy(profile: str, strategy: str) -> None:
    made = plan(load(strategy), profile, {})
    assert made.profile == profile
    for name, value in made.strategy.presets.get(profile, {}).items():
        assert getattr(made.parameters, name) == value
    for name, value in load_profile(profile).settings.items():
        assert getattr(made.settings, name) == value


@pytest.mark.parametrize("strategy", names())
def test_presets_belong_to_profiles_that_exist(strategy: str) -> None:
    assert set(load(strategy).presets) <= set(profile_names())


@pytest.mark.parametrize("profile", profile_names())
def test_a_profile_names_only_rules_and_numbers_that_exist(profile: str) -> None:
    loaded = load_profile(profile)
    assert loaded.summary
    assert set(loaded.settings) <= set(Settings.specs())
    assert set(loaded.sizing_numbers) <= {rule.number.name for rule in sizing_rules()}
    assert set(loaded.guard_numbers) <= {rule.number.name for rule in gate_rules()}
    assert (loaded.guards or frozenset()) <= {rule.name for rule in gate_rules()}


def test_an_unknown_profile_is_answered_with_a_suggestion() -> None:
    assert "unknown profile 'clasic-a'; did you mean 'classic-a'?" in problems("clasic-a")[0]
    with pytest.raises(ConfigError, match="did you mean 'standard'"):
        load_profile("standart")


def test_the_standard_profile_is_the_documented_system() -> None:
    made = planned()
    settings = made.settings
    assert (settings.sizing, made.sizing_amount) == ("risk", 0.02)
    assert (settings.fee_fraction, settings.slippage_fraction) == (0.001, 0.0005)
    assert (settings.fill_at, settings.stop_test, settings.stop_limit_fraction) == ("next_open", "intrabar", 0.005)
    assert (settings.trail_from, settings.activation_atr, settings.trail_atr) == ("activation", 5.5, 5.5)
    assert (settings.wallet, settings.capital, settings.correlation_window) == ("shared", 10_000.0, 168)
    assert made.parameters.as_dict()["stop_atr"] == 3.0
    assert {name: limit for name, limit in made.limits.items() if not math.isnan(limit)} == {
        "cooldown": 0.0,
        "correlation": 0.85,
        "daily_loss": 0.05,
        "defined_stop": 0.0,
        "drawdown": 0.15,
        "holes": 24.0,
        "long_only": 1.0,
        "max_open_positions": 5.0,
        "order_size": 0.0,
        "placeable_stop": 0.0,
    }


@pytest.mark.parametrize(
    ("profile", "on"), [("classic-a", set()), ("classic-b", set()), ("classic-c", {"cooldown", "defined_stop"})]
)
def test_the_classic_profiles_have_their_guards_off(profile: str, on: set[str]) -> None:
    assert {name for name, limit in planned(profile).limits.items() if not math.isnan(limit)} == on


def test_titan_is_the_second_systems_numbers() -> None:
    made = plan(load("ema_stochrsi"), "titan", {})
    assert (made.settings.sizing, made.sizing_amount, made.settings.max_position_fraction) == ("risk", 0.01, 0.15)
    assert made.settings.limits_sell
    assert made.parameters.as_dict()["target_atr"] == 5.0, "a target is required: there has to be one"
    assert dict(made.limits) == {
        "cooldown": 0.0,
        "correlation": 0.7,
        "daily_loss": 0.02,
        "defined_stop": 0.0,
        "drawdown": 0.15,
        "heat": 0.02,
        "holes": 24.0,
        "long_only": 1.0,
        "losing_streak": 3.0,
        "max_open_positions": 6.0,
        "order_size": 0.0,
        "placeable_stop": 0.0,
        "stop_too_far": 0.05,
        "stop_too_near": 0.015,
        "target_required": 0.0,
        "total_loss": 0.10,
        "trades_per_day": 5.0,
    }


def test_an_optional_rule_is_off_until_somebody_gives_it_a_number() -> None:
    assert math.isnan(planned().limits["heat"])
    assert planned(heat_fraction="0.03").limits["heat"] == 0.03
    assert math.isnan(planned("titan", heat_fraction="off").limits["heat"])


# --- overrides --------------------------------------------------------------------------------------------------------


def test_each_kind_of_number_is_reached_by_name() -> None:
    made = planned(fast="5", trail_atr="8", partials="on", risk_fraction="0.01", cooldown_bars="7")
    assert made.parameters.as_dict()["fast"] == 5
    assert (made.settings.trail_atr, made.settings.partials) == (8.0, True)
    assert (made.sizing_amount, made.limits["cooldown"]) == (0.01, 7.0)
    assert made.overrides == {
        "fast": "5",
        "trail_atr": "8",
        "partials": "on",
        "risk_fraction": "0.01",
        "cooldown_bars": "7",
    }


def test_an_override_wins_over_the_profile_and_over_the_preset() -> None:
    made = plan(load("ema_stochrsi"), "classic-c", {"stoch_exit": "0.3", "trail_atr": "5.5", "baseline_fraction": "1"})
    assert made.parameters.as_dict()["stoch_exit"] == 0.3
    assert (made.settings.trail_atr, made.sizing_amount) == (5.5, 1.0)


def test_the_number_of_another_sizing_rule_waits_until_that_rule_is_chosen() -> None:
    assert planned(baseline_fraction="0.5").sizing_amount == 0.02
    assert planned(baseline_fraction="0.5", sizing="baseline").sizing_amount == 0.5


@pytest.mark.parametrize("word", ["off", "OFF", "Off"])
def test_a_guard_can_be_switched_off_by_a_word(word: str) -> None:
    made = planned(correlation_limit=word)
    assert math.isnan(made.limits["correlation"])
    assert made.numbers["correlation_limit"] == "off"


def test_a_guard_that_a_profile_switched_off_comes_back_with_a_number() -> None:
    assert planned("classic-a", drawdown_fraction="0.2").limits["drawdown"] == 0.2


def test_off_is_for_guards_only() -> None:
    assert problems(trail_atr="off") == ("trail_atr=off: not a number",)
    assert problems(risk_fraction="off") == ("risk_fraction=off: not a number",)


def test_all_problems_of_all_kinds_are_told_at_once() -> None:
    told = problems(
        fats="5",
        slow="x",
        trail_atr="-1",
        gap_policy="wait",
        risk_fraction="2",
        baseline_fraction="nan",
        drawdown_fraction="0",
        cooldown_bars="1.5",
    )
    assert set(told) == {
        "unknown parameter 'fats'; did you mean 'fast'?",
        "slow=x: not a whole number",
        "trail_atr=-1: must lie between 0.1 and 100",
        "gap_policy=wait: choose one of rest, chase",
        "risk_fraction=2: must lie between 0.0001 and 0.5",
        "baseline_fraction=nan: not a number",
        "drawdown_fraction=0: must lie between 0.0001 and 1",
        "cooldown_bars=1.5: not a whole number",
    }


def test_a_mistyped_name_is_answered_from_strategy_settings_sizing_and_guards() -> None:
    assert problems(trail_art="1") == ("unknown parameter 'trail_art'; did you mean 'trail_atr'?",)
    assert problems(risk_fractoin="1") == ("unknown parameter 'risk_fractoin'; did you mean 'risk_fraction'?",)
    assert problems(cooldown_bar="1") == ("unknown parameter 'cooldown_bar'; did you mean 'cooldown_bars'?",)


@dataclass(frozen=True, slots=True)
class Clashing(Params):
    """Two names that belong to others."""

    capital: float = number(1.0, low=0.0, high=2.0, help="")
    risk_fraction: float = number(1.0, low=0.0, high=2.0, help="")
    own: float = number(1.0, low=0.0, high=2.0, help="")


def test_a_strategy_that_names_a_parameter_like_a_rule_is_refused() -> None:
    clashing = replace(STRATEGY, name="mine", parameters=Clashing)
    assert problems(strategy=clashing) == ("strategy 'mine' names a parameter like a rule: capital, risk_fraction",)


@pytest.mark.parametrize("strategy", names())
def test_no_packaged_strategy_clashes(strategy: str) -> None:
    assert not set(load(strategy).parameters.specs()) & set(number_specs())


def test_a_preset_that_the_strategy_does_not_know_is_refused() -> None:
    wrong = replace(STRATEGY, presets={"standard": {"fsat": 3}})
    assert problems(strategy=wrong) == ("unknown parameter 'fsat'; did you mean 'fast'?",)


# --- settings ---------------------------------------------------------------------------------------------------------


def test_a_result_can_record_every_number_in_force() -> None:
    shown = planned(drawdown_fraction="off").numbers
    assert set(shown) == set(Settings.specs()) | {"risk_fraction"} | {rule.number.name for rule in gate_rules()}
    assert (shown["risk_fraction"], shown["drawdown_fraction"], shown["daily_loss_fraction"]) == (0.02, "off", 0.05)


def test_words_become_policies() -> None:
    rules = planned("classic-a", gap_policy="rest").settings.rules()
    assert rules.fill_at == FillAt.CLOSE
    assert rules.stop_test == StopTest.CLOSE
    assert rules.trail_from == TrailFrom.ENTRY
    assert rules.extreme == Extreme.CLOSE
    assert rules.gap_policy == GapPolicy.REST
    assert planned().settings.rules().trail_from == TrailFrom.ACTIVATION


@pytest.mark.parametrize("name", ["fill_at", "stop_test", "trail_from", "extreme", "gap_policy"])
def test_every_word_of_a_policy_is_a_policy(name: str) -> None:
    words = Settings.specs()[name].choices
    assert len({getattr(planned(**{name: word}).settings.rules(), name) for word in words}) == len(words)


def test_switches_reach_the_rules_and_costs() -> None:
    assert planned().settings.rules().partial_1_share == planned().settings.rules().partial_2_share == 0.0
    on = planned(partials="on", partial_slippage="off", slippage_fraction="0.002", fee_in_base="on").settings
    assert (on.rules().partial_1_share, on.rules().partial_2_share) == (0.5, 0.3)
    # Break-even covers the slippage of the way out.
    assert on.rules().breakeven_cushion == 0.002
    assert on.costs() == (0.001, 0.002, 0.0, True)
    assert planned(slippage_fraction="0.002").settings.costs().partial_slippage_fraction == 0.002


def test_partial_sales_in_the_wrong_order_are_refused_only_where_both_are_on() -> None:
    wrong = {"partial_1_gain": "0.05", "partial_2_gain": "0.05"}
    assert problems(partials="on", **wrong) == ("partial_2_gain=0.05 must be above partial_1_gain=0.05",)
    planned(partials="off", **wrong)
    planned(partials="on", partial_2_share="0", **wrong)


@pytest.mark.parametrize("share", ["partial_1_share", "partial_2_share"])
def test_a_partial_sale_never_sells_everything(share: str) -> None:
    # A part of 1 left a position without coins behind, open for ever and without a trade.
    assert problems(partials="on", **{share: "1"}) == (f"{share}=1: must lie between 0 and 0.99",)


def test_names_of_numbers_are_told_apart() -> None:
    own = [*Settings.specs(), *(rule.number.name for rule in (*sizing_rules(), *gate_rules()))]
    assert len(own) == len(set(own)) == len(number_specs())


def test_the_standard_profile_asks_for_ten_where_the_least_order_value_is_unknown_and_classic_stays() -> None:
    said = {name: plan(load("ema_cross"), name, {}).settings.min_notional for name in profile_names()}
    assert said == {"standard": 10.0, "classic-a": 0.0, "classic-b": 0.0, "classic-c": 5.0, "titan": 10.0}
    assert plan(load("ema_cross"), "standard", {"min_notional": "0"}).settings.min_notional == 0.0


# --- many plans -------------------------------------------------------------------------------------------------------


def test_plans_that_say_the_same_share_what_was_read_and_others_do_not() -> None:
    planner = Planner(STRATEGY, "standard")
    one = planner.plan({"fast": "10", "trail_atr": "4"})
    other = planner.plan({"fast": "10", "trail_atr": "5"})
    third = planner.plan({"fast": "12", "trail_atr": "4"})
    assert one.parameters is other.parameters
    assert one.settings is third.settings
    assert one.limits is other.limits is third.limits
    assert (other.settings.trail_atr, third.settings.trail_atr) == (5.0, 4.0)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("profile", profile_names())
def test_a_planner_makes_the_plans_of_single_ones(profile: str, name: str) -> None:
    planner, strategy = Planner(load(name), profile), load(name)
    for overrides in ({}, {"sizing": "baseline"}, {"baseline_fraction": "0.5"}, {"cooldown_bars": "off"}, {}):
        assert planner.plan(overrides) == plan(strategy, profile, overrides)


def test_a_planner_tells_every_problem_each_time_and_goes_on() -> None:
    planner = Planner(STRATEGY, "standard")
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            planner.plan({"fsat": "3", "slow": "x", "trail_atr": "-1", "risk_fraction": "9", "cooldown_bars": "y"})
        assert len(caught.value.problems) == 5
    assert planner.plan({"slow": "60"}).parameters.as_dict()["slow"] == 60
