"""What searches found, as files for other programs."""

from __future__ import annotations

from collections.abc import Sequence

from vigie.metrics.drawdown import drawdowns
from vigie.metrics.summary import Metrics
from vigie.reporting.stability import searched_names
from vigie.reporting.table_files import Column, instants, numbers, table_file, whole, words
from vigie.research.space import Point
from vigie.research.walk_forward import WalkForward


def points_table(points: Sequence[tuple[Point, Metrics]], suffix: str) -> bytes:
    """One row per point that was run, ranked or not, in the order of the grid: its values, then its numbers.

    Args:
        points: of a sweep.
        suffix: ``.csv``, ``.json`` or ``.parquet``.

    Raises:
        ConfigError: another suffix.
    """
    names = list(points[0][0]) if points else []
    metrics = list(points[0][1].values) if points else []
    return table_file(
        {
            **{name: words([point[name] for point, _ in points]) for name in names},
            # A parameter may be called like a metric.
            **{
                f"metric_{name}" if name in names else name: numbers([one.values[name] for _, one in points])
                for name in metrics
            },
        },
        suffix,
    )


def equity_table(found: WalkForward, suffix: str) -> bytes:
    """The stitched out-of-sample equity: one row per candle close of the tests.

    Args:
        found: a walk-forward.
        suffix: ``.csv``, ``.json`` or ``.parquet``.

    Raises:
        ConfigError: another suffix.
    """
    tested = [(number, one.tested) for number, one in enumerate(found.folds, start=1) if one.tested is not None]
    folds = [number for number, run in tested for _ in range(len(run.closes_at))]
    capital = tested[0][1].capital if tested else 1.0
    return table_file(
        {
            "at": instants(found.closes_at),
            "fold": whole(folds),
            "equity": numbers(found.equity),
            "drawdown": numbers(drawdowns(found.equity, capital)),
        },
        suffix,
    )


def folds_table(found: WalkForward, suffix: str) -> bytes:
    """One row per fold: its dates, what was chosen, the numbers in sample (``in_``) and out of sample (``out_``).

    Args:
        found: a walk-forward.
        suffix: ``.csv``, ``.json`` or ``.parquet``.

    Raises:
        ConfigError: another suffix.
    """
    folds = found.folds
    tested = [None if one.tested is None else one.tested.measured for one in folds]
    return table_file(
        {
            "fold": whole(range(1, len(folds) + 1)),
            **{
                name: instants([getattr(one.fold, name.removesuffix("_at")) for one in folds])
                for name in ("train_start_at", "train_end_at", "test_start_at", "test_end_at")
            },
            **{
                name: words([None if one.chosen is None else one.chosen[name] for one in folds])
                for name in searched_names(found)
            },
            **_numbers("in_", [one.in_sample for one in folds]),
            **_numbers("out_", tested),
        },
        suffix,
    )


def _numbers(prefix: str, each: Sequence[Metrics | None]) -> dict[str, Column]:
    names = next((list(one.values) for one in each if one is not None), [])
    return {
        f"{prefix}{name}": numbers([None if one is None else one.values.get(name) for one in each]) for name in names
    }
