"""A walk-forward as a page."""

from __future__ import annotations

from vigie.reporting.search_facts import SearchFacts
from vigie.research.walk_forward import WalkForward


def walk_forward_page(facts: SearchFacts, found: WalkForward, certificate: str | None = None) -> str:
    """The report."""
    raise NotImplementedError
