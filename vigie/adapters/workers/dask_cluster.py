"""Points run by the workers of a dask cluster (extra ``[dask]``).

The job (candles, settings, the user's strategy) is sent to every worker once; chunks are points as text, and scores
come back. Only so many chunks are on their way as keep every thread busy: their size can follow what is measured.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vigie.adapters.workers.luggage import builds, require_same
from vigie.domain.errors import ConfigError, VenueUnavailable
from vigie.ports.clock import Clock
from vigie.ports.workers import A, Chunk, J, P, Told, Work

CONNECT_SECONDS = 5
FIRST = 8
"""Points of the first chunks: how long a point takes is not known yet."""

PACE_MS = 1000
"""How long a worker should take for a chunk; handing one out takes some ten milliseconds."""

MOST = 2000
"""Points of the largest chunk: their scores come back as one message."""

_STEEPEST = 16
_SMALLEST = 8
_WAITING = 2
"""Chunks on their way for each thread: one that runs, one that waits."""


@contextmanager
def connected(address: str, clock: Clock) -> Iterator[DaskWorkers]:
    """The workers of a cluster.

    Args:
        address: of its scheduler, ``host:port``.
        clock: measures chunks, here and there.

    Raises:
        ConfigError: the extra is not installed, or a worker has another vigie.
        VenueUnavailable: no scheduler answers, or it has no workers.
    """
    distributed = _distributed()
    try:
        client = distributed.Client(f"tcp://{address}", timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise VenueUnavailable(
            f"no dask scheduler answers at {address}: start one with `dask scheduler` ({type(error).__name__})"
        ) from error
    try:
        _check(client, address)
        yield DaskWorkers(client, address, clock)
    finally:
        client.close()


def _distributed() -> Any:  # noqa: ANN401, RUF100 - an optional package without types
    try:
        import distributed
    except ImportError as error:
        raise ConfigError('the engine dask is not installed: in the checkout, uv tool install ".[dask]"') from error
    # What it says about lost workers and connections is said here in one sentence, or is no error. Each of its loggers
    # has a level of its own.
    for name in [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return distributed


def _check(client: Any, address: str) -> None:  # noqa: ANN401, RUF100
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        raise VenueUnavailable(
            f"the dask scheduler at {address} has no workers: start some with `dask worker tcp://{address}`"
        ) from error
    for worker, built in client.run(builds, on_error="return").items():
        if isinstance(built, BaseException):
            raise ConfigError(f"worker {worker} has no vigie like this one: {type(built).__name__}: {built}")
        require_same(builds(), built, f"worker {worker}")


@dataclass(frozen=True, slots=True)
class DaskWorkers:
    """Fulfils :class:`vigie.ports.workers.Workers`.

    A lost worker costs the chunks it was running: the scheduler gives them to another one.

    Attributes:
        client: connected.
        address: of the scheduler.
        clock: measures chunks.
    """

    client: Any
    address: str
    clock: Clock

    @property
    def far(self) -> bool:
        """Yes."""
        return True

    def run(self, work: Work[J, P, A], job: J, points: Sequence[P], told: Told) -> Generator[Chunk[A], None, None]:
        """Run all points. See the port."""
        distributed = _distributed()
        sent = self.client.scatter(job, broadcast=True, hash=False)
        threads = max(1, sum(self.client.nthreads().values()))
        flying: dict[str, tuple[Any, int]] = {}
        first, size = 0, FIRST
        done = distributed.as_completed(loop=self.client.loop)
        try:
            while first < len(points) or flying:
                while first < len(points) and len(flying) < threads * _WAITING:
                    part = points[first : first + balanced(size, len(points) - first, threads)]
                    future = self.client.submit(timed, self.clock, work, sent, part, pure=False)
                    flying[future.key] = (future, first)
                    done.add(future)
                    first += len(part)
                future = next(done)
                _, began = flying.pop(future.key)
                answers, took_ms = self._result(future)
                size = next_size(len(answers), took_ms, size)
                told(len(answers))
                yield Chunk(began, answers)
        finally:
            self.client.cancel([future for future, _ in flying.values()], force=True)

    def _result(self, future: Any) -> tuple[list[Any], int]:  # noqa: ANN401, RUF100
        from distributed import CancelledError, KilledWorker
        from distributed.client import FutureCancelledError

        try:
            answers, took_ms = future.result()
        except KilledWorker as error:
            raise VenueUnavailable(f"several dask workers died of the same points: {error}") from error
        except (CancelledError, FutureCancelledError, OSError) as error:
            raise VenueUnavailable(f"the dask cluster at {self.address} is gone: {error}") from error
        return answers, took_ms


def timed(clock: Clock, work: Work[J, P, A], job: J, points: Sequence[P]) -> tuple[list[A], int]:
    """Runs on a worker: the answers, and how long they took in milliseconds."""
    begun = clock.now_ms()
    try:
        answers = work(job, points, _nobody)
    except ConfigError as error:
        # A worker that joined after all were asked: which one it is, nobody but itself can say.
        raise ConfigError(f"worker {_address_here()}: {error}") from error
    return answers, clock.now_ms() - begun


def _address_here() -> str:
    """The address of the worker that runs this."""
    from distributed import get_worker

    return str(get_worker().address)


def _nobody(_: int) -> None:
    """Nobody listens on a worker."""


def next_size(count: int, took_ms: int, before: int) -> int:
    """Points of the next chunk, after one of ``count`` took so long and the last one sent had ``before``."""
    wanted = count * PACE_MS // max(1, took_ms)
    return max(1, min(wanted, before * _STEEPEST, MOST))


def balanced(size: int, left: int, threads: int) -> int:
    """The same, but no more than a fair share of what is left: nobody waits long for the last chunk.

    It shrinks to an eighth at most: handing out the crumbs would take longer than waiting for them.
    """
    share = -(-left // (threads * _WAITING))
    return min(left, max(1, min(size, max(share, size // _SMALLEST))))
