"""How an entry is written on a line of the journal, and read back.

One JSON object a line (broken here for reading)::

    {"seq":7,"at":"2026-01-31T12:00:00.000Z","kind":"halt","v":1,"prev":"<hash of line 6>",
     "name":"person","mode":"halted","reason":"tired","until":null,"hash":"<SHA-256>"}

``hash`` is the SHA-256 of the line without that last member (`vigie.adapters.storage.sealed` says byte for byte how);
``prev`` is the hash of the line before. The first line of all has seq 0 and kind ``genesis``: it names the account and
the schema, and its ``prev`` is 64 zeros. Events have seq 1, 2, … without holes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from vigie.adapters.storage.sealed import seal, unseal
from vigie.domain.errors import ConfigError
from vigie.domain.instants import as_iso, from_iso

SCHEMA = 1
"""Of the lines themselves; events have versions of their own."""

GENESIS = "genesis"
NOTHING = "0" * 64
"""What the genesis line follows."""

OWN = ("seq", "at", "kind", "v", "prev", "hash")
"""Members of the line; no event has fields of these names."""


class Line(NamedTuple):
    """A line as it stands; its event is not looked into.

    Attributes:
        seq: its number; 0 is the genesis line.
        at: epoch milliseconds.
        kind, version: of the event.
        prev, hash: SHA-256, 64 hex digits.
        fields: the event's own.
    """

    seq: int
    at: int
    kind: str
    version: int
    prev: str
    hash: str
    fields: dict[str, Any]


def spell(seq: int, at: int, kind: str, version: int, prev: str, fields: Mapping[str, Any]) -> tuple[bytes, str]:
    """One line, its end included, and its hash.

    Args:
        seq: its number.
        at: epoch milliseconds.
        kind: of the event.
        version: of the event.
        prev: hash of the line before.
        fields: the event's own, of JSON's types.

    Raises:
        TypeError: something that has no place in JSON.
        ValueError: NaN or an infinity.
    """
    raw, digest = seal({"seq": seq, "at": as_iso(at), "kind": kind, "v": version, "prev": prev, **fields}, "hash")
    return raw + b"\n", digest


def spell_genesis(account: str, at: int) -> tuple[bytes, str]:
    """The first line of an account's journal, and its hash."""
    return spell(0, at, GENESIS, 1, NOTHING, {"account": account, "schema": SCHEMA})


def understand(raw: bytes) -> Line:
    """Read a line.

    Args:
        raw: without its line feed.

    Raises:
        ValueError: it is not one, or was changed; says why.
    """
    document, digest = unseal(raw, "hash")
    try:
        line = Line(
            seq=_typed(document.pop("seq"), int),
            at=from_iso(_typed(document.pop("at"), str)),
            kind=_typed(document.pop("kind"), str),
            version=_typed(document.pop("v"), int),
            prev=_typed(document.pop("prev"), str),
            hash=digest,
            fields=document,
        )
    except KeyError as error:
        raise ValueError(f"it lacks {error}") from None
    return line


def check_genesis(line: Line, account: str | None = None) -> None:
    """Look at the first line of all.

    Args:
        line: with seq 0.
        account: whose journal it is to be; None: anybody's.

    Raises:
        ValueError: it does not begin this journal.
        ConfigError: a later vigie wrote it.
    """
    schema, owner = line.fields.get("schema"), line.fields.get("account")
    if line.kind != GENESIS or not isinstance(schema, int) or not isinstance(owner, str):
        raise ValueError("the journal does not begin with its genesis line")
    if schema > SCHEMA:
        raise ConfigError(f"the journal of {owner} has schema {schema}, this vigie knows {SCHEMA}: use the later vigie")
    if account is not None and owner != account:
        raise ValueError(f"it is the journal of account {owner}, not of {account}")


def check_follows(line: Line, seq: int, digest: str) -> None:
    """See that a line follows another.

    Args:
        line: the later one.
        seq: number of the line before it.
        digest: hash of the line before it.

    Raises:
        ValueError: it does not; says how.
    """
    if line.seq != seq + 1:
        missing = "lines before it are missing" if line.seq > seq + 1 else "it stands in the wrong place"
        raise ValueError(f"it has seq {line.seq} where {seq + 1} is due: {missing}")
    if line.prev != digest:
        raise ValueError(f"it does not follow line seq {seq}: one of the two was replaced")


def _typed(value: object, kind: type) -> Any:  # noqa: ANN401, RUF100 - JSON
    if type(value) is not kind:
        raise ValueError(f"{value!r} is not of type {kind.__name__}")
    return value
