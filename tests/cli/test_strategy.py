"""``vigie strategy``: list, show, new, check, propose; and what becomes of a strategy file that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.command_line import Said, Vigie

BUILT_IN = ["donchian", "ema_cross", "ema_stochrsi", "rsi_reversion"]
PROFILES = ["classic-a", "classic-b", "classic-c", "standard", "titan"]

HEAD = '''"""{name}: for a test."""

from dataclasses import dataclass

import numpy as np

from vigie.indicators.averages import sma
from vigie.strategy.frames import to_frame
from vigie.strategy.params import Params, number
from vigie.strategy.signals import Signals


@dataclass(frozen=True, slots=True)
class Parameters(Params):
    window: int = number(10, low=2, high=100, help="candles")


def wishes(candles, entry, **more):
    n = len(candles)
    exits = more.pop("exit", None)
    columns = dict(entry=entry, exit=~entry if exits is None else exits, volatility=np.ones(n))
    columns |= dict(stop_distance=np.full(n, 5.0), warm_up=20)
    return Signals.of(**columns | more)


'''


@pytest.fixture
def own(home: Path) -> Path:
    """The user's folder of strategies."""
    folder = home / "strategies"
    folder.mkdir()
    return folder


def write(own: Path, name: str, body: str) -> Path:
    path = own / f"{name}.py"
    path.write_text(HEAD.format(name=name) + body, encoding="utf-8")
    return path


def signals(body: str) -> str:
    return "def signals(candles, parameters):\n" + "".join(f"    {line}\n" for line in body.splitlines())


# --- list and show ---


def test_list_names_every_strategy_and_profile_with_a_sentence(vigie: Vigie) -> None:
    document = vigie("strategy", "list", "--json").document
    assert [one["name"] for one in document["strategies"]] == BUILT_IN
    assert [one["name"] for one in document["profiles"]] == PROFILES
    said = vigie("strategy", "list")
    assert (said.code, said.err) == (0, "")
    for one in (*document["strategies"], *document["profiles"]):
        assert one["name"] in said.out
        assert len(one["summary"]) > 20
    assert max(map(len, said.out.splitlines())) <= 80


def test_list_leaves_out_what_is_broken_and_says_why(vigie: Vigie, own: Path) -> None:
    write(own, "mine", signals("return wishes(candles, candles.close > candles.open)"))
    (own / "cut.py").write_text("x = (")
    (own / "blank.py").touch()
    said = vigie("strategy", "list", "--json")
    assert said.code == 0
    assert [one["name"] for one in said.document["strategies"]] == sorted([*BUILT_IN, "mine"])
    assert "strategy 'cut' cannot be imported: SyntaxError: '(' was never closed (cut.py, line 1)" in said.err
    assert "strategy 'blank' defines no class Parameters(Params)" in said.err


@pytest.mark.parametrize("profile", PROFILES)
def test_every_value_that_show_shows_can_be_given_back(vigie: Vigie, candles: Path, profile: str) -> None:
    groups = vigie("strategy", "show", "ema_stochrsi", "--profile", profile, "--json").document["groups"]
    rows = [row for group in groups.values() for row in group]
    for name in ("fast", "slow", "scenario", "stop_atr", "activation_atr", "trail_atr", "breakeven_fraction",
                 "partials", "cooldown_bars", "risk_fraction", "max_open_positions"):  # fmt: skip
        assert name in {row["name"] for row in rows}
    assert all(row["allowed"] and row["help"] for row in rows)
    words = [word for row in rows for word in ("--param", f"{row['name']}={row['value']}")]
    run = ("backtest", "--data", candles, "--profile", profile, "--json")
    given, plain = vigie(*run, *words), vigie(*run)
    assert (given.code, given.err) == (0, "")
    assert given.document["metrics"] == plain.document["metrics"]
    assert given.document["identity"]["settings"] == plain.document["identity"]["settings"]


