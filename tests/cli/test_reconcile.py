"""``vigie reconcile`` as it is typed: on paper's ledger, beside a running engine, and on a live account over HTTP."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from cli.main import run
from tests.fakes.accounts import BTC
from tests.fakes.accounts_on_disk import begun, lines_of
from tests.fakes.command_line import Vigie
from tests.fakes.exchanges import BTC as BTC_PAIR
from tests.fakes.exchanges import FINE, series, wave
from vigie.adapters.clock import SystemClock
from vigie.adapters.exchanges.paper_ledger import FILE_NAME, PaperLedger
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.letter_box import LetterBox
from vigie.adapters.storage.state_file import StateFile
from vigie.app.settings import AccountSettings
from vigie.app.trading.setups import plan_of
from vigie.app.wiring import Place, attending
from vigie.domain import events as e
from vigie.domain.instrument import Instrument
from vigie.domain.portfolio import Portfolio
from vigie.engine.cycle import Engine
from vigie.simulation.terms import Terms

REPLAY = "replay-1"


@pytest.fixture(scope="session")
def holding(tmp_path_factory: pytest.TempPathFactory, candles: Path) -> Path:
    """A home with a replayed account that holds something; `traded` copies it."""
    folder = tmp_path_factory.mktemp("holding")
    words = f"paper --replay --account {REPLAY} --timerange 20200201-20200208 --param drawdown_fraction=off --json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIGIE_HOME", str(folder))
        assert run([*words.split(), "--data", str(candles)]) == 0
    return folder


@pytest.fixture
def traded(home: Path, holding: Path) -> None:
    """That account in this test's home, to be changed as it likes."""
    shutil.copytree(holding / "state", home / "state")


def ledger(home: Path) -> PaperLedger:
    path = home / "state" / REPLAY / FILE_NAME
    return PaperLedger(path, [Instrument(BTC_PAIR)], Terms(), {})


def test_an_account_that_never_ran_is_told_so(vigie: Vigie, home: Path) -> None:
    (home / "state" / "paper" / "requests").mkdir(parents=True)
    said = vigie("reconcile")
    assert (said.code, "has never run" in said.err) == (78, True)


@pytest.mark.usefixtures("traded")
def test_paper_reconciles_with_its_own_ledger(vigie: Vigie, home: Path) -> None:
    said = vigie("reconcile")
    assert (said.code, said.out) == (0, "replay-1: state, journal and venue agree\n")
    assert vigie("reconcile", "--json").document["differences"] == []
    books = ledger(home)
    books.venue.deposit("BTC", Decimal(3))
    books.save()
    before = len(lines_of(home / "state" / REPLAY, "reconcile"))
    said = vigie("reconcile")
    assert said.code == 3
    assert "BTC/USDT" in said.out
    assert "--apply follows the policies" in said.out
    assert len(lines_of(home / "state" / REPLAY, "reconcile")) == before, "a plan writes nothing"


@pytest.mark.usefixtures("traded")
def test_what_is_applied_is_journalled_and_the_same_in_json(vigie: Vigie, home: Path) -> None:
    books = ledger(home)
    books.venue.withdraw("USDT", Decimal(1))
    books.save()
    plan = vigie("reconcile", "--json").document
    (row,) = plan["differences"]
    assert (row["kind"], row["policy"], row["settled"]) == ("missing-quote", "halt", False)
    said = vigie("reconcile", "--apply")
    assert said.code == 3
    assert "vigie resume --account replay-1 --confirm " in said.err
    said = vigie("reconcile", "--apply", "--policy", "missing-quote=adopt", "--json")
    assert said.code == 0
    assert said.document["clean"] is True
    assert said.document["resume_code"], "a halt is lifted by a person, not by books that agree again"
    (flow,) = lines_of(home / "state" / REPLAY, "flow")
    assert float(str(flow["value"])) == pytest.approx(-1.0)
    assert vigie("reconcile").code == 0
    assert vigie("journal", "verify", "--account", REPLAY).code == 0


@pytest.mark.usefixtures("traded")
def test_policies_come_from_the_file_and_the_command_line_is_above_it(vigie: Vigie, home: Path) -> None:
    table = "[accounts.replay-1.reconcile]\nmissing-quote = 'adopt'\n"
    (home / "vigie.toml").write_text(table)
    books = ledger(home)
    books.venue.withdraw("USDT", Decimal(1))
    books.save()
    assert vigie("reconcile", "--json").document["differences"][0]["policy"] == "adopt"
    words = ("reconcile", "--policy", "missing-quote=halt", "--json")
    assert vigie(*words).document["differences"][0]["policy"] == "halt"


