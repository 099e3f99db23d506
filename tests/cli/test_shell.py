"""The shell of the program, on throw-away commands in a package of the test's own."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.main import run

HEAVY = {"pandas", "numpy", "ccxt", "numba", "pyarrow", "plotly", "ta", "scipy"}
VIGIE = Path(sys.executable).with_name("vigie")
Shell = Callable[..., tuple[int, str, str]]

FILES = {
    "greet": """
        PANEL, ORDER = "Research", 1
        def command(name: str = "you", times: int = 1) -> None:
            "Say hello."
            import typer
            typer.echo(f"hello {name}" * times)
        """,
    "strategy_tools": """
        import typer
        PANEL = "Strategies"
        app = typer.Typer(help="Tools in a group.")
        @app.command("list")
        def list_() -> None:
            "List them."
            typer.echo("a b")
        """,
    "wrong": """
        def command(how: str) -> None:
            "Fail in many ways."
            import typer
            from vigie.domain import errors
            if how == "config":
                raise errors.ConfigError(["first [red]problem[/red]", "second \\x1b[31mproblem"])
            if how == "interrupt":
                raise KeyboardInterrupt
            if how == "exit":
                raise typer.Exit(3)
            if how == "abort":
                raise typer.Abort
            kind = getattr(errors, how, None)
            raise kind("it is so") if kind else ZeroDivisionError("deep in the code")
        """,
    "talk": """
        def command() -> None:
            "Data, a note and a bar."
            from cli.output import note, print_json, progress
            note("beside the data")
            with progress("working", 3) as advance:
                advance()
                advance(n=2)
            print_json({"z": float("nan"), "a": 1})
        """,
    "flood": """
        def command() -> None:
            "Write more than a pipe holds."
            import typer
            for _ in range(5000):
                typer.echo("x" * 100)
        """,
    "murmur": """
        def command() -> None:
            "Write and leave it to the end to be flushed."
            import sys
            sys.stdout.write("x")
        """,
    "murmurs": """
        def command() -> None:
            "Say much beside the data."
            from cli.output import console, note
            from cli.plain import tell
            for _ in range(3):
                note("x")
                tell("y")
            console().print("done")
        """,
    "long": """
        def command() -> None:
            "A long line."
            from cli.output import console
            console().print(" ".join(["word"] * 100))
        """,
    "busy": """
        def command() -> None:
            "A note while a bar is drawn."
            import time
            from cli.output import note, progress
            with progress("working", 3) as advance:
                advance()
                time.sleep(0.3)
                note("said on the way")
        """,
    "_hidden": "raise RuntimeError('a file with a leading underscore is no command')",
    "unasked": """
        import sys
        sys.modules["the_unasked_command_was_imported"] = sys
        def command() -> None:
            "Leaves a trace when imported."
        """,
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from textwrap import dedent

    folder = tmp_path / "throwaway_commands"
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(dedent(text))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "throwaway_commands"
    for name in [name for name in sys.modules if name.startswith(("throwaway_commands", "the_unasked_command"))]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def shell(package: str, capsys: pytest.CaptureFixture[str]) -> Shell:
    def call(*words: str) -> tuple[int, str, str]:
        code = run(words, package)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def in_process(package: str, *words: str) -> list[str]:
    script = f"import sys; from cli.main import run; sys.exit(run({list(words)!r}, {package!r}))"
    return [sys.executable, "-c", script]


def test_each_file_is_a_command_and_its_function_is_run(shell: Shell) -> None:
    code, out, err = shell("greet", "--name", "Ada")
    assert (code, out, err) == (0, "hello Ada\n", "")


def test_a_file_with_an_app_is_a_group_even_with_a_single_command(shell: Shell) -> None:
    assert shell("strategy-tools", "list") == (0, "a b\n", "")


def test_help_lists_commands_under_their_panels_in_their_order(shell: Shell) -> None:
    code, out, _ = shell("--help")
    assert code == 0
    places = [out.index(word) for word in ("Research:", "greet", "Commands:", "flood", "Strategies:", "strategy-tools")]
    assert places == sorted(places)
    assert "Say hello." in out
    assert "hidden" not in out


def test_running_a_command_does_not_import_the_others(shell: Shell) -> None:
    shell("greet")
    assert "the_unasked_command_was_imported" not in sys.modules
    shell("--help")
    assert "the_unasked_command_was_imported" in sys.modules


def test_no_words_at_all_show_the_help_and_are_wrong_usage(shell: Shell) -> None:
    code, out, err = shell()
    assert code == 2
    assert "Usage: vigie" in err
    assert out == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["gret"], "error: no such command 'gret'; did you mean 'greet'?"),
        (
            ["zzz"],
            "error: no such command 'zzz'; known: busy, flood, greet, long, murmur, murmurs, strategy-tools, talk, ",
        ),
        (["strategy-tools", "lst"], "error: no such command 'lst'; did you mean 'list'?\n"),
        (["greet", "--nam", "x"], "Did you mean '--name'?"),
        (["--versio"], "Did you mean '--version'?"),
        (["greet", "--times", "many"], "'many' is not a valid int"),
        (["wrong"], "missing: argument HOW"),
    ],
)
def test_a_word_that_is_not_known_is_answered_with_a_suggestion_and_exit_2(
    shell: Shell, words: list[str], sentence: str
) -> None:
    code, out, err = shell(*words)
    assert code == 2
    assert sentence in err
    assert "--help" in err.splitlines()[-1]
    assert out == ""


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("CheckFailed", 3),
        ("AccountLocked", 4),
        ("DataError", 65),
        ("InvariantBroken", 70),
        ("OutcomeUnknown", 75),
        ("VenueUnavailable", 75),
        ("VenueRefused", 1),
        ("ConfigError", 78),
    ],
)
def test_an_error_of_ours_is_one_sentence_and_its_own_exit_code(shell: Shell, kind: str, code: int) -> None:
    assert shell("wrong", kind) == (code, "", "error: it is so\n")


def test_every_problem_of_a_configuration_has_its_line_and_its_text_is_not_obeyed(shell: Shell) -> None:
    code, _, err = shell("wrong", "config")
    assert code == 78
    assert err == "error: first [red]problem[/red]\nerror: second \\x1b[31mproblem\n"


def test_an_unexpected_error_is_called_a_defect_without_a_traceback(shell: Shell) -> None:
    code, out, err = shell("wrong", "other")
    assert (code, out) == (1, "")
    assert err == (
        "error: this is a defect in vigie: ZeroDivisionError: deep in the code; "
        "run again with --debug for the traceback\n"
    )


@pytest.mark.parametrize("words", [["--debug", "wrong", "other"], ["wrong", "other", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(shell: Shell, words: list[str]) -> None:
    code, _, err = shell(*words)
    assert code == 1
    assert "Traceback" in err
    assert 'raise kind("it is so")' in err
    assert "how = " not in err, "locals may hold keys"


def test_debug_keeps_the_exit_code_of_an_error_of_ours(shell: Shell) -> None:
    code, _, err = shell("--debug", "wrong", "DataError")
    assert code == 65
    assert "Traceback" in err
    assert err.endswith("error: it is so\n")


def test_an_interrupt_ends_with_a_word_and_130(shell: Shell) -> None:
    assert shell("wrong", "interrupt") == (130, "", "interrupted\n")


def test_a_command_may_choose_its_exit_code(shell: Shell) -> None:
    assert shell("wrong", "exit") == (3, "", "")
    assert shell("wrong", "abort") == (1, "", "aborted\n")


def test_notes_go_to_stderr_and_quiet_silences_them(shell: Shell) -> None:
    code, out, err = shell("talk")
    assert (code, err) == (0, "beside the data\n")
    assert json.loads(out) == {"z": None, "a": 1}
    assert out.index('"z"') < out.index('"a"'), "keys keep their order"
    assert shell("talk", "--quiet") == (0, out, "")


def test_the_version_is_the_one_of_the_distribution(shell: Shell) -> None:
    from importlib.metadata import version

    assert shell("--version") == (0, f"vigie {version('vigie')}\n", "")


@pytest.mark.parametrize("words", [["flood"], ["murmur"], ["--help"]])
def test_a_reader_that_went_away_is_met_quietly(package: str, tmp_path: Path, words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            in_process(package, *words),
            stdout=writer,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONUNBUFFERED": ""},
            check=False,
        )
    finally:
        os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 141


def test_what_is_done_is_done_all_the_same_when_nobody_listens_to_what_is_said_beside(
    package: str, tmp_path: Path
) -> None:
    """Rich and click would both end the process."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            in_process(package, "murmurs"),
            stdout=subprocess.PIPE,
            stderr=writer,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.stdout, done.returncode) == (b"done\n", 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is full")
def test_a_full_disk_under_stderr_fails_nothing(package: str, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            in_process(package, "murmurs"),
            stdout=subprocess.PIPE,
            stderr=full,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            check=False,
        )
    assert (done.stdout, done.returncode) == (b"done\n", 0)


def test_no_line_is_broken_in_a_pipe_and_none_is_too_long_where_columns_are_named(package: str, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"PYTHONPATH": str(tmp_path)}
    wide, narrow = (
        subprocess.run(
            in_process(package, "long"), capture_output=True, env=environment | more, check=True, text=True
        ).stdout.splitlines()
        for more in ({}, {"COLUMNS": "60"})
    )
    assert wide == [" ".join(["word"] * 100)]
    assert max(map(len, narrow)) <= 60


def test_a_note_stands_above_a_bar_not_in_it(package: str, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        in_process(package, "busy"), stderr=theirs, env=os.environ | {"PYTHONPATH": str(tmp_path), "TERM": "xterm"}
    ) as process:
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while part := os.read(ours, 65536):
                seen += part
    os.close(ours)
    assert process.returncode == 0
    before, found, _ = seen.partition(b"said on the way\r\n")
    assert found
    assert b"working" in before
    assert before.endswith((b"\x1b[2K", b"\r", b"\n")), before[-80:]


@pytest.mark.parametrize("words", [["--help"], ["greet", "--help"], ["wrong", "config"], ["gret"]])
def test_no_control_characters_are_written_when_nobody_looks(package: str, tmp_path: Path, words: list[str]) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in {"FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS"}}
    done = subprocess.run(
        in_process(package, *words), capture_output=True, env=environment | {"PYTHONPATH": str(tmp_path)}, check=False
    )
    assert done.stdout + done.stderr
    assert not set(done.stdout + done.stderr) & (set(range(32)) - {10})


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are a Unix thing")
@pytest.mark.parametrize(("words", "shown"), [(["talk"], True), (["talk", "--quiet"], False)])
def test_a_bar_is_drawn_on_a_terminal_unless_quiet(package: str, tmp_path: Path, words: list[str], shown: bool) -> None:
    ours, theirs = os.openpty()
    try:
        environment = os.environ | {"PYTHONPATH": str(tmp_path), "TERM": "xterm", "COLUMNS": "80"}
        subprocess.run(
            in_process(package, *words), stdout=subprocess.DEVNULL, stderr=theirs, env=environment, check=True
        )
        os.set_blocking(ours, False)
        seen = b""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(ours, 65536):
                seen += part
    finally:
        os.close(ours)
        os.close(theirs)
    assert (b"working" in seen and b"3/3" in seen) is shown
    assert (b"beside the data" in seen) is shown


