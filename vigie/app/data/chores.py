"""Keeping candles: import, list, check, resample, sample. One function per command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.clock import SystemClock
from vigie.adapters.market_data import sample, trending
from vigie.adapters.market_data.files import infer_timeframe, read_series, to_series, write_series
from vigie.adapters.market_data.folder import NamedFile, named_files
from vigie.adapters.market_data.names import SeriesName
from vigie.adapters.market_data.quality import Quality, examine
from vigie.adapters.market_data.resample import resample
from vigie.adapters.market_data.store import CandleStore, read_stored, stored_facts
from vigie.adapters.market_data.tables import read_raw
from vigie.app.data.candles import Report, save_sample, select, without_forming
from vigie.domain.candles import Series
from vigie.domain.errors import CheckFailed, ConfigError, DataError
from vigie.domain.names import suggestion
from vigie.domain.pair import Pair
from vigie.domain.timeframe import HOUR_MS, Timeframe
from vigie.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Holding:
    """Candles of one pair, in numbers.

    Attributes:
        synthetic: True for candles that no market ever traded.
        candles: how many.
        missing: how many are absent between the first and the last.
        first, last: opening times, epoch ms.
        source: for people: where they come from.
        path: the file.
        content_hash: SHA-256 of the candles.
    """

    venue: str
    pair: Pair
    timeframe: Timeframe
    synthetic: bool
    candles: int
    missing: int
    first: int
    last: int
    source: str
    path: Path
    content_hash: str


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What was found in one file, and what is wrong with that.

    Attributes:
        quality: None if the file cannot be read at all.
        timeframe: the one the file was held to.
        failures: why the file fails; empty if it passes.
    """

    path: Path
    timeframe: Timeframe | None
    quality: Quality | None
    failures: tuple[str, ...]


def _holding(series: Series, source: str, path: Path) -> Holding:
    candles = series.candles
    first, last = int(candles.opens_at[0]), int(candles.opens_at[-1])
    missing = (last - first) // candles.timeframe.milliseconds + 1 - len(candles)
    return Holding(
        series.venue, series.pair, candles.timeframe, series.synthetic, len(candles), missing, first, last, source,
        path, candles.content_hash,
    )  # fmt: skip


def import_files(
    paths: Sequence[Path],
    home: Path,
    *,
    pair: Pair | None = None,
    timeframe: Timeframe | None = None,
    venue: str | None = None,
    replace: bool = False,
    clock: Clock | None = None,
    report: Report,
) -> tuple[Holding, ...]:
    """Read files into the store; all of them are read before the first is kept.

    Args:
        paths: candle files.
        home: its store takes them.
        pair: wins over what the files say about themselves.
        timeframe: wins likewise.
        venue: wins likewise; lower-case letters and digits.
        replace: overwrite other candles of the same venue, pair and timeframe.
        clock: tells which candle is still forming.
        report: told what was left out.

    Raises:
        ConfigError: no such file, no pair, or the store holds other candles of that name.
        DataError: a file cannot be used.
    """
    store = CandleStore.of(home)
    now_ms = (clock or SystemClock()).now_ms()
    taken: dict[Path, tuple[Series, Path]] = {}
    for path in paths:
        series = without_forming(read_series(path, pair=pair, timeframe=timeframe, venue=venue), now_ms, report)
        target = store.path(series.venue, series.pair, series.candles.timeframe)
        if target in taken:
            raise ConfigError(
                f"{path} and {taken[target][1]} both hold {series.venue} {series.pair} {series.candles.timeframe}"
            )
        taken[target] = series, path
    if not replace:
        _refuse_overwriting(taken)
    return tuple(
        _holding(series, f"imported from {path.name}", store.save(series, f"imported from {path.name}"))
        for series, path in taken.values()
    )


def _refuse_overwriting(taken: dict[Path, tuple[Series, Path]]) -> None:
    problems = [
        f"{path}: the store holds other {series.venue} {series.pair} {series.candles.timeframe} candles; "
        "add --replace to overwrite them"
        for target, (series, path) in taken.items()
        if target.exists() and stored_facts(target).get("content_hash") != series.candles.content_hash
    ]
    if problems:
        raise ConfigError(problems)


