"""What ``/metrics`` tells of an account: totals of its journal, read from the read model, and what its files say now.

Nothing is kept in memory: a restart, of the engine or of the process that is asked, loses no count.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from vigie.adapters.storage import tallies
from vigie.adapters.storage.read_model import READ_MODEL, reading
from vigie.app.accounts import account_folder
from vigie.app.serve.settings import HealthSettings
from vigie.app.serve.vitals import live_equity, signs_of, verdict
from vigie.app.settings import account_settings
from vigie.app.status.health import mode_of, unprotected
from vigie.app.status.standing import Standing, look
from vigie.domain.errors import DataError, VigieError
from vigie.domain.exit_reason import ExitReason
from vigie.reporting.measures import HIT_WINDOW, Measures

SIGNALS = {"wish": "entry", "none": "none", "hold": "hold", "leave": "exit", "sell-part": "partial"}
"""What a decision at a close was, by its action in the journal; what came of an entry is no decision of its own."""
_STOPS = (int(ExitReason.STOP), int(ExitReason.TRAILING), int(ExitReason.GAP))

_ACTIONS = "select action, count(*) from decisions group by action"
_ENTRIES = "select count(*) from orders where leg = 'entry' and cast(executed as real) > 0"
_CLOSED = "select coalesce(sum(cast(profit as real) > 0), 0), count(*) from trades"
_ENDS = f"select code from trades order by seq desc limit {HIT_WINDOW}"  # noqa: S608 - a number of ours
_FLOWS = "select coalesce(sum(cast(value as real)), 0) from flows"


def measures(home: Path, account: str, settings: HealthSettings) -> Measures:
    """Everything, from the files of an account.

    Raises:
        VigieError: they cannot be read.
        OSError: so.
    """
    standing = look(home, account)
    folder = account_folder(home, account)
    told = tallies.read(folder)
    rows = _rows(folder / READ_MODEL) if standing.last_seq > 0 else {}
    portfolio, cycle = standing.portfolio, None if standing.portfolio is None else standing.portfolio.cycle
    signs = signs_of(standing, settings)
    equity = live_equity(standing, settings.equity_seconds)[0]
    if equity is None and cycle is not None:
        equity = cycle.equity
    signals = dict.fromkeys(SIGNALS.values(), 0)
    return Measures(
        account=account,
        venue=_venue(home, account),
        bounds_ms=tallies.BOUNDS_MS,
        decided=told.decided,
        decided_ms=told.decided_ms,
        errors=told.errors,
        equity=equity,
        equity_fraction=_share(standing, equity, rows.pop("flows", 0.0)),
        drawdown=None if equity is None or cycle is None else max(0.0, 1.0 - equity / max(cycle.peak, equity)),
        positions=() if portfolio is None else tuple(sorted(portfolio.holdings)),
        heartbeat_age=standing.pulse_age,
        mode=mode_of(standing).value,
        unprotected=0 if portfolio is None else len(unprotected(portfolio)),
        halts=len(signs.halts),
        healthy=verdict(signs)[0] == "ok",
        running=standing.holder is not None,
        **{"signals": signals, **rows},
    )


def _venue(home: Path, account: str) -> str:
    try:
        return account_settings(home, account).venue
    except VigieError:
        return "unknown"


def _share(standing: Standing, equity: float | None, flows: float) -> float | None:
    """Equity of what the account began with; capital has the flows in it."""
    if equity is None or standing.portfolio is None:
        return None
    began = float(standing.portfolio.capital) - flows
    return (equity - flows) / began if began > 0 else None


def _rows(path: Path) -> dict[str, Any]:
    """Totals of the read model, by attribute.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with reading(path) as connection:
            actions = {str(name): int(count) for name, count in connection.execute(_ACTIONS)}
            (entries,) = connection.execute(_ENTRIES).fetchone()
            won, closed = connection.execute(_CLOSED).fetchone()
            codes = [int(row[0]) for row in connection.execute(_ENDS)]
            (flows,) = connection.execute(_FLOWS).fetchone()
    except sqlite3.Error as error:
        raise DataError(f"{path}: the read model cannot be read ({error})") from error
    signals = {name: actions.get(action, 0) for action, name in SIGNALS.items()}
    return {
        "predictions": sum(signals.values()),
        "signals": signals,
        "trades_executed": int(entries),
        "trades_won": int(won),
        "trades_lost": int(closed) - int(won),
        "stop_rate": sum(one in _STOPS for one in codes) / len(codes) if codes else None,
        "target_rate": codes.count(int(ExitReason.TARGET)) / len(codes) if codes else None,
        "flows": float(flows),
    }
