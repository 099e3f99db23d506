"""What goes over the wire beside orders: candles from the one path, signatures, limits, the clock, the second port."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.exchange.conftest import OPENED, made
from tests.fakes.clock import FakeClock
from tests.fakes.exchanges import BTC, FINE, NOON, candles, series, wave
from vigie.adapters.market_data.resample import resample
from vigie.adapters.sim_server.client import ControlClient
from vigie.adapters.sim_server.clock import ExchangeClock
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.sim_server.gauge import Limits
from vigie.domain.candles import Candles
from vigie.domain.errors import ConfigError, VenueUnavailable
from vigie.domain.timeframe import Timeframe

S = "BTCUSDT"
MINUTE = 60_000


def call(
    ex: SimExchange, method: str, path: str, query: str = "", body: str = "", headers: Mapping[str, str] | None = None
) -> tuple[int, Any, Mapping[str, str]]:
    """One request, exactly as it is written here."""
    parts = urlsplit(ex.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        target = f"{path}?{query}" if query else path
        usual = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, target, body or None, {**usual, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if text[:1] in "{[" else text, dict(answer.getheaders())
    finally:
        connection.close()


def get(ex: SimExchange, path: str, **query: object) -> Any:
    status, document, _ = call(ex, "GET", f"/api/v3/{path}", urlencode(query))
    assert status == 200, document
    return document


# --- candles ------------------------------------------------------------------------------------------------------


def rows_of(found: list[list[Any]]) -> list[tuple[int, tuple[float, ...]]]:
    return [(row[0], tuple(float(one) for one in row[1:6])) for row in found]


@pytest.mark.parametrize(("interval", "minutes"), [("3m", 3), ("15m", 15), ("1h", 60)])
def test_closed_candles_of_every_interval_are_those_of_the_market(ex: SimExchange, interval: str, minutes: int) -> None:
    ex.advance(hours=3)
    whole = candles(wave(360, 25_000.0, 300.0, 1))
    longer, _ = resample(whole[:300], Timeframe(minutes * MINUTE))
    served = rows_of(get(ex, "klines", symbol=S, interval=interval, limit=1000))
    closed = [row for row in served if row[0] + minutes * MINUTE <= ex.now_ms()]
    assert [row[0] for row in closed] == longer.opens_at.tolist()
    for row, (o, h, low, c, v) in closed:
        at = longer.opens_at.searchsorted(row)
        assert (o, h, low, c) == tuple(float(getattr(longer, n)[at]) for n in ("open", "high", "low", "close"))
        assert v == pytest.approx(longer.volume[at])


def test_the_forming_candle_comes_last_and_knows_nothing_of_what_follows(ex: SimExchange) -> None:
    for seconds in (0.001, 20, 20, 19.999):
        ex.advance(seconds)
        *_, last = rows_of(get(ex, "klines", symbol=S, interval="1h", limit=2))
        opened_at, (_, high, low, close, volume) = last
        assert opened_at == (ex.now_ms() // 3_600_000) * 3_600_000
        price = float(get(ex, "ticker/price", symbol=S)["price"])
        assert close == pytest.approx(price, abs=0.005)
        assert low <= close <= high
        assert volume < 10.1
    assert rows_of(get(ex, "klines", symbol=S, interval="1m", limit=2))[-1][1][4] == 0, "a minute has just begun"


def test_candles_are_found_by_time(ex: SimExchange) -> None:
    start = NOON + 10 * MINUTE
    found = rows_of(get(ex, "klines", symbol=S, interval="5m", startTime=start + 1, endTime=start + 20 * MINUTE))
    assert [row[0] for row in found] == [start + 5 * MINUTE * n for n in (1, 2, 3, 4)]
    assert rows_of(get(ex, "klines", symbol=S, interval="5m", startTime=start, limit=2))[0][0] == start
    assert get(ex, "klines", symbol=S, interval="5m", endTime=start, limit=1)[0][0] == start
    assert get(ex, "klines", symbol=S, interval="5m", startTime=ex.now_ms() + MINUTE) == []
    assert get(ex, "klines", symbol=S, interval="1d", limit=1)[0][0] == NOON - 12 * 3_600_000
    assert get(ex, "klines", symbol=S, interval="1w", limit=1)[0][0] == 1_708_905_600_000, "Monday, 26 February"
    month = get(ex, "klines", symbol=S, interval="1M", limit=1)[0]
    assert (month[0], month[6]) == (1_709_251_200_000, 1_711_929_599_999), "the first and the last of March"


def test_trades_depth_and_statistics_fit_the_candles(ex: SimExchange) -> None:
    ex.advance(minutes=1, seconds=30)
    now = ex.now_ms()
    trades = get(ex, "aggTrades", symbol=S, startTime=OPENED, endTime=OPENED + MINUTE - 1)
    kline = next(row for row in get(ex, "klines", symbol=S, interval="1m", limit=3) if row[0] == OPENED)
    prices = [float(one["p"]) for one in trades]
    assert [float(kline[n]) for n in (1, 2, 3, 4)] == [prices[0], max(prices), min(prices), prices[-1]]
    assert sum(float(one["q"]) for one in trades) == pytest.approx(float(kline[5]))
    assert sum(float(one["p"]) * float(one["q"]) for one in trades) == pytest.approx(float(kline[7]))
    last = get(ex, "trades", symbol=S, limit=3)
    assert [one["id"] for one in last] == sorted(one["id"] for one in last)
    assert all(one["time"] <= now for one in last)
    assert get(ex, "aggTrades", symbol=S, fromId=last[0]["id"], limit=1)[0]["a"] == last[0]["id"]
    assert len(get(ex, "aggTrades", symbol=S, limit=2)) == 2
    day = get(ex, "ticker/24hr", symbol=S)
    book = get(ex, "depth", symbol=S, limit=5)
    assert (book["bids"][0][0], book["asks"][0][0]) == (day["bidPrice"], day["askPrice"])
    assert float(day["lowPrice"]) <= float(day["lastPrice"]) <= float(day["highPrice"])
    assert "bidPrice" not in get(ex, "ticker/24hr", symbol=S, type="MINI")
    assert len(get(ex, "ticker/price")) == 3
    assert float(get(ex, "avgPrice", symbol=S)["price"]) > 0
    assert get(ex, "uiKlines", symbol=S, interval="1m", limit=1)[0][0] == OPENED + MINUTE


def test_a_hole_in_the_market_is_a_hole_in_its_candles() -> None:
    whole = candles(wave(30))
    holed = Candles(
        whole.timeframe, *(getattr(whole, n)[[*range(10), *range(20, 30)]] for n in
                           ("opens_at", "open", "high", "low", "close", "volume"))
    )  # fmt: skip
    from vigie.domain.candles import Series

    with SimExchange([Series(BTC, "test", holed, "")], instruments=FINE) as ex:
        ex.advance(minutes=15)
        assert get(ex, "ticker/price", symbol=S)["price"] == f"{holed.close[9]:.8f}"
        assert len(get(ex, "klines", symbol=S, interval="1m")) == 10
        ex.advance(minutes=5)
        assert [row[0] for row in get(ex, "klines", symbol=S, interval="1m")][-1] == NOON + 20 * MINUTE


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("klines", "symbol=BTCUSDT", -1102),
        ("klines", "symbol=BTCUSDT&interval=7m", -1120),
        ("klines", "symbol=BTCUSDT&interval=1s", -1120),
        ("klines", "symbol=btcusdt&interval=1m", -1100),
        ("klines", "symbol=BTCUSDT&interval=1m&timeZone=9", -1130),
        ("klines", "symbol=BTCUSDT&interval=1m&limit=x", -1100),
        ("klines", "symbol=BTCUSDT&interval=1m&limit=0", -1130),
        ("klines", "symbol=BTCUSDT&interval=", -1105),
        ("klines", "symbol=BTCUSDT&symbol=ETHUSDT&interval=1m", -1101),
        ("ticker/price", "symbol=BTCUSDT&symbols=[]", -1128),
        ("ticker/price", "symbols=[1", -1100),
        ("ticker/price", 'symbols=["BTCUSDT","BTCUSDT"]', -1151),
        ("exchangeInfo", "showPermissionSets=maybe", -1130),
        ("time", "now=1", -1104),
    ],
)
def test_a_question_that_is_none_is_refused_with_its_code(ex: SimExchange, path: str, query: str, code: int) -> None:
    status, document, _ = call(ex, "GET", f"/api/v3/{path}", query.replace('"', "%22"))
    assert (status, document["code"]) == (400, code)


# --- signatures ---------------------------------------------------------------------------------------------------


def signed(ex: SimExchange, text: str, *, upper: bool = False) -> str:
    found = hmac.new(ex.api_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return found.upper() if upper else found


ORDER = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=20000"


@pytest.mark.parametrize("place", ["query", "body", "both", "signature first", "upper case", "no window"])
def test_a_signature_is_taken_wherever_it_stands(ex: SimExchange, place: str) -> None:
    stamp = f"timestamp={ex.now_ms()}" + ("" if place == "no window" else "&recvWindow=5000")
    query, body = {
        "query": (f"{ORDER}&{stamp}", ""),
        "body": ("", f"{ORDER}&{stamp}"),
        "both": (ORDER, stamp),
    }.get(place, ("", f"{stamp}&{ORDER}"))
    signature = f"signature={signed(ex, query + body, upper=place == 'upper case')}"
    if place == "signature first":
        body = f"{signature}&{body}"
    elif body:
        body = f"{body}&{signature}"
    else:
        query = f"{query}&{signature}"
    status, document, _ = call(ex, "POST", "/api/v3/order", query, body, {"X-MBX-APIKEY": ex.api_key})
    assert status == 200, document


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda text: text.replace("price=20000", "price=20001"), 400, -1022),
        (lambda text: text.partition("&signature")[0], 400, -1102),
        (lambda text: text + "0", 400, -1022),
    ],
    ids=["changed after signing", "not signed", "one digit more"],
)
def test_another_signature_is_refused(ex: SimExchange, change: Any, status: int, code: int) -> None:
    text = f"{ORDER}&timestamp={ex.now_ms()}"
    body = change(f"{text}&signature={signed(ex, text)}")
    found, document, _ = call(ex, "POST", "/api/v3/order", "", body, {"X-MBX-APIKEY": ex.api_key})
    assert (found, document["code"]) == (status, code)
    assert not ex.exchange.shelf.open(S)


@pytest.mark.parametrize(
    ("stamp", "code"),
    [
        ("timestamp={now}&recvWindow=60001", -1131),
        ("recvWindow=5000", -1102),
        ("timestamp=soon", -1100),
        ("timestamp={early}", 0),
        ("timestamp={late}", -1021),
    ],
)
def test_timestamps_are_held_to_the_window(ex: SimExchange, stamp: str, code: int) -> None:
    now = ex.now_ms()
    text = f"{ORDER}&{stamp.format(now=now, early=now + 999, late=now - 5001)}"
    body = f"{text}&signature={signed(ex, text)}"
    _, document, _ = call(ex, "POST", "/api/v3/order", "", body, {"X-MBX-APIKEY": ex.api_key})
    assert document.get("code", 0) == code


# --- limits -------------------------------------------------------------------------------------------------------


def test_who_does_not_heed_429_is_banned_longer_each_time() -> None:
    with made(limits=Limits(weight=50, patience=2, first_ban_s=120, longest_ban_s=200)) as ex:
        seen: list[tuple[int, str]] = []

        def ask(times: int) -> None:
            for _ in range(times):
                status, _, headers = call(ex, "GET", "/api/v3/exchangeInfo")
                seen.append((status, headers.get("Retry-After", "")))

        ask(6)
        assert seen == [(200, ""), (200, ""), (429, "60"), (429, "60"), (418, "120"), (418, "120")]
        ex.advance(121)
        seen.clear()
        ask(5)
        assert seen[0] == (200, "")
        assert seen[-1] == (418, "200"), "the second ban is twice as long, and no longer than the longest"


def test_raw_requests_are_counted_too() -> None:
    with made(limits=Limits(raw=2)) as ex:
        assert [call(ex, "GET", "/api/v3/ping")[0] for _ in range(3)] == [200, 200, 429]


# --- what it is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org", "localhost", ""])
def test_no_address_but_loopback_is_listened_on(host: str) -> None:
    with pytest.raises(ConfigError, match="loopback only"):
        made(host=host)


def test_the_socket_is_bound_to_loopback(ex: SimExchange) -> None:
    port = urlsplit(ex.url).port or 0
    assert ex.url.startswith("http://127.0.0.1:")
    own = socket.gethostbyname(socket.gethostname())
    if not own.startswith("127."):
        with pytest.raises(OSError, match=r"refused|unreachable"), socket.create_connection((own, port), 1):
            pass


def test_it_cannot_be_mistaken_for_a_real_venue(ex: SimExchange) -> None:
    for path in ("/api/v3/time", "/api/v3/nothing"):
        _, _, headers = call(ex, "GET", path)
        assert headers["X-Simulated-Exchange"] == "vigie"
        assert "simulated" in headers["Server"]
    assert ex.api_key.startswith("SIMULATED")
    ex.journal.strangers.clear()


def test_a_path_in_another_method_is_told(ex: SimExchange) -> None:
    status, document, _ = call(ex, "POST", "/api/v3/time")
    assert (status, document["code"]) == (405, -1020)
    assert ex.journal.strangers == ["POST /api/v3/time"]
    ex.journal.strangers.clear()


def test_a_port_that_is_taken_is_told(ex: SimExchange) -> None:
    with pytest.raises(ConfigError, match="cannot listen"), made(port=urlsplit(ex.url).port):
        pass


# --- its clock ----------------------------------------------------------------------------------------------------


def test_time_can_go_faster_than_ours() -> None:
    own = FakeClock()
    clock = ExchangeClock(1_000, (own, 60.0))
    own.sleep(2)
    assert clock.now_ms() == 121_000
    clock.advance(500)
    assert clock.now_ms() == 121_500
    clock.sleep(60)
    assert clock.now_ms() == 181_500, "a minute there is a second here"
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_whoever_waits_on_its_clock_moves_it(ex: SimExchange) -> None:
    ex.clock.sleep(90)
    ex.clock.sleep(-1)
    assert ex.exchange.now == OPENED + 90_000, "what happens on the way has happened"
    assert ex.clock.now_ms() == OPENED + 90_000 == get(ex, "time")["serverTime"]
    assert ex.advance_to(OPENED) == OPENED + 90_000


# --- the second port ----------------------------------------------------------------------------------------------


def test_the_control_port_moves_time_and_tells_everything() -> None:
    with made(control_port=0) as ex:
        control = ControlClient(ex.control_url)
        assert control.post("/advance", {"seconds": 60})["now"] == OPENED + MINUTE
        assert control.post("/advance", {"to": "2024-03-01T15:00:00Z"})["now"] == NOON + 3 * 3_600_000
        control.post("/do", {"do": "place", "symbol": S, "side": "BUY", "type": "MARKET", "quantity": "0.5"})
        state = control.get("/state")
        assert state["balances"]["BTC"]["free"] == "1.49950000"
        assert [one["path"] for one in control.get("/journal")["entries"]] == ["advance", "advance", "place"]
        assert [one["seq"] for one in control.get("/journal", since=2)["entries"]] == [3]
        plan = '[[rule]]\nname = "down"\naction = "answer"\npath = "*/ping"\nstatus = 503\n'
        assert control.post("/faults", {"plan": plan})["never_fired"] == ["down"]
        assert call(ex, "GET", "/api/v3/ping")[0] == 503
        assert control.get("/faults")["rules"][0]["fired"] == 1
        assert control.post("/reset", {})["now"] == OPENED
        assert control.get("/state")["orders"] == []


@pytest.mark.parametrize(
    ("path", "document", "words"),
    [
        ("/advance", {}, "advance takes seconds, or an instant"),
        ("/advance", {"seconds": -1}, "backwards"),
        ("/advance", {"seconds": "x"}, "advance"),
        ("/advance", {"to": "noon"}, "noon"),
        ("/faults", {"plan": "[[rule]]\naction = 1"}, "there is no action"),
        ("/faults", {"plan": "["}, "not TOML"),
        ("/faults", {"plan": "[other]"}, r"\[\[rule\]\] tables only"),
        ("/do", {"do": "nothing"}, "there is no act 'nothing'"),
        ("/do", {"do": "deposit", "asset": "BTC"}, "'amount' is missing"),
        ("/do", {"do": "deposit", "asset": "BTC", "amount": "much"}, "a number is not one"),
        ("/do", {"do": "deposit", "coin": "BTC"}, "there is no word 'coin'"),
        ("/do", {"do": "cancel", "symbol": S}, "no such open order"),
        ("/do", {"do": "bust", "symbol": S}, "has no trade"),
        ("/do", {"do": "withdraw", "asset": "BTC", "amount": "5"}, "insufficient balance"),
        ("/nowhere", {}, "there is no POST /nowhere"),
    ],
)
def test_the_control_port_refuses_what_it_does_not_understand(path: str, document: dict[str, Any], words: str) -> None:
    with made(control_port=0) as ex, pytest.raises(ConfigError, match=words):
        ControlClient(ex.control_url).post(path, document)


def test_a_page_in_a_browser_cannot_reach_the_strings() -> None:
    with made(control_port=0) as ex:
        parts = urlsplit(ex.control_url)
        for headers, body, wanted in (({}, "{}", 415), ({"Content-Type": "application/json"}, "[", 400)):
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
            connection.request("POST", "/reset", body, headers)
            assert connection.getresponse().status == wanted
            connection.close()


@pytest.mark.parametrize("url", ["https://127.0.0.1:1", "http://example.org:80", "nonsense"])
def test_a_control_port_elsewhere_is_not_asked(url: str) -> None:
    with pytest.raises(ConfigError):
        ControlClient(url)


def test_a_control_port_where_nobody_listens_is_told() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(VenueUnavailable, match="no simulated exchange answers"):
        ControlClient(f"http://127.0.0.1:{port}").get("/state")


def test_an_act_by_hand_is_done_by_name(ex: SimExchange) -> None:
    for act, words in (
        ("reference", {"symbol": S, "price": "25000"}),
        ("lag", {"seconds": 0}),
        ("liquidity", {"symbol": S, "quantity": None}),
        ("fees", {"symbol": S, "taker": "0.002"}),
        ("withdraw", {"asset": "BTC", "amount": "all"}),
        ("expire_all", {"symbol": S}),
    ):
        ex.do(act, **words)
    assert get(ex, "referencePrice", symbol=S)["referencePrice"] == "25000.00000000"
    ex.do("reference", symbol=S)
    assert call(ex, "GET", "/api/v3/referencePrice", f"symbol={S}")[1]["code"] == -2043
    assert ex.state()["balances"]["BTC"]["free"] == "0.00000000"
    ex.reset()
    assert ex.state()["balances"]["BTC"]["free"] == "1.00000000"


def test_it_starts_at_once() -> None:
    import time

    market = [series(wave(360, 25_000.0, 300.0, 1), BTC)]
    with SimExchange(market, instruments=FINE):
        pass  # what is imported once
    took = []
    for _ in range(5):
        began = time.perf_counter()
        with SimExchange(market, instruments=FINE):
            took.append(time.perf_counter() - began)
    assert min(took) < 0.1, "10 ms on a machine that does nothing else"
