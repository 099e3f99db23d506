"""What PM2 reads of `ecosystem.config.js`, on this system and as on Windows. PM2 itself: `tests/e2e/test_pm2`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node missing")


def read(folder: Path, platform: str = "linux", **environment: str) -> Any:
    """Its apps, or what went wrong, as node tells."""
    source = (
        f"Object.defineProperty(process, 'platform', {{value: {platform!r}}});"
        f"console.log(JSON.stringify(require({str(folder / 'ecosystem.config.js')!r}).apps))"
    )
    plain = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
    done = subprocess.run(
        ["node", "-e", source], env={**plain, **environment}, capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The file, and a .venv of both systems beside it."""
    shutil.copy(CHECKOUT / "ecosystem.config.js", tmp_path)
    for name in ("bin/vigie", "Scripts/vigie.exe"):
        (tmp_path / ".venv" / name).parent.mkdir(parents=True)
        (tmp_path / ".venv" / name).touch()
    return tmp_path


def test_the_process_is_restarted_unless_it_was_stopped_and_never_killed_by_a_cron(folder: Path) -> None:
    app = read(folder)[0]
    assert (app["name"], app["args"]) == ("vigie-paper", ["paper", "--account", "paper"])
    assert (app["autorestart"], app["stop_exit_codes"], app["max_restarts"]) == (True, [78], 10)
    assert (app["min_uptime"], app["kill_timeout"]) == ("60s", 30000)
    assert not {"cron_restart", "restart_delay", "exp_backoff_restart_delay"} & set(app)


def test_the_job_is_called_hourly_and_not_restarted(folder: Path) -> None:
    job = read(folder)[1]
    assert (job["name"], job["args"]) == ("vigie-paper-once", ["paper", "--account", "paper", "--once"])
    assert (job["autorestart"], job["cron_restart"]) == (False, "1 * * * *")
    assert read(folder, VIGIE_CRON="5 4 * * *")[1]["cron_restart"] == "5 4 * * *"


def test_both_apps_run_the_vigie_beside_them_without_a_window_in_utc(folder: Path) -> None:
    for app in read(folder):
        assert (app["script"], app["interpreter"]) == (str(folder / ".venv/bin/vigie"), "none")
        assert (app["vizion"], app["windowsHide"], app["instances"], app["exec_mode"]) == (False, True, 1, "fork")
        assert app["env"] == {"VIGIE_HOME": str(folder), "TZ": "UTC", "PYTHONUNBUFFERED": "1"}
        assert app["cwd"] == str(folder)


def test_on_windows_it_is_the_program_of_windows(folder: Path) -> None:
    assert read(folder, "win32")[0]["script"] == str(folder / ".venv/Scripts/vigie.exe")


def test_an_account_with_real_money_is_named_by_whoever_starts_it(folder: Path) -> None:
    app = read(folder, VIGIE_ACCOUNT="live-main", VIGIE_ARGUMENTS=" --sandbox  --no-orders ")[0]
    assert app["name"] == "vigie-live-main"
    assert app["args"] == ["live", "--account", "live-main", "--sandbox", "--no-orders"]
    assert "VIGIE_LIVE_ACCOUNT" not in app["env"], "a person says it, no file does"


def test_without_a_venv_the_first_one_on_the_path_is_taken_and_none_is_told(folder: Path, tmp_path: Path) -> None:
    node = str(Path(shutil.which("node") or "").parent)
    shutil.rmtree(folder / ".venv")
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "vigie").touch()
    assert read(folder, PATH=f"{other}{os.pathsep}{node}")[0]["script"] == str(other / "vigie")
    (other / "vigie").unlink()
    assert "run uv sync, or install vigie" in read(folder, PATH=f"{other}{os.pathsep}{node}")
