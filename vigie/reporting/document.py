"""A result as a JSON document: the same numbers as the reports, with a schema version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from vigie.domain.instants import as_datetime
from vigie.metrics.returns import monthly_returns
from vigie.reporting.notes import notes
from vigie.reporting.scope import bounds, scope
from vigie.reporting.tables import by_exit_reason, by_pair
from vigie.research.result import BacktestResult, Identity

SCHEMA = "vigie.backtest/1"


def iso(epoch_ms: int) -> str:
    """``2024-03-01T13:00:00Z``: an instant for programs, UTC; milliseconds only where there are any."""
    at = as_datetime(epoch_ms)
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


def to_json(result: BacktestResult, trials: int | None = None) -> dict[str, Any]:
    """Everything but the trades and the curves, ready for ``json.dumps(..., allow_nan=False)``.

    Ratios are fractions, amounts are in quote, instants are ISO 8601 UTC. A metric that is undefined is null, and
    ``undefined`` says why.

    Args:
        result: a backtest.
        trials: tries counted by the trial ledger, this one included; None: not counted.
    """
    start, end = bounds(result)
    months = monthly_returns(result.equity, result.closes_at, result.capital)
    return {
        "schema": SCHEMA,
        "identity": _identity(result.identity),
        "scope": {**asdict(scope(result, trials)), "start": iso(start), "end": iso(end), "trial_count": trials},
        "synthetic": result.synthetic,
        "capital": result.capital,
        "metrics": dict(result.metrics.values),
        "undefined": dict(result.metrics.undefined),
        "pairs": [asdict(row) for row in by_pair(result)],
        "exit_reasons": [asdict(row) for row in by_exit_reason(result.trades)],
        "refusals": dict(result.refusals),
        "open_positions": [{**asdict(one), "entry_at": iso(one.entry_at)} for one in result.open_positions],
        "pending_entries": result.pending_entries,
        "monthly_returns": [asdict(month) for month in months],
        "notes": list(notes(result, trials)),
    }


def _identity(identity: Identity) -> dict[str, Any]:
    mappings: dict[str, Mapping[str, Any]] = {
        "parameters": identity.parameters,
        "settings": identity.settings,
        "overrides": identity.overrides,
        "data_hashes": identity.data_hashes,
    }
    return {
        "strategy": identity.strategy,
        "profile": identity.profile,
        "timeframe": str(identity.timeframe),
        **{name: dict(mapping) for name, mapping in mappings.items()},
        "strategy_hash": identity.strategy_hash,
        "code_hash": identity.code_hash,
        "version": identity.version,
    }
