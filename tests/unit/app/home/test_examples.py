"""The examples name every key that the code reads, at its default, and nothing else."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from vigie.adapters.alerts import mail
from vigie.adapters.env_file import read_env
from vigie.app.alerts.channels import COMMON, USUAL_ROUTES, read_posts
from vigie.app.backup.settings import BackupSettings, backup_settings
from vigie.app.config import OWN_VARIABLES, check
from vigie.app.control.reconciling import STOP_FRACTION, chosen_policies
from vigie.app.home.create import ecosystem
from vigie.app.home.examples import env_example, toml_example
from vigie.app.home.keys import SUBTABLES, Key, account_keys, mail_keys, parameter_keys, reconcile_keys
from vigie.app.logs.settings import LogSettings, log_settings
from vigie.app.serve.settings import HealthSettings, health_settings
from vigie.app.settings import HOUSE_TABLES, AccountSettings, account_settings
from vigie.app.strategies.facts import describe
from vigie.app.trading.reoptimise_settings import Reoptimise
from vigie.app.watch.settings import TABLE as WATCH
from vigie.app.watch.settings import WatchSettings, watch_settings
from vigie.engine.reconcile import DifferenceKind

CHECKOUT = Path(__file__).resolve().parents[4]
AGAIN = "made anew by: vigie init DIR, then cp DIR/.env .env.example and cp DIR/vigie.toml vigie.toml.example"


def switched_on(text: str) -> str:
    """An example with the ``#`` of every key taken away."""
    return re.sub(r"^#(?=[A-Za-z\[])", "", text, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return tomllib.loads(switched_on(toml_example(tmp_path_factory.mktemp("home"))))


@pytest.mark.parametrize(("name", "made"), [(".env.example", env_example), ("vigie.toml.example", toml_example)])
def test_the_examples_in_the_tree_are_those_that_the_code_makes(name: str, made: Any, tmp_path: Path) -> None:
    assert (CHECKOUT / name).read_text(encoding="utf-8") == made(tmp_path), AGAIN


def test_the_file_of_pm2_that_is_shipped_is_the_one_in_the_tree() -> None:
    assert ecosystem() == (CHECKOUT / "ecosystem.config.js").read_text(encoding="utf-8")


def test_every_key_of_an_account_is_named(tables: dict[str, Any]) -> None:
    paper = tables["accounts"]["paper"]
    assert set(paper) == {one.name for one in fields(AccountSettings)} - {"name"}
    assert {one.name for one in account_keys()} == set(paper) - set(SUBTABLES)
    assert set(paper["reconcile"]) == {one.value for one in DifferenceKind} | {STOP_FRACTION}
    assert set(paper["reoptimise"]) == {one.name for one in fields(Reoptimise)}


def test_every_number_of_strategy_and_profile_is_named(tables: dict[str, Any], tmp_path: Path) -> None:
    described = describe("ema_stochrsi", "standard", tmp_path)
    rows = {row["name"]: row["value"] for group in described.groups.values() for row in group}
    del rows["capital"]
    assert len(rows) > 50
    assert tables["accounts"]["paper"]["parameters"] == rows


def test_every_key_of_the_other_tables_is_named(tables: dict[str, Any]) -> None:
    assert set(tables) == {"accounts", "mail", WATCH, *HOUSE_TABLES}
    assert set(tables["mail"]) == {*mail.KEYS, *COMMON}
    assert tables["mail"]["routes"] == USUAL_ROUTES
    assert set(tables["watch"]) == {one.name for one in fields(WatchSettings)}
    assert set(tables["health"]) == {one.name for one in fields(HealthSettings)} - {"token"}
    assert set(tables["backup"]) == {one.name for one in fields(BackupSettings)}
    assert set(tables["logs"]) == {one.name for one in fields(LogSettings)}


def test_what_is_switched_on_is_valid_and_is_the_default(tmp_path: Path) -> None:
    whole = switched_on(toml_example(tmp_path)).replace('ca_file = "ca.pem"\n', "")
    (tmp_path / "vigie.toml").write_text(whole, encoding="utf-8")
    environment = {"VIGIE_MAIL_PASSWORD": "a password"}
    assert check(tmp_path, "paper", environment)["problems"] == []
    assert watch_settings(tmp_path) == WatchSettings()
    assert backup_settings(tmp_path) == BackupSettings()
    assert health_settings(tmp_path, {}) == HealthSettings()
    assert log_settings(tmp_path, {}) == LogSettings("text", "INFO", tmp_path / "logs")
    assert chosen_policies(account_settings(tmp_path, "paper", {}), {}) == chosen_policies(AccountSettings("paper"), {})
    ((post,), problems) = read_posts(tmp_path, environment)
    bare = '[mail]\nhost = "smtp.example.org"\nuser = "bot@example.org"\nto = ["me@example.org"]\n'
    (tmp_path / "vigie.toml").write_text(bare, encoding="utf-8")
    ((plain,), _) = read_posts(tmp_path, environment)
    assert problems == []
    assert (post.routes, post.usual, post.slow, post.digest_hour, post.daily) == (
        plain.routes, plain.usual, plain.slow, plain.digest_hour, plain.daily,
    )  # fmt: skip
    assert post.channel == plain.channel


def test_every_variable_is_named_and_what_is_switched_on_is_known_and_good(tmp_path: Path) -> None:
    text = env_example(tmp_path)
    assert [name for name in OWN_VARIABLES if f"{name}" not in text] == []
    path = tmp_path / ".env"
    path.touch(0o600)
    path.write_text(switched_on(text), encoding="utf-8")
    values = read_env(path).values
    assert {"VIGIE_PAPER_CAPITAL", "VIGIE_PAPER_PARAM_FEE_FRACTION", "VIGIE_LIVE_MAIN_API_SECRET"} <= set(values)
    assert check(tmp_path, None, {})["problems"] == []
    assert check(tmp_path, "paper", {})["problems"] == []
    said = account_settings(tmp_path, "paper", {})
    assert said.capital == "10000"
    assert {key: said.parameters[key] for key in ("fast", "wallet")} == {"fast": "26", "wallet": "shared"}


def test_as_they_are_the_examples_set_nothing_secret_and_little_else(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.touch(0o600)
    path.write_text(env_example(tmp_path), encoding="utf-8")
    assert read_env(path).values == {}
    set_ = tomllib.loads(toml_example(tmp_path))
    assert set(set_) == {"accounts"}
    assert set(set_["accounts"]) == {"paper"}
    assert set(set_["accounts"]["paper"]) == {"strategy", "profile", "timeframe", "pairs", "capital"}


def test_every_key_has_its_bounds_and_a_sentence(tmp_path: Path) -> None:
    keys: list[Key] = [*account_keys(), *parameter_keys(tmp_path), *reconcile_keys(), *mail_keys()]
    assert [one.name for one in keys if not one.allowed or not one.help or one.help.endswith(".")] == []
    for text in (env_example(tmp_path), toml_example(tmp_path)):
        assert [line for line in text.splitlines() if line.startswith("# ") and len(line) > 100] == []
