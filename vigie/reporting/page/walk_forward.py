"""A walk-forward as a page: what was chosen, what it did on candles never seen, and whether that is enough."""

from __future__ import annotations

from dataclasses import asdict, replace
from html import escape

from vigie.domain.instants import as_text
from vigie.metrics.definitions import DEFINITIONS
from vigie.metrics.summary import Metrics
from vigie.reporting.gate_words import gate_words
from vigie.reporting.numbers import MISSING, in_unit, money
from vigie.reporting.page import parts
from vigie.reporting.page.frame import framed
from vigie.reporting.page.walk_forward_charts import payload, steps, timeline
from vigie.reporting.page.walk_forward_luck import luck
from vigie.reporting.search_facts import SearchFacts
from vigie.reporting.stability import Stability, searched_names, stability
from vigie.research.gates import GateSettings
from vigie.research.walk_forward import FoldResult, WalkForward

_INSIDE = ("sharpe", "total_return", "trades")
_OUTSIDE = ("sharpe", "total_return", "max_drawdown", "win_rate", "trades")


def walk_forward_page(facts: SearchFacts, found: WalkForward, certificate: str | None = None) -> str:
    """The report.

    Args:
        facts: what was searched.
        found: what came out.
        certificate: its name; None: none was written.
    """
    sample = f"out of sample from {as_text(found.folds[0].fold.test_start)[:10]}"
    body = "\n".join(
        (
            _header(facts, sample),
            "<main>",
            _verdict(found, certificate),
            parts.warnings(_warnings(facts, found)),
            _gates(found),
            _timeline(found),
            _folds(found),
            _equity(facts, found),
            '<div class="halves">',
            _in_and_out(found),
            luck(found),
            "</div>",
            _stability(found),
            parts.identity(facts.groups()),
            parts.footer(facts.statements(f"{sample} unless named in sample")),
            "</main>",
        )
    )
    title = f"walk-forward of {facts.strategy} · {' '.join(facts.pairs)} · vigie"
    return framed(title, body, payload(found), "walk_forward.js")


def _header(facts: SearchFacts, sample: str) -> str:
    capital = f"capital {money(facts.capital)} {facts.quote}"
    return parts.header(
        f"Walk-forward of {facts.strategy}",
        f"{' '.join(facts.pairs)} · {facts.timeframe} · profile {facts.profile}",
        parts.hashes(facts.version, facts.code_hash, facts.strategy_hash),
        (*facts.statements(sample), capital),
        ("synthetic data",),
    )


def _verdict(found: WalkForward, certificate: str | None) -> str:
    """The first thing that is read; a failure is as loud as a success."""
    if not found.passed:
        failed = [gate_words(gate)[0] for gate in found.verdict.gates if not gate.passed]
        said = (
            f"{len(failed)} of {len(found.verdict.gates)} gates not passed: {', '.join(failed)}. No parameters given."
        )
        return _banner("failed", "FAILED", said)
    chosen = "" if found.final is None else " ".join(f"{name}={value}" for name, value in found.final.point.items())
    paper = f"Certificate {certificate}." if certificate else "No certificate was written (--promote)."
    return _banner("passed", "PASSED", f"Every gate. Chosen by the same rule on all candles: {chosen}. {paper}")


def _banner(kind: str, word: str, said: str) -> str:
    return f'<section class="verdict {kind}"><strong>{word}</strong><p>{escape(said)}</p></section>'


def _warnings(facts: SearchFacts, found: WalkForward) -> list[str]:
    said = []
    if facts.synthetic:
        said.append("Synthetic data: no market ever traded these candles. The numbers show the tool, not a profit.")
    said.append(
        f"{facts.trials:,} trials stand behind this choice. A walk-forward that is looked at and then tuned against "
        "is training: keep candles for a last look."
    )
    said += _moved_limits(found)
    idle = sum(one.chosen is None for one in found.folds)
    if idle:
        said.append(f"{idle} of {len(found.folds)} folds chose nothing: no point had {facts.least_trades} trades.")
    ends = [f"{one.name} in {one.at_edge}" for one in stability(found) if one.at_edge]
    if ends:
        said.append(f"Chosen at an edge of the grid, beyond which nothing was tried: {', '.join(ends)} folds.")
    if facts.senseless:
        said.append(f"{facts.senseless:,} points of the grid make no sense and were not run.")
    return said


