"""Somebody is told of every time that a position was without a stop for longer than a guard period."""

from __future__ import annotations

from vigie.domain import events as e
from vigie.domain.coverage import GUARD_PERIOD_MS
from vigie.engine.books import Books
from vigie.ports.clock import Clock


class Coverage:
    """Watches what the account knows of times without a stop."""

    def __init__(self, books: Books, clock: Clock) -> None:
        self._books, self._clock = books, clock
        self._known = books.portfolio.gaps.too_long
        self._told: dict[str, int] = {}

    def look(self) -> None:
        """Tell of what has lasted too long: each once while it lasts, or when it was found to have been."""
        account, now = self._books.portfolio, self._clock.now_ms()
        ended = account.gaps.too_long - self._known
        for pair, held in account.holdings.items():
            since = held.bare_since
            if since is not None and now - since > GUARD_PERIOD_MS and self._told.get(pair) != since:
                self._told[pair] = since
                self._alert(f"{pair} has had no stop at the venue for {(now - since) / 1000:,.0f} s")
        self._known = account.gaps.too_long
        # Those that were told of while they lasted are told of no more.
        over = [pair for pair, since in self._told.items() if self._is_over(pair, since)]
        for pair in over:
            del self._told[pair]
        if ended > len(over):
            self._alert(f"a position had no stop at the venue for {account.gaps.longest_ms / 1000:,.0f} s, at most")

    def _is_over(self, pair: str, since: int) -> bool:
        held = self._books.portfolio.holdings.get(pair)
        return held is None or held.bare_since != since

    def _alert(self, text: str) -> None:
        self._books.write(e.AlertRaised("uncovered", text, urgent=True))
