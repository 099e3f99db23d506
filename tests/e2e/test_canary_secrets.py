"""Secrets stay where they are: real commands are run, and everything that they produce is searched for them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from tests.fakes.command_line import Vigie
from tests.fakes.live_markets import NAME, LiveHouse, exchange, moved, sample
from tests.fakes.mail_servers import ME, PASSWORD, USER, Inbox, mail_server, mail_table, part
from vigie.adapters.clock import SystemClock
from vigie.adapters.sim_server.desk import Credentials

HOUR_MS = 3_600_000
KEYS = {
    "VIGIE_LIVE_MAIN_API_KEY": "cAnArY0key1aaaaBBBBccccDDDD2222",
    "VIGIE_LIVE_MAIN_API_SECRET": "cAnArY1secret2eeeeFFFFggggHHHH3333",
    "VIGIE_LIVE_MAIN_API_PASSPHRASE": "cAnArY2 pass phrase/+&7",
    "VIGIE_BINANCE_API_KEY": "cAnArY3other4iiiiJJJJkkkkLLLL4444",
    "VIGIE_BINANCE_API_SECRET": "cAnArY4other5mmmmNNNNooooPPPP5555",
    "VIGIE_HEALTH_TOKEN": "cAnArY5token6qqqqRRRRssssTTTT6666",
    "VIGIE_MAIL_PASSWORD": PASSWORD,
}


@dataclass
class Seen:
    """All that was produced, by where it was."""

    texts: dict[str, str] = field(default_factory=dict)

    def add(self, where: str, text: str) -> None:
        self.texts[where] = self.texts.get(where, "") + text

    def files(self, home: Path) -> None:
        """Everything below the home that a person did not write himself."""
        for path in home.rglob("*"):
            if path.is_file() and path.name not in (".env", "vigie.toml"):
                self.add(str(path.relative_to(home)), path.read_bytes().decode("utf-8", "replace"))

    def inbox(self, box: Inbox) -> None:
        for number, mail in enumerate(box.mails):
            self.add(f"mail {number}", mail.as_string() + part(mail, "text/plain") + part(mail, "text/html"))

    def where(self, secret: str) -> list[str]:
        forms = {secret, quote(secret), quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("=")}
        return [where for where, text in self.texts.items() if any(form.lower() in text.lower() for form in forms)]


class Shell:
    """Commands in processes of their own, whose words anybody on this machine can read."""

    def __init__(self, home: Path, seen: Seen) -> None:
        self.seen = seen
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith("VIGIE_")}
        self.environment |= {"VIGIE_HOME": str(home)}

    def __call__(self, *words: str) -> int:
        whole = [str(Path(sys.executable).with_name("vigie")), *words]
        with subprocess.Popen(
            whole, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            self._watch(process)
            out, err = process.communicate(timeout=120)
        self.seen.add(f"$ {' '.join(words)}", out + err)
        return process.returncode

    def pages(self, bind: str) -> None:
        """What the health server answers, with the token, without it, and with a wrong one."""
        vigie = str(Path(sys.executable).with_name("vigie"))
        words = [
            vigie,
            "serve",
            "--account",
            NAME,
            "--bind",
            bind,
            "--health-port",
            "0",
            "--metrics-port",
            "0",
            "--json",
        ]
        with subprocess.Popen(
            words, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            said = process.stdout.readline()
            for name, port in json.loads(said)["ports"].items():
                for token in ("", "nonsense", KEYS["VIGIE_HEALTH_TOKEN"]):
                    asked = Request(f"http://127.0.0.1:{port}/{name}", headers={"Authorization": f"Bearer {token}"})
                    self.seen.add(f"page /{name}", _answer(asked))
            process.terminate()
            out, err = process.communicate(timeout=30)
        self.seen.add("$ serve", said + out + err)

    def _watch(self, process: subprocess.Popen[str]) -> None:
        """The list of processes while it runs; what it says is little, and waits in the pipe."""
        until = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < until:
            for one in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = one.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                except OSError:
                    continue
                if "vigie" in words:
                    self.seen.texts["processes"] = self.seen.texts.get("processes", "")[-100_000:] + words + "\n"
            time.sleep(0.2)


def _answer(asked: Request) -> str:
    try:
        with urlopen(asked, timeout=10) as answer:
            return str(answer.headers) + answer.read().decode()
    except HTTPError as error:
        with error:
            return f"{error} {error.headers}" + error.read().decode()


@dataclass
class Scene:
    home: Path
    house: LiveHouse
    url: str
    inbox: Inbox
    seen: Seen


@pytest.fixture
def scene(home: Path, tmp_path: Path) -> Iterator[Scene]:
    """A live account that has everything, on the simulated exchange, with mail."""
    now = SystemClock().now_ms()
    series = [one for one in moved(sample(1), now // HOUR_MS * HOUR_MS) if one.pair.base in ("BTC", "ETH")]
    keys = Credentials(KEYS["VIGIE_LIVE_MAIN_API_KEY"], KEYS["VIGIE_LIVE_MAIN_API_SECRET"])
    with exchange(series, start_ms=now, pace=1.0, credentials=keys) as ex, mail_server(tmp_path) as server:
        house = LiveHouse.built(home, ex, series)
        write_env(home, KEYS)
        table = (home / "vigie.toml").read_text()
        (home / "vigie.toml").write_text(
            table + mail_table(server.port, server.ca_file, more='[mail.routes]\nINFO = "to"')
        )
        yield Scene(home, house, ex.url, server.inbox, Seen())


def write_env(home: Path, values: dict[str, str]) -> None:
    path = home / ".env"
    path.touch(0o600)
    path.write_text("".join(f'{name}="{value}"\n' for name, value in values.items()))


def require_clean(seen: Seen) -> None:
    assert {name: seen.where(secret) for name, secret in KEYS.items() if seen.where(secret)} == {}


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the list of processes is read from /proc")
def test_no_secret_of_a_well_kept_home_is_in_anything_that_commands_produce(scene: Scene) -> None:
    shell = Shell(scene.home, scene.seen)
    live = ("live", "--account", NAME, "--i-understand", NAME, "--once", "--base-url", scene.url)
    assert shell(*live, "--without-certificate", f"canary {KEYS['VIGIE_LIVE_MAIN_API_SECRET']}") == 0
    assert scene.seen.texts.pop("processes"), "nobody looked"
    # A person who types a secret on the command line has put it there himself.
    scene.seen.texts = {where: text for where, text in scene.seen.texts.items() if not where.startswith("$ live")} | {
        "the words of live": "".join(t for w, t in scene.seen.texts.items() if w.startswith("$ live"))
    }
    assert shell(*live, "--without-certificate", "canary") == 0
    assert shell("alert", "test") == 0
    for words in (
        ("config", "check"), ("config", "show", "--json"), ("status", "--account", NAME),
        ("journal", "--account", NAME, "--json"), ("doctor", "--account", NAME), ("logs", "--account", NAME),
        ("alert", "daily", "--account", NAME),
        ("live", "--account", NAME, "--debug"), (*live, "--debug"),
        ("reconcile", "--account", NAME, "--base-url", scene.url, "--debug"),
    ):  # fmt: skip
        shell(*words)
    for bind in ("127.0.0.1", "0.0.0.0"):
        shell.pages(bind)
    write_env(scene.home, {**KEYS, "VIGIE_LIVE_MAIN_API_SECRET": KEYS["VIGIE_BINANCE_API_SECRET"]})
    assert shell(*live, "--debug", "--without-certificate", "canary") == 78
    write_env(scene.home, {**KEYS, "VIGIE_MAIL_PASSWORD": KEYS["VIGIE_HEALTH_TOKEN"]})
    assert shell("alert", "test", "--debug") == 75
    scene.seen.files(scene.home)
    scene.seen.inbox(scene.inbox)
    assert len(scene.inbox.mails) >= 4
    assert any("journal" in where for where in scene.seen.texts)
    assert "vigie_" in scene.seen.texts["page /metrics"]
    assert any(where.startswith("logs") for where in scene.seen.texts)
    require_clean(scene.seen)


CANARY = "cAnArY9pasted8uuuuVVVVwwwwXXXX8888"
SHORT = ("cA7ry9Zk", "s3same99", "qW-e!rTy")
"""Passwords of eight characters."""


def fields(secret: str) -> dict[str, str]:
    """Texts of vigie.toml, each with a secret where something else belongs, by the place."""
    return {
        "venue": f'[accounts.{NAME}]\nvenue = "{secret}"',
        "strategy": f'[accounts.{NAME}]\nstrategy = "{secret}"',
        "profile": f'[accounts.{NAME}]\nprofile = "{secret}"',
        "timeframe": f'[accounts.{NAME}]\ntimeframe = "{secret}"',
        "pairs": f'[accounts.{NAME}]\npairs = ["{secret}"]',
        "pair": f'[accounts.{NAME}]\npairs = ["{secret}/USDT"]',
        "capital": f'[accounts.{NAME}]\ncapital = "{secret}"',
        "api_key": f'[accounts.{NAME}]\napi_key = "{secret}"',
        "a key": f'[accounts.{NAME}]\n{secret} = "x"',
        "parameter": f'[accounts.{NAME}.parameters]\nfast = "{secret}"',
        "parameter name": f'[accounts.{NAME}.parameters]\n{secret} = "3"',
        "reconcile": f'[accounts.{NAME}.reconcile]\ndust = "{secret}"',
        "account": f"[accounts.{secret}]\ncapital = 3",
        "mail host": f'[mail]\nhost = "{secret}"\nsender = "{USER}"\nto = ["{ME}"]',
        "mail tls": f'[mail]\nhost = "localhost"\ntls = "{secret}"\nsender = "{USER}"\nto = ["{ME}"]',
        "mail user": f'[mail]\nhost = "localhost"\nuser = "{secret}"\nto = ["{ME}"]',
        "mail password": f'[mail]\npassword = "{secret}"\nto = ["{ME}"]',
        "mail to": f'[mail]\nhost = "localhost"\nsender = "{USER}"\nto = ["{secret}"]',
        "mail ca_file": f'[mail]\nhost = "localhost"\nca_file = "{secret}"\nto = ["{ME}"]',
        "mail routes": f'[mail.routes]\nCRITICAL = "{secret}"',
        "health bind": f'[health]\nbind = "{secret}"',
        "health token": f'[health]\ntoken = "{secret}"',
        "logs level": f'[logs]\nlevel = "{secret}"',
        "watch": f'[watch]\nmemory_mb = "{secret}"',
        "top": f'{secret} = "x"',
        "no toml": f"api_key = {secret}",
    }


NO_BARE_KEYS = ("a key", "parameter name", "account", "top")
"""Places where TOML allows letters, digits and dashes only."""


def require_silence(vigie: Vigie, home: Path, name: str, secret: str) -> None:
    (home / "vigie.toml").write_text(fields(secret)[name] + "\n", encoding="utf-8")
    seen = Seen()
    for words in (
        ("config", "check"), ("config", "check", "--json"), ("config", "show", "--debug"), ("config", "show", "--json"),
        ("live", "--account", NAME, "--i-understand", NAME, "--once", "--base-url", "http://127.0.0.1:9", "--debug"),
        ("alert", "test", "--debug"), ("alert", "test", "--json"),
    ):  # fmt: skip
        said = vigie(*words)
        seen.add(" ".join(words), said.out + said.err)
    seen.files(home)
    assert seen.where(secret) == []


@pytest.mark.parametrize("name", sorted(fields(CANARY)))
def test_a_secret_that_somebody_pasted_into_a_field_is_not_repeated(
    vigie: Vigie, home: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_MAIL_PASSWORD", PASSWORD)
    require_silence(vigie, home, name, CANARY)


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(fields(CANARY)))
def test_nor_is_a_short_password(vigie: Vigie, home: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_MAIL_PASSWORD", PASSWORD)
    for secret in SHORT:
        if name not in NO_BARE_KEYS or "!" not in secret:
            require_silence(vigie, home, name, secret)


def test_the_search_of_these_tests_finds_what_is_there(tmp_path: Path) -> None:
    seen = Seen()
    (tmp_path / "log").write_text(f"x{CANARY.upper()}x")
    seen.files(tmp_path)
    assert seen.where(CANARY) == ["log"]
