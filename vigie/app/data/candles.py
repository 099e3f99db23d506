"""Candles for a run: from a file, a folder, the store, or the sample market."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from vigie.adapters.clock import SystemClock
from vigie.adapters.market_data.files import drop_forming, read_series, to_series
from vigie.adapters.market_data.folder import NamedFile, named_files, the_only
from vigie.adapters.market_data.made_up import VENUE
from vigie.adapters.market_data.names import SeriesName
from vigie.adapters.market_data.sample import DEFAULT_SEED, sample_instruments, sample_pairs, sample_series
from vigie.adapters.market_data.store import CandleStore, read_stored
from vigie.adapters.market_data.tables import read_raw
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.instants import as_text
from vigie.domain.instrument import Instrument
from vigie.domain.names import suggestion
from vigie.domain.pair import Pair
from vigie.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from vigie.ports.clock import Clock

Report = Callable[[str], None]
"""Where sentences for the person at the terminal go."""

LONGEST_HOLE_DAYS = 7.0
_NAMED = 4
"""Pairs in a sentence; more fill the screen."""
_SAMPLE_TIMEFRAME = Timeframe(HOUR_MS)


def load_series(
    data: Path | None,
    home: Path,
    pairs: Sequence[Pair] | None,
    timeframe: Timeframe,
    *,
    clock: Clock | None = None,
    report: Report | None = None,
) -> tuple[Series, ...]:
    """Candles of the wanted pairs and timeframe, closed ones only, sorted by pair.

    Args:
        data: a file or a folder; None for the store.
        home: its ``state/candles`` is the store.
        pairs: None for all of a file or folder, and for the sample market when ``data`` is None too.
        timeframe: of the candles.
        clock: tells which candle is still forming.
        report: told what was left out or made.

    Raises:
        ConfigError: no such path, pair or timeframe; all problems at once, with suggestions.
        DataError: a file cannot be used.
    """
    tell = report or (lambda _: None)
    if data is None:
        return _from_store(home, pairs, timeframe, tell)
    if data.is_dir():
        files = select(named_files(data), pairs, timeframe, data)
        found = [read_series(file.path) for file in files]
    elif data.exists():
        found = [_from_file(data, pairs, timeframe)]
    else:
        raise ConfigError(f"{data}: no such file or folder")
    now_ms = (clock or SystemClock()).now_ms()
    return tuple(without_forming(series, now_ms, tell) for series in sorted(found, key=lambda one: one.pair))


def without_forming(series: Series, now_ms: int, report: Report) -> Series:
    """Closed candles only; what is left out is told.

    Raises:
        DataError: no candle is closed.
    """
    closed, dropped = drop_forming(series, now_ms)
    if dropped:
        first = as_text(int(series.candles.opens_at[len(closed.candles)]))
        row = f"row {len(closed.candles) + 1}" if dropped == 1 else f"{dropped} rows from row {len(closed.candles) + 1}"
        report(f"{series.origin}: {row} ({first}) left out: not closed yet")
    return closed


def _from_file(path: Path, pairs: Sequence[Pair] | None, timeframe: Timeframe) -> Series:
    raw = read_raw(path)
    only = pairs[0] if pairs is not None and len(pairs) == 1 else None
    series = to_series(raw, path, SeriesName(pair=raw.claims.pair or only))
    strangers = [pair for pair in pairs or () if pair != series.pair]
    if strangers:
        known = [str(series.pair)]
        raise ConfigError([f"{path}: no {pair} here{suggestion(str(pair), known)}" for pair in strangers])
    if series.candles.timeframe != timeframe:
        has = {series.candles.timeframe}
        raise ConfigError(
            f"{path}: {series.pair} is there as {_listed(has)} only{_help(series.pair, timeframe, has, path)}"
        )
    return series


def _from_store(home: Path, pairs: Sequence[Pair] | None, timeframe: Timeframe, report: Report) -> tuple[Series, ...]:
    store = CandleStore.of(home)
    of_sample = set(pairs or ()) <= set(sample_pairs())
    # Who names real pairs asks for real candles: a made-up market is not what is missing.
    if of_sample or (not store.files() and any(map(_like_the_sample, pairs or ()))):
        sample = ensure_sample(home, report)
        wanted = set(pairs or sample_pairs())
        others = [] if pairs else sorted({file.pair for file in store.files()} - set(sample_pairs()))
        if others:
            report(f"these are candles of the sample market; the store has others: --pairs {_few(others)}")
        if timeframe == _SAMPLE_TIMEFRAME and of_sample:
            return tuple(series for series in sample if series.pair in wanted)
        pairs = sorted(wanted)
    return tuple(read_stored(file.path) for file in select(store.files(), pairs, timeframe, None))


def _few(pairs: Sequence[Pair]) -> str:
    named = ",".join(map(str, pairs[:_NAMED]))
    return named if len(pairs) <= _NAMED else f"{named} and {len(pairs) - _NAMED} more (vigie data list)"


def ensure_sample(home: Path, report: Report) -> tuple[Series, ...]:
    """The sample market out of the store; made and kept there at the first use.

    Raises:
        DataError: a stored file of it is damaged.
    """
    store = CandleStore.of(home)
    stored = [store.load(VENUE, pair, _SAMPLE_TIMEFRAME) for pair in sample_pairs()]
    kept = tuple(series for series in stored if series is not None)
    if len(kept) == len(stored):
        return kept
    made = sample_series()
    report(f"made the sample market (synthetic candles, seed {DEFAULT_SEED}); real ones: vigie data download BTC/USDT")
    # A home that cannot be written is no reason to refuse a first look.
    with contextlib.suppress(ConfigError):
        save_sample(home, made, sample_instruments())
    return made


def save_sample(home: Path, series: Iterable[Series], filters: Sequence[Instrument]) -> None:
    """Keep a made-up market and its filters in the store.

    Raises:
        ConfigError: the store cannot be written.
    """
    store = CandleStore.of(home)
    for one in series:
        store.save(one, one.origin.removesuffix(" (synthetic)"))
    store.save_instruments(VENUE, list(filters))


def select(
    files: Sequence[NamedFile], pairs: Sequence[Pair] | None, timeframe: Timeframe, folder: Path | None
) -> tuple[NamedFile, ...]:
    """One file for each wanted pair, sorted by pair.

    Args:
        files: what there is.
        pairs: wanted; None for every pair that has the timeframe.
        timeframe: wanted.
        folder: where the files lie, None for the store; for messages.

    Raises:
        ConfigError: pairs or timeframes that are not there, all at once; or several files for one pair.
    """
    place = str(folder) if folder is not None else "the store"
    there = sorted({file.pair for file in files})
    if pairs is None:
        pairs = [pair for pair in there if any(file.pair == pair and file.timeframe == timeframe for file in files)]
        if not pairs:
            has = {file.timeframe for file in files}
            raise ConfigError(
                f"{place}: no {timeframe} candles, only {_listed(has)}{_help(None, timeframe, has, folder)}"
            )
    problems = []
    for pair in sorted(set(pairs)):
        has = {file.timeframe for file in files if file.pair == pair}
        if not has:
            problems.append(f"{place}: no {pair} here{_known_pairs(pair, there)}{_fetch(pair, timeframe, folder)}")
        elif timeframe not in has:
            problems.append(f"{place}: {pair} is there as {_listed(has)} only{_help(pair, timeframe, has, folder)}")
    if problems:
        raise ConfigError(problems)
    return tuple(
        the_only(file for file in files if file.pair == pair and file.timeframe == timeframe)
        for pair in sorted(set(pairs))
    )


def _known_pairs(pair: Pair, there: Sequence[Pair]) -> str:
    if not there:
        return ""
    tail = suggestion(str(pair), map(str, there))
    return tail if "; known" in tail else f"{tail} There are: {', '.join(map(str, there))}"


def _fetch(pair: Pair, timeframe: Timeframe, folder: Path | None) -> str:
    """How real candles get into the store."""
    if folder is not None or _like_the_sample(pair):
        return ""
    return f"; get it with: vigie data download {pair} --timeframe {timeframe}, or name your own file with --data FILE"


def _like_the_sample(pair: Pair) -> bool:
    """Whether a pair is counted in the sample market's own money: one of it, or one that was mistyped."""
    return pair.quote == sample_pairs()[0].quote


