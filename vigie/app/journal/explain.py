"""``vigie journal explain PAIR TIME``: why it traded or did not, counted again from the journal alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie.adapters.storage.journal_lines import Line
from vigie.adapters.storage.journal_search import last_of, lines_with
from vigie.app.journal.caps import caps_of
from vigie.app.journal.executed import executed
from vigie.app.journal.reading import journal_folder, pair_of
from vigie.decision.pipeline import Account, Entry, Verdict, limits_in_force, weigh
from vigie.decision.policies import Filters
from vigie.decision.registry import gate_rules, sizing_rules
from vigie.decision.settings import Settings
from vigie.domain.errors import ConfigError
from vigie.domain.instants import as_iso, as_text
from vigie.domain.timeframe import Timeframe

SCHEMA = "vigie.journal.explain/1"
_FOLLOWS = ("order", "fill", "stop", "trade")
_SIZES = ("wanted", "sized", "quantity")
_COUNTED_FROM = frozenset({"cash", "step", "volatility", "target_distance", "warm_up", "wanted", "sized"})


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a run line as sizing and gate take them. See `vigie.decision.pipeline.Numbers`."""

    settings: Settings
    sizing_amount: float
    limits: Mapping[str, float]


def explain(home: Path, account: str, pair: str, instant: int) -> dict[str, Any]:
    """Everything that is journalled about a pair on the candle in which an instant lies, and what was executed in it.

    Args:
        home: of the user.
        account: whose journal.
        pair: ``BTC/USDT``.
        instant: epoch milliseconds.

    Raises:
        ConfigError: nothing is journalled about it; says what is.
        InvariantBroken: a damaged line.
    """
    folder = journal_folder(home, account)
    newest = last_of(folder, "run")
    if newest is None:
        raise ConfigError(f"the journal of {account} knows no run")
    length = Timeframe.parse(str(newest.fields["timeframe"])).milliseconds
    candle_at = instant // length * length
    lines = [line for line in lines_with(folder, f'"candle_at":{candle_at},') if pair_of(line) == pair]
    decisions = [line for line in lines if line.kind == "decision"]
    inside = executed(folder, pair, candle_at, candle_at + length)
    if not decisions and not inside:
        raise ConfigError(_nothing(folder, account, pair, candle_at))
    first = decisions[0].seq if decisions else int(inside[0]["seq"])
    run = last_of(folder, "run", before_seq=first) or newest
    told = [_decision(line, run) for line in decisions]
    ids = [line.fields["intent"]["client_id"] for line in lines if line.kind == "intent"]
    return {
        "schema": SCHEMA,
        "account": account,
        "pair": pair,
        "candle_at": as_iso(candle_at),
        "run": {name: run.fields[name] for name in ("strategy", "profile", "version", "code_hash", "certificate")}
        | {"seq": run.seq},
        "executed": inside,
        "decisions": told,
        "blockers": sorted({rule["rule"] for one in told for rule in one["rules"] if rule["verdict"] == "refuse"}),
        "recomputed_agrees": all(one["agrees"] is not False for one in told),
        "acts": _acts(folder, [line for line in lines if line.kind not in ("decision", "cycle")], ids),
    }


def _nothing(folder: Path, account: str, pair: str, candle_at: int) -> str:
    seen = [
        int(line.fields["candle_at"]) for line in lines_with(folder, f'"pair":"{pair}",') if line.kind == "decision"
    ]
    if not seen:
        return f"the journal of {account} has no decision about {pair}"
    before = max((one for one in seen if one < candle_at), default=None)
    after = min((one for one in seen if one > candle_at), default=None)
    near = " and ".join(as_text(one) for one in (before, after) if one is not None)
    return (
        f"nothing was decided about {pair} on the candle of {as_text(candle_at)}: no process ran, or there was no "
        f"candle; the nearest decisions are of {near}"
    )


def _decision(line: Line, run: Line) -> dict[str, Any]:
    fields = line.fields
    told = {
        "seq": line.seq,
        "at": as_iso(line.at),
        "action": fields["action"],
        "reason": fields["reason"],
        "inputs_hash": fields["inputs_hash"],
        "numbers": fields["numbers"],
        "facts": fields["facts"],
        "rules": [],
        "sizes": {},
        "agrees": None,
        "differences": [],
    }
    if not fields["facts"]:
        return told
    numbers = numbers_of(run.fields["numbers"])
    return told | counted_again(fields, numbers, len(run.fields["pairs"]))


