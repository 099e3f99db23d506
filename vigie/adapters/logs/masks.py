"""Secrets taken out of what is logged: by value where the value is known, by looks where it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

from vigie.domain.masking import masked

HIDDEN = "***"
SHORTEST = 4
"""A value of fewer characters is found in half of all words."""


def mask_of(secrets: Iterable[str]) -> Callable[[str], str]:
    """What takes these secrets, and all that looks like one, out of a text.

    Args:
        secrets: values as they are; they are looked for as they stand in addresses and in JSON too.
    """
    forms = {form for one in secrets for form in _forms(one) if len(form) >= SHORTEST}
    if not forms:
        return masked
    # The longest first: one may be the beginning of another.
    known = re.compile("|".join(re.escape(one) for one in sorted(forms, key=len, reverse=True)))
    return lambda text: masked(known.sub(HIDDEN, text))


def _forms(secret: str) -> set[str]:
    text = secret.strip()
    # Of several lines (a private key) each is one: a traceback tells them apart.
    whole = {text, quote(text, safe=""), quote_plus(text), ascii(text)[1:-1], text.replace('"', '\\"')}
    return whole | {line.strip() for line in text.splitlines()}
