"""Words of others, made fit for a line that people read: short, without control characters, without secrets."""

from __future__ import annotations

import re

_SECRET = re.compile(
    # What is called a secret, and what looks like a key: long, without spaces, letters and digits mixed.
    r"(?i)(?P<name>(?:api|secret|token|passw|key)[\w-]*\s*[=:]\s*)(?P<value>[^\s,;&]+)"
    r"|(?P<long>(?=[A-Za-z0-9+_\-]*[A-Za-z])(?=[A-Za-z0-9+_\-]*[0-9])[A-Za-z0-9+_\-]{24,})"
)
_HIDDEN = "***"


def masked(text: str) -> str:
    """A text with everything that may be a key or a password replaced by ``***``."""
    return _SECRET.sub(lambda found: (found["name"] or "") + _HIDDEN, text)


def for_people(text: str, longest: int = 200) -> str:
    """One line of printable characters, masked, cut to a length.

    Args:
        text: of anybody.
        longest: characters that are kept.
    """
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    line = masked(line)
    return line if len(line) <= longest else line[: longest - 1] + "…"
