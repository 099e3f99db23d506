"""`vigie demo` as people call it: in a pipe, on a terminal, interrupted, and in trouble that it did not arrange."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.fakes.documents import fences, picture
from tests.fakes.terminals import pseudo_terminal
from vigie.app.demo.demo import ACTS, NOTE
from vigie.app.program import own_program

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt", reason="signals and pseudo-terminals")]

PATIENCE = 400.0
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
Demo = subprocess.Popen[str]


class Place:
    """Where a demo is called: an empty current folder, an empty home, and a folder for scratch."""

    def __init__(self, folder: Path) -> None:
        self.here, self.home, self.scratch = folder / "here", folder / "home", folder / "scratch"
        for one in (self.here, self.home, self.scratch):
            one.mkdir()
        self.environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
        self.environment |= {"VIGIE_HOME": str(self.home), "TMPDIR": str(self.scratch), "TERM": "xterm"}

    @contextmanager
    def started(self, *words: str, before: Callable[[], None] | None = None) -> Iterator[Demo]:
        with subprocess.Popen(
            [str(own_program()), "demo", *words], cwd=self.here, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                process.kill()

    def left(self) -> list[Path]:
        """Everything that lies around afterwards."""
        return [one for folder in (self.here, self.home, self.scratch) for one in folder.rglob("*")]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def child(process: Demo, *words: str) -> psutil.Process:
    """The child of a demo whose command line has these words, as soon as there is one."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for one in psutil.Process(process.pid).children(recursive=True):
            try:
                if set(words) <= set(one.cmdline()):
                    return one
            except psutil.NoSuchProcess:
                continue
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError(f"no {' '.join(words)} in {PATIENCE} s")


def words_of(said: str) -> str:
    """What is said, without blanks and without what differs from run to run: numbers, and what hangs on an instant."""
    squeezed = re.sub(r"soldbyits.*?afterfees|rules:.*?proves", "#", "".join(said.split()))
    return re.sub(r"[0-9A-F]{6}|[A-Fa-f.,]*\d[0-9A-Fa-f.,]*", "#", squeezed)


def test_all_acts_find_what_they_claim_and_the_home_that_is_kept_is_one_to_look_around_in(place: Place) -> None:
    (called, *_), (made,), (shuffled,), around = (one.splitlines() for one in fences("docs/demo.md", "sh"))
    assert called == "vigie demo"
    keep, home, *commands = around
    assert keep == "vigie demo --keep tour"
    with place.started("--keep", "tour") as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, ""), out
    assert not CODES.search(out), "in a pipe nothing moves the cursor or colours a word"
    assert "\r" not in out
    titles = re.findall(r"^ ?(\d+)/13 ok  (.*) \(\d+\.\d s\)$", out, re.MULTILINE)
    assert titles == [(str(number), act.title) for number, act in enumerate(ACTS, start=1)]
    assert [act.proves for act in ACTS] == re.findall(r"^ +proves: (.*)$", out, re.MULTILINE)
    assert NOTE in out
    assert words_of(out.partition("kept:")[0]) == words_of("".join(picture("docs/pictures/demo.svg"))), (
        "the picture is of another demo: uv run python -m benchmarks.pictures"
    )
    tour = place.here / "tour"
    assert [one for one in place.left() if tour not in (one, *one.parents)] == []
    assert home == "export VIGIE_HOME=tour"
    assert (tour / "walk-forward.html").stat().st_size > 100_000
    for command in (*commands, made, shuffled):
        said = subprocess.run(
            [str(own_program()), *command.split()[1:]], cwd=place.here, check=False, capture_output=True, text=True,
            env=place.environment | {"VIGIE_HOME": str(tour)},
        )  # fmt: skip
        assert (command, said.returncode) == (command, 3 if command == "vigie status" else 0), said.stderr
    (explain,) = re.findall(r"^ +vigie (journal explain .*)$", out, re.MULTILINE)
    said = subprocess.run(
        [str(own_program()), *explain.split()], cwd=place.here, check=True, capture_output=True, text=True,
        env=place.environment | {"VIGIE_HOME": str(tour)},
    )  # fmt: skip
    assert words_of(said.stdout) == words_of("".join(picture("docs/pictures/explain.svg")))
    audited = [json.loads(line) for line in (tour / "state" / "trials.jsonl").read_text().splitlines()]
    assert audited, "what the demo tries is counted, in its own home"


def test_on_a_small_terminal_nothing_is_wider_and_the_spinner_goes(place: Place) -> None:
    with pseudo_terminal() as (terminal, read), subprocess.Popen(
        [str(own_program()), "demo", "--fast"], cwd=place.here, stdin=subprocess.DEVNULL, stdout=terminal,
        stderr=subprocess.STDOUT, env=place.environment | {"COLUMNS": "80", "LINES": "24"},
    ) as process:  # fmt: skip
        raw = read()
    assert process.returncode == 0
    lines = [CODES.sub("", line.rpartition("\r")[2]) for line in raw.splitlines()]
    assert max(map(len, lines)) <= 80
    assert "\x1b[32m" in raw, "what is in order is green"
    assert "Walk-forward: vigie walk-forward" in CODES.sub("", raw), "what is being done is shown while it is"
    assert sum(line.strip().startswith("proves: ") for line in lines) == sum(act.fast for act in ACTS)
    assert place.left() == []


def test_a_killed_exchange_is_missed_by_the_act_that_needs_it(place: Place) -> None:
    with place.started("--fast", "--json") as process:
        child(process, "live")
        child(process, "exchange", "serve").kill()
        out, err = process.communicate(timeout=PATIENCE)
    document = json.loads(out)
    assert (process.returncode, document["passed"]) == (3, False)
    failed = document["acts"][-1]
    assert (failed["passed"], failed["name"]) == (False, "kill")
    assert "no simulated exchange answers at http://127.0.0.1:" in failed["seen"]
    assert "Traceback" not in err
    assert place.left() == []


def test_a_full_disk_is_told_with_its_place_and_nothing_is_left(place: Place) -> None:
    import resource  # there is none on Windows

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    with place.started(before=small_files) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert "1/13 FAILED  A market that never was" in out
    assert "state/candles/" in out
    assert "File too large" in out
    assert "failed in act 1" in out
    assert "Traceback" not in out + err
    assert place.left() == []


def test_interrupted_while_it_trades_it_leaves_neither_processes_nor_files(place: Place) -> None:
    with place.started("--fast") as process:
        engine = child(process, "live", "--control-url")
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)  # who is impatient does not make it leave something behind
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "interrupted\n")
    assert engine in children
    assert len(children) >= 2
    assert not [one for one in children if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert place.left() == []


def test_the_program_that_the_demo_starts_is_the_one_of_this_environment() -> None:
    assert own_program().parent == Path(sys.executable).parent
