"""What must hold after every step, whatever has happened: told from the journal, the files and the exchange itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal, localcontext
from itertools import takewhile
from urllib.parse import parse_qsl

from tests.faults.campaign.market import PAIRS
from tests.faults.campaign.world import ACCOUNT, Campaigner
from vigie.adapters.sim_server.calls import Call
from vigie.adapters.sim_server.journal import Entry
from vigie.adapters.storage.journal_files import verify
from vigie.decision.client_ids import client_id
from vigie.domain import events as e
from vigie.domain.holdings import EXACT, Holding
from vigie.domain.order import Intent, Leg
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio, folded
from vigie.domain.record import to_json
from vigie.domain.trading_mode import TradingMode, permits, strictest
from vigie.simulation.exchange.invariants import broken
from vigie.simulation.exchange.orders import Order

ONCE = (Leg.ENTRY, Leg.PARTIAL_1, Leg.PARTIAL_2, Leg.EXIT)
ZERO = Decimal(0)
NO_ANSWER = 500
REFUSED = (401, 418, 429)
"""The venue does not let us look: a key that is taken no more, or too many questions."""
PRIVATE = ("/account", "/order", "/openOrders", "/myTrades")
BASELINE = {"ETH": Decimal(1)}
"""Coins that were there before the account began."""
LONGEST_BARE_MS = 65_000
"""A guard period and a look: so long coins may be without a stop while the venue answers."""


class Watch:
    """Looks on, and remembers what did not hold.

    Attributes:
        found: violations, sentences.
        outside: what people brought to and took from the account, by asset.
        by_hand: exchange's numbers of orders that are not ours, by symbol.
        bare: by pair, when the first answered tick ended without a stop, epoch milliseconds; none did since that had.
    """

    def __init__(self, world: Campaigner) -> None:
        self._world = world
        self.found: list[str] = []
        self.outside: dict[str, Decimal] = dict(BASELINE)
        self.by_hand: set[str] = set()
        self.bare: dict[str, int] = {}
        self._intents: dict[str, Intent] = {}
        self._read = 0
        self._shadow = Portfolio()
        self._from_seq = 0
        world.looks_on = self.leaves

    def say(self, text: str) -> None:
        """Remember a violation, once."""
        if text not in self.found:
            self.found.append(text)

    # --- orders as they leave -----------------------------------------------------------------------------------

    def leaves(self, call: Call) -> None:
        """An order, or a cancel, is about to reach the exchange."""
        if call.method != "POST" or call.path != "/api/v3/order":
            return
        words = dict(parse_qsl(call.query or call.body))
        own = words.get("newClientOrderId", "")
        world = self._world
        durable = {
            one.event.intent.client_id: one.event.intent
            for one in world.journal.lines[: world.journal.synced]
            if isinstance(one.event, e.IntentPlanned) and one.event.intent.client_id == own
        }
        if own not in durable:
            self.say(f"order {own} left before it was on the disk")
            return
        intent = durable[own]
        self._once(own, intent)
        latches = (*world.account.latches.values(), *world.controls.latches().values())
        modes = {TradingMode(one.mode) for one in latches}
        if world.controls.kill_switch() is not None:
            modes.add(TradingMode.HALTED)
        if not permits(strictest(modes), intent.leg.act):
            self.say(f"{intent.leg} of {intent.pair} was sent while {strictest(modes)}")

    def _once(self, own: str, intent: Intent) -> None:
        """The same id may go twice only where the exchange has said that it did not look at the first."""
        last = self._world.ex.journal.calls("POST", "/api/v3/order")
        before = [one for one in last if one.parameters.get("newClientOrderId") == own]
        if before and before[-1].code != _OFF_TIME:
            self.say(f"{intent.leg} of {intent.pair} was sent twice as {own}")

    # --- after a step -------------------------------------------------------------------------------------------

    def begins(self) -> None:
        """A tick begins: what is asked from now on is its."""
        calls = self._calls()
        self._from_seq = calls[-1].seq if calls else self._from_seq

    def _calls(self) -> list[Entry]:
        """What was asked in this tick."""
        newest = takewhile(lambda one: one.seq > self._from_seq, reversed(self._world.ex.journal._entries))
        return list(newest)[::-1]

    def _began(self) -> int:
        """When this tick first asked for something, epoch milliseconds."""
        calls = self._calls()
        return calls[0].at if calls else self._world.ex.now_ms()

    def answered(self) -> bool:
        """Whether the venue answered all that was asked in this tick, in good faith, and it could be written down."""
        calls = [one for one in self._calls() if one.method != "DO"]
        private = [one for one in calls if one.path.endswith(PRIVATE)]
        fine = all(0 < one.status < NO_ANSWER and one.status not in REFUSED and not one.faults for one in calls)
        return bool(private) and fine and not self._world.unplugged and not self._world.fate.full

    def look(self, *, closed: bool = False) -> None:
        """Hold everything against everything.

        Args:
            closed: the week is over and the venue has answered for long enough: nothing may be left open.
        """
        self._fold()
        shelf = self._world.ex.exchange.shelf
        orders = [one for name in shelf.symbols() for one in shelf.of(name)]
        ours = [one for one in orders if one.ticket.client_id not in self.by_hand]
        self._duplicates(ours)
        healthy = self.answered()
        settled = not self._world.account.unsettled()
        if healthy or closed:
            self._fills(ours, complete=settled)
            self._protection()
            if settled:
                self._books()
        else:
            # It begins anew: what it was sent with, and whether it was heard, nobody can hold against anybody.
            self.bare = dict.fromkeys(self.bare, self._world.ex.now_ms())
        for text in broken(self._world.ex.exchange):
            self.say(f"the exchange itself: {text}")

    def _fold(self) -> None:
        """The account in memory is what the lines of the journal say."""
        journal = self._world.journal
        if self._read > len(journal.lines):
            # The power was cut: lines that nobody depended on are gone.
            self._read, self._shadow, self._intents = 0, Portfolio(), {}
        fresh = journal.lines[self._read :]
        if not fresh:
            return
        if fresh[0].seq != self._shadow.seq + 1:
            self.say(f"journal: line {fresh[0].seq} follows line {self._shadow.seq}")
            return
        self._shadow = folded(((one.seq, one.at, one.event) for one in fresh), self._shadow)
        self._read = len(journal.lines)
        for one in fresh:
            if isinstance(one.event, e.IntentPlanned):
                self._intents[one.event.intent.client_id] = one.event.intent
                self._computed(one.event.intent, one.seq)
        if self._shadow != self._world.account:
            self.say("state: the account in memory is not the fold of its journal")

    def _computed(self, intent: Intent, seq: int) -> None:
        """The same decision has the same id, whoever counts it."""
        setup = self._world.setup
        names = {"account": setup.account, "mode": setup.mode, "strategy": setup.plan.strategy.name}
        key = f"seq:{seq}" if intent.candle_at is None else str(intent.candle_at)
        own = client_id(**names, pair=intent.pair, key=key, leg=intent.leg, attempt=intent.attempt)
        if own != intent.client_id:
            self.say(f"ids: {intent.leg} {intent.pair} of line {seq} has an id that cannot be computed")

    def rewound(self) -> None:
        """A process died: its journal is read anew, and nobody was there to look after stops."""
        self.bare = {}
        self._read, self._shadow, self._intents = 0, Portfolio(), {}

    def _duplicates(self, ours: list[Order]) -> None:
        for name, count in Counter(one.ticket.client_id for one in ours).items():
            if count > 1:
                self.say(f"orders: {count} orders have the id {name}")
        done: dict[tuple[Leg, str, int | None], list[tuple[Decimal, Decimal]]] = defaultdict(list)
        for one in ours:
            intent = self._intents.get(one.ticket.client_id)
            if intent is None:
                self.say(f"orders: {one.ticket.client_id} is at the venue and was never written down")
            elif one.executed > 0 and intent.leg in ONCE:
                done[intent.leg, intent.pair, intent.candle_at].append((one.executed, intent.quantity))
        for (leg, pair, at), parts in done.items():
            # What a sale could not sell for want of buyers is sold by the next one; an entry is never carried on.
            most = ZERO if leg is Leg.ENTRY else max(wanted for _, wanted in parts)
            if len(parts) > 1 and sum((executed for executed, _ in parts), ZERO) > most:
                self.say(f"orders: {leg} {pair} of {at} was executed {len(parts)} times")

    def _fills(self, ours: list[Order], *, complete: bool) -> None:
        symbols = {f"{pair.base}{pair.quote}": str(pair) for pair in PAIRS}
        theirs = {(symbols[one.ticket.symbol], str(trade.number)) for one in ours for trade in one.trades}
        here = {
            (one.event.pair, one.event.fill.trade_id)
            for one in self._world.journal.lines
            if isinstance(one.event, e.FillSeen)
        }
        busted = {(symbols[name], str(number)) for name, number in self._world.ex.exchange.busted}
        for pair, trade in sorted(here - theirs):
            self.say(f"fills: {pair} {trade} is in the journal and was never executed")
        # What was executed behind the tick's last look is heard of in the next.
        began = self._began()
        late = {
            (symbols[one.ticket.symbol], str(trade.number)) for one in ours for trade in one.trades if trade.at >= began
        }
        if complete:
            for pair, trade in sorted(theirs - here - busted - late):
                self.say(f"fills: {pair} {trade} was executed and is not in the journal")

    # --- stops --------------------------------------------------------------------------------------------------

    def _protection(self) -> None:
        holdings, now = self._world.account.holdings, self._world.ex.now_ms()
        for pair, held in holdings.items():
            why = self._uncovered(pair, held)
            if why is None:
                self.bare.pop(pair, None)
                continue
            bare_ms = now - self.bare.setdefault(pair, now)
            if bare_ms > LONGEST_BARE_MS:
                self.say(f"protection: {pair} {why} for {bare_ms / 1000:.0f} s though the venue answers")
        for pair in set(self.bare) - set(holdings):
            del self.bare[pair]

    def _uncovered(self, pair: str, held: Holding) -> str | None:
        """Why a holding is not covered; None: it is, or nothing can cover it."""
        world, parsed = self._world, Pair.parse(pair)
        lane = world.ex.exchange.lanes.get(world.symbol(parsed))
        if lane is None or lane.symbol.status != "TRADING" or lane.capacity() == 0 or world.ex.desk.revoked:
            return None
        instrument = world.engine._world.broker.instrument(parsed)
        sellable = instrument.quantity_down(held.quantity)
        if not instrument.sendable(sellable, lane.last or ZERO):
            return None
        ours = {one.intent.client_id: one.intent.leg for one in world.account.open_orders(pair)}
        resting = [one for one in world.ex.exchange.shelf.open(lane.name) if ours.get(one.ticket.client_id) is Leg.STOP]
        locked = sum((one.remaining for one in resting), ZERO)
        free = world.ex.exchange.custody.free(parsed.base) - BASELINE.get(parsed.base, ZERO)
        if free + locked < sellable:
            # Somebody has taken or locked them: there is nothing that a stop could sell.
            return None
        if any(leg not in (Leg.STOP, Leg.ENTRY) for leg in ours.values()):
            return "is being sold"
        if not resting:
            return "has no stop"
        if len(resting) > 1:
            return f"has {len(resting)} stops"
        return None if locked == sellable else f"has a stop for {locked} of {sellable}"

    # --- money --------------------------------------------------------------------------------------------------

    def _books(self) -> None:
        """Our books are the venue's to the last digit, but for what people brought and took."""
        world = self._world
        account = world.account
        exchange, began = world.ex.exchange, self._began()
        if any(trade.at >= began for name in exchange.lanes for trade in exchange.trades(name, exchange.now)):
            return
        with localcontext(EXACT):
            ours = {account.quote: account.cash}
            for pair in PAIRS:
                held = account.holdings.get(str(pair))
                ours[pair.base] = account.dust.get(str(pair), ZERO) + (ZERO if held is None else held.quantity)
            for asset, amount in ours.items():
                theirs = world.ex.exchange.custody.total(asset) - self.outside.get(asset, ZERO)
                if amount != theirs:
                    self.say(f"books: {amount} {asset} here, {theirs} at the venue")

    # --- files --------------------------------------------------------------------------------------------------

    def files(self) -> None:
        """The chain of the journal holds, and the snapshot on the disk is what it says."""
        folder = self._world.state / ACCOUNT
        chain = verify(folder / "journal", ACCOUNT)
        if chain.bad is not None:
            self.say(f"chain: {chain.bad}")
        saved = self._world.store.load().portfolio
        lines = self._world.journal.lines
        if saved is None or saved.seq > len(lines):
            self.say("state: the snapshot knows more than the journal")
            return
        told = folded((one.seq, one.at, one.event) for one in lines[: saved.seq])
        if to_json(saved) != to_json(told):
            self.say("state: the snapshot is not the fold of the journal")


_OFF_TIME = -1021


def resting(world: Campaigner) -> Iterator[Order]:
    """Stops of ours that rest at the exchange."""
    for pair in PAIRS:
        for one in world.ex.exchange.shelf.open(world.symbol(pair)):
            if one.ticket.client_id in world.account.orders:
                yield one
