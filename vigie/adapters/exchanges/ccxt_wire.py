"""One request and its answer: within the budget, by the venue's clock, and every failure with the right name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from vigie.adapters.exchanges.ccxt_client import at_this_machine, make_client
from vigie.adapters.exchanges.ccxt_dialect import Client, Dialect
from vigie.adapters.exchanges.ccxt_errors import UNREADABLE, ClockIsOff, banned_until, retry_after, translated
from vigie.adapters.exchanges.ccxt_gate import Answer, Gate
from vigie.adapters.exchanges.secrets import Secrets
from vigie.adapters.exchanges.venue_time import VenueTime
from vigie.domain.errors import OutcomeUnknown, VenueRefused, VenueUnavailable, VigieError
from vigie.domain.masking import for_people
from vigie.ports.clock import Clock
from vigie.reliability.rate_budget import RateBudget
from vigie.reliability.retry import retry_read

T = TypeVar("T")

_SHORTEST_BLOCK_S = 1.0
_REST_S = 0.5
"""Between two tries of a read."""


class Wire:
    """The only place from which requests with keys leave. For one thread."""

    def __init__(  # noqa: PLR0913, RUF100
        self,
        dialect: Dialect,
        secrets: Secrets,
        clock: Clock,
        budget: RateBudget,
        *,
        base_url: str | None = None,
        sandbox: bool = False,
        timeout_s: float = 10.0,
        read_tries: int = 1,
    ) -> None:
        """Make ready; nothing is sent yet.

        Args:
            dialect: of the venue.
            secrets: of the account.
            clock: ours; may be a virtual one.
            budget: what may be asked.
            base_url: send everything there instead; https, or http to this machine.
            sandbox: the venue's own place to practise.
            timeout_s: real seconds without a word, after which nothing more is expected.
            read_tries: how often a read is made that gets no answer. Once only after one that got none: a dead line
                costs a time-out each time, and the next look at the stops has to come.

        Raises:
            ConfigError: an address that may not be used, or a venue without a place to practise.
        """
        table = dialect.capabilities
        self.venue = table.name
        self._dialect, self._secrets, self._budget, self._clock = dialect, secrets, budget, clock
        self._read_tries, self._answered = read_tries, True
        self.time = VenueTime(
            base_url or table.name, clock, increasing=table.increasing_time, simulated=at_this_machine(base_url)
        )
        self._gate = Gate(table.name, dialect.endpoints, budget, table.counters)
        self._client = make_client(
            table.name, self._gate, self.time.now_ms, secrets=secrets, options=table.options,
            base_url=base_url, sandbox=sandbox, timeout_s=timeout_s,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of connections."""
        session = getattr(self._client, "session", None)
        if session is not None:
            session.close()

    def read(self, ask: Callable[[Client], T], *, protective: bool = True) -> T:
        """Ask for something.

        Args:
            ask: sends and reads the answer.
            protective: what is asked tells whether the account is protected.

        Raises:
            VenueRefused: a proven no.
            VenueUnavailable: no usable answer.
        """
        tries, self._answered = self._read_tries if self._answered else 1, True
        try:
            return retry_read(
                lambda: self._twice_if_the_clock_is_off(ask, write=False, protective=protective),
                self._clock, attempts=tries, first_wait_s=_REST_S, longest_wait_s=_REST_S,
            )  # fmt: skip
        except VenueUnavailable:
            self._answered = False
            raise

    def write(self, send: Callable[[Client], T], *, protective: bool) -> T:
        """Change something; one request, never repeated unless the venue has proven that it did not look at it.

        Raises:
            VenueRefused: a proven no.
            VenueUnavailable: surely not done.
            OutcomeUnknown: it may have been done.
        """
        return self._twice_if_the_clock_is_off(send, write=True, protective=protective)

    def _twice_if_the_clock_is_off(self, act: Callable[[Client], T], *, write: bool, protective: bool) -> T:
        if self.time.due:
            self._set_the_clock()
        try:
            return self._once(act, write=write, protective=protective)
        except ClockIsOff:
            # Proven not done, and signed anew with another time: the same order, not a second one.
            self._set_the_clock()
            return self._once(act, write=write, protective=protective)

    def _set_the_clock(self) -> None:
        self.time.measure(lambda: self._once(self._dialect.server_ms, write=False, protective=True))

    def _once(self, act: Callable[[Client], T], *, write: bool, protective: bool) -> T:
        import ccxt

        self._gate.begin(write=write, protective=protective)
        try:
            return act(self._client)
        except VigieError:
            raise
        except (ccxt.BaseError, OSError, *UNREADABLE) as error:
            # Not "from error": ccxt's texts hold whole addresses, and a log would print them.
            raise self._translated(error, write=self._gate.wrote) from None

    def _translated(self, error: Exception, *, write: bool) -> VigieError:
        answer = self._gate.answer
        meaning = None if answer is None else self._dialect.meaning(answer, error)
        found = translated(error, self.venue, sent=self._gate.sent, answer=answer, meaning=meaning, write=write)
        text = self._secrets.hidden_in(for_people(str(found), 300))
        wait = None if answer is None else self._sent_away(answer, found, text)
        if isinstance(found, VenueUnavailable):
            return type(found)(text, wait)
        return VenueRefused(text, found.code) if isinstance(found, VenueRefused) else OutcomeUnknown(text)

    def _sent_away(self, answer: Answer, found: VigieError, why: str) -> float | None:
        """Tell everybody on this host when to come again, if the venue has said so: seconds from now, or None."""
        said = found.retry_after if isinstance(found, VenueUnavailable) else retry_after(answer, None)
        end = banned_until(answer)
        if said is None and end is None:
            return None
        seconds = max(said or 0.0, 0.0 if end is None else (end - self.time.now_ms()) / 1000, _SHORTEST_BLOCK_S)
        self._budget.block(seconds, why)
        return seconds
