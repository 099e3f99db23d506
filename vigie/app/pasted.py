"""Secrets that somebody pasted into ``vigie.toml``: a slip, which no message, log or mail may repeat.

What stands where a secret would, by the name of its key, is one. Elsewhere a word is taken for one if it looks like a
key, or mixes letters with digits, capitals or signs in a way that no setting does. A password of small letters alone
cannot be told from a word: it is known by its place only.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

FILE = "vigie.toml"
SECRET_WORDS = ("KEY", "SECRET", "PASS", "TOKEN", "CREDENTIAL", "PRIVATE")
"""What is called so is a secret."""
SHORTEST = 6
"""Letters of a password; shorter ones are words of half the settings."""
_LEAST_AT_ITS_PLACE = 4
_KEY = re.compile(
    r"(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9+/=_\-]{20,}|[0-9a-f]{32,}|[0-9A-F]{32,}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4,}){4}"
)
"""Venues' keys: letters of both cases and digits, long hexadecimals, UUIDs. Names of accounts are none of these."""
_HARMLESS = re.compile(
    r"""
      [a-z]+ | [A-Z]+ | [A-Z][a-z]+([A-Z][a-z]{2,})*                  # words
    | [A-Za-z]+\d{0,3} ([_-] ([A-Za-z]+\d{0,3} | \d{1,4}))+        # ema_20, live-main2, VIGIE_HOME
    | [-+]? \d [\d_.,:eE+-]*                                      # numbers, instants, ranges
    | \d+ [a-zA-Z]{1,2}                                           # 4h, 30d, 500MB
    | [A-Z0-9]+ / [A-Z0-9]+ (, [A-Z0-9]+ / [A-Z0-9]+)*            # pairs
    | --[a-z-]+ (=.*)? | [a-z_]+ = [\w.,:+-]*                      # words of a command line
    | [^@\s]+ @ [\w-]+ (\.[\w-]+)+                               # mail addresses
    | [a-z][a-z0-9+]* :// .*                                      # URLs
    | [\w-]+ (\.[\w-]+)+ | [\[\]0-9a-fA-F.:]*:[\[\]0-9a-fA-F.:]*  # hosts, files, addresses
    | [~.]? / .* | ~ | [A-Za-z]:[\\/] .*                          # paths from somewhere
    | [\w.-]+ ([/\\] [\w.-]+)* [/\\] [\w-]+ \. \w+ | [a-z_.-]+ (/ [a-z0-9_.-]+)* /?   # and from here
    """,
    re.VERBOSE,
)
"""What settings are made of."""


def pasted_secrets(home: Path) -> list[str]:
    """Texts of ``vigie.toml`` that are secrets, or look like one; empty: the file cannot be read."""
    try:
        raw = (home / FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    try:
        texts = list(_texts("", tomllib.loads(raw)))
    except tomllib.TOMLDecodeError:
        texts = _torn(raw)
    found = [text for name, text in texts if is_secret(name, text)]
    # Of a pair that is none, each half may be repeated by itself.
    return list(dict.fromkeys(part for one in found for part in (one, *one.split("/")) if len(part) >= SHORTEST)) + [
        one for one in found if len(one) < SHORTEST
    ]


def is_secret(name: str, text: str) -> bool:
    """Whether a text of the settings is taken for a secret.

    Args:
        name: under which it stands; empty: it is a name itself.
        text: without blanks around it.
    """
    if any(word in name.upper() for word in SECRET_WORDS) and len(text) >= _LEAST_AT_ITS_PLACE:
        return not Path(text).is_absolute()
    if text.startswith("/"):
        return False
    if _KEY.fullmatch(text):
        return True
    mixed = len(text) >= SHORTEST and any(map(str.isalpha, text)) and not any(map(str.isspace, text))
    return mixed and not _HARMLESS.fullmatch(text)


def _torn(raw: str) -> list[tuple[str, str]]:
    """Words of a file that is no TOML, by the name before the ``=`` of their line."""
    return [
        (name if equals and part is value else "", word)
        for name, equals, value in (line.partition("=") for line in raw.splitlines())
        for part in (name, value)
        for word in re.findall(r"[^\s\"'=,\[\]]+", part)
    ]


def _texts(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value.strip()
    elif isinstance(value, dict):
        for key, one in value.items():
            yield "", str(key)
            yield from _texts(str(key), one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(name, one)
