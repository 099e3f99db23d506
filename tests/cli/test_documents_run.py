"""What the documents show is what happens: their commands are run, and every line they show must come out."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from tests.fakes.accounts_on_disk import begun
from tests.fakes.command_line import Vigie
from tests.fakes.documents import CHECKOUT, fences, text
from tests.fakes.eyes import get
from tests.fakes.kline_server import HOUR_MS, KlineServer
from tests.fakes.live_markets import NAME, LiveHouse, exchange, moved, sample, written
from tests.fakes.mail_servers import PASSWORD, USER, mail_server
from tests.fakes.serving import served
from vigie.adapters.clock import SystemClock
from vigie.app.alerts.channels import families, read_posts
from vigie.app.backup.settings import BackupSettings, backup_settings
from vigie.app.drill.cases import DRILLS
from vigie.app.logs.settings import LogSettings, log_settings
from vigie.app.serve.settings import HealthSettings, health_settings
from vigie.app.trading.live import live_settings
from vigie.app.watch.settings import WatchSettings, watch_settings
from vigie.engine.reconcile import DifferenceKind
from vigie.engine.remedies import allowed
from vigie.reporting.notices.families import alarms, host, limits


@pytest.fixture
def at_home(home: Path, candles: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home as the current folder, with somebody's candles in it."""
    monkeypatch.chdir(home)
    rows = (candles / "test_BTC-USDT_1h.csv").read_text(encoding="utf-8").splitlines()
    years = 4 * 365 * 86_400_000 + 86_400_000
    moved = [f"{int(row.split(',')[0]) + years},{row.partition(',')[2]}" for row in rows[1:]]
    (home / "my_candles.csv").write_text("\n".join([rows[0], *moved]), encoding="utf-8")
    return home


def test_the_worked_example_of_the_strategy_guide_works(vigie: Vigie, at_home: Path) -> None:
    (source,) = fences("docs/strategy.md", "python")
    folder = at_home / "strategies"
    folder.mkdir()
    (folder / "dip_buyer.py").write_text(source, encoding="utf-8")
    (commands,) = fences("docs/strategy.md", "sh")
    for command in commands.splitlines():
        said = vigie(*shlex.split(command.removeprefix("vigie ")), "--quiet")
        assert said.code == 0, said.err
    assert "! Synthetic data" in said.out
    tested = vigie("backtest", "--strategy", "dip_buyer", "--json", "--quiet").document
    assert tested["metrics"]["trades"] > 30


def test_the_commands_of_the_backtest_guide_work(vigie: Vigie, at_home: Path) -> None:
    for command in "".join(fences("docs/backtest.md", "sh")).splitlines():
        assert vigie(*shlex.split(command.removeprefix("vigie "))).code == 0, command


@pytest.mark.long
def test_the_commands_of_the_journal_guide_work(vigie: Vigie, at_home: Path) -> None:
    commands = "".join(fences("docs/journal.md", "sh")).splitlines()
    assert len(commands) > 15
    code = ""
    for command in commands:
        words = [code if word == "CODE" else word for word in shlex.split(command.removeprefix("vigie "))]
        said = vigie(*words)
        assert said.code == 0 or (words == ["status"] and said.code == 3), (command, said.err)
        code = vigie("status", "--json").document["resume_code"] or code
    assert code, "the halt was lifted by its code"
    assert vigie("status", "--json").document["mode"] == "active", "the guide leaves nothing halted"
    assert (at_home / "fills.csv").is_file()


@pytest.mark.long
def test_the_commands_of_the_paper_guide_work(vigie: Vigie, at_home: Path) -> None:
    (at_home / "vigie.toml").write_text("".join(fences("docs/paper.md", "toml")), encoding="utf-8")
    now = SystemClock().now_ms()
    first = now // HOUR_MS * HOUR_MS - 700 * HOUR_MS
    with KlineServer(now_ms=now, first_ms=first, prices={"BTCUSDT": "120"}) as venue:
        for command in "".join(fences("docs/paper.md", "sh")).splitlines():
            words = shlex.split(command.removeprefix("vigie "))
            said = vigie(*words, *(["--base-url", venue.url] if "--once" in words else []))
            assert said.code == 0, (command, said.err)