def test_show_fits_the_terminal_and_names_what_was_mended(vigie: Vigie) -> None:
    said = vigie("strategy", "show", "ema_stochrsi", "--profile", "classic-b")
    assert said.code == 0
    assert max(map(len, said.out.splitlines())) <= 80
    assert said.out.count("\nmended: ") == 3


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["show", "ema_cros"], 78, "error: unknown strategy 'ema_cros'; did you mean 'ema_cross'?\n"),
        (["show", "donchian", "--profile", "b"], 78, "error: unknown profile 'b'; known: classic-a, "),
        (["check", "nothing"], 78, "error: unknown strategy 'nothing'; known: donchian"),
        (["check", "donchian", "--cuts", "1"], 2, "error: Invalid value for '--cuts': 1 is not in the range"),
        (
            ["check", "donchian", "--param", "windw=3"],
            78,
            "error: unknown parameter 'windw'; did you mean 'exit_window'?\n",
        ),
        (["propose", "donchian"], 78, "error: strategy 'donchian' proposes nothing"),
        (["shw"], 2, "error: no such command 'shw'; did you mean 'show'?\n"),
        (["show"], 2, "error: missing: argument NAME"),
        (["new", "donchian"], 78, "error: there is already a strategy 'donchian'\n"),
        (["new", "My Idea"], 78, "error: 'My Idea' is not a usable name: lower-case letters"),
        (["new", "../idea"], 78, "error: '../idea' is not a usable name"),
        (["new", "class"], 78, "error: 'class' is not a usable name"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_word_is_a_sentence(vigie: Vigie, home: Path, words: list[str], code: int, sentence: str) -> None:
    said = vigie("strategy", *words)
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith(sentence)
    assert list(home.iterdir()) == []


# --- new, check, backtest: the way of a beginner ---


def test_a_new_strategy_passes_its_check_and_trades(vigie: Vigie, home: Path) -> None:
    made = vigie("strategy", "new", "my_idea")
    path = home / "strategies" / "my_idea.py"
    assert (made.code, made.out) == (0, "")
    assert made.err.splitlines()[0] == f"written: {path}"
    assert "vigie strategy check my_idea" in made.err
    checked = vigie("strategy", "check", "my_idea", "--cuts", 20)
    assert checked.code == 0
    assert checked.out.startswith("my_idea does not see the future: ")
    tested = vigie("backtest", "--strategy", "my_idea", "--param", "window=50", "--json")
    assert tested.code == 0
    assert tested.document["identity"]["parameters"] == {"window": 50, "stop_atr": 3.0}
    assert tested.document["metrics"]["trades"] > 30
    assert "my_idea" in vigie("strategy", "list").out
    before = path.read_bytes()
    assert vigie("strategy", "new", "my_idea").code == 78
    assert path.read_bytes() == before, "never overwritten"


def test_a_new_strategy_in_a_home_that_cannot_be_written_is_a_sentence(vigie: Vigie, home: Path) -> None:
    (home / "strategies").write_text("a file in the way")
    said = vigie("strategy", "new", "my_idea")
    assert said.code == 78
    assert "my_idea.py: cannot be written: " in said.err


def test_the_same_name_as_a_packaged_strategy_is_refused(vigie: Vigie, own: Path) -> None:
    write(own, "donchian", signals("return wishes(candles, candles.close > 0)"))
    said = vigie("backtest", "--strategy", "donchian")
    assert (said.code, said.out) == (78, "")
    assert f"strategy 'donchian' exists in {own} and in the package: rename yours" in said.err


# --- check ---

LEAKS = {
    "centred": """
        mean = to_frame(candles)["close"].rolling(parameters.window, center=True).mean().to_numpy()
        return wishes(candles, candles.close > mean)
        """,
    "unshifted": """
        longer = to_frame(candles)["close"].resample("4h").last()
        trend = (longer > longer.rolling(parameters.window).mean()).reindex(to_frame(candles).index, method="ffill")
        return wishes(candles, trend.to_numpy())
        """,
    "whole": """
        return wishes(candles, candles.close < candles.close.mean())
        """,
    "confident": """
        return wishes(candles, candles.close > sma(candles.close, 10), confidence=np.roll(candles.close, -1))
        """,
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_planted_leak_is_found_with_its_column_and_its_time(
    vigie: Vigie, own: Path, candles: Path, name: str
) -> None:
    from textwrap import dedent

    write(own, name, signals(dedent(LEAKS[name]).strip()))
    said = vigie("strategy", "check", name, "--data", candles, "--cuts", 60)
    assert (said.code, said.out) == (3, "")
    first, *sentences = said.err.splitlines()
    assert first == f"error: {name} sees the future"
    column = "confidence" if name == "confident" else "entry"
    assert any(
        sentence.startswith(f"{pair}: '{column}' decided at 2020-")
        for sentence in sentences
        for pair in ("BTC/USDT", "ETH/USDT")
    )
    assert all(" when the candles end with that of 2020-" in sentence for sentence in sentences)
    document = vigie("strategy", "check", name, "--data", candles, "--cuts", 60, "--json").document
    assert document["passed"] is False
    assert column in {leak["column"] for leak in document["leaks"]}


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_built_in_strategies_do_not_see_the_future(vigie: Vigie, candles: Path, name: str) -> None:
    said = vigie("strategy", "check", name, "--data", candles, "--cuts", 40, "--json")
    assert (said.code, said.err) == (0, "")
    assert said.document["passed"] is True
    assert said.document["cuts"] >= 70
    assert said.document["after_fills"] > 20


# --- propose ---


def test_propose_fits_on_the_first_part_only_and_is_given_back_as_parameters(vigie: Vigie, candles: Path) -> None:
    said = vigie("strategy", "propose", "ema_stochrsi", "--data", candles, "--timeframe", "1h")
    assert (said.code, said.err) == (0, "")
    first = said.out.splitlines()[0]
    pair, _, words = first.partition(": ")
    assert pair == "BTC/USDT"
    assert words.startswith("--param fast=")
    tested = vigie("backtest", "--data", candles, "--pairs", pair, *words.split(), "--json")
    assert tested.code == 0
    proposals = vigie("strategy", "propose", "ema_stochrsi", "--data", candles, "--json").document["proposals"]
    assert {k: tested.document["identity"]["parameters"][k] for k in ("fast", "slow")} == proposals[pair]
    base = {"fast": 14, "slow": 26}
    # 1.2 % a candle is a calm or an ordinary market by the rule of the original: base pair, or 12 % off it.
    assert proposals[pair] in (base, {"fast": 12, "slow": 22}, {"fast": 15, "slow": 29})


# --- strategies that are wrong ---

BROKEN = {
    "raises": (
        "prices = candles.close[len(candles)]\nreturn prices",
        "failed in raises.py, line 27 (prices = candles.close[len(candles)]): IndexError: index ",
    ),
    "deep": (
        "return wishes(candles, sma(candles.close, 'ten') > 1)",
        "failed in deep.py, line 27 (return wishes(candles, sma(candles.close, 'ten') > 1)): ",
    ),
    "short": (
        "return wishes(candles[1:], candles.close[1:] > 1)",
        "gave 2399 rows of signals for 2400 candles of BTC/USDT",
    ),
    "uneven": (
        "return wishes(candles, candles.close > 1, exit=np.zeros(7, dtype=bool))",
        "ValueError: signals column 'exit' has shape (7,), expected (2400,)",
    ),
    "scalar": (
        "return wishes(candles, candles.close > 1, target_distance=3.0)",
        "ValueError: signals column 'target_distance' has shape (), expected (2400,)",
    ),
    "unsure": (
        "return wishes(candles, candles.close > 1, confidence=np.full(len(candles), np.nan))",
        "ValueError: signals column 'confidence' must be finite: it decides who goes first",
    ),
    "missing_entry": (
        "return wishes(candles, np.full(len(candles), np.nan), exit=candles.close < 1)",
        "ValueError: signals column 'entry' must hold whole numbers from -1 to 1 only, and no NaN",
    ),
    "missing_exit": (
        "return wishes(candles, candles.close > 1, exit=np.full(len(candles), np.nan))",
        "ValueError: signals column 'exit' must hold whole numbers from 0 to 1 only, and no NaN",
    ),
    "nothing": ("candles.close > 1", "signals() gave back NoneType, not Signals"),
    "changes": (
        "candles.close[0] = 1.0",
        "line 27 (candles.close[0] = 1.0): ValueError: assignment destination is read-only",
    ),
    "leaves": ("raise SystemExit(0)", "failed in leaves.py, line 27 (raise SystemExit(0)): SystemExit: 0"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("words", [("backtest", "--strategy"), ("strategy", "check")], ids=" ".join)
def test_a_strategy_that_fails_is_a_sentence_with_its_place_and_exit_78(
    vigie: Vigie, own: Path, candles: Path, words: tuple[str, str], name: str
) -> None:
    body, sentence = BROKEN[name]
    write(own, name, signals(body))
    said: Said = vigie(*words, name, "--data", candles)
    assert (said.code, said.out) == (78, "")
    assert sentence in said.err
    assert said.err.startswith(f"error: strategy '{name}'")
    assert len(said.err.splitlines()) == 1, "no traceback"


def test_debug_shows_where_a_strategy_failed(vigie: Vigie, own: Path, candles: Path) -> None:
    write(own, "raises", signals(BROKEN["raises"][0]))
    said = vigie("backtest", "--strategy", "raises", "--data", candles, "--debug")
    assert said.code == 78
    assert 'raises.py", line 27, in signals' in said.err
    assert said.err.splitlines()[-1].startswith("error: strategy 'raises' failed in raises.py, line 27")


DECLARED = {
    "no_default": ("window: int", "parameter 'window' of Parameters has no default"),
    "bare": ("window: int = 3", "parameter 'window' of Parameters: declare it by number(), choice() or switch()"),
    "taken": ("fee_fraction: float = number(1, low=0, high=2, help='')", "names a parameter like a rule: fee_fraction"),
}  # fmt: skip


@pytest.mark.parametrize("name", DECLARED)
def test_a_parameter_declared_wrongly_is_a_sentence(vigie: Vigie, own: Path, candles: Path, name: str) -> None:
    declaration, sentence = DECLARED[name]
    path = write(own, name, signals("return wishes(candles, candles.close > 1)"))
    lines = path.read_text().splitlines()
    lines[next(i for i, line in enumerate(lines) if "window: int" in line)] = f"    {declaration}"
    path.write_text("\n".join(lines))
    for words in (("backtest", "--strategy", name, "--data", candles), ("strategy", "show", name)):
        said = vigie(*words)
        assert (said.code, said.out) == (78, "")
        assert sentence in said.err
