"""Every variable of ``.env`` and of the process, with its default, its bounds and a sentence: for the examples."""

from __future__ import annotations

from pathlib import Path

from vigie.app.home.keys import Key, account_keys, log_keys, parameter_keys
from vigie.app.logs.settings import VARIABLES as LOG_VARIABLES
from vigie.app.serve.settings import SHORTEST_TOKEN, TOKEN
from vigie.app.trading.live import VARIABLE as LIVE_VARIABLE


def secret_variables(account: str, venue: str) -> list[Key]:
    """Keys of venues, by account and by venue; the watchdog's own; other secrets."""
    own, shared = account.upper().replace("-", "_"), venue.upper()
    kinds = {"API_KEY": "API key", "API_SECRET": "API secret", "API_PASSPHRASE": "API passphrase, if there is one,"}
    owners = {
        own: f"of account {account}",
        shared: f"of every account at {venue} that has none of its own",
        f"WATCHDOG_{own}": f"with which the watchdog looks at {account}: it may only read",
        f"WATCHDOG_{shared}": f"with which the watchdog looks at every account at {venue}: it may only read",
    }
    keys = [
        Key(f"VIGIE_{owner}_{kind}", "", "as the venue gave it", f"{what} {whose}", usual=False)
        for owner, whose in owners.items()
        for kind, what in kinds.items()
    ]
    return [
        *keys,
        Key("VIGIE_MAIL_PASSWORD", "", "text", "password of the user of [mail]", usual=False),
        Key(
            TOKEN, "", f"at least {SHORTEST_TOKEN} characters", "what who asks for health from afar has to show", False
        ),
    ]


def log_variables() -> list[Key]:
    """Variables that stand for the keys of ``[logs]``."""
    known = {one.name: one for one in log_keys()}
    return [
        Key(name, known[key].value, known[key].allowed, f"{known[key].help}; over [logs] {key}")
        for name, key in LOG_VARIABLES.items()
    ]


def account_variables(account: str, home: Path) -> list[Key]:
    """Variables that stand for the keys of ``[accounts.NAME]`` and of its parameters."""
    prefix = f"VIGIE_{account.upper().replace('-', '_')}_"
    plain = [Key(prefix + one.name.upper(), one.value, one.allowed, one.help, one.usual) for one in account_keys()]
    return plain + [
        Key(f"{prefix}PARAM_{one.name.upper()}", one.value, one.allowed, one.help) for one in parameter_keys(home)
    ]


def process_variables() -> list[Key]:
    """Variables of the process alone: ``.env`` is found by means of some of them, and does not say the others."""
    return [
        Key("VIGIE_HOME", "", "a folder", "the home; unsaid, the current folder", usual=False),
        Key("VIGIE_CACHE", "", "a folder", "where compiled code is kept; unsaid, the user's cache", usual=False),
        Key(LIVE_VARIABLE, "live-main", "its name", "the account that may trade real money", usual=False),
        Key("VIGIE_ACCOUNT", "paper", "a name", "account of ecosystem.config.js"),
        Key("VIGIE_ARGUMENTS", "", "words", "more words for its command line", usual=False),
        Key("VIGIE_CRON", "1 * * * *", "five fields of cron", "when its run-once job comes"),
    ]
