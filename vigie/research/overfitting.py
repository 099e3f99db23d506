"""Probability of backtest overfitting by combinatorially symmetric cross-validation (CSCV).

Source: Bailey, Borwein, Lopez de Prado and Zhu, The Probability of Backtest Overfitting, Journal of Computational
Finance 20(4), 2017 (working paper 2015). The history is cut into S blocks; each of the C(S, S/2) ways to call half of
the blocks "in sample" chooses the trial with the best in-sample Sharpe ratio and looks at its rank in the other half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from vigie.domain.candles import BoolArray, FloatArray, IntArray
from vigie.domain.errors import ConfigError
from vigie.metrics.ratios import Measured
from vigie.research.samples import deviations, finite, spread_to_deviation

_CELLS = 1 << 14
_FEWEST_BLOCKS, _MOST_BLOCKS = 4, 20
_FEWEST_ROWS = 2
_TIE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Overfitting:
    """What choosing the best trial is worth out of sample.

    Attributes:
        probability: of backtest overfitting (PBO): share of splits whose chosen trial is at or below the median of all
            trials out of sample, 0 to 1. A tie with the median (an odd number of trials, or equal ones) counts as
            overfitted, so that noise gives a little more than one half where trials are few and odd.
        slope: of the ordinary least-squares line of out-of-sample on in-sample Sharpe ratio of the chosen trial.
        probability_of_loss: share of splits whose chosen trial loses out of sample, 0 to 1.
        trials: compared, those that never vary left out.
        flat_trials: left out, since they earn the same in every period (as a rule nothing: they never traded).
        blocks: S.
        chosen: column of the trial chosen in each split, shape (splits,).
        in_sample, out_of_sample: per-period Sharpe ratio of the chosen trial, shape (splits,).
        logits: ln(w / (1 - w)), w = rank out of sample (1: worst) / (trials + 1), shape (splits,).
    """

    probability: float
    slope: Measured
    probability_of_loss: float
    trials: int
    flat_trials: int
    blocks: int
    chosen: IntArray
    in_sample: FloatArray
    out_of_sample: FloatArray
    logits: FloatArray


def overfitting(returns: FloatArray, *, blocks: int = 16) -> Overfitting | str:
    """The probability of backtest overfitting of a family of trials, or why it is undefined.

    Each block is reduced to sums and sums of squares first, so that a split costs only O(trials), and memory stays
    linear in the returns given. A trial that did nothing in one half has a Sharpe ratio of 0 there for the ranking.
    If rows do not divide by the blocks, the first blocks are one row longer. Ties for the best go to the first column.

    Args:
        returns: excess returns of one period per row, one trial per column, shape (n, N), fractions.
        blocks: S, even, 4 to 20.

    Raises:
        ConfigError: the number of blocks is odd or out of range.
        DataError: a return is not a finite number.
    """
    if blocks % 2 or not _FEWEST_BLOCKS <= blocks <= _MOST_BLOCKS:
        raise ConfigError(f"blocks must be an even number from {_FEWEST_BLOCKS} to {_MOST_BLOCKS}, not {blocks}")
    values = finite(returns, 2)
    if len(values) < blocks * _FEWEST_ROWS:
        return f"{len(values)} rows are too few for {blocks} blocks"
    moving: IntArray = np.flatnonzero(deviations(values.T) > 0.0)
    if len(moving) < 2:
        return "fewer than two trials whose returns vary"
    halves = _Halves.of(values[:, moving], blocks)
    splits = [_choose(inner, outer) for inner, outer in halves.scores()]
    if any(split is None for split in splits):
        return "a trial earns the same, and not nothing, in each period of half the history"
    found = [split for split in splits if split is not None]
    chosen, inner, outer, rank = (np.concatenate(column) for column in zip(*found, strict=True))
    return _conclude(moving[chosen], inner, outer, rank, (len(moving), values.shape[1] - len(moving), blocks))


Split = tuple[IntArray, FloatArray, FloatArray, FloatArray]


def _conclude(
    chosen: IntArray, inner: FloatArray, outer: FloatArray, rank: FloatArray, sizes: tuple[int, int, int]
) -> Overfitting:
    trials, flat, blocks = sizes
    return Overfitting(
        # By rank, not by logit: rank and half are exact numbers.
        probability=float(np.mean(rank <= (trials + 1) / 2)),
        slope=_slope(inner, outer),
        probability_of_loss=float(np.mean(outer < 0.0)),
        trials=trials,
        flat_trials=flat,
        blocks=blocks,
        chosen=chosen,
        in_sample=inner,
        out_of_sample=outer,
        logits=np.log(rank / (trials + 1 - rank)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Halves:
    """Sums of the blocks, and the ways to halve them.

    Attributes:
        sums, squares: of the returns of each block, shape (S, N).
        rows: of each block, shape (S,).
        members: 1 where a block is in sample, shape (C(S, S/2) / 2, S): one of each pair of mirrored splits.
    """

    sums: FloatArray
    squares: FloatArray
    rows: FloatArray
    members: FloatArray

    @classmethod
    def of(cls, values: FloatArray, blocks: int) -> _Halves:
        pieces = np.array_split(values, blocks)
        members = [(0, *others) for others in combinations(range(1, blocks), blocks // 2 - 1)]
        inside = np.zeros((len(members), blocks))
        inside[np.arange(len(members))[:, np.newaxis], np.array(members)] = 1.0
        return cls(
            np.stack([piece.sum(axis=0) for piece in pieces]),
            np.stack([np.einsum("ij,ij->j", piece, piece) for piece in pieces]),
            np.array([float(len(piece)) for piece in pieces]),
            inside,
        )

    def scores(self) -> Iterator[tuple[FloatArray | None, FloatArray | None]]:
        """Per-period Sharpe ratios in and out of sample, shape (some splits, N), each split also mirrored."""
        size = max(1, _CELLS // self.sums.shape[1])
        for first in range(0, len(self.members), size):
            members = self.members[first : first + size]
            # Not total minus the other half: a half of zeros must stay one of exact zeros.
            one, other = self._sharpe(members), self._sharpe(1.0 - members)
            yield one, other
            yield other, one

    def _sharpe(self, members: FloatArray) -> FloatArray | None:
        rows = (members @ self.rows)[:, np.newaxis]
        total = members @ self.sums
        deviation = spread_to_deviation(total, members @ self.squares, rows)
        still: BoolArray = deviation == 0.0
        if still.any():
            if total[still].any():
                return None
            deviation[still] = 1.0
        total /= rows
        total /= deviation
        return total


def _choose(inner: FloatArray | None, outer: FloatArray | None) -> Split | None:
    """The best trial in sample, its two Sharpe ratios, and its rank out of sample; equal ones share their ranks."""
    if inner is None or outer is None:
        return None
    # Equal trials must stay equal whatever order a linear algebra library adds in.
    best: IntArray = (inner >= inner.max(axis=1, keepdims=True) - _TIE).argmax(axis=1)
    at = best[:, np.newaxis]
    value = np.take_along_axis(outer, at, axis=1)
    below = np.count_nonzero(outer < value - _TIE, axis=1)
    up_to = np.count_nonzero(outer <= value + _TIE, axis=1)
    return best, np.take_along_axis(inner, at, axis=1)[:, 0], value[:, 0], (below + up_to + 1) / 2


def _slope(inner: FloatArray, outer: FloatArray) -> Measured:
    apart = inner - inner.mean()
    spread = float(apart @ apart)
    if spread <= 1e-24 * float(inner @ inner):
        return "the in-sample Sharpe ratio is the same in every split"
    return float(apart @ (outer - outer.mean())) / spread
