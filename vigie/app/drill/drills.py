"""``vigie drill``: fire drills on an account's own configuration, before it trades with real money."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.atomic import write_atomically
from vigie.app.accounts import account_folder
from vigie.app.drill.cases import DRILLS, REAL_TIME
from vigie.app.drill.market import Arena, arenas, market_of
from vigie.app.drill.stage import Stage, drill_setup, staged
from vigie.app.settings import AccountSettings, account_settings
from vigie.app.trading.live import PREFIX, live_settings
from vigie.domain.errors import ConfigError, DataError, VigieError
from vigie.domain.instants import as_iso
from vigie.domain.names import suggestion
from vigie.engine.setup import Setup

SCHEMA, FILE_NAME = "vigie.drill/1", "drills.json"
TRIES = 12
"""Wishes of the strategy that are tried before the drill gives up: a gate may refuse the first ones."""
Told = Callable[["Outcome"], None]


@dataclass(frozen=True, slots=True)
class DrillRequest:
    """What to drill.

    Attributes:
        home: the user's folder.
        account: whose configuration.
        only: names of drills; empty: all.
        seed: of what is drawn.
        data: candles; None: the store, else a made-up market.
    """

    home: Path
    account: str
    only: Sequence[str] = ()
    seed: int = 1
    data: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One drill.

    Attributes:
        name: of the drill.
        passed: every invariant held.
        seen: a sentence.
        bare_s: longest stretch without a stop while the exchange answered, seconds.
        silent_s: longest one that nobody could do anything about.
        failures: what did not hold, sentences.
    """

    name: str
    passed: bool
    seen: str
    bare_s: float
    silent_s: float
    failures: tuple[str, ...]


def drill(request: DrillRequest, told: Told = lambda _: None) -> dict[str, Any]:
    """Do the drills and keep the table in ``state/<account>/drills.json``; a document of JSON's own types.

    Args:
        request: what to drill.
        told: each outcome, as it comes.

    Raises:
        ConfigError: an unknown drill, settings that cannot be, or a live account that nobody wrote down.
        DataError: candles in which the strategy buys nothing.
        OSError: the table cannot be written.
    """
    names = _names(request.only)
    # Drills of a live account count for going live: a name that was mistyped must not pass with the defaults.
    asked = live_settings if request.account.startswith(PREFIX) else account_settings
    settings = asked(request.home, request.account)
    setup = drill_setup(settings, request.home)
    arena = _arena(request, settings, setup)
    outcomes = []
    for name in names:
        outcomes.append(_one(name, request, settings, setup, arena))
        told(outcomes[-1])
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "account": request.account,
        "at": as_iso(SystemClock().now_ms()),
        "seed": request.seed,
        "config_hash": setup.config_hash,
        "code_hash": setup.code_hash,
        "strategy": setup.plan.strategy.name,
        "profile": setup.plan.profile,
        "pairs": [str(pair) for pair in setup.pairs],
        "candles": arena.origin,
        "begins_at": as_iso(arena.opens_ms),
        "complete": list(names) == list(DRILLS),
        "passed": all(one.passed for one in outcomes),
        "drills": [
            {
                "name": one.name,
                "passed": one.passed,
                "seen": one.seen,
                "bare_seconds": one.bare_s,
                "silent_seconds": one.silent_s,
                "failures": list(one.failures),
            }
            for one in outcomes
        ],
    }
    path = account_folder(request.home, request.account) / FILE_NAME
    write_atomically(path, json.dumps(document, indent=2).encode() + b"\n")
    return document


def _names(only: Sequence[str]) -> list[str]:
    problems = [f"there is no drill '{one}'{suggestion(one, DRILLS)}" for one in only if one not in DRILLS]
    if problems:
        raise ConfigError(problems)
    return [one for one in DRILLS if not only or one in only]


def _arena(request: DrillRequest, settings: AccountSettings, setup: Setup) -> Arena:
    """The first place, in the seed's order, at which the engine really buys.

    Raises:
        DataError: there is none.
    """
    series, instruments = market_of(request.home, settings.pairs, settings.timeframe, request.data, request.seed)
    plans = dict.fromkeys(settings.pairs, setup.plan)
    for tried, arena in enumerate(arenas(plans, series, instruments, request.seed)):
        if tried >= TRIES:
            break
        with staged(settings, setup, arena, request.home) as stage:
            stage.open()
            stage.decide()
            if stage.held:
                return arena
    raise DataError(
        f"{setup.plan.strategy.name} buys nothing in {series[0].origin} that could be drilled: "
        "name other candles with --data"
    )


def _one(name: str, request: DrillRequest, settings: AccountSettings, setup: Setup, arena: Arena) -> Outcome:
    dice = random.Random(f"{request.seed} {name}")  # noqa: S311, RUF100 - a drill is no secret
    pace = (SystemClock(), 1.0) if name in REAL_TIME else None
    with staged(settings, setup, arena, request.home, pace=pace) as stage:
        try:
            seen = DRILLS[name](stage, dice)
            failures = [*seen.failures, *stage.failures()]
            text = seen.text
        except (VigieError, OSError) as error:
            text, failures = "it came to an end that nobody had meant", [f"{type(error).__name__}: {error}"]
        return _outcome(name, text, failures, stage)


def _outcome(name: str, text: str, failures: Sequence[str], stage: Stage) -> Outcome:
    bare = stage.bare
    return Outcome(name, not failures, text, bare.longest_ms / 1000, bare.silent_ms / 1000, tuple(failures))
