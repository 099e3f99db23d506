"""Does a strategy see the future, and is it well formed?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version

import numpy as np

from vigie.app.data.candles import Report
from vigie.app.research.backtest import Request, prepare
from vigie.domain.candles import Series
from vigie.research.look_ahead import LookAheadReport, check

MOST_CANDLES = 6000
"""Candles per pair that are cut: more would only take longer, a leak shows in any of them."""


def check_strategy(
    request: Request,
    *,
    cuts: int,
    report: Report = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> LookAheadReport:
    """Backtest a strategy on the last candles of each pair, then cut them after its fills and anywhere.

    Not a trial: nothing is chosen by its result.

    Raises:
        ConfigError: a name, number, path or pair is wrong.
        DataError: the candles cannot be used.
    """
    prepared = prepare(request, report)
    from vigie.research.backtest import run

    kept = tuple(_last(one) for one in prepared.series)
    result = run(prepared.plan, kept, instruments=prepared.instruments, version=version("vigie"))
    fills = [
        np.searchsorted(one.candles.opens_at, result.events.at[result.events.pair == index]).astype(np.int64)
        for index, one in enumerate(result.series)
    ]
    return check(
        prepared.plan.strategy.signals, prepared.plan.parameters, result.series, fills, cuts=cuts, progress=progress
    )


def _last(one: Series) -> Series:
    return replace(one, candles=one.candles[-MOST_CANDLES:]) if len(one.candles) > MOST_CANDLES else one
