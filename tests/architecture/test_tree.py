"""What may stand in the tree."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
# Written so that this file does not match itself.
HOSTS = re.compile(
    r"py" + r"pi\.org|python" + r"hosted\.org|index[-_]url\s*=|\[\[tool\.uv\." + r"index\]\]",
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(r"(?<![\w.}~-])/(?:wo" + r"rk|ro" + r"ot|tmp/" + r"wt|Us" + r"ers|ho" + r"me/\w+)(?:/|\b)")


def git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words, "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [name for name in done.stdout.split("\0") if name]


def texts() -> list[tuple[str, str]]:
    found = []
    for name in git("ls-files", "--cached", "--others", "--exclude-standard"):
        path = CHECKOUT / name
        if path.is_file():
            found.append((name, path.read_bytes().decode("utf-8", errors="replace")))
    return found


def test_no_file_names_a_package_registry() -> None:
    assert [name for name, text in texts() if HOSTS.search(text)] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert [name for name, text in texts() if MACHINE_PATHS.search(text)] == []


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("https://py" + "pi.org/simple", HOSTS),
        ("https://files.python" + "hosted.org/packages", HOSTS),
        ("see /wo" + "rk/main", MACHINE_PATHS),
        ("'/ro" + "ot/.cache'", MACHINE_PATHS),
        ("/ho" + "me/ada/vigie", MACHINE_PATHS),
    ],
)
def test_the_patterns_find_what_they_are_for(text: str, pattern: re.Pattern[str]) -> None:
    assert pattern.search(text)


@pytest.mark.parametrize("text", ["../shared/data", "<home>/state", "a/" + "work/b", "framework", "VIGIE_HOME"])
def test_the_patterns_leave_innocent_text_alone(text: str) -> None:
    assert not HOSTS.search(text)
    assert not MACHINE_PATHS.search(text)


def modules() -> list[str]:
    return sorted(
        str(path.relative_to(CHECKOUT))
        for package in ("vigie", "cli", "strategies")
        for path in (CHECKOUT / package).rglob("*.py")
    )


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name in modules() if not ast.get_docstring(ast.parse((CHECKOUT / name).read_text("utf-8")))]
    assert len(modules()) > 30
    assert silent == []


def test_every_package_has_its_marker_file_for_types() -> None:
    for package in ("vigie", "cli", "strategies"):
        assert (CHECKOUT / package / "py.typed").is_file()


def test_run_time_folders_are_empty_in_git() -> None:
    assert git("ls-files", "state", "logs") == ["logs/.gitkeep", "state/.gitkeep"]


def test_no_lock_file_and_no_environment_file_are_in_git() -> None:
    assert git("ls-files", "uv.lock", ".env", ".venv") == []
