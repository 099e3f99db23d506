"""Small searches whose numbers can be checked by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace

from vigie.metrics.summary import Metrics
from vigie.reporting.search_facts import SearchFacts
from vigie.research.lanes import NAMES as POINT_METRICS
from vigie.research.space import Axis, Point

__all__ = ["AXES", "FACTS", "POINT_METRICS", "facts", "metrics", "run"]

AXES = (Axis("fast", ("5", "10")), Axis("slow", ("30", "60", "90")), Axis("stop_atr", ("2", "3")))

FACTS = SearchFacts(
    strategy="ema_cross",
    profile="standard",
    timeframe="1h",
    pairs=("BTC/USDT",),
    quote="USDT",
    capital=10_000.0,
    objective="sharpe",
    metric="sharpe",
    least_trades=30,
    axes=AXES,
    tried=12,
    senseless=0,
    trials=12,
    start=1_704_067_200_000,
    end=1_735_689_600_000,
    candles=8_784,
    synthetic=False,
    overrides={"fee_fraction": "0.001"},
    fixed={"fee_fraction": 0.001, "slippage_fraction": 0.0005},
    origins={"BTC/USDT": "binance, btc.csv"},
    data_hashes={"BTC/USDT": "d" * 64},
    strategy_hash="a" * 64,
    code_hash="b" * 64,
    version="0.1.0",
)


def facts(axes: tuple[Axis, ...] = AXES, **changes: object) -> SearchFacts:
    """A search over some axes."""
    return replace(FACTS, axes=axes, **changes)  # type: ignore[arg-type]


def metrics(**values: float | None) -> Metrics:
    """The numbers that a search keeps; what is not given is plain."""
    plain: dict[str, float | None] = dict.fromkeys(POINT_METRICS, 0.5) | {"trades": 40.0}
    found: Mapping[str, float | None] = plain | values
    return Metrics(found, {name: "no reason" for name, value in found.items() if value is None})


def run(axes: tuple[Axis, ...], numbers: Callable[[Point], Mapping[str, float | None]]) -> list[tuple[Point, Metrics]]:
    """Every point of some axes, with numbers made from its values."""
    names = [axis.name for axis in axes]
    points = [dict(zip(names, one, strict=True)) for one in itertools.product(*(axis.values for axis in axes))]
    return [(point, metrics(**numbers(point))) for point in points]
