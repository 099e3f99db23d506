"""Which texts of the settings are taken for secrets, and which are settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigie.app.hiding import hider
from vigie.app.pasted import is_secret, pasted_secrets

HARMLESS = (
    "binance", "ema_stochrsi", "ema_cross", "standard", "titan", "classic_a", "1h", "15m", "4h", "BTC/USDT",
    "BTC/USDT,ETH/USDT", "1000SATS/USDT", "10000", "0.25", "1e-3", "2024-03-01", "20230101-20240101", "live-main",
    "live-main2", "paper-btc1", "sma_200", "me@example.org", "smtp.example.org", "127.0.0.1", "::1", "[::1]:8080",
    "localhost", "starttls", "CRITICAL", "INFO", "sunday", "weekly", "--grid", "fast=10,20", "--folds",
    "--data=candles",
    "/etc/ssl/ca.pem", "./certs/ca2.pem", "~/ca.pem", "certs/ca-2024.pem", "ca.pem", "C:\\vigie\\ca.pem", "text",
    "https://hooks.example.org/x", "foreign-order", "stop_fraction", "my/logs",
    "disk_critical_mb", "logs_days", "MyStrategy",
    "moving house 2", "abc1",
)  # fmt: skip
SECRETS = (
    "cA7ry9Zk", "s3same99", "hunter2", "qW-e!rTy", "Tr0ub4dor&3", "QwErTyUi", "xK9!",
    "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "b0c4de0f-1234-4abc-9def-0123456789ab", "cA7ry9Zk/USDT",
)  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_what_settings_are_made_of_is_shown(text: str) -> None:
    assert not is_secret("pairs", text)


@pytest.mark.parametrize("text", [one for one in SECRETS if one != "xK9!"])
def test_what_looks_like_a_password_or_a_key_is_not(text: str) -> None:
    assert is_secret("strategy", text)


@pytest.mark.parametrize("name", ["password", "api_key", "token", "API_SECRET", "passphrase"])
def test_at_the_place_of_a_secret_any_text_is_one(name: str) -> None:
    assert is_secret(name, "opensesame")
    assert is_secret(name, "xK9!")
    assert not is_secret(name, "/run/secrets/key"), "a file is no secret"


def test_a_file_that_is_no_toml_keeps_its_secrets_too(tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").write_text("[accounts.paper\napi_key = opensesame\nvenue = s3same99\n")
    assert set(pasted_secrets(tmp_path)) == {"opensesame", "s3same99"}


def test_a_home_without_a_slip_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").write_text('[accounts.paper]\npairs = ["BTC/USDT"]\nstrategy = "ema_cross"\n')
    assert pasted_secrets(tmp_path) == []
    text = "[accounts.paper] pairs BTC/USDT ema_cross"
    assert hider(tmp_path, {})(text) == text
