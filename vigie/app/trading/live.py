"""Live trading: real orders at a real venue. A person says so, by the account's name, each time."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from vigie.adapters.clock import SystemClock
from vigie.adapters.sim_server.server import at_loopback
from vigie.app.logs.writing import logged
from vigie.app.research.certificates import Cover, as_words, cover_of, proved
from vigie.app.serve.serving import watched_by_eyes
from vigie.app.serve.settings import HealthSettings
from vigie.app.settings import FILE, AccountSettings, account_names, account_settings, check_name
from vigie.app.strategies.finding import find
from vigie.app.trading.last_run import told_of_change
from vigie.app.trading.running import Report, Run, RunResult, Told, run_account, said_once
from vigie.app.trading.setups import plan_of
from vigie.app.trading.ticking import Pace
from vigie.app.wiring import Place, living
from vigie.decision.profile import Plan
from vigie.domain.errors import ConfigError, VigieError
from vigie.domain.masking import masked
from vigie.domain.names import suggestion
from vigie.ports.clock import Clock

PREFIX = "live-"
VARIABLE = "VIGIE_LIVE_ACCOUNT"


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """Live trading.

    Attributes:
        home: the user's folder.
        settings: of the account.
        understood: the name that the person gave; None: none on the command line.
        without_certificate: why it may run without one; None: it may not.
        once: one tick, and whatever it takes until all that is held is protected; for cron.
        opens: False: it decides and writes down, and opens no position.
        place: where requests go.
        health: where health and metrics are served beside it; None: nowhere.
    """

    home: Path
    settings: AccountSettings
    understood: str | None = None
    without_certificate: str | None = None
    once: bool = False
    opens: bool = True
    place: Place = field(default_factory=Place)
    health: HealthSettings | None = None


def live_settings(home: Path, name: str) -> AccountSettings:
    """What ``vigie.toml`` says of a live account. It has to say something: real money follows no defaults.

    Raises:
        ConfigError: a name that is no live account's, one that the file does not have, or settings that cannot be.
    """
    check_name(name)
    if not name.startswith(PREFIX):
        raise ConfigError(f"'{name}': a live account is called {PREFIX}..., so that none is taken for a game")
    known = [one for one in account_names(home) if one.startswith(PREFIX)]
    if name not in known:
        near = suggestion(name, known) if known else "; write down there what it is to trade"
        raise ConfigError(f"{home / FILE} has no table [accounts.{name}]{near}")
    settings = account_settings(home, name)
    if settings.capital is None:
        raise ConfigError(f"{FILE}: [accounts.{name}] capital: say how much of the account's money is to be traded")
    return settings


def affirm(name: str, said: str | None, environment: Mapping[str, str]) -> None:
    """Make sure that a person means this account, with real money.

    Args:
        name: of the account.
        said: the name on the command line; None: there is none, and the environment counts.
        environment: of the process.

    Raises:
        ConfigError: the name is missing or another one.
    """
    word = environment.get(VARIABLE) if said is None else said
    if not word:
        raise ConfigError(
            f"{name} trades real money: say so with --i-understand {name}, or set {VARIABLE}={name} where it runs"
        )
    if word != name:
        source = VARIABLE if said is None else "--i-understand"
        raise ConfigError(f"{source} names '{word}', and {name} was to trade: nothing was done")


def live_plan(settings: AccountSettings, home: Path) -> tuple[Plan, Cover]:
    """What a live account decides with: the numbers of its certificate, then its own, and whether these are proved.

    Raises:
        ConfigError: every unknown name and bad value, at once.
    """
    certificate = proved(home, find(settings.strategy, home), settings.profile, settings.pairs, settings.timeframe)
    if certificate is not None:
        settings = replace(settings, parameters={**as_words(certificate), **settings.parameters})
    made = plan_of(settings, home)
    return made, cover_of(home, made, settings.pairs, settings.timeframe)


def run_live(
    request: LiveRequest,
    *,
    report: Report = lambda _: None,
    told: Told = lambda _, __, ___: None,
    clock: Clock | None = None,
    pace: Pace | None = None,
    environment: Mapping[str, str] | None = None,
    waiting: Report = lambda _: None,
) -> RunResult:
    """Trade until a signal, a stop command, or, with ``once``, the end of the first tick.

    Args:
        request: what to do.
        report: told what happened on the way.
        told: of each tick the mode, what went wrong, and the account after it.
        clock: now; None: the machine's.
        pace: how long the waits are.
        environment: of the process; None: its own.
        waiting: told who is asked, before it is.

    Raises:
        AccountLocked: another process holds the account.
        ConfigError: nobody has said that it is meant, no certificate, keys that are missing, wrong or may do too much,
            a setting that cannot be, a pair that the venue does not trade, or a stopped account.
        InvariantBroken: the account's files do not add up.
        VenueUnavailable: the venue does not answer at the start of a single tick.
    """
    settings, time = request.settings, clock or SystemClock()
    affirm(settings.name, request.understood, os.environ if environment is None else environment)
    override = _reason(request.without_certificate)
    going_by, asking = GoingBy(settings, request.home), said_once(waiting)
    where = request.place.base_url or f"{settings.venue}{' (sandbox)' if request.place.sandbox else ''}"
    if going_by.cover.name is not None:
        made_up = " (made-up candles)" if going_by.cover.synthetic else ""
        report(f"certificate {going_by.cover.name}{made_up}")
    if not request.once:
        report(
            f"account {settings.name}: vigie status --account {settings.name} tells, vigie halt and vigie stop steer"
        )
    with (
        logged(
            request.home, "live", settings.name, report=report, told=told, now_ms=time.now_ms, environment=environment
        ) as ears,
        watched_by_eyes(request.home, settings.name, request.health, ears.report),
    ):
        for sentence in told_of_change(request.home, settings, going_by.made):
            ears.report(sentence)
        return run_account(
            Run(request.home, settings, request.once, request.place.base_url, time_goes_by=_goes_by(time)),
            lambda: living(
                settings, *going_by.now(), home=request.home, clock=time, place=request.place, override=override,
                opens=request.opens, environment=environment, report=ears.report,
                asking=lambda: asking(f"asking {where} for its time, its markets and the account"),
            ),
            clock=time,
            pace=pace,
            report=ears.report,
            told=ears.told,
            renewed=going_by.renewed,
        )  # fmt: skip


class GoingBy:
    """The certificate that a live account goes by, and whether it is still the one."""

    def __init__(self, settings: AccountSettings, home: Path) -> None:
        """Look for it.

        Raises:
            ConfigError: every unknown name and bad value, at once.
        """
        self._settings, self._home = settings, home
        self._seen_at, self._renewed = self._changed_at(), False
        self.made, self.cover = live_plan(settings, home)

    def now(self) -> tuple[Plan, Cover]:
        """What to open the account with."""
        self._renewed = False
        return self.made, self.cover

    def renewed(self) -> bool:
        """Whether another certificate holds than that of the last `now`.

        Who goes by none, by a person's word, goes on so: it was meant.
        """
        changed_at = self._changed_at()
        if changed_at != self._seen_at and self.cover.name is not None:
            self._seen_at = changed_at
            self._look_again()
        return self._renewed

    def _look_again(self) -> None:
        try:
            made, cover = live_plan(self._settings, self._home)
        except VigieError:
            # What cannot be is found at the next start: a running account is not ended by it.
            return
        if cover.name not in (None, self.cover.name):
            self.made, self.cover, self._renewed = made, cover, True

    def _changed_at(self) -> int:
        try:
            return (self._home / "state" / "certificates").stat().st_mtime_ns
        except OSError:
            return 0


FAST = Pace(guard=900.0, look=900.0)
"""Of an exchange whose time goes by as fast as it can: a look each quarter of an hour, and its waits are not cut."""


def time_of(control_url: str | None, place: Place) -> tuple[Clock, Pace] | None:
    """What a simulated exchange's customer goes by: its time, which goes by while this process waits.

    Args:
        control_url: of its control port; None: the machine's time.
        place: where requests go.

    Raises:
        ConfigError: the venue is none of this machine, or the address cannot be.
        VenueUnavailable: nobody answers.
    """
    if control_url is None:
        return None
    from vigie.adapters.sim_server.client import ControlClient
    from vigie.adapters.sim_server.remote_clock import RemoteClock

    if not at_loopback(place.base_url):
        raise ConfigError("--control-url moves the time of a simulated exchange: name it with --base-url, too")
    return RemoteClock(ControlClient(control_url)), FAST


def _goes_by(clock: Clock) -> Callable[[], bool]:
    """Whether a wait by a clock can end: the time of an exchange that has gone goes no further."""
    from vigie.adapters.sim_server.remote_clock import RemoteClock

    return clock.goes_by if isinstance(clock, RemoteClock) else lambda: True


def _reason(given: str | None) -> str:
    if given is None:
        return ""
    reason = " ".join(given.split())
    if not reason:
        raise ConfigError("--without-certificate needs a reason: it is journalled, and somebody will ask")
    return masked(reason)
