"""Every key of ``vigie.toml``, with its default, its bounds and a sentence: for examples and guides.

Defaults are those of the code that reads the keys; a test holds the names to that code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie.adapters.alerts.mail import KEYS as MAIL_KEYS
from vigie.adapters.alerts.mail import PORTS
from vigie.adapters.exchanges.ccxt_dialect import known_venues
from vigie.adapters.logs import FORMATS, LEVELS
from vigie.app.alerts.channels import ALL, DIGEST, DIGEST_HOUR, NEVER, SLOW_SECONDS, USUAL_ROUTES, USUAL_SECONDS
from vigie.app.backup.settings import LEAST as LEAST_OF_BACKUP
from vigie.app.backup.settings import MOST as MOST_OF_BACKUP
from vigie.app.backup.settings import BackupSettings
from vigie.app.control.reconciling import DEFAULT_STOP_FRACTION, STOP_FRACTION
from vigie.app.serve.settings import TOKEN, HealthSettings
from vigie.app.settings import AccountSettings
from vigie.app.strategies.facts import describe
from vigie.app.trading.reoptimise_settings import DAYS
from vigie.app.watch.settings import LEAST, WatchSettings
from vigie.engine.remedies import ALLOWED, DEFAULTS, words

SUBTABLES = ("parameters", "reconcile", "reoptimise")
"""Keys of an account that are tables of their own."""


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that can be set.

    Attributes:
        name: as it is written.
        value: the default, or an example where there is none; of TOML's own types.
        allowed: what it may be, in words.
        help: what it means, without a full stop.
        usual: whether `value` is the default.
    """

    name: str
    value: Any
    allowed: str
    help: str
    usual: bool = True


def account_keys(name: str = "paper") -> list[Key]:
    """Keys of ``[accounts.NAME]``, the sub-tables left out."""
    usual = AccountSettings(name)
    sentences = {
        "venue": (", ".join(known_venues()), "where it trades"),
        "strategy": ("a name of `vigie strategy list`", "what decides"),
        "profile": ("a name of `vigie strategy list`", "bundle of fill, stop, cost and guard policies"),
        "timeframe": ("15m, 1h, 4h, 1d and the like", "length of the candles"),
        "pairs": ("at least one, BASE/QUOTE, of one quote", "what is traded"),
        "capital": ("more than 0; a live account must say it", "quote allocated; unsaid, the profile's"),
    }
    values = {"timeframe": str(usual.timeframe), "pairs": [str(one) for one in usual.pairs], "capital": 10_000}
    return [
        Key(key, values.get(key, getattr(usual, key)), allowed, sentence, usual=key != "capital")
        for key, (allowed, sentence) in sentences.items()
    ]


def parameter_keys(home: Path, strategy: str | None = None, profile: str | None = None) -> list[Key]:
    """Numbers of ``[accounts.NAME.parameters]``: those of a strategy, and the profile's.

    Raises:
        ConfigError: no such strategy or profile.
    """
    usual = AccountSettings("paper")
    groups = describe(strategy or usual.strategy, profile or usual.profile, home).groups
    return [
        Key(row["name"], row["value"], row["allowed"] + (", or off" if "off" in title else ""), row["help"])
        for title, rows in groups.items()
        for row in rows
        if row["name"] != "capital"  # a key of the account itself
    ]


def reconcile_keys() -> list[Key]:
    """Keys of ``[accounts.NAME.reconcile]``: a policy for each kind of difference."""
    kinds = [
        Key(
            kind.value,
            DEFAULTS[kind].value,
            ", ".join(one.value for one in allowed),
            "; ".join(f"{one.value}: {words(kind, one)}" for one in allowed),
        )
        for kind, allowed in ALLOWED.items()
    ]
    help_ = "how far below its price the stop of adopted coins lies, fraction"
    return [*kinds, Key(STOP_FRACTION, DEFAULT_STOP_FRACTION, "between 0 and 1", help_)]


def reoptimise_keys() -> list[Key]:
    """Keys of ``[accounts.NAME.reoptimise]``; without the table nothing is looked for anew."""
    return [
        Key("every", "weekly", "weekly, monthly", "how often parameters are looked for anew; needed", usual=False),
        Key("day", "sunday", f"{', '.join(DAYS)}; monthly: 1 to 28", "day of the week or of the month"),
        Key("hour", 3, "0 to 23", "hour of that day, UTC"),
        Key("arguments", [], "words of `vigie walk-forward`", "more words for it"),
        Key("auto_promote", False, "true, false", "what passes every gate is taken without a person"),
    ]


