"""The fire drills. Each makes trouble and tells what was seen; whether it was passed, the invariants say."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.account_lock import AccountLock
from vigie.app.drill.stage import Stage
from vigie.domain.errors import AccountLocked

DARK: Mapping[str, Any] = {"name": "dark", "action": "reset", "when": "before", "count": 0}
POST: Mapping[str, Any] = {"method": "POST", "path": "/api/v3/order"}
KILLS = 3


@dataclass(slots=True)
class Seen:
    """What a drill saw.

    Attributes:
        text: a sentence.
        failures: what should not have been, beside the invariants.
    """

    text: str
    failures: list[str] = field(default_factory=list)


Drill = Callable[[Stage, random.Random], Seen]
NOTHING = "nothing was bought"


def network_loss(stage: Stage, dice: random.Random) -> Seen:
    """The line goes while an entry is on its way, and stays away for some minutes."""
    stage.open()
    minutes = dice.randint(2, 6)
    # The exchange has acted, its answer is lost, and nobody can be asked about it.
    lost = {**POST, "name": "lost", "action": "reset", "when": dice.choice(["after", "half"])}
    stage.ex.faults(lost, {**DARK, "method": "GET", "path": "*/order"}, {**DARK, "method": "GET", "path": "*/myTrades"})
    stage.silent = True
    stage.decide()
    stage.ex.faults(DARK)
    stage.guard(minutes)
    stage.ex.faults()
    stage.speaks_again()
    stage.guard(3)
    return Seen(f"{minutes} minutes without a line, the entry's answer lost: {_held(stage)}")


def ban_418(stage: Stage, _: random.Random) -> Seen:
    """The exchange bans this address for ten minutes."""
    stage.open()
    stage.decide()
    stage.ex.faults(
        {"name": "418", "method": "GET", "path": "*/account", "action": "answer", "status": 418, "code": -1003,
         "retry_after": 600}
    )  # fmt: skip
    stage.guard()
    mark = stage.ex.journal.since(0)[-1].seq
    stage.guard(8)
    asked = [one for one in stage.ex.journal.since(mark) if "/api/" in one.path]
    stage.ex.faults()
    stage.guard(5)
    failures = [f"{len(asked)} requests while it was banned"] if asked else []
    return Seen(f"no request for eight minutes, then as before: {_held(stage)}", failures)


def clock_jump(stage: Stage, dice: random.Random) -> Seen:
    """This machine's clock jumps ahead, then back."""
    stage.open()
    jump = dice.choice([20, 40])
    stage.clock.error_ms = jump * 1000
    stage.decide()
    stage.guard(2)
    stage.clock.error_ms = -jump * 1000
    stage.guard(3)
    stage.clock.error_ms = 0
    stage.guard(2)
    return Seen(f"{jump} s ahead, then {jump} s behind: {_held(stage)}")


def cancelled_stop(stage: Stage, _: random.Random) -> Seen:
    """Somebody cancels the stop by hand."""
    if not _bought(stage):
        return Seen(NOTHING, [NOTHING])
    stage.ex.do("cancel", symbol=stage.symbol, side="SELL")
    stage.guard(2)
    return Seen(f"the stop was taken away: {_held(stage)}")


def partial_fill(stage: Stage, _: random.Random) -> Seen:
    """There is liquidity for half of the entry only."""
    stage.open()
    wanted = stage.setup.capital / 4
    for one in stage.arena.series:
        symbol, price = str(one.pair).replace("/", ""), float(one.candles.close[-1])
        quantity = stage.filters(one.pair).quantity_down(Decimal(repr(round(float(wanted) / price / 8, 8))))
        stage.ex.do("liquidity", symbol=symbol, quantity=str(quantity))
    stage.decide()
    stage.guard(2)
    return Seen(f"a part was bought: {_held(stage)}")


