"""The Python generation of the first system, its defects mended."""

from __future__ import annotations

from vigie.decision.profile import Profile

PROFILE = Profile(
    summary="first system, generation B, mended: next-open fills, partial sales, trailing after activation",
    settings={
        "stop_test": "close",
        "stop_limit_fraction": 0.0,
        "extreme": "close",
        "partials": True,
        "partial_slippage": False,
        "fee_fraction": 0.0007,
        "fee_in_base": True,
        "slippage_fraction": 0.0001,
        "sizing": "baseline",
        "max_position_fraction": 1.0,
        "wallet": "per-pair",
        "warm_up_from_past": False,
        "last_at_close": True,
    },
    sizing_numbers={"baseline_fraction": 0.95, "risk_fraction": 0.05},
    guards=frozenset(),
    mended=(
        "ADX uses past candles only; the original averaged over windows centred on the candle and saw the future",
        "cash that an entry does not spend stays in the wallet; the original lost 5 % of it at each baseline entry",
        "the profit of a trade is what the wallet gained; the original counted the uninvested cash as profit",
    ),
)