MARKETS = ("sample", "trending")
"""Those that can be made up, by name."""


def make_sample(
    home: Path, seed: int | None = None, market: str = "sample", *, shuffled: bool = False
) -> tuple[Holding, ...]:
    """Make up a market and keep it in the store.

    Args:
        home: its store takes it.
        seed: None: the market's usual one.
        market: one of `MARKETS`.
        shuffled: the trending market's hours in another order: nothing is left to learn.

    Raises:
        ConfigError: no such market, the seed is out of range, or the store cannot be written.
    """
    if market not in MARKETS:
        raise ConfigError(f"--market {market}: write {', '.join(MARKETS)}{suggestion(market, MARKETS)}")
    if shuffled and market != "trending":
        raise ConfigError(f"--shuffled: the {market} market is not shuffled, the trending one is")
    if seed is not None and not 0 <= seed < 2**32:
        raise ConfigError(f"--seed {seed}: use a whole number from 0 to {2**32 - 1}")
    if market == "trending":
        made = trending.trending_series(trending.DEFAULT_SEED if seed is None else seed, shuffled=shuffled)
        filters = trending.trending_instruments()
    else:
        made = sample.sample_series(sample.DEFAULT_SEED if seed is None else seed)
        filters = sample.sample_instruments()
    save_sample(home, made, filters)
    store = CandleStore.of(home)
    return tuple(
        _holding(one, one.origin.removesuffix(" (synthetic)"), store.path(one.venue, one.pair, one.candles.timeframe))
        for one in made
    )


def list_series(home: Path, data: Path | None = None) -> tuple[Holding, ...]:
    """What the store, or a file or folder, holds; sorted by pair and timeframe.

    Raises:
        ConfigError: no such path.
        DataError: a file cannot be used.
    """
    if data is None:
        files = CandleStore.of(home).files()
        return tuple(
            _holding(read_stored(file.path), stored_facts(file.path).get("source", ""), file.path) for file in files
        )
    paths = [file.path for file in named_files(data)] if data.is_dir() else [data]
    return tuple(_holding(read_series(path), "", path) for path in paths)


def check_files(
    home: Path,
    data: Path | None = None,
    *,
    timeframe: Timeframe | None = None,
    max_gap_fraction: float = 0.01,
    max_zero_volume_fraction: float = 0.05,
    clock: Clock | None = None,
) -> tuple[FileCheck, ...]:
    """Look for everything that is wrong with the store, or a file or folder.

    Args:
        home: its store is checked when ``data`` is None.
        data: a file or a folder.
        timeframe: wins over what the files say.
        max_gap_fraction: missing candles allowed, as a fraction of those that should be there.
        max_zero_volume_fraction: candles without volume allowed, as a fraction of the rows.
        clock: tells which candle is still forming.

    Raises:
        ConfigError: no such path, or nothing to check.
        DataError: the only file cannot be read at all.
    """
    limits = max_gap_fraction, max_zero_volume_fraction
    now_ms = (clock or SystemClock()).now_ms()
    if data is not None and not data.is_dir():
        return (_check(data, timeframe, limits, now_ms),)
    files = CandleStore.of(home).files() if data is None else named_files(data)
    if not files:
        raise ConfigError(
            "the store is empty: vigie data download BTC/USDT, vigie data import FILE or vigie data sample fills it; "
            "or give --data"
        )
    checks = []
    for file in files:
        try:
            checks.append(_check(file.path, timeframe, limits, now_ms))
        except DataError as error:
            checks.append(FileCheck(file.path, file.timeframe, None, (str(error),)))
    return tuple(checks)


