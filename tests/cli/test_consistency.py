"""One word means one thing on the whole command line."""

from __future__ import annotations

import itertools
import shlex
from collections import defaultdict

import click
import pytest

from tests.fakes.command_tree import called, every, root

METAVARS = {
    "A,B": "pairs, or names, between commas", "A/B": "a pair", "ADDRESS": "of a network, or of a person",
    "AMOUNT": "of the quote currency", "ASSET=AMOUNT": "a balance", "BPS": "basis points", "CANDLES": "a count of them",
    "CODE": "what vigie status shows", "DAYS": "a count of them, or UTC days", "DIR": "a folder", "DRILL": "a name",
    "FILE": "a file", "FRACTION": "0 to 1", "FROM-TO": "UTC days", "HOW": "a choice that the help names",
    "KIND": "of a line, or of a log", "KIND=WHAT": "a policy", "LEVEL": "of a log", "MODE": "a choice", "N": "a count",
    "NAME": "a name", "NAME=LIMIT": "a gate", "NAME=V1,V2": "values", "NAME=VALUE": "a number by name",
    "NAME:K=V,K=V": "a scenario", "PATH": "a file or a folder", "PORT": "of a network", "R": "a rule", "REASON": "why",
    "SECONDS": "a time", "SEQ": "the number of a line", "SPAN": "a time with its unit", "SPEED": "of a clock",
    "TEXT": "any", "TF": "a candle's length", "TIME": "an instant, UTC", "URL": "an address", "WHERE": "a choice",
    "WORD": "of a command line", "YEAR": "a year", "csv|parquet": "a choice", "fifo|lifo|average": "a choice",
}  # fmt: skip
UNITS = {"-bps": "BPS", "-fraction": "FRACTION", "-days": "DAYS", "-port": "PORT", "-url": "URL"}
PANELS = ["First steps", "Research", "Candles", "Trading", "Looking", "Steering", "Operations"]
NO_DOCUMENT = {
    "vigie strategy new": "it shows nothing but where the file is",
    "vigie exchange serve": "its first line is JSON in any case",
    "vigie journal export": "it writes a table",
}
"""Commands without --json, and why."""
TWINS = {"--kind": "of journal lines, several may be named; of logs, one is shown"}
"""Options of one name and two kinds, and why."""
ALL = list(every())
CALLED = [here for here in ALL if called(here)]


def options(here: click.Context) -> list[click.Option]:
    return [one for one in here.command.params if isinstance(one, click.Option)]


def singular(metavar: str | None) -> str:
    """``TF,TF`` is ``TF``, for a command that takes several."""
    words = (metavar or "").split(",")
    return words[0] if len(set(words)) == 1 else metavar or ""


def examples(here: click.Context) -> list[str]:
    """Command lines of a help text."""
    _, word, rest = (here.command.help or "").partition("\n\n\b\nExample")
    lines = rest.splitlines()
    assert not word or lines[0] in (":", "s:"), lines
    return [line.strip() for line in lines[1:]]


def path(here: click.Context) -> str:
    return here.command_path


def test_there_are_commands_to_look_at() -> None:
    assert len(CALLED) > 60
    assert {"vigie init", "vigie journal", "vigie journal tax"} <= {path(here) for here in CALLED}


def test_an_option_of_a_name_is_of_one_kind_everywhere() -> None:
    kinds: dict[str, dict[object, list[str]]] = defaultdict(lambda: defaultdict(list))
    for here in ALL:
        for one in options(here):
            kind = ("flag",) if one.is_flag else (singular(one.metavar), type(one.type).__name__, one.multiple)
            kinds[one.opts[0]][kind].append(path(here))
    assert len(kinds) > 80
    assert {name: dict(found) for name, found in kinds.items() if len(found) > 1 and name not in TWINS} == {}


@pytest.mark.parametrize("here", ALL, ids=path)
def test_what_an_option_takes_is_named_by_a_known_word_with_its_unit(here: click.Context) -> None:
    for one in options(here):
        if one.is_flag:
            continue
        assert singular(one.metavar) in METAVARS, (one.opts, one.metavar)
        for ending, unit in UNITS.items():
            assert not one.opts[0].endswith(ending) or one.metavar == unit, (one.opts, one.metavar)


@pytest.mark.parametrize("here", ALL, ids=path)
def test_every_option_and_every_argument_has_a_sentence(here: click.Context) -> None:
    said = {one.opts[0]: getattr(one, "help", None) or "" for one in here.command.params}
    assert [name for name, words in said.items() if not words.endswith((".", ")", "1h"))] == []


@pytest.mark.parametrize("here", CALLED, ids=path)
def test_every_command_has_an_example_that_is_a_call_of_it(here: click.Context) -> None:
    lines = examples(here)
    assert lines
    for line in lines:
        assert f"{line} ".startswith(f"{path(here)} "), line
        assert len(line) <= 76, "two blanks before it, and a terminal of 80 columns"
        assert parsed(shlex.split(line)[1:]) == here.command.name


def parsed(words: list[str]) -> str | None:
    """Name of the command that a command line calls; raises what click has against it."""
    command: click.Command | None = root()
    context = click.Context(root(), info_name="vigie")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, command, words = command.resolve_command(context, words)
        assert command is not None
        context = (
            command.make_context(name, list(words), parent=context)
            if not words
            else click.Context(command, info_name=name, parent=context)
        )
    assert command is not None
    assert context.parent is not None
    command.make_context(command.name, list(words), parent=context.parent)
    return command.name


def test_an_example_that_does_not_parse_would_be_found() -> None:
    with pytest.raises(click.NoSuchOption):
        parsed(["status", "--acount", "paper"])
    with pytest.raises(click.BadParameter):
        parsed(["journal", "tax", "--year", "soon"])
    with pytest.raises(click.UsageError):
        parsed(["jurnal"])


@pytest.mark.parametrize("here", CALLED, ids=path)
def test_every_command_that_shows_data_shows_it_as_a_document_too(here: click.Context) -> None:
    has = any("--json" in one.opts for one in options(here))
    assert has is not (path(here) in NO_DOCUMENT)


@pytest.mark.parametrize("here", ALL, ids=path)
def test_help_fits_eighty_columns_and_lists_arguments_once(here: click.Context) -> None:
    context = click.Context(here.command, info_name=here.info_name, parent=here.parent, terminal_width=80)
    lines = context.get_help().splitlines()
    assert [line for line in lines if len(line) > 80] == []
    listed = [line for line in lines if line.lower().endswith("arguments:")]
    assert len(listed) == any(isinstance(one, click.Argument) for one in here.command.params), "once, not twice"


def test_commands_stand_under_few_headings_each_in_one_place() -> None:
    tops = [here.command for here in ALL if here.parent is not None and here.parent.parent is None]
    found = [(getattr(one, "panel", None), getattr(one, "order", None)) for one in tops]
    assert list(dict.fromkeys(panel for panel, _ in found)) == PANELS
    changes = sum(one != other for (one, _), (other, _) in itertools.pairwise(found))
    assert changes == len(PANELS) - 1, "no heading comes twice"
    assert len({order for _, order in found}) == len(found), "the order is said, not left to the alphabet"
