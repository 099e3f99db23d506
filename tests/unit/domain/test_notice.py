"""How grave a notice is."""

from __future__ import annotations

from vigie.domain.notice import Level


def test_levels_rank_from_nothing_to_do_to_look_now() -> None:
    ranks = [one.rank for one in (Level.INFO, Level.WARNING, Level.ERROR, Level.CRITICAL)]
    assert ranks == sorted(set(ranks))
