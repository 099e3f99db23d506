"""Log files: formats, masks, rotation, archive; and that nothing of it ever reaches who trades."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import FakeClock
from vigie.adapters.logs import FORMATS
from vigie.adapters.logs import files as log_files
from vigie.adapters.logs.archive import archive
from vigie.adapters.logs.files import log_file
from vigie.adapters.logs.masks import mask_of
from vigie.adapters.logs.reading import entry_of, following, last_entries

DAY = 86_400_000
PROD = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} - vigie\.live\.paper - (DEBUG|INFO|WARNING|ERROR|CRITICAL) - \d+ - \S+ - .*"
)
DEV = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} - vigie\.live\.paper - (INFO|ERROR) - .*")


def opened(path: Path, **words: Any) -> Any:
    usual: dict[str, Any] = {"form": "text", "level": "INFO", "mask": mask_of([]), "now_ms": FakeClock().now_ms}
    name = words.pop("name", "paper")
    return log_file(words.pop("kind", "live"), name, path, **{**usual, **words})


def blow(logger: logging.Logger, words: str) -> None:
    try:
        raise ValueError(words)
    except ValueError:
        logger.exception("it broke")


@pytest.mark.parametrize(("form", "shape"), [("prod", PROD), ("dev", DEV)])
def test_ten_thousand_lines_of_the_seed_formats_have_exactly_their_fields(
    tmp_path: Path, form: str, shape: re.Pattern[str]
) -> None:
    path = tmp_path / "paper.log"
    with opened(path, form=form) as logger:
        for number in range(5_000):
            logger.info("line %d - with its own - dashes", number)
            if number % 500 == 0:
                blow(logger, f"first\nsecond {number}")
            if number % 1_000 == 0:
                time.sleep(0.05)  # the queue is bounded
    entries = last_entries(path, 100_000)
    lines = path.read_text().splitlines()
    assert len(entries) == 5_010
    assert all(shape.fullmatch(one.text.splitlines()[0]) for one in entries)
    assert all(shape.fullmatch(line) or line.startswith("    ") for line in lines)
    assert sum(line.startswith("    ") for line in lines) >= 30


def test_nothing_that_is_said_can_forge_a_line(tmp_path: Path) -> None:
    path = tmp_path / "paper.log"
    with opened(path) as logger:
        logger.info("nice\n2026-01-01 00:00:00.000 CRITICAL sold everything\r\x1b[2J\u2028gone")
    (entry,) = last_entries(path, 10)
    assert entry.fields["level"] == "INFO"
    assert "\x1b" not in path.read_text()
    assert [line[:4] for line in path.read_text().splitlines()[1:]] == ["    "]


@given(text=st.text(min_size=1), form=st.sampled_from(FORMATS))
def test_whatever_is_said_is_one_entry_in_every_format(text: str, form: str) -> None:
    record = logging.makeLogRecord({"name": "vigie.live.paper", "levelname": "INFO", "msg": "%s", "args": (text,)})
    from vigie.adapters.logs.formats import Formatter

    written = Formatter(form, lambda one: one).format(record)
    _, *rest = written.split("\n")
    assert all(line.startswith("    ") for line in rest)
    entry = entry_of(written)
    assert entry.fields["level"] == "INFO"
    if form == "json":
        assert not rest
        assert entry.fields["message"] == text


def test_json_lines_hold_the_traceback_and_the_field_names(tmp_path: Path) -> None:
    path = tmp_path / "paper.log"
    with opened(path, form="json") as logger:
        blow(logger, "why")
    document = json.loads(path.read_text())
    assert list(document) == ["time", "level", "name", "process", "thread", "message", "exception"]
    assert document["time"].endswith("Z")
    assert "ValueError: why" in document["exception"]


def test_secrets_are_masked_by_value_and_by_looks_wherever_they_turn_up(tmp_path: Path) -> None:
    secret, key = 'pass"word/1', "Xk39" * 8
    path = tmp_path / "paper.log"
    for form in FORMATS:
        with opened(path, form=form, mask=mask_of([secret])) as logger:
            logger.info("sent %s and %s", secret, key)
            logger.warning("GET /x?q=pass%22word%2F1")
            blow(logger, f"refused {secret} {key} api_key=short1")
    text = path.read_text()
    for word in (secret, key, "pass%22word%2F1", 'pass\\"word/1', "short1"):
        assert word not in text
    assert text.count("***") >= 4 * 5


def test_nothing_of_one_tree_gets_into_another(tmp_path: Path) -> None:
    kinds = ("live", "backtest", "api")
    paths = {kind: tmp_path / kind / "one.log" for kind in kinds}
    with (
        opened(paths["live"], kind="live", name="one") as live,
        opened(paths["backtest"], kind="backtest", name="one") as backtest,
        opened(paths["api"], kind="api", name="one") as api,
    ):
        for logger, kind in ((live, "live"), (backtest, "backtest"), (api, "api")):
            logger.getChild("below").info("of %s", kind)
            logging.getLogger("vigie").error("of nobody")
    assert {kind: [one.fields["message"] for one in last_entries(path, 9)] for kind, path in paths.items()} == {
        kind: [f"of {kind}"] for kind in kinds
    }


def test_the_time_of_a_line_is_the_one_that_it_was_given(tmp_path: Path) -> None:
    clock, path = FakeClock(1_577_836_800_000), tmp_path / "a.log"
    with opened(path, now_ms=clock.now_ms) as logger:
        logger.info("one")
        clock.sleep(3600)
        logger.info("two")
    assert [one.fields["time"] for one in last_entries(path, 9)] == [
        "2020-01-01T00:00:00.000Z",
        "2020-01-01T01:00:00.000Z",
    ]


def test_a_file_is_rotated_and_five_old_ones_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with opened(path, most_bytes=2_000) as logger:
        for number in range(400):
            logger.info("line %04d", number)
    there = sorted(one.name for one in tmp_path.iterdir())
    assert there == ["a.log", *(f"a.log.{number}" for number in range(1, 6))]
    assert all(one.stat().st_size <= 2_000 for one in tmp_path.iterdir())
    assert [one.fields["message"] for one in last_entries(path, 60)] == [f"line {n:04d}" for n in range(340, 400)]


def test_a_folder_that_cannot_be_written_is_told_once_and_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said: list[str] = []
    with opened(tmp_path / "file" / "a.log", complain=log_files.Once(said.append)) as logger:
        for _ in range(50):
            logger.info("unheard")
    assert len(said) == 1
    assert "the log cannot be written" in said[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to be had")
def test_a_full_disk_is_told_once_and_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "a.log").symlink_to("/dev/full")
    said: list[str] = []
    with opened(tmp_path / "a.log", complain=log_files.Once(said.append)) as logger:
        for _ in range(2_000):
            logger.info("a line that the disk does not take")
    assert len(said) == 1
    assert "No space left" in said[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes that hang")
def test_a_disk_that_hangs_delays_nobody_and_lets_the_process_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "LAST_WORDS_SECONDS", 0.2)
    os.mkfifo(tmp_path / "a.log")  # opening it for writing waits for a reader
    said, threads = list[str](), threading.active_count()
    began = time.monotonic()
    with opened(tmp_path / "a.log", complain=log_files.Once(said.append)) as logger:
        for _ in range(log_files.MOST_WAITING + 100):
            logger.info("x")
    assert time.monotonic() - began < 5.0
    assert said == ["the log: lines are lost (more is said than can be written)"]
    descriptor = os.open(tmp_path / "a.log", os.O_RDONLY | os.O_NONBLOCK)  # let the thread go
    end = time.monotonic() + 10.0
    while threading.active_count() > threads and time.monotonic() < end:
        with contextlib.suppress(BlockingIOError):
            os.read(descriptor, 65_536)
    os.close(descriptor)
    assert threading.active_count() == threads


def added(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_following_sees_what_comes_across_a_rotation_and_a_late_file(tmp_path: Path) -> None:
    path, seen = tmp_path / "a.log", list[str]()
    steps: list[Callable[[], object]] = [
        lambda: path.write_text("2026-01-01 00:00:00.000 INFO     one\n    more\n"),
        lambda: None,
        lambda: path.rename(tmp_path / "a.log.1"),
        lambda: path.write_text("2026-01-01 00:00:01.000 ERROR    two\n2026-01-01 00:00:02.000 INFO     th"),
        lambda: None,
        lambda: added(path, "ree\n"),
    ]

    class EnoughError(Exception):
        pass

    def pause() -> None:
        if not steps:
            raise EnoughError
        steps.pop(0)()

    with contextlib.suppress(EnoughError):
        for entry in following(path, pause):
            seen.append(entry.fields["message"])
    assert seen == ["one\nmore", "two", "three"]


def aged(path: Path, days: float, now_ms: int, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    at = now_ms / 1000 - days * 86_400
    os.utime(path, (at, at))
    return path


def test_what_is_older_than_thirty_days_is_packed_and_twice_is_as_once(tmp_path: Path) -> None:
    now = FakeClock().now_ms()
    aged(tmp_path / "live" / "a.log.1", 29, now)
    aged(tmp_path / "live" / "a.log.2", 30, now)
    aged(tmp_path / "live" / "a.log.3", 31, now, "the old one")
    aged(tmp_path / "backtest" / "sweep.log", 40, now)
    aged(tmp_path / "api" / "in-use.log", 40, now)
    aged(tmp_path / "live" / ".a.log.lock", 90, now)
    done = [archive(tmp_path, now - 30 * DAY, lambda path: path.name == "in-use.log") for _ in range(2)]
    assert [(len(one.files), len(one.open), one.problems) for one in done] == [(2, 1, []), (0, 1, [])]
    assert sorted(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*") if one.is_file()) == [
        "api/in-use.log",
        "archives/backtest/sweep-20250506T150640.000Z.log.gz",
        "archives/live/a-20250515T150640.000Z.log.gz",
        "live/.a.log.lock",
        "live/a.log.1",
        "live/a.log.2",
    ]
    with gzip.open(done[0].files[0]) as file:
        assert file.read() == b"the old one"


def test_an_archive_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    now = FakeClock().now_ms()
    aged(tmp_path / "archives" / "live" / "a-20250101T000000.000Z.log", 50, now, "moved, not packed")
    (packed,) = archive(tmp_path, now, lambda _: False).files
    assert gzip.decompress(packed.read_bytes()) == b"moved, not packed"
    assert [one.name for one in packed.parent.iterdir()] == [packed.name]


def test_logging_from_many_threads_keeps_lines_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with opened(path, form="prod") as logger:
        threads = [threading.Thread(target=lambda: [logger.info("w" * 200) for _ in range(100)]) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    entries = last_entries(path, 9_999)
    assert len(entries) == 800
    assert {one.fields["message"] for one in entries} == {"w" * 200}