def test_the_commands_of_the_live_guide_work(vigie: Vigie, at_home: Path) -> None:
    now = SystemClock().now_ms()
    pairs = {"BTC", "ETH"}
    series = [one for one in moved(sample(1), now // HOUR_MS * HOUR_MS) if one.pair.base in pairs]
    with exchange(series, start_ms=now, pace=1.0) as ex:
        house = LiveHouse.built(at_home, ex, series)
        (at_home / "vigie.toml").write_text("".join(fences("docs/live.md", "toml")), encoding="utf-8")
        assert sorted(str(one) for one in live_settings(at_home, NAME).pairs) == ["BTC/USDT", "ETH/USDT"]
        keys = [line.partition("=")[0] for line in fences("docs/live.md", "ini")[0].splitlines()]
        assert keys == [line.partition("=")[0] for line in (at_home / ".env").read_text().splitlines()]
        assert vigie("data", "import", *sorted(written(house).iterdir())).code == 0
        code = ""
        for command in "".join(fences("docs/live.md", "sh")[2:]).splitlines():
            words = [code if word == "CODE" else word for word in shlex.split(command.removeprefix("vigie "))]
            venue = ["--base-url", ex.url] if words[0] in ("live", "reconcile") else []
            said = vigie(*words, *venue, *(["--without-certificate", "a test"] if words[0] == "live" else []))
            assert said.code == 0 or (words[0] == "status" and said.code == 3), (command, said.err)
            code = vigie("status", "--json").document["resume_code"] or code
        assert code, "the halt was lifted by its code"


def test_the_practice_of_the_live_guide_works_as_it_stands_there(vigie: Vigie, at_home: Path, candles: Path) -> None:
    (at_home / "candles").symlink_to(candles)
    (at_home / "vigie.toml").write_text("".join(fences("docs/live.md", "toml")), encoding="utf-8")
    serve, used = fences("docs/live.md", "sh")[:2]
    with served(*shlex.split(serve)[1:], home=at_home) as (document, _):
        keys = f"VIGIE_LIVE_MAIN_API_KEY={document['api_key']}\nVIGIE_LIVE_MAIN_API_SECRET={document['api_secret']}\n"
        (at_home / ".env").write_text(keys)
        (at_home / ".env").chmod(0o600)
        told = {"URL": document["url"], "CONTROL_URL": document["control_url"]}
        for command in used.splitlines():
            said = vigie(*(told.get(word, word) for word in shlex.split(command)[1:]))
            assert said.code == 0, (command, said.err)
        lost = vigie("reconcile", "--account", "live-main", "--base-url", document["url"])
        assert (lost.code, "add --control-url URL" in lost.err) == (75, True), lost.err


def test_the_commands_of_the_reconcile_guide_work_and_its_table_is_the_codes(
    vigie: Vigie, at_home: Path, candles: Path
) -> None:
    words = ("--replay", "--account", "replay-1", "--data", candles, "--timerange", "20200201-20200203")
    assert vigie("paper", *words).code == 0
    policy = "".join(fences("docs/reconcile.md", "toml")).replace("accounts.paper", "accounts.replay-1")
    (at_home / "vigie.toml").write_text(policy, encoding="utf-8")
    for command in "".join(fences("docs/reconcile.md", "sh")).splitlines():
        said = vigie(*shlex.split(command)[1:])
        assert said.code == 0, command + said.err
    rows = re.findall(r"^\| `([a-z-]+)` \| .* \| ([a-z, ]+) \|$", text("docs/reconcile.md"), re.MULTILINE)
    told = {kind: tuple(words.split(", ")) for kind, words in rows}
    assert told == {kind.value: tuple(one.value for one in allowed(kind)) for kind in DifferenceKind}


def test_the_commands_of_the_watching_guide_work_and_its_limits_are_the_defaults(
    vigie: Vigie, at_home: Path, candles: Path
) -> None:
    words = ("--replay", "--account", "replay-1", "--data", candles, "--timerange", "20200201-20200203")
    assert vigie("paper", *words).code == 0
    limits = "".join(fences("docs/watching.md", "toml"))
    (at_home / "vigie.toml").write_text(limits, encoding="utf-8")
    for kind in (WatchSettings, BackupSettings):
        assert all(f"\n{one.name} = " in limits for one in fields(kind)), kind
    assert watch_settings(at_home) == WatchSettings()
    assert backup_settings(at_home) == BackupSettings()
    for command in "".join(fences("docs/watching.md", "sh")).splitlines():
        said = vigie(*shlex.split(command)[1:])
        assert said.code == 0, command + said.out + said.err


def test_the_commands_of_the_configuration_guide_work(vigie: Vigie, at_home: Path) -> None:
    (at_home / "vigie.toml").write_text("".join(fences("docs/configuration.md", "toml")), encoding="utf-8")
    for command in "".join(fences("docs/configuration.md", "sh")).splitlines():
        assert vigie(*shlex.split(command)[1:]).code == 0, command


def test_the_commands_of_the_operating_guide_work(vigie: Vigie, at_home: Path) -> None:
    (at_home / "vigie.toml").write_text("".join(fences("docs/operating.md", "toml")), encoding="utf-8")
    assert live_settings(at_home, "live-main").reoptimise is not None
    (at_home / "state" / "paper" / "journal").mkdir(parents=True)
    commands = "".join(fences("docs/operating.md", "sh")).splitlines()
    assert len(commands) >= 8
    for command in commands:
        said = vigie(*shlex.split(command)[1:])
        assert said.code == 0, (command, said.err)
    # What other programs are told, and what needs a certificate: its words exist.
    for line in "".join(fences("docs/operating.md", "text")).splitlines():
        if line.startswith("vigie "):
            words = shlex.split(line)[1:]
            assert vigie(*words[: 2 if words[0] == "certificate" else 1], "--help").code == 0, line
        else:
            assert "pm2 st" in line, line
            app = line.partition("--only ")[2]
            assert not app or app.removesuffix("-once") in ("vigie-paper", "vigie-live-main")


def test_the_commands_of_the_logs_guide_work_and_its_settings_are_the_defaults(vigie: Vigie, at_home: Path) -> None:
    (at_home / "vigie.toml").write_text("".join(fences("docs/logs_and_metrics.md", "toml")), encoding="utf-8")
    assert health_settings(at_home, {}) == HealthSettings()
    assert log_settings(at_home, {}) == LogSettings("text", "INFO", at_home / "logs")
    now = SystemClock().now_ms()
    with KlineServer(now_ms=now, first_ms=now // HOUR_MS * HOUR_MS - 700 * HOUR_MS, prices={"BTCUSDT": "120"}) as venue:
        for command in "".join(fences("docs/logs_and_metrics.md", "sh")).splitlines():
            words = shlex.split(command.removeprefix("vigie "))
            said = vigie(*words, *(["--base-url", venue.url] if "--once" in words else []))
            assert said.code == 0, (command, said.err)
    serve, ask = "".join(fences("docs/logs_and_metrics.md", "bash")).splitlines()
    ports = ("--health-port", "0", "--metrics-port", "0", "--json")
    with served(*shlex.split(serve)[1:], *ports, home=at_home) as (it, _):
        url = ask.removeprefix("curl ").replace("8080", str(it["ports"]["health"]))
        assert json.loads(get(url)[1])["account"] == "paper"


def test_the_commands_of_the_drill_guide_work_and_its_table_names_every_drill(vigie: Vigie, at_home: Path) -> None:
    for command in "".join(fences("docs/drill.md", "sh")).splitlines():
        said = vigie(*shlex.split(command)[1:])
        assert said.code == 0, command + said.out + said.err
    assert re.findall(r"^\| `([a-z0-9-]+)` \|", text("docs/drill.md"), re.MULTILINE) == list(DRILLS)


def test_every_number_and_profile_that_the_backtest_guide_names_exists(vigie: Vigie) -> None:
    groups = vigie("strategy", "show", "ema_stochrsi", "--json").document["groups"]
    known = {row["name"] for group in groups.values() for row in group}
    named = {
        word
        for row in re.findall(r"^\| (.*) \|$", text("docs/backtest.md"), re.MULTILINE)
        for cell in row.split(" | ")[:2]
        for word in re.findall(r"^`([a-z_]+)`|, `([a-z_]+)`", cell)
        for word in word
        if word
    }
    assert {"fill_at", "stop_test", "drawdown_fraction", "min_order_value"} <= named
    words = {choice for group in groups.values() for row in group for choice in row["allowed"].split(", ")}
    assert named - known - words == {"standard", "titan"}
    profiles = {one["name"] for one in vigie("strategy", "list", "--json").document["profiles"]}
    assert set(re.findall(r"^\| `(standard|classic-\w|titan)` \|", text("docs/backtest.md"), re.MULTILINE)) == profiles


def test_the_commands_of_the_exchange_guide_serve_one_and_use_it(vigie: Vigie, at_home: Path, candles: Path) -> None:
    (at_home / "candles").symlink_to(candles)
    (at_home / "plan.toml").write_text(fences("docs/simulated_exchange.md", "toml")[0], encoding="utf-8")
    serve, used = fences("docs/simulated_exchange.md", "sh")
    with served(*shlex.split(serve)[1:], home=at_home) as (document, ended):
        assert set(document) == set(json.loads(fences("docs/simulated_exchange.md", "json")[0]))
        for command in used.splitlines():
            said = vigie(*shlex.split(command.removeprefix("vigie ")))
            assert said.code == 0, (command, said.err)
    assert ended() == 3, "the plan that was put in force at last never happened"


DOCUMENTS = ["README.md", *sorted(one.relative_to(CHECKOUT).as_posix() for one in CHECKOUT.glob("docs/**/*.md"))]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_of_a_document_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", text(name)):
        assert ((CHECKOUT / name).parent / target).exists(), target


def headings(path: Path) -> set[str]:
    """Where a link within a page can lead to, by the names that a browser of the repository gives."""
    outside = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in re.findall(r"^#+ (.*)$", outside, re.MULTILINE)
    }


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_place_of_a_page_that_a_document_points_to_is_there(name: str) -> None:
    for target, place in re.findall(r"\]\((?!http)([^)#]*)#([\w-]+)\)", text(name)):
        assert place in headings((CHECKOUT / name).parent / target if target else CHECKOUT / name), f"{target}#{place}"


def test_the_commands_of_the_alerts_guide_work_and_its_settings_are_good(
    vigie: Vigie, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_MAIL_PASSWORD", PASSWORD)
    (settings,) = fences("docs/alerts.md", "toml")
    (home / "vigie.toml").write_text(settings, encoding="utf-8")
    assert read_posts(home)[1] == []
    begun(home)
    with mail_server(tmp_path) as server:
        ours = {
            "smtp.example.org": "localhost",
            '"starttls"': f'"starttls"\nport = {server.port}',
            "bot@example.org": USER,
        }
        for theirs, our in ours.items():
            settings = settings.replace(theirs, our)
        table = settings.replace("[mail.routes]", f'ca_file = "{server.ca_file}"\n[mail.routes]')
        (home / "vigie.toml").write_text(table, encoding="utf-8")
        for command in fences("docs/alerts.md", "sh")[0].splitlines():
            said = vigie(*shlex.split(command.removeprefix("vigie ")))
            assert said.code == 0, (command, said.out + said.err)
        assert len(server.inbox.mails) == 2


def test_the_alerts_guide_names_every_alert() -> None:
    whole = text("docs/alerts.md")
    names = [*alarms.SUBJECTS, *limits.SUBJECTS, *host.KINDS]
    assert [name for name in names if f"`{name}`" not in whole] == []
    assert [name for name in families() if f"### {name}" not in whole and name not in ("daily", "test")] == []
