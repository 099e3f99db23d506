"""The commands of the guide start a cluster and use it."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fakes.command_line import Vigie
from tests.fakes.dask_processes import until
from tests.fakes.markets_on_disk import write_market

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "many_machines.md").read_text(encoding="utf-8")
COMMANDS = [line for fence in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) for line in fence.strip().splitlines()]
PORT = "8786"


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_the_commands_of_the_guide_start_a_cluster_and_use_it(
    vigie: Vigie, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_market(home / "candles" / "binance_BTC-USDT_1h.csv", rows=2400)
    monkeypatch.chdir(home)
    port, log = free_port(), tmp_path / "log"
    programs = []
    with ExitStack() as ended, log.open("wb") as written:
        for command in COMMANDS:
            program, *words = shlex.split(command.replace(PORT, port))
            programs.append(program)
            if program == "dask":
                words += ["--no-dashboard"]
                process = subprocess.Popen([sys.executable, "-m", "dask", *words], stdout=written, stderr=written,
                                           cwd=tmp_path, start_new_session=True,
                                           env={**os.environ, "TMPDIR": str(tmp_path)})  # fmt: skip
                ended.callback(process.wait)
                ended.callback(process.terminate)
                wanted = "Scheduler at:" if words[0] == "scheduler" else "Starting established connection"
                until(lambda wanted=wanted: wanted in log.read_text(errors="replace"))
                continue
            said = vigie(*words)
            assert said.code in (0, 3), said.err
            assert "12 points" in said.err
    assert programs == ["dask", "dask", "vigie", "vigie"]


def test_the_guide_is_a_page_and_is_led_to() -> None:
    assert len(GUIDE.splitlines()) <= 100
    assert "many_machines.md" in (Path(__file__).resolve().parents[2] / "docs" / "walk_forward.md").read_text("utf-8")
    assert GUIDE.count('".[dask]"') == 1
