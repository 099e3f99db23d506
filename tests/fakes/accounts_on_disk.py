"""Small accounts as an engine leaves them on the disk, without one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.fakes.accounts import AT, BTC, ENTERED, STOP_ID, intent, learnt
from tests.fakes.clock import FakeClock
from vigie.adapters.storage import heartbeat
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.state_file import StateFile
from vigie.domain import events as e
from vigie.domain.order import Leg
from vigie.domain.order_status import Learnt
from vigie.domain.portfolio import folded

HOUR = 3_600_000
NUMBERS = {"daily_loss_fraction": "0.05", "drawdown_fraction": "0.15"}


def run_started(account: str = "paper", mode: str = "paper") -> e.RunStarted:
    return e.RunStarted(
        account, mode, "0.1.0", "c" * 64, "d" * 64, "ema_stochrsi", "5" * 64, "standard", NUMBERS, (BTC,), "1h", None, 1
    )


PROTECTED: tuple[e.Event, ...] = (
    *ENTERED,
    e.RulesMoved(BTC, AT, 100.0, 2.0, 95.0, 0.0, False, False, 100.0, 0.0, 0),
    e.IntentPlanned(intent(STOP_ID, Leg.STOP)),
    learnt(Learnt.SENT, STOP_ID),
    learnt(Learnt.ACCEPTED, STOP_ID, venue_id="v1"),
    e.StopMarked(BTC, STOP_ID, "2 at 95"),
    e.Decided(BTC, AT, "hold", "", "0" * 16, {"close": 104.0}),
)
"""Two coins bought at 100, a stop at 95 resting, last close 104."""


def marked(candle_at: int = AT, equity: float = 1008.0, low: float = 980.0, worst: float = 0.04) -> e.CycleDone:
    cash = folded((seq, AT, event) for seq, event in enumerate(ENTERED, 1)).cash
    return e.CycleDone(candle_at, equity, cash, AT // 86_400_000, 1000.0, low, 1020.0, worst, "active", 1)


def begun(
    home: Path,
    account: str = "paper",
    events: Sequence[e.Event] = (*PROTECTED, marked()),
    *,
    mode: str = "paper",
    ended: str | None = "done",
    at: int = AT + HOUR,
    snapshot: bool = True,
    beat: int | None = None,
) -> Path:
    """An account that has run; returns its folder.

    Args:
        home: of the user.
        account: its name.
        events: what happened, after the run began.
        mode: of the run.
        ended: why the process let it go; None: it died.
        at: instant of all lines.
        snapshot: whether there is a state file.
        beat: instant of the last heartbeat; None: that of the lines.
    """
    folder, clock = home / "state" / account, FakeClock(at)
    folder.mkdir(parents=True)
    last = [] if ended is None else [e.RunEnded(ended)]
    with JsonlJournal(folder / "journal", account, clock) as journal:
        entries = journal.append([run_started(account, mode), *events, *last])
        journal.sync()
    if snapshot:
        whole = folded((one.seq, one.at, one.event) for one in entries)
        StateFile(folder / "state.json", account).save(whole)
    heartbeat.beat(folder, at if beat is None else beat, {"tick": "guard", "mode": "active", "problems": []})
    return folder


def lines_of(folder: Path, kind: str) -> list[dict[str, object]]:
    """The journalled lines of a kind."""
    from vigie.adapters.storage.journal_files import walk

    return [line.fields for line in walk(folder / "journal") if line.kind == kind]
