"""The errors of vigie, sorted by what the caller may do.

    VigieError
    ├── ConfigError        the user's settings or words are wrong: mend them, do not restart      exit 78
    ├── DataError          the input cannot be used: mend the file                                exit 65
    ├── CheckFailed        a check ran and found something: read what it says                     exit 3
    ├── AccountLocked      another process holds the account: one writer at a time                exit 4
    ├── VenueRefused       a proven no: do not repeat the same request                            exit 1
    ├── VenueUnavailable   surely not done, or a read: try later                                  exit 75
    ├── OutcomeUnknown     may have happened: never repeat, ask the venue                         exit 75
    └── InvariantBroken    vigie's own books do not add up: halt                                  exit 70

Each message is a sentence for a person: what, where, and the next step if there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class VigieError(Exception):
    """Root of everything vigie raises on purpose."""

    exit_code = 1


class ConfigError(VigieError):
    """Settings or arguments are wrong. All problems are told at once.

    Attributes:
        problems: one sentence per problem, at least one.
    """

    exit_code = 78

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class DataError(VigieError):
    """The candles or files given cannot be used."""

    exit_code = 65


class CheckFailed(VigieError):
    """A check did its work and found something."""

    exit_code = 3


class AccountLocked(VigieError):
    """Another process holds the account."""

    exit_code = 4


class RefusalCode(StrEnum):
    """Why a venue said no, for programs."""

    UNSAID = ""
    PARAMETERS = "parameters"
    """An order type, side or combination of fields that the venue does not take."""
    UNKNOWN_PAIR = "unknown-pair"
    PRICE_FILTER = "price-filter"
    LOT_SIZE = "lot-size"
    NOTIONAL = "notional"
    MARKET_CLOSED = "market-closed"
    """The pair does not trade now."""
    INSUFFICIENT_BALANCE = "insufficient-balance"
    DUPLICATE_ORDER = "duplicate-order"
    """An open order has the same client id."""
    UNKNOWN_ORDER = "unknown-order"
    """There is no such open order."""
    WOULD_TRIGGER = "would-trigger"
    """A stop that the last price has passed already."""
    TOO_MANY_ORDERS = "too-many-orders"
    """The venue lets no more orders of this kind rest."""
    NOT_PERMITTED = "not-permitted"
    """The key, its rights or the account do not allow it."""


class VenueRefused(VigieError):
    """The venue proved its refusal.

    Attributes:
        code: why, as far as it is known.
    """

    def __init__(self, message: str, code: RefusalCode = RefusalCode.UNSAID) -> None:
        self.code = code
        super().__init__(message)


class VenueUnavailable(VigieError):
    """Surely not done, or only a read.

    Attributes:
        retry_after: seconds the venue asked us to wait, or None.
    """

    exit_code = 75

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class OutcomeUnknown(VigieError):
    """The request may have been carried out: ask, never repeat."""

    exit_code = 75


class InvariantBroken(VigieError):
    """Something that must always hold does not."""

    exit_code = 70
