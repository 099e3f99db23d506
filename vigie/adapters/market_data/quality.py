"""What is wrong with a file of candles: everything, not the first thing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vigie.adapters.market_data.columns import NO_TIME, RawCandles
from vigie.domain.candles import COLUMNS, BoolArray, FloatArray, IntArray
from vigie.domain.instants import as_text
from vigie.domain.timeframe import Timeframe

OUTLIER_SCALES = 20.0
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Hole:
    """Missing candles in a row.

    Attributes:
        after: opening time of the last candle before, epoch ms.
        before: opening time of the first candle after, epoch ms.
        missing: candles.
    """

    after: int
    before: int
    missing: int


@dataclass(frozen=True, slots=True)
class Quality:
    """What was found in one file; every number counts rows unless it says otherwise.

    Attributes:
        rows: in the file.
        first, last: earliest and latest opening time, epoch ms; None without a readable time.
        missing: candles absent between first and last.
        missing_fraction: missing / candles that should be there.
        holes: longest first.
        unreadable: values that are no number or no time, and rows of the wrong length.
        disorder: rows earlier than the row before.
        duplicates: rows that repeat a time.
        off_grid: rows not a whole number of candles away from the first.
        impossible: rows whose prices or volume cannot be.
        zero_volume: rows with volume 0. Real: an exchange that was halted.
        zero_volume_fraction: of the rows.
        outliers: closes far from the one before, or ranges far wider than usual. Information, not an error:
            markets do this.
        examples: sentences with row and reason, the first few of each kind.
    """

    rows: int
    first: int | None
    last: int | None
    missing: int
    missing_fraction: float
    holes: tuple[Hole, ...]
    unreadable: int
    disorder: int
    duplicates: int
    off_grid: int
    impossible: int
    zero_volume: int
    zero_volume_fraction: float
    outliers: int
    examples: tuple[str, ...]

    @property
    def broken(self) -> int:
        """Rows that no strategy may see."""
        return self.unreadable + self.disorder + self.duplicates + self.off_grid + self.impossible


def examine(raw: RawCandles, timeframe: Timeframe) -> Quality:
    """Count everything that is wrong with the rows of a file."""
    timed = raw.opens_at != NO_TIME
    times = raw.opens_at[timed]
    steps = np.diff(times, prepend=times[:1])
    unique, first_rows = np.unique(times, return_index=True)
    # A time that appears twice is one duplicate, wherever in the file its second row stands.
    repeated = np.ones(len(times), dtype=np.bool_)
    repeated[first_rows] = False
    off_grid = (times - times[:1]) % timeframe.milliseconds != 0
    found: dict[str, BoolArray] = {
        "is earlier than the row before it": _spread(steps < 0, timed),
        "repeats a time": _spread(repeated, timed),
        f"is not a whole number of {timeframe} candles after the first row": _spread(off_grid, timed),
    }
    impossible = _impossible(raw)
    examples = [*raw.problems[:_SHOWN]]
    for reason, bad in {**found, **impossible}.items():
        examples += [_sentence(raw, int(at), reason) for at in np.flatnonzero(bad)[:_SHOWN]]
    disorder, duplicates, strays = (int(bad.sum()) for bad in found.values())
    missing, holes = _missing(unique, timeframe)
    return Quality(
        rows=len(raw),
        first=int(unique[0]) if len(unique) else None,
        last=int(unique[-1]) if len(unique) else None,
        missing=missing,
        missing_fraction=missing / max(1, missing + len(unique)),
        holes=holes,
        unreadable=len(raw.problems),
        disorder=disorder,
        duplicates=duplicates,
        off_grid=strays,
        impossible=int(np.any(list(impossible.values()), axis=0).sum()),
        zero_volume=int((raw.volume == 0).sum()),
        zero_volume_fraction=float((raw.volume == 0).sum()) / max(1, len(raw)),
        outliers=int(_outliers(raw).sum()),
        examples=tuple(examples),
    )


def _spread(bad: BoolArray, timed: BoolArray) -> BoolArray:
    spread = np.zeros(len(timed), dtype=np.bool_)
    spread[timed] = bad
    return spread


def _sentence(raw: RawCandles, at: int, reason: str) -> str:
    when = f" ({as_text(raw.opens_at[at])})" if raw.opens_at[at] != NO_TIME else ""
    return f"row {raw.rows[at]}{when}: {reason}"


def _impossible(raw: RawCandles) -> dict[str, BoolArray]:
    # Comparisons with NaN are false, so a missing price is counted once, under its own name.
    found: dict[str, BoolArray] = {}
    for name in COLUMNS[:4]:
        values: FloatArray = getattr(raw, name)
        found[f"{name} is not a number"] = ~np.isfinite(values)
        found[f"{name} is not above zero"] = values <= 0
    found["high is below low"] = raw.high < raw.low
    found["high is below open or close"] = (raw.high >= raw.low) & (raw.high < np.fmax(raw.open, raw.close))
    found["low is above open or close"] = (raw.high >= raw.low) & (raw.low > np.fmin(raw.open, raw.close))
    found["volume is negative"] = raw.volume < 0
    return found


def _missing(times: IntArray, timeframe: Timeframe) -> tuple[int, tuple[Hole, ...]]:
    absent = np.diff(times) // timeframe.milliseconds - 1
    at = np.flatnonzero(absent > 0)
    holes = [Hole(int(times[row]), int(times[row + 1]), int(absent[row])) for row in at]
    return int(absent[at].sum()), tuple(sorted(holes, key=lambda hole: (-hole.missing, hole.after)))


def _outliers(raw: RawCandles) -> BoolArray:
    """Returns or ranges more than OUTLIER_SCALES robust scales (1.4826 x median absolute deviation) from the median."""
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = np.diff(np.log(raw.close), prepend=np.nan)
        ranges = np.log(raw.high / raw.low)
    return _far(returns) | _far(ranges)


def _far(values: FloatArray) -> BoolArray:
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return np.zeros(len(values), dtype=np.bool_)
    middle = np.median(known)
    scale = 1.4826 * np.median(np.abs(known - middle))
    with np.errstate(invalid="ignore"):
        far: BoolArray = np.isfinite(values) & (np.abs(values - middle) > OUTLIER_SCALES * scale)
    return far if scale > 0 else np.zeros(len(values), dtype=np.bool_)