def modules_after(*words: str) -> set[str]:
    script = (
        "import sys; from cli.main import run; code = run(sys.argv[1:]); "
        "sys.stderr.write(' '.join({name.partition('.')[0] for name in sys.modules})); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_help_and_version_import_nothing_heavy() -> None:
    assert not modules_after("--help") & HEAVY
    assert not modules_after("--version") & HEAVY


def every_command() -> list[str]:
    folder = Path(__file__).resolve().parents[2] / "cli" / "commands"
    return sorted(path.stem.replace("_", "-") for path in folder.glob("[!_]*.py"))


def test_the_help_of_every_command_is_there_and_imports_nothing_heavy() -> None:
    names = every_command()
    # The parts of a group are asked of the group itself: a new one is tested without being named here.
    script = (
        "import sys, typer, click; from cli.main import app, run\n"
        "group = typer.main.get_command(app)\n"
        "words = [[name] for name in sys.argv[1:]]\n"
        "context = click.Context(group)\n"
        "for name in sys.argv[1:]:\n"
        "    words += [[name, part] for part in getattr(group.get_command(context, name), 'commands', ())]\n"
        "codes = [run([*one, '--help']) for one in words]\n"
        "sys.stderr.write(' '.join({name.partition('.')[0] for name in sys.modules}))\n"
        "sys.exit(any(codes))"
    )
    done = subprocess.run([sys.executable, "-c", script, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not set(done.stderr.split()) & HEAVY
    for name in (*names, "strategy show", "data import"):
        assert f"Usage: vigie {name}" in done.stdout


def test_no_summary_in_a_list_of_commands_is_cut_at_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    groups = 0
    for name in ("", *every_command()):
        assert run([*name.split(), "--help"]) == 0
        _, heading, listed = capsys.readouterr().out.partition("Commands:\n" if name else "Research:\n")
        assert [line for line in listed.splitlines() if line.endswith("...")] == []
        assert [line for line in listed.splitlines() if len(line) > 80] == []
        groups += bool(heading)
    assert groups >= 4, "the list of all, data, strategy, certificate"


@pytest.mark.skipif(not VIGIE.exists(), reason="not installed with its console script")
def test_the_console_script_is_ours_and_completion_is_offered() -> None:
    done = subprocess.run([VIGIE, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("vigie ")
    offered = subprocess.run(
        [VIGIE],
        capture_output=True,
        text=True,
        env=os.environ | {"_VIGIE_COMPLETE": "complete_bash", "COMP_WORDS": "vigie --ver", "COMP_CWORD": "1"},
        check=False,
    )
    assert offered.stdout.split() == ["--version"]
