"""Realised slippage, fee and delay of filled orders against what the plan assumes, with how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vigie.decision.settings import Settings
from vigie.domain.samples import Sample
from vigie.metrics.bounds import Mean, mean_of

_NOISE = 1e-9
"""A venue that rounds its prices is not dearer for it."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One cost as it was, beside what the plan assumes.

    Attributes:
        name: ``slippage``, ``fee`` or ``delay``.
        unit: ``fraction`` or ``seconds``.
        assumed: by the plan.
        allowed: how much more is borne.
        found: mean of the last orders with its bounds.
    """

    name: str
    unit: str
    assumed: float
    allowed: float
    found: Mean

    @property
    def beyond(self) -> bool:
        """Nineteen times in twenty it is more than what is borne."""
        return self.found.lower > self.assumed + self.allowed + _NOISE


def drifts(samples: Sequence[Sample], settings: Settings) -> tuple[Drift, ...]:
    """What the last orders came to.

    Args:
        samples: of them.
        settings: what is assumed and what is borne.
    """
    return (
        Drift(
            "slippage",
            "fraction",
            float(settings.slippage_fraction),
            float(settings.drift_slippage_fraction),
            mean_of([one.slippage for one in samples]),
        ),
        Drift(
            "fee",
            "fraction",
            float(settings.fee_fraction),
            float(settings.drift_fee_fraction),
            mean_of([one.fee for one in samples]),
        ),
        Drift("delay", "seconds", 0.0, float(settings.drift_delay_seconds), mean_of([one.delay for one in samples])),
    )


def drifted(samples: Sequence[Sample], settings: Settings) -> list[str]:
    """What is surely beyond, sentences; nothing while there are too few orders to say."""
    least = int(settings.drift_fills)
    if least == 0:
        return []
    return [_told(one) for one in drifts(samples, settings) if one.found.n >= least and one.beyond]


def _told(one: Drift) -> str:
    found = one.found
    borne = one.assumed + one.allowed
    if one.unit == "seconds":
        numbers = f"{found.mean:,.1f} s, surely above {found.lower:,.1f} s; {borne:,.1f} s is borne"
    else:
        numbers = f"{found.mean:.3%}, surely above {found.lower:.3%}; {one.assumed:.3%} is assumed, {borne:.3%} borne"
    return f"mean {one.name} of the last {found.n} orders {numbers}"


def known(value: float) -> float | None:
    """A number for a document; None: it is not known."""
    return None if math.isnan(value) else value
