"""Candle lengths."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vigie.domain.errors import ConfigError

_UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_YEAR_MS = 365.25 * 86_400_000
_ROUNDED_PER_YEAR = {"4h": 2191.0, "1d": 365.0, "3d": 122.0, "12h": 730.0, "1w": 52.0, "8h": 1096.0}
"""The field's customary whole numbers where the exact count (365.25 days a year) is not customary."""

DAY_MS = _UNITS_MS["d"]
HOUR_MS = _UNITS_MS["h"]


@dataclass(frozen=True, slots=True, order=True)
class Timeframe:
    """The length of a candle, written ``15m``, ``1h``, ``4h``, ``1d``.

    Attributes:
        milliseconds: length of one candle.
    """

    milliseconds: int

    @classmethod
    def parse(cls, text: str) -> Timeframe:
        """Read ``1h``.

        Raises:
            ConfigError: not a number with one of the letters m, h, d, w.
        """
        match = re.fullmatch(r"([1-9]\d{0,3})([mhdw])", text.strip())
        if match is None:
            example = re.fullmatch(r"\s*([1-9]\d{0,3})\s*([HDW]|min|hour|day|week)s?\s*", text)
            meant = f"perhaps {example[1]}{example[2][0].lower()}" if example else "for instance 1h"
            raise ConfigError(f"'{text}' is not a timeframe: write a number and m, h, d or w, {meant}")
        return cls(int(match[1]) * _UNITS_MS[match[2]])

    @property
    def per_year(self) -> float:
        """Candles in a year of uninterrupted trading; what ratios are annualised with (1h: 8766, 4h: 2191, 1d: 365)."""
        return _ROUNDED_PER_YEAR.get(str(self), _YEAR_MS / self.milliseconds)

    def __str__(self) -> str:
        for letter in ("w", "d", "h", "m"):
            if self.milliseconds % _UNITS_MS[letter] == 0:
                return f"{self.milliseconds // _UNITS_MS[letter]}{letter}"
        return f"{self.milliseconds}ms"
