"""What may leave for a venue: calls on a list, parameters on a list, one write at a time, within the budget.

ccxt sends whatever it is given, and sometimes calls that nobody asked for. Here each request is looked at after it was
built and signed, and before it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from vigie.domain.errors import RefusalCode, VenueRefused
from vigie.reliability.rate_budget import RateBudget


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A call that may be made.

    Attributes:
        names: parameters that may go with it; of nested ones the way, ``order.size``.
        cost: what it takes of the venue's limits.
        write: it changes something: it is sent once, and only by who means to.
    """

    names: frozenset[str]
    cost: Mapping[str, int] = field(default_factory=dict)
    write: bool = False


Endpoints = Mapping[tuple[str, str], Endpoint]
"""By method and path; ``*`` in a path is one part of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP.
        headers: without regard to case.
        body: text.
    """

    status: int
    headers: Mapping[str, str]
    body: str

    def document(self) -> Any:  # noqa: ANN401, RUF100 - JSON
        """The body as JSON; None: it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Gate:
    """Between ccxt and the network.

    Attributes:
        sent: a request of the present call has left, or may have.
        wrote: one that changes something has.
        answer: to the last request of the present call; None: there was none.
    """

    def __init__(self, venue: str, endpoints: Endpoints, budget: RateBudget, counters: Mapping[str, str]) -> None:
        """Make ready.

        Args:
            venue: for messages.
            endpoints: what may be asked.
            budget: what is left of the venue's patience.
            counters: the limit by the header in which the venue tells what was used of it.
        """
        self._venue, self._endpoints, self._budget = venue, endpoints, budget
        self._counters = dict(counters)
        self._writes_left, self._protective = 0, False
        self.sent = self.wrote = False
        self.answer: Answer | None = None

    def begin(self, *, write: bool, protective: bool) -> None:
        """A call begins.

        Args:
            write: it may change something, with one request.
            protective: it may use the reserve of the budget.
        """
        self._writes_left, self._protective = int(write), protective
        self.sent, self.wrote, self.answer = False, False, None

    def admit(self, method: str, url: str, body: object) -> None:
        """Look at a request.

        Raises:
            VenueRefused: it is not one of ours; it was not sent.
            VenueUnavailable: the budget says later; it was not sent.
        """
        path = urlsplit(url).path
        endpoint = self._endpoint(method, path)
        leaks = sorted(set(parameter_names(url, body)) - endpoint.names)
        if leaks:
            raise _not_ours(self._venue, f"{method} {path} with {', '.join(leaks)}")
        if endpoint.write:
            if not self._writes_left:
                raise _not_ours(self._venue, f"{method} {path} a second time, or unasked")
            self._writes_left -= 1
        self._budget.spend(endpoint.cost, protective=self._protective)
        self.sent, self.wrote, self.answer = True, self.wrote or endpoint.write, None

    def _endpoint(self, method: str, path: str) -> Endpoint:
        found = self._endpoints.get((method, path))
        if found is not None:
            return found
        for (known, pattern), endpoint in self._endpoints.items():
            same_length = pattern.count("/") == path.count("/")
            if "*" in pattern and known == method and same_length and fnmatchcase(path, pattern):
                return endpoint
        raise _not_ours(self._venue, f"{method} {path}")

    def heard(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """An answer came."""
        self.answer = Answer(status, headers, body)
        used: dict[str, int] = {}
        for header, limit in self._counters.items():
            text = headers.get(header, "")
            if text.isascii() and text.isdigit():
                used[limit] = int(text)
        self._budget.heard(used)


def parameter_names(url: str, body: object) -> Iterator[str]:
    """Names of everything that goes with a request, in the address and in the body."""
    yield from (name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if not isinstance(body, str) or not body:
        return
    try:
        document = json.loads(body)
    except ValueError:
        yield from (name for name, _ in parse_qsl(body, keep_blank_values=True))
        return
    yield from _ways(document, "")


def _ways(document: object, above: str) -> Iterator[str]:
    if isinstance(document, list):
        for one in document:
            yield from _ways(one, above)
    elif isinstance(document, dict):
        for name, value in document.items():
            yield from _ways(value, f"{above}.{name}" if above else str(name))
    else:
        yield above


def _not_ours(venue: str, what: str) -> VenueRefused:
    return VenueRefused(f"nothing was sent: {what} is not among the requests to {venue} that were tried out",
                        RefusalCode.PARAMETERS)  # fmt: skip
