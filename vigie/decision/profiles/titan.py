"""Small positions, near stops, targets, and limits that sell: the second system's numbers on spot coins."""

from __future__ import annotations

from vigie.decision.profile import Profile

PROFILE = Profile(
    summary="risk 1 % a trade, 15 % a position, stop 1.5 to 5 % away, target, 2 % a day and 10 % in all, then sold",
    settings={"min_notional": 10.0, "max_position_fraction": 0.15, "limits_sell": True},
    sizing_numbers={"risk_fraction": 0.01},
    guard_numbers={
        "correlation_limit": 0.7,
        "daily_loss_fraction": 0.02,
        "furthest_stop_fraction": 0.05,
        "heat_fraction": 0.02,
        "max_losing_streak": 3,
        "max_open_positions": 6,
        "max_trades_per_day": 5,
        "min_target_fraction": 0.0,
        "nearest_stop_fraction": 0.015,
        "total_loss_fraction": 0.10,
    },
)
