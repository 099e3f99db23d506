"""Whose order is it? Client ids are computed, so an account can tell its own work without remembering it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from vigie.decision.client_ids import DIGITS, client_id
from vigie.domain.order import Leg
from vigie.engine.reconcile import Made
from vigie.engine.setup import Setup

CANDLES_BACK = 1500
"""So far back orders are looked for that a lost journal may have known; stops rest under the candle of their entry."""
LINES_AROUND = 3000
ATTEMPTS = 4
RESTING = (Leg.STOP, Leg.ENTRY)
"""What can rest at a venue; everything else is sent to the market."""
_OURS = re.compile(f"[0-9a-f]{{{DIGITS}}}")


def authorship(
    setup: Setup, pairs_of: Mapping[str, str], now_ms: int, last_seq: int, candles: Iterable[int] = ()
) -> dict[str, Made]:
    """Those of some client ids that only this account can have made, and what for.

    Args:
        setup: of the account.
        pairs_of: pair by client id.
        now_ms: epoch milliseconds.
        last_seq: lines of the journal; orders without a candle are numbered by theirs.
        candles: further opening instants that may have decided something.
    """
    wanted = {own: pair for own, pair in pairs_of.items() if _OURS.fullmatch(own)}
    found: dict[str, Made] = {}
    length = setup.timeframe.milliseconds
    newest = now_ms // length * length
    instants = [*candles, *(newest - back * length for back in range(CANDLES_BACK))]
    lines = range(max(last_seq - LINES_AROUND, 0), last_seq + LINES_AROUND)
    for pair in sorted(set(wanted.values())):
        mine = {own for own, of in wanted.items() if of == pair}
        for key, candle_at in (*((str(at), at) for at in instants), *((f"seq:{one}", None) for one in lines)):
            for leg in RESTING:
                for attempt in range(ATTEMPTS if candle_at is not None else 1):
                    own = client_id(
                        account=setup.account,
                        mode=setup.mode,
                        strategy=setup.plan.strategy.name,
                        pair=pair,
                        key=key,
                        leg=leg,
                        attempt=attempt,
                    )
                    if own in mine:
                        found[own] = Made(leg, candle_at, attempt)
            if len(found) == len(wanted):
                return found
    return found
