"""Who can be told by a channel: as its file says, not as mail does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import vigie.adapters.alerts
from vigie.app.alerts.channels import read_posts
from vigie.app.alerts.commands import send_test
from vigie.domain.errors import ConfigError

CHANNEL = """
from vigie.ports.alerts import Delivery, Outcome

KEYS, SECRETS = (), ()


def read(table, secrets, home):
    return home, []


class Bell:
    def deliver(self, letter, recipients):
        return Delivery(Outcome.SENT)


def channel(settings):
    return Bell()
"""
ITS_OWN = (
    CHANNEL
    + """
RECIPIENT = ("number", "+33612345678")


def is_recipient(text):
    return text.startswith("+") and text[1:].isdigit()
"""
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a channel of the test's own is found."""
    found = tmp_path / "channels"
    found.mkdir()
    monkeypatch.setattr(vigie.adapters.alerts, "__path__", [*vigie.adapters.alerts.__path__, str(found)])
    yield found
    for name in ("doorbell", "phone"):
        sys.modules.pop(f"vigie.adapters.alerts.{name}", None)
        vars(vigie.adapters.alerts).pop(name, None)


def problems(home: Path, table: str) -> list[str]:
    (home / "vigie.toml").write_text(table, encoding="utf-8")
    return read_posts(home, {})[1]


def test_a_channel_that_says_nothing_takes_any_line(folder: Path, tmp_path: Path) -> None:
    (folder / "doorbell.py").write_text(CHANNEL)
    assert (
        problems(tmp_path, '[doorbell]\nto = ["#ops", "the cellar"]\n[doorbell.routes]\nCRITICAL = ["attic"]\n') == []
    )
    (found,) = problems(tmp_path, '[doorbell]\nto = ["two\\nlines"]\n')
    assert "'two\nlines' is no recipient" in found


def test_a_channel_says_what_its_recipients_are(folder: Path, tmp_path: Path) -> None:
    (folder / "phone.py").write_text(ITS_OWN)
    assert problems(tmp_path, '[phone]\nto = "+4912345"\n') == []
    assert problems(tmp_path, '[phone]\nto = ["me@example.org"]\n') == [
        "vigie.toml: [phone] to: 'me@example.org' is no number as for instance +33612345678 is"
    ]
    assert problems(tmp_path, "[phone]\n") == [
        'vigie.toml: [phone] to is missing: who is told, for instance ["+33612345678"]'
    ]
    assert problems(tmp_path, '[phone]\nto = "+1"\n[phone.routes]\nWARNING = ["bob"]\n') == [
        "vigie.toml: [phone] routes WARNING: 'bob' is no number as for instance +33612345678 is"
    ]


def test_a_test_letter_goes_to_whom_its_channel_can_reach(folder: Path, tmp_path: Path) -> None:
    (folder / "phone.py").write_text(ITS_OWN)
    (tmp_path / "vigie.toml").write_text('[phone]\nto = "+1"\n', encoding="utf-8")
    assert send_test(tmp_path, ["+33"])["channels"][0]["to"] == ["+33"]
    with pytest.raises(ConfigError, match=r"--to: 'bob' is no number as for instance \+33612345678 is"):
        send_test(tmp_path, ["bob"])
