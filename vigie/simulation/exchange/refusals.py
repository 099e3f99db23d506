"""What the exchange says no with: its code and its words, as clients know them."""

from __future__ import annotations

NEW_ORDER = -2010
CANCEL = -2011
AMEND = -2038

INSUFFICIENT = "Account has insufficient balance for requested action."
WOULD_TRIGGER = "Order would trigger immediately."
STOP_WOULD_TRIGGER = "Stop price would trigger immediately."
WOULD_MATCH = "Order would immediately match and take."
CLOSED = "Market is closed."
DUPLICATE = "Duplicate order sent."
NO_TRADING = "This account may not place or cancel orders."
NO_REST_TRADING = "Rest API trading is not enabled."
RESTRICTED = "This symbol is restricted for this account."
RELATION = "The relationship of the prices for the orders is not correct."
UNKNOWN = "Unknown order sent."
RESTRICTIONS = "Order was not canceled due to cancel restrictions."


class Refused(Exception):
    """The exchange proved its refusal; nothing has changed.

    Attributes:
        code: negative, as in the error body.
        message: as in the error body.
        status: of the HTTP answer.
    """

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(f"{code}: {message}")


def filter_failure(name: str) -> Refused:
    """An order that a filter of its symbol refuses."""
    return Refused(-1013, f"Filter failure: {name}")


def rejected(message: str) -> Refused:
    """An order that the engine refuses."""
    return Refused(NEW_ORDER, message)


def unknown_symbol() -> Refused:
    """A symbol that is not listed."""
    return Refused(-1121, "Invalid symbol.")
