"""Peers live in environments of their own, made on demand beside this file (git-ignored)."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent / ".environments"
PEERS = {
    "vectorbt": "vectorbt==1.2.0",
    "backtesting": "backtesting==0.6.6",
    # Clients of the simulated exchange that nobody here wrote.
    "python-binance": "python-binance==1.0.37",
    "binance-sdk-spot": "binance-sdk-spot==13.2.0",
}


def python_of(peer: str) -> Path:
    """The interpreter of ``peer``'s environment, installed first if it is missing or holds another version.

    Raises:
        RuntimeError: uv is not on the path, or it failed; its own words are in the message.
    """
    home = FOLDER / peer
    python, installed = home / "bin" / "python", home / "installed.txt"
    wanted = f"{PEERS[peer]} on {platform.python_version()}"
    if python.exists() and installed.exists() and installed.read_text() == wanted:
        return python
    uv = shutil.which("uv")
    if uv is None:
        raise RuntimeError("the peers are installed by uv, and uv is not on the path")
    shutil.rmtree(home, ignore_errors=True)
    _call([uv, "venv", "--quiet", "--python", platform.python_version(), str(home)])
    _call([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), PEERS[peer]])
    installed.write_text(wanted)
    return python


def _call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()}")
