"""The documents of the checkout: their text, and the commands that stand in them."""

from __future__ import annotations

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
    """Commands of its ``console`` blocks, as words after ``vigie``, each with the lines that it shows."""
    steps: list[tuple[list[str], list[str]]] = []
    for line in "".join(fences(name, "console")).splitlines():
        if line.startswith("$ "):
            words = shlex.split(line[2:].removeprefix("uv run "))
            assert words[0] == "vigie", line
            steps.append((words[1:], []))
        elif line != LEFT_OUT:
            steps[-1][1].append(line.rstrip())
    return steps
