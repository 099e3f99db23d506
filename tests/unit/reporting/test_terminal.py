from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from tests.fakes.results import a_result, of_profits
from vigie.reporting.terminal import render
from vigie.research.result import BacktestResult


def shown(result: BacktestResult, width: int = 100, **settings: object) -> str:
    out = io.StringIO()
    Console(file=out, width=width, **settings).print(render(result))  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(width: int) -> None:
    text = shown(a_result(), width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text


ALL_GUARDS = {"drawdown": 1140, "holes": 16, "correlation": 15} | dict.fromkeys(
    ("cooldown", "daily_loss", "defined_stop", "long_only", "max_open_positions", "order_size", "placeable_stop"), 0
)


def test_it_fits_one_screen() -> None:
    assert len(shown(a_result(refusals=ALL_GUARDS)).splitlines()) <= 40


def test_a_narrow_terminal_loses_the_last_columns_of_the_pairs_and_not_their_profit() -> None:
    text = shown(a_result(), 50)
    assert "profit USDT" in text
    assert "fees USDT" not in text
    assert "fees USDT" in shown(a_result(), 100)


def test_a_pipe_gets_no_control_characters() -> None:
    assert "\x1b" not in shown(a_result())
    assert "\x1b" in shown(a_result(), force_terminal=True, color_system="standard")


def test_strategy_and_buy_and_hold_stand_beside_each_other() -> None:
    result = a_result()
    line = next(line for line in shown(result).splitlines() if line.startswith("Final equity"))
    assert "11,000.00" in line
    assert f"{result.hold[-1]:,.2f}" in line


def test_every_guard_is_named_with_what_it_refused() -> None:
    text = shown(a_result(refusals={"correlation": 3, "daily_loss": 0}))
    assert "correlation" in text
    assert re.search(r"correlation +3", text)
    assert "refused by none of: daily loss" in text
    assert "no guard was on" in shown(a_result(refusals={}))


def test_what_holes_are_is_said_in_the_table() -> None:
    assert "holes in candles" in shown(a_result(refusals={"correlation": 3, "holes": 2}))


def test_what_was_changed_and_what_the_numbers_stand_on_is_in_the_header() -> None:
    text = " ".join(shown(a_result(overrides={"fast": "20"})).split())
    assert "changed: fast=20" in text
    assert "in sample" in text
    assert "after fee 10 bps and slippage 5 bps a side" in text


def test_without_trades_numbers_are_missing_and_not_zero() -> None:
    text = shown(a_result(round_trips=of_profits()))
    win_rate = next(line for line in text.splitlines() if "Win rate" in line)
    assert "n/a" in win_rate
    assert "none" in text


def test_brackets_in_a_name_are_text_and_not_markup() -> None:
    assert "[red]x[/red]" in shown(a_result(strategy="[red]x[/red]"))
