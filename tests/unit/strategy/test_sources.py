"""Which files a strategy is made of, and that a line changed in any of them is another strategy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from vigie.strategy.sources import code_hash, source_files


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in source_files(folder / "mine.py")]


@pytest.mark.parametrize(
    "line",
    [
        "from strategies._helper import smooth",
        "from strategies import _helper",
        "import strategies._helper",
        "from ._helper import smooth",
        "from . import _helper",
        "def signals():\n    from strategies import _helper",
    ],
)
def test_a_helper_beside_it_belongs_to_a_strategy_however_it_is_imported(tmp_path: Path, line: str) -> None:
    write(tmp_path, mine=line, _helper="smooth = 1", other="unused = 1")
    assert names(tmp_path) == ["mine.py", "_helper.py"]


def test_so_do_the_helpers_of_helpers_and_packages_and_circles_end(tmp_path: Path) -> None:
    write(tmp_path, mine="from strategies.tools.lines import slope", tools__lines="from . import deep\nslope = 1")
    write(tmp_path, tools__deep="from strategies import _helper", _helper="import strategies.tools.lines")
    (tmp_path / "tools" / "__init__.py").write_text("")
    assert names(tmp_path) == ["mine.py", "_helper.py", "tools/__init__.py", "tools/deep.py", "tools/lines.py"]


def test_what_is_not_in_the_folder_is_not_a_helper(tmp_path: Path) -> None:
    write(tmp_path, mine="import numpy\nfrom vigie.strategy.params import Params\nfrom strategies.gone import x")
    assert names(tmp_path) == ["mine.py"]


def test_a_strategy_of_one_file_is_known_by_that_file(tmp_path: Path) -> None:
    write(tmp_path, mine="x = 1")
    assert code_hash(tmp_path / "mine.py") == hashlib.sha256(b"x = 1").hexdigest()


def test_a_line_changed_in_a_helper_is_another_strategy(tmp_path: Path) -> None:
    write(tmp_path, mine="from strategies import _helper", _helper="span = 10", other="x = 1")
    before = code_hash(tmp_path / "mine.py")
    write(tmp_path, other="x = 2")
    assert code_hash(tmp_path / "mine.py") == before
    write(tmp_path, _helper="span = 11")
    assert code_hash(tmp_path / "mine.py") != before
