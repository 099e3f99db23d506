"""Keys of an account: environment > credentials folder > ``.env``; by the account's name, else by the venue's.

    VIGIE_LIVE_MAIN_API_KEY, VIGIE_LIVE_MAIN_API_SECRET, VIGIE_LIVE_MAIN_API_PASSPHRASE    of account live-main
    VIGIE_BINANCE_API_KEY, ...                                                             of all accounts at binance

A key and its secret come from one place: a key of the account is never signed with the venue's secret.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.env_file import FILE, EnvFile, read_credentials, read_env
from vigie.adapters.exchanges.secrets import Secrets
from vigie.domain.errors import ConfigError

CREDENTIALS = "CREDENTIALS_DIRECTORY"
KINDS = ("API_KEY", "API_SECRET", "API_PASSPHRASE")


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the keys of an account were found; what they are is in `secrets` and shown nowhere.

    Attributes:
        secrets: they; empty texts where nothing was found.
        names: variables that were found, in the order of `KINDS`.
        source: ``environment``, ``credentials folder`` or ``.env``; empty: nowhere.
        problems: files that could not be used, sentences.
    """

    secrets: Secrets
    names: tuple[str, ...]
    source: str
    problems: tuple[str, ...]


def variables(account: str, venue: str) -> tuple[tuple[str, ...], ...]:
    """Names under which keys are looked for, the account's own first; each of key, secret, passphrase."""
    words = (account.upper().replace("-", "_"), venue.upper().replace("-", "_"))
    return tuple(tuple(f"VIGIE_{word}_{kind}" for kind in KINDS) for word in dict.fromkeys(words))


def keys_of(account: str, venue: str, home: Path, environment: Mapping[str, str] | None = None) -> Keys:
    """Look for the keys of an account; missing ones are no error here.

    Args:
        account: its name.
        venue: where it trades.
        home: where ``.env`` lies.
        environment: of the process; None: its own.
    """
    there = os.environ if environment is None else environment
    groups = variables(account, venue)
    folder = there.get(CREDENTIALS)
    kept = read_credentials(Path(folder), sum(groups, ())) if folder else EnvFile({})
    written = read_env(home / FILE)
    places = (("environment", there), ("credentials folder", kept.values), (FILE, written.values))
    problems = (*kept.problems, *written.problems)
    for group in groups:
        for source, values in places:
            found = {name: values[name] for name in group if values.get(name)}
            if found:
                key, secret, passphrase = (found.get(name, "") for name in group)
                return Keys(Secrets(key, secret, passphrase), tuple(found), source, problems)
    return Keys(Secrets("", ""), (), "", problems)


def secrets_of(account: str, venue: str, home: Path, environment: Mapping[str, str] | None = None) -> Secrets:
    """The keys of an account.

    Raises:
        ConfigError: a file that others may read, or no key or secret; says which variables to set.
    """
    found = keys_of(account, venue, home, environment)
    problems = list(found.problems)
    for name, value in (("API key", found.secrets.api_key), ("secret", found.secrets.secret)):
        if not value:
            kind = "API_KEY" if name == "API key" else "API_SECRET"
            own = variables(account, venue)[0][KINDS.index(kind)]
            problems.append(f"account {account} has no {name}: set {own} in the environment or in {home / FILE}")
    if problems:
        raise ConfigError(problems)
    return found.secrets
