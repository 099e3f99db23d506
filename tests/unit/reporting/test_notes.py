from __future__ import annotations

import numpy as np

from tests.fakes.results import a_result, hour, of_profits
from vigie.reporting.notes import notes
from vigie.reporting.scope import scope
from vigie.research.result import OpenPosition


def told(*args: object, **kwargs: object) -> str:
    return "\n".join(notes(a_result(**kwargs), *args))  # type: ignore[arg-type]


def test_lesson_82_fewer_than_thirty_trades_are_said_aloud() -> None:
    assert "Only 3 closed trades: fewer than 30" in told()
    assert "Only 1 closed trade:" in told(round_trips=of_profits(1.0))
    assert "No closed trade:" in told(round_trips=of_profits())
    assert "fewer than 30" in told(round_trips=of_profits(*[1.0] * 29))
    assert "fewer than 30" not in told(round_trips=of_profits(*[1.0] * 30))


def test_synthetic_candles_are_named_first() -> None:
    first = notes(a_result(venue="synthetic"))[0]
    assert first.startswith("Synthetic data: no market ever traded these candles (BTC/USDT, PEPE/USDT)")
    assert "Synthetic" not in told()


def test_a_plain_backtest_is_never_called_out_of_sample() -> None:
    assert "In sample: parameters may have been chosen on these candles;" in told()
    assert scope(a_result()).sample == "in sample"


def test_the_number_of_trials_is_told_or_said_to_be_unknown() -> None:
    assert "Number of trials not counted" in told()
    assert "First trial on record" in told(1)
    assert "1,234 trials on record" in told(1234)


def test_a_short_run_does_not_pass_its_yearly_numbers_off_as_measured() -> None:
    assert "yearly numbers are extrapolated" in told()
    long_run = a_result(closes=[1.0] * (24 * 366), equity=np.full(24 * 366, 10_000.0))
    assert not any("extrapolated" in sentence for sentence in notes(long_run))


def test_open_positions_are_valued_and_said_to_be_unsold() -> None:
    held = OpenPosition("BTC/USDT", hour(2), 100.0, 1.0, 95.0, 103.0, 2.9)
    assert "1 position is still open (BTC/USDT): valued at the last close (+2.90)" in told(open_positions=(held,))
    assert "2 positions are still open" in told(open_positions=(held, held))
    assert "still open" not in told()


def test_entries_that_were_never_filled_are_counted() -> None:
    assert "1 entry decided on the last candle" in told(pending_entries=1)
    assert "2 entries decided on the last candle" in told(pending_entries=2)
    assert "decided on the last candle" not in told()


def test_a_reached_drawdown_limit_is_said() -> None:
    said = told(refusals={"drawdown": 8971})
    assert "Drawdown limit reached: 8,971 entries refused from then on; what was held could fall beyond it." in said
    assert "1 entry refused" in told(refusals={"drawdown": 1})
    assert "limit" not in told(refusals={"drawdown": 0})


def test_each_undefined_number_is_told_with_its_reason() -> None:
    assert "profit factor (no losing trade)" in told(round_trips=of_profits(1.0))


def test_the_scope_says_period_candles_costs_and_trials() -> None:
    assert scope(a_result(), 1).parts() == (
        "2024-01-01 to 2024-01-01 (0 days)",
        "8 candles of 1h",
        "in sample",
        "after fee 10 bps and slippage 5 bps a side",
        "1 trial",
    )
