"""What an account runs with, fixed for the life of a process."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from vigie.decision.policies import Filters
from vigie.decision.profile import Plan
from vigie.domain.errors import ConfigError
from vigie.domain.events import RunStarted
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe


@dataclass(frozen=True, slots=True)
class Setup:
    """One account.

    Attributes:
        account: its name.
        mode: ``paper``, ``live`` or ``replay``: part of every client id, and of nothing else.
        plan: strategy, parameters, settings, guards.
        pairs: what is traded, sorted.
        timeframe: of the candles.
        capital: quote allocated at the first start.
        version, code_hash, config_hash: what runs.
        certificate: its name; None: none.
        override: why a person lets it run without one; empty: nobody did.
        process: its id.
        absent_after_seconds: an order that the venue does not know this long after it was sent was never there.
        most_crashes: starts without an end within ten minutes, above which the account is halted; None: any.
        gives_up_after: entries that come so late after their candle's close are dropped, seconds; None: never.
        opens: False: nothing is opened; what is held is looked after as ever.
    """

    account: str
    mode: str
    plan: Plan
    pairs: tuple[Pair, ...]
    timeframe: Timeframe
    capital: Decimal
    version: str = ""
    code_hash: str = ""
    config_hash: str = ""
    certificate: str | None = None
    override: str = ""
    process: int = 0
    absent_after_seconds: float = 60.0
    gives_up_after: float | None = None
    most_crashes: int | None = None
    opens: bool = True

    def __post_init__(self) -> None:
        settings = self.plan.settings
        unplayable, problems = [], []
        if settings.fill_at != "next_open" or settings.last_at_close or settings.close_at_end:
            unplayable.append(f"profile '{self.plan.profile}' fills at the close of a candle, which no market can do")
        if settings.stop_test != "intrabar" or not settings.stop_limit_fraction > 0:
            unplayable.append(f"profile '{self.plan.profile}' keeps no stop-limit order at the exchange")
        if settings.trail_from == "entry":
            unplayable.append("trail_from=entry can lower a stop: a stop at the exchange is only ever raised")
        if len({pair.quote for pair in self.pairs}) != 1:
            problems.append("the pairs of an account are counted in one quote asset")
        if settings.wallet != "shared" and len(self.pairs) > 1:
            problems.append("wallet=per-pair: an account has one wallet; run an account for each pair")
        if unplayable:
            unplayable.append("paper and live need what an exchange can do; backtest such a profile instead")
        if unplayable or problems:
            raise ConfigError([*unplayable, *problems])

    @property
    def quote(self) -> str:
        """What money is counted in."""
        return self.pairs[0].quote

    def started(self) -> RunStarted:
        """The line of the journal that says what runs."""
        made = self.plan
        numbers = {**made.parameters.as_dict(), **dict(made.numbers)}
        return RunStarted(
            account=self.account,
            mode=self.mode,
            version=self.version,
            code_hash=self.code_hash,
            config_hash=self.config_hash,
            strategy=made.strategy.name,
            strategy_hash=made.strategy.code_hash,
            profile=made.profile,
            numbers={name: str(value) for name, value in numbers.items()},
            pairs=tuple(str(pair) for pair in self.pairs),
            timeframe=str(self.timeframe),
            certificate=self.certificate,
            process=self.process,
        )

    def filters(self, instrument: Instrument) -> Filters:
        """A venue's filters as decisions see them."""
        return filters_of(self.plan, instrument)


def filters_of(made: Plan, instrument: Instrument) -> Filters:
    """A venue's filters as decisions of a plan see them."""
    notional = float(instrument.min_notional) or float(made.settings.min_notional)
    return Filters(float(instrument.tick), float(instrument.step), float(instrument.min_quantity), notional)
