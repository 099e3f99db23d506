"""``/health``: whether an account is looked after, in one of three words, and its numbers. From files alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie.adapters.storage.read_model import READ_MODEL, reading
from vigie.app.accounts import account_folder
from vigie.app.serve.settings import HealthSettings
from vigie.app.status.health import halts_of, mode_of, problems_of, unprotected
from vigie.app.status.standing import Standing, look
from vigie.domain.errors import DataError, VigieError
from vigie.domain.instants import as_iso
from vigie.domain.masking import for_people

SCHEMA = "vigie.health/1"
OK, CLOSED, CRITICAL = "ok", "market_closed", "critical_error"
_LONGEST = 300
_LAST_TRADES = "select cast(profit as real) as profit from trades order by seq desc limit ?"
_LAST_DECISION = "select pair, candle_at, action, reason from decisions order by seq desc limit 1"


@dataclass(frozen=True, slots=True)
class Signs:
    """What the word is made of, sentences; empty: in order.

    Attributes:
        halts: of trading.
        troubles: whatever else is wrong.
        silence: the loop hangs.
        mismatch: venue and journal do not hold the same positions.
        closed: the market is closed. Spot markets of coins never are.
    """

    halts: Sequence[str] = ()
    troubles: Sequence[str] = ()
    silence: str = ""
    mismatch: str = ""
    closed: str = ""


def verdict(signs: Signs) -> tuple[str, str | None]:
    """The word and its reason: a halt or anything wrong comes before a closed market, and that before ok."""
    wrong = [*signs.halts, *signs.troubles, *filter(None, (signs.silence, signs.mismatch))]
    if wrong:
        return CRITICAL, wrong[0]
    return (CLOSED, signs.closed) if signs.closed else (OK, None)


@dataclass(frozen=True, slots=True)
class Record:
    """Trades looked back on.

    Attributes:
        trades: how many.
        win_rate: share with a profit, fees taken off; None: there are none.
        profit_factor: gains / losses; None: nothing was lost.
    """

    trades: int
    win_rate: float | None
    profit_factor: float | None

    @property
    def why_no_rate(self) -> str | None:
        """Why there is no win rate."""
        return "no closed trade yet" if self.win_rate is None else None

    @property
    def why_no_factor(self) -> str | None:
        """Why there is no profit factor."""
        return self.why_no_rate or ("nothing was lost" if self.profit_factor is None else None)


def record_of(profits: Sequence[float]) -> Record:
    """What trades came to; a trade without a profit or a loss is not won.

    Args:
        profits: of closed trades, fees taken off, quote.
    """
    if not profits:
        return Record(0, None, None)
    gains = sum(one for one in profits if one > 0)
    losses = -sum(one for one in profits if one < 0)
    return Record(len(profits), sum(one > 0 for one in profits) / len(profits), gains / losses if losses else None)


def vitals(home: Path, account: str, settings: HealthSettings) -> dict[str, Any]:
    """The document of ``/health``; whatever is wrong with the files is a reason in it, never an error."""
    try:
        standing = look(home, account)
    except (VigieError, OSError) as error:
        return _unreadable(account, str(error))
    window, every, last, trouble = _records(account_folder(home, account) / READ_MODEL, settings.window, standing)
    signs = signs_of(standing, settings, [trouble] if trouble else [])
    return document_of(standing, settings, signs, window, every) | {"last_decision": last}


def _unreadable(account: str, why: str) -> dict[str, Any]:
    reason = for_people(why, _LONGEST)
    return {"schema": SCHEMA, "status": CRITICAL, "reason": reason, "reasons": [reason], "account": account}


def _records(path: Path, window: int, standing: Standing) -> tuple[Record, Record, dict[str, Any] | None, str]:
    """Recomputed from the rows each time: nothing is kept in memory."""
    if standing.last_seq <= 0:
        return record_of([]), record_of([]), None, ""
    try:
        with reading(path) as connection:
            profits = [float(row["profit"]) for row in connection.execute(_LAST_TRADES, [-1])]
            row = connection.execute(_LAST_DECISION).fetchone()
    except (DataError, sqlite3.Error) as error:
        return record_of([]), record_of([]), None, f"the database cannot be read: {error}"
    last = None if row is None else {**dict(row), "candle_at": as_iso(row["candle_at"])}
    return record_of(profits[:window]), record_of(profits), last, ""


def signs_of(standing: Standing, settings: HealthSettings, more: Sequence[str] = ()) -> Signs:
    """What an account's files say, sorted by what the word hangs on."""
    halts = halts_of(standing)
    silence, age = "", standing.pulse_age
    if standing.holder is not None and (age is None or age > settings.silence_seconds):
        silence = "stale loop: no heartbeat" + ("" if age is None else f" for {age:,.0f} s")
    more_there, fewer_there = apart(standing)
    mismatch = ""
    if more_there or fewer_there:
        parts = [f"the venue holds {one}, the journal does not" for one in more_there]
        parts += [f"the journal holds {one}, the venue does not" for one in fewer_there]
        mismatch = f"mismatch: {'; '.join(parts)}"
    troubles = [one for one in problems_of(standing) if one not in halts]
    return Signs(halts, [*troubles, *more], silence, mismatch)


