"""The operating system's calls wrapped from outside: each is counted, and one of them can be the last.

Nothing of vigie is changed: `os` functions, `io.open` and the two methods of the paper broker that stand for requests
are replaced for a while, in a process of its own.
"""

from __future__ import annotations

import io
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vigie.adapters.exchanges.paper import PaperBroker

WRITING = re.compile(r"[wax+]")
LINE_FEED = 10


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that lasts, or a request.

    Attributes:
        call: ``write``, ``fsync``, ``replace``, ``submit`` ...
        subject: what it is done to, a kind of file or the leg of an order.
        row: of the market, when it was done.
        ends: for a write, after how many bytes each of its lines ends.
    """

    call: str
    subject: str
    row: int = 0
    ends: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.call} {self.subject}"


@dataclass
class Wrapper:
    """Counts operations below a folder and does something before each.

    Attributes:
        home: only what lies below it counts, its logs apart.
        before: called with the number of an operation and itself, before it is done.
        done: the operations so far.
        row: told by whoever drives the market.
        tear: number of a write and how many bytes of it are done before the process dies; None: none.
        paused: nothing counts.
    """

    home: Path
    before: Callable[[int, Operation], None] = lambda _, __: None
    done: list[Operation] = field(default_factory=list)
    row: int = 0
    tear: tuple[int, int] | None = None
    paused: bool = False

    def about_to(self, call: str, subject: str, ends: tuple[int, ...] = ()) -> int:
        number, operation = len(self.done), Operation(call, subject, self.row, ends)
        self.done.append(operation)
        self.before(number, operation)
        return number

    def concerns(self, where: object) -> str | None:
        """The kind of file that a path or descriptor is, if it lies below the home."""
        if self.paused:
            return None
        if isinstance(where, int):
            where = Path(f"/proc/self/fd/{where}").readlink()
        path = os.fspath(where)  # type: ignore[call-overload]
        if not str(path).startswith(str(self.home)):
            return None
        below = str(path)[len(str(self.home)) + 1 :]
        # Logs are written by a thread of their own, whenever it comes to it, and nothing reads them back.
        return None if below.partition("/")[0] == "logs" else kind_of(below)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Wrap while the block runs."""
        kept = {name: getattr(os, name) for name in ("write", "fsync", "replace", "rename", "link", "unlink", "mkdir")}
        opened, submit, cancel = io.open, PaperBroker.submit, PaperBroker.cancel
        for name, call in kept.items():
            setattr(os, name, self._of_path(name, call))
        os.write, os.fsync = self._write(kept["write"]), self._of_path("fsync", kept["fsync"])  # type: ignore[assignment]
        io.open = self._open(opened)  # type: ignore[assignment]
        PaperBroker.submit = self._submit(submit)  # type: ignore[method-assign]
        PaperBroker.cancel = self._cancel(cancel)  # type: ignore[method-assign]
        try:
            yield
        finally:
            for name, call in kept.items():
                setattr(os, name, call)
            io.open, PaperBroker.submit, PaperBroker.cancel = opened, submit, cancel  # type: ignore[method-assign]

    def _of_path(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(where: Any, *rest: Any, **named: Any) -> Any:
            # A rename is told by what it is for: its new name.
            subject = self.concerns(rest[0] if name in ("replace", "rename", "link") else where)
            if subject is not None:
                self.about_to(name, subject)
            return call(where, *rest, **named)

        return wrapped

    def _write(self, call: Callable[..., int]) -> Callable[..., int]:
        def wrapped(descriptor: int, content: Any) -> int:
            subject = self.concerns(descriptor)
            if subject is None:
                return call(descriptor, content)
            raw = bytes(content)
            number = self.about_to("write", subject, tuple(at + 1 for at, one in enumerate(raw) if one == LINE_FEED))
            if self.tear is not None and number == self.tear[0]:
                call(descriptor, raw[: self.tear[1]])
                os.kill(os.getpid(), signal.SIGKILL)
            return call(descriptor, content)

        return wrapped

    def _open(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
            if not isinstance(file, int) and WRITING.search(mode):
                subject = self.concerns(file)
                if subject is not None:
                    self.about_to(f"open {mode}", subject)
            return call(file, mode, *rest, **named)

        return wrapped

    def _submit(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(broker: Any, approved: Any) -> Any:
            leg = approved.intent.leg.value
            self.about_to("request", f"submit {leg}")
            answer = call(broker, approved)
            self.about_to("answer", f"submit {leg}")
            return answer

        return wrapped

    def _cancel(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(broker: Any, pair: Any, client_id: str) -> Any:
            self.about_to("request", "cancel stop")
            answer = call(broker, pair, client_id)
            self.about_to("answer", "cancel stop")
            return answer

        return wrapped


def kind_of(relative: str) -> str:
    """What a file below a home is, without the parts of its name that differ from run to run."""
    name = re.sub(r"^\.(.*?)(\.[0-9a-f]{8})?\.tmp$", r"\1 (new)", relative.rsplit("/", 1)[-1])
    if re.match(r"\d{4}-\d{2}\.jsonl", name):
        return "journal" + name[13:]
    if "requests/" in relative:
        return "request"
    return "folder " + (name or "home") if "." not in name and name not in ("lock", "halts.lock") else name
