"""Tables and views of the read model.

Money is text, exactly as in the journal (``cast(... as real)`` to count with it); instants are epoch milliseconds.
``seq`` is the journal line that a row comes from, so that every number can be explained.

Views:

- ``equity_curve``: a row per cycle.
- ``rolling_50``, ``rolling_all``: a row per closed trade: over the last 50 trades, or all up to it, the share of
  trades with a profit, and the profit factor: gains / losses; null while nothing was lost.
- ``daily_returns``: a row per UTC day with a cycle, but the first: (E - F) / E' - 1 with E the day's last equity, E'
  that of the day before, and F what flowed in between the two. ``days`` is 1, or more where days have no cycle.
- ``sharpe``: one row. n calendar days, those without a cycle counted as returns of zero; SR_d = mean / sample standard
  deviation; ``sharpe`` = SR_d sqrt(365); ``standard_error`` = sqrt((1 + SR_d^2 / 2) / n) sqrt(365). No risk-free rate.
  Null before 30 returns, and where returns do not vary. Source: Lo (2002), The Statistics of Sharpe Ratios, Financial
  Analysts Journal 58(4), equation 9 (independent, identically distributed returns).
"""

from __future__ import annotations

import sqlite3

SCHEMA = 2
"""Kept as SQLite's ``user_version``; a file of another schema is built anew."""

TABLES: dict[str, tuple[str, dict[str, type]]] = {
    "progress": ("one", {"one": int, "last_seq": int}),
    "orders": (
        "client_id",
        {
            "client_id": str,
            "seq": int,
            "planned_at": int,
            "pair": str,
            "leg": str,
            "side": str,
            "type": str,
            "quantity": str,
            "limit_price": str,
            "trigger_price": str,
            "candle_at": int,
            "attempt": int,
            "reason": str,
            "status": str,
            "venue_id": str,
            "executed": str,
            "executed_value": str,
            "fees": str,
            "changed_at": int,
            "message": str,
        },
    ),
    "fills": (
        "seq",
        {
            "seq": int,
            "filled_at": int,
            "client_id": str,
            "trade_id": str,
            "pair": str,
            "price": str,
            "quantity": str,
            "fee": str,
            "fee_asset": str,
            "fee_value": str,
        },
    ),
    "trades": (
        "seq",
        {
            "seq": int,
            "pair": str,
            "entry_at": int,
            "exit_at": int,
            "entry_price": str,
            "exit_price": str,
            "quantity": str,
            "fees": str,
            "profit": str,
            "code": int,
            "dust": str,
            "stop_at_entry": float,
            "slippage": str,
            "fees_elsewhere": str,
            "bare_ms": int,
            "longest_bare_ms": int,
        },
    ),
    "cycles": (
        "seq",
        {
            "seq": int,
            "at": int,
            "candle_at": int,
            "day": int,
            "equity": float,
            "cash": str,
            "peak": float,
            "worst": float,
            "mode": str,
            "held": int,
        },
    ),
    "decisions": (
        "seq",
        {"seq": int, "at": int, "candle_at": int, "pair": str, "action": str, "reason": str, "refused_by": str},
    ),
    "flows": ("seq", {"seq": int, "at": int, "value": str, "reason": str}),
    "halts": (
        "seq",
        {"seq": int, "at": int, "name": str, "mode": str, "reason": str, "until": int, "lifted_at": int},
    ),
}

_ROLLING = """
    select seq, exit_at, pair, profit, count(*) over these as trades,
        avg(gain > 0) over these as win_rate,
        sum(max(gain, 0)) over these / nullif(-sum(min(gain, 0)) over these, 0) as profit_factor
    from (select *, cast(profit as real) as gain from trades)
    window these as (order by seq rows between {before} preceding and current row)"""

VIEWS = {
    "equity_curve": "select seq, at, candle_at, day, equity, cast(cash as real) as cash, peak, mode, held from cycles",
    "rolling_50": _ROLLING.format(before=49),
    "rolling_all": _ROLLING.format(before="unbounded"),
    "daily_returns": """
    with closes as (select day, seq, equity from cycles where seq in (select max(seq) from cycles group by day)),
    steps as (
        select day, seq, equity, lag(day) over w as day_before, lag(seq) over w as seq_before,
            lag(equity) over w as equity_before
        from closes window w as (order by day)),
    flown as (
        select steps.*, coalesce((
            select sum(cast(value as real)) from flows
            where flows.seq > steps.seq_before and flows.seq <= steps.seq), 0) as flow
        from steps where equity_before > 0)
    select day, day - day_before as days, equity, flow, (equity - flow) / equity_before - 1 as daily_return
    from flown""",
    "sharpe": """
    with sums as (
        select coalesce(sum(days), 0) as n, sum(daily_return) as total, sum(daily_return * daily_return) as squares
        from daily_returns),
    moments as (
        select n, total / n as mean, case
            when n >= 30 and squares - total * total / n > 1e-12 * squares
            then (squares - total * total / n) / (n - 1) end as variance
        from sums)
    select n, mean / sqrt(variance) * sqrt(365) as sharpe,
        sqrt((1 + mean * mean / variance / 2) / n) * sqrt(365) as standard_error
    from moments""",
}


def make_tables(connection: sqlite3.Connection) -> None:
    """Make all tables, indexes and views in an empty file.

    Raises:
        sqlite3.Error: they cannot be made.
    """
    from sqlite_utils import Database

    database = Database(connection, execute_plugins=False)
    for name, (key, columns) in TABLES.items():
        database.table(name).create(columns, pk=key)
    for table, column in (("fills", "client_id"), ("orders", "pair"), ("trades", "exit_at"), ("cycles", "day")):
        database.table(table).create_index([column])
    database.table("decisions").create_index(["pair", "candle_at"])
    for name, query in VIEWS.items():
        database.create_view(name, query)
    connection.execute("insert into progress values (1, 0)")
    connection.execute(f"pragma user_version = {SCHEMA}")
    connection.commit()
