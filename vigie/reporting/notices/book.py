"""Lines of the journal as notices: every family of templates is asked about every line."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

import vigie.reporting.notices.families
from vigie.domain.notice import Notice
from vigie.ports.journal import Entry
from vigie.reporting.notices.memory import Memory

Template = Callable[[Entry, Memory], Iterable[Notice]]


def notices_of(entry: Entry, memory: Memory) -> list[Notice]:
    """What a line of the journal tells people; mostly nothing.

    Args:
        entry: the line.
        memory: of the lines before it.
    """
    return [replace(one, at=entry.at) for _, template in _templates() for one in template(entry, memory)]


def families() -> list[str]:
    """Their names, as routes know them."""
    return sorted({name for name, _ in _templates()} | {"host"})


@cache
def _templates() -> tuple[tuple[str, Template], ...]:
    package = vigie.reporting.notices.families
    modules = [
        importlib.import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)
    ]
    return tuple((one.FAMILY, one.notices) for one in modules if hasattr(one, "notices"))
