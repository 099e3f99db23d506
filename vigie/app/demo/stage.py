"""The stage of the demo: a scratch home, and the commands of vigie that are called in it. Nothing outlives it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from vigie.adapters.clock import SystemClock
from vigie.adapters.signals import Interrupting
from vigie.app.program import own_program
from vigie.domain.errors import VigieError

T = TypeVar("T")
Doing = Callable[[str], None]
"""Told what is being done, while it is."""

PATIENCE_S = 120.0
"""A machine that does much else is given so long for any one step."""
_LOOK_S = 0.05
_KEPT_VARIABLES = ("VIGIE_CACHE",)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class NotFoundError(VigieError):
    """What an act was to show is not there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said.

    Attributes:
        words: of the command line, behind ``vigie``.
        code: its exit code.
        out, err: as it was written.
        seconds: from its call to its end.
    """

    words: tuple[str, ...]
    code: int
    out: str
    err: str
    seconds: float = 0.0

    @property
    def document(self) -> dict[str, Any]:
        """What it wrote with ``--json``.

        Raises:
            NotFoundError: that is no document.
        """
        try:
            found: dict[str, Any] = json.loads(self.out)
        except ValueError:
            raise NotFoundError(f"vigie {' '.join(self.words)} wrote no JSON: {self.out[:80]!r}") from None
        return found


@dataclass(slots=True)
class Stage:
    """Where the demo takes place.

    Attributes:
        home: scratch home of the account.
        doing: told what is being done.
        fast: less is waited for.
        facts: what later acts need of earlier ones.
        interrupting: makes Ctrl-C wait until a process that starts is known.
    """

    home: Path
    doing: Doing = lambda _: None
    fast: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    interrupting: Interrupting = field(default_factory=Interrupting)
    _clock: SystemClock = field(default_factory=SystemClock)
    _alive: list[subprocess.Popen[str]] = field(default_factory=list)

    def vigie(self, *words: str, expected: Sequence[int] = (0,), home: Path | None = None) -> Answer:
        """Call a command and wait for its end.

        Args:
            words: behind ``vigie``.
            expected: exit codes that are in order.
            home: another one; None: the stage's.

        Raises:
            NotFoundError: it ended otherwise; says how.
        """
        self.doing(f"vigie {' '.join(words)}")
        began = self._clock.now_ms()
        process = self._started(words, home or self.home, subprocess.PIPE, subprocess.PIPE)
        try:
            out, err = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise NotFoundError(f"vigie {' '.join(words)} did not end in {PATIENCE_S:.0f} s") from None
        finally:
            self.end(process)
        if process.returncode not in expected:
            last = (err.strip() or out.strip()).splitlines()[-1:] or ["it said nothing"]
            raise NotFoundError(f"vigie {' '.join(words)} ended with {process.returncode}: {last[0]}")
        return Answer(words, process.returncode, out, err, (self._clock.now_ms() - began) / 1000)

    def start(self, *words: str, name: str) -> subprocess.Popen[str]:
        """Start a command that goes on beside us; what it says goes to ``logs/demo/NAME.out`` and ``.err``."""
        self.doing(f"vigie {' '.join(words)}")
        folder = self.home / "logs" / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{name}.out").open("w") as out, (folder / f"{name}.err").open("w") as err:
            return self._started(words, self.home, out, err)

    def _started(self, words: Sequence[str], home: Path, out: Any, err: Any) -> subprocess.Popen[str]:  # noqa: ANN401, RUF100
        with self.interrupting.held():
            process = subprocess.Popen(  # noqa: S603, RUF100 - ourselves
                [str(own_program()), *words],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, text=True, encoding="utf-8", cwd=home,
                env=environment_of(home, os.environ),
            )  # fmt: skip
            self._alive.append(process)
        return process

    def until(
        self,
        what: str,
        look: Callable[[], T | None],
        *,
        beside: subprocess.Popen[str],
        name: str,
        patience: float = 0.0,
    ) -> T:
        """Look until there is something.

        Args:
            what: is waited for, for people.
            look: None: not there yet.
            beside: the process that is to bring it about.
            name: of what that process says.
            patience: seconds; 0: the usual.

        Raises:
            NotFoundError: patience is over, or the process has ended.
        """
        self.doing(what)
        until = self._clock.now_ms() + (patience or PATIENCE_S) * 1000
        while True:
            code = beside.poll()
            found = look()
            if found is not None:
                return found
            if code is not None:
                raise NotFoundError(f"{what}: the process ended with {code} before: {self.last_words(name)}")
            if self._clock.now_ms() > until:
                raise NotFoundError(f"{what}: not within {patience or PATIENCE_S:.0f} s")
            self._clock.sleep(_LOOK_S)

    def last_words(self, name: str) -> str:
        """The last line that a process beside us has said."""
        try:
            text = (self.home / "logs" / "demo" / f"{name}.err").read_text(encoding="utf-8", errors="replace")
        except OSError:
            text = ""
        return (text.strip().splitlines() or ["it said nothing"])[-1]

    def end(self, process: subprocess.Popen[str]) -> int:
        """Make sure that a process is no more; how it ended."""
        if process.poll() is None:
            process.kill()
        code = process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        if process in self._alive:
            self._alive.remove(process)
        return code

    def close(self) -> None:
        """Nothing that was started here goes on."""
        for process in list(self._alive):
            self.end(process)


def environment_of(home: Path, ours: Mapping[str, str]) -> dict[str, str]:
    """Of children: the user's accounts, keys and proxies are none of the demo's business."""
    kept = {
        name: value
        for name, value in ours.items()
        if (not name.startswith("VIGIE_") or name in _KEPT_VARIABLES) and name.lower() not in _PROXIES
    }
    return {**kept, "VIGIE_HOME": str(home), "NO_COLOR": "1", "PYTHONUTF8": "1"}
