"""Rule W1, stated once for everybody who takes part; the words of it stand in ``tests/oracles/w1.py``."""

from __future__ import annotations

from dataclasses import asdict

from tests.oracles.w1 import W1Settings
from vigie.decision.profile import Plan, plan
from vigie.strategy.strategy import load

RULE = W1Settings()
GUARDS = ("max_open_positions", "correlation_limit", "daily_loss_fraction", "drawdown_fraction", "candles_in_row")


def numbers() -> dict[str, float]:
    """The rule as plain numbers, for a child process of another environment."""
    return asdict(RULE)


def fixed(rule: W1Settings = RULE) -> dict[str, str]:
    """The rule as overrides of the profile ``standard``: with a market stop and without guards."""
    return {
        # The rule knows no least order value.
        "min_notional": "0",
        "fast": str(rule.fast),
        "slow": str(rule.slow),
        "warm_up": str(rule.blocked),
        "atr_period": str(rule.atr_window),
        "stop_atr": str(rule.stop_atr),
        "activation_atr": str(rule.activation_atr),
        "trail_atr": str(rule.trail_atr),
        "fee_fraction": str(rule.fee),
        "slippage_fraction": str(rule.slippage),
        "risk_fraction": str(rule.risk),
        "capital": str(rule.capital),
        "stop_limit_fraction": "0",
        **dict.fromkeys(GUARDS, "off"),
    }


def configuration(rule: W1Settings = RULE) -> Plan:
    """The rule as vigie's own plan."""
    return plan(load("ema_cross"), "standard", fixed(rule))
