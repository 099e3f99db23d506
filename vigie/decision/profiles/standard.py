"""The documented system: risk sizing, next-open fills, a stop-limit at the exchange, all guards on."""

from __future__ import annotations

from vigie.decision.profile import Profile

PROFILE = Profile(
    summary="risk 2 % a trade, fee 10 bps, slippage 5 bps, next-open fills, intrabar stop-limit, trailing 5.5 ATR",
    # What venues ask of pairs in dollars where theirs is not known: without it crumbs of cash become positions.
    settings={"min_notional": 10.0},
)
