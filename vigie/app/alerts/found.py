"""Which channels there are: files of ``adapters/alerts``, found by name."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import vigie.adapters.alerts


def names() -> list[str]:
    """Channels that have a table: files that know how to read one."""
    files = (info.name for info in pkgutil.iter_modules(vigie.adapters.alerts.__path__))
    return sorted(name for name in files if not name.startswith("_") and hasattr(module_of(name), "channel"))


def module_of(name: str) -> ModuleType:
    """A channel's file."""
    return importlib.import_module(f"{vigie.adapters.alerts.__name__}.{name}")
