"""Rule W1, stated once for everybody who takes part; the words of it stand in ``tests/oracles/w1.py``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tests.oracles.w1 import W1Settings

RULE = W1Settings()


def numbers() -> dict[str, float]:
    """The rule as plain numbers, for a child process of another environment."""
    return asdict(RULE)


def configuration() -> Any:
    """The rule as vigie's own backtest configuration.

    Raises:
        NotImplementedError: until it is connected to vigie.research.backtest.
    """
    raise NotImplementedError("benchmarks.w1_rule.configuration is not connected to vigie.research.backtest yet")
