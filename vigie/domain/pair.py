"""A trading pair and how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vigie.domain.errors import ConfigError

_QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "EUR", "USD", "GBP", "BTC", "ETH")
"""Assets that much is priced in; only used to guess what an exchange's ``BTCUSDT`` stands for in a message."""
_PATTERN = re.compile(r"([A-Z0-9]{1,20})[/\-_]([A-Z0-9]{1,20})")


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Base and quote asset, written ``BTC/USDT``; in file names ``BTC-USDT``."""

    base: str
    quote: str

    @classmethod
    def parse(cls, text: str) -> Pair:
        """Read ``BTC/USDT``, ``BTC-USDT`` or ``BTC_USDT``, in any case.

        Raises:
            ConfigError: the text is not a pair.
        """
        match = _PATTERN.fullmatch(text.strip().upper())
        if match is None:
            raise ConfigError(f"'{text}' is not a pair: write base and quote with a slash, for instance {_meant(text)}")
        return cls(match[1], match[2])

    @property
    def file_name(self) -> str:
        """The pair as it stands in file names: ``BTC-USDT``."""
        return f"{self.base}-{self.quote}"

    def __str__(self) -> str:
        return f"{self.base}/{self.quote}"


def _meant(text: str) -> str:
    """The pair that an exchange's symbol most likely stands for, else any."""
    word = text.strip().upper()
    for quote in _QUOTES:
        if word.isascii() and word.isalnum() and word.endswith(quote) and word != quote:
            return f"{word.removesuffix(quote)}/{quote}"
    return "BTC/USDT"
