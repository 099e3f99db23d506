"""Files that a person asked for: tables, pages, saved results."""

from __future__ import annotations

from pathlib import Path

from vigie.adapters.storage.atomic import write_atomically
from vigie.domain.errors import ConfigError


def write_output(path: Path, content: bytes) -> None:
    """Write one file, whole or not at all.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        write_atomically(path, content)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error
