"""Parameters of a request: read by name and kind, refused with the exchange's own codes.

Whoever reads a request reads all of it: what is sent and not read is an error (-1104), so that a stray parameter of a
client is found here and not with money.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl

from vigie.simulation.exchange.refusals import Refused

_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_NUMBER_RANGE = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
_WHOLE = re.compile(r"[0-9]{1,20}")
_SYMBOL = re.compile(r"[A-Z0-9_.\-]{1,20}")
_ID = re.compile(r"[a-zA-Z0-9\-_]{1,36}")
_ID_RANGE = "^[a-zA-Z0-9-_]{1,36}$"
_DECIMALS = 8

E = TypeVar("E", bound=StrEnum)


def missing(name: str) -> Refused:
    """A parameter that has to be there."""
    return Refused(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def not_required(name: str) -> Refused:
    """A parameter that has no place beside the others."""
    return Refused(-1106, f"Parameter '{name}' sent when not required.")


def not_valid(name: str) -> Refused:
    """A parameter with a value that is none."""
    return Refused(-1130, f"Data sent for parameter '{name}' is not valid.")


class Parameters:
    """What was sent; the query wins over the body."""

    def __init__(self, query: str, body: str) -> None:
        """Read the texts.

        Raises:
            Refused: -1101: a name twice in the same text.
        """
        self._sent: dict[str, str] = {}
        for text in (body, query):
            pairs = parse_qsl(text, keep_blank_values=True)
            if len({name for name, _ in pairs}) < len(pairs):
                raise Refused(-1101, "Duplicate values for a parameter detected.")
            self._sent.update(pairs)
        self._read: set[str] = set()

    def shown(self) -> dict[str, str]:
        """All that was sent, without the signature."""
        return {name: value for name, value in self._sent.items() if name != "signature"}

    def has(self, name: str) -> bool:
        """Whether it was sent at all."""
        return name in self._sent

    def close(self) -> None:
        """Everything has been read that will be.

        Raises:
            Refused: -1104: there is more.
        """
        if set(self._sent) - self._read:
            raise Refused(
                -1104,
                f"Not all sent parameters were read; read '{len(self._read)}' parameter(s) but was sent "
                f"'{len(self._sent)}'.",
            )

    def text(self, name: str) -> str | None:
        """Any text; None: not sent.

        Raises:
            Refused: -1105: it is empty.
        """
        value = self._sent.get(name)
        if value is None:
            return None
        self._read.add(name)
        if not value:
            raise Refused(-1105, f"Parameter '{name}' was empty.")
        return value

    def number(self, name: str, *, required: bool = False) -> Decimal | None:
        """A number above zero with at most eight decimals; None: not sent.

        Raises:
            Refused: -1100, -1102, -1111, -1013.
        """
        value = self.text(name)
        if value is None:
            if required:
                raise missing(name)
            return None
        if not _NUMBER.fullmatch(value):
            raise Refused(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{_NUMBER_RANGE}'.")
        if len(value.partition(".")[2].rstrip("0")) > _DECIMALS:
            raise Refused(-1111, f"Parameter '{name}' has too much precision.")
        number = Decimal(value)
        if not number:
            raise Refused(-1013, f"Invalid {name}.")
        return number

    def whole(self, name: str, least: int = 0, most: int = 2**63) -> int | None:
        """A whole number; None: not sent.

        Raises:
            Refused: -1100, -1130.
        """
        value = self.text(name)
        if value is None:
            return None
        if not _WHOLE.fullmatch(value):
            raise Refused(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
        if not least <= int(value) <= most:
            raise not_valid(name)
        return int(value)

    def limit(self, usual: int, most: int) -> int:
        """``limit``; more than the most is the most, as at the exchange."""
        return min(self.whole("limit", 1) or usual, most)

    def flag(self, name: str) -> bool:
        """True or false; not sent is false.

        Raises:
            Refused: -1130.
        """
        value = self.text(name)
        if value is not None and value.lower() not in ("true", "false"):
            raise not_valid(name)
        return value is not None and value.lower() == "true"

    def choice(self, name: str, kinds: type[E], refusal: Refused | None = None) -> E | None:
        """One of some words; None: not sent.

        Raises:
            Refused: the one given, or -1130.
        """
        value = self.text(name)
        if value is None:
            return None
        try:
            return kinds(value)
        except ValueError:
            raise refusal or not_valid(name) from None

    def required_choice(self, name: str, kinds: type[E], refusal: Refused | None = None) -> E:
        """One of some words.

        Raises:
            Refused: -1102, or as `choice`.
        """
        found = self.choice(name, kinds, refusal)
        if found is None:
            raise missing(name)
        return found

    def symbol(self, *, required: bool = True) -> str | None:
        """``symbol``; None: not sent.

        Raises:
            Refused: -1100, -1102.
        """
        value = self.text("symbol")
        if value is None and required:
            raise missing("symbol")
        if value is not None and not _SYMBOL.fullmatch(value):
            raise Refused(
                -1100, "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'."
            )
        return value

    def the_symbol(self) -> str:
        """``symbol``, which has to be there.

        Raises:
            Refused: -1100, -1102.
        """
        return self.symbol() or ""

    def symbols(self) -> list[str] | None:
        """``symbols``: a JSON list; None: not sent.

        Raises:
            Refused: -1100, -1151.
        """
        value = self.text("symbols")
        if value is None:
            return None
        try:
            found = [str(one) for one in json.loads(value)]
        except (ValueError, TypeError):
            raise Refused(-1100, "Illegal characters found in parameter 'symbols'.") from None
        if len(set(found)) < len(found):
            raise Refused(-1151, "Symbol is present multiple times in the list.")
        return found

    def client_id(self, name: str) -> str | None:
        """A customer's own id; None: not sent.

        Raises:
            Refused: -1100.
        """
        value = self.text(name)
        if value is not None and not _ID.fullmatch(value):
            raise Refused(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{_ID_RANGE}'.")
        return value
