"""A parameter point: one set of numbers, tried by one code on one stretch of candles.

Its key names a result in the store of results, and, cut to 16 digits, a trial in the ledger: what is the same point
for one is the same point for the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from vigie.domain.canonical import Scalar, canonical


@dataclass(frozen=True)
class Ground:
    """What all points of a search stand on.

    Attributes:
        code_hash: SHA-256 of the decision code.
        strategy: its name.
        strategy_hash: SHA-256 of its source file.
        data_hashes: SHA-256 of all candles that can be looked at (warm-up included), by pair.
        ranges: opening instants of the first and the last candle that are traded, epoch milliseconds, by pair.
        filters: tick, step, least quantity and least value of the pairs where they are known, as text, by pair.
    """

    code_hash: str
    strategy: str
    strategy_hash: str
    data_hashes: Mapping[str, str]
    ranges: Mapping[str, tuple[int, int]]
    filters: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _begun(self) -> Any:  # noqa: ANN401, RUF100 - hashlib has no public name for its objects' type
        named = [self.code_hash, self.strategy, self.strategy_hash]
        return hashlib.sha256(canonical([*named, dict(self.data_hashes), dict(self.ranges), dict(self.filters)]))

    def key(self, parameters: Mapping[str, Scalar], settings: Mapping[str, Scalar]) -> str:
        """The key of one point: SHA-256, 64 hex digits; the ground is hashed once for all of its points.

        Args:
            parameters: every parameter of the strategy in force.
            settings: every rule, cost, sizing and guard number in force.

        Raises:
            ValueError: NaN or an infinity among the numbers.
        """
        hashed = self._begun.copy()
        hashed.update(canonical([dict(parameters), dict(settings)]))
        key: str = hashed.hexdigest()
        return key
