"""Where results are kept that need not be computed twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from vigie.domain.candles import FloatArray
from vigie.metrics.summary import Metrics


@dataclass(frozen=True, slots=True, eq=False)
class StoredResult:
    """What is kept of one parameter point.

    Attributes:
        metrics: numbers of the run.
        daily_returns: simple returns by UTC day, fractions, shape (days,); None: not kept.
    """

    metrics: Metrics
    daily_returns: FloatArray | None = None


class ResultStore(Protocol):
    """A cache by key (`vigie.domain.point.Ground.key`). The real one is ``adapters/storage/results.py``.

    It may lose anything at any time: what is not there is computed again.
    """

    def get(self, keys: Collection[str]) -> dict[str, StoredResult]:
        """What is there of these keys.

        Raises:
            ConfigError: the store cannot be opened.
        """
        ...

    def put(self, results: Mapping[str, StoredResult]) -> None:
        """Keep results, all of them or none; a key that is there is replaced.

        Raises:
            ConfigError: the store cannot be written.
        """
        ...
