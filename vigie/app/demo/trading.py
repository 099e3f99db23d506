"""Acts of trading: a death at the worst instant, what is left of it, and people who steer."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from vigie.adapters.storage.journal_lines import Line
from vigie.app.demo.act import Seen
from vigie.app.demo.stage import PATIENCE_S, NotFoundError, Stage
from vigie.app.demo.venue import ACCOUNT, HELD_BACK, ORDER_PATH, Pages, Venue, engine, kill, open_venue
from vigie.domain.exit_reason import ExitReason

HOUR_MS = 3_600_000


@dataclass(slots=True)
class Drama:
    """What the acts of trading share.

    Attributes:
        venue: the exchange.
        pages: the journal.
        process: the engine that runs; None: it is dead.
        client_id: of the order whose answer nobody heard.
        pair: that it bought.
        candle_at: that decided it, epoch milliseconds.
        quantity: that the exchange sold us, base.
        lives: how many engines there were.
    """

    venue: Venue
    pages: Pages
    process: subprocess.Popen[str] | None = None
    client_id: str = ""
    pair: str = ""
    candle_at: int = 0
    quantity: Decimal = Decimal(0)
    lives: int = 0

    def born(self, stage: Stage) -> subprocess.Popen[str]:
        """Another engine."""
        self.lives += 1
        self.process = engine(stage, self.venue, self.name)
        return self.process

    @property
    def name(self) -> str:
        """Of what the present engine says."""
        return f"live-{self.lives}"

    @property
    def alive(self) -> subprocess.Popen[str]:
        """The engine that runs.

        Raises:
            NotFoundError: none does.
        """
        if self.process is None or self.process.poll() is not None:
            raise NotFoundError(f"{ACCOUNT}: no engine runs any more")
        return self.process


def drama(stage: Stage) -> Drama:
    """What the acts before have left.

    Raises:
        NotFoundError: nothing.
    """
    found = stage.facts.get("drama")
    if not isinstance(found, Drama):
        raise NotFoundError("nothing trades: an act before this one failed")
    return found


def killed(stage: Stage) -> Seen:
    """The engine dies when its order is at the exchange, and before it can know."""
    venue = open_venue(stage)
    stage.facts["drama"] = here = Drama(venue, Pages(stage))
    venue.hold_back_an_answer()
    process = here.born(stage)
    call = stage.until("an order is sent", lambda: _held_back(venue), beside=process, name=here.name)
    code = kill(stage, process)
    here.client_id = str(call["parameters"]["newClientOrderId"])
    order = _only(venue.orders(here.client_id), here.client_id)
    lines = list(here.pages.of_order(here.client_id))
    intent = next((one for one in here.pages.lines if _planned(one, here.client_id)), None)
    if intent is None or [one.fields.get("learnt") for one in lines] != ["sent"]:
        raise NotFoundError(f"the journal should end with order {here.client_id} sent, and nothing heard of it")
    here.pair, here.candle_at = str(intent.fields["intent"]["pair"]), int(intent.fields["intent"]["candle_at"])
    here.quantity = Decimal(order["executedQty"])
    bare = venue.uncovered()
    if order["status"] != "FILLED" or not bare:
        raise NotFoundError(f"the exchange should have filled {here.client_id} and hold no stop: {order['status']}")
    return Seen(
        f"{here.quantity.normalize():f} {here.pair} bought; the answer held back, process {process.pid} killed "
        f"(exit {code}). The exchange: {order['status'].lower()}, no stop. The journal knows: "
        f"{lines[-1].fields['learnt']}.",
        {
            "client_id": here.client_id, "pair": here.pair, "quantity": str(here.quantity), "exit_code": code,
            "exchange_status": order["status"], "journal": [one.fields["learnt"] for one in lines],
        },
    )  # fmt: skip


def recovered(stage: Stage) -> Seen:
    """Another engine asks for the order by its own id, and sends nothing twice."""
    here = drama(stage)
    here.venue.behave()
    mark, asked_after = here.pages.last_seq, _last_call(here.venue)
    process = here.born(stage)

    def settled() -> Line | None:
        return here.pages.after(mark, "order", lambda one: _learnt(one, here.client_id) == "filled")

    line = stage.until("the order's fate is settled", settled, beside=process, name=here.name)
    told = here.pages.after(mark, "recovery")
    bought = sum(
        (Decimal(one.fields["fill"]["quantity"]) for one in here.pages.of_order(here.client_id) if one.kind == "fill"),
        Decimal(0),
    )
    calls = here.venue.calls(asked_after)
    asked = [one for one in calls if one["method"] == "GET" and _names(one, here.client_id)]
    again = [one for one in calls if one["method"] == "POST" and _names(one, here.client_id)]
    _only(here.venue.orders(here.client_id), here.client_id)
    if not asked or again or bought != here.quantity:
        raise NotFoundError(
            f"order {here.client_id}: asked for {len(asked)} times, sent again {len(again)} times, {bought} of "
            f"{here.quantity} journalled"
        )
    return Seen(
        f"The next process asked for order {here.client_id[:8]} by our own id ({len(asked)} x), journalled its "
        f"{bought.normalize():f} {here.pair} (line {line.seq}), sent it {len(again)} times more; the exchange has one.",
        {"asked": len(asked), "sent_again": len(again), "journalled": str(bought), "line": line.seq,
         "steps": list(told.fields["steps"]) if told is not None else []},
    )  # fmt: skip


def protected(stage: Stage) -> Seen:
    """All that is held lies under a stop at the exchange."""
    here = drama(stage)

    def marked() -> Line | None:
        return here.pages.after(0, "stop", lambda one: one.fields["pair"] == here.pair and one.fields["client_id"])

    line = stage.until("the stop rests at the exchange", marked, beside=here.alive, name=here.name)
    stop = _only(here.venue.orders(str(line.fields["client_id"])), str(line.fields["client_id"]))
    entry = _only(here.venue.orders(here.client_id), here.client_id)
    held = _held(here, entry)
    if Decimal(stop["origQty"]) != held:
        raise NotFoundError(f"the stop is over {stop['origQty']}, and {held} are held")
    _all_covered(stage, here)
    return Seen(
        f"A stop over {held.normalize():f} {here.pair}, all that is held after the fee, rests at the exchange at "
        f"{Decimal(stop['stopPrice']).normalize():f}; no coin there is without one.",
        {"stop": stop["clientOrderId"], "quantity": str(held), "trigger": stop["stopPrice"]},
    )


def halted(stage: Stage) -> Seen:
    """A person halts; a death does not lift it; the stops stay."""
    here = drama(stage)
    mark = here.pages.last_seq
    said = stage.vigie("halt", "--account", ACCOUNT, "--reason", "the demo's reader wants to look")
    line = stage.until("the engine obeys", lambda: here.pages.after(mark, "halt"), beside=here.alive, name=here.name)
    asked_after = _last_call(here.venue)
    if not stage.fast:
        kill(stage, here.alive)
        mark = here.pages.last_seq
        here.born(stage)
        stage.until("it is back", lambda: here.pages.after(mark, "run"), beside=here.alive, name=here.name)
    hours = 3 if stage.fast else 8
    since = here.pages.lines[-1].at
    stage.until(
        f"{hours} hours go by", lambda: _cycle(here, mark, since + hours * HOUR_MS), beside=here.alive, name=here.name
    )
    modes = {str(one.fields["mode"]) for one in here.pages.lines if one.kind == "cycle" and one.at > since}
    bought = [one for one in here.venue.calls(asked_after) if _is_purchase(one)]
    _all_covered(stage, here)
    if modes != {"halted"} or bought:
        raise NotFoundError(f"halted in line {line.seq}: then modes {sorted(modes)}, {len(bought)} purchases")
    killed_too = "" if stage.fast else " and a second SIGKILL"
    return Seen(
        f"The command took {said.seconds:.1f} s; halted in line {line.seq}. {hours} hours of market{killed_too} later: "
        f"still {', '.join(modes)}, {len(bought)} purchases, every coin under its stop.",
        {"seconds": round(said.seconds, 2), "line": line.seq, "hours": hours, "purchases": len(bought),
         "modes": sorted(modes)},
    )  # fmt: skip


def resumed(stage: Stage) -> Seen:
    """The same person resumes, with the code that names what is lifted; and it trades on to the end of the trade."""
    here = drama(stage)
    code = stage.vigie("status", "--account", ACCOUNT, "--json", expected=(0, 3)).document["resume_code"]
    if not code:
        raise NotFoundError("vigie status shows no code to resume with, though it is halted")
    wrong = "000000" if code != "000000" else "111111"
    stage.vigie("resume", "--account", ACCOUNT, "--confirm", wrong, expected=(78,))
    mark = here.pages.last_seq
    if here.pages.after(0, "resume") is not None:
        raise NotFoundError(f"{ACCOUNT} was resumed with a code that is not the right one")
    stage.vigie("resume", "--account", ACCOUNT, "--confirm", str(code))
    line = stage.until("the engine obeys", lambda: here.pages.after(mark, "resume"), beside=here.alive, name=here.name)
    trade = stage.until(
        f"{here.pair} is sold again",
        lambda: here.pages.after(0, "trade", lambda one: one.fields["pair"] == here.pair),
        beside=here.alive, name=here.name, patience=2 * PATIENCE_S,
    )  # fmt: skip
    return Seen(
        f"A wrong code was refused, {code} taken (line {line.seq}): active again; {here.pair} sold by its "
        f"{ExitReason(trade.fields['code']).label}, {Decimal(trade.fields['profit']):+.2f} SIM after fees.",
        {"code": code, "line": line.seq, "trade_line": trade.seq, "profit": str(trade.fields["profit"])},
    )


def _all_covered(stage: Stage, here: Drama) -> None:
    """Look until no coin is bare: for an instant a stop that is moved is no stop."""
    stage.until(
        "every coin lies under a stop", lambda: not here.venue.uncovered() or None,
        beside=here.alive, name=here.name, patience=30.0,
    )  # fmt: skip


def _held_back(venue: Venue) -> dict[str, Any] | None:
    return next((one for one in venue.calls() if HELD_BACK in one["faults"]), None)


def _planned(line: Line, client_id: str) -> bool:
    return line.kind == "intent" and line.fields["intent"]["client_id"] == client_id


def _learnt(line: Line, client_id: str) -> str | None:
    return str(line.fields["learnt"]) if line.fields["client_id"] == client_id else None


def _names(call: dict[str, Any], client_id: str) -> bool:
    return client_id in (call["parameters"].get("newClientOrderId"), call["parameters"].get("origClientOrderId"))


def _only(found: list[dict[str, Any]], client_id: str) -> dict[str, Any]:
    if len(found) != 1:
        raise NotFoundError(f"the exchange has {len(found)} orders with id {client_id}, and should have one")
    return found[0]


def _last_call(venue: Venue) -> int:
    calls = venue.calls()
    return int(calls[-1]["seq"]) if calls else 0


def _is_purchase(call: dict[str, Any]) -> bool:
    return (call["method"], call["path"], call["parameters"].get("side")) == ("POST", ORDER_PATH, "BUY")


def _cycle(here: Drama, mark: int, at: int) -> Line | None:
    return here.pages.after(mark, "cycle", lambda one: one.at >= at)


def _held(here: Drama, entry: dict[str, Any]) -> Decimal:
    """What the exchange gave for an entry, less what it took as a fee in coin, on the step of the stop."""
    state = here.venue.state()
    base = here.pair.split("/")[0]
    mine = [one for one in state["trades"] if (one["symbol"], one["orderId"]) == (entry["symbol"], entry["orderId"])]
    coins = sum((Decimal(one["qty"]) for one in mine), Decimal(0))
    fees = sum((Decimal(one["commission"]) for one in mine if one["commissionAsset"] == base), Decimal(0))
    return _on_step(here, coins - fees)


def _on_step(here: Drama, quantity: Decimal) -> Decimal:
    from vigie.adapters.market_data.trending import trending_instruments

    known = next(one for one in trending_instruments() if str(one.pair) == here.pair)
    return known.quantity_down(quantity)
