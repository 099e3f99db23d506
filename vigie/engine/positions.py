"""From fills to positions and back: how one opens, what protects it, when it is over."""

from __future__ import annotations

from decimal import Decimal

from vigie.decision.policies import Rules
from vigie.decision.position_rules import Position, effective_stop, opened
from vigie.domain import events as e
from vigie.domain.holdings import Holding
from vigie.domain.instrument import Instrument
from vigie.domain.order import Leg
from vigie.domain.order_status import OrderStatus
from vigie.domain.portfolio import Portfolio
from vigie.domain.trades import ExitReason

_CODES = {
    Leg.CHASE: ExitReason.GAP,
    Leg.EMERGENCY: ExitReason.EMERGENCY,
    Leg.CLOSE: ExitReason.PERSON,
    Leg.LIQUIDATION: ExitReason.LIMIT,
}


def position_of(held: Holding, known: e.RulesMoved) -> Position:
    """A holding as the position rules see it."""
    return Position(
        entry_price=known.entry_price,
        quantity=float(held.quantity),
        volatility=known.volatility,
        fixed_stop=known.fixed_stop,
        trailing=known.trailing,
        trail_active=known.trail_active,
        breakeven_done=known.breakeven_done,
        highest=known.highest,
        target=known.target,
        partials_taken=known.partials_taken,
    )


def moved(pair: str, candle_at: int, position: Position) -> e.RulesMoved:
    """What is journalled of a position after the rules looked at it."""
    return e.RulesMoved(
        pair=pair,
        candle_at=candle_at,
        entry_price=position.entry_price,
        volatility=position.volatility,
        fixed_stop=position.fixed_stop,
        trailing=position.trailing,
        trail_active=position.trail_active,
        breakeven_done=position.breakeven_done,
        highest=position.highest,
        target=position.target,
        partials_taken=position.partials_taken,
    )


def opening(held: Holding, rules: Rules) -> e.RulesMoved | None:
    """How the rules see a fresh or growing position; None if they have looked at this fill already.

    The stop hangs on the real average fill, so each further part of the entry moves it.
    """
    price = float(held.average_price)
    if held.rules is not None and held.rules.entry_price == price:
        return None
    if held.rules is not None and held.rules.candle_at != held.wish.candle_at:
        # Candles have passed since: a late part of the entry does not start the rules anew.
        return None
    wish = held.wish
    position = opened(price, float(held.quantity), wish.stop_distance, wish.target_distance, wish.volatility, rules)
    return moved(held.pair, wish.candle_at, position)


def trigger_of(held: Holding, instrument: Instrument) -> Decimal | None:
    """Where the stop of a holding belongs: the highest of its stops, down to the tick; None while nobody knows."""
    if held.rules is None:
        return None
    stop = effective_stop(position_of(held, held.rules), float(instrument.tick))
    return instrument.price_down(stop) if stop == stop and stop > 0.0 else None


def closing(account: Portfolio, held: Holding, instrument: Instrument, price: float | None) -> e.TradeClosed | None:
    """The trade of a holding of which nothing is left that could be sold; None while there is.

    Args:
        account: knows the orders that sold it.
        held: what is left.
        instrument: the venue's filters.
        price: what it is worth now, quote; None: not known.
    """
    sellable = instrument.quantity_down(held.quantity)
    worth = Decimal(repr(price)) if price is not None else held.average_price
    if instrument.sendable(sellable, worth):
        return None
    code, trailing = _code(account, held), _trails(held)
    stopped = code in (ExitReason.STOP, ExitReason.GAP) and not (code is ExitReason.GAP and trailing)
    return e.TradeClosed(
        pair=held.pair,
        entry_at=held.entered_at,
        exit_at=held.entered_at if held.exited_at is None else held.exited_at,
        entry_price=held.average_price,
        exit_price=held.sold_value / held.sold if held.sold > 0 else held.average_price,
        quantity=held.bought,
        fees=held.fees,
        profit=held.received - held.spent,
        code=int(code),
        stopped_at=held.exited_at if stopped else None,
        dust=held.quantity,
        stop_at_entry=held.stop_at_entry,
        slippage=held.slippage,
        fees_elsewhere=held.fees_elsewhere,
        bare_ms=held.gaps.total_ms,
        longest_bare_ms=held.gaps.longest_ms,
        unpriced=held.unpriced,
    )


def _code(account: Portfolio, held: Holding) -> ExitReason:
    """Why it was left: what the last of its sales was for."""
    sales = [one for one in account.orders.values() if one.intent.pair == held.pair and one.intent.leg is not Leg.ENTRY]
    sold = [one for one in sales if one.executed > 0]
    leg = sold[-1].intent.leg if sold else Leg.CLOSE
    stops = [one for one in sales if one.intent.leg is Leg.STOP]
    if leg is Leg.CHASE and stops and stops[-1].status is OrderStatus.REJECTED:
        # It could not rest since the price had passed it: no gap, but the stop, done by another order; unless it was to
        # be sold at that price anyway.
        leg = Leg.EXIT if held.leaving not in (ExitReason.NONE, ExitReason.GAP) else Leg.STOP
    if leg is Leg.STOP:
        return ExitReason.TRAILING if _trails(held) else ExitReason.STOP
    if leg in _CODES:
        return _CODES[leg]
    return ExitReason(held.leaving) if held.leaving else ExitReason.SIGNAL


def _trails(held: Holding) -> bool:
    """Whether the trailing stop is the one that counts."""
    known = held.rules
    return known is not None and known.trail_active and not known.trailing <= known.fixed_stop
