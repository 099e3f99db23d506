"""Instants as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from vigie.domain.errors import ConfigError
from vigie.domain.instants import from_iso

_DAY = re.compile(r"\d{8}")
_EPOCH = re.compile(r"(\d{9,10})|(\d{12,13})")


def parse_instant(text: str | None) -> int | None:
    """Read ``20230131``, ``2023-01-31T13:00`` or epoch seconds or milliseconds; what has no offset is UTC.

    Returns:
        Epoch milliseconds; None for None.

    Raises:
        ConfigError: none of these.
    """
    if text is None:
        return None
    epoch = _EPOCH.fullmatch(text)
    if epoch is not None:
        return int(text) * (1000 if epoch[1] else 1)
    try:
        if _DAY.fullmatch(text):
            return int(datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).timestamp()) * 1000
        at = datetime.fromisoformat(text)
        return from_iso((at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat())
    except (ValueError, OverflowError):
        raise ConfigError(f"'{text}' is no time: write 20230131, 2023-01-31T13:00 (UTC) or an epoch time") from None
