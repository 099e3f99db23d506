"""HTML pages as tests read them."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "br", "link", "img", "input"}


class Page(HTMLParser):
    """Checks that elements close in the order in which they opened, and keeps tables and what is fetched.

    Attributes:
        outside: every address that is asked for.
        tables: rows of cells, each the text that is seen.
        titles: of cells, by row and column, where there are some, of each table.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.titles: list[dict[tuple[int, int], str]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.outside += [str(given[name]) for name in ("src", "href") if given.get(name)]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
            self.titles.append({})
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            row = self.tables[-1][-1]
            row.append("")
            if given.get("title"):
                self.titles[-1][len(self.tables[-1]) - 1, len(row) - 1] = str(given["title"])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_data(self, data: str) -> None:
        if "td" in self.open or "th" in self.open:
            self.tables[-1][-1][-1] += data


def data_of(text: str) -> Any:
    """What the script draws; NaN and infinities are refused."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return json.loads(found[1], parse_constant=_no_constant)


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def seen(text: str) -> str:
    """The text of the page without scripts, styles and tags."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", bare).replace("&#x27;", "'").split())
