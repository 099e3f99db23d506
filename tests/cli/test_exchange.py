"""``vigie exchange``: served in a process, used from others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.command_line import Vigie
from tests.fakes.files import write_csv
from tests.fakes.serving import served

FIRST_MS = 1_577_836_800_000
"""2020-01-01."""


@pytest.fixture
def running(home: Path, candles: Path) -> Iterator[dict[str, Any]]:
    """An exchange on two pairs, in this home."""
    words = ("exchange", "serve", "--data", str(candles), "--balance", "USDT=1000", "--balance", "btc=2")
    with served(*words, home=home) as (document, _):
        yield document


def test_the_first_line_says_where_it_is(running: dict[str, Any], home: Path) -> None:
    assert list(running) == ["url", "control_url", "api_key", "api_secret"]
    assert all(running[name].startswith("http://127.0.0.1:") for name in ("url", "control_url"))
    assert (home / "state" / "exchange.json").is_file()


def test_time_balances_and_orders(vigie: Vigie, running: dict[str, Any]) -> None:
    assert vigie("exchange", "advance", "--by", "90m").out == "now 2020-01-01T01:30:00.000Z\n"
    assert vigie("exchange", "advance", "--by", "30s", "--json").document["now"] == FIRST_MS + 5_430_000
    assert vigie("exchange", "advance", "--until", "2020-01-02T00:00:00Z").code == 0
    bought = vigie("exchange", "do", "place", "symbol=BTCUSDT", "side=BUY", "type=MARKET", "quantity=1", "--json")
    assert bought.document["status"] == "FILLED"
    stop = ("symbol=BTCUSDT", "side=SELL", "type=STOP_LOSS", "quantity=1", "stopPrice=20")
    assert vigie("exchange", "do", "place", *stop).out == "place: done\n"
    said = vigie("exchange", "state").out
    assert "BTC free 1.999 locked 1\n" in said
    assert "BTCUSDT 1 BUY MARKET 1 at market: FILLED, 1 executed\n" in said
    assert "BTCUSDT 2 SELL STOP_LOSS 1 at market stop 20: NEW\n" in said
    state = vigie("exchange", "state", "--json").document
    assert len(state["digest"]) == 64
    assert [one["path"] for one in vigie("exchange", "journal", "--json").document["entries"]][-1] == "place"
    assert "DO place 0 symbol=BTCUSDT side=SELL" in vigie("exchange", "journal", "--after", "4").out
    assert vigie("exchange", "reset").out == "reset, now 2020-01-01T00:00:00.000Z\n"
    assert vigie("exchange", "state", "--json").document["orders"] == []


def test_a_plan_is_put_in_force_and_told(vigie: Vigie, running: dict[str, Any], home: Path) -> None:
    assert vigie("exchange", "faults").out == "no faults\n"
    plan = home / "plan.toml"
    plan.write_text('[[rule]]\nname = "rich"\nat = 60\naction = "do"\n'
                    'acts = [{do = "deposit", asset = "USDT", amount = "5"}]\n')  # fmt: skip
    assert vigie("exchange", "faults", plan).out == "rich: do, matched 0, acted 0\n"
    vigie("exchange", "advance", "--by", "1m")
    assert vigie("exchange", "faults", "--json").document["never_fired"] == []
    assert vigie("exchange", "state", "--json").document["balances"]["USDT"]["free"] == "1005.00000000"


def test_another_exchange_can_be_named(vigie: Vigie, running: dict[str, Any], home: Path) -> None:
    (home / "state" / "exchange.json").unlink()
    assert vigie("exchange", "state").code == 78
    assert vigie("exchange", "state", "--control-url", running["control_url"]).code == 0


def test_an_exchange_that_ends_is_forgotten_and_tells_what_never_happened(
    vigie: Vigie, home: Path, candles: Path
) -> None:
    plan = home / "plan.toml"
    plan.write_text('[[rule]]\nname = "idle"\naction = "reset"\n')
    words = ("exchange", "serve", "--data", str(candles), "--pairs", "BTC/USDT", "--faults", str(plan))
    with served(*words, home=home) as (document, ended):
        assert document["url"]
    assert ended() == 3
    said = vigie("exchange", "state")
    assert (said.code, "no simulated exchange runs in this home" in said.err) == (78, True)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--host", "0.0.0.0"), 78, "listens on loopback only"),
        (("--balance", "USDT"), 78, "--balance USDT: write an asset and an amount"),
        (("--balance", "USDT=-5"), 78, "write an asset and an amount"),
        (("--speed", "fast"), 78, "--speed fast: write manual, wall"),
        (("--start", "noon"), 78, "--start noon"),
        (("--start", "2030-01-01T00:00:00Z"), 78, "lies outside of the candles"),
        (("--extremes", "odd"), 78, "--extremes odd: write adverse"),
        (("--faults", "nowhere.toml"), 78, "nowhere.toml: cannot be read"),
        (("--pairs", "XYZ/USDT"), 78, "XYZ/USDT"),
        (("--timeframe", "5m"), 78, "5m"),
        (("--port", "70000"), 2, "70000"),
    ],
)
def test_what_cannot_be_served_is_told_in_a_sentence(
    vigie: Vigie, candles: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    said = vigie("exchange", "serve", "--data", candles, *words)
    assert (said.code, said.out) == (code, "")
    assert sentence in said.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("advance",), "say how far"),
        (("advance", "--by", "1q"), "is not a timeframe"),
        (("advance", "--by", "xs"), "write 30s, 5m, 1h or 1d"),
        (("do", "cancle"), "did you mean 'cancel'"),
        (("do", "deposit", "asset"), "is not of the form NAME=VALUE"),
        (("faults", "nowhere.toml"), "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    vigie: Vigie, running: dict[str, Any], words: tuple[str, ...], sentence: str
) -> None:
    said = vigie("exchange", *words)
    assert (said.code, sentence in said.err) == (78, True)


def test_an_exchange_in_the_present_serves_candles_of_today(home: Path, vigie: Vigie) -> None:
    rows = [f"{FIRST_MS + 60_000 * n},100,101,99,100,5" for n in range(3000)]
    write_csv(home / "test_BTC-USDT_1m.csv", rows)
    with served("exchange", "serve", "--data", str(home), "--speed", "wall", home=home):
        first = vigie("exchange", "state", "--json").document["now"]
        from vigie.adapters.clock import SystemClock

        assert abs(SystemClock().now_ms() - first) < 10_000
