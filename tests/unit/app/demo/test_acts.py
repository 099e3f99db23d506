"""An act that does not find what it claims fails and says what is missing: each test plants what it must see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.demo_stages import ToldStage
from vigie.adapters.market_data.store import CandleStore
from vigie.adapters.market_data.trending import trending_series
from vigie.adapters.sim_server.client import ControlClient
from vigie.adapters.storage.journal_lines import Line
from vigie.app.demo import books, research, trading
from vigie.app.demo.stage import NotFoundError
from vigie.app.demo.trading import Drama
from vigie.app.demo.venue import ACCOUNT, Pages, Venue

ID, PAIR = "62d06227b77612f1bed2f74aee0e2337", "SWELL/SIM"


def gate(name: str, passed: bool, value: float | None = 0.6) -> dict[str, Any]:
    return {"name": name, "value": value, "limit": 0.5, "strict": True, "passed": passed}


# --- research ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shuffled", "synthetic"), [(True, True), (False, False)])
def test_a_market_without_trends_or_without_its_label_is_not_shown(
    tmp_path: Path, shuffled: bool, synthetic: bool
) -> None:
    for one in trending_series(shuffled=shuffled):
        CandleStore.of(tmp_path).save(one, "a test")
    made = {"series": [{"candles": 17_544, "synthetic": synthetic}] * 3}
    with pytest.raises(NotFoundError, match="no trends there"):
        research.market(ToldStage(tmp_path, {"data sample": made}))


@pytest.mark.parametrize("change", [{"synthetic": False}, {"metrics": {"trades": 0.0, "fees": 1.0}}])
def test_a_backtest_that_trades_nothing_or_hides_its_candles_is_not_shown(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    numbers = {"trades": 3.0, "fees": 1.0, "sharpe": 2.0, "win_rate": 0.5}
    good = {"synthetic": True, "metrics": numbers}
    assert "3 trades" in research.backtest(ToldStage(tmp_path, {"backtest": good})).text
    with pytest.raises(NotFoundError):
        research.backtest(ToldStage(tmp_path, {"backtest": {**good, **change}}))


def certified(home: Path) -> None:
    (home / "state" / "certificates").mkdir(parents=True)
    (home / "state" / "certificates" / "donchian-1.json").write_text("{}")


def test_noise_that_passes_fails_the_act_in_every_way_in_which_it_could(tmp_path: Path) -> None:
    def walked(passed: bool, with_certificate: bool) -> Callable[[Path], dict[str, Any]]:
        def walk(home: Path) -> dict[str, Any]:
            if with_certificate:
                certified(home)
            return {"gates": [gate("mean_sharpe", passed)]}

        return walk

    def stage(name: str, *, passed: bool, with_certificate: bool = False, code: int = 3) -> ToldStage:
        (tmp_path / name).mkdir()
        return ToldStage(tmp_path / name, {"walk-forward": walked(passed, with_certificate)}, {"walk-forward": code})

    assert "1 of 1 gates say no" in research.noise(stage("good", passed=False)).text
    for bad in (
        stage("passed", passed=True),
        stage("certified", passed=False, with_certificate=True),
        stage("code", passed=False, code=0),
    ):
        with pytest.raises(NotFoundError):
            research.noise(bad)


@pytest.mark.parametrize(
    ("undefined", "words"),
    [
        ("out_in_ratio", "Sharpe out of / in sample: none, since the training earned nothing itself"),
        ("win_rate", "winning trades of the tests: none, since nothing was traded"),
        ("mean_sharpe", "mean Sharpe of the tests: none, since nothing was tested"),
    ],
)
def test_a_gate_without_a_number_says_why_there_is_none(tmp_path: Path, undefined: str, words: str) -> None:
    gates = [gate(undefined, passed=False, value=None), gate("win_rate", passed=False, value=0.25)]
    seen = research.noise(ToldStage(tmp_path, {"walk-forward": {"gates": gates}}, {"walk-forward": 3})).text
    assert f"({words}; winning trades of the tests 25.0 %, needed above 50.0 %)" in seen


@pytest.mark.parametrize("change", [{"gates": [gate("trades", passed=False)]}, {"certificate": None}])
def test_a_walk_forward_without_its_certificate_is_not_shown(tmp_path: Path, change: dict[str, Any]) -> None:
    certified(tmp_path)
    good = {"gates": [gate("trades", passed=True)], "certificate": "donchian-1", "trials": 10}
    with pytest.raises(NotFoundError, match="the report was not written"):
        research.walk_forward(ToldStage(tmp_path, {"walk-forward": good}))
    (tmp_path / research.REPORT).touch()
    assert "10 trials" in research.walk_forward(ToldStage(tmp_path, {"walk-forward": good})).text
    with pytest.raises(NotFoundError, match="not every gate"):
        research.walk_forward(ToldStage(tmp_path, {"walk-forward": {**good, **change}}))
    unverified = ToldStage(tmp_path, {"walk-forward": good, "certificate verify": {}}, {"certificate verify": 3})
    with pytest.raises(NotFoundError, match="certificate verify"):
        research.walk_forward(unverified)


# --- trading ----------------------------------------------------------------------------------------------------------


def order(client_id: str = ID, side: str = "BUY", quantity: str = "2.000", **words: str) -> dict[str, Any]:
    usual = {"symbol": "SWELLSIM", "orderId": 1, "clientOrderId": client_id, "side": side, "status": "FILLED",
             "origQty": quantity, "executedQty": quantity if side == "BUY" else "0", "stopPrice": "0"}  # fmt: skip
    return {**usual, **words}


STOP = order("stop-1", "SELL", "1.998", status="NEW", stopPrice="80.00")
TRADE = {"symbol": "SWELLSIM", "orderId": 1, "qty": "2.000", "commission": "0.002", "commissionAsset": "SWELL"}


@dataclass(slots=True)
class ToldVenue(Venue):
    """An exchange that has what it is told to have."""

    taken: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    coins: str = "1.998"

    def state(self) -> dict[str, Any]:
        swell = {"free": self.coins, "locked": "0"}
        money = {"SWELL": swell, "SIM": {"free": "5", "locked": "0"}}
        return {"orders": self.taken, "trades": [TRADE], "balances": money, "prices": {"SWELLSIM": "83.50"}}

    def calls(self, after: int = 0) -> list[dict[str, Any]]:
        return [one for one in self.asked if one["seq"] > after]

    def behave(self) -> None:
        """Nothing is wrong with it."""


@dataclass(slots=True)
class ToldPages(Pages):
    """A journal that says what it is told to say."""

    def look(self) -> list[Line]:
        return self.lines


def line(seq: int, kind: str, **fields: Any) -> Line:
    return Line(seq, 1_730_419_203_000, kind, 1, "", "", fields)


def fill(quantity: str = "2.000") -> dict[str, Any]:
    return {"client_id": ID, "pair": PAIR, "fill": {"quantity": quantity}}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[ToldStage]:
    made = ToldStage(tmp_path, {})
    yield made
    made.close()


def played(stage: ToldStage, venue: ToldVenue, *lines: Line) -> Drama:
    process = stage.start("exchange", name="exchange")
    venue.process = process
    here = Drama(venue, ToldPages(stage, list(lines)), process, ID, PAIR, 1_730_415_600_000, Decimal(2), 1)
    stage.facts["drama"] = here
    return here


def venue(*taken: dict[str, Any], asked: int = 1, sent_again: int = 0, coins: str = "1.998") -> ToldVenue:
    calls = [
        {"seq": 1, "method": "POST", "path": "/api/v3/order", "parameters": {"newClientOrderId": ID, "side": "BUY"}}
    ]
    get = {"method": "GET", "path": "/api/v3/order", "parameters": {"origClientOrderId": ID}}
    calls += [{**get, "seq": 2 + at} for at in range(asked)]
    calls += [{**calls[0], "seq": 10 + at} for at in range(sent_again)]
    control = ControlClient("http://127.0.0.1:9")
    return ToldVenue(None, "", "", control, list(taken), calls, coins)  # type: ignore[arg-type]


FILLED = line(12, "order", client_id=ID, pair=PAIR, learnt="filled")


@dataclass(slots=True)
class Restarted(ToldVenue):
    """The same, whose calls so far are those of the first life."""

    looks: int = 0

    def calls(self, after: int = 0) -> list[dict[str, Any]]:
        self.looks += 1
        return [one for one in self.asked if one["seq"] > after][: 1 if self.looks == 1 else None]


def restarted(made: ToldVenue) -> Restarted:
    return Restarted(made.process, made.url, made.control_url, made.control, made.taken, made.asked, made.coins)


def test_recovery_is_an_order_that_is_asked_for_once_more_and_never_sent_again(stage: ToldStage) -> None:
    sent, settled = line(11, "order", client_id=ID, pair=PAIR, learnt="sent"), [FILLED, line(13, "fill", **fill())]
    here = played(stage, restarted(venue(order())), sent, *settled)
    with pytest.raises(NotFoundError, match="fate is settled"):
        trading.recovered(stage)  # what stands there from before proves nothing
    here.venue = restarted(venue(order()))
    here.pages = GrowingPages(stage, [], [sent], settled)
    assert "sent it 0 times more" in trading.recovered(stage).text


@dataclass(slots=True)
class GrowingPages(Pages):
    """A journal to which lines come after the first look."""

    before: list[Line] = field(default_factory=list)
    after_it: list[Line] = field(default_factory=list)
    looks: int = 0

    def look(self) -> list[Line]:
        self.looks += 1
        return self.before if self.looks == 1 else [*self.before, *self.after_it]


@pytest.mark.parametrize(
    ("made", "quantity", "words"),
    [
        (venue(order(), sent_again=1), "2.000", "sent again 1 times"),
        (venue(order(), asked=0), "2.000", "asked for 0 times"),
        (venue(order()), "1.500", "1.500 of 2 journalled"),
        (venue(order(), order()), "2.000", "the exchange has 2 orders with id"),
        (venue(), "2.000", "the exchange has 0 orders with id"),
    ],
)
def test_a_recovery_that_is_none_is_seen(stage: ToldStage, made: ToldVenue, quantity: str, words: str) -> None:
    here = played(stage, restarted(made))
    here.pages = GrowingPages(stage, [], [], [FILLED, line(13, "fill", **fill(quantity))])
    with pytest.raises(NotFoundError, match=words):
        trading.recovered(stage)


def test_protection_is_a_stop_over_exactly_what_is_held(stage: ToldStage) -> None:
    marked = line(14, "stop", pair=PAIR, client_id="stop-1")
    played(stage, venue(order(), STOP), marked)
    assert "A stop over 1.998 SWELL/SIM" in trading.protected(stage).text


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (venue(order(), {**STOP, "origQty": "2.000"}), "the stop is over 2.000, and 1.998 are held"),
        (venue(order()), "the exchange has 0 orders with id stop-1"),
        (venue(order(), {**STOP, "status": "CANCELED"}), "every coin lies under a stop"),
        (venue(order(), STOP, coins="3.5"), "every coin lies under a stop"),
    ],
)
def test_a_stop_that_is_missing_or_too_large_or_does_not_rest_is_seen(
    stage: ToldStage, made: ToldVenue, words: str
) -> None:
    played(stage, made, line(14, "stop", pair=PAIR, client_id="stop-1"))
    with pytest.raises(NotFoundError, match=words):
        trading.protected(stage)


def test_an_act_of_trading_says_when_nothing_trades(stage: ToldStage) -> None:
    with pytest.raises(NotFoundError, match="nothing trades"):
        trading.halted(stage)
    here = played(stage, venue())
    stage.end(here.alive)
    with pytest.raises(NotFoundError, match="no engine runs any more"):
        trading.protected(stage)


# --- books ------------------------------------------------------------------------------------------------------------


def test_decisions_that_differ_from_the_backtests_are_named(tmp_path: Path) -> None:
    told = {"identical": False, "decisions": 7, "entries": 1, "managed": 2, "first_difference": "stop of SWELL/SIM"}
    with pytest.raises(NotFoundError, match="stop of SWELL/SIM"):
        books.parity(ToldStage(tmp_path, {"parity": told}))
    assert "7 live decisions" in books.parity(ToldStage(tmp_path, {"parity": {**told, "identical": True}})).text
    with pytest.raises(NotFoundError):
        books.parity(ToldStage(tmp_path, {"parity": {**told, "identical": True, "decisions": 0}}))


@pytest.mark.parametrize(
    ("holds", "forged"),
    [(False, "line 3: its content does not match"), (True, None), (True, "line 2: its content does not match")],
)
def test_a_chain_that_is_broken_or_that_does_not_see_a_forged_digit_is_seen(
    tmp_path: Path, holds: bool, forged: str | None
) -> None:
    folder = tmp_path / "state" / ACCOUNT / "journal"
    folder.mkdir(parents=True)
    lines = [json.dumps({"seq": seq, "at": "2024-11-01T00:00:03.000Z"}, separators=(",", ":")) for seq in range(4)]
    (folder / "2024-11.jsonl").write_text("\n".join(lines) + "\n")

    def verified(home: Path) -> dict[str, Any]:
        good = {"holds": holds, "lines": 4, "bad": None if holds else "line 4", "last_hash": "0"}
        return good if home == tmp_path else {**good, "holds": forged is None, "bad": forged}

    with pytest.raises(NotFoundError):
        books.verified(ToldStage(tmp_path, {"journal verify": verified, "govern audit": {"rules": []}}))
    copied = (tmp_path / "forged" / "state" / ACCOUNT / "journal" / "2024-11.jsonl").read_text().splitlines()
    assert [at for at, (one, other) in enumerate(zip(lines, copied, strict=True), start=1) if one != other] == [3]


def test_an_explanation_that_does_not_agree_or_knows_no_purchase_is_seen(stage: ToldStage) -> None:
    played(stage, venue())
    entered = {"action": "enter", "reason": "a signal", "rules": [{"verdict": "pass"}], "sizes": {"quantity": 2.0},
               "agrees": True}  # fmt: skip
    acts = [{"kind": kind} for kind in ("intent", "order", "fill")]
    good = {"decisions": [entered], "recomputed_agrees": True, "acts": acts, "candle_at": "2024-10-31T23:00:00.000Z"}
    stage.answers = {"journal explain": good}
    assert "1 rules asked, 0 refused" in books.explained(stage).text
    for bad in ({"recomputed_agrees": False}, {"decisions": []}, {"acts": acts[:2]}):
        stage.answers = {"journal explain": {**good, **bad}}
        with pytest.raises(NotFoundError, match="does not explain"):
            books.explained(stage)
