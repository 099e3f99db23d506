"""The control port from another process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from vigie.adapters.sim_server.server import require_loopback
from vigie.domain.errors import ConfigError, VenueUnavailable

_TIMEOUT_S = 600.0
"""A month of minutes may be let go by in one call."""


class ControlClient:
    """Asks a running simulated exchange's control port."""

    def __init__(self, url: str) -> None:
        """Make ready.

        Args:
            url: ``http://127.0.0.1:PORT``.

        Raises:
            ConfigError: it is no loopback address.
        """
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ConfigError(f"'{url}' is not the address of a control port: http://127.0.0.1:PORT")
        require_loopback(parts.hostname)
        self._url = url.rstrip("/")
        # A proxy of the environment has no business on loopback.
        self._opener = build_opener(ProxyHandler({}))

    def get(self, path: str, **query: Any) -> dict[str, Any]:  # noqa: ANN401, RUF100
        """Ask.

        Raises:
            ConfigError: what was asked is wrong.
            VenueUnavailable: nobody answers.
        """
        words = urlencode({key: value for key, value in query.items() if value is not None})
        return self._send(Request(f"{self._url}{path}{'?' if words else ''}{words}"))  # noqa: S310 - loopback

    def post(self, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Have something done.

        Raises:
            ConfigError: what was asked is wrong.
            VenueUnavailable: nobody answers.
        """
        data, headers = json.dumps(document).encode(), {"Content-Type": "application/json"}
        return self._send(Request(f"{self._url}{path}", data=data, headers=headers))  # noqa: S310 - loopback

    def _send(self, request: Request) -> dict[str, Any]:
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as response:
                found: dict[str, Any] = json.loads(response.read())
                return found
        except HTTPError as error:
            with error:
                raise ConfigError(_said(error.read())) from error
        except (URLError, OSError, ValueError) as error:
            raise VenueUnavailable(f"no simulated exchange answers at {self._url}") from error


def _said(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return "the control port did not understand"
