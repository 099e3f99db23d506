"""`vigie live` end to end: real ccxt over HTTP, real files, the simulated exchange's own clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.certificates import a_certificate
from tests.fakes.command_line import Vigie
from tests.fakes.live_markets import BESIDE, FILTERS, HOUR, NAME, PAIRS, LiveHouse, exchange, moved, sample, written
from vigie.adapters.clock import SystemClock
from vigie.adapters.market_data.resample import resample
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.storage.certificates import CertificateFolder
from vigie.app.control.reconciling import ReconcileRequest, reconcile
from vigie.app.data.candles import load_series
from vigie.app.trading.live import live_plan, live_settings, run_live, time_of
from vigie.app.trading.live_parity import Judge
from vigie.app.trading.parity import Act, acts_of_backtest, acts_of_journal, ordered
from vigie.app.wiring import Place
from vigie.domain import events as e
from vigie.domain.errors import AccountLocked, ConfigError, VenueUnavailable
from vigie.domain.instants import from_iso
from vigie.domain.instrument import Instrument
from vigie.domain.order import Leg
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio, folded
from vigie.domain.timeframe import Timeframe
from vigie.research.backtest import run
from vigie.research.compile import source_hash


@contextmanager
def opened(home: Path, days: float = 2, **words: Any) -> Iterator[LiveHouse]:
    series = sample(days)
    with exchange(series) as ex:
        yield LiveHouse.built(home, ex, series, **words)


@pytest.fixture
def house(home: Path) -> Iterator[LiveHouse]:
    with opened(home) as found:
        yield found


def asked(ex: SimExchange) -> list[tuple[str, str]]:
    return [(one.method, one.path) for one in ex.journal.since() if one.method != "DO"]


def writes(ex: SimExchange) -> list[tuple[str, str]]:
    return [one for one in asked(ex) if one[0] != "GET"]


# --- it trades, and everything agrees ---------------------------------------------------------------------------------


def at_the_exchange(house: LiveHouse, account: Portfolio, pairs: Iterable[Pair]) -> dict[str, tuple[Decimal, Decimal]]:
    """What the exchange holds and what the books say, by asset."""
    there = {asset: sum(pair, Decimal(0)) for asset, pair in house.ex.desk.balances().items()}
    ours = {"USDT": account.cash}
    for pair in pairs:
        held = account.holdings[str(pair)].quantity if str(pair) in account.holdings else Decimal(0)
        ours[pair.base] = held + account.dust.get(str(pair), Decimal(0))
    return {asset: (there.get(asset, Decimal(0)), ours[asset]) for asset in ours}


def passed(lines: list[Any]) -> set[tuple[str, int]]:
    """Pairs and hours of stops that the exchange refused since the price had passed them, and the hours after."""
    refused = [
        one for one in lines if isinstance(one.event, e.OrderLearnt) and "trigger immediately" in one.event.message
    ]
    return {(one.event.pair, one.at // HOUR * HOUR + later) for one in refused for later in (0, HOUR)}


def require_same_acts(house: LiveHouse, start_ms: int, end_ms: int, filters: Mapping[Pair, Instrument]) -> list[Act]:
    """Every act of the engine is the backtest's, at its price: on this exchange nothing slips.

    Quantities differ by what steps and dust have left over so far: a backtest sells the last crumb. And a backtest's
    exchange takes a stop that the price has passed, and lets it rest if that lies beyond its limit; a real one refuses
    it, and it is sold at once.
    """
    made, _ = live_plan(house.request().settings, house.home)
    tested = acts_of_backtest(run(made, house.series, instruments=filters, start_ms=start_ms - HOUR, end_ms=end_ms))
    lines = house.lines()
    traded = ordered(replace(one, at=one.at // HOUR * HOUR) for one in acts_of_journal(lines))
    refused = passed(lines)
    assert len(refused) <= 4 + len(tested) // 100
    tested, traded = (
        [one for one in acts if one.kind == "buy" or (one.pair, one.at) not in refused] for acts in (tested, traded)
    )
    assert [(one.at, one.pair, one.kind, one.reason) for one in traded] == [
        (one.at, one.pair, one.kind, one.reason) for one in tested
    ]
    for ours, theirs in zip(traded, tested, strict=True):
        assert ours.price == pytest.approx(theirs.price, rel=1e-9)
        assert ours.quantity == pytest.approx(theirs.quantity, rel=0.05)
    return traded


def require_agreement(
    vigie: Vigie, house: LiveHouse, start_ms: int, filters: Mapping[Pair, Instrument] = FILTERS
) -> list[Act]:
    """The account, its journal and the exchange tell the same; and so does the backtest."""
    account = house.lines()
    portfolio = _folded(account)
    for asset, (there, ours) in at_the_exchange(house, portfolio, filters).items():
        assert there == ours, asset
    assert vigie("journal", "verify", "--account", NAME).code == 0
    assert vigie("govern", "audit", "--account", NAME).code == 0
    compared = reconcile(ReconcileRequest(house.home, NAME, place=Place(house.ex.url)), clock=house.ex.clock)
    assert compared.clean, compared.document()
    found = vigie("parity", "--account", NAME, "--data", written(house), "--json")
    assert (found.code, found.document["first_difference"]) == (0, None)
    assert found.document["missed"] == 0
    end_ms = max(one.event.candle_at for one in account if isinstance(one.event, e.CycleDone)) + 2 * HOUR
    return require_same_acts(house, start_ms, end_ms, filters)


def _folded(lines: list[Any]) -> Portfolio:
    return folded((one.seq, one.at, one.event) for one in lines)


def test_days_of_trading_agree_with_the_exchange_to_the_last_digit_and_with_the_backtest(
    vigie: Vigie, home: Path
) -> None:
    with opened(home, days=3) as house:
        start = house.ex.now_ms()
        done = house.run(3 * 24)
        assert (done.ended, house.problems) == ("SIGTERM", [])
        acts = require_agreement(vigie, house, start)
        assert len(acts) >= 8
        assert {(one.kind, one.reason) for one in acts} >= {("buy", ""), ("sell", "trailing"), ("sell", "signal")}
        started = [one.event for one in house.lines() if isinstance(one.event, e.RunStarted)]
        assert [one.mode for one in started] == ["live"]
        require_differences_to_be_found(house)
        status = vigie("status", "--account", NAME, "--json").document
        assert status["mode"] == "active"


def test_a_position_goes_on_by_the_numbers_it_was_opened_under_and_parity_knows_it(vigie: Vigie, home: Path) -> None:
    with opened(home, days=3) as house:
        start = house.ex.now_ms()
        while not _folded(house.lines() if (home / "state").exists() else []).holdings:
            house.run(1)
        file = home / "vigie.toml"
        file.write_text(
            file.read_text().replace('trail_atr = "1"', 'trail_atr = "2"').replace('fast = "3"', 'fast = "4"')
        )
        house.run(36)
        runs = {one.event.numbers["trail_atr"] for one in house.lines() if isinstance(one.event, e.RunStarted)}
        assert runs == {"1.0", "2.0"}
        found = vigie("parity", "--account", NAME, "--data", written(house), "--json")
        assert (found.code, found.document["first_difference"]) == (0, None)
        assert found.document["managed"] > 5
        assert house.ex.now_ms() > start


def require_differences_to_be_found(house: LiveHouse) -> None:
    """What agrees does so because it is compared: one decision changed in a copy of the journal, and it is named."""
    lines = house.lines()
    candles = {str(one.pair): one.candles for one in house.series}

    def changed(which: Callable[[e.Event], bool], change: Callable[[Any], e.Event]) -> str:
        at = next(row for row, one in enumerate(lines) if which(one.event))
        other = [*lines[:at], replace(lines[at], event=change(lines[at].event)), *lines[at + 1 :]]
        found = Judge(house.home, NAME, candles, {}).judged(other).first_difference
        assert found is not None
        return found

    def decided(action: str) -> Callable[[e.Event], bool]:
        return lambda event: isinstance(event, e.Decided) and event.action == action

    def number(name: str) -> Callable[[Any], e.Event]:
        return lambda event: replace(event, numbers={**event.numbers, name: event.numbers[name] * 1.001})

    assert "none" in changed(decided("wish"), lambda event: replace(event, action="none"))
    assert "stop_distance" in changed(decided("none"), number("stop_distance"))
    assert "stop" in changed(decided("hold"), number("stop"))
    assert "hold" in changed(decided("leave"), lambda event: replace(event, action="hold"))
    assert "sized" in changed(decided("enter"), number("sized"))
    assert "was decided" in changed(decided("enter"), number("quantity"))


# --- nobody trades by accident ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "environment", "words"),
    [
        (None, {}, "say so with --i-understand live-main"),
        ("live-other", {}, "--i-understand names 'live-other'"),
        ("", {"VIGIE_LIVE_ACCOUNT": NAME}, "say so"),
        ("live-other", {"VIGIE_LIVE_ACCOUNT": NAME}, "--i-understand names 'live-other'"),
        (None, {"VIGIE_LIVE_ACCOUNT": "live-other"}, "VIGIE_LIVE_ACCOUNT names 'live-other'"),
    ],
)
def test_without_the_accounts_name_nothing_at_all_is_asked_of_the_venue(
    house: LiveHouse, said: str | None, environment: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        run_live(house.request(understood=said), clock=house.ex.clock, environment=environment)
    assert asked(house.ex) == []
    assert not (house.home / "state" / NAME).exists()


def test_the_command_line_of_a_wrong_affirmation_exits_78_and_sends_nothing(
    vigie: Vigie, house: LiveHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIGIE_LIVE_ACCOUNT", raising=False)
    said = vigie("live", "--account", NAME, "--base-url", house.ex.url, "--once")
    assert (said.code, asked(house.ex)) == (78, [])
    assert "trades real money" in said.err


def test_a_name_in_the_environment_is_as_good_as_on_the_command_line(house: LiveHouse) -> None:
    request = house.request(understood=None, once=True)
    done = run_live(request, clock=house.ex.clock, environment={"VIGIE_LIVE_ACCOUNT": NAME})
    assert done.ticks == 1


def test_paper_with_live_keys_beside_it_writes_nothing_to_a_venue_that_would_take_it(
    vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = SystemClock().now_ms()
    series = moved(sample(2), now // HOUR * HOUR)
    with exchange(series, start_ms=now, pace=1.0) as ex:
        LiveHouse.built(home, ex, series)
        raises = {"path": "*", "action": "reset", "when": "before"}
        ex.faults(
            {"name": "any write", "method": "POST", **raises}, {"name": "any cancel", "method": "DELETE", **raises}
        )
        monkeypatch.setenv("VIGIE_LIVE_ACCOUNT", NAME)
        said = vigie("paper", "--pairs", "BTC/USDT,ETH/USDT", "--once", "--base-url", ex.url)
        assert said.code == 0, said.err
        assert ex.never_fired() == ("any write", "any cancel")
        assert writes(ex) == []
        assert not [one for one in ex.journal.since() if "timestamp" in one.parameters], "nothing was signed"
        ex.faults()


@pytest.mark.parametrize(
    ("name", "words"),
    [("paper", "a live account is called live-"), ("live-two", r"no table \[accounts.live-two\]"), ("Live", "no name")],
)
def test_only_a_live_account_that_is_written_down_trades(house: LiveHouse, name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        live_settings(house.home, name)


def test_money_is_named_never_assumed(house: LiveHouse) -> None:
    text = (house.home / "vigie.toml").read_text()
    (house.home / "vigie.toml").write_text(text.replace("capital = 10000\n", ""))
    with pytest.raises(ConfigError, match="how much of the account's money"):
        live_settings(house.home, NAME)


def test_more_money_than_there_is_is_not_traded(home: Path) -> None:
    with opened(home, capital="10001") as house:
        with pytest.raises(ConfigError, match=r"10001\.0 USDT are allocated to live-main, and 10000 are free there"):
            house.run(once=True)
        assert writes(house.ex) == []


def test_without_orders_it_decides_and_sends_nothing(house: LiveHouse) -> None:
    house.run(30, opens=False)
    decided = [one.event.action for one in house.lines() if isinstance(one.event, e.Decided)]
    assert {"wish", "refuse"} <= set(decided)
    assert "enter" not in decided or not writes(house.ex)
    assert writes(house.ex) == []


def test_what_is_asked_is_counted_where_every_process_of_the_host_counts(house: LiveHouse) -> None:
    house.run(once=True)
    spent = json.loads((house.home / "state" / "request_budget" / "binance.json").read_text())
    assert spent["counts"]["weight"][1] >= 100


# --- what was proved --------------------------------------------------------------------------------------------------


def proof(house: LiveHouse, **changes: object) -> str:
    made, _ = live_plan(house.request().settings, house.home)
    found = replace(
        a_certificate(strategy=made.strategy.name, strategy_hash=made.strategy.code_hash, code_hash=source_hash()),
        parameters={**made.parameters.as_dict(), **changes}, settings=dict(made.numbers),
        candles=dict.fromkeys([str(one.pair) for one in house.series], a_certificate().candles["BTC/USDT"]),
    )  # fmt: skip
    CertificateFolder.of(house.home).save(found)
    return found.name


def test_without_a_certificate_nothing_is_asked_of_the_venue(house: LiveHouse) -> None:
    with pytest.raises(ConfigError, match=r"no certificate for ema_cross.*--without-certificate REASON"):
        house.run(once=True, without_certificate=None)
    assert asked(house.ex) == []


def test_an_override_needs_a_reason_and_is_journalled_and_told(house: LiveHouse) -> None:
    with pytest.raises(ConfigError, match="needs a reason"):
        house.run(once=True, without_certificate="  ")
    house.run(once=True, without_certificate="the folds are still running")
    (used,) = [one.event for one in house.lines() if isinstance(one.event, e.OverrideUsed)]
    assert (used.what, used.reason) == ("certificate", "the folds are still running")
    assert any("URGENT: live-main runs without a certificate" in one for one in house.said)


def test_a_certificate_holds_however_closely_costs_are_watched(house: LiveHouse) -> None:
    name = proof(house)
    text = (house.home / "vigie.toml").read_text()
    (house.home / "vigie.toml").write_text(text.replace('fast = "3"', 'fast = "3"\ndrift_fills = "12"'))
    house.run(once=True, without_certificate=None)
    (started,) = [one.event for one in house.lines() if isinstance(one.event, e.RunStarted)]
    assert (started.certificate, started.numbers["drift_fills"]) == (name, "12")


def test_a_certificate_that_holds_lets_it_run_and_is_named_in_the_journal(house: LiveHouse) -> None:
    name = proof(house)
    house.run(once=True, without_certificate=None)
    (started,) = [one.event for one in house.lines() if isinstance(one.event, e.RunStarted)]
    assert started.certificate == name
    assert not [one for one in house.lines() if isinstance(one.event, e.OverrideUsed)]


def test_the_parameters_are_those_of_the_certificate(house: LiveHouse) -> None:
    text = (house.home / "vigie.toml").read_text()
    proof(house, atr_period=21)
    (house.home / "vigie.toml").write_text(text.replace('fast = "3"', 'fast = "4"'))
    with pytest.raises(ConfigError, match="does not hold: fast is 4, not 3"):
        house.run(once=True, without_certificate=None)
    (house.home / "vigie.toml").write_text(text.partition(f"[accounts.{NAME}.parameters]")[0])
    house.run(once=True, without_certificate=None)
    (started,) = [one.event for one in house.lines() if isinstance(one.event, e.RunStarted)]
    assert (started.numbers["atr_period"], started.numbers["fast"], started.numbers["trail_atr"]) == ("21", "3", "1.0")


def on_made_up_candles(house: LiveHouse) -> str:
    found = CertificateFolder.of(house.home).find(proof(house))
    made_up = {pair: replace(one, venue="synthetic") for pair, one in found.candles.items()}
    CertificateFolder.of(house.home).remove(found.name)
    practice = replace(found, candles=made_up)
    CertificateFolder.of(house.home).save(practice)
    return practice.name


@pytest.mark.parametrize("place", [Place(), Place("http://exchange.example:80"), Place(sandbox=True)])
def test_a_certificate_on_made_up_candles_is_refused_wherever_a_real_venue_could_be(
    house: LiveHouse, place: Place
) -> None:
    name = on_made_up_candles(house)
    with pytest.raises(ConfigError, match=f"certificate {name} stands on candles that never happened"):
        house.run(once=True, without_certificate=None, place=place)
    assert asked(house.ex) == []


def test_at_a_simulated_exchange_of_this_machine_it_holds_and_is_named(house: LiveHouse) -> None:
    name = on_made_up_candles(house)
    house.run(once=True, without_certificate=None)
    (started,) = [one.event for one in house.lines() if isinstance(one.event, e.RunStarted)]
    assert started.certificate == name
    assert f"certificate {name} (made-up candles)" in house.said


# --- keys -------------------------------------------------------------------------------------------------------------

RIGHTS = {"name": "rights", "path": "*/apiRestrictions", "method": "GET", "action": "answer", "when": "after"}


@pytest.mark.parametrize(
    ("trades", "withdraws", "words"),
    [("true", "true", "the key may withdraw"), ("false", "false", "may not trade on the spot market")],
)
def test_a_key_with_the_wrong_rights_is_refused(house: LiveHouse, trades: str, withdraws: str, words: str) -> None:
    body = f'{{"enableSpotAndMarginTrading": {trades}, "enableWithdrawals": {withdraws}}}'
    house.ex.faults({**RIGHTS, "body": body, "status": 200})
    with pytest.raises(ConfigError, match=words):
        house.run(once=True)
    assert writes(house.ex) == []


def test_a_wrong_key_is_a_matter_for_a_person_and_shown_to_nobody(house: LiveHouse) -> None:
    keys = house.home / ".env"
    keys.write_text(keys.read_text().replace(house.ex.api_secret, "x" * 64))
    with pytest.raises(ConfigError, match="does not take the keys of live-main") as refused:
        house.run(once=True)
    assert "x" * 64 not in str(refused.value)
    assert house.ex.api_key not in str(refused.value)


def test_keys_that_others_may_read_are_not_used(house: LiveHouse) -> None:
    (house.home / ".env").chmod(0o644)
    with pytest.raises(ConfigError, match=r"\.env"):
        house.run(once=True)
    assert asked(house.ex) == []


# --- the time of a simulated exchange ---------------------------------------------------------------------------------


def test_the_exchanges_time_goes_by_while_live_waits(home: Path) -> None:
    series = sample(1)
    with exchange(series, control_port=0) as ex:
        LiveHouse.built(home, ex, series)
        before = ex.now_ms()
        clock, pace = time_of(ex.control_url, Place(ex.url)) or (None, None)
        assert clock is not None
        clock.sleep(5400.0)
        clock.sleep(-1.0)
        assert (clock.now_ms(), ex.now_ms()) == (before + 5_400_000, before + 5_400_000)
        assert pace is not None
        assert pace.look == pace.guard, "each wait is one request"


@pytest.mark.parametrize("words", [(), ("--base-url", "http://exchange.example:80")])
def test_the_time_of_a_real_venue_is_not_moved(vigie: Vigie, house: LiveHouse, words: tuple[str, ...]) -> None:
    said = vigie("live", "--account", NAME, "--i-understand", NAME, "--control-url", "http://127.0.0.1:9", *words)
    assert said.code == 78
    assert "--control-url moves the time of a simulated exchange" in said.err


# --- one call, and what steers an engine that runs --------------------------------------------------------------------


def wants_in(house: LiveHouse) -> None:
    """Let time go by to a close at which something is bought."""
    while not [one for one in house.lines() if isinstance(one.event, e.Decided) and one.event.action == "enter"]:
        house.ex.advance(hours=1)
        house.run(once=True)


def test_a_single_call_stays_until_what_it_bought_is_protected(house: LiveHouse) -> None:
    house.run(once=True)
    later = {"name": "later", "method": "POST", "path": "*/order", "action": "answer", "when": "before",
             "status": 429, "code": -1003, "retry_after": 3, "nth": 2, "count": 2}  # fmt: skip
    house.ex.faults(later)
    wants_in(house)
    last = _folded(house.lines())
    (held,) = last.holdings.values()
    assert held.stop_id is not None
    assert last.orders[held.stop_id].status is OrderStatus.ACCEPTED
    assert house.problems, "it could not be placed at once"
    sold = [one.intent.leg for one in last.orders.values()]
    assert Leg.EMERGENCY not in sold
    assert any("could not be sent" in one for one in house.said)


def test_a_venue_that_is_away_is_75_for_one_call(house: LiveHouse) -> None:
    request = house.request(once=True, place=Place("http://127.0.0.1:9", timeout_s=0.2))
    with pytest.raises(VenueUnavailable):
        run_live(request, clock=house.ex.clock, environment={})
    assert VenueUnavailable.exit_code == 75


def test_two_engines_on_one_account_are_one_too_many(house: LiveHouse) -> None:
    def second(_: int) -> None:
        with pytest.raises(AccountLocked):
            run_live(house.request(once=True), clock=house.ex.clock, environment={})

    house.run(once=True, each=second)


def test_people_steer_an_engine_that_runs_and_look_at_it(vigie: Vigie, house: LiveHouse) -> None:
    said: dict[str, int] = {}

    def held() -> list[str]:
        return list(_folded(house.lines()).holdings)

    def person(tick: int) -> None:
        account = ("--account", NAME)
        if held() and "close" not in said:
            said["status"] = vigie("status", *account).code
            said["pause"] = vigie("pause", *account, "--reason", "lunch").code
            said["close"] = vigie("close", held()[0], *account).code
        elif "close" in said and "halt" not in said and not held():
            said["halt"] = vigie("halt", *account, "--reason", "storm").code
            said["journal"] = vigie("journal", *account).code
            said["audit"] = vigie("govern", "audit", *account).code
        elif "halt" in said and "stop" not in said:
            said["stop"] = vigie("stop", *account).code

    done = house.run(48, each=person, guard=1200.0)
    assert done.ended.startswith("stopped")
    assert set(said) == {"status", "pause", "close", "halt", "journal", "audit", "stop"}
    assert {said[one] for one in ("pause", "close", "halt", "journal", "stop")} == {0}
    legs = [one.event.intent.leg for one in house.lines() if isinstance(one.event, e.IntentPlanned)]
    assert Leg.ENTRY not in legs[legs.index(Leg.CLOSE) :], "paused and halted it bought nothing more"
    with pytest.raises(ConfigError, match="vigie start"):
        house.run(once=True)
    assert vigie("start", "--account", NAME).code == 0
    assert house.run(once=True).started.clean
    resting = sum(len(house.ex.exchange.shelf.open(f"{pair.base}USDT")) for pair in FILTERS)
    assert resting == len(held()), "its stops stay at the venue"


# --- months -----------------------------------------------------------------------------------------------------------

STEPS = {"BTC": "0.00001", "ETH": "0.0001", "SOL": "0.001"}
REAL = {
    pair: Instrument(pair, Decimal("0.01"), Decimal(STEPS[pair.base]), Decimal(STEPS[pair.base]), Decimal(5))
    for pair in PAIRS
}
"""As Binance has them."""
WIDER = {"trail_atr": "3", "activation_atr": "2"}
"""A stop that is moved so near that the next open lies below it is met there by the backtest after its entries, and by
the exchange before them: then correlation with what is held is another. A trailing stop of one ATR shows it."""


@pytest.mark.long
@pytest.mark.real_candles
@pytest.mark.parametrize(
    ("path", "begin", "end"),
    [("1h", "2024-01-01", "2024-07-01"), ("5m", "2024-02-01", "2024-05-01"), ("1m", "2023-04-16", "2023-04-30")],
)
def test_months_of_real_candles_agree_with_the_exchange_to_the_last_digit_and_with_the_backtest(
    vigie: Vigie, home: Path, candle_folder: Path, path: str, begin: str, end: str
) -> None:
    first, last = from_iso(f"{begin}T00:00:00Z"), from_iso(f"{end}T00:00:00Z")
    fine = load_series(candle_folder, home, sorted(REAL), Timeframe.parse(path))
    fine = tuple(replace(one, candles=one.candles.between(first - BESIDE * HOUR, last + 2 * HOUR)) for one in fine)
    hourly = (
        fine
        if path == "1h"
        else tuple(replace(one, candles=resample(one.candles, Timeframe.parse("1h"))[0]) for one in fine)
    )
    with exchange(fine, start_ms=first, instruments=REAL) as ex:
        house = LiveHouse.built(home, ex, hourly, parameters=WIDER)
        done = house.run((last - first) / HOUR)
        assert (done.ended, house.problems) == ("SIGTERM", [])
        acts = require_agreement(vigie, house, first, REAL)
        days = (last - first) / HOUR / 24
        assert len(acts) > 4 * days
        assert {(one.kind, one.reason) for one in acts} >= {("buy", ""), ("sell", "trailing"), ("sell", "signal")}
