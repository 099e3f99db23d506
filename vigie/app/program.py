"""Which vigie this is, for who starts another one, and how one is started and ended that works beside the engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

END_SECONDS = 5.0
"""So long a process beside the one that trades has to end when it is asked to."""


def own_program() -> Path:
    """The one beside the Python that runs, or the first one on PATH; its bare name if there is none."""
    name = "vigie.exe" if sys.platform == "win32" else "vigie"
    beside = Path(sys.executable).with_name(name)
    return beside if beside.exists() else Path(shutil.which("vigie") or name)


def without_keys(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """What a process beside the one that trades has to know of an environment: no key of any venue."""
    kept = {name: value for name, value in environment.items() if "_API_" not in name}
    return {**kept, "VIGIE_HOME": str(home)}


def begin_beside(words: Sequence[str], home: Path) -> subprocess.Popen[bytes]:
    """Start a process of ours that knows no keys, asks nothing and shows nothing.

    Args:
        words: program and arguments.
        home: the user's folder.

    Raises:
        OSError: it cannot be started.
    """
    return subprocess.Popen(  # noqa: S603 - ourselves
        list(words),
        env=without_keys(os.environ, home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def end_beside(child: subprocess.Popen[bytes] | None) -> None:
    """Ask it to end; kill it if it does not."""
    if child is None or child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
