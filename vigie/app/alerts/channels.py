"""Channels through which people are told, as ``vigie.toml`` describes them: a table each, named after its file.

    [mail]
    host = "smtp.example.org"
    tls = "starttls"                  # or "smtps"; "none" on this machine alone
    user = "bot@example.org"          # its password is VIGIE_MAIL_PASSWORD
    to = ["me@example.org"]
    digest_hour = 6
    [mail.routes]
    INFO = "digest"
    CRITICAL = ["me@example.org", "phone@example.org"]
    trades = "to"
    [mail.throttle]
    usual = 300
    slow = 3600

``host`` to ``ca_file`` are the channel's own (`vigie.adapters.alerts.mail`); the rest every channel understands.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from vigie.adapters.env_file import FILE as ENV_FILE
from vigie.adapters.env_file import EnvFile, read_credentials, read_env
from vigie.app.alerts.found import module_of, names
from vigie.app.secrets import CREDENTIALS
from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.domain.notice import Level
from vigie.ports.alerts import Channel

FILE = "vigie.toml"
COMMON = ("to", "routes", "throttle", "digest_hour", "daily")
ALL, DIGEST, NEVER = "to", "digest", "never"
DAILY = "daily"
"""The family of the daily report: a route of its own."""
USUAL_SECONDS, SLOW_SECONDS = 300, 3600
DIGEST_HOUR = 6
_LEVELS = tuple(one.value for one in Level)


@dataclass(frozen=True, slots=True)
class Routes:
    """Who is told what.

    Attributes:
        to: everybody.
        by: recipients, ``digest`` or ``never``, by level or by family; a family's is for its INFO alone.
    """

    to: tuple[str, ...]
    by: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    def of(self, level: str, family: str) -> str | tuple[str, ...]:
        """Recipients; or ``digest`` or ``never``."""
        named = self.by.get(family) if level == Level.INFO.value else None
        found = named if named is not None else self.by.get(level, ALL)
        return self.to if found == ALL else found

    def recipients(self, level: str, family: str) -> tuple[str, ...]:
        """Who gets a letter that is sent; what was kept for the digest goes to everybody."""
        found = self.of(level, family)
        return found if isinstance(found, tuple) else self.to


USUAL_ROUTES: dict[str, str] = {"INFO": DIGEST, "trades": ALL, "runs": ALL, "host": ALL, "daily": ALL, "test": ALL}
"""What routine there is waits for the morning; a trade, a start and an end do not."""


@dataclass(frozen=True, slots=True)
class Post:
    """A channel that is set up.

    Attributes:
        name: of its table and its file.
        channel: carries letters.
        routes: to whom.
        usual, slow: seconds for which repetitions are held back.
        digest_hour: UTC.
        daily: whether a report comes every day.
        secrets: that must stand in no letter.
    """

    name: str
    channel: Channel
    routes: Routes
    usual: int = USUAL_SECONDS
    slow: int = SLOW_SECONDS
    digest_hour: int = DIGEST_HOUR
    daily: bool = True
    secrets: tuple[str, ...] = field(default=(), repr=False)


def families() -> list[str]:
    """What routes may name beside the levels."""
    from vigie.reporting.notices.book import families as of_notices

    return sorted({*of_notices(), DAILY, "test"})


def posts_of(home: Path, environment: Mapping[str, str] | None = None) -> list[Post]:
    """Channels that the home has set up; none where it names none.

    Raises:
        ConfigError: everything that is wrong with them, at once.
    """
    found, problems = read_posts(home, environment)
    if problems:
        raise ConfigError(problems)
    return found


def read_posts(home: Path, environment: Mapping[str, str] | None = None) -> tuple[list[Post], list[str]]:
    """The same with what is wrong with them; a channel with a problem is left out.

    Raises:
        ConfigError: the file cannot be read at all.
    """
    from vigie.app.settings import read_tables

    tables = read_tables(home)
    posts, problems = [], list[str]()
    for name in names():
        if name not in tables:
            continue
        post, wrong = _read_one(name, tables[name], home, environment)
        problems += [f"{FILE}: [{name}] {one}" for one in wrong]
        if post is not None and not wrong:
            posts.append(post)
    return posts, problems


def _read_one(
    name: str, table: object, home: Path, environment: Mapping[str, str] | None
) -> tuple[Post | None, list[str]]:
    if not isinstance(table, dict):
        return None, ["must be a table"]
    module = module_of(name)
    known = {*COMMON, *module.KEYS}
    problems = [f"unknown key '{key}'{suggestion(key, known)}" for key in table if key not in known]
    secrets, wrong = secrets_of_channel(module.SECRETS, home, environment)
    problems += wrong
    settings, wrong = module.read({key: table[key] for key in module.KEYS if key in table}, secrets, home)
    problems += wrong
    usable = recipient_of(module)
    to = _recipients(table.get("to", []), "to", usable, problems)
    if not to and not any(one.startswith("to") for one in problems):
        problems.append(f'to is missing: who is told, for instance ["{usable.example}"]')
    routes = Routes(to, {**USUAL_ROUTES, **_routes(table.get("routes", {}), usable, problems)})
    throttle = _throttle(table.get("throttle", {}), problems)
    hour, daily = table.get("digest_hour", DIGEST_HOUR), table.get("daily", True)
    if not isinstance(hour, int) or isinstance(hour, bool) or not 0 <= hour <= 23:
        problems.append(f"digest_hour {hour!r} is no hour from 0 to 23 (UTC)")
    if not isinstance(daily, bool):
        problems.append("daily must be true or false")
    if problems or settings is None:
        return None, problems
    from vigie.app.logs.writing import secrets_in_reach
    from vigie.app.pasted import pasted_secrets

    kept = (*secrets.values(), *secrets_in_reach(home, environment), *pasted_secrets(home))
    return Post(
        name, module.channel(settings), routes, throttle["usual"], throttle["slow"], int(hour), bool(daily), kept
    ), []


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a channel can reach.

    Attributes:
        what: such a recipient is called.
        example: of one.
        fits: whether a text can be one.
    """

    what: str
    example: str
    fits: Callable[[str], bool]


