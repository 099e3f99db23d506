"""What the documents say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vigie.domain import errors

CHECKOUT = Path(__file__).resolve().parents[2]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
DECISIONS = CHECKOUT / "docs" / "adr"
TWO_COMMANDS = ["pip install uv && uv run vigie demo", "pip install uv && uv run pytest"]


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_readme_starts_with_exactly_two_commands() -> None:
    fences = re.findall(r"```sh\n(.*?)```", section("Two commands"), re.DOTALL)
    assert [fence.strip() for fence in fences] == TWO_COMMANDS


def test_the_gate_runs_what_the_readme_promises() -> None:
    gate = (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")
    for command in TWO_COMMANDS:
        ours = command.partition(" && ")[2]
        assert re.search(rf"^(?!section|#).*\b{ours}( -n 2)?$", gate, re.MULTILINE), ours


def test_every_exit_code_of_an_error_stands_in_the_readme() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.VigieError)]
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)}
    assert {kind.exit_code for kind in kinds} | {0, 2, 130, 141} == listed


@pytest.mark.parametrize(
    "folder", re.findall(r"`((?:cli|strategies|vigie|tests|docs)/[\w/]*)`", section("Where things are"))
)
def test_every_folder_the_readme_names_exists(folder: str) -> None:
    assert (CHECKOUT / folder).is_dir()


def test_every_decision_is_in_the_index_and_has_its_three_parts() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    decisions = sorted(DECISIONS.glob("[0-9]*.md"))
    assert decisions
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert f"]({path.name})" in index
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Choice", "Cost"]
        assert len(text.splitlines()) <= 60, f"{path.name} is longer than a page"
