from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.trials import key
from vigie.adapters.storage.results import SqliteResults
from vigie.domain.errors import ConfigError
from vigie.metrics.summary import Metrics
from vigie.ports.results import StoredResult

CHECKOUT = Path(__file__).resolve().parents[3]
WRITER = """
import sys
from pathlib import Path
from tests.fakes.clock import FakeClock
from tests.fakes.trials import key
from vigie.adapters.storage.results import SqliteResults
from vigie.metrics.summary import Metrics
from vigie.ports.results import StoredResult
store = SqliteResults(Path(sys.argv[1]), FakeClock())
for batch in range(20):
    store.put({key(sys.argv[2], batch, one): StoredResult(Metrics({"sharpe": 1.0}, {})) for one in range(50)})
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "results.db"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def store(path: Path, said: list[str]) -> SqliteResults:
    return SqliteResults(path, FakeClock(), said.append)


def a_result(sharpe: float | None = 1.25, returns: list[float] | None = None) -> StoredResult:
    metrics = Metrics({"sharpe": sharpe, "trades": 31}, {} if sharpe is not None else {"sharpe": "no candles"})
    return StoredResult(metrics, None if returns is None else np.array(returns))


def test_what_was_put_is_there_and_the_rest_is_not(store: SqliteResults) -> None:
    store.put({key(1): a_result(), key(2): a_result(None)})
    found = store.get([key(1), key(2), key(3)])
    assert set(found) == {key(1), key(2)}
    assert found[key(1)].metrics == a_result().metrics
    assert found[key(2)].metrics == a_result(None).metrics
    assert found[key(1)].daily_returns is None


@pytest.mark.parametrize(
    "returns",
    [
        [],
        [0.0] * 50,
        [0.1, -0.2, 5e-324, -0.0, 1.7976931348623157e308],
        [0.0] * 50 + [float(np.nextafter(0.1, 1.0))],
    ],
)
def test_daily_returns_come_back_to_the_last_bit(store: SqliteResults, returns: list[float]) -> None:
    store.put({key(1): a_result(returns=returns)})
    found = store.get([key(1)])[key(1)].daily_returns
    assert found is not None
    assert found.dtype == np.float64
    assert found.tobytes() == np.array(returns).tobytes()


def test_metrics_come_back_to_the_last_bit(store: SqliteResults) -> None:
    random = np.random.default_rng(7)
    values = {f"metric_{number}": float(value) for number, value in enumerate(random.normal(size=200) * 1e-7)}
    store.put({key(1): StoredResult(Metrics(values, {}))})
    assert store.get([key(1)])[key(1)].metrics.values == values


def test_ten_thousand_keys_are_asked_for_at_once(store: SqliteResults) -> None:
    store.put({key(number): a_result(float(number)) for number in range(0, 10_000, 2)})
    found = store.get([key(number) for number in range(10_000)])
    assert len(found) == 5_000
    assert found[key(9_998)].metrics.values["sharpe"] == 9_998.0


def test_a_key_that_is_there_is_replaced(store: SqliteResults) -> None:
    store.put({key(1): a_result(1.0)})
    store.put({key(1): a_result(2.0)})
    assert store.get([key(1)])[key(1)].metrics.values["sharpe"] == 2.0


def test_a_store_is_there_for_the_next_process(store: SqliteResults, path: Path) -> None:
    store.put({key(1): a_result()})
    assert set(SqliteResults(path, FakeClock()).get([key(1)])) == {key(1)}


def test_a_result_that_json_cannot_say_is_refused_and_none_of_its_company_is_kept(store: SqliteResults) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.put({key(1): a_result(), key(2): a_result(float("nan"))})
    assert store.get([key(1), key(2)]) == {}


def no_database(path: Path) -> None:
    path.write_bytes(b"this was never a database" * 100)


def torn_in_the_middle(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def another_schema(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 99")


@pytest.mark.parametrize("damage", [no_database, torn_in_the_middle, another_schema])
@pytest.mark.parametrize("reading", [True, False])
def test_a_store_that_cannot_be_used_is_kept_aside_and_begun_anew(
    store: SqliteResults, path: Path, said: list[str], damage: Callable[[Path], None], *, reading: bool
) -> None:
    store.put({key(number): a_result(returns=[0.1] * 100) for number in range(500)})
    damage(path)
    if reading:
        assert store.get([key(1)]) == {}
    store.put({key(number): a_result() for number in range(500)})
    assert len(store.get([key(number) for number in range(500)])) == 500
    assert len(said) == 1
    aside = path.with_name(f"results.db.aside-{FakeClock().at_ms}")
    assert aside.exists()
    assert f"kept as {aside.name}" in said[0]


def test_a_row_that_cannot_be_read_is_as_if_it_were_not_there(store: SqliteResults, path: Path) -> None:
    store.put({key(1): a_result(returns=[0.1]), key(2): a_result(), key(3): a_result()})
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update results set daily_returns = ? where key = ?", [b"\x00", key(1)])
        connection.execute("update results set metrics = '{' where key = ?", [key(2)])
    assert set(store.get([key(1), key(2), key(3)])) == {key(3)}


def test_a_writer_waits_for_another(store: SqliteResults, path: Path) -> None:
    store.put({key(1): a_result()})
    other = sqlite3.connect(path, check_same_thread=False)
    other.execute("begin immediate")
    released = threading.Timer(0.3, other.commit)
    released.start()
    store.put({key(2): a_result()})
    released.join()
    other.close()
    assert set(store.get([key(1), key(2)])) == {key(1), key(2)}


def test_a_reader_does_not_wait_for_a_writer(store: SqliteResults, path: Path) -> None:
    store.put({key(1): a_result()})
    with closing(sqlite3.connect(path)) as other:
        other.execute("begin immediate")
        other.execute("delete from results")
        assert set(store.get([key(1)])) == {key(1)}


def test_two_processes_that_start_a_store_at_once_lose_nothing(store: SqliteResults, path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, name], cwd=CHECKOUT) for name in ("a", "b")
    ]  # fmt: skip
    assert [writer.wait() for writer in writers] == [0, 0]
    assert len(store.get([key(name, batch, one) for name in "ab" for batch in range(20) for one in range(50)])) == 2000


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    with pytest.raises(ConfigError, match="the store of results cannot be used"):
        SqliteResults(tmp_path / "state" / "results.db", FakeClock()).get([key(1)])
