"""The papers at the root, and the hosted workflow: what they name exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
PAPERS = ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
WORKFLOW = CHECKOUT / ".github" / "workflows" / "gate.yml"


def text(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def workflow() -> Any:
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))


def commands(job: Any) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_the_licence_is_the_one_that_the_distribution_names() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    assert (project["license"], project["license-files"]) == ("Apache-2.0", ["LICENSE"])
    assert "Apache License\n                           Version 2.0, January 2004" in text("LICENSE")
    assert "END OF TERMS AND CONDITIONS" in text("LICENSE")


def test_linux_runs_the_gate_itself_and_others_what_is_portable(workflow: Any) -> None:
    jobs = workflow["jobs"]
    assert jobs["gate"]["runs-on"].startswith("ubuntu")
    assert commands(jobs["gate"]) == [".ci/run"]
    assert (CHECKOUT / ".ci" / "run").stat().st_mode & 0o100
    portable = jobs["portable"]
    assert [one.partition("-")[0] for one in portable["strategy"]["matrix"]["os"]] == ["windows", "macos"]
    (tests,) = [one for one in commands(portable) if "pytest" in one]
    paths = [word for word in tests.split() if word.startswith("tests/")]
    assert len(paths) > 2
    assert [one for one in paths if not (CHECKOUT / one).exists()] == []


def test_every_job_installs_the_python_that_the_project_asks_for(workflow: Any) -> None:
    least = tomllib.loads(text("pyproject.toml"))["project"]["requires-python"].removeprefix(">=")
    for job in workflow["jobs"].values():
        (version,) = [step["with"]["python-version"] for step in job["steps"] if "setup-python" in step.get("uses", "")]
        assert version == least


def test_the_workflow_may_only_read_and_waits_for_no_one_for_ever(workflow: Any) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] <= 90 for job in workflow["jobs"].values())


@pytest.mark.parametrize("name", PAPERS)
def test_every_link_and_every_file_that_a_paper_names_exists(name: str) -> None:
    whole = text(name)
    for target in re.findall(r"\]\((?!http)([^)#]+)", whole):
        assert (CHECKOUT / target).exists(), target
    for path in re.findall(r"`((?:cli|vigie|strategies|tests|docs|\.ci|\.github)/[\w./-]*)`", whole):
        assert (CHECKOUT / path).exists() or "NAME" in path, path
        assert (CHECKOUT / path).parent.is_dir(), path


@pytest.mark.parametrize("name", PAPERS)
def test_every_command_that_a_paper_names_exists(name: str) -> None:
    known = {path.stem.replace("_", "-") for path in (CHECKOUT / "cli" / "commands").glob("[!_]*.py")}
    named = set(re.findall(r"`vigie ([a-z][a-z-]+)", text(name)))
    assert named - known == set()


def test_the_newest_version_of_the_changelog_is_the_one_that_is_built() -> None:
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    headings = re.findall(r"^## \[(.+)\]$", text("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1] == version
