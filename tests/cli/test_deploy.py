"""What supervisors are given to read: held against the readers that are here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.fakes.command_line import Vigie
from vigie.app.deploy import Deployed, systemd_unit
from vigie.domain.timeframe import Timeframe

CHECKOUT = Path(__file__).resolve().parents[2]
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
EXAMPLE = Deployed(
    "live-main", Path("/srv/vigie"), Path("/srv/vigie/.venv/bin/vigie"), Timeframe.parse("1h"), "binance"
)
LIVE = '[accounts.live-main]\nvenue = "binance"\ncapital = 1000\ntimeframe = "{}"\n'


def verified(unit: str, folder: Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing")
    path = folder / "vigie-paper.service"
    path.write_text(unit, encoding="utf-8")
    return subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("account", [pytest.param("paper", marks=pytest.mark.long), "live-main"])
def test_systemd_accepts_the_unit_without_a_word(vigie: Vigie, home: Path, tmp_path: Path, account: str) -> None:
    program = Path(sys.executable).with_name("vigie")
    said = vigie("deploy", "systemd", "--account", account, "--print", "--program", program)
    assert said.code == 0, said.err
    done = verified(said.out, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = said.out.splitlines()
    for line in (
        "Type=notify", "Restart=always", "RestartSec=30", "RestartPreventExitStatus=78", "WatchdogSec=180",
        "NoNewPrivileges=yes", "ProtectSystem=strict",
        f"ExecStart={program} {account.split('-', maxsplit=1)[0]} --account {account}",
    ):  # fmt: skip
        assert line in lines, line


def test_a_unit_that_systemd_does_not_take_is_told_from_one_that_it_takes(tmp_path: Path) -> None:
    done = verified(systemd_unit(EXAMPLE), tmp_path)
    assert done.returncode != 0, "there is no such program here"
    assert "/srv/vigie/.venv/bin/vigie is not executable" in done.stderr


def test_words_that_systemd_would_take_for_its_own_come_through_as_they_are(tmp_path: Path) -> None:
    program = tmp_path / "a b %n $HOME" / "vigie"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = systemd_unit(Deployed("paper", tmp_path, program, Timeframe.parse("1h"), "binance", words=("x y", "50%$A")))
    done = verified(unit, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"x y" 50%%$$A' in unit


def test_real_money_waits_for_a_persons_hand_and_its_keys_are_credentials(vigie: Vigie, home: Path) -> None:
    (home / "vigie.toml").write_text(LIVE.format("1h"))
    unit = vigie("deploy", "systemd", "--account", "live-main", "--credential", "VIGIE_MAIL_PASSWORD").out
    assert "\n#Environment=VIGIE_LIVE_ACCOUNT=live-main\n" in unit
    assert "\nEnvironment=VIGIE_LIVE_ACCOUNT" not in unit
    loaded = [line for line in unit.splitlines() if line.startswith("LoadCredential=")]
    names = ["VIGIE_LIVE_MAIN_API_KEY", "VIGIE_LIVE_MAIN_API_SECRET", "VIGIE_MAIL_PASSWORD"]
    assert loaded == [f"LoadCredential={name}:/etc/vigie/{name}" for name in names]
    line = vigie("deploy", "cron", "--account", "live-main").out.splitlines()[-1]
    assert line.startswith("#1,16,31,46 * * * * cd ")
    assert "VIGIE_LIVE_ACCOUNT=live-main" in line
    assert "LoadCredential" not in vigie("deploy", "systemd").out


def test_the_example_that_is_shipped_is_what_the_command_prints() -> None:
    assert (CHECKOUT / "deploy" / "vigie-live-main.service").read_text(encoding="utf-8") == systemd_unit(EXAMPLE)


def test_a_line_of_cron_runs_in_a_shell_and_leaves_a_log(vigie: Vigie, tmp_path: Path, home: Path) -> None:
    program = tmp_path / "it's" / "vigie"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$VIGIE_HOME" "$@"\n')
    program.chmod(0o755)
    (home / "logs").mkdir()
    said = vigie("deploy", "cron", "--program", program, "--word", "50% off")
    line = said.out.splitlines()[-1]
    schedule, command = line[: len("1,16,31,46 * * * *")], line[len("1,16,31,46 * * * *") :]
    assert schedule == "1,16,31,46 * * * *"
    assert "50\\%" in command
    # cron takes the backslash away before a shell sees the line.
    subprocess.run(["sh", "-c", command.replace("\\%", "%")], check=True)
    assert (home / "logs/cron.log").read_text() == f"{home} paper --account paper 50% off --once\n"


@pytest.mark.parametrize("once", [False, True])
def test_the_task_for_windows_is_xml_and_says_what_is_to_run(vigie: Vigie, home: Path, once: bool) -> None:
    said = vigie("deploy", "task", "--program", "/a & b/vigie.exe", *(["--once"] if once else []))
    task = ET.fromstring(said.out)
    run = task.find(f"{TASK}Actions/{TASK}Exec")
    assert run is not None
    assert run.findtext(f"{TASK}Command") == "/a & b/vigie.exe"
    assert run.findtext(f"{TASK}Arguments") == "paper --account paper" + (" --once" if once else "")
    assert run.findtext(f"{TASK}WorkingDirectory") == str(home)
    settings = task.find(f"{TASK}Settings")
    assert settings is not None
    assert settings.findtext(f"{TASK}MultipleInstancesPolicy") == "IgnoreNew"
    assert (settings.find(f"{TASK}RestartOnFailure") is None) == once
    assert (task.find(f"{TASK}Triggers/{TASK}BootTrigger") is None) == once


@pytest.mark.parametrize("timeframe", ["1m", "5m", "20m"])
def test_candles_that_calls_would_come_too_late_for_are_refused(vigie: Vigie, home: Path, timeframe: str) -> None:
    (home / "vigie.toml").write_text(f'[accounts.paper]\ntimeframe = "{timeframe}"\n')
    for words in (["cron"], ["task", "--once"]):
        said = vigie("deploy", *words)
        assert said.code == 78
        assert f"too late for candles of {timeframe}" in said.err
    assert vigie("deploy", "task").code == 0
    assert vigie("deploy", "systemd").code == 0


def test_what_cannot_be_deployed_is_told(vigie: Vigie, home: Path) -> None:
    assert vigie("deploy", "systemd", "--account", "Live").code == 78
    said = vigie("deploy", "systemd", "--word", "a\nExecStart=/bin/evil")
    assert said.code == 78
    assert "control characters" in said.err
    document = vigie("deploy", "cron", "--json").document
    assert (document["kind"], document["account"]) == ("cron", "paper")
    assert document["text"] == vigie("deploy", "cron").out
