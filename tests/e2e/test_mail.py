"""People are told of what the journal says: over a real server, whatever the server does, and never in a tick's way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.accounts_on_disk import PROTECTED, begun, marked, run_started
from tests.fakes.clock import FakeClock
from tests.fakes.command_line import Vigie
from tests.fakes.live_markets import LiveHouse, exchange, sample
from tests.fakes.mail_servers import (
    ME,
    PASSWORD,
    PHONE,
    USER,
    Inbox,
    MailServer,
    free_port,
    hanging_server,
    mail_server,
    mail_table,
)  # fmt: skip
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.journal_files import backwards
from vigie.adapters.storage.journal_lines import spell
from vigie.app.alerts.alarms import alarms
from vigie.app.alerts.post_office import PostOffice, office_beside, post_office
from vigie.app.alerts.status import alerts_folder
from vigie.domain import events as e
from vigie.domain.errors import ConfigError
from vigie.domain.timeframe import DAY_MS
from vigie.ports.alerts import OVER

ENV = {"VIGIE_MAIL_PASSWORD": PASSWORD}
AT = 1_750_003_600_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path) as found:
        yield found


def set_up(home: Path, server: MailServer, more: str = "") -> None:
    (home / "vigie.toml").write_text(mail_table(server.port, server.ca_file, more=more), encoding="utf-8")


def write(home: Path, *events: e.Event, at: int = AT) -> None:
    with JsonlJournal(home / "state" / "paper" / "journal", "paper", FakeClock(at)) as journal:
        journal.append(events)
        journal.sync()


def told(home: Path, *, said: list[str] | None = None, at: int = AT, once: bool = False) -> None:
    """One run of the post office, from its opening to its end."""
    report = (said if said is not None else []).append
    with post_office(home, "paper", clock=FakeClock(at), report=report, environment=ENV, once=once):
        pass


ALERT = e.AlertRaised("unprotected", "BTC/USDT: no stop can be placed: it is sold", urgent=True)
HALT = e.Halted("drawdown", "halted", "15.2% below the peak, limit 15.00%")


def test_what_comes_into_the_journal_is_mailed_once(home: Path, server: MailServer) -> None:
    begun(home)
    set_up(home, server)
    told(home)
    assert server.inbox.mails == []
    write(home, HALT, e.AlertRaised("drawdown", "drawdown: 15.2% below the peak", urgent=True), ALERT)
    told(home)
    assert server.inbox.subjects == [
        "[CRITICAL] vigie paper: drawdown limit reached",
        "[CRITICAL] vigie paper: BTC/USDT no stop can be placed: it is being sold",
    ]
    told(home)
    assert len(server.inbox.mails) == 2
    assert "15.2% below the peak" in server.inbox.text(0)


def test_an_office_that_is_open_tells_within_seconds(home: Path, server: MailServer) -> None:
    begun(home)
    set_up(home, server)
    with post_office(home, "paper", clock=FakeClock(AT), environment=ENV) as office:
        write(home, ALERT)
        office.wake()
        wait_for(lambda: len(server.inbox.mails) == 1)
    assert len(server.inbox.mails) == 1


def wait_for(what: Callable[[], bool], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


def test_start_end_and_crash_are_told(home: Path, server: MailServer) -> None:
    begun(home)
    set_up(home, server)
    told(home)
    write(home, run_started(), e.Recovered(("nothing was open",), clean=True))
    write(home, run_started(), e.Recovered(("an order was asked about",), clean=True), at=AT + 1_000_000)
    write(home, e.RunEnded("SIGTERM"), at=AT + 2_000_000)
    told(home)
    assert server.inbox.subjects == [
        "[WARNING] vigie paper: started again after a crash",
        "vigie paper: started",
        "vigie paper: ended as it was told to",
    ]


def test_many_short_runs_are_no_news_but_a_crash_is(home: Path, server: MailServer) -> None:
    begun(home)
    set_up(home, server)
    told(home)
    write(home, run_started(), e.Recovered((), clean=True), e.RunEnded("one tick was asked for"))
    told(home, once=True)
    assert server.inbox.mails == []
    write(home, run_started())
    write(home, run_started(), e.Recovered((), clean=True))
    told(home, once=True)
    assert server.inbox.subjects == ["[WARNING] vigie paper: started again after a crash"]


def test_repetitions_are_held_back_and_counted_but_never_the_gravest(home: Path, server: MailServer) -> None:
    begun(home)
    set_up(home, server)
    told(home)
    slippage = e.AlertRaised("slippage", "BTC/USDT: entry filled at 101, 1.00% worse than 100")
    for minute in (0, 1, 2, 6):
        write(home, slippage, ALERT, at=AT + minute * 60_000)
    told(home)
    warnings = [one for one in server.inbox.subjects if "slippage" in one or "far from" in one]
    assert len(warnings) == 2
    assert sum("no stop can" in one for one in server.inbox.subjects) == 4
    number = max(at for at, one in enumerate(server.inbox.subjects) if "far from" in one)
    assert "held back: 2" in " ".join(server.inbox.text(number).split())


def test_slow_topics_are_told_once_an_hour(home: Path, server: MailServer) -> None:
    begun(home)
    set_up(home, server, '[mail.routes]\nINFO = "to"')
    told(home)
    refused = e.Decided("BTC/USDT", AT, "refuse", "daily loss", "0" * 16, {}, {}, {"daily_loss": "refuse"})
    for minute in (0, 10, 59, 61):
        write(home, refused, at=AT + minute * 60_000)
    told(home)
    assert len(server.inbox.mails) == 2


def test_routes_say_who_is_told(home: Path, server: MailServer) -> None:
    begun(home)
    set_up(home, server, f'[mail.routes]\nCRITICAL = ["{ME}", "{PHONE}"]\nWARNING = "never"')
    told(home)
    write(home, ALERT, e.AlertRaised("slippage", "BTC/USDT: dear"))
    told(home)
    assert [to for _, to in server.inbox.envelopes] == [(ME, PHONE)]


def test_routine_waits_for_the_daily_report(home: Path, server: MailServer) -> None:
    begun(home, events=(*PROTECTED, marked()))
    set_up(home, server)
    told(home)
    write(home, e.LeftAlone("ETH", Decimal(1), "a gift"))
    told(home)
    assert server.inbox.mails == []
    told(home, at=AT + DAY_MS)
    (mail,) = server.inbox.mails
    assert "daily report" in str(mail["Subject"])
    text = server.inbox.text()
    assert "1 ETH left alone" in text
    assert "BTC/USDT: 2 bought at 100 USDT" in text
    head = json.loads((home / "state/paper/journal").glob("*.jsonl").__next__().read_text().splitlines()[-1])
    assert head["hash"] in text
    told(home, at=AT + DAY_MS)
    assert len(server.inbox.mails) == 1


def test_what_nobody_was_told_of_for_days_is_in_the_report_and_only_the_gravest_is_mailed(
    home: Path, server: MailServer
) -> None:
    begun(home)
    set_up(home, server)
    told(home)
    write(home, ALERT, e.AlertRaised("slippage", "BTC/USDT: dear"))
    told(home, at=AT + 3 * DAY_MS)
    assert len(server.inbox.mails) == 2
    assert server.inbox.subjects[0] == "[CRITICAL] vigie paper: BTC/USDT no stop can be placed: it is being sold"
    assert "filled far from the price" in server.inbox.text(1)


def test_a_line_that_nobody_understands_keeps_no_other_from_being_told(home: Path, server: MailServer) -> None:
    folder = begun(home)
    set_up(home, server)
    told(home)
    write(home, ALERT)
    # As a later vigie may write it: a whole line of an unknown kind.
    with JsonlJournal(folder / "journal", "paper", FakeClock(AT)) as journal:
        last = next(backwards(folder / "journal"))
        raw, _ = spell(journal.last_seq + 1, AT, "later", 1, last.hash, {"text": "x"})
    (path,) = (folder / "journal").glob("*.jsonl")
    with path.open("ab") as file:
        file.write(raw)
    said: list[str] = []
    with post_office(home, "paper", clock=FakeClock(AT), report=said.append, environment=ENV) as office:
        office.told_of("disk", "full")
    assert len(server.inbox.mails) == 2
    assert any("later" in one for one in said)


# --- troubles of the server -------------------------------------------------------------------------------------------


def test_a_dead_server_gets_its_mail_when_it_is_back_also_after_a_restart(home: Path, tmp_path: Path) -> None:
    port, said = free_port(), list[str]()
    begun(home)
    with mail_server(tmp_path, port=port) as server:
        set_up(home, server)
        told(home)
    write(home, ALERT)
    told(home, said=said)
    assert len(list((alerts_folder(home, "paper") / "mail" / "spool").glob("*.json"))) == 1
    assert "trading goes on" in " ".join(said)
    box = Inbox()
    (tmp_path / "again").mkdir()
    with mail_server(tmp_path / "again", port=port, inbox=box) as server:
        set_up(home, server)
        told(home)
    assert box.subjects == ["[CRITICAL] vigie paper: BTC/USDT no stop can be placed: it is being sold"]
    assert list((alerts_folder(home, "paper") / "mail" / "spool").glob("*.json")) == []


def test_a_bad_certificate_gets_nothing_and_is_told(vigie: Vigie, home: Path, tmp_path: Path) -> None:
    begun(home)
    with mail_server(tmp_path, name="another.test") as server:
        set_up(home, server)
        told(home)
        write(home, ALERT)
        said: list[str] = []
        told(home, said=said)
        assert (server.inbox.mails, server.inbox.logins) == ([], [])
    assert "certificate verify failed" in " ".join(said).lower()
    spool = vigie("alert", "spool", "--account", "paper", "--json")
    assert spool.code == 3
    (channel,) = spool.document["channels"]
    assert "certificate verify failed" in channel["status"]["problem"].lower()
    assert [one["subject"] for one in channel["waiting"]] == [
        "[CRITICAL] vigie paper: BTC/USDT no stop can be placed: it is being sold"
    ]
    assert "certificate" in vigie("status", "--account", "paper").out


def test_a_refused_recipient_is_told_and_the_others_have_it(home: Path, server: MailServer) -> None:
    begun(home)
    set_up(home, server, f'[mail.routes]\nCRITICAL = ["{ME}", "{PHONE}"]')
    server.inbox.no_such = {PHONE}
    told(home)
    write(home, ALERT)
    said: list[str] = []
    told(home, said=said)
    assert len(server.inbox.mails) == 1
    assert PHONE in " ".join(said)


def test_a_letter_that_nobody_takes_does_not_keep_the_others_waiting(home: Path, server: MailServer) -> None:
    begun(home)
    set_up(home, server, f'[mail.routes]\nCRITICAL = ["{PHONE}"]')
    server.inbox.no_such = {PHONE}
    told(home)
    write(home, ALERT, e.AlertRaised("slippage", "BTC/USDT: dear"))
    told(home)
    assert server.inbox.subjects == ["[WARNING] vigie paper: BTC/USDT filled far from the price it was decided at"]
    server.inbox.no_such = set()
    told(home)
    assert len(server.inbox.mails) == 2


def test_a_hung_server_takes_no_time_of_who_hands_over(home: Path) -> None:
    begun(home)
    with hanging_server([b"220 hello\r\n"]) as port:
        (home / "vigie.toml").write_text(mail_table(port, tls="none").replace("localhost", "127.0.0.1"))
        office = opened(home)
        write(home, ALERT)
        took = []
        for number in range(300):
            began = time.perf_counter()
            office.ticked((f"problem {number}",))
            took.append(time.perf_counter() - began)
            time.sleep(0.001)
        assert max(took) < 0.05
        assert sum(took) / len(took) < 0.002
        wait_for(lambda: len(list((alerts_folder(home, "paper") / "mail" / "spool").glob("*.json"))) > 0)
        began = time.perf_counter()
        office.close(0.3)
        assert time.perf_counter() - began < 2


def test_an_office_that_could_not_end_in_time_leaves_all_to_the_next_one(home: Path, server: MailServer) -> None:
    begun(home)
    with hanging_server([b"220 hello\r\n"]) as port:
        (home / "vigie.toml").write_text(mail_table(port, tls="none").replace("localhost", "127.0.0.1"))
        late = opened(home)
        write(home, ALERT)
        late.wake()
        wait_for(lambda: len(list((alerts_folder(home, "paper") / "mail" / "spool").glob("*.json"))) == 1)
        write(home, HALT)
        late.close(0.1)
        assert late.at_work
        set_up(home, server)
        told(home)
        assert len(server.inbox.mails) == 2
        left = {path: path.read_bytes() for path in alerts_folder(home, "paper").rglob("*.json")}
    wait_for(lambda: not late.at_work)
    assert {path: path.read_bytes() for path in alerts_folder(home, "paper").rglob("*.json")} == left
    told(home)
    assert len(server.inbox.mails) == 2


def opened(home: Path) -> PostOffice:
    from vigie.app.alerts.channels import posts_of

    office = PostOffice(home, "paper", posts_of(home, ENV), clock=FakeClock(AT))
    office.open()
    return office


@pytest.mark.parametrize("broken", ["spool", "told"])
def test_a_disk_that_takes_nothing_keeps_nobody_from_being_told(home: Path, server: MailServer, broken: str) -> None:
    begun(home)
    set_up(home, server)
    told(home)
    folder = alerts_folder(home, "paper")
    # Something that is no folder, or no file, where one has to be: no right of root's helps against it.
    if broken == "spool":
        (folder / "mail").mkdir(exist_ok=True)
        if (folder / "mail" / "spool").is_dir():
            (folder / "mail" / "spool").rmdir()
        (folder / "mail" / "spool").write_text("in the way")
    else:
        (folder / "told.json").unlink()
        (folder / "told.json").mkdir()
    said: list[str] = []
    with post_office(home, "paper", clock=FakeClock(AT), report=said.append, environment=ENV) as office:
        office.told_of("disk", "0 bytes are free")
        wait_for(lambda: len(server.inbox.mails) == 1)
    assert said
    assert server.inbox.subjects == ["[CRITICAL] vigie paper: the disk is full: nothing new is bought"]


def test_a_crash_between_spool_and_memory_tells_nothing_twice(home: Path, server: MailServer) -> None:
    begun(home)
    set_up(home, server)
    told(home)
    folder = alerts_folder(home, "paper")
    before = (folder / "told.json").read_bytes()
    (home / "vigie.toml").write_text(mail_table(free_port()))
    write(home, ALERT)
    told(home)
    spooled = sorted((folder / "mail" / "spool").glob("*.json"))
    assert len(spooled) == 1
    # As if it had been killed before it wrote down how far it had come.
    (folder / "told.json").write_bytes(before)
    set_up(home, server)
    told(home)
    assert len(server.inbox.mails) == 1


def test_settings_that_cannot_be_used_stop_nothing(home: Path) -> None:
    begun(home)
    (home / "vigie.toml").write_text('[mail]\nhost = "h"\nhots = "x"\n')
    said: list[str] = []
    with post_office(home, "paper", report=said.append, environment={}) as office:
        office.told_of("disk", "full")
        assert office.desks == []
    assert any("hots" in one for one in said)


def test_two_processes_do_not_tell_the_same(home: Path, server: MailServer) -> None:
    begun(home)
    set_up(home, server)
    with (
        post_office(home, "paper", clock=FakeClock(AT), environment=ENV) as first,
        post_office(home, "paper", clock=FakeClock(AT), environment=ENV) as second,
    ):
        assert (len(first.desks), len(second.desks)) == (1, 0)


# --- commands ---------------------------------------------------------------------------------------------------------


def test_the_test_mail_says_what_became_of_it(vigie: Vigie, home: Path, server: MailServer) -> None:
    (home / ".env").touch(0o600)
    (home / ".env").write_text(f"VIGIE_MAIL_PASSWORD={PASSWORD}\n")
    set_up(home, server)
    said = vigie("alert", "test", "--json")
    assert (said.code, said.document["channels"][0]["outcome"]) == (0, "sent")
    assert server.inbox.subjects == ["vigie: test mail"]
    assert vigie("alert", "test", "--to", PHONE).code == 0
    assert server.inbox.envelopes[-1] == (USER, (PHONE,))
    server.inbox.no_such = {PHONE}
    refused = vigie("alert", "test", "--to", PHONE)
    assert (refused.code, PHONE in refused.out) == (3, True)
    assert vigie("alert", "test", "--to", "phone").code == 78


def test_the_test_mail_fails_with_its_codes(vigie: Vigie, home: Path) -> None:
    assert vigie("alert", "test").code == 78
    (home / "vigie.toml").write_text(
        mail_table(free_port(), tls="none").replace(f'user = "{USER}"', f'sender = "{USER}"')
    )
    dead = vigie("alert", "test", "--json")
    assert (dead.code, dead.document["channels"][0]["outcome"]) == (75, "failed")


def test_what_waits_can_be_sent_by_command(
    vigie: Vigie, home: Path, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_MAIL_PASSWORD", PASSWORD)
    begun(home)
    (home / "vigie.toml").write_text(mail_table(free_port()))
    told(home)
    write(home, ALERT)
    told(home)
    assert vigie("alert", "spool", "--account", "paper").code == 3
    set_up(home, server)
    assert vigie("alert", "spool", "--account", "paper", "--send").code == 0
    assert len(server.inbox.mails) == 1


def test_the_daily_report_can_be_read_here(vigie: Vigie, home: Path, tmp_path: Path) -> None:
    begun(home, events=(*PROTECTED, marked(), marked(equity=1010.0)))
    said = vigie("alert", "daily", "--print", "--account", "paper")
    assert said.code == 0
    assert "BTC/USDT: 2 bought at 100 USDT" in said.out
    document = vigie("alert", "daily", "--account", "paper", "--json").document
    assert document["anchor"]["hash"] in said.out


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[mail]\nhots = "x"', "hots"),
        ('[mail]\nto = "me"', "no address"),
        ("[mail]\ndigest_hour = 24", "digest_hour"),
        ('[mail.routes]\nCRITICAL = "never"', "routes CRITICAL"),
        ('[mail.routes]\nWARNUNG = "to"', "WARNUNG"),
        ("[mail.throttle]\nusual = -1", "throttle usual"),
        ("[mial]", "mial"),
    ],
)
def test_config_check_knows_the_table(vigie: Vigie, home: Path, table: str, words: str) -> None:
    (home / "vigie.toml").write_text(table + '\n[accounts.paper]\nstrategy = "ema_cross"\n')
    said = vigie("config", "check")
    assert said.code == 78
    assert words in said.out + said.err


def test_config_check_is_content_with_a_good_one(vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_MAIL_PASSWORD", PASSWORD)
    (home / "vigie.toml").write_text(mail_table(587))
    said = vigie("config", "check", "--json")
    assert said.code == 0, said.out
    assert PASSWORD not in said.out + vigie("config", "show", "--json").out


# --- beside the engine ------------------------------------------------------------------------------------------------


def test_the_watchdog_is_heard_though_the_engine_is_dead_or_alive(
    home: Path, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_MAIL_PASSWORD", PASSWORD)
    begun(home)
    set_up(home, server)
    said: list[str] = []
    with post_office(home, "paper", clock=FakeClock(AT), environment=ENV), alarms(home, "paper", said.append) as alerts:
        alerts.tell(e.AlertRaised("watchdog-heartbeat", "paper: no heartbeat for 400 s", urgent=True))
        wait_for(lambda: len(server.inbox.mails) == 1)
        alerts.tell(e.AlertRaised(f"watchdog-heartbeat{OVER}", "paper: heartbeat: over, it began 16:06 UTC"))
        wait_for(lambda: len(server.inbox.mails) == 2)
    assert server.inbox.subjects == [
        "[CRITICAL] vigie paper: watchdog: heartbeat", "vigie paper: over: watchdog: heartbeat",
    ]  # fmt: skip
    assert said == ["URGENT: paper: no heartbeat for 400 s", "paper: heartbeat: over, it began 16:06 UTC"]


def test_of_several_beside_the_engine_one_sends_for_all(
    home: Path, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_MAIL_PASSWORD", PASSWORD)
    begun(home)
    set_up(home, server)
    with office_beside(home, "paper"):
        with office_beside(home, "paper") as second:
            second.told_of("backup", "no room")
        wait_for(lambda: len(server.inbox.mails) == 1)
    assert server.inbox.subjects == ["[WARNING] vigie paper: the backup failed"]


# --- a live account ---------------------------------------------------------------------------------------------------


def with_mail(house: LiveHouse, table: str) -> None:
    path = house.home / "vigie.toml"
    path.write_text(path.read_text().partition("[mail]")[0] + table, encoding="utf-8")
    with (house.home / ".env").open("a") as keys:
        keys.write(f"VIGIE_MAIL_PASSWORD={PASSWORD}\n")


@pytest.mark.long
def test_a_day_of_trading_is_not_slowed_by_a_server_that_hangs_and_is_told_when_it_works_again(
    home: Path, server: MailServer
) -> None:
    series = sample(2)
    with exchange(series) as ex, hanging_server([b"220 hello\r\n"]) as hung:
        house = LiveHouse.built(home, ex, series)
        took: list[float] = []
        last = time.perf_counter()

        def each(_: int) -> None:
            nonlocal last
            took.append(time.perf_counter() - last)
            last = time.perf_counter()

        house.run(4, each=each)
        quiet = sorted(took)[len(took) // 2]
        took.clear()
        with_mail(house, mail_table(hung))
        last = time.perf_counter()
        house.run(14, each=each)
        assert house.problems == []
        assert len(took) >= 14
        # The median: one tick in twenty-four may meet whatever else this machine does.
        assert sorted(took)[len(took) // 2] < 3 * quiet + 0.05
        # The server would have taken ten seconds for each answer.
        assert max(took[1:]) < 3.0
        with_mail(house, mail_table(server.port, server.ca_file))
        house.run(1)
        trades = [one.event for one in house.lines() if isinstance(one.event, e.TradeClosed)]
        ends = [one for one in house.lines() if isinstance(one.event, e.RunEnded)]
    told_of = server.inbox.subjects
    since = [one for one in told_of if "stopped out" in one or " sold:" in one]
    assert trades
    assert 0 < len(since) <= len(trades)
    assert any("/USDT bought " in one for one in told_of)
    assert any("started" in one for one in told_of)
    assert len(ends) == 3
    assert len(told_of) == len({str(one["Message-ID"]) for one in server.inbox.mails})


def test_a_start_that_fails_is_told(home: Path, server: MailServer) -> None:
    series = sample(1)
    with exchange(series) as ex:
        house = LiveHouse.built(home, ex, series)
        with_mail(house, mail_table(server.port, server.ca_file))
        (home / ".env").write_text(
            f"VIGIE_LIVE_MAIN_API_KEY=k\nVIGIE_LIVE_MAIN_API_SECRET=s\nVIGIE_MAIL_PASSWORD={PASSWORD}\n"
        )
        with pytest.raises(ConfigError):
            house.run(once=True)
    assert server.inbox.subjects == ["[ERROR] vigie live-main: the start failed"]
    assert "keys" in server.inbox.text()
