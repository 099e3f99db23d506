"""What the best of many tries would show by luck alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vigie.metrics.ratios import Measured
from vigie.metrics.summary import Metrics
from vigie.research.sharpe_tests import expected_maximum_sharpe, sharpe_variance
from vigie.research.space import Point


def expected_best_sharpe(points: Sequence[tuple[Point, Metrics]], trials: int) -> Measured:
    """The annual Sharpe ratio to expect of the best of so many trials without skill, or why it is undefined.

    The variance is that of the points' own ratios, which goes with the number of all trials (`effective_trials` says
    why). The formula is linear in the ratio: annual ones in, an annual one out. Source: `expected_maximum_sharpe`.

    Args:
        points: everything that was tried, ranked or not; points without a Sharpe ratio are left out.
        trials: counted by the ledger, these included.
    """
    ratios = [ratio for _, metrics in points if (ratio := metrics.values["sharpe"]) is not None]
    variance = sharpe_variance(np.array(ratios, dtype=np.float64))
    return variance if isinstance(variance, str) else expected_maximum_sharpe(max(trials, len(ratios)), variance)
