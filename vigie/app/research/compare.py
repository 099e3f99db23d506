"""Two saved results side by side: whether one is really better."""

from __future__ import annotations

from pathlib import Path

from vigie.adapters.storage.saved_results import read_saved
from vigie.research.common_days import common_days, measure_days
from vigie.research.compared import Compared, differing
from vigie.research.paired_bootstrap import compare_returns


def compare(first: Path, second: Path, *, seed: int = 7, paths: int = 10_000) -> Compared:
    """Read two saved results and hold them to each other on the days that both have.

    Args:
        first: file of A.
        second: file of B.
        seed: the same seed gives the same numbers.
        paths: resampled histories.

    Raises:
        DataError: a file cannot be used, or the two have no day in common.
        ConfigError: a setting is out of range.
    """
    results = (read_saved(first), read_saved(second))
    common = common_days(results[0].daily, results[1].daily)
    per_year = common.per_year
    return Compared(
        paths=(first, second),
        results=results,
        common=common,
        measured=(measure_days(common.first, per_year), measure_days(common.second, per_year)),
        difference=compare_returns(common.first, common.second, periods_per_year=per_year, seed=seed, paths=paths),
        seed=seed,
        differing=tuple(differing(*results)),
    )