def mail_keys() -> list[Key]:
    """Keys of ``[mail]``; without the table nobody is told of anything."""
    ports = ", ".join(f"{port} for {tls}" for tls, port in PORTS.items())
    own = {
        "host": Key("host", "smtp.example.org", "a name or an address", "server that takes the mail; needed", False),
        "port": Key("port", PORTS["starttls"], "1 to 65535", f"of that server; by tls: {ports}"),
        "tls": Key("tls", "starttls", ", ".join(PORTS), "how the line is secured; none on this machine alone"),
        "user": Key("user", "bot@example.org", "text", "who logs in; its password is VIGIE_MAIL_PASSWORD", False),
        "sender": Key("sender", "bot@example.org", "an address", "whom mail comes from; unsaid, the user", False),
        "ca_file": Key("ca_file", "ca.pem", "a file", "certificates trusted instead of the system's", False),
    }
    return [
        *(own[key] for key in MAIL_KEYS),
        Key("to", ["me@example.org"], "addresses", "who is told; needed", usual=False),
        Key("digest_hour", DIGEST_HOUR, "0 to 23", "when routine is told, UTC"),
        Key("daily", True, "true, false", "a report every day"),
    ]


def route_keys() -> list[Key]:
    """Keys of ``[mail.routes]``: who is told what, by level or family."""
    allowed = f"{ALL}, {DIGEST}, {NEVER} or a list of addresses"
    return [Key(name, value, allowed, "where this goes") for name, value in USUAL_ROUTES.items()]


def throttle_keys() -> list[Key]:
    """Keys of ``[mail.throttle]``."""
    help_ = "seconds for which repetitions are held back"
    return [
        Key("usual", USUAL_SECONDS, "0 to 86400", help_),
        Key("slow", SLOW_SECONDS, "0 to 86400", f"{help_}, of what changes slowly"),
    ]


_WATCH: Mapping[str, str] = {
    "memory_mb": "memory of a trading process above which somebody is told, megabytes",
    "disk_low_mb": "free room below which somebody is told, megabytes",
    "disk_critical_mb": "free room below which nothing new is bought, megabytes; not above disk_low_mb",
    "failures": "decisions that fail in a row before decisions pause",
    "pause_s": "how long they pause, seconds",
    "receipt_days": "days of receipts that are kept",
    "grace_s": "how long something may be missing before the watchdog says so, seconds",
    "once_minutes": "how long a call with --once may last, minutes: less than until the next one",
    "repeat_s": "how long the watchdog is silent about what it has said, seconds",
}
_HEALTH: Mapping[str, tuple[str, str]] = {
    "health_port": ("0 to 65535; 0: any that is free", "port of /health"),
    "metrics_port": ("0 to 65535; 0: any that is free", "port of /metrics"),
    "bind": ("an address", f"where it listens; any but loopback needs {TOKEN}"),
    "silence_seconds": ("more than 0", "a heartbeat that is older is a loop that hangs, seconds"),
    "equity_seconds": ("more than 0", "an equity that is older is not shown, seconds"),
    "window": ("1 or more", "closed trades that are looked back on"),
}


def watch_keys() -> list[Key]:
    """Keys of ``[watch]``."""
    usual = WatchSettings()
    return [
        Key(key, _whole(getattr(usual, key)), f"{LEAST.get(key, 1.0):g} or more", sentence)
        for key, sentence in _WATCH.items()
    ]


def health_keys() -> list[Key]:
    """Keys of ``[health]``."""
    usual = HealthSettings()
    return [Key(key, _whole(getattr(usual, key)), allowed, sentence) for key, (allowed, sentence) in _HEALTH.items()]


def backup_keys() -> list[Key]:
    """Keys of ``[backup]``."""
    usual = BackupSettings()
    bounds = {key: f"{LEAST_OF_BACKUP[key]} to {most}" for key, most in MOST_OF_BACKUP.items()}
    return [
        Key("daily", usual.daily, "true, false", "a backup is taken every day, by a process of its own"),
        Key("hour", usual.hour, bounds["hour"], "hour of the day, UTC"),
        Key("keep", usual.keep, bounds["keep"], "archives that are kept"),
        Key("logs_days", usual.logs_days, f"{bounds['logs_days']}; 0: never", "older logs are packed away, days"),
    ]


def log_keys() -> list[Key]:
    """Keys of ``[logs]``."""
    return [
        Key("format", "text", ", ".join(FORMATS), "how a line looks in a file"),
        Key("level", "INFO", ", ".join(LEVELS), "the least that is written"),
        Key("folder", "logs", "a folder", "where they lie, relative to the home"),
    ]


def _whole(value: Any) -> Any:  # noqa: ANN401, RUF100
    return int(value) if isinstance(value, float) and value.is_integer() else value