def filter_change(stage: Stage, _: random.Random) -> Seen:
    """Tick and step change while a position is open, and its stop has to be placed anew."""
    if not _bought(stage):
        return Seen(NOTHING, [NOTHING])
    pair = next(one.pair for one in stage.arena.series if str(one.pair) == stage.held)
    known = stage.filters(pair)
    tick, step = known.tick * 10, known.step * 10
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": str(tick), "maxPrice": "1000000", "tickSize": str(tick)},
        {"filterType": "LOT_SIZE", "minQty": str(step), "maxQty": "9000000", "stepSize": str(step)},
    ]
    stage.ex.do("symbol", symbol=stage.symbol, filters=filters)
    stage.ex.do("cancel", symbol=stage.symbol, side="SELL")
    stage.guard(3)
    return Seen(f"tick {tick:f} and step {step:f} from now on: {_held(stage)}")


def disk_full(stage: Stage, dice: random.Random) -> Seen:
    """Nothing can be written down for some minutes."""
    stage.open()
    stage.decide()
    orders = len(stage.ex.journal.calls("POST", "/api/v3/order"))
    stage.disk.full = True
    minutes = dice.randint(2, 5)
    stage.guard(minutes)
    stage.disk.full = False
    sent = len(stage.ex.journal.calls("POST", "/api/v3/order")) - orders
    stage.guard(2)
    failures = [f"{sent} orders were sent that could not be written down"] if sent else []
    return Seen(f"{minutes} minutes without room, nothing sent: {_held(stage)}", failures)


def duplicate_start(stage: Stage, _: random.Random) -> Seen:
    """Somebody starts the same account a second time."""
    stage.open()
    stage.decide()
    try:
        with AccountLock.take(stage.folder, stage.clock):
            return Seen("a second process took the account", ["two processes held the account at once"])
    except AccountLocked as refused:
        stage.guard(2)
        return Seen(f"refused with exit code {refused.exit_code}: {_held(stage)}")


def kill(stage: Stage, dice: random.Random) -> Seen:
    """A process of its own trades and is killed at some instruction; the next one goes on from there."""
    lives = []
    stage.silent = True
    for _ in range(KILLS):
        with _child(stage) as process:
            if not _heard(process, "ready"):
                return Seen("the process did not come up", ["the process did not come up"])
            wait = dice.uniform(0.0, 1.2)
            _watch(stage, wait)
            process.kill()
            process.wait()
            lives.append(f"{wait:.2f} s")
    with _child(stage) as process:
        finished = _heard(process, "ready") and _heard(process, "done")
    failures = [] if finished else ["the process after the last kill did not finish"]
    stage.reopen()
    stage.speaks_again()
    stage.guard_now()
    return Seen(f"killed after {', '.join(lives)}: {_held(stage)}", failures)


def _child(stage: Stage) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603, RUF100 - ourselves
        [sys.executable, "-c", "from vigie.app.drill.child import main; main()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    if process.stdin is not None:
        process.stdin.write(json.dumps(stage.for_child))
        process.stdin.close()
        process.stdin = None
    return process


def _heard(process: subprocess.Popen[str], word: str) -> bool:
    """Whether a word came before the process ended; a process that says nothing more is ended."""
    if process.stdout is None:
        return False
    return any(line.strip() == word for line in iter(process.stdout.readline, ""))


def _watch(stage: Stage, seconds: float) -> None:
    clock = SystemClock()
    end = clock.now_ms() + round(seconds * 1000)
    while clock.now_ms() < end:
        stage.observe()
        clock.sleep(0.02)


def _bought(stage: Stage) -> bool:
    """Whether something is held after a first decision."""
    stage.open()
    stage.decide()
    return bool(stage.held)


def _held(stage: Stage) -> str:
    pair = stage.held
    if not pair:
        return "nothing is held"
    held = stage.engine.portfolio.holdings[pair]
    return f"{held.quantity} {pair.split('/')[0]} under a stop" if not stage.uncovered() else f"{pair} without a stop"


DRILLS: Mapping[str, Drill] = {
    "network-loss": network_loss,
    "ban-418": ban_418,
    "clock-jump": clock_jump,
    "cancelled-stop": cancelled_stop,
    "partial-fill": partial_fill,
    "filter-change": filter_change,
    "disk-full": disk_full,
    "duplicate-start": duplicate_start,
    "kill": kill,
}
"""By name, in the order in which they are done."""
REAL_TIME = frozenset({"kill"})
"""Drills whose exchange goes by our own clock: another process is in them."""
