"""Whether the machine's network is to blame: first the name, then the venue, each with its own verdict.

A name server that does not answer can keep a caller for half a minute: the look is taken in a thread of its own, and
who trades only ever asks what came of the last one.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

TIMEOUT_S = 5.0
_PORTS = {"http": 80, "https": 443}
_LIKELY = ("public", "spot", "rest", "v3", "api")
"""Names under which ccxt keeps the address that candles come from."""

Address: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look found.

    Attributes:
        host, port: that were looked for.
        dns: what is wrong with the name; empty: it is known.
        venue: why nobody could be reached there; empty: somebody takes calls.
    """

    host: str
    port: int
    dns: str = ""
    venue: str = ""

    @property
    def reached(self) -> bool:
        """Whether both are well."""
        return not self.dns and not self.venue

    def __str__(self) -> str:
        if self.dns:
            return f"no network: the name {self.host} cannot be looked up ({self.dns})"
        if self.venue:
            return f"the name {self.host} is known, but nobody is reached at port {self.port} ({self.venue})"
        return f"{self.host}:{self.port} is reached"


def look(address: Address, timeout_s: float = TIMEOUT_S) -> Verdict:
    """Look a name up, then open and close a connection. May take half a minute where no name server answers."""
    host, port = address
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Verdict(host, port, dns=_words(error))
    why = "no address"
    for family, kind, number, _, place in places:
        try:
            with socket.socket(family, kind, number) as line:
                line.settimeout(timeout_s)
                line.connect(place)
        except OSError as error:
            why = _words(error)
        else:
            return Verdict(host, port)
    return Verdict(host, port, venue=why)


def _words(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else None
    return str(text or error or type(error).__name__)


def address_of(venue: str, base_url: str | None = None) -> Address:
    """Where a venue takes requests.

    Args:
        venue: ccxt's name.
        base_url: instead of its own address; None: that one.

    Raises:
        ValueError: nothing says where.
    """
    if base_url is not None:
        return _of(base_url)
    import ccxt

    client = getattr(ccxt, venue)()
    found = _first(client.urls.get("api"))
    if found is None:
        raise ValueError(f"{venue} has no address")
    return _of(found.replace("{hostname}", client.hostname or ""))


def _first(urls: Any) -> str | None:  # noqa: ANN401, RUF100 - texts and tables of texts
    if isinstance(urls, str):
        return urls
    if not isinstance(urls, Mapping):
        return None
    names = [*(one for one in _LIKELY if one in urls), *urls]
    return next((found for found in map(_first, (urls[one] for one in names)) if found), None)


def _of(url: str) -> Address:
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"'{url}' is no address")
    return parts.hostname, parts.port or _PORTS.get(parts.scheme, 443)


class NetworkCheck:
    """Looks in a thread, one look at a time; the last verdict is kept."""

    def __init__(self, address: Callable[[], Address], look_at: Callable[[Address], Verdict] = look) -> None:
        """Nothing is looked at yet.

        Args:
            address: of the venue; called in the thread.
            look_at: looks.
        """
        self._address, self._look_at = address, look_at
        self._thread: threading.Thread | None = None
        self.verdict: Verdict | None = None
        """Of the last look that came to an end; None: of none."""

    def begin(self) -> None:
        """Look, unless somebody is looking."""
        if self._thread is None or not self._thread.is_alive():
            # A daemon: a name server that never answers keeps no process from ending.
            self._thread = threading.Thread(target=self._run, name="network check", daemon=True)
            self._thread.start()

    def wait(self, timeout_s: float) -> Verdict | None:
        """Until the look has come to an end, or patience has; for commands, never for who trades."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self.verdict

    def _run(self) -> None:
        try:
            self.verdict = self._look_at(self._address())
        except (ValueError, AttributeError, OSError):
            # A venue that ccxt has no address for: nothing is said of it.
            self.verdict = None
