"""A disk that is really full: a small one of memory, filled to the last byte while something is held."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.command_line import Vigie
from tests.fakes.live_markets import HOUR, NAME, LiveHouse, exchange, sample
from vigie.adapters.storage.journal_files import verify
from vigie.domain import events as e
from vigie.domain.order import Leg

BALLAST = "ballast"
DUST = Decimal("0.01")
"""Coins that no step of these pairs can sell, and then some."""


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """The home on a file system of sixteen megabytes; skipped where one may not be made."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(home)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no file system can be made here: {made.stderr.strip()}")
    try:
        yield home
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


def fill(home: Path) -> None:
    """Not a byte is left."""
    with (home / BALLAST).open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1 << 6, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(os.urandom(size))


def test_on_a_full_disk_stops_stay_nothing_is_bought_no_line_is_lost_and_status_says_why(
    vigie: Vigie, small_disk: Path
) -> None:
    series = sample(3)
    with exchange(series) as ex:
        house = LiveHouse.built(small_disk, ex, series)
        (small_disk / "vigie.toml").write_text(
            (small_disk / "vigie.toml").read_text() + "[watch]\ndisk_low_mb = 4\ndisk_critical_mb = 2\n"
        )
        account = small_disk / "state" / NAME
        full_at: list[int] = []
        seen: list[tuple[set[str], set[str]]] = []
        words: list[str] = []

        def each(_: int) -> None:
            coins = {asset: sum(one) for asset, one in ex.desk.balances().items() if asset != "USDT"}
            held = {f"{asset}USDT" for asset, quantity in coins.items() if quantity > DUST}
            if not full_at and held:
                fill(small_disk)
                full_at.append(ex.now_ms())
            elif full_at:
                stops = {one.ticket.symbol for one in ex.exchange.shelf.all_open() if one.ticket.kind.contingent}
                seen.append((held, stops))
                if len(seen) in (1, 20):
                    words.append(vigie("status", "--account", NAME).out)

        house.run(48, each=each)
        assert full_at, "nothing was ever held"
        assert len(seen) > 20
        assert any(held for held, _ in seen)
        assert [one for one in seen if one[0] != one[1]] == [], "what is held has its stop, tick after tick"
        assert not (account / "reserve").exists(), "it was needed"
        assert verify(account / "journal", NAME).bad is None
        lines = house.lines()
        after = [one for one in lines if one.at > full_at[0]]
        assert after, "the lines of what protects were written"
        planned = [one.event.intent.leg for one in after if isinstance(one.event, e.IntentPlanned)]
        assert Leg.ENTRY not in planned
        sent = {str(one.parameters["newClientOrderId"]) for one in ex.journal.calls("POST", "/api/v3/order")}
        known = {one.event.intent.client_id for one in lines if isinstance(one.event, e.IntentPlanned)}
        assert sent <= known, "nothing is sent that is not written down"
        assert "UNHEALTHY" in words[0]
        assert all("MB are free, nothing new is bought below 2 MB" in one for one in words)
        assert any("what is left of it is kept for orders that protect" in one for one in house.problems)

        (small_disk / BALLAST).unlink()
        code = vigie("status", "--account", NAME, "--json").document["resume_code"]
        if code is not None:
            assert vigie("resume", "--account", NAME, "--confirm", code).code == 0
        house.problems.clear()
        house.run(12)
        assert (account / "reserve").exists()
        assert not any("disk" in one for one in house.problems)
        assert verify(account / "journal", NAME).bad is None
        assert [one for one in house.lines() if one.at > ex.now_ms() - 12 * HOUR]
