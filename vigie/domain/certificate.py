"""A certificate: what was proved about a strategy, on what, by which code. Live trading asks for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from vigie.domain.canonical import Scalar, digest
from vigie.domain.instants import as_iso
from vigie.domain.names import SYNTHETIC

SCHEMA = "vigie.certificate/1"
SHORT = 16
"""Hex digits of the hash in a file name."""


@dataclass(frozen=True, slots=True)
class CertifiedCandles:
    """The candles of one pair that the proof stands on.

    Attributes:
        venue: lower case.
        first_at, last_at: opening instants of the first and the last candle, epoch milliseconds.
        rows: how many.
        content_hash: SHA-256, as `Candles.content_hash`.
    """

    venue: str
    first_at: int
    last_at: int
    rows: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class CertifiedFold:
    """One fold of a walk-forward.

    Attributes:
        train_start_at, train_end_at: training candles open in [start, end), epoch milliseconds.
        test_start_at, test_end_at: test candles open in [start, end), epoch milliseconds.
        parameters: chosen on the training candles; numbers of rules and costs that were searched are among them.
        in_sample: metrics on the training candles, by name; None: undefined.
        out_of_sample: metrics on the test candles.
    """

    train_start_at: int
    train_end_at: int
    test_start_at: int
    test_end_at: int
    parameters: Mapping[str, Scalar]
    in_sample: Mapping[str, float | None]
    out_of_sample: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate that had to be passed.

    Attributes:
        name: for instance ``mean_sharpe``.
        value: what was measured; None: undefined, which never passes.
        limit: what it was held against.
        passed: the verdict.
    """

    name: str
    value: float | None
    limit: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was proved. Immutable: another proof is another certificate.

    Attributes:
        strategy, profile, timeframe: names.
        parameters: of the strategy, frozen.
        settings: every rule, cost, sizing and guard number in force.
        candles: by pair.
        code_hash: SHA-256 of the decision code.
        strategy_hash: SHA-256 of the strategy's source file.
        folds: in order of time.
        gates: all of them.
        deflated_sharpe: probability that the Sharpe ratio is above what so many trials reach by luck; None: undefined.
        overfitting_probability: PBO, by combinatorially symmetric cross-validation; None: undefined.
        trials: how many stand behind the choice.
        created_at: epoch milliseconds.
        version: of vigie.
        schema: of this record.
    """

    strategy: str
    profile: str
    timeframe: str
    parameters: Mapping[str, Scalar]
    settings: Mapping[str, Scalar]
    candles: Mapping[str, CertifiedCandles]
    code_hash: str
    strategy_hash: str
    folds: tuple[CertifiedFold, ...]
    gates: tuple[GateResult, ...]
    deflated_sharpe: float | None
    overfitting_probability: float | None
    trials: int
    created_at: int
    version: str
    schema: str = SCHEMA

    @property
    def pairs(self) -> tuple[str, ...]:
        """The pairs it holds for, sorted."""
        return tuple(sorted(self.candles))

    @property
    def data_hashes(self) -> dict[str, str]:
        """SHA-256 of the candles, by pair."""
        return {pair: self.candles[pair].content_hash for pair in self.pairs}

    @property
    def synthetic(self) -> bool:
        """Whether any of its candles never happened: then it proves nothing about a market."""
        return any(one.venue == SYNTHETIC for one in self.candles.values())

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of `document`: the name of this certificate."""
        return digest(self.document())

    @property
    def name(self) -> str:
        """``<strategy>-<first digits of the hash>``: what people and files call it."""
        return f"{self.strategy}-{self.hash[:SHORT]}"

    def document(self) -> dict[str, Any]:
        """All of it in JSON's own types, its hash left out; instants (``_at``) as ISO text."""
        return _plain(self) | {
            "candles": {pair: _plain(self.candles[pair]) for pair in self.pairs},
            "folds": [_plain(fold) for fold in self.folds],
            "gates": [_plain(gate) for gate in self.gates],
        }


def _plain(record: Certificate | CertifiedCandles | CertifiedFold | GateResult) -> dict[str, Any]:
    """The fields of one record."""
    values = {one.name: getattr(record, one.name) for one in fields(record)}
    return {
        name: as_iso(value) if name.endswith("_at") else dict(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
    }
