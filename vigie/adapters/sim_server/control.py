"""The second port: for whoever holds the strings. JSON in, JSON out; never on the exchange's own port."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vigie.adapters.sim_server.acts import act
from vigie.adapters.sim_server.desk import Desk
from vigie.adapters.sim_server.faults import plan_of, read_plan
from vigie.domain.errors import ConfigError
from vigie.domain.instants import from_iso

if TYPE_CHECKING:
    from aiohttp import web

    from vigie.adapters.sim_server.server import Handler

Document = Mapping[str, Any]
_MOST_ENTRIES = 1000


def advance(desk: Desk, document: Document) -> dict[str, Any]:
    """Move the clock: by seconds, or to an instant.

    Raises:
        ConfigError: neither, or backwards.
    """
    if ("seconds" in document) == ("to" in document):
        raise ConfigError("advance takes seconds, or an instant in 'to'")
    try:
        now = desk.clock.now_ms()
        by = round(float(document["seconds"]) * 1000) if "seconds" in document else _instant(document["to"]) - now
        desk.clock.advance(by)
    except (ValueError, TypeError, OverflowError) as error:
        raise ConfigError(f"advance: {error}") from error
    desk.journal.note(desk.clock.now_ms(), "DO", "advance", dict(document), 0)
    return {"now": desk.catch_up()}


def _instant(given: Any) -> int:  # noqa: ANN401, RUF100 - JSON
    return given if isinstance(given, int) and not isinstance(given, bool) else from_iso(str(given))


def state(desk: Desk, _: Document) -> dict[str, Any]:
    """Everything there is."""
    desk.catch_up()
    return desk.state()


def journal(desk: Desk, document: Document) -> dict[str, Any]:
    """Calls and acts after a number."""
    entries = desk.journal.since(int(document.get("since", 0)))
    return {
        "entries": [one.to_json() for one in entries[:_MOST_ENTRIES]],
        "more": len(entries) > _MOST_ENTRIES,
        "strangers": list(desk.journal.strangers),
    }


def faults(desk: Desk, document: Document) -> dict[str, Any]:
    """The plan; a new one, if one is sent.

    Raises:
        ConfigError: all that is wrong with it.
    """
    if "plan" in document:
        plan = document["plan"]
        now = desk.exchange.started
        desk.plan = read_plan(plan, now) if isinstance(plan, str) else plan_of(plan, now)
    return {"rules": [one.to_json() for one in desk.plan.rules], "never_fired": list(desk.plan.never_fired())}


def _do(desk: Desk, document: Document) -> dict[str, Any]:
    desk.catch_up()
    return act(desk, document)


class Control:
    """What the control port can be asked for.

    Attributes:
        desk: the present one; a reset makes another.
    """

    def __init__(self, made: Callable[[], Desk]) -> None:
        """Make the first desk.

        Args:
            made: makes an exchange as it was at the beginning.
        """
        self._made = made
        self.desk = made()

    def reset(self) -> dict[str, Any]:
        """Forget everything and begin again."""
        self.desk = self._made()
        return {"now": self.desk.exchange.now}

    def answer(self, method: str, path: str, document: Document) -> tuple[int, dict[str, Any]]:
        """One request: HTTP status and document."""
        if (method, path) == ("POST", "/reset"):
            return 200, self.reset()
        found = _PATHS.get((method, path))
        if found is None:
            return 404, {"error": f"there is no {method} {path}"}
        try:
            return 200, found(self.desk, document)
        except ConfigError as error:
            return 400, {"error": "; ".join(error.problems)}


_PATHS: dict[tuple[str, str], Callable[[Desk, Document], dict[str, Any]]] = {
    ("POST", "/advance"): advance,
    ("GET", "/state"): state,
    ("GET", "/journal"): journal,
    ("GET", "/faults"): faults,
    ("POST", "/faults"): faults,
    ("POST", "/do"): _do,
}


def control_handler(control: Control, lock: threading.RLock) -> Handler:
    """Requests to the control port. A browser's page cannot send what it takes: JSON, and says so."""

    async def handle(request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        document: Any = dict(request.query)
        if request.method == "POST":
            if request.content_type != "application/json":
                return web.json_response({"error": "send application/json"}, status=415)
            try:
                document = json.loads(await request.text() or "{}")
            except ValueError:
                document = None
            if not isinstance(document, dict):
                return web.json_response({"error": "send a JSON object"}, status=400)
        with lock:
            status, answered = control.answer(request.method, request.path, document)
        return web.json_response(answered, status=status)

    return handle
