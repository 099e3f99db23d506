"""An account whose files were damaged in every combination goes on as it was, or refuses and says why.

The account holds two positions; it is the shipped start that meets what is left of its files.
"""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.faults.corruption_cases import CASES, DAMAGES, READABLE, Case, spoil
from tests.faults.crash.invariants import broken, entries_of, folder_of, run_of, venue_of
from tests.faults.crash.killing import Rig
from tests.faults.crash.processes import run_apart, spread
from vigie.adapters.exchanges.paper_ledger import FILE_NAME
from vigie.adapters.storage.halts import Halts
from vigie.adapters.storage.heartbeat import read as heartbeat
from vigie.domain.errors import InvariantBroken, VigieError
from vigie.domain.holdings import Latch
from vigie.domain.trading_mode import TradingMode

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and asks /proc which file a descriptor is of")
STALE_ROW, ROW = 5, 9
GOES_ON = "goes on"


@pytest.fixture(scope="module")
def rig() -> Rig:
    return Rig()


@pytest.fixture(scope="module")
def whole(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after some hours, stopped on purpose, and a snapshot from some hours before."""
    home = tmp_path_factory.mktemp("whole")
    folder = folder_of(home)
    run_apart(lambda: list(rig.replay(home, until=STALE_ROW).problems))
    shutil.copy(folder / "state.json", folder / "state.old")
    run_apart(lambda: list(rig.replay(home, until=ROW).problems))
    assert len(venue_of(home, rig.terms).open_orders) == 2
    return home


@pytest.fixture(scope="module")
def killed(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose process was killed over an entry: the venue has it, and nobody knows."""
    home, earlier = tmp_path_factory.mktemp("killed"), tmp_path_factory.mktemp("earlier")
    entries = [one for one in rig.points() if str(one.operation) == "answer submit entry"]
    rig.die(earlier, entries[1])
    rig.die(home, entries[3])
    shutil.copy(folder_of(earlier) / "state.json", folder_of(home) / "state.old")
    assert seq_of(folder_of(home) / "state.json") < entries_of(home)[-1].seq - 5
    return home


def seq_of(path: Path) -> int:
    seq: int = json.loads(path.read_bytes())["portfolio"]["seq"]
    return seq


def expected(whole: Path, case: Case) -> str:
    """What has to come of a case: `GOES_ON`, or `InvariantBroken`."""
    folder = folder_of(whole)
    last = entries_of(whole)[-1].seq
    lines = {"truncated": last - 1, "stale": last - 10, "deleted": 0, "bit-flipped": 0, "empty": 0}.get(
        case.journal, last
    )
    kept = {"state": folder / "state.json", "backup": folder / "state.json.bak"}
    damage = {"state": case.state, "backup": case.backup}
    source = next((name for name in ("state", "backup") if damage[name] in READABLE), None)
    snapshot = 0
    if source is not None:
        snapshot = seq_of(folder / "state.old" if damage[source] == "stale" else kept[source])
    beaten = heartbeat(folder)
    assert beaten is not None
    known = max(snapshot, beaten.facts["seq"])
    return GOES_ON if lines >= known else InvariantBroken.__name__


def outcome(rig: Rig, home: Path, until: int | None) -> list[str]:
    """What a start comes to: `GOES_ON` and what does not hold then; or the name of its error and what it says."""
    try:
        done = rig.replay(home, until=until)
    except VigieError as error:
        return [type(error).__name__, str(error)]
    return [GOES_ON, *done.problems, *broken(home, rig.terms)]


def damaged(rig: Rig, whole: Path, scratch: Path, case: Case) -> list[str]:
    """Damage a copy, start it, and say what differs from what has to come of it."""
    home = scratch / str(case)
    shutil.copytree(whole, home)
    spoil(folder_of(home), case)
    found = outcome(rig, home, ROW + 1)
    wanted = expected(whole, case)
    problems = [] if found[0] == wanted else [f"{case}: {wanted} was to come, {found} came"]
    if found[0] == GOES_ON:
        problems += [f"{case}: {one}" for one in found[1:]]
        if not set(run_of(whole).acts) <= set(run_of(home).acts):
            problems.append(f"{case}: what was done is forgotten")
    elif len(found[1]) < 30:
        problems.append(f"{case}: that explains nothing: {found[1]}")
    shutil.rmtree(home)
    return problems


def test_both_outcomes_are_among_the_cases(whole: Path) -> None:
    outcomes = {journal: {expected(whole, one) for one in CASES if one.journal == journal} for journal in DAMAGES}
    refused = {InvariantBroken.__name__}
    assert outcomes["ok"] == outcomes["old-version"] == {GOES_ON}
    assert outcomes["truncated"] == {GOES_ON, *refused}
    assert outcomes["stale"] == outcomes["deleted"] == outcomes["bit-flipped"] == outcomes["empty"] == refused


@pytest.mark.parametrize("left_by", ["whole", "killed"])
@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.long)])
def test_an_account_damaged_in_any_combination_goes_on_or_refuses(
    rig: Rig, left_by: str, every: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    home: Path = request.getfixturevalue(left_by)
    assert [
        one for each in spread(lambda case: damaged(rig, home, tmp_path, case), CASES[::every], 2) for one in each
    ] == []


WITNESSES = ("vigie.db", "heartbeat.json", "halts.json", FILE_NAME, "journal/2025-06.jsonl.torn-20250615-190000")


def forget(folder: Path) -> None:
    """Everything that is read at a start is gone."""
    shutil.rmtree(folder / "journal")
    for name in ("state.json", "state.json.bak", "state.old", "heartbeat.json", FILE_NAME):
        (folder / name).unlink(missing_ok=True)


@pytest.mark.parametrize("left", [one for n in (1, 2) for one in itertools.combinations(WITNESSES, n)], ids=str)
def test_an_account_that_is_forgotten_but_for_a_witness_of_its_life_is_not_begun_anew(
    rig: Rig, whole: Path, tmp_path: Path, left: tuple[str, ...]
) -> None:
    home = tmp_path / "home"
    shutil.copytree(whole, home)
    folder = folder_of(home)
    kept = {name: (folder / name).read_bytes() for name in left if (folder / name).exists()}
    forget(folder)
    for name in left:
        (folder / name).parent.mkdir(exist_ok=True)
        if name == "halts.json":
            Halts(folder, _Never()).latch("drawdown", Latch(TradingMode.HALTED.value, "too far", 1))
        else:
            (folder / name).write_bytes(kept.get(name, b"some bytes"))
    before = {name: (folder / name).read_bytes() for name in left}
    name, said = run_apart(lambda: outcome(rig, home, None))
    assert name == InvariantBroken.__name__
    assert "the journal" in said
    assert "put the journal back" in said
    assert {name: (folder / name).read_bytes() for name in left} == before
    assert not list((folder / "journal").glob("*.jsonl")) if (folder / "journal").exists() else True


class _Never:
    def now_ms(self) -> int:
        return 1

    def sleep(self, seconds: float) -> None:
        raise AssertionError


def test_a_person_may_halt_an_account_before_it_begins(rig: Rig, tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    Halts(folder, _Never()).latch("person", Latch(TradingMode.HALTED.value, "not yet", 1))
    found = run_apart(lambda: outcome(rig, tmp_path, 4))
    assert found == [GOES_ON]
    assert run_of(tmp_path).acts == ()


@pytest.mark.parametrize("damage", ["truncated", "bit-flipped", "empty", "deleted"])
def test_a_venue_whose_books_are_damaged_or_gone_beside_a_journal_is_not_begun_anew(
    rig: Rig, whole: Path, tmp_path: Path, damage: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(whole, home)
    path = folder_of(home) / FILE_NAME
    content = path.read_bytes()
    if damage == "deleted":
        path.unlink()
    else:
        half = len(content) // 2
        flipped = bytes([content[half] ^ 4])
        path.write_bytes(
            {"truncated": content[:-40], "empty": b""}.get(damage, content[:half] + flipped + content[half + 1 :])
        )
    name, said = run_apart(lambda: outcome(rig, home, None))
    assert (name, FILE_NAME in said) == (InvariantBroken.__name__, True)
