"""The real PM2, from npm, with a daemon of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vigie.adapters.storage.locks import locked

CHECKOUT = Path(__file__).resolve().parents[2]
VERSION = "7.0.4"
PATIENCE = 180.0
"""Seconds; what comes sooner costs none of them: a machine that does much else starts a process in a minute."""


def missing() -> str:
    """Why there can be no PM2 here; empty: there can."""
    absent = [one for one in ("node", "npm") if shutil.which(one) is None]
    return f"{' and '.join(absent)} missing" if absent else ""


def installed() -> Path:
    """PM2's program, installed once into a folder that stays.

    Raises:
        subprocess.CalledProcessError: npm could not.
    """
    folder = Path(tempfile.gettempdir()) / f"vigie-pm2-{VERSION}-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    program = folder / "node_modules" / "pm2" / "bin" / "pm2"
    with locked(folder / "lock"):
        if not (folder / "done").exists():
            words = ["npm", "install", f"pm2@{VERSION}", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True)
            (folder / "done").touch()
    return program


@dataclass
class Pm2:
    """A daemon with a folder of its own.

    Attributes:
        folder: of the daemon.
        home: of vigie.
        environment: of what is started.
    """

    folder: Path
    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def say(self, *words: str) -> str:
        """Call PM2; what it prints."""
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PM2_HOME": str(self.folder),
            "VIGIE_HOME": str(self.home),
            "TZ": "UTC",
            "PM2_DISABLE_VERSION_CHECK": "true",
            **self.environment,
        }
        done = subprocess.run(
            ["node", str(installed()), *words], cwd=CHECKOUT, env=environment, capture_output=True, text=True,
            check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, app: str) -> None:
        """Start one app of the file that is shipped."""
        self.say("start", "ecosystem.config.js", "--only", app)

    def app(self, name: str) -> Any:
        """What PM2 says of an app: ``pid``, ``status``, ``restarts``, ``exit_code``."""
        text = self.say("jlist", "--silent")
        (one,) = [one for one in json.loads(text[text.index("[{") :]) if one["name"] == name]
        env = one["pm2_env"]
        return {
            "pid": one["pid"], "status": env["status"], "restarts": env["restart_time"], "code": env.get("exit_code"),
            "env": env,
        }  # fmt: skip

    def until(self, name: str, holds: Callable[[Any], object]) -> Any:
        """What PM2 says of an app as soon as something can be said of it."""
        end = time.monotonic() + PATIENCE
        while not holds(one := self.app(name)):
            log = "".join(path.read_text()[-2000:] for path in self.folder.glob("logs/*.log"))
            assert time.monotonic() < end, (one["status"], one["restarts"], log)
            time.sleep(0.2)
        return one
