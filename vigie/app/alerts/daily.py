"""The daily report of an account: what it is worth, holds, did and cost, and the head of its journal as an anchor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal_files import tail
from vigie.adapters.storage.journal_search import backwards_with, kind_mark
from vigie.app.alerts.channels import DAILY
from vigie.app.journal.reading import journal_folder, trades
from vigie.app.status.document import status
from vigie.domain.errors import VigieError
from vigie.domain.instants import as_iso, as_text
from vigie.domain.notice import Level
from vigie.domain.timeframe import DAY_MS
from vigie.ports.alerts import Letter

SCHEMA = "vigie.daily/1"
HOURS = 24
CHART_DAYS = 30
PICTURE = "equity.png"


def daily_document(home: Path, account: str, now: int | None = None) -> dict[str, Any]:
    """What the report says, of JSON's own types.

    Args:
        home: the user's folder.
        account: whose.
        now: epoch milliseconds; None: the machine's.

    Raises:
        ConfigError: a later vigie wrote the state.
        InvariantBroken: a damaged line among those looked at.
    """
    at = SystemClock().now_ms() if now is None else now
    there = status(home, account)
    points = equity_points(home, account, at - CHART_DAYS * DAY_MS)
    last = tail(journal_folder(home, account), 1)
    return {
        "schema": SCHEMA,
        "account": account,
        "at": as_iso(at),
        "healthy": there["healthy"],
        "problems": there["problems"],
        "kind": there["kind"],
        "mode": there["mode"],
        "running": there["process"]["running"],
        "halts": [one["name"] for one in there["halts"]],
        "strategy": there["strategy"],
        "profile": there["profile"],
        "timeframe": there["timeframe"],
        "quote": there.get("quote", ""),
        "equity": there.get("equity"),
        "cash": there.get("cash"),
        "day": _change(points, there.get("equity"), at - HOURS * 3_600_000),
        "positions": there.get("positions", []),
        "unknown_orders": sum(1 for one in there.get("orders", []) if one["unknown"]),
        "hours": HOURS,
        "trades": trades(home, account, None, at - HOURS * 3_600_000),
        "limits": there.get("limits", []),
        "drift": there.get("drift", []),
        "points": len(points),
        "anchor": {"seq": last[0].seq, "hash": last[0].hash} if last else {"seq": None, "hash": None},
    }


def _change(points: Sequence[tuple[int, float]], equity: float | None, since: int) -> dict[str, float | None]:
    before = next((value for at, value in reversed(points) if at <= since), points[0][1] if points else None)
    if before is None or equity is None or before <= 0:
        return {"change": None, "change_fraction": None}
    return {"change": equity - before, "change_fraction": equity / before - 1.0}


def equity_points(home: Path, account: str, since: int) -> list[tuple[int, float]]:
    """Equity at each decision since an instant: epoch milliseconds and quote, in order."""
    found: list[tuple[int, float]] = []
    for line in backwards_with(journal_folder(home, account), [kind_mark("cycle")]):
        if line.kind != "cycle":
            continue
        if line.at < since:
            break
        found.append((line.at, float(line.fields["equity"])))
    return found[::-1]


def daily_picture(home: Path, account: str, now: int) -> bytes | None:
    """Equity of the last days as a PNG; None: there is nothing to draw yet."""
    points = equity_points(home, account, now - CHART_DAYS * DAY_MS)
    if len(points) < 2:
        return None
    from vigie.reporting.chart_png import equity_png

    return equity_png(points, f"{account}: equity, {as_text(points[0][0])[:10]} to {as_text(points[-1][0])[:10]}")


def daily_letter(home: Path, account: str, digest: Sequence[Mapping[str, object]], now: int, day: int) -> Letter:
    """The report as a letter. An account that cannot be read has one that says so.

    Args:
        home: the user's folder.
        account: whose.
        digest: what was kept for it since the last.
        now: epoch milliseconds.
        day: number of the day that it closes.
    """
    from vigie.reporting.daily import daily_lines, daily_subject
    from vigie.reporting.letters import digest_lines

    pictures: dict[str, bytes] = {}
    try:
        document = daily_document(home, account, now)
        subject, text = daily_subject(document), "\n".join(daily_lines(document, digest))
        picture = daily_picture(home, account, now)
        pictures = {} if picture is None else {PICTURE: picture}
    except (VigieError, OSError, ValueError) as error:
        subject = f"vigie {account}: daily report, the account cannot be read"
        text = "\n".join([f"{error}", "", *digest_lines(digest), ""])
    return Letter(f"{account}-daily-{day}", subject, text, Level.INFO.value, DAILY, now, pictures)
