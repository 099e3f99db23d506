"""ccxt, set up so that it does what it is told and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from vigie.adapters.exchanges.ccxt_gate import Gate
from vigie.adapters.exchanges.secrets import Secrets
from vigie.domain.errors import ConfigError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_USUAL = {
    # We wait by our own clock and our own budget; ccxt would look at the machine's.
    "enableRateLimit": False,
    "enableLastJsonResponse": False,
    "enableLastHttpResponse": False,
}
_NEVER = {"maxRetriesOnFailure": 0, "adjustForTimeDifference": False}
"""A request that is sent again is an order that is sent twice."""


def make_client(  # noqa: PLR0913, RUF100
    venue: str,
    gate: Gate,
    now_ms: Callable[[], int],
    *,
    secrets: Secrets,
    options: Mapping[str, Any],
    base_url: str | None = None,
    sandbox: bool = False,
    timeout_s: float = 10.0,
) -> Any:  # noqa: ANN401, RUF100 - ccxt has no types
    """A client of ccxt.

    Args:
        venue: ccxt's name.
        gate: sees each request before it leaves, and each answer.
        now_ms: the venue's time, which requests are signed with.
        secrets: of the account.
        options: ccxt's, for this venue.
        base_url: send everything there instead; https, or http to this machine.
        sandbox: the venue's own place to practise.
        timeout_s: seconds to connect, and seconds without a word, after which nothing more is expected.

    Raises:
        ConfigError: an address that may not be used, or a venue without a place to practise.
    """
    import ccxt

    root = None if base_url is None else checked_address(base_url)
    if root is not None and sandbox:
        raise ConfigError("a base URL and the sandbox are two places: give one of them")
    client = _guarded(getattr(ccxt, venue), gate, now_ms)(
        {
            **_USUAL,
            "apiKey": secrets.api_key,
            "secret": secrets.secret,
            "password": secrets.passphrase,
            "timeout": round(timeout_s * 1000),
            "options": {**options, **_NEVER},
        }
    )
    # Codes below the spot table are not seen when the address is not the exchange's own.
    spot = client.exceptions.get("spot", {})
    client.exceptions.setdefault("exact", {}).update(spot.get("exact", {}))
    # A redirect would carry keys and an order to another place.
    client.session.max_redirects = 0
    # ccxt writes headers, and the key in them, to its log.
    client.logger = logging.Logger("ccxt", level=logging.CRITICAL + 1)
    if sandbox:
        if not client.urls.get("test"):
            raise ConfigError(f"{venue} has no place to practise; leave the sandbox out")
        client.set_sandbox_mode(True)
    if root is not None:
        client.urls = {**client.urls, "api": _moved(client.urls["api"], root, client.hostname or "")}
    return client


def checked_address(base_url: str) -> str:
    """Scheme and host of an address that orders may be sent to.

    Raises:
        ConfigError: it is none, or plain http to another machine.
    """
    try:
        address = urlsplit(base_url)
        host, _ = address.hostname, address.port
    except ValueError:
        host = None
    if not host or address.scheme not in ("http", "https") or address.username or address.path.strip("/"):
        raise ConfigError(f"'{base_url}' is not the address of a venue: write for instance http://127.0.0.1:8080")
    if address.scheme == "http" and host not in _LOOPBACK:
        raise ConfigError(f"'{base_url}': plain http only to this machine; use https")
    return f"{address.scheme}://{address.netloc}"


def at_this_machine(base_url: str | None) -> bool:
    """Whether an address leads to this machine, where exchanges are simulated ones."""
    return base_url is not None and urlsplit(base_url).hostname in _LOOPBACK


def _moved(urls: Any, root: str, hostname: str) -> Any:  # noqa: ANN401, RUF100 - texts and tables of texts
    """All of a venue's addresses on another host: none that was forgotten leads to the real one."""
    if isinstance(urls, Mapping):
        return {name: _moved(one, root, hostname) for name, one in urls.items()}
    return root + urlsplit(urls.replace("{hostname}", hostname)).path if isinstance(urls, str) else urls


def _guarded(base: Any, gate: Gate, now_ms: Callable[[], int]) -> Any:  # noqa: ANN401, RUF100
    """Ccxt's class, with our gate before its network and our clock in its signatures."""

    def fetch(self: Any, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:  # noqa: ANN401, RUF100
        gate.admit(method, url, body)
        return base.fetch(self, url, method, headers, body)

    def sign(self: Any, *parts: Any, **named: Any) -> Any:  # noqa: ANN401, RUF100
        try:
            return base.sign(self, *parts, **named)
        except (ValueError, TypeError, ArithmeticError):
            # Its words may hold the secret, or a part of it.
            raise ConfigError(f"{base.__name__}: the keys cannot sign a request: are they whole?") from None

    def on_rest_response(self: Any, code: int, reason: str, url: str, method: str, headers: Any, body: str,
                         *requested: Any) -> Any:  # noqa: ANN401, RUF100  # fmt: skip
        gate.heard(code, headers, body)
        return base.on_rest_response(self, code, reason, url, method, headers, body, *requested)

    return type(
        base.__name__,
        (base,),
        {
            "fetch": fetch,
            "sign": sign,
            "on_rest_response": on_rest_response,
            "milliseconds": staticmethod(now_ms),
            "seconds": staticmethod(lambda: now_ms() // 1000),
        },
    )
