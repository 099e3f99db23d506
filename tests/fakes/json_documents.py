"""What docs/json.md says of each document of ``--json``."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "json.md"
KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,), "number": (int, float), "flag": (bool,), "list": (list,), "object": (dict,), "null": (type(None),),
    "absent": (),
}  # fmt: skip
OPEN = ("vigie.journal.show/1", "vigie.exchange.do/1")
"""Documents with more fields than those that all of them have."""


def documented() -> dict[str, dict[str, tuple[type, ...]]]:
    """Types of the fields of each document, by schema."""
    return {
        schema: {name: tuple(kind for word in words for kind in KINDS[word]) for name, words in fields.items()}
        for schema, fields in read().items()
    }


def absent() -> dict[str, set[str]]:
    """Fields of each document that may be left out, by schema."""
    return {schema: {name for name, words in fields.items() if "absent" in words} for schema, fields in read().items()}


@functools.cache
def read() -> dict[str, dict[str, list[str]]]:
    """The words behind each field of each document, by schema."""
    found = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, _, rest = section.partition("\n")
        listed = re.findall(r"(?:^|· |·\n)`([a-z_0-9]+)` ([a-z]+(?: or [a-z]+)*)(?= ·|$)", rest, re.MULTILINE)
        found[heading.strip("` ")] = {name: words.split(" or ") for name, words in listed}
    return found


def differences(document: Mapping[str, Any]) -> list[str]:
    """Where a document is not what the page says; empty: it is."""
    schema = str(document["schema"])
    if schema not in documented():
        return [f"docs/json.md does not know {schema}"]
    fields = documented()[schema]
    missing = [f"{schema} has no field {name}" for name in fields if name not in {*document, *absent()[schema]}]
    strange = [
        f"docs/json.md names no field {name} of {schema}" for name in document if name not in {*fields, "schema"}
    ]
    wrong = [
        f"{schema}: {name} is {type(document[name]).__name__}"
        for name, kinds in fields.items()
        if name in document and type(document[name]) not in kinds
    ]
    return missing + wrong + ([] if schema in OPEN else strange)
