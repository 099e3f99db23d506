"""``vigie config``: every problem of a home at once, and what is in force with where it comes from. Nothing is sent."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from vigie.adapters.env_file import FILE as ENV_FILE
from vigie.adapters.env_file import read_env
from vigie.app.alerts.channels import read_posts
from vigie.app.backup.settings import backup_settings
from vigie.app.control.reconciling import chosen_policies
from vigie.app.hiding import hider
from vigie.app.logs.settings import VARIABLES as LOG_VARIABLES
from vigie.app.logs.settings import log_settings
from vigie.app.research.certificates import Cover
from vigie.app.secrets import Keys, keys_of, variables
from vigie.app.serve.settings import TOKEN as HEALTH_TOKEN
from vigie.app.serve.settings import health_settings
from vigie.app.settings import (
    DEFAULT,
    FILE,
    AccountSettings,
    account_names,
    check_name,
    prefix_of,
    read_settings,
    traced_settings,
    variables_of,
)
from vigie.app.trading.live import PREFIX, VARIABLE, live_plan
from vigie.app.trading.setups import plan_of, setup_of
from vigie.decision.profile import Plan
from vigie.domain.errors import ConfigError, VigieError
from vigie.domain.names import suggestion

CHECK, SHOW = "vigie.config.check/1", "vigie.config.show/1"
HIDDEN = "***"
OWN_VARIABLES = (
    "VIGIE_HOME",
    "VIGIE_CACHE",
    "VIGIE_ACCOUNT",
    "VIGIE_ARGUMENTS",
    "VIGIE_CRON",
    VARIABLE,
    "VIGIE_MAIL_PASSWORD",
    HEALTH_TOKEN,
    *LOG_VARIABLES,
)
"""Variables that belong to no account."""
_KINDS = ("paper", "replay-", PREFIX)


@dataclass(slots=True)
class Checked:
    """What was found of one account.

    Attributes:
        name: of the account; empty: the home itself.
        facts: what is in order, by name.
        problems: sentences.
    """

    name: str
    facts: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def named(self, problem: str) -> str:
        """A problem with the name of its account, unless it says already what it is about."""
        here = (f"{FILE}:", f"'{self.name}'", self.name, prefix_of(self.name), "/")
        return problem if any(word in problem for word in here) else f"[accounts.{self.name}] {problem}"

    def document(self) -> dict[str, Any]:
        """Of JSON's own types."""
        return {"account": self.name or None, "facts": self.facts, "problems": self.problems}


