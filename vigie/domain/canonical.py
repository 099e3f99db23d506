"""One spelling for facts that are hashed: the same facts, the same bytes, on every machine."""

from __future__ import annotations

import hashlib
import json
from typing import TypeAlias

Scalar: TypeAlias = bool | int | float | str
"""What a parameter or a setting can be."""


def canonical(value: object) -> bytes:
    """Compact JSON in UTF-8, keys sorted, floats in their shortest exact spelling.

    Args:
        value: of JSON's own types; tuples are lists.

    Raises:
        TypeError: something that has no place in JSON.
        ValueError: NaN or an infinity, which JSON cannot say.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON, 64 hex digits.

    Raises:
        TypeError: as `canonical`.
        ValueError: as `canonical`.
    """
    return hashlib.sha256(canonical(value)).hexdigest()
