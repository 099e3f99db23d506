"""``vigie journal tax``: what was sold in a year, what had been paid for it, and a checksum over the table."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from vigie.adapters.storage.journal import entry_of
from vigie.adapters.storage.journal_files import walk
from vigie.app.journal.reading import journal_folder
from vigie.domain.events import CoinsAdopted, FillReversed, FillSeen, IntentPlanned, SoldElsewhere
from vigie.domain.holdings import EXACT
from vigie.domain.instants import as_datetime, as_iso
from vigie.domain.lots import Booked, Disposal, Method, disposals
from vigie.domain.order import Fill, Side

COLUMNS = (
    "pair", "bought_at", "sold_at", "quantity", "proceeds", "cost", "gain", "fee", "fee_asset",
    "bought_line", "sold_line",
)  # fmt: skip
SCHEMA = "vigie.journal.tax/1"
_TOLD_BY = {one.KIND for one in (IntentPlanned, FillSeen, FillReversed, SoldElsewhere, CoinsAdopted)}


def tax(home: Path, account: str, method: Method, year: int) -> dict[str, Any]:
    """The table of a year; the chain of the journal is checked on the way.

    Args:
        home: of the user.
        account: whose journal.
        method: which coins are sold first; all years before count for it.
        year: of the sale, UTC.

    Raises:
        InvariantBroken: the journal is damaged.
        DataError: more was sold than had been bought.
    """
    fills, end = _fills(journal_folder(home, account), account)
    sold = [one for one in disposals(fills, method) if as_datetime(one.sold_at).year == year]
    rows = [_row(one) for one in sold]
    paid = [one for one in fills if as_datetime(one.fill.filled_at).year == year]
    with localcontext(EXACT):
        return {
            "schema": SCHEMA,
            "account": account,
            "method": method.value,
            "year": year,
            "rows": rows,
            "proceeds": _plain(sum((one.proceeds for one in sold), Decimal(0))),
            "cost": _plain(sum((one.cost for one in sold), Decimal(0))),
            "gain": _plain(sum((one.gain for one in sold), Decimal(0))),
            "fees": _fees(paid),
            "journal_lines": end[0],
            "journal_hash": end[1],
            "sha256": hashlib.sha256(table(rows).encode()).hexdigest(),
        }


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as CSV, heading included: what the checksum is over."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _fills(folder: Path, account: str) -> tuple[list[Booked], tuple[int, str]]:
    sides: dict[str, Side] = {}
    fills: dict[tuple[str, str], Booked] = {}
    end = (0, "")
    for count, line in enumerate(walk(folder, account=account), start=1):
        end = (count, line.hash)
        if line.kind not in _TOLD_BY:
            continue
        event = entry_of(line).event
        if isinstance(event, IntentPlanned):
            sides[event.intent.client_id] = event.intent.side
        elif isinstance(event, FillSeen):
            # The same fill told twice counts once.
            key = (event.client_id, event.fill.trade_id)
            fills.setdefault(key, Booked(line.seq, event.pair, sides[event.client_id], event.fill))
        elif isinstance(event, FillReversed):
            fills.pop((event.client_id, event.fill.trade_id), None)
        elif isinstance(event, SoldElsewhere):
            fills[event.pair, event.fill.trade_id] = Booked(line.seq, event.pair, Side.SELL, event.fill)
        elif isinstance(event, CoinsAdopted):
            # What they were really bought for, and when, only their owner knows.
            quote = event.pair.split("/")[1]
            taken = Fill(f"adopted-{line.seq}", event.price, event.quantity, Decimal(0), quote, line.at)
            fills[event.pair, taken.trade_id] = Booked(line.seq, event.pair, Side.BUY, taken)
    return list(fills.values()), end


def _row(one: Disposal) -> dict[str, Any]:
    return {
        "pair": one.pair,
        "bought_at": as_iso(one.bought_at),
        "sold_at": as_iso(one.sold_at),
        "quantity": _plain(one.quantity),
        "proceeds": _plain(one.proceeds),
        "cost": _plain(one.cost),
        "gain": _plain(one.gain),
        "fee": _plain(one.fee),
        "fee_asset": one.fee_asset,
        "bought_line": one.bought_seq,
        "sold_line": one.sold_seq,
    }


def _fees(fills: list[Booked]) -> dict[str, str]:
    """All fees of the year, purchases included, each asset by itself."""
    sums: dict[str, Decimal] = {}
    for one in fills:
        sums[one.fill.fee_asset] = sums.get(one.fill.fee_asset, Decimal(0)) + one.fill.fee
    return {asset: _plain(value) for asset, value in sorted(sums.items()) if value}


def _plain(number: Decimal) -> str:
    """Without an exponent, which spreadsheets read as they please."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def lines_of(document: dict[str, Any]) -> Iterator[str]:
    """The table as it is printed: rows, then one line that binds it to the journal."""
    yield table(document["rows"]).rstrip("\n")
    yield (
        f"# {document['method']} {document['year']} {document['account']}: gain {document['gain']}, "
        f"sha256 of the lines above {document['sha256']}, journal of {document['journal_lines']} lines "
        f"ending in {document['journal_hash']}"
    )