def _listed(timeframes: Iterable[Timeframe]) -> str:
    return ", ".join(map(str, sorted(timeframes)))


def _help(pair: Pair | None, timeframe: Timeframe, has: Iterable[Timeframe], path: Path | None) -> str:
    """Which command would make the wanted timeframe, or which one to ask for instead."""
    there = sorted(has)
    if not any(one < timeframe and timeframe.milliseconds % one.milliseconds == 0 for one in there):
        return f"; say --timeframe {there[0]}" if there else ""
    which = f" --pairs {pair}" if pair is not None else ""
    if path is None:
        return f"; make it with: vigie data resample --timeframe {timeframe}{which}"
    return (
        f"; make it with: vigie data resample --timeframe {timeframe}{which} --data {path}"
        " (it goes into the store: then run without --data)"
    )


def load_instruments(home: Path, series: Sequence[Series]) -> Mapping[Pair, Instrument]:
    """The known filters of the pairs of a run; pairs nothing is known of are left out.

    Raises:
        DataError: ``instruments.json`` is damaged.
    """
    store = CandleStore.of(home)
    by_venue = {venue: store.instruments(venue) for venue in {one.venue for one in series}}
    if VENUE in by_venue:
        by_venue[VENUE] = {one.pair: one for one in sample_instruments()} | by_venue[VENUE]
    return {one.pair: by_venue[one.venue][one.pair] for one in series if one.pair in by_venue[one.venue]}


def require_continuity(series: Series, limit_days: float = LONGEST_HOLE_DAYS) -> None:
    """Refuse candles with a hole no strategy should be run across.

    Args:
        series: the candles of a run.
        limit_days: longest time without candles that is accepted.

    Raises:
        ConfigError: the limit is no number.
        DataError: a single hole is longer; names the longest.
    """
    if math.isnan(limit_days):
        raise ConfigError("the longest hole that is accepted must be a number of days")
    opens_at = series.candles.opens_at
    if len(opens_at) < 2:
        return
    absent = np.diff(opens_at) - series.candles.timeframe.milliseconds
    at = int(np.argmax(absent))
    if absent[at] > limit_days * DAY_MS:
        days = absent[at] / DAY_MS
        raise DataError(
            f"{series.origin}: {series.pair} has no candles for {days:.{0 if days >= 2 else 1}f} days, from "
            f"{as_text(int(series.candles.closes_at[at]))} to {as_text(int(opens_at[at + 1]))}; holes longer than "
            f"{limit_days:g} days stop a run"
        )
