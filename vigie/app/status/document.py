"""``vigie status``: one account on one screen, as a document."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vigie.app.accounts import others
from vigie.app.alerts.status import alert_statuses
from vigie.app.backup.outcome import read_outcome
from vigie.app.logs.settings import log_folder
from vigie.app.status.health import mode_of, next_run_at, problems_of, unprotected
from vigie.app.status.standing import Standing, look
from vigie.decision.settings import Settings
from vigie.domain.coverage import Gaps
from vigie.domain.errors import ConfigError
from vigie.domain.holdings import Holding
from vigie.domain.instants import as_iso
from vigie.domain.portfolio import Portfolio
from vigie.engine.drift import Drift, drifts, known

SCHEMA = "vigie.status/1"


def status(home: Path, account: str) -> dict[str, Any]:
    """Everything that the screen shows, of JSON's own types.

    Raises:
        ConfigError: a later vigie wrote the state.
    """
    standing = look(home, account)
    portfolio, problems = standing.portfolio, problems_of(standing)
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "account": account,
        "other_accounts": others(home, account),
        "healthy": not problems,
        "problems": list(problems),
        "kind": standing.mode,
        "mode": mode_of(standing).value,
        "halts": _halts(standing),
        "resume_code": standing.code or None,
        "stopped": standing.stopped,
        "process": _process(standing),
        "last_cycle_at": None,
        "next_run_at": _iso(next_run_at(standing)),
        "strategy": standing.run.get("strategy"),
        "profile": standing.run.get("profile"),
        "pairs": standing.run.get("pairs", []),
        "timeframe": standing.run.get("timeframe"),
        "certificate": standing.run.get("certificate"),
        "journal_lines": standing.last_seq + 1,
        "alerts": alert_statuses(home, account),
        "log": _log(home, account),
        "backup": _backup(home),
        "requests": [
            {"kind": one.kind, "asked_at": as_iso(one.asked_at), "arguments": dict(one.arguments)}
            for one in standing.requests
        ],
    }
    if portfolio is not None:
        document |= _money(standing, portfolio)
    return document


def _log(home: Path, account: str) -> str:
    """Where what its engine said is written; of the home if it lies there."""
    path = log_folder(home, "live" if account.startswith("live-") else "paper") / f"{account}.log"
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else str(path)


def _backup(home: Path) -> dict[str, Any] | None:
    """What came of the last daily backup of the home; None: there was none."""
    last = read_outcome(home)
    if last is None:
        return None
    return {
        "started_at": as_iso(last.started_at),
        "ended_at": _iso(last.ended_at),
        "succeeded_at": _iso(last.succeeded_at),
        "file": last.file or None,
        "problems": list(last.problems.values()),
    }


def _iso(instant: int | None) -> str | None:
    return None if instant is None else as_iso(instant)


def _halts(standing: Standing) -> list[dict[str, Any]]:
    found = []
    if standing.kill_switch is not None:
        found.append(
            {"name": "kill switch", "mode": "halted", "reason": standing.kill_switch, "since": None, "until": None}
        )
    for name, one in sorted(standing.latches.items()):
        if name == "kill-switch" and standing.kill_switch is not None:
            continue
        found.append(
            {
                "name": name,
                "mode": one.mode,
                "reason": one.reason,
                "since": as_iso(one.since),
                "until": _iso(one.until),
            }
        )
    return found


def _process(standing: Standing) -> dict[str, Any]:
    pulse, holder = standing.pulse, standing.holder
    return {
        "running": holder is not None,
        "pid": None if holder is None else holder.pid,
        "since": None if holder is None else as_iso(holder.since),
        "ended": standing.ended,
        "heartbeat_age_seconds": standing.pulse_age,
        "tick": None if pulse is None else pulse.facts.get("tick"),
    }


def _money(standing: Standing, portfolio: Portfolio) -> dict[str, Any]:
    cycle = portfolio.cycle
    bare = set(unprotected(portfolio))
    return {
        "last_cycle_at": None if cycle is None else as_iso(cycle.candle_at),
        "quote": portfolio.quote,
        "capital": str(portfolio.capital),
        "cash": str(portfolio.cash),
        "equity": None if cycle is None else cycle.equity,
        "limits": _limits(standing, portfolio),
        "losing_streak": portfolio.losing_streak,
        "trades_today": portfolio.trades_today if portfolio.trades_day == standing.now // 86_400_000 else 0,
        "positions": [
            _position(standing, portfolio, held, protected=pair not in bare)
            for pair, held in sorted(portfolio.holdings.items())
        ],
        "orders": [
            {
                "client_id": one.intent.client_id,
                "pair": one.intent.pair,
                "leg": one.intent.leg.value,
                "status": one.status.value,
                "quantity": str(one.intent.quantity),
                "unknown": one.status.unsettled,
            }
            for one in portfolio.open_orders()
        ],
        "waiting": sorted(portfolio.wishes),
        "dust": {pair: str(quantity) for pair, quantity in sorted(portfolio.dust.items())},
        "coverage": _gaps(portfolio.gaps),
        "drift": _drift(standing, portfolio),
        "fees_elsewhere": {asset: str(amount) for asset, amount in sorted(portfolio.fees_elsewhere.items())},
        "fees_elsewhere_value": str(portfolio.fees_elsewhere_value),
    }


def _gaps(gaps: Gaps) -> dict[str, Any]:
    """Times without a stop, seconds."""
    return {
        "gaps": gaps.count,
        "seconds": gaps.total_ms / 1000,
        "longest_seconds": gaps.longest_ms / 1000,
        "too_long": gaps.too_long,
    }


def _drift(standing: Standing, portfolio: Portfolio) -> list[dict[str, Any]]:
    """What orders came to beside what the plan of the last run assumed; empty before any was filled."""
    if not portfolio.samples:
        return []
    numbers: Mapping[str, str] = standing.run.get("numbers", {})
    try:
        settings = Settings.build({name: value for name, value in numbers.items() if name in Settings.specs()})
    except ConfigError:
        # Another vigie's settings: what is assumed now is not what was.
        return []
    return [_one_drift(one, int(settings.drift_fills)) for one in drifts(portfolio.samples, settings)]


def _one_drift(one: Drift, least: int) -> dict[str, Any]:
    return {
        "name": one.name,
        "unit": one.unit,
        "orders": one.found.n,
        "mean": known(one.found.mean),
        "lower_95": known(one.found.lower),
        "upper_95": known(one.found.upper),
        "assumed": one.assumed,
        "limit": one.assumed + one.allowed if least else None,
        "judged_from": least,
        "beyond": one.beyond and bool(least) and one.found.n >= least,
    }


def _limits(standing: Standing, portfolio: Portfolio) -> list[dict[str, Any]]:
    """What each limit has used up; fractions. ``used`` is what latches: the worst so far, not the present."""
    cycle = portfolio.cycle
    if cycle is None:
        return []
    numbers: Mapping[str, str] = standing.run.get("numbers", {})
    now_day = _fall(cycle.equity, cycle.day_first)
    now_peak = _fall(cycle.equity, cycle.peak)
    return [
        _limit("day", now_day, _fall(cycle.day_low, cycle.day_first), numbers.get("daily_loss_fraction"), "day_first"),
        _limit("total", now_peak, cycle.worst, numbers.get("drawdown_fraction"), "peak"),
    ]


def _limit(name: str, now: float | None, used: float | None, limit: str | None, base: str) -> dict[str, Any]:
    number = None if limit in (None, "off") else float(str(limit))
    left = None if number is None or used is None else number - used
    return {"name": name, "now": now, "used": used, "limit": number, "left": left, "base": base}


def _fall(value: float, base: float) -> float | None:
    return 1.0 - value / base if base > 0.0 else None


def _position(standing: Standing, portfolio: Portfolio, held: Holding, *, protected: bool) -> dict[str, Any]:
    stop = None if held.stop_id is None or not protected else portfolio.orders[held.stop_id].intent.trigger
    price = standing.closes.get(held.pair)
    profit = None if price is None else float(held.received - held.spent) + float(held.quantity) * price
    return {
        "pair": held.pair,
        "quantity": str(held.quantity),
        "entry_price": str(held.average_price),
        "entered_at": as_iso(held.entered_at),
        "age_hours": (standing.now - held.entered_at) / 3_600_000,
        "last_close": price,
        "stop": None if stop is None else str(stop),
        "stop_distance": None if stop is None or price is None else 1.0 - float(stop) / price,
        "profit": profit,
        "profit_fraction": None if profit is None or held.spent <= 0 else profit / float(held.spent),
        "leaving": held.leaving != 0,
        "bare_seconds": _bare_seconds(standing, held),
        "coverage": _gaps(held.gaps),
        "certificate": _opened_under(portfolio, held),
    }


def _bare_seconds(standing: Standing, held: Holding) -> float | None:
    """How long it has had no stop by now, seconds; None: it has one."""
    return None if held.bare_since is None else max(0.0, (standing.now - held.bare_since) / 1000)


def _opened_under(portfolio: Portfolio, held: Holding) -> str | None:
    run = portfolio.runs.get(held.run)
    return None if run is None else run.certificate
