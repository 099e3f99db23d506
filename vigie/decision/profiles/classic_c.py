"""The latest compiled generation of the first system, with every switch it had."""

from __future__ import annotations

from vigie.decision.profile import Profile

PROFILE = Profile(
    summary="first system, generation C, as it was: next-open fills, partial sales, break-even, cooldown, 4 h trend",
    settings={
        "stop_test": "close",
        "stop_touch": False,
        "stop_limit_fraction": 0.0,
        "extreme": "close",
        "activation_atr": 8.0,
        "trail_atr": 8.0,
        "breakeven_fraction": 0.01,
        "partials": True,
        "partial_slippage": False,
        "fee_fraction": 0.0007,
        "fee_in_base": True,
        "slippage_fraction": 0.0001,
        "sizing": "baseline",
        "cash_fraction": 0.98,
        "max_position_fraction": 1.0,
        "wallet": "per-pair",
        "min_notional": 5.0,
        "warm_up_from_past": False,
        "last_at_close": True,
    },
    sizing_numbers={"baseline_fraction": 0.98, "risk_fraction": 0.055},
    guards=frozenset({"cooldown", "defined_stop"}),
    guard_numbers={"cooldown_bars": 12},
)
