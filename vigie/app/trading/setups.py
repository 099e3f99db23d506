"""What an engine is given of an account: its plan, its set-up, what its simulated venue charges."""

from __future__ import annotations

import os
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from vigie.app.settings import AccountSettings
from vigie.app.strategies.finding import find
from vigie.decision.profile import Plan, plan
from vigie.decision.settings import Settings
from vigie.domain.canonical import digest
from vigie.engine.setup import Setup
from vigie.research.compile import source_hash
from vigie.simulation.terms import Terms


def plan_of(settings: AccountSettings, home: Path) -> Plan:
    """What an account decides with.

    Raises:
        ConfigError: every unknown name and bad value, at once.
    """
    overrides = dict(settings.parameters)
    if settings.capital is not None:
        overrides["capital"] = settings.capital
    return plan(find(settings.strategy, home), settings.profile, overrides)


def setup_of(settings: AccountSettings, made: Plan, mode: str) -> Setup:
    """An account as the engine takes it.

    Raises:
        ConfigError: the plan asks for what no market can do.
    """
    config = {
        "account": settings.name,
        "mode": mode,
        "strategy": made.strategy.name,
        "profile": made.profile,
        "pairs": [str(pair) for pair in settings.pairs],
        "timeframe": str(settings.timeframe),
        "parameters": made.parameters.as_dict(),
        "settings": dict(made.numbers),
    }
    return Setup(
        account=settings.name,
        mode=mode,
        plan=made,
        pairs=tuple(sorted(settings.pairs)),
        timeframe=settings.timeframe,
        capital=Decimal(repr(float(made.settings.capital))),
        version=version("vigie"),
        code_hash=source_hash(),
        config_hash=digest(config),
        process=os.getpid(),
        # A simulated venue keeps all it was ever sent: what it does not know was never there. A real one may refuse to
        # show for half a minute what it has; and a stop that never arrived is placed again within a guard period.
        absent_after_seconds=45.0 if mode == "live" else 0.0,
    )


def terms_of(settings: Settings) -> Terms:
    """What the simulated venue charges: what a backtest of the same settings counts with."""
    costs = settings.costs()
    return Terms(
        fee_fraction=_exact(costs.fee_fraction),
        slippage_fraction=_exact(costs.slippage_fraction),
        partial_slippage_fraction=_exact(costs.partial_slippage_fraction),
        fee_in_base=costs.fee_in_base,
    )


def _exact(number: float) -> Decimal:
    return Decimal(repr(float(number)))
