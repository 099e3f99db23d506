"""A market of twenty candles in which everything happens once, and the shipped replay on it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tests.fakes.clock import FakeClock
from tests.fakes.replays import windowed
from tests.fakes.scripted import series_of, wishes
from tests.fakes.small_markets import HOUR, QUIET, SETTINGS, START
from vigie.adapters.storage.atomic import write_atomically
from vigie.adapters.storage.halts import Halts
from vigie.adapters.storage.journal_files import segments
from vigie.app.settings import AccountSettings
from vigie.app.trading.replay import ReplayRequest, ReplayTask
from vigie.decision.profile import plan
from vigie.domain.candles import Candles
from vigie.domain.confirmation import spelled
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.record import to_json
from vigie.domain.timeframe import Timeframe
from vigie.ports.controls import Request

ACCOUNT = "replay-crash"
BTC, ETH = Pair("BTC", "USDT"), Pair("ETH", "USDT")

# Open, high, low, close. Both pairs have the same candles, ETH at a tenth of the price and some rows of its own.
_BTC: tuple[tuple[float, float, float, float], ...] = (
    QUIET,
    QUIET,  # wish
    (100.0, 103.0, 99.8, 102.5),  # entry; at its close a partial sale, break-even
    (102.5, 106.0, 102.4, 105.5),  # the second part; the stop trails
    (105.5, 107.0, 105.4, 106.8),  # the stop trails; the strategy wants out
    (106.5, 107.0, 100.0, 100.0),  # sold at the open; a new wish
    (100.0, 100.5, 99.5, 100.0),  # entry
    (100.0, 100.2, 96.0, 97.0),  # stopped out inside
    (97.0, 100.1, 96.9, 100.0),  # a new wish
    (100.0, 100.5, 99.5, 100.0),  # entry
    (93.0, 94.0, 92.0, 93.5),  # opens below the limit: the stop is jumped over and rests
    (93.0, 94.0, 92.5, 93.0),  # sold at the open
    QUIET,
    QUIET,  # a wish while halted
    QUIET,
    QUIET,  # a wish after the resume
    QUIET,  # entry
    (100.0, 102.2, 99.9, 102.0),  # a part
    (102.0, 104.5, 101.9, 104.4),  # the other part
    (104.4, 104.6, 104.0, 104.2),
)
_ETH = (
    *((10.0, 10.05, 9.95, 10.0) for _ in range(4)),
    *((10.0, 10.06, 9.97, 10.02) for _ in range(4)),
    *((10.02, 10.06, 9.97, 10.02) for _ in range(5)),
    (10.02, 10.25, 10.0, 10.2),  # while halted: the stop moves, nothing is sold
    (10.2, 10.5, 10.15, 10.45),
    (10.45, 10.5, 10.4, 10.45),
    *((10.45, 10.5, 10.4, 10.45) for _ in range(4)),
)
ENTRIES_BTC, EXITS_BTC = (1, 5, 8, 13, 15), (4,)
ENTRIES_ETH, EXITS_ETH = (3,), (13, 17)
HALT_ROW, RESUME_ROW = 11, 14
ACTS = (
    "begin", "entry", "partial sale", "partial sale, entry", "stop move, exit", "entry", "quiet", "stop filled",
    "entry", "quiet", "gap, chase", "quiet", "halt", "stop move while halted", "stop move while halted",
    "resume, sales, entry", "quiet", "stop move", "partial sales", "stop move",
)  # fmt: skip
"""What the tick after a row does, by number."""


def _candles(rows: tuple[tuple[float, float, float, float], ...]) -> Candles:
    columns = np.array(rows).T
    opens_at = START + HOUR * np.arange(len(rows))
    return Candles(Timeframe.parse("1h"), opens_at, *columns, np.ones(len(rows)))


def task(home: Path) -> ReplayTask:
    """The replay that is killed."""
    btc, eth = _candles(_BTC), _candles(_ETH)
    written = [
        (btc, wishes(len(btc), entries=ENTRIES_BTC, exits=EXITS_BTC, distance=3.0, volatility=1.0)),
        (eth, wishes(len(eth), entries=ENTRIES_ETH, exits=EXITS_ETH, distance=0.3, volatility=0.1)),
    ]
    made = plan(windowed(written), "standard", SETTINGS)
    settings = AccountSettings(ACCOUNT, pairs=(BTC, ETH), strategy="scripted", parameters=SETTINGS)
    request = ReplayRequest(home, settings)
    filters = {pair: _filters(pair) for pair in (BTC, ETH)}
    series = (series_of(btc, str(BTC)), series_of(eth, str(ETH)))
    return ReplayTask(request, made, series, filters, len(btc), int(btc.opens_at[0]), int(btc.opens_at[-1]))


def _filters(pair: Pair) -> Instrument:
    from decimal import Decimal

    return Instrument(pair, Decimal("0.01"), Decimal("0.001"), Decimal("0.001"), Decimal(5))


def moved(one: ReplayTask, home: Path) -> ReplayTask:
    """The same replay in another home."""
    return replace(one, request=replace(one.request, home=home))


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person asks for.

    Attributes:
        row: after whose close it lies in the box.
        kind, arguments: of the request.
    """

    row: int
    kind: str
    arguments: dict[str, str]

    @property
    def name(self) -> str:
        """Always the same: whoever comes back and finds it gone asks again."""
        return f"letter-{self.kind}"

    def request(self, folder: Path) -> Request:
        """It, once the person has looked at what keeps the account from trading."""
        looked_at = {"latches": spelled(Halts(folder, FakeClock()).latches())} if self.kind == "resume" else {}
        return Request(self.name, self.kind, START + (self.row + 1) * HOUR, {**self.arguments, **looked_at})

    def path(self, folder: Path) -> Path:
        """Where it lies below an account's folder."""
        return folder / "requests" / f"{self.name}.json"


LETTERS = (
    Letter(HALT_ROW, "halt", {"reason": "a person is uneasy"}),
    Letter(RESUME_ROW, "resume", {"reason": "all is well"}),
)


def visit(home: Path, row_opens_at: int | None) -> None:
    """The person puts in what is due and was not asked yet; he looks before he writes, and comes again."""
    folder = home / "state" / ACCOUNT
    row = -1 if row_opens_at is None else (row_opens_at - START) // HOUR
    for letter in LETTERS:
        if letter.row <= row and not _asked(folder, letter.name) and not letter.path(folder).exists():
            write_atomically(letter.path(folder), json.dumps(to_json(letter.request(folder))).encode() + b"\n")


def _asked(folder: Path, name: str) -> bool:
    # As text, not understood: it is looked for after each candle of thousands of runs. A torn last line is none.
    told = f'"request_id":"{name}"'.encode()
    lines = (line for part in segments(folder / "journal") for line in part.read_bytes().splitlines(keepends=True))
    return any(told in line and b'"kind":"request"' in line and line.endswith(b"\n") for line in lines)
