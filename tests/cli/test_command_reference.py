"""The page of commands is what the commands say of themselves."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from cli.reference import EXIT_CODES, REFRESH, page, reference
from vigie.domain import errors

CHECKOUT = Path(__file__).resolve().parents[2]


def test_the_page_of_commands_is_the_one_that_the_commands_make() -> None:
    kept = (CHECKOUT / "docs" / "commands.md").read_text(encoding="utf-8")
    told = set(reference().splitlines())
    differ = sorted(told ^ set(kept.splitlines()))
    assert kept == reference(), f"the commands have changed; run `{REFRESH}`; first differences: {differ[:4]}"


def test_every_exit_code_of_an_error_is_told() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.VigieError)]
    assert {kind.exit_code for kind in kinds} | {0, 2, 130, 141} == set(EXIT_CODES)


@click.command(help="Plant a tree.\n\nExit 3 if it fell.\n\nExample: vigie plant oak\nvigie plant elm --deep 2")
@click.argument("kind")
@click.option("--deep", type=click.IntRange(1, 9), default=2, help="How deep, spades | hands.")
@click.option("--again", multiple=True, help="Another one.")
@click.option("--wet", is_flag=True, help="Water it.")
def plant(**_: object) -> None:
    """A command for the test."""


@click.command(hidden=True)
def secret() -> None:
    """A command that nobody is told of."""


@pytest.fixture
def told() -> list[str]:
    return page(click.Group("vigie", commands={"plant": plant, "secret": secret})).splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "### vigie plant",
        "`vigie plant [OPTIONS] KIND`",
        "Exit 3 if it fell.",
        "Example: `vigie plant oak`, `vigie plant elm --deep 2`",
        "| `KIND` | | needed |",
        "| `--deep` `N` | How deep, spades \\| hands. From 1 to 9. | `2` |",
        "| `--again` `TEXT` | Another one. Repeatable. | |",
        "| `--wet` | Water it. | |",
    ],
)
def test_a_command_is_told_with_its_words_bounds_and_defaults(told: list[str], line: str) -> None:
    assert line in told


def test_what_is_hidden_and_what_every_command_has_is_left_out(told: list[str]) -> None:
    assert not any("secret" in line or "--help`" in line for line in told[10:])
