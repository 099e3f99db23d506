"""What must hold after whatever happened: told from the files alone, the venue's own books among them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal, localcontext
from pathlib import Path

from tests.faults.crash.scenario import ACCOUNT, BTC, ETH, SETTINGS, _filters
from vigie.adapters.exchanges.paper_ledger import FILE_NAME, PaperLedger
from vigie.adapters.storage.journal import entry_of
from vigie.adapters.storage.journal_files import verify, walk
from vigie.adapters.storage.state_file import StateFile
from vigie.decision.client_ids import client_id
from vigie.domain import events as e
from vigie.domain.holdings import EXACT
from vigie.domain.order import Leg, OrderReport
from vigie.domain.order_status import Learnt
from vigie.domain.portfolio import Portfolio, folded
from vigie.domain.record import to_json
from vigie.ports.journal import Entry
from vigie.simulation.record import VenueRecord

ONCE = (Leg.ENTRY, Leg.PARTIAL_1, Leg.PARTIAL_2, Leg.EXIT)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run came to.

    Attributes:
        acts: executed orders in the order of the journal, as text.
        given_up: orders that recovery proved absent, as ``leg pair candle``.
        cash: at the end.
    """

    acts: tuple[str, ...]
    given_up: tuple[str, ...]
    cash: Decimal


def folder_of(home: Path) -> Path:
    return home / "state" / ACCOUNT


def entries_of(home: Path) -> list[Entry]:
    return [entry_of(one) for one in walk(folder_of(home) / "journal", 0)]


def venue_of(home: Path, terms: object) -> VenueRecord:
    """The venue's books as its file has them."""
    ledger = PaperLedger(folder_of(home) / FILE_NAME, [_filters(BTC), _filters(ETH)], terms, {})  # type: ignore[arg-type]
    return ledger.venue.to_record()


def unprotected(venue: VenueRecord) -> list[str]:
    """Coins at the venue that no stop of it holds, beyond dust."""
    found = []
    for asset, account in venue.accounts.items():
        if asset != "USDT" and account.free > Decimal("0.05"):
            found.append(f"{account.free} {asset} without a stop")
    return found


def run_of(home: Path, entries: list[Entry] | None = None) -> Run:
    """Tell a run from its journal, which may have been read."""
    entries = entries_of(home) if entries is None else entries
    account = folded((one.seq, one.at, one.event) for one in entries)
    intents = {
        one.event.intent.client_id: one.event.intent for one in entries if isinstance(one.event, e.IntentPlanned)
    }
    fills: dict[str, list[e.FillSeen]] = {}
    acts, given_up = [], []
    for one in entries:
        event = one.event
        if isinstance(event, e.FillSeen):
            fills.setdefault(event.client_id, []).append(event)
        elif isinstance(event, e.TradeClosed):
            acts.append(
                f"trade {event.pair} {event.code} {event.quantity:f} profit {event.profit:f} stop {event.stop_at_entry}"
            )
        elif isinstance(event, e.OrderLearnt) and event.learnt is Learnt.ABSENT:
            given_up.append(f"{intents[event.client_id].leg} {event.pair} {intents[event.client_id].candle_at}")
    for one_id, filled in fills.items():
        intent = intents[one_id]
        told = " + ".join(f"{f.fill.quantity:f} at {f.fill.price:f} on {f.fill.filled_at}" for f in filled)
        acts.append(f"{intent.leg} {intent.pair}: {told}")
    return Run(tuple(sorted(acts)), tuple(given_up), account.cash)


def broken(home: Path, terms: object, strategy: str = "scripted", entries: list[Entry] | None = None) -> list[str]:
    """What of the invariants does not hold; empty: all of them do. The journal may have been read."""
    chain = verify(folder_of(home) / "journal", ACCOUNT)
    if chain.bad is not None:
        return [f"chain: {chain.bad}"]
    entries = entries_of(home) if entries is None else entries
    account = folded((one.seq, one.at, one.event) for one in entries)
    venue = venue_of(home, terms)
    orders = [one.report() for one in (*venue.ended_orders, *venue.open_orders)]
    found = [f"protection: {one}" for one in unprotected(venue)]
    found += _duplicates(orders, entries)
    found += _lost_fills(account, orders, entries)
    found += _money(account, venue, orders, entries)
    found += _ids(entries, strategy)
    loaded = StateFile(folder_of(home) / "state.json", ACCOUNT).load()
    if loaded.portfolio is None or to_json(loaded.portfolio) != to_json(account):
        found.append("state: the snapshot is not what the journal says")
    return found


