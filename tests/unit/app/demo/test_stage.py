"""The demo's stage: what it starts, it ends; what ends otherwise, it tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigie.app.demo import demo as played
from vigie.app.demo.act import Act, Seen
from vigie.app.demo.demo import ACTS, DemoRequest, demo
from vigie.app.demo.stage import NotFoundError, Stage, environment_of
from vigie.domain.errors import ConfigError


def test_a_command_that_ends_otherwise_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="vigie jornal ended with 2: see vigie --help"):
        Stage(tmp_path).vigie("jornal")
    assert Stage(tmp_path).vigie("jornal", expected=(2,)).code == 2


def test_what_is_no_document_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="vigie --version wrote no JSON: 'vigie"):
        assert Stage(tmp_path).vigie("--version").document


def test_who_ends_before_what_is_waited_for_is_told_with_its_last_words(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    process = stage.start("live", "--account", "live-none", name="live-1")
    with pytest.raises(NotFoundError, match=r"an order: the process ended with 78 before: error: .*live-none"):
        stage.until("an order", lambda: None, beside=process, name="live-1")


def test_what_does_not_come_is_not_waited_for_for_ever_and_closing_ends_all(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    (tmp_path / "state" / "live-x" / "journal").mkdir(parents=True)
    process = stage.start("journal", "--account", "live-x", "--follow", name="follow")
    with pytest.raises(NotFoundError, match="a line: not within 0 s"):
        stage.until("a line", lambda: None, beside=process, name="follow", patience=0.1)
    assert process.poll() is None
    stage.close()
    assert process.poll() is not None


def test_the_users_accounts_keys_and_proxies_do_not_reach_the_demo(tmp_path: Path) -> None:
    ours = {
        "PATH": "/bin",
        "VIGIE_LIVE_MAIN_API_KEY": "k",
        "VIGIE_HOME": "/mine",
        "VIGIE_CACHE": "/cache",
        "HTTPS_PROXY": "p",
    }
    assert environment_of(tmp_path, ours) == {
        "PATH": "/bin", "VIGIE_CACHE": "/cache", "VIGIE_HOME": str(tmp_path), "NO_COLOR": "1", "PYTHONUTF8": "1",
    }  # fmt: skip


@pytest.mark.parametrize("there", ["a file in it", "a file of that name"])
def test_a_folder_with_something_in_it_is_not_taken(tmp_path: Path, there: str) -> None:
    place = tmp_path / "tour"
    if there == "a file in it":
        place.mkdir()
        (place / "mine").touch()
    else:
        place.touch()
    with pytest.raises(ConfigError, match="--keep"):
        demo(DemoRequest(place))


def test_the_fast_demo_plays_fewer_acts_in_the_same_order() -> None:
    fast = [act.name for act in DemoRequest(fast=True).acts]
    assert fast == [act.name for act in ACTS if act.name not in ("noise", "parity")]
    assert len({act.name for act in ACTS}) == len(ACTS) == len({act.proves for act in ACTS})


def found(_: Stage) -> Seen:
    return Seen("it was there")


def missed(_: Stage) -> Seen:
    raise NotFoundError("state/candles: empty")


def no_such_key(_: Stage) -> Seen:
    return Seen({"a": "b"}["c"])


def full(stage: Stage) -> Seen:
    raise OSError(28, "No space left on device", str(stage.home / "vigie.toml"))


@pytest.mark.parametrize(
    ("bad", "words"),
    [(missed, "state/candles: empty"), (no_such_key, "KeyError: 'c'"), (full, "vigie.toml: No space left on device")],
)
def test_the_first_act_that_fails_is_the_last_one(tmp_path: Path, bad: object, words: str) -> None:
    acts = [Act("one", "One", "a", found), Act("two", "Two", "b", bad), Act("three", "Three", "c", found)]  # type: ignore[arg-type]
    told: list[str] = []
    document = demo(DemoRequest(tmp_path / "tour"), told=lambda one: told.append(one.act.name), acts=acts)
    assert (document["passed"], told) == (False, ["one", "two"])
    assert [one["passed"] for one in document["acts"]] == [True, False]
    assert words in document["acts"][-1]["seen"]
    assert demo(DemoRequest(), acts=acts[:1])["passed"]


def test_the_scratch_home_is_gone_whatever_happened() -> None:
    homes: list[Path] = []

    def broken(stage: Stage) -> Seen:
        homes.append(stage.home)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        demo(DemoRequest(), acts=[Act("one", "One", "a", broken)])
    assert [home.exists() for home in homes] == [False]
    assert played.NOTE.startswith("synthetic market")
