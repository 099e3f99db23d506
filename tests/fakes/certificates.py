"""A certificate for tests, on the candles of `tests.fakes.results`."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.results import candles, hour
from vigie.domain.candles import Candles
from vigie.domain.certificate import Certificate, CertifiedCandles, CertifiedFold, GateResult

BTC = candles([100.0 + row for row in range(48)])
CREATED_AT = 1_750_000_000_123


def certified(of: Candles, venue: str = "binance") -> CertifiedCandles:
    """Candles as a certificate names them."""
    return CertifiedCandles(venue, int(of.opens_at[0]), int(of.opens_at[-1]), len(of), of.content_hash)


def a_certificate(
    *,
    strategy: str = "ema_cross",
    strategy_hash: str = "a" * 64,
    code_hash: str = "b" * 64,
    trials: int = 1234,
    on: Mapping[str, CertifiedCandles] | None = None,
) -> Certificate:
    """One fold, two gates, one pair; everything a test is about can be given."""
    fold = CertifiedFold(
        train_start_at=hour(0),
        train_end_at=hour(24),
        test_start_at=hour(25),
        test_end_at=hour(48),
        parameters={"fast": 20, "start_at": 3},
        in_sample={"sharpe": 1.5},
        out_of_sample={"sharpe": None, "trades": 31},
    )
    return Certificate(
        strategy=strategy,
        profile="standard",
        timeframe="1h",
        parameters={"fast": 20, "scenario": "base", "filter": True},
        settings={"fee_fraction": 0.001, "stop_atr": 3.0},
        candles={"BTC/USDT": certified(BTC)} if on is None else on,
        code_hash=code_hash,
        strategy_hash=strategy_hash,
        folds=(fold,),
        gates=(GateResult("mean_sharpe", 0.9, 0.5, passed=True), GateResult("trades", None, 30.0, passed=False)),
        deflated_sharpe=0.97,
        overfitting_probability=None,
        trials=trials,
        created_at=CREATED_AT,
        version="0.1.0",
    )
