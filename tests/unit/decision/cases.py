"""Numbers that tests of the decision start from."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.decision.policies import Filters, Rules
from vigie.decision.position_rules import Bar, Position
from vigie.decision.settings import Settings

NAN = float("nan")
NO_FILTERS = Filters(tick=0.0, step=0.0, min_quantity=0.0, min_notional=0.0)


def rules(**settings: object) -> Rules:
    """Position rules of the profile standard with some settings changed."""
    return Settings.build(settings).rules()


def position(**changes: float) -> Position:
    """Ten coins bought at 100 with a volatility of 2 and a stop at 94."""
    bought = Position(
        entry_price=100.0,
        quantity=10.0,
        volatility=2.0,
        fixed_stop=94.0,
        trailing=0.0,
        trail_active=False,
        breakeven_done=False,
        highest=100.0,
        target=NAN,
        partials_taken=0,
    )
    return bought._replace(**changes)


def bar(close: float, high: float | None = None, volatility: float = 2.0, *, wants_exit: bool = False) -> Bar:
    """A closed candle; its high is its close unless said."""
    return Bar(close if high is None else high, close, volatility, wants_exit)


def facts(**changes: float) -> Facts:
    """An entry that no rule refuses."""
    good = Facts(
        direction=1,
        price=100.0,
        stop_distance=3.0,
        target_distance=6.0,
        quantity=2.0,
        notional=200.0,
        min_quantity=0.1,
        min_notional=10.0,
        open_positions=0,
        correlation=0.0,
        equity=10_000.0,
        day_first_equity=10_000.0,
        day_lowest_equity=10_000.0,
        worst_drawdown=0.0,
        start_equity=10_000.0,
        lowest_equity=10_000.0,
        heat=0.0,
        trades_today=0,
        losing_streak=0,
        candles_in_row=1000,
        bars_since_stop=float("inf"),
    )
    return good._replace(**changes)
