"""Signatures and timestamps, checked as the exchange does: over the text as it was sent."""

from __future__ import annotations

import hashlib
import hmac
import re

from vigie.adapters.sim_server.calls import Call
from vigie.adapters.sim_server.parameters import Parameters, missing
from vigie.simulation.exchange.refusals import Refused

_SIGNATURE = re.compile(r"(^|&)signature=[^&]*")
AHEAD_MS = 1000
USUAL_WINDOW_MS, LONGEST_WINDOW_MS = 5000, 60_000


def sign(secret: str, text: str) -> str:
    """HMAC-SHA-256 of a text, 64 hex digits."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def check_signature(call: Call, parameters: Parameters, secret: str) -> None:
    """Hold a request to its signature: over query and body as they came, in whichever of them it stands.

    Raises:
        Refused: -1102: there is none; -1022: it is another one.
    """
    given = parameters.text("signature")
    if given is None:
        raise missing("signature")
    text = "".join(_SIGNATURE.sub("", one).removeprefix("&") for one in (call.query, call.body))
    if not hmac.compare_digest(sign(secret, text), given.lower()):
        raise Refused(-1022, "Signature for this request is not valid.")


def check_time(parameters: Parameters, now_ms: int) -> None:
    """Hold a request to its timestamp.

    Args:
        parameters: of the request.
        now_ms: the exchange's time.

    Raises:
        Refused: -1102, -1131, -1021.
    """
    window = parameters.number("recvWindow")
    if window is not None and window > LONGEST_WINDOW_MS:
        raise Refused(-1131, "recvWindow must be less than 60000.")
    timestamp = parameters.whole("timestamp")
    if timestamp is None:
        raise missing("timestamp")
    if timestamp >= now_ms + AHEAD_MS:
        raise Refused(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - timestamp > (USUAL_WINDOW_MS if window is None else window):
        raise Refused(-1021, "Timestamp for this request is outside of the recvWindow.")
