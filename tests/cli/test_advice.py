"""What messages tell people to type runs as it is printed: every command named in a text of the program is parsed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from tests.fakes.command_tree import root
from tests.fakes.documents import CHECKOUT

ROOMS = ("vigie", "cli")
FILLED_IN = "2023"
"""Stands for what a message fills in, and for words in capitals: a number, a name and a year at once."""
_WORD = re.compile(r"`?(--?[a-z][a-z-]*(?:=\S+)?|[A-Z]+(?:=[A-Z]+)?|2023|[^\s`]*/[^\s`]*|\S*2023\S*)`?([,;:.)`]*)$")
NAMED_ONLY = {
    "vigie resume": "it says itself where the code stands",
    "vigie reoptimise": "a remark of vigie.toml says who reads a table",
    "vigie compare": "an option names it for what its file is good for",
}
"""Commands that cannot be called without more, where they are named, not advised; and why."""


@dataclass(frozen=True)
class Advice:
    """A command as a text of the program names it."""

    where: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.where}: vigie {' '.join(self.words)}"


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text of a source but docstrings; what is filled in is a word."""
    skipped = set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            filled = (str(part.value) if isinstance(part, ast.Constant) else FILLED_IN for part in node.values)
            yield node.lineno, "".join(filled)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


def advised(text: str) -> Iterator[tuple[str, ...]]:
    """Commands that a text names: the command's name, and what follows it that can only be meant for it."""
    for found in re.finditer(r"\bvigie (?=[a-z])", text):
        command: click.Command | None = root()
        words: list[str] = []
        for token in text[found.end() :].split():
            bare = token.strip("`'\"").rstrip(",;:.)`'\"")
            if isinstance(command, click.Group):
                known = command.get_command(click.Context(command), bare)
                if known is None and not (words and followed_by_an_option(text, token)):
                    break
                command = known or command
            elif words and words[-1].startswith("--") and _takes_a_value(command, words[-1]):
                bare = token.rstrip(",;:.)`'")
            elif not _WORD.match(token):
                break
            words.append(FILLED_IN if re.fullmatch("[A-Z]+", bare) else bare)
            if token != bare and token.endswith((",", ";", ":", ".", ")", "`", "'")):
                break
        if words:
            yield tuple(words)
        elif text[: found.start()].endswith("`"):
            yield (re.split(r"[\s`]", text[found.end() :], maxsplit=1)[0],)


def followed_by_an_option(text: str, word: str) -> bool:
    """Whether a word is a part of a command, though of no command that there is."""
    return text.partition(f" {word} ")[2].startswith("--")


def _takes_a_value(command: click.Command | None, word: str) -> bool:
    options = [] if command is None else [one for one in command.params if isinstance(one, click.Option)]
    return any(word in one.opts and not one.is_flag for one in options)


def every_advice() -> list[Advice]:
    """All of them, each once."""
    found: dict[Advice, None] = {}
    for path in sorted(one for room in ROOMS for one in (CHECKOUT / room).rglob("*.py")):
        where = str(path.relative_to(CHECKOUT))
        for line, text in texts(ast.parse(path.read_bytes())):
            found |= dict.fromkeys(Advice(f"{where}:{line}", words) for words in advised(text))
    return list(found)


def wrong_with(words: tuple[str, ...]) -> str:
    """What the program would answer; empty: it would begin."""
    command: click.Command | None = root()
    context, rest = click.Context(root(), info_name="vigie"), list(words)
    try:
        while isinstance(command, click.Group) and rest:
            name, command, rest = command.resolve_command(context, rest)
            assert command is not None
            if isinstance(command, click.Group):
                context = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            return ""
        assert command is not None
        command.make_context(command.name, rest, parent=context)
    except click.UsageError as error:
        named = " ".join(words)
        return "" if f"vigie {named}" in NAMED_ONLY else error.format_message()
    return ""


ADVICE = every_advice()


def test_there_is_advice_to_look_at() -> None:
    assert len(ADVICE) > 60


@pytest.mark.parametrize("one", ADVICE, ids=str)
def test_what_a_message_says_to_type_is_a_command_that_begins(one: Advice) -> None:
    assert wrong_with(one.words) == ""


@pytest.mark.parametrize(
    ("text", "words", "wrong"),
    [
        ("get it with: vigie data download", ("data", "download"), "Missing argument"),
        ("`vigie data fetch` gets it", ("data",), ""),
        ("look: vigie journal tail --account 2023", ("journal", "tail"), "no such command"),
        ("old lines: vigie journal has them", ("journal",), ""),
        ("try vigie status --acount 2023", ("status", "--acount", "2023"), "No such option"),
        ("vigie strategy check 2023, then what", ("strategy", "check", "2023"), ""),
        ("`vigie nothing` helps", ("nothing",), "no such command"),
    ],
)
def test_what_would_not_run_is_found(text: str, words: tuple[str, ...], wrong: str) -> None:
    assert list(advised(text)) == [words]
    assert wrong in wrong_with(words)
    assert bool(wrong) == bool(wrong_with(words))


def test_only_commands_that_need_more_are_excused() -> None:
    assert [name for name in NAMED_ONLY if not any(one.words == tuple(name.split()[1:]) for one in ADVICE)] == []


def test_the_rooms_are_there() -> None:
    assert all(Path(CHECKOUT / room).is_dir() for room in ROOMS)
