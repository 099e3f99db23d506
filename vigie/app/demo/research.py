"""Acts of research: a market, a backtest, a search on noise that must fail, and one that must not."""

from __future__ import annotations

from typing import Any

import numpy as np

from vigie.adapters.market_data.store import CandleStore
from vigie.adapters.market_data.trending import trending_pairs
from vigie.app.demo.act import Seen
from vigie.app.demo.stage import NotFoundError, Stage
from vigie.domain.candles import Candles
from vigie.domain.timeframe import HOUR_MS, Timeframe
from vigie.reporting.gate_words import gate_words
from vigie.research.gates import Gate

STRATEGY = "donchian"
PAIRS = ",".join(map(str, trending_pairs()))
UNTIL = "20241031"
"""Last day that research may see; live trading begins at the midnight after it."""
LIVE_FROM = "2024-11-01T00:00:03Z"
GRID = ("--grid", "entry_window=10,20,40", "--grid", "exit_window=5,10,20")
COSTS = ("--param", "fee_in_base=on")
"""The simulated exchange takes a buyer's fee in coin, as Binance does."""
ON_MARKET = ("--strategy", STRATEGY, "--pairs", PAIRS, "--timerange", f"-{UNTIL}", *COSTS)
SEARCH = (*ON_MARKET, *GRID, "--promote", "--practice", "--json")
REPORT = "walk-forward.html"
STRETCH = 24
"""Hours: as long as a trend is felt."""
_UNDEFINED = {"win_rate": "nothing was traded", "out_in_ratio": "the training earned nothing itself"}


def market(stage: Stage) -> Seen:
    """Make the market and look whether it is as its documentation says."""
    made = stage.vigie("data", "sample", "--market", "trending", "--json").document["series"]
    found = [_foretold(stage, one) for one in trending_pairs()]
    hours = sum(int(one["candles"]) for one in made)
    if not all(one["synthetic"] for one in made) or min(found) < 0.1:
        raise NotFoundError(f"state/candles: no trends there ({_two(found)}), or it is not labelled synthetic")
    text = (
        f"{hours:,} hours of {len(made)} pairs that never traded, trends made into them: a day's return foretells the "
        f"next day's (correlation {_two(found)})."
    )
    return Seen(text, {"candles": hours, "correlation_of_days": [round(one, 4) for one in found]})


def backtest(stage: Stage) -> Seen:
    """Run the strategy on the stretch that research may see."""
    metrics = stage.vigie("backtest", *ON_MARKET, "--json").document
    numbers = metrics["metrics"]
    if not metrics["synthetic"] or not numbers["trades"] or not numbers["fees"]:
        raise NotFoundError("the backtest traded nothing, paid nothing, or does not say that its candles are synthetic")
    text = (
        f"{STRATEGY}, untuned: {int(numbers['trades'])} trades, Sharpe {numbers['sharpe']:.1f}, "
        f"{numbers['fees']:,.0f} SIM of fees. In sample, on a market made for it: believe nothing yet."
    )
    return Seen(text, {name: numbers[name] for name in ("trades", "sharpe", "win_rate", "fees")})


def noise(stage: Stage) -> Seen:
    """The same search on the same hours in another order: nothing must come of it."""
    home = stage.home / "noise"
    home.mkdir()
    stage.vigie("data", "sample", "--market", "trending", "--shuffled", "--json", home=home)
    walked = stage.vigie("walk-forward", *SEARCH, expected=(3,), home=home)
    gates = walked.document["gates"]
    failed = [one for one in gates if not one["passed"]]
    certificates = list((home / "state" / "certificates").glob("*.json"))
    if not failed or certificates:
        raise NotFoundError(f"{home}: noise was certified, or exit 3 came without a gate that says no")
    words = "; ".join(_gate(one) for one in failed)
    return Seen(
        f"The same hours shuffled, the same search: {len(failed)} of {len(gates)} gates say no ({words}). "
        f"Exit {walked.code}, no certificate.",
        {"exit_code": walked.code, "failed": [one["name"] for one in failed]},
    )


def walk_forward(stage: Stage) -> Seen:
    """Choose on the past, judge on what came after, certify."""
    report = stage.home / REPORT
    walked = stage.vigie("walk-forward", *SEARCH, "--report", str(report)).document
    gates, name = walked["gates"], walked["certificate"]
    kept = list((stage.home / "state" / "certificates").glob("*.json"))
    if not all(one["passed"] for one in gates) or name is None or [one.stem for one in kept] != [name]:
        raise NotFoundError("state/certificates: not every gate was passed, or there is no certificate")
    if not report.is_file():
        raise NotFoundError(f"{report}: the report was not written")
    stage.vigie("certificate", "verify", name)
    stage.facts["certificate"] = name
    words = "; ".join(_gate(one) for one in gates[:2])
    return Seen(
        f"{len(gates)} of {len(gates)} gates passed on unseen candles: {words}; {walked['trials']} trials counted. "
        f"{name} holds at a simulated exchange alone.",
        {"trials": walked["trials"], "certificate": name, "gates": {one["name"]: one["value"] for one in gates}},
    )


def _foretold(stage: Stage, pair: Any) -> float:  # noqa: ANN401, RUF100
    series = CandleStore.of(stage.home).load("synthetic", pair, Timeframe(HOUR_MS))
    if series is None:
        raise NotFoundError(f"{stage.home / 'state' / 'candles'}: no candles of {pair}")
    return foretold(series.candles)


def foretold(candles: Candles) -> float:
    """Correlation between the log returns of one stretch of `STRETCH` hours and the next."""
    returns = np.diff(np.log(candles.close))
    whole = np.add.reduceat(returns, np.arange(0, len(returns) // STRETCH * STRETCH, STRETCH))
    return float(np.corrcoef(whole[1:], whole[:-1])[0, 1])


def _two(numbers: list[float]) -> str:
    return ", ".join(f"{one:.2f}" for one in numbers)


def _gate(one: dict[str, Any]) -> str:
    """A gate in a sentence; each is undefined for one reason alone."""
    label, value, needed, _ = gate_words(Gate(one["name"], one["value"], one["limit"], strict=one["strict"]))
    if one["value"] is None:
        return f"{label}: none, since {_UNDEFINED.get(one['name'], 'nothing was tested')}"
    return f"{label} {value}, needed {needed}"
