"""The demo's exchange, and what is found when it is asked over HTTP; the account's journal, as it lies on the disk."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from vigie.adapters.sim_server.client import ControlClient
from vigie.adapters.storage.journal_files import newer
from vigie.adapters.storage.journal_lines import Line
from vigie.app.accounts import account_folder
from vigie.app.demo.research import LIVE_FROM, PAIRS, STRATEGY
from vigie.app.demo.stage import NotFoundError, Stage

ACCOUNT = "live-demo"
CAPITAL = "10000"
HELD_BACK = "the answer is held back"
ORDER_PATH = "/api/v3/order"
_OPEN = ("NEW", "PARTIALLY_FILLED")
_SETTINGS = f"""\
# Made by vigie demo: an account on a simulated exchange. Its parameters are those of the certificate.
[accounts.{ACCOUNT}]
strategy = "{STRATEGY}"
pairs = [{", ".join(f'"{one}"' for one in PAIRS.split(","))}]
capital = {CAPITAL}
"""


@dataclass(slots=True)
class Venue:
    """A simulated exchange that runs beside us.

    Attributes:
        process: `vigie exchange serve`.
        url: where its customers call.
        control_url: where its strings are held.
    """

    process: subprocess.Popen[str]
    url: str
    control_url: str
    control: ControlClient

    def state(self) -> dict[str, Any]:
        """Everything that it has now."""
        return self.control.get("/state")

    def orders(self, client_id: str) -> list[dict[str, Any]]:
        """All orders that it ever took under a client id."""
        return [one for one in self.state()["orders"] if one["clientOrderId"] == client_id]

    def calls(self, after: int = 0) -> list[dict[str, Any]]:
        """What it was asked after a number; the numbers are ``seq``."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.control.get("/journal", since=after)
            found += page["entries"]
            if not page["more"]:
                return found
            after = int(found[-1]["seq"])

    def hold_back_an_answer(self) -> None:
        """The next entry is taken, and nobody is told."""
        rule = {"name": HELD_BACK, "method": "POST", "path": ORDER_PATH, "where": {"side": "BUY"},
                "action": "hang", "when": "after", "seconds": 3600}  # fmt: skip
        self.control.post("/faults", {"plan": [rule]})

    def behave(self) -> None:
        """No more trouble."""
        self.control.post("/faults", {"plan": []})

    def uncovered(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Coins that are there and those under a resting stop, by symbol, where they differ by more than dust."""
        found = self.state()
        stops: dict[str, Decimal] = {}
        for one in found["orders"]:
            if one["side"] == "SELL" and one["status"] in _OPEN and Decimal(one["stopPrice"]) > 0:
                left = Decimal(one["origQty"]) - Decimal(one["executedQty"])
                stops[one["symbol"]] = stops.get(one["symbol"], Decimal(0)) + left
        bare = {}
        for asset, amounts in found["balances"].items():
            symbol, coins = f"{asset}SIM", Decimal(amounts["free"]) + Decimal(amounts["locked"])
            worth = coins * Decimal(found["prices"].get(symbol, "0"))
            covered = stops.get(symbol, Decimal(0))
            if worth >= 10 and (coins - covered) * Decimal(found["prices"][symbol]) >= 1:
                bare[symbol] = (coins, covered)
        return bare


def open_venue(stage: Stage) -> Venue:
    """Start the exchange and write down the account that trades on it.

    Raises:
        NotFoundError: it does not come up.
    """
    process = stage.start(
        "exchange", "serve", "--pairs", PAIRS, "--timeframe", "1h", "--start", LIVE_FROM, "--control-port", "0",
        "--balance", f"SIM={CAPITAL}", "--spread-bps", "10", name="exchange",
    )  # fmt: skip
    told = stage.until("the exchange opens", lambda: _first_line(stage), beside=process, name="exchange")
    (stage.home / "vigie.toml").write_text(_SETTINGS, encoding="utf-8")
    keys = stage.home / ".env"
    keys.touch(0o600)
    prefix = f"VIGIE_{ACCOUNT.upper().replace('-', '_')}"
    keys.write_text(f"{prefix}_API_KEY={told['api_key']}\n{prefix}_API_SECRET={told['api_secret']}\n", encoding="utf-8")
    return Venue(process, told["url"], told["control_url"], ControlClient(told["control_url"]))


def _first_line(stage: Stage) -> dict[str, str] | None:
    text = (stage.home / "logs" / "demo" / "exchange.out").read_text(encoding="utf-8")
    if "\n" not in text:
        return None
    found: dict[str, str] = json.loads(text.partition("\n")[0])
    return found


@dataclass(slots=True)
class Pages:
    """The journal of the account, read from the disk line by line as it grows."""

    stage: Stage
    lines: list[Line] = field(default_factory=list)

    def look(self) -> list[Line]:
        """All lines so far."""
        folder = account_folder(self.stage.home, ACCOUNT) / "journal"
        if folder.is_dir():
            self.lines += newer(folder, self.lines[-1].seq if self.lines else -1)
        return self.lines

    def after(self, seq: int, kind: str, fits: Callable[[Line], bool] = lambda _: True) -> Line | None:
        """The first line of a kind behind another one; None: there is none yet."""
        return next((one for one in self.look() if one.seq > seq and one.kind == kind and fits(one)), None)

    def of_order(self, client_id: str) -> Iterator[Line]:
        """Lines about an order, its intent left out."""
        return (one for one in self.look() if one.fields.get("client_id") == client_id)

    @property
    def last_seq(self) -> int:
        """Number of the last line."""
        found = self.look()
        return found[-1].seq if found else -1


def engine(stage: Stage, venue: Venue, name: str) -> subprocess.Popen[str]:
    """Start live trading, as a person does who means it."""
    return stage.start(
        "live", "--account", ACCOUNT, "--i-understand", ACCOUNT, "--base-url", venue.url,
        "--control-url", venue.control_url, name=name,
    )  # fmt: skip


def kill(stage: Stage, process: subprocess.Popen[str]) -> int:
    """SIGKILL, or what it is called here; no handler runs, nothing is flushed.

    Raises:
        NotFoundError: it had ended by itself.
    """
    if process.poll() is not None:
        raise NotFoundError(
            f"process {process.pid} was to be killed, and had ended by itself with {process.returncode}"
        )
    return stage.end(process)
