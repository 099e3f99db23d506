"""A stage of the demo on which nothing is played: commands answer what they are told to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vigie.app.demo.stage import Answer, NotFoundError, Stage, T


class ToldStage(Stage):
    """Answers by the first words of a command line; each wait is one look."""

    def __init__(self, home: Path, answers: Mapping[str, Any], codes: Mapping[str, int] | None = None) -> None:
        super().__init__(home)
        self.answers, self.codes = dict(answers), dict(codes or {})
        self.called: list[tuple[str, ...]] = []

    def vigie(self, *words: str, expected: Sequence[int] = (0,), home: Path | None = None) -> Answer:
        self.called.append(words)
        name = next((one for one in self.answers if " ".join(words).startswith(one)), None)
        found = {} if name is None else self.answers[name]
        document = found(home or self.home) if callable(found) else found
        code = self.codes.get(name or "", expected[0])
        if code not in expected:
            raise NotFoundError(f"vigie {' '.join(words)} ended with {code}")
        return Answer(words, code, json.dumps(document), "")

    def start(self, *words: str, name: str) -> subprocess.Popen[str]:
        self.called.append(words)
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], text=True)
        self._alive.append(process)
        return process

    def until(
        self, what: str, look: Callable[[], T | None], *, beside: subprocess.Popen[str], name: str,
        patience: float = 0.0,
    ) -> T:  # fmt: skip
        found = look()
        if found is None:
            raise NotFoundError(what)
        return found
