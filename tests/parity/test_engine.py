"""What was tested is what trades: the engine on a simulated venue does what the backtest does, act by act."""

from __future__ import annotations

import math
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fakes.replays import on, windowed
from tests.property.accounts import CHOICES, Account, account
from vigie.app.trading.parity import Parity, compare
from vigie.decision.profile import plan
from vigie.domain.instrument import Instrument
from vigie.research.backtest import run

MARKETABLE = {
    "fill_at": ("next_open",),
    "stop_test": ("intrabar",),
    "stop_limit_fraction": ("0.005", "0.0001"),
    "trail_from": ("activation", "never"),
    "last_at_close": ("off",),
    "close_at_end": ("off",),
    # A drawdown halts the engine, and a person has the wheel: see the next test.
    "drawdown_fraction": ("off",),
    "fee_in_base": ("off",),
}
"""What a market can do; profiles that ask for more are refused outside a backtest."""


JUMPED = {
    "fill_at": "next_open",
    "stop_test": "intrabar",
    "stop_touch": "on",
    "stop_limit_fraction": "0.0001",
    "gap_policy": "rest",
    "trail_from": "activation",
    "extreme": "high",
    "activation_atr": "0",
    "trail_atr": "0.5",
    "breakeven_fraction": "0",
    "breakeven_cushion": "0",
    "partials": "off",
    "partial_1_share": "0.5",
    "partial_2_share": "0.3",
    "partial_slippage": "on",
    "fee_fraction": "0.001",
    "fee_in_base": "off",
    "slippage_fraction": "0.01",
    "sizing": "risk",
    "cash_fraction": "1",
    "max_position_fraction": "0",
    "min_notional": "0",
    "last_at_close": "off",
    "close_at_end": "off",
    "cooldown_bars": "0",
    "max_open_positions": "2",
    "correlation_limit": "off",
    "daily_loss_fraction": "off",
    "drawdown_fraction": "off",
    "candles_in_row": "24",
}
"""A stop that was jumped over rests at its limit while the trailing stop would have risen above it."""
TIED = {
    **JUMPED,
    "stop_limit_fraction": "0.005",
    "gap_policy": "chase",
    "fee_fraction": "0.02",
    "slippage_fraction": "0",
    "daily_loss_fraction": "0.02",
}
"""On a flat market the fee of one entry is the whole loss that a day may have, to the last digit."""
STREAK = {
    **JUMPED,
    "stop_limit_fraction": "0.005",
    "gap_policy": "chase",
    "trail_atr": "2",
    "breakeven_fraction": "0.01",
    "max_open_positions": "off",
    "drawdown_fraction": "0.05",
    "heat_fraction": "0.02",
    "max_losing_streak": "2",
}
"""Two trades end inside one candle, one lost and one won: a streak hangs on which is counted first."""


def filters_of(drawn: Account) -> tuple[Instrument, ...]:
    """Filters as coarse as real ones: a tick is a ten-thousandth of the price or so, a step some cents' worth."""
    found = []
    for one in drawn.series:
        digits = math.floor(math.log10(float(one.candles.close[0])))
        tick, step = Decimal(1).scaleb(digits - 4), Decimal(1).scaleb(-digits - 1)
        found.append(Instrument(one.pair, tick, step, step, Decimal(5)))
    return tuple(found)


def accounts(**fixed: str) -> st.SearchStrategy[Account]:
    words = {**CHOICES, **MARKETABLE, **{name: (value,) for name, value in fixed.items()}}
    drawn = {name: st.sampled_from(choices) for name, choices in words.items()}
    return st.builds(account, st.integers(0, 100_000), st.integers(1, 4), st.fixed_dictionaries(drawn))


def compared(drawn: Account, *filters: Instrument) -> Parity:
    made = plan(
        windowed([(one.candles, wishes) for one, wishes in zip(drawn.series, drawn.wishes, strict=True)]),
        "standard",
        drawn.plan.overrides,
    )
    known = {one.pair: one for one in filters}
    rehearsal = on(made, drawn.series, known)
    problems = rehearsal.run()
    assert problems == []
    return compare(run(drawn.plan, drawn.series, instruments=known), rehearsal.journal.lines, 0)


@given(accounts())
@example(account(1, 1, TIED))
@settings(max_examples=25)
def test_random_wishes_on_random_markets_with_holes_end_in_the_same_acts(drawn: Account) -> None:
    found = compared(drawn)
    assert found.first_difference is None


@given(accounts())
@example(account(0, 1, JUMPED))
@settings(max_examples=12)
def test_so_do_they_under_a_venues_filters(drawn: Account) -> None:
    found = compared(drawn, *filters_of(drawn))
    assert found.first_difference is None


@given(accounts(drawdown_fraction="0.05"))
@example(account(1339, 4, STREAK))
@settings(max_examples=10)
def test_they_agree_up_to_the_instant_at_which_a_drawdown_halts_the_engine(drawn: Account) -> None:
    found = compared(drawn)
    assert found.first_difference is None
