"""What a failure means for who called: a proven no, surely not done, or nobody knows.

No answer is not a no. Of a request that changes something only three things are ever taken for "not done": it provably
never left, the venue says "later", or it gives a refusal that is on a list. Everything else may have happened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from vigie.adapters.exchanges.ccxt_gate import Answer
from vigie.domain.errors import OutcomeUnknown, RefusalCode, VenueRefused, VenueUnavailable, VigieError
from vigie.reliability.unreached import causes, why

_BANNED_UNTIL = re.compile(r"until (\d{13})")
_USUAL_WAIT_S = {418: 120.0, 429: 60.0}
_SERVER_TROUBLE = 500
_NEVER_SENT = frozenset({"NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ConnectTimeout"})
UNREADABLE = (TypeError, ValueError, KeyError, AttributeError, IndexError, ArithmeticError)
"""What Python says when an answer is not what it should be; ccxt's parsers say it too."""


class Said(Enum):
    """What an answer says, apart from proven refusals."""

    LATER = auto()
    """Not done: too many requests."""
    CLOCK = auto()
    """Not done: the request's time is off."""
    NOTHING = auto()
    """Nothing that proves anything."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an answer means.

    Attributes:
        said: a refusal that is proven, or one of the above.
        words: the venue's, for people.
    """

    said: RefusalCode | Said
    words: str


class ClockIsOff(VenueUnavailable):
    """Surely not done: our time and the venue's differ."""


def translated(
    error: Exception, venue: str, *, sent: bool, answer: Answer | None, meaning: Meaning | None, write: bool
) -> VigieError:
    """The error to raise instead.

    Args:
        error: ccxt's, the network's, or Python's about an answer.
        venue: for messages.
        sent: something has left.
        answer: what came back; None: nothing did.
        meaning: of the answer, by the venue's own rules.
        write: the request was to change something.
    """
    if isinstance(error, VigieError):
        return error
    if not sent:
        return VenueRefused(f"nothing was sent to {venue}: {type(error).__name__}", RefusalCode.PARAMETERS)
    if answer is None or meaning is None:
        if never_left(error):
            reason = why(error)
            return VenueUnavailable(f"{venue} cannot be reached{reason and f': {reason}'}")
        return _open_end(f"{venue} gave no answer ({type(error).__name__})", None, write=write)
    words = f"HTTP {answer.status}: {meaning.words or type(error).__name__}"
    if answer.status in _USUAL_WAIT_S or meaning.said is Said.LATER:
        return VenueUnavailable(f"{venue} says later: {words}", retry_after(answer, _USUAL_WAIT_S.get(answer.status)))
    if answer.status >= _SERVER_TROUBLE:
        # Whatever it says in words: the exchange itself does not know what became of it.
        return _open_end(f"{venue} is in trouble ({words})", retry_after(answer, None), write=write)
    if meaning.said is Said.CLOCK:
        return ClockIsOff(f"{venue}: the clocks differ: {words}")
    if isinstance(meaning.said, RefusalCode):
        return VenueRefused(f"{venue} refuses: {words}", meaning.said)
    return _open_end(f"{venue} gave no answer that can be used ({words})", retry_after(answer, None), write=write)


def _open_end(message: str, wait: float | None, *, write: bool) -> VigieError:
    return OutcomeUnknown(f"{message}: it may have been done") if write else VenueUnavailable(message, wait)


def retry_after(answer: Answer, usual: float | None) -> float | None:
    """Seconds that the venue wants to be left alone; ``usual`` where its header does not say."""
    text = answer.headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return float(text)
    return usual


def banned_until(answer: Answer) -> int | None:
    """The end of a ban as the venue's message gives it, epoch milliseconds."""
    found = _BANNED_UNTIL.search(answer.body)
    return None if found is None else int(found[1])


def never_left(error: BaseException) -> bool:
    """Whether the connection was never made: refused, no such host, or no answer to the first knock."""
    return any(type(one).__name__ in _NEVER_SENT for one in causes(error))


def meaning_by_class(error: Exception, words: str) -> Meaning:
    """What ccxt makes of an answer, for venues whose codes we have no list of. Its general classes prove nothing."""
    import ccxt

    table: Mapping[type[Exception], RefusalCode | Said] = {
        ccxt.OrderNotFound: RefusalCode.UNKNOWN_ORDER,
        ccxt.OrderImmediatelyFillable: RefusalCode.WOULD_TRIGGER,
        ccxt.DuplicateOrderId: RefusalCode.DUPLICATE_ORDER,
        ccxt.InvalidOrder: RefusalCode.PARAMETERS,
        ccxt.InsufficientFunds: RefusalCode.INSUFFICIENT_BALANCE,
        ccxt.BadSymbol: RefusalCode.UNKNOWN_PAIR,
        ccxt.BadRequest: RefusalCode.PARAMETERS,
        ccxt.MarketClosed: RefusalCode.MARKET_CLOSED,
        ccxt.AuthenticationError: RefusalCode.NOT_PERMITTED,
        ccxt.InvalidNonce: Said.CLOCK,
        ccxt.DDoSProtection: Said.LATER,
        ccxt.RateLimitExceeded: Said.LATER,
    }
    for kind in type(error).__mro__:
        if kind in table:
            return Meaning(table[kind], words)
    return Meaning(Said.NOTHING, words)
