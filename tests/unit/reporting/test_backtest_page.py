from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tests.fakes.results import a_result, of_profits, trades
from vigie.reporting.page.backtest import backtest_page as html
from vigie.reporting.page.backtest_charts import payload, thinned

VOID = {"meta", "br", "link", "img", "input"}


class Tree(HTMLParser):
    """Checks that elements close in the order in which they opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.outside += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page() -> str:
    return html(a_result(overrides={"fast": "20"}))


def data(text: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    loaded: dict[str, object] = json.loads(found[1])
    return loaded


def test_the_page_is_whole_and_asks_for_nothing_outside(page: str) -> None:
    tree = Tree()
    tree.feed(page)
    assert tree.open == []
    assert tree.outside == []
    assert "Plotly" in page


def test_the_page_carries_its_identity(page: str) -> None:
    for wanted in ("ema_cross", "standard", "a" * 64, "b" * 64, "slippage_fraction", "fast", "btc.csv", "in sample"):
        assert wanted in page


def test_a_small_price_keeps_its_digits() -> None:
    text = html(a_result(round_trips=trades({"entry_price": 0.00001234})))
    assert ">0.00001234</td>" in text


def test_names_cannot_break_out_of_the_page() -> None:
    evil = "</script><script>alert(1)</script>"
    text = html(a_result(strategy=evil))
    assert evil not in text
    assert data(text)["strategy"] == evil


@pytest.mark.parametrize("closes", [[1.0], [1.0, 1.1]])
def test_a_run_without_trades_has_a_page(closes: list[float]) -> None:
    text = html(a_result(round_trips=of_profits(), closes=closes))
    assert "no closed trade" in text


def test_synthetic_candles_are_labelled_in_the_header() -> None:
    assert '<span class="loud">synthetic data</span>' in html(a_result(venue="synthetic"))
    assert "synthetic data" not in html(a_result())


def test_candles_reach_the_page_at_full_resolution() -> None:
    result = a_result()
    pair = payload(result)["pairs"][1]
    closes = np.frombuffer(base64.b64decode(pair["close"]), dtype="<f4")
    assert closes == pytest.approx(result.series[1].candles.close, rel=1e-6)
    assert np.frombuffer(base64.b64decode(pair["rows"]), dtype="<i4").tolist() == [0, 1, 2, 3]


def test_too_many_candles_are_added_up_and_lose_no_extreme() -> None:
    closes = (1.0 + np.random.default_rng(3).random(130_000)).tolist()
    result = a_result(closes=closes, round_trips=of_profits())
    pair = payload(result)["pairs"][1]
    candles = result.series[1].candles
    unpacked = {
        name: np.frombuffer(base64.b64decode(pair[name]), dtype="<f4") for name in ("open", "high", "low", "close")
    }
    assert pair["step"] == 2 * 3_600_000
    assert len(unpacked["open"]) == 65_000
    assert unpacked["high"].max() == np.float32(candles.high.max())
    assert unpacked["low"].min() == np.float32(candles.low.min())
    assert unpacked["open"][1] == np.float32(candles.open[2])
    assert unpacked["close"][1] == np.float32(candles.close[3])
    stops = np.frombuffer(base64.b64decode(pair["stop"]), dtype="<f4")
    assert stops == pytest.approx(result.stops[1][1::2], rel=1e-6, nan_ok=True)
    assert not np.isnan(stops).any()


def test_a_thinned_curve_keeps_its_ends_and_its_extremes() -> None:
    curve = np.random.default_rng(5).normal(size=50_000).cumsum()
    rows = thinned((curve,), 100)
    assert len(rows) <= 202
    assert (rows[0], rows[-1]) == (0, 49_999)
    assert curve[rows].min() == curve.min()
    assert curve[rows].max() == curve.max()


def test_a_short_curve_is_not_thinned() -> None:
    assert thinned((np.zeros(150),), 100).tolist() == list(range(150))


def test_no_bin_of_the_distribution_mixes_gains_and_losses() -> None:
    bins = payload(a_result(round_trips=of_profits(-3.0, -0.1, 0.1, 7.0)))["distribution"]
    edges = np.array(bins["left"])
    assert sum(bins["count"]) == 4
    assert np.isclose(edges, 0.0, atol=1e-12).any()


def test_only_the_last_of_very_many_trades_are_listed_and_that_is_said() -> None:
    text = html(a_result(round_trips=of_profits(*[1.0] * 2_001)))
    assert "the last 2,000 of 2,001 closed trades" in text
    assert text.count("<tr data-pair=") == 2_000


def test_a_month_without_a_change_is_neither_a_gain_nor_a_loss() -> None:
    text = html(a_result(equity=np.full(4, 10_000.0)))
    assert '<td class="quiet">0</td>' in text