def _duplicates(orders: list[OrderReport], entries: list[Entry]) -> list[str]:
    """At the venue each decision has been executed once at most, and each order was written down first."""
    intents = {
        one.event.intent.client_id: one.event.intent for one in entries if isinstance(one.event, e.IntentPlanned)
    }
    found = [
        f"orders: {n} orders have the id {name}" for name, n in Counter(o.client_id for o in orders).items() if n > 1
    ]
    found += [
        f"orders: {one.client_id} was sent and not written down" for one in orders if one.client_id not in intents
    ]
    done = Counter(
        (intents[one.client_id].leg, one.pair, intents[one.client_id].candle_at)
        for one in orders
        if one.client_id in intents and one.executed > 0 and intents[one.client_id].leg in ONCE
    )
    return found + [f"orders: {leg} {pair} of {at} executed {n} times" for (leg, pair, at), n in done.items() if n > 1]


def _lost_fills(account: Portfolio, orders: list[OrderReport], entries: list[Entry]) -> list[str]:
    ours = {(one.event.pair, one.event.fill.trade_id) for one in entries if isinstance(one.event, e.FillSeen)}
    theirs = {(one.pair, fill.trade_id) for one in orders for fill in one.fills}
    found = [f"fills: {pair} {trade} was executed and is not in the journal" for pair, trade in sorted(theirs - ours)]
    found += [
        f"fills: {pair} {trade} is in the journal and was never executed" for pair, trade in sorted(ours - theirs)
    ]
    open_there = {one.client_id for one in orders if not one.status.final}
    open_here = {one.intent.client_id for one in account.open_orders()}
    if open_there != open_here:
        found.append(f"orders: {len(open_here)} open in the journal, {len(open_there)} at the venue")
    return found


def _money(account: Portfolio, venue: VenueRecord, orders: list[OrderReport], entries: list[Entry]) -> list[str]:
    found = []
    with localcontext(EXACT):
        cash = venue.accounts["USDT"]
        if cash.free + cash.locked != account.cash:
            found.append(f"money: {account.cash} in our books, {cash.free + cash.locked} at the venue")
        coins: dict[str, Decimal] = {}
        for name, held in account.holdings.items():
            coins[name.split("/")[0]] = held.quantity
        for name, left in account.dust.items():
            base = name.split("/")[0]
            coins[base] = coins.get(base, Decimal(0)) + left
        for asset in ("BTC", "ETH"):
            theirs = venue.accounts.get(asset)
            there = Decimal(0) if theirs is None else theirs.free + theirs.locked
            if coins.get(asset, Decimal(0)) != there:
                found.append(f"coins: {coins.get(asset)} {asset} in our books, {there} at the venue")
        earned = sum((one.event.profit for one in entries if isinstance(one.event, e.TradeClosed)), Decimal(0))
        under_way = sum((one.received - one.spent for one in account.holdings.values()), Decimal(0))
        if Decimal(SETTINGS["capital"]) + earned + under_way != account.cash:
            found.append("equity: capital, trades and positions do not explain the cash")
        paid = Decimal(0)
        for order in orders:
            for fill in order.fills:
                value = fill.price * fill.quantity
                paid += (-value if order.side == "buy" else value) - fill.fee
        if Decimal(SETTINGS["capital"]) + paid != account.cash:
            found.append("equity: the venue's fills do not explain the cash")
    return found


def _ids(entries: list[Entry], strategy: str) -> list[str]:
    """The same decision has the same id, whoever counts it."""
    found = []
    for one in entries:
        if isinstance(one.event, e.IntentPlanned):
            intent = one.event.intent
            key = f"seq:{one.seq}" if intent.candle_at is None else str(intent.candle_at)
            names = {"account": ACCOUNT, "mode": "replay", "strategy": strategy, "pair": intent.pair}
            if intent.client_id != client_id(**names, key=key, leg=intent.leg, attempt=intent.attempt):
                found.append(f"ids: {intent.leg} {intent.pair} of line {one.seq} has an id that nobody can compute")
    return found
