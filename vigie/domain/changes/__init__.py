"""What each kind of event makes of an account: one function each, by family."""

from __future__ import annotations

from vigie.domain import events as e
from vigie.domain.changes import halts, orders, repairs, runs, wishes
from vigie.domain.changes.common import Change

CHANGES: dict[type[e.Event], Change] = {
    **runs.CHANGES,
    **wishes.CHANGES,
    **orders.CHANGES,
    **halts.CHANGES,
    **repairs.CHANGES,
}
"""Kinds that are not in here change nothing."""
