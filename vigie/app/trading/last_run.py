"""What an account was before: a replay goes on with its own strategy, pairs and candles alone, and a change is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vigie.adapters.storage.journal_lines import Line
from vigie.adapters.storage.journal_search import backwards_with, last_of
from vigie.app.accounts import account_folder
from vigie.app.settings import AccountSettings
from vigie.decision.profile import Plan
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError, InvariantBroken
from vigie.domain.instants import as_text

_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What decides in a run.

    Attributes:
        words: strategy, timeframe and pairs, as people read them.
        profile: its profile.
        numbers: parameters and settings, as text.
        decided_at: opening instant of the last candle that was decided, epoch milliseconds; None: none was.
    """

    words: str
    profile: str
    numbers: dict[str, str]
    decided_at: int | None = None


def facts_of(settings: AccountSettings, made: Plan) -> RunFacts:
    """Of the run that is about to begin."""
    pairs = [str(one) for one in sorted(settings.pairs)]
    numbers = {**made.parameters.as_dict(), **dict(made.numbers)}
    return RunFacts(
        words=_words(made.strategy.name, str(settings.timeframe), pairs),
        profile=made.profile,
        numbers={name: str(value) for name, value in numbers.items()},
    )


def last_run(home: Path, account: str) -> RunFacts | None:
    """Of the run before; None: there was none, or the journal cannot be read: the start finds that and says it."""
    folder = account_folder(home, account) / "journal"
    try:
        run, cycle = last_of(folder, "run"), last_of(folder, "cycle")
    except (InvariantBroken, OSError):
        return None
    if run is None:
        return None
    fields = run.fields
    return RunFacts(
        words=_words(str(fields["strategy"]), str(fields["timeframe"]), [str(one) for one in fields["pairs"]]),
        profile=str(fields["profile"]),
        numbers={str(name): str(value) for name, value in fields["numbers"].items()},
        decided_at=None if cycle is None else int(cycle.fields["candle_at"]),
    )


def changes(before: RunFacts, now: RunFacts) -> list[str]:
    """What a run has that the one before had not, a sentence for each kind; empty: nothing that decides."""
    said = [] if now.words == before.words else [f"the last run was of {before.words}; this one is of {now.words}"]
    if now.profile != before.profile:
        said.append(f"the last run had the profile {before.profile}; this one has {now.profile}")
    # Another strategy or profile has other numbers: to list them all would hide what was changed.
    if said:
        return said
    other = [
        f"{name}={_spelled(now, name)} (was {_spelled(before, name)})"
        for name in sorted({*before.numbers, *now.numbers})
        if now.numbers.get(name) != before.numbers.get(name)
    ]
    return [f"other numbers than in the last run: {', '.join(other)}"] if other else []


def told_of_change(home: Path, settings: AccountSettings, made: Plan) -> list[str]:
    """What to say before an account is gone on with that was run with something else before."""
    before = last_run(home, settings.name)
    return [] if before is None else changes(before, facts_of(settings, made))


def require_same(home: Path, account: str, before: RunFacts, now: RunFacts, series: Sequence[Series]) -> None:
    """Refuse to go on with a replay's account on anything else than it began with.

    Args:
        home: of the user.
        account: its name.
        before: its last run.
        now: this one.
        series: the candles of this one.

    Raises:
        ConfigError: another strategy, timeframe, pairs or candles.
    """
    cure = "its money and its journal are that run's: take another --account"
    if now.words != before.words:
        raise ConfigError(f"{account} began with {before.words}, this is {now.words}; {cure}")
    for one in series:
        decided = _last_decision(account_folder(home, account) / "journal", str(one.pair))
        if decided is not None and not _of(one, decided):
            at = as_text(int(decided.fields["candle_at"]))
            raise ConfigError(f"{account} began on other candles: that of {one.pair} at {at} UTC differs; {cure}")


def require_onward(account: str, decided_at: int, opens_at: Sequence[int], known: Sequence[Series]) -> None:
    """Refuse a range that does not go on from where an account stands.

    Args:
        account: its name.
        decided_at: opening instant of the last candle that it decided, epoch milliseconds.
        opens_at: candles of the range, sorted, epoch milliseconds.
        known: all candles, those outside of the range included.

    Raises:
        ConfigError: the range ends before, or leaves candles out.
    """
    at = as_text(decided_at)
    cure = f"let the range go on from there (--timerange {at[:10].replace('-', '')}-...), or take another --account"
    if opens_at[-1] < decided_at:
        raise ConfigError(f"{account} has gone on to {at} UTC, this range ends at {as_text(opens_at[-1])}: {cure}")
    between = set[int]()
    for one in known:
        candles = one.candles.opens_at
        between |= set(candles[(candles > decided_at) & (candles < opens_at[0])].tolist())
    if between:
        raise ConfigError(
            f"{account} has gone on to {at} UTC, this range begins {len(between):,} candles later, at "
            f"{as_text(opens_at[0])}: {cure}"
        )


def _words(strategy: str, timeframe: str, pairs: Sequence[str]) -> str:
    return f"{strategy} · {timeframe} · {' '.join(pairs)}"


def _spelled(facts: RunFacts, name: str) -> str:
    return facts.numbers.get(name, "none").removesuffix(".0")


def _last_decision(journal: Path, pair: str) -> Line | None:
    """The last line that has the candle that was decided on; None: there is none, or it cannot be read."""
    try:
        for line in backwards_with(journal, [f'"pair":"{pair}",']):
            if line.kind == "decision" and set(_PRICES) <= set(line.fields["numbers"]):
                return line
    except (InvariantBroken, OSError):
        pass
    return None


def _of(series: Series, decided: Line) -> bool:
    """Whether candles have the one that was decided on, with the same prices."""
    candles, fields = series.candles, decided.fields
    row = int(np.searchsorted(candles.opens_at, int(fields["candle_at"])))
    if row >= len(candles) or int(candles.opens_at[row]) != int(fields["candle_at"]):
        return False
    numbers: dict[str, Any] = fields["numbers"]
    return all(float(numbers[name]) == float(getattr(candles, name)[row]) for name in _PRICES)