def recipient_of(module: ModuleType) -> Recipient:
    """As a channel's file says in ``RECIPIENT`` and ``is_recipient``; one that says nothing takes any line of text."""
    what, example = getattr(module, "RECIPIENT", ("recipient", "me"))
    return Recipient(what, example, getattr(module, "is_recipient", _is_line))


def _is_line(text: str) -> bool:
    return bool(text.strip()) and text.isprintable()


def _recipients(value: object, where: str, usable: Recipient, problems: list[str]) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(one, str) for one in words):
        problems.append(f'{where} must be a list, for instance ["{usable.example}"]')
        return ()
    problems += [
        f"{where}: '{one}' is no {usable.what} as for instance {usable.example} is"
        for one in words
        if not usable.fits(one)
    ]
    return tuple(dict.fromkeys(words))


def _routes(value: object, usable: Recipient, problems: list[str]) -> dict[str, str | tuple[str, ...]]:
    if not isinstance(value, dict):
        problems.append("routes must be a table")
        return {}
    known, found = {*_LEVELS, *families()}, dict[str, str | tuple[str, ...]]()
    for name, where in value.items():
        if name not in known:
            problems.append(f"routes: unknown '{name}'{suggestion(name, known)}")
        elif where in (ALL, DIGEST, NEVER):
            found[name] = where
        else:
            found[name] = _recipients(where, f"routes {name}", usable, problems)
            if where == []:
                problems.append(f"routes {name}: name somebody, or say 'digest' or 'never'")
    if found.get(Level.CRITICAL.value) in (NEVER, DIGEST):
        problems.append("routes CRITICAL: somebody has to be told at once")
    return found


def _throttle(value: object, problems: list[str]) -> dict[str, int]:
    found = {"usual": USUAL_SECONDS, "slow": SLOW_SECONDS}
    if not isinstance(value, dict):
        problems.append("throttle must be a table")
        return found
    for name, seconds in value.items():
        if name not in found:
            problems.append(f"throttle: unknown key '{name}'{suggestion(name, found)}")
        elif not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= 86_400:
            problems.append(f"throttle {name}: seconds from 0 to 86400")
        else:
            found[name] = seconds
    return found


def secrets_of_channel(
    wanted: tuple[str, ...], home: Path, environment: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[str]]:
    """Secrets by name: environment over credentials folder over ``.env``; and files that could not be used."""
    there = os.environ if environment is None else environment
    folder = there.get(CREDENTIALS)
    kept = read_credentials(Path(folder), wanted) if folder else EnvFile({})
    written = read_env(home / ENV_FILE)
    found: dict[str, str] = {}
    for name in wanted:
        for values in (there, kept.values, written.values):
            if values.get(name):
                found[name] = values[name]
                break
    # A file that others may read is told with the account's keys too; here it matters only if something is missing.
    missing = [name for name in wanted if name not in found]
    return found, [*kept.problems, *written.problems] if missing else []


def shown(home: Path, environment: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """What is in force, without secrets; of JSON's own types.

    Raises:
        ConfigError: as `posts_of`.
    """
    return [
        {
            "channel": one.name,
            "to": list(one.routes.to),
            "routes": {key: list(who) if isinstance(who, tuple) else who for key, who in one.routes.by.items()},
            "throttle": {"usual": one.usual, "slow": one.slow},
            "digest_hour": one.digest_hour,
            "daily": one.daily,
        }
        for one in posts_of(home, environment)
    ]
