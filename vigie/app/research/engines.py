"""Where the points of a search are run: ``local``, or ``dask://HOST:PORT``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from vigie.adapters.clock import SystemClock
from vigie.adapters.workers.local import LocalWorkers
from vigie.domain.errors import ConfigError
from vigie.ports.workers import Workers

LOCAL = "local"
DASK_PORT = 8786
"""Where `dask scheduler` listens unless it is told otherwise."""

_DASK = re.compile(r"dask://(?P<host>\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+)(:(?P<port>\d{1,5}))?/?")


def address_of(engine: str) -> str | None:
    """The scheduler's ``host:port``, None for this machine.

    Raises:
        ConfigError: it is neither.
    """
    if engine == LOCAL:
        return None
    found = _DASK.fullmatch(engine)
    port = int(found["port"] or DASK_PORT) if found else 0
    if found is None or not 0 < port < 65_536:
        raise ConfigError(f"engine '{engine}' is neither {LOCAL} nor of the form dask://HOST:PORT")
    return f"{found['host']}:{port}"


@contextmanager
def workers_at(engine: str) -> Iterator[Workers]:
    """Workers, there until the end of the block.

    Raises:
        ConfigError: no such engine, it is not installed, or its workers have another vigie.
        VenueUnavailable: it cannot be reached.
    """
    address = address_of(engine)
    if address is None:
        yield LocalWorkers(SystemClock())
        return
    from vigie.adapters.workers.dask_cluster import connected

    with connected(address, SystemClock()) as workers:
        yield workers