def numbers_of(words: Mapping[str, str]) -> Numbers:
    """What a run line says, as numbers.

    Raises:
        ConfigError: a number that this vigie does not take.
    """
    settings = Settings.build({name: word for name, word in words.items() if name in Settings.specs()})
    sizing = next(rule for rule in sizing_rules() if rule.name == settings.sizing)
    limits = {
        rule.name: math.nan if words.get(rule.number.name, "off") == "off" else float(words[rule.number.name])
        for rule in gate_rules()
    }
    return Numbers(settings, float(words[sizing.number.name]), limits)


def counted_again(fields: Mapping[str, Any], numbers: Numbers, pairs: int) -> dict[str, Any]:
    """Verdicts from the facts and the numbers of the run, sizes from cash, equity and filters; and what differs."""
    facts = {name: _number(value) for name, value in fields["facts"].items()}
    given = {name: _number(value) for name, value in fields["numbers"].items()}
    differences: list[str] = []
    sizes: dict[str, Any] = {name: given[name] for name in _SIZES if name in given}
    if not set(given) >= _COUNTED_FROM:
        # A line of an earlier vigie: it does not say enough to be counted again.
        return {"rules": _rules(fields, {}, numbers.limits), "sizes": sizes, "differences": [], "agrees": None}
    again = _weighed(facts, given, numbers, pairs)
    sizes |= {"again_wanted": again.wanted, "again_sized": again.quantity}
    for name, value in (("wanted", again.wanted), ("sized", again.quantity)):
        if value != given[name]:
            differences.append(f"{name}: {given[name]!r} journalled, {value!r} counted again")
    for rule in sorted(set(fields["verdicts"]) | set(again.verdicts)):
        said, now = fields["verdicts"].get(rule, "not asked"), again.verdicts.get(rule, "not asked")
        if said != now:
            differences.append(f"{rule}: {said} journalled, {now} counted again")
    limits = limits_in_force(numbers, int(given["warm_up"]))  # as the gate had them
    rules = _rules(fields, again.verdicts, limits)
    caps = caps_of(given, facts, numbers, pairs) if not differences else None
    return {"rules": rules, "sizes": sizes | {"caps": caps}, "differences": differences, "agrees": not differences}


def _weighed(facts: Mapping[str, float], given: Mapping[str, float], numbers: Numbers, pairs: int) -> Verdict:
    """The very function that decided, on what the journal has."""
    return weigh(
        Entry(
            direction=int(facts["direction"]),
            stop_distance=facts["stop_distance"],
            target_distance=facts["target_distance"],
            volatility=given["volatility"],
            correlation=facts["correlation"],
            candles_in_row=int(facts["candles_in_row"]),
            bars_since_stop=facts["bars_since_stop"],
        ),
        facts["price"],
        plan=numbers,
        pairs=pairs,
        warm_up=int(given["warm_up"]),
        filters=Filters(math.nan, given["step"], facts["min_quantity"], facts["min_notional"]),
        account=Account(
            cash=given["cash"],
            equity=facts["equity"],
            open_positions=int(facts["open_positions"]),
            day_first_equity=facts["day_first_equity"],
            day_lowest_equity=facts["day_lowest_equity"],
            worst_drawdown=facts["worst_drawdown"],
            start_equity=facts["start_equity"],
            lowest_equity=facts["lowest_equity"],
            heat=facts["heat"],
            trades_today=int(facts["trades_today"]),
            losing_streak=int(facts["losing_streak"]),
        ),
    )


def _rules(fields: Mapping[str, Any], again: Mapping[str, str], limits: Mapping[str, float]) -> list[dict[str, Any]]:
    named = {rule.name: rule.number for rule in gate_rules()}
    return [
        {
            "rule": rule,
            "verdict": said,
            "again": again.get(rule),
            "number": named[rule].name if rule in named else None,
            "limit": limits.get(rule),
            "asks": named[rule].help if rule in named else "a rule that this vigie does not have",
        }
        for rule, said in fields["verdicts"].items()
    ]


def _number(value: object) -> float:
    return math.nan if value is None else float(str(value))


def _acts(folder: Path, lines: list[Line], client_ids: list[str]) -> list[dict[str, Any]]:
    """What was done about it, orders and their fills included, in order."""
    found = {line.seq: line for line in lines}
    for client_id in client_ids:
        for line in lines_with(folder, f'"client_id":"{client_id}"'):
            if line.kind in _FOLLOWS:
                found[line.seq] = line
    return [
        {"seq": line.seq, "at": as_iso(line.at), "kind": line.kind, **line.fields} for _, line in sorted(found.items())
    ]
