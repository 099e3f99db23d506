"""The guides that lead somebody through something: what they show is what happens, in their order."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.reference import EXIT_CODES
from tests.fakes.command_line import Vigie
from tests.fakes.documents import CHECKOUT, LEFT_OUT, console, fences, files, picture, prose, text
from tests.fakes.live_markets import HOUR, LiveHouse, exchange, moved, sample, written
from vigie.adapters.clock import SystemClock
from vigie.app.backup.restore import RESTORED
from vigie.app.demo.demo import ACTS, NOTE
from vigie.decision.gate import rule_names
from vigie.engine.governance.evidence import Phase
from vigie.engine.governance.registry import rules
from vigie.reporting.demo import heading
from vigie.reporting.notices.book import families as of_notices
from vigie.reporting.notices.families import alarms, host, limits

OPEN_GATES = [
    word
    for limit in ("mean_sharpe=-99", "win_rate=-1", "trades=0", "folds=1", "out_in_ratio=-99")
    for word in ("--gate", limit)
]


def came_of(vigie: Vigie, words: list[str]) -> list[str]:
    """Lines that a command of a guide brings; ``CODE`` is the one that `vigie status` shows."""
    if words[0] == "cd":
        os.chdir(words[1])
        return []
    code = vigie("status", "--json").document["resume_code"] if "CODE" in words else ""
    said = vigie(*(code if word == "CODE" else word for word in words))
    return [" ".join(line.split()) for line in (said.out + said.err).splitlines()]


def shown_and_missing(vigie: Vigie, name: str) -> dict[str, list[str]]:
    """Run what a guide's console blocks say; lines that they show and that did not come, by command."""
    missing: dict[str, list[str]] = {}
    for words, shown in console(name):
        came = came_of(vigie, words)
        for line in (" ".join(one.split()) for one in shown):
            start = line.removesuffix(LEFT_OUT).rstrip()
            if line not in came and not (line.endswith(LEFT_OUT) and any(one.startswith(start) for one in came)):
                missing.setdefault(" ".join(words), []).append(line)
    return missing


