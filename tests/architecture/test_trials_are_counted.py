"""No result reaches a person without being counted, except where nothing is chosen by it.

Whatever is taken out of `vigie.research` by the rooms above it is either on the list of what gives no result, or in a
module that counts, or in one that is excused by name and reason. What is new is caught until somebody decides.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
RESEARCH = "vigie.research"
ABOVE = ("cli", "strategies", "vigie/app", "vigie/adapters", "vigie/reporting")

HARMLESS = {
    "vigie.research.cells.Cell",
    "vigie.research.cells.CellSummary",
    "vigie.research.cells.Robust",
    "vigie.research.cells.Tried",
    "vigie.research.cells.by_cell",
    "vigie.research.cells.differing",
    "vigie.research.cells.median_worth",
    "vigie.research.cells.ranked",
    "vigie.research.cells.robust",
    "vigie.research.common_days.common_days",
    "vigie.research.common_days.measure_days",
    "vigie.research.common_days.span",
    "vigie.research.compared.COSTS",
    "vigie.research.compared.Compared",
    "vigie.research.compared.differing",
    "vigie.research.compile.cache_folder",
    "vigie.research.compile.source_hash",
    "vigie.research.folds.Fold",
    "vigie.research.folds.boundaries_of",
    "vigie.research.folds.folds_of",
    "vigie.research.gates.Gate",
    "vigie.research.gates.GateSettings",
    "vigie.research.job.Job",
    "vigie.research.job.Made",
    "vigie.research.look_ahead.LookAheadReport",
    "vigie.research.look_ahead.check",
    "vigie.research.monte_carlo.MonteCarlo",
    "vigie.research.monte_carlo.bootstrap_returns",
    "vigie.research.monte_carlo.resample_trades",
    "vigie.research.overfitting.Overfitting",
    "vigie.research.paired_bootstrap.Comparison",
    "vigie.research.paired_bootstrap.Difference",
    "vigie.research.paired_bootstrap.compare_returns",
    "vigie.research.pieces.absent",
    "vigie.research.pieces.require_all",
    "vigie.research.points.filters_text",
    "vigie.research.points.point_of",
    "vigie.research.proposers.Search",
    "vigie.research.proposers.listed",
    "vigie.research.proposers.proposer_of",
    "vigie.research.proposers.search_of",
    "vigie.research.proposers.worth",
    "vigie.research.resampled.Interval",
    "vigie.research.result.BacktestResult",
    "vigie.research.result.Identity",
    "vigie.research.sharpe_tests.DeflatedSharpe",
    "vigie.research.sharpe_tests.SharpeEstimate",
    "vigie.research.sharpe_tests.annualised",
    "vigie.research.sharpe_tests.expected_maximum_sharpe",
    "vigie.research.sharpe_tests.sharpe_variance",
    "vigie.research.space.Axis",
    "vigie.research.space.Point",
    "vigie.research.space.Space",
    "vigie.research.space.sensible",
    "vigie.research.space.space_of",
    "vigie.research.stitched.days_of",
    "vigie.research.stitched.stitched_days",
    "vigie.research.stitched.stitched_metrics",
    "vigie.research.sweep.Score",
    "vigie.research.sweep.best",
    "vigie.research.sweep.metric_of",
    "vigie.research.walk_forward.Choices",
    "vigie.research.walk_forward.FoldResult",
    "vigie.research.walk_forward.Task",
    "vigie.research.walk_forward.WalkForward",
    "vigie.research.walk_forward.require_candles",
}
"""Names that run nothing: records, hashes, dates, grids, arithmetic on what was counted, checks of wishes."""

COUNTED = {"vigie/app/research/backtest.py": "_count"}
"""Modules that get one result, and the function of each that records it before it is let out."""

COUNTED_FIRST = {
    "vigie/app/research/search.py": "count",
    "vigie/app/research/studies.py": "count",
    "vigie/app/research/walk_forward.py": "count",
}
"""Modules that run searches, and the function that records them: whoever begins a search has chosen what to try, and
an interrupted one was looked at too."""

RUNNERS = {"vigie/app/research/answers.py", "vigie/app/research/far.py"}
"""Modules that run what somebody else has counted: whoever takes something out of them is watched as if it came out of
research itself."""

EXCUSED = {
    "vigie/app/trading/parity.py": "compares two sides of one run: the numbers of neither are chosen by",
    "vigie/app/strategies/check.py": "the look-ahead check: its backtest only finds the places to cut at",
}
"""Modules that get results which nobody chooses by."""


def sources() -> dict[str, str]:
    return {
        path.relative_to(CHECKOUT).as_posix(): path.read_text(encoding="utf-8")
        for room in ABOVE
        for path in sorted((CHECKOUT / room).rglob("*.py"))
    }


def taken(tree: ast.AST) -> Iterator[str]:
    """Dotted names out of research and the runners, however they are imported."""
    giving = (RESEARCH, *(module.removesuffix(".py").replace("/", ".") for module in RUNNERS))
    for node in ast.walk(tree):
        named = [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []  # importlib
        if isinstance(node, ast.ImportFrom) and node.module:
            named = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        yield from (name for name in named if any(f"{name}.".startswith(f"{home}.") for home in giving))


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def uncounted(modules: Mapping[str, str]) -> list[str]:
    """What is wrong, one sentence each."""
    return [what for module, text in modules.items() for what in _uncounted(module, text)]


@cache
def _uncounted(module: str, text: str) -> tuple[str, ...]:
    """What is wrong in a module; each is read once for all plantings."""
    tree = ast.parse(text)
    results = {name for name in taken(tree) if name not in HARMLESS}
    found = []
    if results and module not in (*COUNTED, *COUNTED_FIRST, *EXCUSED, *RUNNERS):
        found.append(f"{module} takes {', '.join(sorted(results))} and is on no list")
    found += [f"{module} takes the private {name}" for name in _private_of_searches(tree)]
    if module in COUNTED:
        found += [f"{module}: {what}" for what in _escapes(tree, results, COUNTED[module])]
    elif module in COUNTED_FIRST:
        found += [f"{module}: {what}" for what in _runs_before(tree, results, COUNTED_FIRST[module])]
    elif module not in EXCUSED:
        found += [f"{module} decides what is counted" for _ in _settings_of_counted(tree)]
    return tuple(found)


def _private_of_searches(tree: ast.AST) -> list[str]:
    """Helpers that run searches and are taken out of their module."""
    homes = {module.removesuffix(".py").replace("/", ".") for module in COUNTED_FIRST}
    return [
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in homes
        for alias in node.names
        if alias.name.startswith("_")
    ]


def _settings_of_counted(tree: ast.AST) -> list[ast.keyword]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "counted"]


def _escapes(tree: ast.AST, results: set[str], recorder: str) -> Iterator[str]:
    """Functions in which a result is made and may leave before it is recorded."""
    names = {name.rpartition(".")[2] for name in results}
    if not all(calls(tree, name) for name in names):
        yield "a result is made under another name"
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        made = [call.lineno for name in names for call in calls(function, name)]
        if not made:
            continue
        recorded = [call.lineno for call in calls(function, recorder) if call.lineno > max(made)]
        returns = [
            node.lineno for node in ast.walk(function) if isinstance(node, ast.Return) and node.lineno >= min(made)
        ]
        if not recorded or any(line < min(recorded) for line in returns):
            yield f"{function.name} lets a result out before {recorder}"


def _runs_before(tree: ast.Module, results: set[str], recorder: str) -> Iterator[str]:
    """Functions that run something before it is recorded; a private helper that runs is watched at its callers."""
    runners, told = {name.rpartition(".")[2] for name in results}, False
    if not all(calls(tree, name) for name in runners):
        yield "a result is made under another name"
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    while not told:
        told = True
        for function in functions:
            ran = [call.lineno for name in runners for call in calls(function, name)]
            recorded = [call.lineno for call in calls(function, recorder)]
            if not ran or (recorded and min(recorded) < min(ran)) or function.name in runners:
                continue
            if function.name.startswith("_"):
                runners.add(function.name)
                told = False
            else:
                yield f"{function.name} runs before {recorder}"


def test_every_result_is_counted_or_excused() -> None:
    assert uncounted(sources()) == []


def test_the_lists_name_nothing_that_is_gone() -> None:
    modules = sources()
    listed = {*COUNTED, *COUNTED_FIRST, *EXCUSED, *RUNNERS}
    assert listed <= set(modules)
    giving = {module for module, text in modules.items() if set(taken(ast.parse(text))) - HARMLESS}
    assert giving == listed
    assert {name for text in modules.values() for name in taken(ast.parse(text))} >= HARMLESS


@pytest.mark.parametrize(
    "planted",
    [
        "from vigie.research.backtest import run",
        "from vigie.research.backtest import run as innocent",
        "def f():\n    from vigie.research import backtest",
        "import vigie.research.backtest",
        "from vigie import research",
        "from vigie.research.compile import compiled_walk",
        "from vigie.research.sweep import anything_new",
        "from vigie.research.sweep import sweep",
        "from vigie.research.walk_forward import walk_forward",
        "from vigie.app.research.search import _run",
        "from vigie.app.research.answers import answered",
        "from vigie.app.research import answers",
        "import vigie.app.research.answers",
        "from vigie.app.research.far import run_far",
        "import importlib\nimportlib.import_module('vigie.research.backtest').run()",
        "backtest(Request(home, counted=False))",
    ],
)
def test_a_planted_path_to_a_result_is_caught(planted: str) -> None:
    assert len(uncounted({**sources(), "vigie/app/planted.py": planted})) == 1


TOO_EARLY = """    if not request.counted:
        return result
    if request.counted:
        _count("""


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("        _count(ledger or", "        print(ledger or"),
        ("    result = run(", "    return run("),
        ("    if request.counted:\n        _count(", TOO_EARLY),
        ("import run\n\n    result = run(", "import run as go\n\n    result = go("),
    ],
)
def test_a_result_that_leaves_before_it_is_recorded_is_caught(true: str, false: str) -> None:
    module = "vigie/app/research/backtest.py"
    text = sources()[module]
    assert text.count(true) == 1
    assert uncounted({module: text.replace(true, false)}) != []


@pytest.mark.parametrize(
    ("module", "true", "false"),
    [
        ("search", "    trials = [count(", "    trials = [guess("),
        ("studies", "            count(means", "            guess(means"),
        ("studies", "import answered", "import answered as go"),
        ("studies", "        parts = [with", "        answered(cells, (), ())\n        parts = [with"),
        ("search", "import answered", "import answered as go"),
        ("search", "    metric_of(request.objective)\n", "    answered(request, (), ())\n"),
        ("walk_forward", "    trials = count(means.ledger, task", "    trials = guess(means.ledger, task"),
        ("walk_forward", "    trials = count(means.ledger, union", "    trials = guess(means.ledger, union"),
        ("walk_forward", "import answered", "import answered as go"),
        ("walk_forward", "    folds = folds_between(request, task)\n", "    walk_forward(request, task)\n"),
        ("walk_forward", "    folds = folds_between(request, task)\n", "    answered(request, (), ())\n"),
    ],
)
def test_a_search_that_runs_before_it_is_counted_is_caught(module: str, true: str, false: str) -> None:
    path = f"vigie/app/research/{module}.py"
    text = sources()[path]
    assert text.count(true) == 1
    changed = text.replace(true, false)
    if " as go" in false:
        changed = re.sub(rf"\b{false.split()[-3]}\(", "go(", changed)
    assert uncounted({path: changed}) != []
