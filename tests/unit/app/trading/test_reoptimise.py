"""When parameters are looked for anew, what is called, and what becomes of it."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.certificates import a_certificate
from tests.fakes.clock import FakeClock
from vigie.adapters.priority import low_priority
from vigie.adapters.storage.certificates import CertificateFolder
from vigie.adapters.storage.locks import locked
from vigie.app.program import without_keys
from vigie.app.research.certificates import certificates, proposals, take
from vigie.app.settings import AccountSettings
from vigie.app.trading.reoptimise import Outcome, Reoptimiser, read_outcome, reoptimise, words_of
from vigie.app.trading.reoptimise_settings import Reoptimise, read_reoptimise
from vigie.domain.errors import CheckFailed, ConfigError
from vigie.domain.pair import Pair

HOUR = 3_600_000
WEEKLY = Reoptimise("weekly", "sunday", 3)
SETTINGS = AccountSettings(
    "paper", pairs=(Pair("BTC", "USDT"), Pair("ETH", "USDT")), capital="500", parameters={"fast": "12"},
    reoptimise=replace(WEEKLY, arguments=("--data", "candles", "--folds", "2")),
)  # fmt: skip


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("settings", "now", "due"),
    [
        (WEEKLY, "2024-03-06 12:00", "2024-03-03 03:00"),
        (WEEKLY, "2024-03-10 02:59", "2024-03-03 03:00"),
        (WEEKLY, "2024-03-10 03:00", "2024-03-10 03:00"),
        (WEEKLY, "2024-03-31 03:30", "2024-03-31 03:00"),
        (Reoptimise("monthly", "28", 0), "2024-03-27 23:59", "2024-02-28 00:00"),
        (Reoptimise("monthly", "1", 5), "2024-01-01 04:59", "2023-12-01 05:00"),
        (Reoptimise("monthly", "1", 5), "2024-01-01 05:00", "2024-01-01 05:00"),
    ],
)
def test_the_last_time_that_it_was_to_happen(settings: Reoptimise, now: str, due: str) -> None:
    assert settings.last_due(at(now)) == at(due)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "every must be"),
        ({"every": "weekly", "dya": "monday"}, "unknown key 'dya'; did you mean 'day'?"),
        ({"every": "weekly", "day": 3}, "day must be one of monday"),
        ({"every": "monthly", "day": 31}, "1 to 28"),
        ({"every": "monthly", "hour": 24}, "hour must be"),
        ({"every": "monthly", "auto_promote": "yes"}, "auto_promote must be true or false"),
        ({"every": "monthly", "arguments": "--folds 4"}, "arguments must be a list"),
        ({"every": "monthly", "arguments": ["--promote", "--pairs=X/Y"]}, "--pairs follows from the account"),
        (3, "must be a table"),
    ],
)
def test_settings_that_mean_nothing_are_told(table: object, words: str) -> None:
    with pytest.raises(ConfigError) as told:
        read_reoptimise(table)
    assert any(words in one for one in told.value.problems), told.value.problems


def test_defaults_are_a_quiet_hour() -> None:
    assert read_reoptimise({"every": "weekly"}) == WEEKLY
    assert read_reoptimise({"every": "monthly"}).day == "1"


def test_the_account_says_what_is_walked_forward() -> None:
    words = words_of(SETTINGS, ("--folds", "2"))
    assert words[:1] == ["walk-forward"]
    for pair in (["--pairs", "BTC/USDT,ETH/USDT"], ["--capital", "500"], ["--param", "fast=12"], ["--folds", "2"]):
        assert any(words[here : here + 2] == pair for here in range(len(words))), pair
    assert words[-3:] == ["--propose", "--json", "--quiet"]
    assert "--promote" not in words


def test_a_search_hears_of_no_key_of_a_venue(tmp_path: Path) -> None:
    told = without_keys({"VIGIE_LIVE_MAIN_API_SECRET": "hush", "PATH": "/bin"}, tmp_path)
    assert told == {"PATH": "/bin", "VIGIE_HOME": str(tmp_path)}


def test_windows_has_a_class_of_priority_where_others_have_a_number() -> None:
    assert low_priority({"BELOW_NORMAL_PRIORITY_CLASS": 16384}) == 16384
    assert low_priority({}) == 10


class Called:
    """Answers for vigie; a walk-forward that passes leaves a proposal."""

    def __init__(self, home: Path, code: int = 0, download: int = 0) -> None:
        self.home, self.code, self.download = home, code, download
        self.calls: list[Sequence[str]] = []

    def __call__(self, words: Sequence[str]) -> tuple[int, str, str]:
        self.calls.append(words)
        if words[0] == "data":
            return self.download, "", "error: the venue is away\n"
        found = a_certificate()
        if self.code == 0:
            CertificateFolder.proposed(self.home).save(found)
        return self.code, json.dumps({"certificate": found.name if self.code == 0 else None}), "error: so it is\n"


def searched(home: Path, call: Called, *, auto: bool = False, settings: AccountSettings = SETTINGS) -> Outcome:
    return reoptimise(home, settings, auto_promote=auto, clock=FakeClock(), call=call)


def test_what_passes_is_proposed_and_nothing_goes_by_it_until_it_is_taken(tmp_path: Path) -> None:
    done = searched(tmp_path, Called(tmp_path))
    assert done.certificate is not None
    assert f"vigie certificate promote {done.certificate}" in done.text
    assert (certificates(tmp_path), [one.path.stem for one in proposals(tmp_path)]) == ((), [done.certificate])
    assert read_outcome(tmp_path, "paper") == done
    assert take(tmp_path, done.certificate[:8]).name == done.certificate
    assert ([one.path.stem for one in certificates(tmp_path)], proposals(tmp_path)) == ([done.certificate], ())


def test_what_passes_is_taken_at_once_where_the_settings_say_so(tmp_path: Path) -> None:
    done = searched(tmp_path, Called(tmp_path), auto=True)
    assert done.taken
    assert [one.path.stem for one in certificates(tmp_path)] == [done.certificate]


@pytest.mark.parametrize(
    ("code", "words"), [(3, "no parameters passed every gate"), (65, "walk-forward failed with 65: error: so it is")]
)
def test_what_does_not_pass_leaves_a_sentence_and_no_certificate(tmp_path: Path, code: int, words: str) -> None:
    done = searched(tmp_path, Called(tmp_path, code), auto=True)
    assert (done.certificate, done.taken) == (None, False)
    assert words in done.text
    assert certificates(tmp_path) == proposals(tmp_path) == ()


def test_candles_are_fetched_first_unless_the_settings_name_some(tmp_path: Path) -> None:
    assert SETTINGS.reoptimise is not None
    plain = replace(SETTINGS, reoptimise=replace(SETTINGS.reoptimise, arguments=()))
    call = Called(tmp_path, download=75)
    done = searched(tmp_path, call, settings=plain)
    assert [words[:2] for words in call.calls] == [["data", "download"]]
    assert done.text == "the candles could not be fetched: error: the venue is away"
    named = Called(tmp_path)
    searched(tmp_path, named)
    assert [words[0] for words in named.calls] == ["walk-forward"]


def test_two_searches_for_one_account_do_not_run_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "paper"
    folder.mkdir(parents=True)
    with locked(folder / "reoptimise.lock"), pytest.raises(CheckFailed, match="another search for paper"):
        searched(tmp_path, Called(tmp_path))


# --- beside an engine -------------------------------------------------------------------------------------------------

CHILD = """
    import json, sys, time
    from pathlib import Path
    path = Path({path!r})
    started = json.loads(path.read_text())["started_at"]
    time.sleep({seconds})
    path.write_text(json.dumps({{"started_at": started, "ended_at": started + 1, "text": " ".join(sys.argv[1:])}}))
