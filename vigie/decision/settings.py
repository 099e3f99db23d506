"""Every number and policy of the decision, by the name used with ``--param`` and in profiles."""

from __future__ import annotations

from dataclasses import dataclass

from vigie.decision.policies import Costs, Extreme, FillAt, GapPolicy, Rules, StopTest, TrailFrom
from vigie.decision.registry import sizing_rules
from vigie.domain.errors import ConfigError
from vigie.strategy.params import Params, choice, number, switch

WATCHED = (
    "slippage_alert_fraction",
    "drift_fills",
    "drift_slippage_fraction",
    "drift_fee_fraction",
    "drift_delay_seconds",
)
"""Settings that no decision hangs on: they say when an account at a venue is no longer what was tested."""


@dataclass(frozen=True, slots=True)
class Settings(Params):
    """Rules, costs and wallet. The defaults are those of the profile ``standard``, but for what it says itself."""

    fill_at: str = choice("next_open", ("close", "next_open"), help="where entries and signal exits are filled")
    stop_test: str = choice("intrabar", ("close", "intrabar"), help="what a stop is held against")
    stop_touch: bool = switch(True, help="a price equal to the stop counts as hit")
    stop_limit_fraction: float = number(
        0.005, low=0.0, high=0.5, help="limit of the stop order below its trigger, fraction; 0: a market stop"
    )
    gap_policy: str = choice(
        "chase", ("rest", "chase"), help="a stop jumped over by a gap rests, or is sold next candle"
    )
    trail_from: str = choice("activation", ("never", "entry", "activation"), help="when the trailing stop starts")
    extreme: str = choice("high", ("close", "high"), help="what counts as the highest price since the entry")
    activation_atr: float = number(5.5, low=0.0, high=100.0, help="gain that activates the trailing stop, in ATR")
    trail_atr: float = number(
        5.5, low=0.1, high=100.0, grid=(4.0, 5.5, 8.0), help="distance of the trailing stop, in ATR"
    )
    breakeven_fraction: float = number(
        0.0, low=0.0, high=1.0, help="gain that lifts the stop to the entry price, fraction; 0: never"
    )
    breakeven_cushion: float = number(
        0.0, low=0.0, high=0.1, help="how far above the entry price that stop is put besides the slippage, fraction"
    )
    partials: bool = switch(False, help="sell parts at gains")
    partial_1_gain: float = number(0.02, low=0.0, high=10.0, help="gain of the first partial sale, fraction")
    # Never all of it: a position without coins is closed by an exit, not by a part.
    partial_1_share: float = number(0.5, low=0.0, high=0.99, help="share of the coins held sold first")
    partial_2_gain: float = number(0.04, low=0.0, high=10.0, help="gain of the second partial sale, fraction")
    partial_2_share: float = number(0.3, low=0.0, high=0.99, help="share of the coins then left sold second")
    fee_fraction: float = number(0.001, low=0.0, high=0.1, help="fee of each fill, fraction of its value")
    fee_in_base: bool = switch(False, help="the fee of a buy is taken in coin, as the first system does")
    slippage_fraction: float = number(0.0005, low=0.0, high=0.1, help="slippage of market fills, fraction of the price")
    partial_slippage: bool = switch(True, help="partial sales pay slippage too")
    sizing: str = choice("risk", tuple(rule.name for rule in sizing_rules()), help="sizing rule")
    cash_fraction: float = number(1.0, low=0.01, high=1.0, help="share of the free cash an entry may use")
    max_position_fraction: float = number(
        0.0, low=0.0, high=1.0, help="share of equity in one position; 0: 1 / min(max_open_positions, pairs); 1: off"
    )
    wallet: str = choice("shared", ("shared", "per-pair"), help="one wallet for all pairs, or one each")
    capital: float = number(10_000.0, low=1.0, high=1e12, help="quote in each wallet at the start")
    min_notional: float = number(
        0.0, low=0.0, high=1e9, help="smallest order value where the venue's is unknown, quote"
    )
    warm_up_from_past: bool = switch(True, help="indicators may use candles before the time range")
    last_at_close: bool = switch(False, help="what the last candle decides is filled at its close")
    close_at_end: bool = switch(False, help="what is still held after the last candle is sold at its close")
    limits_sell: bool = switch(
        False, help="a daily or total loss sells all and halts until a person resumes; paper and live, not backtest"
    )
    entry_order: str = choice("market", ("market", "limit_ioc"), help="how entries are sent; a backtest knows market")
    entry_cap_fraction: float = number(
        0.005, low=0.0, high=0.1, help="limit of a limit_ioc entry above the price that it was decided with, fraction"
    )
    stop_step_fraction: float = number(
        0.0,
        low=0.0,
        high=0.1,
        help="rise below which a stop at the venue stays, fraction; 0: each tick, as in backtests",
    )
    slippage_alert_fraction: float = number(
        0.005, low=0.0, high=1.0, help="slippage of an order that somebody is told of, fraction; paper and live"
    )
    drift_fills: int = number(
        30, low=0, high=100, help="filled orders from which on costs are held against the assumed ones; 0: never"
    )
    drift_slippage_fraction: float = number(
        0.001, low=0.0, high=0.1, help="mean slippage above the assumed one that surely stops entries, fraction"
    )
    drift_fee_fraction: float = number(
        0.0005, low=0.0, high=0.1, help="mean fee above the assumed one that surely stops entries, fraction"
    )
    drift_delay_seconds: float = number(
        120.0, low=0.0, high=86_400.0, help="mean delay from a close to its fills that surely stops entries, seconds"
    )
    correlation_window: int = number(
        168, low=30, high=10_000, help="log returns the correlation is taken over, candles"
    )

    def check(self) -> None:
        """Refuse partial sales in the wrong order.

        Raises:
            ConfigError: the second gain is not above the first.
        """
        if self.partials and self.partial_2_share > 0 and self.partial_2_gain <= self.partial_1_gain:
            raise ConfigError(
                f"partial_2_gain={self.partial_2_gain:g} must be above partial_1_gain={self.partial_1_gain:g}"
            )

    def rules(self) -> Rules:
        """The numbers of the position rules."""
        return Rules(
            fill_at=int(FillAt[self.fill_at.upper()]),
            stop_test=int(StopTest[self.stop_test.upper()]),
            stop_touch=self.stop_touch,
            trail_from=int(TrailFrom[self.trail_from.upper()]),
            extreme=int(Extreme[self.extreme.upper()]),
            gap_policy=int(GapPolicy[self.gap_policy.upper()]),
            activation_atr=float(self.activation_atr),
            trail_atr=float(self.trail_atr),
            breakeven_fraction=float(self.breakeven_fraction),
            breakeven_cushion=float(self.slippage_fraction + self.breakeven_cushion),
            partial_1_gain=float(self.partial_1_gain),
            partial_1_share=float(self.partial_1_share) if self.partials else 0.0,
            partial_2_gain=float(self.partial_2_gain),
            partial_2_share=float(self.partial_2_share) if self.partials else 0.0,
            stop_limit_fraction=float(self.stop_limit_fraction),
            last_at_close=self.last_at_close,
            close_at_end=self.close_at_end,
        )

    def costs(self) -> Costs:
        """What trading costs."""
        return Costs(
            fee_fraction=float(self.fee_fraction),
            slippage_fraction=float(self.slippage_fraction),
            partial_slippage_fraction=float(self.slippage_fraction) if self.partial_slippage else 0.0,
            fee_in_base=self.fee_in_base,
        )
