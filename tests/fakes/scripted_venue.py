"""A venue that answers what it is told to, over real HTTP, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web

from vigie.adapters.sim_server.server import LoopServer

Key = tuple[str, str]
_OF_EVERY_REQUEST = frozenset({"nonce", "timestamp", "recvWindow", "signature"})


class ScriptedVenue:
    """Answers by method and path; a list is used up one by one, its last item stays; a function makes the response.

    Attributes:
        url: ``http://127.0.0.1:PORT``.
        asked: method, path and parameters of each request, without what stands in every one.
    """

    def __init__(self, answers: Mapping[Key, Any]) -> None:
        self.answers: dict[Key, Any] = dict(answers)
        self.asked: list[tuple[str, str, Any]] = []
        self.url = ""
        self._server = LoopServer()

    def __enter__(self) -> Self:
        self._server.add(self._handle, 0, "127.0.0.1")
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.ports[0]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def writes(self) -> list[tuple[str, str, Any]]:
        """What was asked by POST or DELETE."""
        return [one for one in self.asked if one[0] != "GET"]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        text = await request.text()
        try:
            body: Any = json.loads(text) if text else {}
        except ValueError:
            body = dict(parse_qsl(text))
        given = body if isinstance(body, list) else _plain({**dict(request.query), **body})
        self.asked.append((request.method, request.path, given))
        answer = self.answers.get((request.method, request.path), (404, {"nobody": request.path}))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            return answer()  # type: ignore[no-any-return]
        status, document = answer if isinstance(answer, tuple) else (200, answer)
        if isinstance(document, str):
            return web.Response(status=status, text=document)
        return web.json_response(document, status=status)


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in _OF_EVERY_REQUEST}
