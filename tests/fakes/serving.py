"""``vigie exchange serve`` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def served(*words: str, home: Path) -> Iterator[tuple[dict[str, Any], Callable[[], int]]]:
    """Serve, and end it; what its first line says, and its exit code once it has ended."""
    program = Path(sys.executable).with_name("vigie")
    process = subprocess.Popen(
        [program, *words], cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "VIGIE_HOME": str(home)},
    )  # fmt: skip
    said = []
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError(process.communicate()[1])
        yield json.loads(line), lambda: said[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        said.append(process.returncode)