def _moved_limits(found: WalkForward) -> list[str]:
    """A gate that was lowered until it let something pass is no gate."""
    usual = asdict(GateSettings())
    moved = [
        f"{gate_words(gate)[0]} {gate_words(gate)[2]}, not {gate_words(replace(gate, limit=usual[gate.name]))[2]}"
        for gate in found.verdict.gates
        if gate.limit != usual[gate.name]
    ]
    return [f"Limits were changed: {'; '.join(moved)}."] if moved else []


def _gates(found: WalkForward) -> str:
    rows = []
    for gate in found.verdict.gates:
        label, value, needed, verdict = gate_words(gate)
        tone = "gain" if gate.passed else "loss"
        rows.append((escape(label), value, needed, f'<b class="{tone}">{verdict}</b>'))
    return parts.section(
        "Gates", "all must be passed", "", parts.table(("gate", "measured", "needed", "verdict"), rows, kind="wrap")
    )


def _timeline(found: WalkForward) -> str:
    about = "what each fold learned from, and what it was judged on; the gaps are purge and embargo"
    key = '<p class="key"><i class="train"></i>training <i class="test"></i>test</p>'
    return parts.section("Folds in time", about, key, timeline(found))


def _folds(found: WalkForward) -> str:
    names = searched_names(found)
    headings = (
        "fold",
        "training",
        "test",
        *names,
        *(f"{DEFINITIONS[name].label} in" for name in _INSIDE),
        *(f"{DEFINITIONS[name].label} out" for name in _OUTSIDE),
    )
    rows = [_fold(number, one, names) for number, one in enumerate(found.folds, start=1)]
    about = "in: the chosen point on its training candles; out: the same on the test candles, run once"
    return parts.section("What was chosen, and what it did", about, "", parts.table(headings, rows))


def _fold(number: int, one: FoldResult, names: list[str]) -> tuple[str, ...]:
    chosen = {} if one.chosen is None else one.chosen
    tested = None if one.tested is None else one.tested.measured
    return (
        str(number),
        f"{as_text(one.fold.train_start)[:10]} to {as_text(one.fold.train_end)[:10]}",
        f"{as_text(one.fold.test_start)[:10]} to {as_text(one.fold.test_end)[:10]}",
        *(escape(chosen.get(name, "nothing")) for name in names),
        *(_number(one.in_sample, name) for name in _INSIDE),
        *(_number(tested, name) for name in _OUTSIDE),
    )


def _number(metrics: Metrics | None, name: str) -> str:
    value = None if metrics is None else metrics.values[name]
    if value is None:
        return MISSING
    text = in_unit(value, DEFINITIONS[name].unit)
    return parts.signed(value, text) if name in ("sharpe", "total_return") else text


def _equity(facts: SearchFacts, found: WalkForward) -> str:
    title = "Out-of-sample equity, test after test"
    if not len(found.equity):
        return parts.section(title, "no fold chose anything: nothing was traded", "", "")
    about = (
        f"{facts.quote} at candle closes; each test starts flat with what the one before left; dotted: where a test "
        f"begins; below: fall from the highest value so far. It ends at {money(float(found.equity[-1]))}"
    )
    return parts.section(title, about, "", parts.plot("equity"))


def _in_and_out(found: WalkForward) -> str:
    if all(one.tested is None for one in found.folds):
        return parts.section("Sharpe in and out of sample", "no fold chose anything", "", "")
    about = "annual, by fold; what is left of the training's is what the choice was worth"
    return parts.section("Sharpe in and out of sample", about, "", parts.plot("in-out"))


def _stability(found: WalkForward) -> str:
    each = [one for one in stability(found) if len(one.tried) > 1]
    if not each:
        return parts.section("Stability of the choice", "nothing was searched", "", "")
    about = "the value chosen by each fold, on the grid of values tried; last: by the same rule on all candles"
    pictures = "".join(_steps(one) for one in each)
    return parts.section("Stability of the choice", about, "", f'<div class="steps">{pictures}</div>')


def _steps(one: Stability) -> str:
    said = f"{one.different} different of {len(one.tried)} tried"
    if one.at_edge:
        said += f", {one.at_edge} at an edge"
    return f"<figure><figcaption><b>{escape(one.name)}</b> {said}</figcaption>{steps(one)}</figure>"