def apart(standing: Standing) -> tuple[list[str], list[str]]:
    """Pairs that the venue holds and the journal does not, and the other way round, when they were compared last."""
    facts: Mapping[str, Any] = {} if standing.pulse is None else standing.pulse.facts
    held = set() if standing.portfolio is None else set(standing.portfolio.holdings)
    more, fewer = (facts.get(name) for name in ("venue_more", "venue_fewer"))
    return (
        [str(one) for one in more if one not in held] if isinstance(more, list) else [],
        [str(one) for one in fewer if one in held] if isinstance(fewer, list) else [],
    )


def live_equity(standing: Standing, most_seconds: float) -> tuple[float | None, int | None, str | None]:
    """Equity at live prices, the instant of the prices, and why there is none."""
    facts: Mapping[str, Any] = {} if standing.pulse is None else standing.pulse.facts
    equity, lag = facts.get("equity"), facts.get("equity_age_ms")
    if (
        standing.pulse is None
        or standing.pulse_age is None
        or not isinstance(equity, int | float)
        or type(lag) is not int
    ):
        return None, None, "no process has told one"
    at, age = standing.pulse.at - lag, standing.pulse_age + lag / 1000
    if age > most_seconds:
        return None, at, f"the last one is {age:,.0f} s old"
    return float(equity), at, None


def document_of(
    standing: Standing, settings: HealthSettings, signs: Signs, window: Record, every: Record
) -> dict[str, Any]:
    """All of it, of JSON's own types."""
    status, reason = verdict(signs)
    equity, at, why = live_equity(standing, settings.equity_seconds)
    portfolio = standing.portfolio
    held = 0 if portfolio is None else len(portfolio.holdings)
    more, fewer = apart(standing)
    cycle = None if portfolio is None else portfolio.cycle
    said = [*signs.halts, *signs.troubles, *filter(None, (signs.silence, signs.mismatch, signs.closed))]
    return {
        "schema": SCHEMA,
        "status": status,
        "reason": None if reason is None else for_people(reason, _LONGEST),
        "reasons": [for_people(one, _LONGEST) for one in said],
        "account": standing.account,
        "kind": standing.mode,
        "mode": mode_of(standing).value,
        "running": standing.holder is not None,
        "equity": equity,
        "equity_as_of": None if at is None else as_iso(at),
        "equity_reason": why,
        "quote": None if portfolio is None else portfolio.quote or None,
        "window": settings.window,
        "trades": every.trades,
        "win_rate": window.win_rate,
        "win_rate_all": every.win_rate,
        "win_rate_reason": window.why_no_rate,
        "profit_factor": window.profit_factor,
        "profit_factor_all": every.profit_factor,
        "profit_factor_reason": window.why_no_factor,
        "active_positions": held + len(more) - len(fewer),
        "journal_positions": held,
        "unprotected": [] if portfolio is None else unprotected(portfolio),
        "heartbeat_age_seconds": standing.pulse_age,
        "last_decision_at": None if cycle is None else as_iso(cycle.candle_at),
        "as_of": as_iso(standing.now),
    }


def status_code(document: Mapping[str, Any]) -> int:
    """200 while somebody may rely on it, else 503."""
    return 200 if document["status"] in (OK, CLOSED) else 503
