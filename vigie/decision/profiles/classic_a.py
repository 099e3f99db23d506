"""The first compiled generation of the first system: fills at the close, all in, trailing from the entry."""

from __future__ import annotations

from vigie.decision.profile import Profile

PROFILE = Profile(
    summary="first system, generation A, as it was: all in at the close, close-only stops, fee 7 bps, no slippage",
    settings={
        "fill_at": "close",
        "stop_test": "close",
        "stop_touch": False,
        "stop_limit_fraction": 0.0,
        "trail_from": "entry",
        "extreme": "close",
        "trail_atr": 5.5,
        "fee_fraction": 0.0007,
        "fee_in_base": True,
        "slippage_fraction": 0.0,
        "sizing": "baseline",
        "max_position_fraction": 1.0,
        "wallet": "per-pair",
        "warm_up_from_past": False,
    },
    sizing_numbers={"baseline_fraction": 1.0},
    guards=frozenset(),
)
