"""docs/windows.md names every branch of the code that is another one on Windows, and the test that runs it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = (CHECKOUT / "docs" / "windows.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([\w./]+)` \| .+ \| `([\w./]+)::(\w+)` \|$", PAGE, re.MULTILINE)
BRANCH = re.compile(
    r"os\.name\b|sys\.platform|process\.platform|platform\.system|SIGBREAK|PRIORITY_CLASS|msvcrt"
    r'|"(?:AF_UNIX|O_BINARY|O_NONBLOCK|pthread_kill)"'
)
WORD = re.compile(BRANCH.pattern.replace('"', ""))


def code(path: Path) -> str:
    """A module without its remarks and docstrings; any other file as it is."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[0] = ast.Pass()
    return ast.unparse(tree).replace("'", '"')


def branches() -> set[str]:
    files = [path for package in ("vigie", "cli", "strategies") for path in (CHECKOUT / package).rglob("*.py")]
    # To look at the text first saves most of the parsing.
    near = [path for path in (*files, CHECKOUT / "ecosystem.config.js") if WORD.search(path.read_text("utf-8"))]
    found = [path for path in near if BRANCH.search(code(path))]
    return {path.relative_to(CHECKOUT).as_posix() for path in found}


def test_every_branch_is_listed_and_nothing_else_is() -> None:
    assert len(branches()) > 10
    assert {where for where, _, _ in ROWS} == branches()


@pytest.mark.parametrize(("file", "name"), sorted({(file, name) for _, file, name in ROWS}))
def test_the_test_that_is_named_exists(file: str, name: str) -> None:
    assert re.search(rf"^def {name}\(", (CHECKOUT / file).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    "line", ['if os.name == "nt":\n    pass', 'x = getattr(os, "O_BINARY", 0)', 'if "SIGBREAK" in known:\n    pass']
)
def test_a_new_branch_would_be_found(line: str, tmp_path: Path) -> None:
    path = tmp_path / "new.py"
    path.write_text(f'"""On sys.platform."""\n\n{line}\n', encoding="utf-8")
    assert BRANCH.search(code(path))
    path.write_text('"""On sys.platform and SIGBREAK."""\n\nx = 1  # os.name\n', encoding="utf-8")
    assert not BRANCH.search(code(path))