@pytest.mark.usefixtures("traded")
@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("orfan-position=adopt", "did you mean 'orphan-position'?"),
        ("missing-stop=ignore", "missing-stop knows no policy 'ignore': adopt, close, halt"),
        ("adopt", "is not of the form NAME=VALUE"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(vigie: Vigie, word: str, sentence: str) -> None:
    said = vigie("reconcile", "--policy", word)
    assert (said.code, sentence in said.err) == (78, True), said.err


@pytest.mark.usefixtures("traded")
def test_a_snapshot_that_does_not_follow_from_the_journal_is_told_and_made_anew(vigie: Vigie, home: Path) -> None:
    folder = home / "state" / REPLAY
    store = StateFile(folder / "state.json", REPLAY)
    saved = store.load().portfolio
    assert saved is not None
    wrong = Portfolio(**{**{one: getattr(saved, one) for one in saved.__slots__}, "cash": saved.cash + 1})
    store.save(wrong)
    said = vigie("reconcile", "--json")
    assert [row["kind"] for row in said.document["differences"]] == ["state-and-journal"]
    assert vigie("reconcile", "--apply").code == 3
    assert vigie("reconcile", "--apply", "--policy", "state-and-journal=adopt").code == 0
    assert vigie("reconcile").code == 0


def test_a_damaged_journal_is_70_and_no_plan(vigie: Vigie, home: Path) -> None:
    folder = begun(home, REPLAY, mode="replay")
    (file,) = (folder / "journal").glob("*.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:3], lines[3].replace(b"1000", b"1001"), *lines[4:]]))
    assert vigie("reconcile").code == 70


# --- beside an engine ---------------------------------------------------------------------------------------------


def test_a_running_engine_is_asked_and_its_answer_is_read_from_the_journal(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    row = e.Disagreement("dust", BTC, Decimal(1), Decimal(2), "a text", "adopt", "done so", done=True)

    def engine() -> None:
        box, journal_folder = LetterBox(folder / "requests", SystemClock()), folder / "journal"
        end = time.monotonic() + 20
        while not box.peek() and time.monotonic() < end:
            time.sleep(0.05)
        (letter,) = box.waiting()
        with JsonlJournal(journal_folder, "paper", SystemClock()) as journal:
            journal.append(
                [
                    e.Reconciled((), ("done so",), (row,), letter.request_id),
                    e.RequestObeyed(letter.request_id, letter.kind, "1 of 1 differences settled"),
                ]
            )
            journal.sync()

    with AccountLock.take(folder, SystemClock()):
        thread = threading.Thread(target=engine)
        thread.start()
        said = vigie("reconcile", "--apply", "--wait", "20", "--json")
        thread.join()
    assert said.code == 0
    assert said.document["by_engine"] is True
    assert said.document["differences"][0]["outcome"] == "done so"


def test_an_engine_that_does_not_answer_in_time_is_75_and_the_letter_stays(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    with AccountLock.take(folder, SystemClock()):
        said = vigie("reconcile", "--apply", "--wait", "1")
    assert (said.code, "was asked" in said.err) == (75, True)
    assert [one.kind for one in LetterBox(folder / "requests", SystemClock()).peek()] == ["reconcile"]


# --- a live account -----------------------------------------------------------------------------------------------

LIVE = AccountSettings("live-main", pairs=(BTC_PAIR,))


@pytest.fixture
def exchange(home: Path) -> Iterator[SimExchange]:
    """A live account that has begun, on an exchange whose time is ours."""
    clock = SystemClock()
    start = clock.now_ms() // 3_600_000 * 3_600_000 - 3_600_000
    market = series(wave(300, 25_000.0, 300.0, 1), BTC_PAIR, start=start)
    with SimExchange(
        [market], instruments=FINE, balances={"USDT": 100_000, "BTC": 1}, start_ms=clock.now_ms(), pace=(clock, 1.0)
    ) as ex:
        env = home / ".env"
        env.write_text(f"VIGIE_LIVE_MAIN_API_KEY={ex.api_key}\nVIGIE_LIVE_MAIN_API_SECRET='{ex.api_secret}'\n")
        env.chmod(0o600)
        with attending(LIVE, plan_of(LIVE, home), "live", home=home, clock=clock, place=Place(ex.url)) as found:
            engine = Engine(*found)
            engine.start()
            engine.stop("the test begins")
        yield ex


def test_a_live_account_from_an_orphan_to_a_position_to_a_manual_close(
    vigie: Vigie, home: Path, exchange: SimExchange
) -> None:
    words = ("reconcile", "--account", "live-main", "--base-url", exchange.url)
    said = vigie(*words)
    assert (said.code, said.out) == (0, "live-main: state, journal and venue agree\n")
    exchange.do("place", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1")
    said = vigie(*words)
    assert said.code == 3
    assert "orphan-position" in said.out
    assert not exchange.journal.calls("POST", "/api/v3/order"), "a plan sends nothing"
    said = vigie(*words, "--apply", "--policy", "orphan-position=adopt")
    assert (said.code, "live-main trades real money" in said.err) == (78, True)
    assert not exchange.journal.calls("POST", "/api/v3/order"), "who has not said the name sends nothing"
    sure = ("--i-understand", "live-main")
    said = vigie(*words, "--apply", "--policy", "orphan-position=adopt", *sure)
    assert said.code == 0, said.out + said.err
    (stop,) = exchange.exchange.shelf.open("BTCUSDT")
    assert stop.ticket.quantity == Decimal("0.0999"), "net of the fee; the coin that was there before us is left alone"
    status = vigie("status", "--account", "live-main", "--json").document
    assert status["positions"][0]["pair"] == BTC
    assert vigie(*words).code == 0
    exchange.do("cancel", symbol="BTCUSDT", order_id=stop.number)
    exchange.do("place", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.0999")
    said = vigie(*words, "--apply", "--policy", "manual-close=adopt", "--json", *sure)
    assert said.code == 0, said.out
    assert vigie("journal", "trades", "--account", "live-main", "--json").document["trades"][0]["reason"] == "person"
    assert vigie("journal", "verify", "--account", "live-main").code == 0
    assert exchange.api_secret not in said.out + said.err


def test_without_keys_it_is_78_and_says_which_to_set(vigie: Vigie, home: Path, exchange: SimExchange) -> None:
    (home / ".env").unlink()
    said = vigie("reconcile", "--account", "live-main", "--base-url", exchange.url)
    assert said.code == 78
    assert "VIGIE_LIVE_MAIN_API_KEY" in said.err
    exchange.faults()
