"""The documents of the checkout: their text, and the commands that stand in them."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
LEFT_OUT = "…"
"""A line that stands for others."""


def text(name: str) -> str:
    """A document, by its path in the checkout."""
    return (CHECKOUT / name).read_text(encoding="utf-8")


def fences(name: str, language: str) -> list[str]:
    """Its fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text(name), re.DOTALL | re.MULTILINE)


def files(name: str) -> dict[str, str]:
    """Sources that it says to put somewhere, by that path: the path in a line of its own, then the fence."""
    found = re.findall(r"`([\w/]+\.(?:py|toml))`:\n\n```\w+\n(.*?)^```", text(name), re.DOTALL | re.MULTILINE)
    return dict(found)


def console(name: str) -> list[tuple[list[str], list[str]]]:
    """Commands of its ``console`` blocks, as words after ``vigie``, or ``cd``; each with the lines that it shows."""
    steps: list[tuple[list[str], list[str]]] = []
    for line in "".join(fences(name, "console")).splitlines():
        if line.startswith("$ "):
            words = shlex.split(line[2:])
            assert words[0] in ("vigie", "cd"), line
            steps.append((words[1:] if words[0] == "vigie" else words, []))
        elif line != LEFT_OUT:
            steps[-1][1].append(line.rstrip())
    return steps


def prose(name: str) -> str:
    """Its text without fenced blocks, headings and what stands in code marks."""
    without = re.sub(r"^```.*?^```|^#.*?$", "", text(name), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`]*`", "", without)


def picture(name: str) -> list[str]:
    """Lines of a terminal's picture, without blanks: an SVG keeps none between words of different colours."""
    drawn = text(name).partition('-matrix">')[2]
    rows: dict[float, list[tuple[float, str]]] = {}
    for x, y, words in re.findall(r'<text[^>]*? x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', drawn):
        rows.setdefault(float(y), []).append((float(x), html.unescape(words)))
    lines = ("".join(words for _, words in sorted(row)) for _, row in sorted(rows.items()))
    return ["".join(line.split()) for line in lines]