def check(home: Path, account: str | None = None, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Every problem of a home, or of one account of it.

    Args:
        home: the user's folder.
        account: only this one; None: all that ``vigie.toml`` names.
        environment: of the process; None: its own.
    """
    there = os.environ if environment is None else environment
    whole = _home(home, there)
    names = [account] if account is not None else _names(home)
    told = set(whole.problems)
    found = [whole]
    for name in names:
        one = _account(home, name, there)
        # What is wrong with the file as a whole is told once.
        one.problems = [problem for problem in dict.fromkeys(map(one.named, one.problems)) if problem not in told]
        told |= set(one.problems)
        found.append(one)
    hide = hider(home, there)
    for one in found:
        one.name = hide(one.name)
        one.problems = [hide(problem) for problem in one.problems]
        one.facts = {name: hide(fact) for name, fact in one.facts.items()}
    problems = [problem for one in found for problem in one.problems]
    return {
        "schema": CHECK,
        "home": str(home),
        "ok": not problems,
        "problems": problems,
        "checked": [one.document() for one in found],
    }


def _names(home: Path) -> list[str]:
    try:
        return account_names(home)
    except ConfigError:
        # Told with the home.
        return []


def _home(home: Path, there: Mapping[str, str]) -> Checked:
    found = Checked("")
    path = home / FILE
    _told(found, lambda: account_names(home))
    _told(found, lambda: log_settings(home, there))
    _told(found, lambda: health_settings(home, there))
    _told(found, lambda: backup_settings(home))
    found.facts["file"] = str(path) if path.is_file() else f"{path} does not exist: defaults"
    written = read_env(home / ENV_FILE)
    found.problems += written.problems
    if written.values or written.problems:
        found.facts[ENV_FILE] = f"{len(written.values)} values"
    state = home / "state"
    if state.exists() and not os.access(state, os.W_OK):
        found.problems.append(f"{state}: cannot be written")
    found.problems += _strange({**written.values, **there}, _names(home))
    _channels(found, home, there)
    return found


def _channels(found: Checked, home: Path, there: Mapping[str, str]) -> None:
    """Whether people can be told of anything."""
    try:
        posts, problems = read_posts(home, there)
    except ConfigError:
        return  # the file itself: told already
    found.problems += [one for one in problems if one not in found.problems]
    told = [f"{one.name} to {', '.join(one.routes.to)}" for one in posts]
    if told or not problems:
        found.facts["alerts"] = "; ".join(told) or f"nobody is told: {FILE} has no table [mail]"


def _strange(there: Mapping[str, str], accounts: list[str]) -> list[str]:
    """Variables that are meant for vigie and belong to nothing."""
    prefixes = tuple(prefix_of(one) for one in [*accounts, "paper"])
    known = [*OWN_VARIABLES, *(f"{one}CAPITAL" for one in prefixes)]
    found = []
    for name in sorted(there):
        tail = name.rpartition("_API_")[2]
        is_venue_key = name.startswith("VIGIE_") and "_API_" in name and tail in ("KEY", "SECRET", "PASSPHRASE")
        if not name.startswith("VIGIE_") or name in OWN_VARIABLES or name.startswith(prefixes) or is_venue_key:
            continue
        if name.startswith("VIGIE_TEST_"):
            continue
        found.append(f"{name}: no account of that name, and no setting of vigie{suggestion(name, known)}")
    return found


def _account(home: Path, name: str, there: Mapping[str, str]) -> Checked:
    found = Checked(name)
    if not _told(found, lambda: check_name(name)):
        return found
    if not name.startswith(_KINDS):
        found.problems.append(f"'{name}': an account is called paper, paper-..., live-... or replay-...")
    whole = _told(found, lambda: read_settings(home, name, there))
    if whole is None:
        return found
    read = whole[0]
    found.problems += whole[2]
    live = name.startswith(PREFIX)
    found.facts["trades"] = f"{', '.join(map(str, read.pairs))} on {read.timeframe} candles of {read.venue}"
    _told(found, lambda: chosen_policies(read, {}))
    if live:
        if read.capital is None:
            text = "say how much of the account's money is to be traded"
            found.problems.append(f"{FILE}: [accounts.{name}] capital: {text}")
        _venue(found, read)
        _keys(found, keys_of(name, read.venue, home, there), read.venue)
    made = _plan(found, home, read, live=live)
    if made is not None:
        _told(found, lambda: setup_of(read, made, "live" if live else "paper"))
    return found


def _plan(found: Checked, home: Path, settings: AccountSettings, *, live: bool) -> Plan | None:
    made: Plan | None
    if not live:
        made = _told(found, lambda: plan_of(settings, home))
    else:
        both = _told(found, lambda: live_plan(settings, home))
        made = None if both is None else both[0]
        if both is not None:
            _certificate(found, both[1])
    if made is not None:
        found.facts["decides"] = f"{made.strategy.name}, profile {made.profile}"
    return made


def _certificate(found: Checked, cover: Cover) -> None:
    if cover.name is None:
        found.problems.append(f"[accounts.{found.name}] {cover.missing}; vigie walk-forward --promote writes one")
    else:
        found.facts["certificate"] = cover.name + (" (made-up candles: a simulated exchange alone)" * cover.synthetic)


def _venue(found: Checked, settings: AccountSettings) -> None:
    from vigie.adapters.exchanges.ccxt_dialect import live_dialect

    _told(found, lambda: live_dialect(settings.venue))


def _keys(found: Checked, keys: Keys, venue: str) -> None:
    own = variables(found.name, venue)[0]
    secrets = keys.secrets
    missing = [name for name, value in zip(own, (secrets.api_key, secrets.secret), strict=False) if not value]
    if missing:
        found.problems.append(f"[accounts.{found.name}] keys are missing: set {' and '.join(missing)}")
    else:
        found.facts["keys"] = f"{', '.join(keys.names)} ({keys.source})"
    found.problems += keys.problems


def _told(found: Checked, ask: Callable[[], Any]) -> Any:  # noqa: ANN401, RUF100
    """What asking gave; None, and its problems told, where it cannot be."""
    try:
        return ask() or True
    except ConfigError as error:
        found.problems += [one for one in error.problems if one not in found.problems]
    except VigieError as error:
        found.problems.append(str(error))
    return None


# --- show -------------------------------------------------------------------------------------------------------------


def show(home: Path, account: str | None = None, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What is in force, and where each setting comes from. Secrets are named and never shown.

    Args:
        home: the user's folder.
        account: only this one; None: all that ``vigie.toml`` names, or paper.
        environment: of the process; None: its own.

    Raises:
        ConfigError: settings that cannot be; `check` tells all of them.
    """
    there = os.environ if environment is None else environment
    names = [account] if account is not None else account_names(home) or ["paper"]
    hide = hider(home, there)
    shown = [_shown(home, name, there) for name in names]
    for one in shown:
        one["account"] = hide(one["account"])
        one["variables"] = [hide(name) for name in one["variables"]]
        one["settings"] = [{**row, "value": hide(row["value"])} for row in one["settings"]]
    return {"schema": SHOW, "home": str(home), "accounts": shown}


def _shown(home: Path, name: str, there: Mapping[str, str]) -> dict[str, Any]:
    settings, sources = traced_settings(home, name, there)
    live = name.startswith(PREFIX)
    made = live_plan(settings, home)[0] if live else plan_of(settings, home)
    plain = plan_of(replace(settings, parameters={}, capital=None), home)
    defaults = {**plain.parameters.as_dict(), **dict(plain.numbers)}
    rows = [
        _row("venue", settings.venue, sources),
        _row("strategy", settings.strategy, sources),
        _row("profile", settings.profile, sources),
        _row("timeframe", str(settings.timeframe), sources),
        _row("pairs", ",".join(map(str, settings.pairs)), sources),
    ]
    for key, value in {**made.parameters.as_dict(), **dict(made.numbers)}.items():
        source = sources.get(f"parameters.{key}")
        if key == "capital" and settings.capital is not None:
            source = sources["capital"]
        if source is None:
            source = f"profile {made.profile}" if value == defaults.get(key) else "certificate"
        rows.append({"name": key, "value": str(value), "source": source})
    for kind, policy in chosen_policies(settings, {})[0].items():
        source = sources.get(f"reconcile.{kind.value}", DEFAULT)
        rows.append({"name": f"reconcile.{kind.value}", "value": policy.value, "source": source})
    if settings.reoptimise is not None:
        rows += [
            {"name": f"reoptimise.{one.name}", "value": _spoken(getattr(settings.reoptimise, one.name)), "source": FILE}
            for one in fields(settings.reoptimise)
        ]
    keys = keys_of(name, settings.venue, home, there)
    if live or keys.names:
        rows += [{"name": one, "value": HIDDEN, "source": keys.source} for one in keys.names]
    return {"account": name, "settings": rows, "variables": sorted(variables_of(name, there, account_names(home)))}


def _spoken(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _row(name: str, value: str, sources: Mapping[str, str]) -> dict[str, str]:
    return {"name": name, "value": value, "source": sources.get(name, DEFAULT)}