"""


class Beside:
    """A reoptimiser whose program is a child of a few lines."""

    def __init__(self, home: Path, now: str, seconds: float = 0.0, body: str = CHILD) -> None:
        self.home, self.clock = home, FakeClock(at(now))
        self.told: list[tuple[str, str]] = []
        self.said: list[str] = []
        (home / "state" / "paper").mkdir(parents=True, exist_ok=True)
        self.path = home / "state" / "paper" / "reoptimise.json"
        source = textwrap.dedent(body.format(path=str(self.path), seconds=seconds))
        self.one = Reoptimiser(
            home, "paper", WEEKLY, self.clock, self.tell, self.said.append, (sys.executable, "-c", source)
        )

    def tell(self, kind: str, text: str) -> None:
        self.told.append((kind, text))

    def until_told(self) -> list[tuple[str, str]]:
        end = time.monotonic() + 30.0
        while not self.told:
            assert time.monotonic() < end
            self.one.look()
            time.sleep(0.02)
        self.one.close()
        return self.told


def test_it_starts_when_it_is_due_and_tells_what_came_of_it_once(tmp_path: Path) -> None:
    beside = Beside(tmp_path, "2024-03-06 12:00")
    beside.one.look()
    assert beside.said == [], "nobody wants a search because an account was begun"
    beside.clock.at_ms = at("2024-03-10 02:59")
    beside.one.look()
    assert beside.said == []
    beside.clock.at_ms = at("2024-03-10 03:00")
    beside.one.look()
    assert len(beside.said) == 1
    assert beside.until_told() == [("search", "paper: reoptimise --account paper --quiet")]
    for _ in range(3):
        beside.one.look()
    assert len(beside.said) == 1


def test_what_was_due_while_nothing_ran_is_made_up_for_once(tmp_path: Path) -> None:
    first = Beside(tmp_path, "2024-03-06 12:00")
    first.one.look()
    late = Beside(tmp_path, "2024-04-01 12:00")
    late.one.look()
    late.until_told()
    late.one.look()
    assert len(late.said) == 1


def test_a_search_that_dies_is_told_of_and_not_started_again_at_each_tick(tmp_path: Path) -> None:
    Beside(tmp_path, "2024-03-06 12:00").one.look()
    beside = Beside(tmp_path, "2024-03-10 12:00", body="raise SystemExit(9)")
    beside.one.look()
    assert beside.until_told() == [("search", "paper: the search for parameters ended with 9")]
    beside.one.look()
    assert len(beside.said) == 1


def test_an_engine_that_ends_takes_its_search_along(tmp_path: Path) -> None:
    Beside(tmp_path, "2024-03-06 12:00").one.look()
    beside = Beside(tmp_path, "2024-03-10 12:00", seconds=60.0)
    begun = time.monotonic()
    beside.one.look()
    assert time.monotonic() - begun < 2.0, "a tick does not wait for it"
    beside.one.close()
    beside.one.close()
    assert time.monotonic() - begun < 10.0


def test_what_a_person_or_an_earlier_process_searched_is_told_of_too(tmp_path: Path) -> None:
    beside = Beside(tmp_path, "2024-03-06 12:00")
    beside.one.look()
    done = searched(tmp_path, Called(tmp_path))
    beside.one.look()
    beside.one.look()
    assert beside.told == [("proposal", f"paper: {done.text}")]
    later = Beside(tmp_path, "2024-03-06 13:00")
    later.one.look()
    assert later.told == [], "told already"


def test_a_program_that_is_not_there_is_told_once_and_never_raised(tmp_path: Path) -> None:
    Beside(tmp_path, "2024-03-06 12:00").one.look()
    beside = Beside(tmp_path, "2024-03-10 12:00")
    gone = Reoptimiser(
        tmp_path, "paper", WEEKLY, beside.clock, beside.tell, beside.said.append, (str(tmp_path / "nothing"),)
    )
    gone.look()
    gone.look()
    assert len(beside.said) == 1
    assert "No such file" in beside.said[0]
    Reoptimiser(tmp_path, "paper", None, beside.clock, beside.tell).look()
