"""Which vigie this is, for who starts another one."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path


def own_program() -> Path:
    """The one beside the Python that runs, or the first one on PATH; its bare name if there is none."""
    name = "vigie.exe" if sys.platform == "win32" else "vigie"
    beside = Path(sys.executable).with_name(name)
    return beside if beside.exists() else Path(shutil.which("vigie") or name)


def without_keys(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """What a process beside the one that trades has to know of an environment: no key of any venue."""
    kept = {name: value for name, value in environment.items() if "_API_" not in name}
    return {**kept, "VIGIE_HOME": str(home)}
