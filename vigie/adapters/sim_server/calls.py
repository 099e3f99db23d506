"""A request and its answer, without the network around them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came.

    Attributes:
        method: ``GET``, ``POST``, ``PUT``, ``DELETE``.
        path: without the query.
        query: raw text after the question mark.
        body: raw text.
        key: of the X-MBX-APIKEY header; empty: none.
    """

    method: str
    path: str
    query: str = ""
    body: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back.

    Attributes:
        status: of HTTP.
        body: text.
        headers: beside those that every answer has.
        kind: content type.
    """

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"


def as_json(document: Any, status: int = 200) -> Answer:  # noqa: ANN401, RUF100 - JSON
    """An answer in compact JSON."""
    return Answer(status, json.dumps(document, separators=(",", ":")))


def as_error(code: int, message: str, status: int = 400) -> Answer:
    """An error body as clients know it."""
    return as_json({"code": code, "msg": message}, status)
