"""Weights, request counts and order counts, and what happens to who does not keep them."""

from __future__ import annotations

from dataclasses import dataclass

from vigie.adapters.sim_server.calls import Answer, as_error

MINUTE, FIVE_MINUTES, TEN_SECONDS, DAY = 60_000, 300_000, 10_000, 86_400_000
_ON = "Please use WebSocket Streams for live updates to avoid"


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be used; zero: any amount.

    Attributes:
        weight: in a minute.
        raw: requests in five minutes.
        orders_ten_seconds, orders_day: orders that have not been filled.
        patience: refused requests in a minute, after which the address is banned.
        first_ban_s, longest_ban_s: seconds; each ban is twice as long as the one before.
    """

    weight: int = 6000
    raw: int = 300_000
    orders_ten_seconds: int = 100
    orders_day: int = 200_000
    patience: int = 10
    first_ban_s: int = 120
    longest_ban_s: int = 259_200


NO_LIMITS = Limits(0, 0, 0, 0)


class Gauge:
    """Counts of one address and one account."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._counts: dict[str, tuple[int, int]] = {}
        self._banned_until = 0
        self._bans = 0

    def used(self, what: str, length: int, now_ms: int) -> int:
        """What was counted in the present interval of this length (milliseconds)."""
        interval, count = self._counts.get(what, (-1, 0))
        return count if interval == now_ms // length else 0

    def _count(self, what: str, length: int, now_ms: int, amount: int) -> int:
        count = max(self.used(what, length, now_ms) + amount, 0)
        self._counts[what] = (now_ms // length, count)
        return count

    def admit(self, weight: int, now_ms: int) -> Answer | None:
        """Count a request.

        Args:
            weight: of its path.
            now_ms: the exchange's time.

        Returns:
            the refusal; None: go on.
        """
        if now_ms < self._banned_until:
            return self._banned(now_ms)
        raw = self._count("raw", FIVE_MINUTES, now_ms, 1)
        used = self._count("weight", MINUTE, now_ms, weight)
        limits = self.limits
        if not (limits.weight and used > limits.weight) and not (limits.raw and raw > limits.raw):
            return None
        if self._count("refused", MINUTE, now_ms, 1) > limits.patience:
            self._bans += 1
            seconds = min(limits.first_ban_s * 2 ** (self._bans - 1), limits.longest_ban_s)
            self._banned_until = now_ms + seconds * 1000
            return self._banned(now_ms)
        words = f"Too much request weight used; current limit is {limits.weight} request weight per 1 MINUTE."
        return retry_later(429, -1003, f"{words} {_ON} polling the API.", MINUTE - now_ms % MINUTE)

    def _banned(self, now_ms: int) -> Answer:
        words = f"Way too much request weight used; IP banned until {self._banned_until}. {_ON} bans."
        return retry_later(418, -1003, words, self._banned_until - now_ms)

    def orders(self, now_ms: int) -> tuple[int, int]:
        """Unfilled orders of the last ten seconds and of the day."""
        return self.used("orders_10s", TEN_SECONDS, now_ms), self.used("orders_1d", DAY, now_ms)

    def too_many_orders(self, more: int, now_ms: int) -> Answer | None:
        """The refusal of so many more orders; None: go on."""
        short, long = self.orders(now_ms)
        limits = self.limits
        for used, most, length, word in (
            (short, limits.orders_ten_seconds, TEN_SECONDS, "10 SECOND"),
            (long, limits.orders_day, DAY, "1 DAY"),
        ):
            if most and used + more > most:
                words = f"Too many new orders; current limit is {most} orders per {word}."
                return retry_later(429, -1015, words, length - now_ms % length)
        return None

    def placed(self, count: int, now_ms: int) -> None:
        """Orders came that were not filled at once; a negative count gives back what was filled since."""
        self._count("orders_10s", TEN_SECONDS, now_ms, count)
        self._count("orders_1d", DAY, now_ms, count)

    def headers(self, now_ms: int, *, orders: bool) -> dict[str, str]:
        """What every answer says of the counts."""
        used = str(self.used("weight", MINUTE, now_ms))
        said = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        if orders:
            short, long = self.orders(now_ms)
            said |= {"X-MBX-ORDER-COUNT-10S": str(short), "X-MBX-ORDER-COUNT-1D": str(long)}
        return said

    def rate_limits(self) -> list[dict[str, object]]:
        """As in exchangeInfo."""
        limits = self.limits
        rows = (
            ("REQUEST_WEIGHT", "MINUTE", 1, limits.weight),
            ("ORDERS", "SECOND", 10, limits.orders_ten_seconds),
            ("ORDERS", "DAY", 1, limits.orders_day),
            ("RAW_REQUESTS", "MINUTE", 5, limits.raw),
        )
        return [
            {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit or 2**31 - 1}
            for kind, interval, number, limit in rows
        ]


def retry_later(status: int, code: int, message: str, wait_ms: int) -> Answer:
    """A refusal that says how long to wait."""
    answer = as_error(code, message, status)
    return Answer(status, answer.body, {"Retry-After": str(max(-(-wait_ms // 1000), 1))})
