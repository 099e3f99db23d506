"""What an endpoint is, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from vigie.adapters.sim_server.calls import Answer
from vigie.adapters.sim_server.parameters import Parameters

if TYPE_CHECKING:
    from vigie.adapters.sim_server.desk import Desk

Handler: TypeAlias = "Callable[[Desk, Parameters], Any]"
"""Reads its parameters, closes them, and gives a JSON document or an `Answer`."""


class Security(StrEnum):
    """What a caller has to show."""

    NONE = "none"
    KEY = "key"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    Attributes:
        handle: what it does.
        weight: of a call; a function where it depends on the parameters.
        security: what a caller has to show.
        orders: how many orders a call places; it is free of weight if it succeeds.
        free: a call that succeeds has no weight.
    """

    handle: Handler
    weight: int | Callable[[Parameters], int] = 1
    security: Security = Security.NONE
    orders: int = 0
    free: bool = False


def answered(document: Any) -> Answer | None:  # noqa: ANN401, RUF100 - JSON
    """The document, if it is an answer already."""
    return document if isinstance(document, Answer) else None
