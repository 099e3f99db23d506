"""How far people were told of a journal, what is held back, and what waits for the digest: ``alerts/told.json``.

A letter is in its spool before the line it tells of counts as told: after a crash in between, the same letter is
written once more under the same name. Nothing is told twice, and nothing is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vigie.adapters.storage.atomic import write_atomically
from vigie.domain.record import from_json, to_json
from vigie.reporting.notices.memory import Memory

FILE = "told.json"
SCHEMA = 1
MOST_ROWS = 400
"""Of a digest; more are counted."""
MOST_TOPICS = 400


@dataclass(slots=True)
class DeskState:
    """Of one channel.

    Attributes:
        throttle: by topic: when it was last sent, epoch milliseconds, and how many were held back since.
        digest: subject, instant and how often, of what waits for the digest.
        digest_day: the last day that had its digest; None: none yet.
    """

    throttle: dict[str, tuple[int, int]] = field(default_factory=dict)
    digest: list[dict[str, Any]] = field(default_factory=list)
    digest_day: int | None = None

    def keep(self, subject: str, at: int) -> None:
        """Put something into the digest."""
        if len(self.digest) >= MOST_ROWS:
            same = next((row for row in self.digest if row["subject"] == subject), self.digest[-1])
            same["times"], same["at"] = int(same["times"]) + 1, at
        else:
            self.digest.append({"subject": subject, "at": at, "times": 1})

    def sent(self, topic: str, at: int) -> None:
        """A topic was sent: what follows soon is held back."""
        self.throttle.pop(topic, None)
        self.throttle[topic] = (at, 0)
        while len(self.throttle) > MOST_TOPICS:
            del self.throttle[next(iter(self.throttle))]

    def hold_back(self, topic: str) -> None:
        """One more of a topic was held back."""
        at, count = self.throttle[topic]
        self.throttle[topic] = (at, count + 1)


@dataclass(slots=True)
class Told:
    """All of it.

    Attributes:
        seq: of the last line that was told; None: nothing was told yet, and what is there is not news.
        memory: of the lines so far.
        desks: by channel.
    """

    seq: int | None = None
    memory: Memory = field(default_factory=Memory)
    desks: dict[str, DeskState] = field(default_factory=dict)

    def desk(self, name: str) -> DeskState:
        """Of a channel."""
        return self.desks.setdefault(name, DeskState())


def load(folder: Path) -> tuple[Told, str]:
    """What was told so far, and what is wrong with the file; a file that cannot be read counts as none."""
    try:
        document = json.loads((folder / FILE).read_bytes())
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']}")
        desks = {str(name): _desk(one) for name, one in document["desks"].items()}
        return Told(int(document["seq"]), from_json(Memory, document["memory"]), desks), ""
    except FileNotFoundError:
        return Told(), ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return Told(), f"{folder / FILE} cannot be read ({error}): people are told of what comes from now on"


def _desk(document: Mapping[str, Any]) -> DeskState:
    throttle = {str(topic): (int(at), int(count)) for topic, (at, count) in document["throttle"].items()}
    digest = [{"subject": str(r["subject"]), "at": int(r["at"]), "times": int(r["times"])} for r in document["digest"]]
    day = document["digest_day"]
    return DeskState(throttle, digest, None if day is None else int(day))


def save(folder: Path, told: Told) -> None:
    """Write it down; durable.

    Raises:
        OSError: it cannot be written.
    """
    document = {
        "schema": SCHEMA,
        "seq": told.seq,
        "memory": to_json(told.memory),
        "desks": {
            name: {"throttle": one.throttle, "digest": one.digest, "digest_day": one.digest_day}
            for name, one in told.desks.items()
        },
    }
    write_atomically(folder / FILE, json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n")
