"""The formats of a log line.

    text   2026-03-01 13:00:04.120 INFO     decided 2026-03-01 12:00 · equity 10,012.50 USDT
    json   {"time":"2026-03-01T13:00:04.120Z","level":"INFO","name":"vigie.live.paper",...,"message":"decided ..."}
    prod   2026-03-01 13:00:04.120 - vigie.live.paper - INFO - 4711 - MainThread - decided ...
    dev    2026-03-01 13:00:04.120 - vigie.live.paper - INFO - decided ...

All instants are UTC. What follows the first line of a message, a traceback for instance, is indented by four blanks; in
JSON it is ``exception``. Control characters are written out: nobody's words can forge a line or move a cursor.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping

from vigie.domain.instants import as_datetime

SEPARATOR, INDENT = " - ", "    "

Shape = Callable[[Mapping[str, str]], str]


class Formatter(logging.Formatter):
    """One record as one entry: first line, and what belongs to it indented."""

    def __init__(self, name: str, mask: Callable[[str], str]) -> None:
        """Choose a format.

        Args:
            name: one of `vigie.adapters.logs.FORMATS`.
            mask: takes the secrets out of a text.
        """
        super().__init__()
        self._shape, self._mask = _SHAPES[name], mask

    def format(self, record: logging.LogRecord) -> str:
        """The entry, without a line's end."""
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        fields = {
            "time": _instant(record.created),
            "level": record.levelname,
            "name": _word(record.name),
            "process": str(record.process),
            "thread": _word(str(record.threadName)),
            "message": self._mask(record.getMessage()),
            "exception": self._mask(trace),
        }
        return self._shape(fields)


def _instant(seconds: float) -> str:
    at = as_datetime(round(seconds * 1000))
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"


def _word(text: str) -> str:
    """A field that cannot be taken for two."""
    return "_".join(text.split())


def harmless(text: str) -> str:
    """A text with control characters written out, line ends apart."""
    return "".join(sign if sign.isprintable() or sign == "\n" else ascii(sign)[1:-1] for sign in text)


def _lined(head: str, fields: Mapping[str, str]) -> str:
    text = harmless("\n".join(filter(None, (fields["message"], fields["exception"]))))
    return head + ("\n" + INDENT).join(text.splitlines() or [""])


def _text(fields: Mapping[str, str]) -> str:
    return _lined(f"{fields['time']} {fields['level']:<8} ", fields)


def _prod(fields: Mapping[str, str]) -> str:
    names = ("time", "name", "level", "process", "thread")
    return _lined("".join(fields[name] + SEPARATOR for name in names), fields)


def _dev(fields: Mapping[str, str]) -> str:
    return _lined("".join(fields[name] + SEPARATOR for name in ("time", "name", "level")), fields)


def _json(fields: Mapping[str, str]) -> str:
    document: dict[str, object] = {**fields, "time": fields["time"].replace(" ", "T") + "Z"}
    document["process"] = int(fields["process"]) if fields["process"].isdigit() else None
    if not fields["exception"]:
        del document["exception"]
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


_SHAPES: Mapping[str, Shape] = {"text": _text, "json": _json, "prod": _prod, "dev": _dev}
