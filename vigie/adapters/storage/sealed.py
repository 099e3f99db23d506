r"""JSON objects that carry their own SHA-256 as their last member: what journal lines and small state files are.

The digest is over bytes, not over a meaning, so that no second JSON writer has to agree with ours::

    {"seq":7,"kind":"halt","reason":"tired"}                     is hashed: SHA-256 of exactly these bytes
    {"seq":7,"kind":"halt","reason":"tired","hash":"5f1c…"}      is written: the digest put before the last brace

To check a line without vigie, take the last member out and hash what is left, without the line feed::

    sed -n 7p 2026-01.jsonl | sed 's/,"hash":"[0-9a-f]*"}$/}/' | tr -d '\n' | sha256sum

Everything is ASCII (other letters are ``\u`` escapes): no text that reaches us can fail to be written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_DIGITS = 64


def seal(document: Mapping[str, Any], member: str) -> tuple[bytes, str]:
    """Spell an object and close it with its digest.

    Args:
        document: of JSON's own types; at least one member, none named as the digest.
        member: name of the digest.

    Returns:
        the bytes, without a line feed, and the digest.

    Raises:
        TypeError: something that has no place in JSON.
        ValueError: NaN or an infinity.
    """
    content = json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")
    digest = hashlib.sha256(content).hexdigest()
    return content[:-1] + _closing(member, digest), digest


def unseal(raw: bytes, member: str) -> tuple[dict[str, Any], str]:
    """Read a sealed object.

    Args:
        raw: exactly what `seal` gave.
        member: name of the digest.

    Returns:
        the object without its digest, and the digest.

    Raises:
        ValueError: it is not one, or its digest is not that of its content.
    """
    digest = raw[-_DIGITS - 2 : -2].decode("ascii", "replace")
    closing = _closing(member, digest)
    if not raw.endswith(closing) or not raw.startswith(b"{"):
        raise ValueError(f"it does not end with its {member}")
    content = raw[: -len(closing)] + b"}"
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError(f"its content does not match its {member}")
    # What begins with a brace and is JSON is an object.
    document: dict[str, Any] = json.loads(content)
    return document, digest


def _closing(member: str, digest: str) -> bytes:
    return f',"{member}":"{digest}"}}'.encode()