@pytest.mark.long
def test_the_tour_of_the_readme_is_what_happens_and_leaves_nothing_halted(
    vigie: Vigie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    monkeypatch.delenv("VIGIE_HOME")
    assert len(console("README.md")) >= 12
    assert shown_and_missing(vigie, "README.md") == {}
    assert (tmp_path / "tour" / "trades.csv").is_file()
    assert not any((tmp_path / "checkout").iterdir()), "the tour writes in its own home alone"
    assert vigie("status", "--json").document["mode"] == "active"


@pytest.mark.long
def test_the_first_strategy_goes_as_its_guide_tells(vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    assert len(console("docs/first_strategy.md")) == 7
    assert shown_and_missing(vigie, "docs/first_strategy.md") == {}


def test_every_number_in_the_words_of_the_first_strategy_stands_in_a_line_that_came() -> None:
    page = "docs/first_strategy.md"
    shown = " ".join(line for _, lines in console(page) for line in lines)
    words = re.sub(r"(?i)exit code \d|again at \d", "", " ".join(prose(page).split()))
    told = re.findall(r"(?<![\w.])\d[\d.,]*\d|(?<![\w.])\d(?!\w)", words)
    assert len(told) >= 8
    assert [number for number in told if number not in re.findall(r"\d[\d.,]*\d|\d", shown)] == []


def test_a_line_that_does_not_come_is_missed(vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.cli.test_guides_run.console", lambda _: [(["trials"], ["7 trials since …", "nothing …"])]
    )
    assert shown_and_missing(vigie, "any")["trials"]


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout's code, into which the guide's examples were put where it says."""
    tree = tmp_path_factory.mktemp("extended")
    for package in ("vigie", "cli", "strategies"):
        shutil.copytree(CHECKOUT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    for path, source in files("docs/extending.md").items():
        assert not (tree / path).exists(), path
        (tree / path).write_text(source, encoding="utf-8")
    return tree


def called(tree: Path, home: Path, command: str) -> subprocess.CompletedProcess[str]:
    own = {"PYTHONPATH": str(tree), "VIGIE_HOME": str(home), "VIGIE_CACHE": str(tree / "compiled"), "COLUMNS": "80"}
    code = "import sys; from cli.main import run; sys.exit(run(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, *shlex.split(command)[1:]], cwd=home, env={**os.environ, **own},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_alert_channel_and_an_exchange_are_one_file_each(extended: Path, tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").write_text(
        fences("docs/extending.md", "toml")[0]
        + '[accounts.live-us]\nvenue = "binanceus"\npairs = ["BTC/USDT"]\ncapital = 100\n',
        encoding="utf-8",
    )
    check, test = fences("docs/extending.md", "bash")[0].splitlines()
    told = called(extended, tmp_path, check)
    assert "outbox to me@example.org" in told.stdout
    assert "the requests to binanceus are not held in any test: it takes no live orders yet" in told.stdout
    assert called(extended, tmp_path, test).returncode == 0
    (letter,) = (tmp_path / "outbox").iterdir()
    assert letter.read_text().startswith("To: me@example.org\nSubject: vigie: test mail\n")


@pytest.mark.long
def test_a_sizing_rule_a_gate_rule_and_a_profile_are_one_file_each(extended: Path, tmp_path: Path) -> None:
    commands = fences("docs/extending.md", "sh")[0].splitlines()
    said = [called(extended, tmp_path, command) for command in commands]
    assert [one.returncode for one in said] == [0] * len(commands), said[-1].stderr
    assert {word for word in ("equity_share", "positions_under_water", "careful") if word in said[0].stdout} == {
        "equity_share", "positions_under_water", "careful",
    }  # fmt: skip
    assert "under water" in said[1].stdout, "the rule refused, and was counted under its name"


TROUBLE = "docs/trouble.md"


def first_cells(heading: str, nth: int = 0) -> list[str]:
    """The first column of a table below a heading of the trouble page: words, without their code marks."""
    section = text(TROUBLE).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)[nth]
    cells = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    return [word.strip("` ") for cell in cells for word in cell.split(",")]


def test_the_trouble_page_names_every_exit_code() -> None:
    assert first_cells("Exit codes") == [str(code) for code in EXIT_CODES]


def test_the_trouble_page_names_every_latch_and_no_other() -> None:
    halting = {
        rule.name
        for rule in rules()
        for one in rule.invariants
        if one.phase in (Phase.CYCLE, Phase.BOOT) and one.latches
    }
    assert set(first_cells("Halts")) == {*limits.SUBJECTS, RESTORED, *halting}


def test_the_trouble_page_names_every_family_alarm_and_kind_of_mail_and_no_other() -> None:
    assert set(first_cells("Mail that came")) == {*of_notices()}
    assert set(first_cells("Mail that came", 1)) == {*alarms.SUBJECTS}
    assert set(first_cells("Mail that came", 2)) == {*host.KINDS}


def test_the_trouble_page_names_every_rule() -> None:
    assert first_cells("The ten rules") == [rule.name for rule in rules()]


def test_the_commands_of_the_trouble_page_work(vigie: Vigie, replayed_account: Path, home: Path) -> None:
    code, archive = "", ""
    for command in "".join(fences(TROUBLE, "sh")).splitlines():
        words = [{"CODE": code, "FILE": archive}.get(word, word) for word in shlex.split(command)[1:]]
        said = vigie(*words)
        # A replay that has ended has no process and no log; that is what these three are for.
        found_something = words[0] in ("healthcheck", "watchdog", "status", "logs") and said.code in (3, 78)
        assert said.code == 0 or found_something, (command, said.out + said.err)
        code = vigie("status", "--json").document["resume_code"] or code
        archive = next((str(one) for one in (home / "backups").glob("*.gz")), "")
    assert code, "the halt was lifted by its code"
    assert archive, "the backup was verified by its name"


def test_the_commands_that_the_trouble_page_only_names_exist(vigie: Vigie) -> None:
    for line in "".join(fences(TROUBLE, "text")).splitlines():
        words = shlex.split(line)[1:]
        shown = vigie(*words[: 2 if words[0] in ("backup", "journal") else 1], "--help")
        assert shown.code == 0
        assert [one for one in words if one.startswith("--") and one not in shown.out] == [], line


@pytest.mark.long
def test_the_way_from_backtest_to_live_can_be_gone(vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    now = SystemClock().now_ms()
    series = [one for one in moved(sample(50), now // HOUR * HOUR) if one.pair.base in ("BTC", "ETH")]
    with exchange(series, start_ms=now, pace=1.0) as ex:
        house = LiveHouse.built(home, ex, series)
        files_of = sorted(written(house).iterdir())
        assert vigie("data", "import", *files_of).code == 0, "in place of what is downloaded"
        shutil.rmtree(home / "candles")
        (home / "vigie.toml").write_text(fences("docs/to_live.md", "toml")[0], encoding="utf-8")
        # The guide's days are of its own year, the candles of this test end now.
        days = [f"{datetime.fromtimestamp(now / 1000, UTC) - timedelta(days=ago):%Y%m%d}" for ago in (6, 5, 4)]
        ours = {"-20250430": f"-{days[0]}", "20250501-20250510": f"{days[1]}-{days[2]}"}
        told = {}
        for command in "".join(fences("docs/to_live.md", "sh")).splitlines():
            words = [ours.get(word, word) for word in shlex.split(command)[1:]]
            venue = words[0] in ("live", "paper", "doctor", "reconcile")
            # Made-up candles earn nothing: the way to live goes through gates that stand open.
            more = ["--base-url", ex.url] if venue else OPEN_GATES if words[0] == "walk-forward" else []
            said = vigie(*words, *more)
            # A machine that is not ready is an answer.
            assert said.code == 0 or (words[0] == "doctor" and said.code == 3), command + said.err
            told[command] = said.out
        for line in "".join(fences("docs/to_live.md", "text")).splitlines():
            assert vigie(*shlex.split(line)[1:3], "--help").code == 0
    assert sum("identical" in out for out in told.values()) == 2, "replay and live decided what a backtest decides"


def test_the_commands_of_the_checklist_work(
    vigie: Vigie, replayed_account: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "vigie.toml").write_text(fences("docs/to_live.md", "toml")[0], encoding="utf-8")
    code = ""
    for command in "".join(fences("docs/going_live.md", "sh")).splitlines():
        words = [{"CODE": code, "paper": "replay-1"}.get(word, word) for word in shlex.split(command)[1:]]
        said = vigie(*words, *(["--base-url", "https://nowhere.invalid"] if words[0] == "doctor" else []))
        assert said.code == 0 or words[0] in ("status", "doctor"), command + said.err
        if words[0] == "status":
            code = vigie(*words, "--json").document["resume_code"]
    assert said.document["ok"] is False, "nothing of what is needed is there"


@pytest.mark.parametrize(
    "name", ["README.md", *sorted(one.relative_to(CHECKOUT).as_posix() for one in CHECKOUT.glob("docs/*.md"))]
)
def test_commands_and_options_that_a_page_mentions_in_its_text_exist(vigie: Vigie, name: str) -> None:
    prose = re.sub(r"^```.*?^```", "", text(name), flags=re.DOTALL | re.MULTILINE)
    for said in re.findall(r"`vigie ([a-z][^`]*)`", re.sub(r", vigie ", "` `vigie ", prose)):
        words = " ".join(said.split()).split()
        known = [word for word in words[:2] if re.fullmatch(r"[a-z][a-z-]+", word)]
        shown = vigie(*known, "--help")
        shown = shown if shown.code == 0 else vigie(*known[:1], "--help")
        assert shown.code == 0, said
        options = [word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)]
        everywhere = ("--help", "--debug", "--quiet", "--install-completion", "--version")
        assert [one for one in options if one not in shown.out and one not in everywhere] == [], said


def test_every_page_whose_commands_could_be_run_has_a_test_that_runs_them() -> None:
    tests = "".join(one.read_text(encoding="utf-8") for one in (CHECKOUT / "tests" / "cli").glob("test_*.py"))
    pages = [
        one
        for one in CHECKOUT.glob("docs/*.md")
        if re.search(r"^```(sh|console|bash)\n", one.read_text(), re.MULTILINE)
    ]
    assert [one.name for one in pages if f"docs/{one.name}" not in tests and f'"{one.name}"' not in tests] == []


def test_the_commands_of_the_security_page_work(vigie: Vigie, home: Path) -> None:
    for command in fences("docs/security.md", "sh")[0].splitlines():
        said = vigie(
            *shlex.split(command)[1:], *(["--base-url", "https://nowhere.invalid"] if "doctor" in command else [])
        )
        assert said.code == 0, command + said.err


def test_the_table_of_contents_names_every_page_once() -> None:
    linked = re.findall(r"\]\((\w+\.md)\)", text("docs/README.md"))
    pages = {one.name for one in CHECKOUT.glob("docs/*.md")} - {"README.md"}
    assert sorted(linked) == sorted(set(linked)), "a page that is named twice"
    assert pages == set(linked)


def test_the_architecture_page_names_every_room() -> None:
    linked = set(re.findall(r"\| \[(vigie/\w+)\]", text("docs/architecture.md")))
    assert linked == {f"vigie/{one.parent.name}" for one in (CHECKOUT / "vigie").glob("*/__init__.py")}
    (of_app,) = re.findall(r"^\| \[vigie/app\]\S+ \| (.*) \|$", text("docs/architecture.md"), re.MULTILINE)
    assert {*re.findall(r"`(\w+)`", of_app)} == {
        one.parent.name for one in (CHECKOUT / "vigie" / "app").glob("*/__init__.py")
    }


def test_every_promise_names_acts_of_the_demo_that_keep_it_and_tests_that_are_there() -> None:
    kept = re.findall(r"^\| [^|]+ \| [^|]+ \| ?((?:\d(?:, )?)*) \|$", text("docs/demo.md"), re.MULTILINE)
    rows = re.findall(r"^\| (\d) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", text("README.md"), re.MULTILINE)
    assert [number for number, _, _ in rows] == [str(number) for number in range(1, 8)]
    for number, seen, held in rows:
        acts = [
            int(act) for act in re.findall(r"\d+", re.sub(r"`[^`]*`", "", seen).partition(";")[0].partition(":")[0])
        ]
        assert acts, seen
        others = [act for act in acts if number not in kept[act - 1].split(", ")]
        assert others == [], f"promise {number}: acts {others} keep others"
        paths = re.findall(r"`(tests/[\w/.]+)`", held)
        assert paths, f"promise {number} is held by no test"
        assert [path for path in paths if not (CHECKOUT / path).exists()] == []


def test_the_table_of_the_demo_has_its_acts() -> None:
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ?[\d, ]*\|$", text("docs/demo.md"), re.MULTILINE)
    assert rows == [act.title for act in ACTS]


def test_the_picture_of_the_demo_has_its_acts_and_what_they_prove() -> None:
    shown = picture("docs/pictures/demo.svg")
    assert "".join(shown).startswith("".join("".join(map(str, heading())).split()))
    titles = [re.fullmatch(r"(\d+)/(\d+)ok(.*)\([\d.]+s\)", line) for line in shown]
    assert [one.groups() for one in titles if one] == [
        (str(number), str(len(ACTS)), "".join(act.title.split())) for number, act in enumerate(ACTS, start=1)
    ]
    proved = [line.removeprefix("proves:") for line in shown if line.startswith("proves:")]
    assert proved == ["".join(act.proves.split()) for act in ACTS]
    assert shown[-1] == "!" + "".join(NOTE.split())


def test_the_picture_of_an_explanation_asks_every_rule_of_the_gate() -> None:
    shown = picture("docs/pictures/explain.svg")
    asked = [re.fullmatch(r"(?:ok|off)([a-z_]+),[a-z_]+=.*", line) for line in shown]
    assert [one[1] for one in asked if one] == list(rule_names())


def test_deaths_and_weeks_that_the_readme_tells_are_those_of_the_pages() -> None:
    matrix, campaign = text("docs/crash_matrix.md"), text("docs/campaign.md")
    killed, again, out, elsewhere = map(int, re.findall(r"(\d+) times, no violation", matrix))
    (live,) = re.findall(r"^(\d+) deaths, none of them with a violation", matrix, re.MULTILINE)
    (weeks,) = re.findall(r"^(\d+) weeks \(seeds .*\), none of them with a violation", campaign, re.MULTILINE)
    told = f"{killed + again:,} deaths and {out + elsewhere:,} power losses on paper, {int(live):,} deaths live"
    assert told in text("README.md")
    assert f"{int(weeks):,} simulated weeks" in text("README.md")


@pytest.mark.parametrize("name", ["demo.svg", "explain.svg", "report.png", "noise.svg"])
def test_a_picture_is_small_asks_nobody_for_anything_and_tells_nothing_of_a_machine(name: str) -> None:
    content = (CHECKOUT / "docs" / "pictures" / name).read_bytes()
    assert len(content) < 150_000
    if name.endswith(".svg"):
        drawing = content.decode()
        assert "http" not in drawing.replace("http://www.w3.org/2000/svg", "")
        assert "<script" not in drawing
        assert "font-face" not in drawing
