"""Three import packages with common names in one distribution: the ones imported are ours, and all are shipped."""

from __future__ import annotations

import importlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = ("vigie", "cli", "strategies")


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_comes_from_this_checkout(package: str) -> None:
    module = importlib.import_module(package)
    assert Path(str(module.__file__)) == CHECKOUT / package / "__init__.py"


@pytest.mark.long
def test_the_wheel_holds_the_three_packages_with_every_module_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(["uv", "build", "--wheel", "--quiet", "--out-dir", tmp_path], cwd=CHECKOUT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    modules = {str(path.relative_to(CHECKOUT)) for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py")}
    assert modules <= shipped
    assert {name.split("/")[0] for name in shipped if ".dist-info/" not in name} == set(PACKAGES)
    assert {f"{package}/py.typed" for package in PACKAGES} <= shipped
    assert "vigie/app/home/ecosystem.config.js" in shipped, "vigie init writes it"
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in shipped)


@pytest.mark.long
def test_the_source_archive_takes_no_run_time_files(tmp_path: Path) -> None:
    import tarfile

    subprocess.run(["uv", "build", "--sdist", "--quiet", "--out-dir", tmp_path], cwd=CHECKOUT, check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        tops = {name.split("/")[1] for name in opened.getnames() if "/" in name}
    assert not tops & {"state", "logs", "tests", ".env"}


def test_the_console_script_is_installed_beside_this_python() -> None:
    assert Path(sys.executable).with_name("vigie").exists()
