"""Asking the rules while an account runs. A check that cannot tell says no."""

from __future__ import annotations

from collections.abc import Sequence

from vigie.engine.governance.evidence import Breach, Phase, Proposal, Standing
from vigie.engine.governance.registry import Rule, rules

_CANNOT_TELL = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError)


class Governor:
    """The rules, asked of an account."""

    def __init__(self, known: Sequence[Rule] | None = None) -> None:
        self._rules = tuple(rules() if known is None else known)

    def refusing(self, proposal: Proposal) -> tuple[Breach, ...]:
        """Why an entry must not be sent; empty: nothing speaks against it."""
        return self._asked(Phase.ORDER, proposal)

    def breaches(self, phase: Phase, standing: Standing) -> tuple[Breach, ...]:
        """What does not hold at the end of a tick, or of a start."""
        return self._asked(phase, standing)

    def _asked(self, phase: Phase, evidence: Proposal | Standing) -> tuple[Breach, ...]:
        found: list[Breach] = []
        for rule in self._rules:
            for one in rule.invariants:
                if one.phase is phase and one.check is not None:
                    try:
                        found += [Breach(one.number, text, latches=one.latches) for text in one.check(evidence)]
                    except _CANNOT_TELL as error:
                        found.append(Breach(one.number, f"cannot be told: {error!r}", latches=one.latches))
        return tuple(found)
