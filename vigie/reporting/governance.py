"""What the rules say, for people: one line of text each, by nothing but the standard library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.reporting.row import BAD, GOOD, LOOK, Row

Fields = Mapping[str, Any]
_WORDS = {"pass": GOOD, "fail": BAD, "not-run": LOOK}


def list_rows(document: Fields) -> Iterator[Row]:
    """Every rule, its invariants below it."""
    for rule in document["rules"]:
        yield Row(f"{rule['rule']:<4}", rule["title"])
        for one in rule["invariants"]:
            yield Row(f"  {one['number']:<5} {one['phase']:<16} ", one["text"])


def check_rows(document: Fields) -> Iterator[Row]:
    """The breaches, then one line that sums up."""
    for one in document["breaches"]:
        line = "" if one["seq"] is None else f"line {one['seq']}"
        yield Row(f"R{one['number']:<5} {line:<12} ", one["text"], BAD)
    count, asked = document["count"], len(document["invariants"])
    told = f"{document['lines']} lines of {document['account']}, {asked} invariants: "
    if count:
        shown = len(document["breaches"])
        more = f", the first {shown} of them above" if shown < count else ""
        yield Row(told, f"{count} breach{'' if count == 1 else 'es'}{more}", BAD)
    else:
        yield Row(told, "no breach", GOOD)


def audit_rows(document: Fields) -> Iterator[Row]:
    """A table of the rules, and the score."""
    for rule in document["rules"]:
        run = [one for one in rule["invariants"] if one["word"] != "not-run"]
        looked = sum(one["examined"] for one in run)
        told = f"{len(run)} of {len(rule['invariants'])} invariants run, {looked} lines looked at"
        yield Row(f"{rule['rule']:<4} {rule['title']:<30} {rule['word']:<8} ", told, _WORDS[rule["word"]])
        for one in rule["invariants"]:
            for breach in one["breaches"][:1]:
                more = f" (and {one['count'] - 1} more)" if one["count"] > 1 else ""
                yield Row(f"       {one['number']:<5} line {breach['seq']} ", f"{breach['text']}{more}", BAD)
    score = document["score"]
    words = "nothing was executed" if score is None else f"{score:.1%}"
    told = f"score: {document['passed']} of {document['executed']} executed invariants pass: "
    yield Row(told, words, GOOD if document["holds"] and score is not None else BAD)
