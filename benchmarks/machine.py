"""Where the numbers were measured."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def describe() -> dict[str, str | int | None]:
    """Processor, cores, system, interpreter."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
