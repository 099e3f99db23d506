"""The last acts: the books are closed, compared, checked, and explained."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

from vigie.app.accounts import account_folder
from vigie.app.demo.act import Seen
from vigie.app.demo.stage import NotFoundError, Stage
from vigie.app.demo.trading import drama
from vigie.app.demo.venue import ACCOUNT


def reconciled(stage: Stage) -> Seen:
    """State, journal and exchange agree; the engine ends properly; balances to the last digit."""
    here = drama(stage)
    compared = stage.vigie("reconcile", "--account", ACCOUNT, "--base-url", here.venue.url, "--json").document
    process = here.alive
    stage.vigie("stop", "--account", ACCOUNT)
    stage.until("the engine ends", lambda: _ended(process.poll()), beside=process, name=here.name)
    told = stage.vigie("status", "--account", ACCOUNT, "--json", expected=(0, 3)).document
    there = here.venue.state()["balances"]
    money = {asset: Decimal(one["free"]) + Decimal(one["locked"]) for asset, one in there.items()}
    cash = Decimal(told["cash"])
    if not compared["clean"] or money["SIM"] != cash or process.returncode != 0:
        raise NotFoundError(
            f"the exchange has {money['SIM']} SIM and the journal {cash}; reconciled: {compared['clean']}; "
            f"exit {process.returncode}"
        )
    trades = stage.vigie("journal", "trades", "--account", ACCOUNT, "--json").document["trades"]
    return Seen(
        f"{len(compared['differences'])} differences; cash in the journal and at the exchange {cash} SIM, to the last "
        f"digit, after {here.lives} processes; trades closed: {len(trades)}.",
        {"differences": len(compared["differences"]), "cash": str(cash), "trades": len(trades),
         "equity": told["equity"], "journal_lines": told["journal_lines"], "processes": here.lives},
    )  # fmt: skip


def parity(stage: Stage) -> Seen:
    """What was decided live is what the backtest's code decides on the same candles."""
    told = stage.vigie("parity", "--account", ACCOUNT, "--json").document
    if not told["identical"] or not told["decisions"]:
        raise NotFoundError(f"journal and backtest differ: {told['first_difference']}")
    return Seen(
        f"{told['decisions']} live decisions counted again from candles alone, by the code of the backtest: identical; "
        f"{told['entries']} entries among them.",
        {name: told[name] for name in ("decisions", "entries", "managed", "identical")},
    )


def verified(stage: Stage) -> Seen:
    """The chain holds, and one changed digit breaks it."""
    told = stage.vigie("journal", "verify", "--account", ACCOUNT, "--json").document
    home = stage.home / "forged"
    number = _forge(stage.home, home)
    forged = stage.vigie("journal", "verify", "--account", ACCOUNT, "--json", expected=(3,), home=home).document
    audited = stage.vigie("govern", "audit", "--account", ACCOUNT, "--json").document
    rules = [one["word"] for one in audited["rules"]]
    if not told["holds"] or forged["holds"] or f"line {number}" not in str(forged["bad"]):
        raise NotFoundError(f"the chain of {told['lines']} lines: {told['bad']}; the forged copy: {forged['bad']}")
    words = ", ".join(f"{rules.count(one)} {one}" for one in dict.fromkeys(rules))
    return Seen(
        f"{told['lines']} lines, each sealed by the one before. One digit of line {number} of a copy changed: found. "
        f"The audit's rules: {words}.",
        {"lines": told["lines"], "last_hash": told["last_hash"], "forged_line": number, "forged": forged["bad"],
         "rules": rules},
    )  # fmt: skip


def explained(stage: Stage) -> Seen:
    """Why it bought what it bought, counted again from the journal alone."""
    here = drama(stage)
    told = stage.vigie(
        "journal", "explain", here.pair, str(here.candle_at), "--account", ACCOUNT, "--json"
    ).document  # fmt: skip
    entered = [one for one in told["decisions"] if one["action"] == "enter"]
    kinds = [one["kind"] for one in told["acts"]]
    if not entered or not told["recomputed_agrees"] or not {"intent", "order", "fill"} <= set(kinds):
        raise NotFoundError(f"{here.pair}: the journal does not explain the purchase of {told['candle_at']}")
    first, rules = entered[0], entered[0]["rules"]
    sizes, refused = first["sizes"], sum(one["verdict"] == "refuse" for one in rules)
    return Seen(
        f"{here.pair}, {told['candle_at'][:16].replace('T', ' ')}: {first['reason']}; {len(rules)} rules asked, "
        f"{refused} refused; size {sizes['quantity']:g}, counted again from the journal: the same.",
        {"pair": here.pair, "candle_at": told["candle_at"], "reason": first["reason"], "rules": len(rules),
         "acts": kinds, "agrees": first["agrees"]},
    )  # fmt: skip


def _ended(code: int | None) -> bool | None:
    return None if code is None else True


def _forge(home: Path, other: Path) -> int:
    """A copy of the account in which one digit of one line in the middle is another; which line of its file."""
    folder = account_folder(other, ACCOUNT)
    shutil.copytree(account_folder(home, ACCOUNT), folder)
    file = min((folder / "journal").glob("*.jsonl"))
    lines = file.read_bytes().splitlines(keepends=True)
    row = len(lines) // 2
    mark = b'"at":"'
    at = lines[row].index(mark) + len(mark) + 18
    digit = b"1" if lines[row][at : at + 1] != b"1" else b"2"
    lines[row] = lines[row][:at] + digit + lines[row][at + 1 :]
    file.write_bytes(b"".join(lines))
    return row + 1
