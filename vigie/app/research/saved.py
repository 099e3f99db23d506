"""Results put into the form that ``--save`` keeps and ``vigie compare`` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from vigie.adapters.storage.saved_results import to_file
from vigie.app.data.candles import Report
from vigie.app.research.output import write_output
from vigie.domain.canonical import Scalar
from vigie.domain.errors import ConfigError
from vigie.domain.saved_result import ResultKind, SavedResult
from vigie.research.result import BacktestResult
from vigie.research.stitched import days_of, stitched_days, stitched_metrics

if TYPE_CHECKING:
    from vigie.app.research.walk_forward import WalkedForward

BETWEEN_FOLDS = " | "
"""Between the values that a number had in one fold after the other."""


def saved_backtest(result: BacktestResult, trials: int | None) -> bytes:
    """A backtest as the content of a file.

    Args:
        result: a backtest.
        trials: how many stand behind it; None: not counted.

    Raises:
        ConfigError: the run lost everything: what came after has no returns.
    """
    identity = result.identity
    try:
        daily = days_of(result)
    except ValueError as error:
        raise ConfigError(f"this result cannot be saved: its equity fell to zero ({error})") from error
    return to_file(
        SavedResult(
            kind=ResultKind.BACKTEST,
            strategy=identity.strategy,
            profile=identity.profile,
            timeframe=str(identity.timeframe),
            parameters=identity.parameters,
            settings=identity.settings,
            venues={str(one.pair): one.venue for one in result.series},
            data_hashes=identity.data_hashes,
            synthetic=result.synthetic,
            start_at=min(int(one.candles.opens_at[0]) for one in result.series),
            end_at=int(result.closes_at[-1]),
            capital=result.capital,
            strategy_hash=identity.strategy_hash,
            code_hash=identity.code_hash,
            version=identity.version,
            trials=trials,
            metrics=result.metrics.values,
            undefined=result.metrics.undefined,
            daily=daily,
        )
    )


def saved_walk_forward(done: WalkedForward) -> bytes | None:
    """The stitched tests of a walk-forward as the content of a file; None if no fold chose anything.

    Raises:
        ConfigError: a test lost everything: what came after has no returns.
    """
    outcome, prepared = done.outcome, done.searched.prepared
    runs = [one.tested for one in outcome.folds if one.tested is not None]
    if not runs:
        return None
    try:
        daily = stitched_days([(one.fold, one.tested) for one in outcome.folds])
    except ValueError as error:
        raise ConfigError(f"this walk-forward cannot be saved: its equity fell to zero ({error})") from error
    measured = stitched_metrics(runs)
    identities = [None if one.tested is None else one.tested.identity for one in outcome.folds]
    return to_file(
        SavedResult(
            kind=ResultKind.WALK_FORWARD,
            strategy=prepared.plan.strategy.name,
            profile=prepared.plan.profile,
            timeframe=str(runs[0].identity.timeframe),
            parameters=_by_fold([None if one is None else one.parameters for one in identities]),
            settings=_by_fold([None if one is None else one.settings for one in identities]),
            venues={str(one.pair): one.venue for one in prepared.series},
            data_hashes=done.searched.ground.data_hashes,
            synthetic=any(one.synthetic for one in prepared.series),
            start_at=outcome.folds[0].fold.test_start,
            end_at=outcome.folds[-1].fold.test_end,
            capital=runs[0].capital,
            strategy_hash=prepared.plan.strategy.code_hash,
            code_hash=done.searched.ground.code_hash,
            version=version("vigie"),
            trials=outcome.trials,
            metrics=measured.values,
            undefined=measured.undefined,
            daily=daily,
        )
    )


def save_walk_forward(done: WalkedForward, path: Path, report: Report) -> None:
    """Write the stitched tests of a walk-forward.

    Args:
        done: a walk-forward.
        path: the file.
        report: told what was written, or why nothing was.

    Raises:
        ConfigError: the file cannot be written, or a test lost everything.
    """
    content = saved_walk_forward(done)
    if content is None:
        report(f"not written: {path}; nothing was chosen in any fold, there are no out-of-sample days")
        return
    write_output(path, content)
    report(f"written: {path}")


def _by_fold(numbers: Sequence[Mapping[str, Scalar] | None]) -> dict[str, Scalar]:
    """Each number once if all folds agree, else its values fold by fold; ``-`` where nothing was chosen."""
    known = [one for one in numbers if one is not None]
    return {
        name: value
        if all(one[name] == value for one in known)
        else BETWEEN_FOLDS.join("-" if one is None else str(one[name]) for one in numbers)
        for name, value in known[0].items()
    }
