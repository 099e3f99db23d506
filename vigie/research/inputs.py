"""What the bar loop takes: candles, wishes and numbers of one wallet, and an empty book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vigie.decision.gate import rule_names
from vigie.decision.pipeline import wallet_of
from vigie.decision.policies import Costs, Rules
from vigie.decision.profile import Plan
from vigie.decision.weighing import Wallet
from vigie.domain.candles import FloatArray, Series
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.research.kernel.records import Book, Market, Wishes
from vigie.research.timeline import Timeline, filters_of, market, wishes
from vigie.strategy.signals import Signals

HOLE = rule_names().index("holes")
"""Place of the hole rule among the gate's rules."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One pair of a run.

    Attributes:
        known: every candle that may be looked at, those before the range included.
        traded: the candles of the range.
        signals: one row per traded candle.
        warm_up: candles the strategy asks for, wherever the range starts.
    """

    known: Series
    traded: Series
    signals: Signals
    warm_up: int


class LoopInputs(NamedTuple):
    """What the bar loop takes, in its order; it writes into ``book``."""

    market: Market
    wishes: Wishes
    rules: Rules
    costs: Costs
    wallet: Wallet
    limits: FloatArray
    book: Book


def loop_inputs(
    plan: Plan,
    timeline: Timeline,
    pieces: Sequence[Piece],
    instruments: Mapping[Pair, Instrument],
    shares: int | None = None,
) -> LoopInputs:
    """Candles, wishes and numbers of one wallet as the bar loop wants them, and an empty book.

    Args:
        plan: strategy, rules, costs, guards.
        timeline: the rows of the loop.
        pieces: one per pair, sorted by pair.
        instruments: venue filters where they are known.
        shares: pairs among which the wallet is shared, those without candles included; None: the pieces.
    """
    candles = [one.traded.candles for one in pieces]
    pairs = [one.traded.pair for one in pieces]
    settings = plan.settings
    limits = limits_of(plan)
    limits[HOLE] = hole_limit(limits[HOLE], max(one.warm_up for one in pieces))
    wanted = wishes(timeline, [one.signals for one in pieces])
    most_trades = int(np.count_nonzero(wanted.entry)) + 1
    filters = filters_of(pairs, instruments, settings.min_notional)
    correlated = not np.isnan(plan.limits["correlation"])
    return LoopInputs(
        market=market(timeline, candles, [one.known.candles for one in pieces], filters, correlated=correlated),
        wishes=wanted,
        rules=settings.rules(),
        costs=settings.costs(),
        wallet=wallet_of(plan, shares or len(pairs)),
        limits=limits,
        book=Book.empty(len(pairs), len(timeline.opens_at), most_trades, len(limits)),
    )


def limits_of(plan: Plan) -> FloatArray:
    """Numbers of the gate's rules in their order, as the plan has them."""
    return np.array([plan.limits[name] for name in rule_names()])


def hole_limit(limit: FloatArray, warm_up: int) -> FloatArray:
    """The hole rule asks for no more candles than the warm-up has; NaN (switched off) stays."""
    return np.minimum(limit, max(1, warm_up))
