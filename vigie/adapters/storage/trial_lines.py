"""How a trial is written on a line, and read back.

One JSON object a line::

    {"seq":1,"at":"2026-01-31T12:00:00.000Z","kind":"backtest","strategy":"ema_cross","strategy_hash":"…",
     "timeframe":"1h","pairs":{"BTC/USDT":"binance"},"data_hashes":{"BTC/USDT":"…"},"count":1,
     "points":["0123456789abcdef"],"code_hash":"…"}

``seq`` is the number of the line: a line that was taken out shows. ``points`` names the parameter points, so that
the same one on the same candles and code counts once, however often it is tried.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from vigie.domain.instants import as_iso
from vigie.domain.trial import POINT_DIGITS, TrialEvent, TrialKind

_KINDS = {kind.value: kind for kind in TrialKind}


class TrialLine(NamedTuple):
    """What counting needs of a line; a tuple, for there may be a hundred thousand.

    Attributes:
        seq: number of the line, from 1.
        at: instant, as written.
        pairs: pair and venue, sorted.
        points: keys of the parameter points, 16 hex digits each.
    """

    seq: int
    at: str
    kind: TrialKind
    strategy: str
    timeframe: str
    pairs: tuple[tuple[str, str], ...]
    points: list[str]


def spell(event: TrialEvent, points: tuple[str, ...], seq: int, at_ms: int) -> bytes:
    """One line, its end included.

    Args:
        event: what is counted.
        points: which of its points stand on this line.
        seq: number of the line.
        at_ms: instant, epoch milliseconds.
    """
    document = {
        "seq": seq,
        "at": as_iso(at_ms),
        "kind": event.kind.value,
        "strategy": event.strategy,
        "strategy_hash": event.strategy_hash,
        "timeframe": event.timeframe,
        "pairs": dict(sorted(event.venues.items())),
        "data_hashes": dict(sorted(event.data_hashes.items())),
        "count": len(points),
        "points": [point[:POINT_DIGITS] for point in points],
        "code_hash": event.code_hash,
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def understand(raw: bytes) -> TrialLine:
    """Read a line.

    Raises:
        ValueError: it is not one; says why.
    """
    try:
        document = json.loads(raw.decode())
        points = document["points"]
        line = TrialLine(
            seq=document["seq"],
            at=document["at"],
            kind=_KINDS[document["kind"]],
            strategy=document["strategy"],
            timeframe=document["timeframe"],
            pairs=tuple(document["pairs"].items()),
            points=points,
        )
    except KeyError as error:
        raise ValueError(f"no or strange {error}") from error
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not an object of this ledger") from error
    if type(points) is not list or len(points) != document.get("count") or not points:
        raise ValueError("count does not fit points")
    return line