def _check(path: Path, given: Timeframe | None, limits: tuple[float, float], now_ms: int) -> FileCheck:
    raw = read_raw(path)
    timeframe = given or raw.claims.timeframe or infer_timeframe(raw.opens_at) or Timeframe(HOUR_MS)
    found = examine(raw, timeframe)
    counted = {
        "unreadable value": found.unreadable,
        "row out of order": found.disorder,
        "duplicate row": found.duplicates,
        "row off the grid": found.off_grid,
        "impossible candle": found.impossible,
        "candle not closed yet": int((raw.opens_at + timeframe.milliseconds > now_ms).sum()),
    }
    failures = [f"{count} {what}{'s' if count > 1 else ''}" for what, count in counted.items() if count]
    if found.missing_fraction > limits[0]:
        failures.append(f"{found.missing_fraction:.2%} of the candles are missing, above {limits[0]:.2%}")
    if found.zero_volume_fraction > limits[1]:
        failures.append(f"{found.zero_volume_fraction:.2%} of the rows have no volume, above {limits[1]:.2%}")
    return FileCheck(path, timeframe, found, tuple(failures))


def require_clean(checks: Sequence[FileCheck]) -> None:
    """Say which files fail.

    Raises:
        CheckFailed: at least one does.
    """
    failing = [f"{check.path.name}: {'; '.join(check.failures)}" for check in checks if check.failures]
    if failing:
        raise CheckFailed(f"{len(failing)} of {len(checks)} files fail:\n" + "\n".join(failing))


def resample_series(
    home: Path,
    timeframe: Timeframe,
    *,
    data: Path | None = None,
    pairs: Sequence[Pair] | None = None,
    output: Path | None = None,
    clock: Clock | None = None,
    report: Report,
) -> tuple[Holding, ...]:
    """Make longer candles of every wanted pair from the longest shorter ones, into the store or a file.

    A bucket with missing rows is built from the rows that exist; a last bucket that is not over is left out and told.

    Args:
        home: its store gives (without ``data``) and takes (without ``output``).
        timeframe: of the candles to make.
        data: a file or a folder to take candles from.
        pairs: None for all.
        output: a file for the result; one pair only.
        clock: tells which candle is still forming.
        report: told what was left out.

    Raises:
        ConfigError: nothing to make them from, or several pairs for one file.
        DataError: a file cannot be used.
    """
    store = CandleStore.of(home)
    now_ms = (clock or SystemClock()).now_ms()
    shorter = [without_forming(one, now_ms, report) for one in _shorter(store, timeframe, data, pairs)]
    if output is not None and len(shorter) != 1:
        raise ConfigError(f"--output takes one pair, these are {len(shorter)}: choose with --pairs")
    made = []
    for one in shorter:
        candles, left_out = resample(one.candles, timeframe)
        if left_out:
            report(f"{one.pair}: the last {timeframe} candle is not over: its {left_out} rows are left out")
        source = f"resampled from {one.candles.timeframe}"
        series = Series(one.pair, one.venue, candles, one.origin)
        made.append((series, source))
    if output is not None:
        write_series(output, *made[0])
        return (_holding(*made[0], output),)
    return tuple(_holding(series, source, store.save(series, source)) for series, source in made)


def _shorter(store: CandleStore, timeframe: Timeframe, data: Path | None, pairs: Sequence[Pair] | None) -> list[Series]:
    if data is not None and not data.is_dir():
        raw = read_raw(data)
        only = pairs[0] if pairs is not None and len(pairs) == 1 else None
        series = to_series(raw, data, SeriesName(pair=raw.claims.pair or only))
        if pairs is not None and list(pairs) != [series.pair]:
            raise ConfigError(f"{data}: holds {series.pair} only")
        return [series]
    files = store.files() if data is None else named_files(data)
    fitting = [
        file
        for file in files
        if file.timeframe < timeframe and timeframe.milliseconds % file.timeframe.milliseconds == 0
    ]
    if not fitting:
        raise ConfigError(f"{data or 'the store'}: nothing to make {timeframe} candles from")
    wanted = sorted(set(pairs)) if pairs is not None else sorted({file.pair for file in fitting})
    read = read_series if data is not None else read_stored
    return [read(_longest(fitting, pair, data).path) for pair in wanted]


def _longest(files: Sequence[NamedFile], pair: Pair, data: Path | None) -> NamedFile:
    longest = max((file.timeframe for file in files if file.pair == pair), default=files[0].timeframe)
    return select(files, [pair], longest, data)[0]
