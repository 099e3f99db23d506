"""Where keys are found, who may read them, and that nobody sees them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from vigie.adapters.env_file import read_env
from vigie.app.secrets import keys_of, secrets_of, variables
from vigie.app.settings import AccountSettings
from vigie.app.trading.venues import broker_of
from vigie.domain.errors import ConfigError

OWN, VENUES = variables("live-main", "binance")
posix = pytest.mark.skipif(os.name == "nt", reason="file modes of POSIX")


def written(home: Path, text: str, mode: int = 0o600) -> Path:
    path = home / ".env"
    path.write_text(text)
    path.chmod(mode)
    return path


def full(names: tuple[str, ...], word: str) -> dict[str, str]:
    return {names[0]: f"{word}-key", names[1]: f"{word}-secret"}


def test_keys_are_called_after_the_account_or_its_venue() -> None:
    assert OWN == ("VIGIE_LIVE_MAIN_API_KEY", "VIGIE_LIVE_MAIN_API_SECRET", "VIGIE_LIVE_MAIN_API_PASSPHRASE")
    assert VENUES[0] == "VIGIE_BINANCE_API_KEY"


def test_the_environment_is_before_the_credentials_folder_and_that_before_the_file(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o700)
    for name, value in full(OWN, "kept").items():
        (kept / name).write_text(f"{value}\n")
    written(tmp_path, "\n".join(f"{name}={value}" for name, value in full(OWN, "file").items()))
    folder = {"CREDENTIALS_DIRECTORY": str(kept)}
    assert keys_of("live-main", "binance", tmp_path, {**folder, **full(OWN, "said")}).secrets.api_key == "said-key"
    found = keys_of("live-main", "binance", tmp_path, folder)
    assert (found.secrets.secret, found.source) == ("kept-secret", "credentials folder")
    assert keys_of("live-main", "binance", tmp_path, {}).source == ".env"


def test_a_credential_may_be_named_in_small_letters(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    for name, value in full(OWN, "kept").items():
        (tmp_path / name.lower()).write_text(value)
    there = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert secrets_of("live-main", "binance", tmp_path, there).api_key == "kept-key"


def test_the_accounts_own_keys_come_before_those_of_the_venue(tmp_path: Path) -> None:
    written(tmp_path, "\n".join(f"{name}={value}" for name, value in full(OWN, "own").items()))
    assert keys_of("live-main", "binance", tmp_path, full(VENUES, "venue")).secrets.api_key == "own-key"


def test_a_key_is_never_joined_with_the_secret_of_another_place(tmp_path: Path) -> None:
    written(tmp_path, f"{OWN[1]}=file-secret")
    with pytest.raises(ConfigError, match="live-main has no secret: set VIGIE_LIVE_MAIN_API_SECRET"):
        secrets_of("live-main", "binance", tmp_path, {OWN[0]: "said-key"})


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_may_read_is_not_used(tmp_path: Path, mode: int) -> None:
    written(tmp_path, "\n".join(f"{name}={value}" for name, value in full(OWN, "file").items()), mode)
    with pytest.raises(ConfigError) as caught:
        secrets_of("live-main", "binance", tmp_path, {})
    assert "others may read it" in caught.value.problems[0]
    assert "chmod 600" in caught.value.problems[0]
    assert "file-key" not in str(caught.value)


@posix
def test_a_credential_that_others_may_read_in_an_open_folder_is_not_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for name, value in full(OWN, "kept").items():
        (tmp_path / name).write_text(value)
        (tmp_path / name).chmod(0o644)
    with pytest.raises(ConfigError, match="others may read it"):
        secrets_of("live-main", "binance", tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_quotes_remarks_and_export_are_understood(tmp_path: Path) -> None:
    path = written(tmp_path, "# mine\nexport A='x y'\nB = plain # a remark\nC=\"p#q\"\n\nnonsense here\n")
    found = read_env(path)
    assert found.values == {"A": "x y", "B": "plain", "C": "p#q"}
    assert found.problems == (f"{path}: line 6 is not of the form NAME=value",)
    assert "plain" not in repr(found)


def test_both_missing_keys_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        secrets_of("live-main", "binance", tmp_path, {})
    assert len(caught.value.problems) == 2


def test_a_broker_opens_with_the_keys_that_were_found_and_asks_nothing(tmp_path: Path) -> None:
    settings = AccountSettings("live-main")
    with broker_of(settings, tmp_path, FakeClock(), environment=full(OWN, "said")) as broker:
        assert "said" not in repr(broker)
    assert not (tmp_path / "state").exists()


def test_dollars_stay_windows_lines_are_understood_and_a_private_key_may_have_several_lines(tmp_path: Path) -> None:
    path = written(tmp_path, 'A=pa$$word${HOME}\r\nPEM="-----BEGIN\nabc\n-----END"\r\nD=\nE="a\\nb"\nF=x#y\n')
    found = read_env(path)
    assert found.problems == ()
    assert found.values == {
        "A": "pa$$word${HOME}",
        "PEM": "-----BEGIN\nabc\n-----END",
        "D": "",
        "E": "a\nb",
        "F": "x#y",
    }


@pytest.mark.parametrize("line", ["novalue", "1A=x", "A-B=x", 'Q="not closed', "= x", "two words=x"])
def test_a_line_that_means_nothing_is_told_by_its_number_and_without_its_words(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, f"A=1\n\n\n{line}\nZ=2\n")
    found = read_env(path)
    assert found.problems == (f"{path}: line 4 is not of the form NAME=value",)
    assert found.values == {"A": "1", "Z": "2"}
