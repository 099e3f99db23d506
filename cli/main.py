"""The console entry: finds commands as files, runs one, turns errors into sentences and exit codes.

One file in ``cli/commands`` is one command, named after the file (``_`` becomes ``-``; a leading ``_`` hides it).
It defines either

- ``app``: a ``typer.Typer``, for a group of commands; or
- ``command``: a function, whose docstring is the help;

and may define ``PANEL`` (the heading in ``vigie --help``), ``ORDER`` (a number, small comes first) and ``LOGS``
(the kind of log into which what it says is written).
A command's module is imported when it is run, or for the list in ``vigie --help``: what is heavy (pandas, numba,
ccxt, pyarrow, plotly) is imported inside its functions.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from types import ModuleType
from typing import Annotated

import click
import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup
from typer.utils import get_params_from_function

from cli.errors import report
from cli.hearing import listened_to
from cli.pipes import CLOSED, silence
from vigie.domain.names import suggestion

COMMANDS = "cli.commands"
LAST = 50
"""ORDER of a command that names none."""
_EVERYWHERE = ("--debug", "--quiet")


class Command(TyperCommand):
    """A command whose help lists its arguments once."""

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Nothing: typer lists them with the options, and click 8.5 would list them too."""


class Group(TyperGroup):
    """A group that answers a word it does not know with a suggestion."""

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Nothing, as in a command."""

    def names(self) -> list[str]:
        """Names of all commands, sorted."""
        return sorted(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was asked for, or fail with a suggestion."""
        if args[0] not in self.names() and not ctx.resilient_parsing:
            ctx.fail(f"no such command '{args[0]}'{suggestion(args[0], self.names())}")
        return super().resolve_command(ctx, args)


class CommandFiles(Group):
    """A group whose commands are the modules of a package.

    Attributes:
        package: dotted name of the package.
    """

    package = COMMANDS

    def names(self) -> list[str]:
        """Names of all commands, sorted, without importing one."""
        spec = importlib.util.find_spec(self.package)
        folders = spec.submodule_search_locations if spec else None
        found = (info.name for info in pkgutil.iter_modules(folders) if not info.name.startswith("_"))
        return sorted(name.replace("_", "-") for name in found)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands by their ORDER, then by name; imports them all: for help and completion."""
        commands = {name: self.get_command(ctx, name) for name in self.names()}
        return sorted(commands, key=lambda name: (getattr(commands[name], "order", LAST), name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import and build one command, or None if there is no such file."""
        if cmd_name not in self.names():
            return None
        return _build(cmd_name, importlib.import_module(f"{self.package}.{cmd_name.replace('-', '_')}"))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an interrupt gets its word here, before typer makes an exit code of it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            raise click.exceptions.Exit(report(interrupt)) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under their headings, in the order in which a heading first comes."""
        panels: dict[str, list[tuple[str, str]]] = {}
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        room = formatter.width - 6 - max((len(name) for name, _ in commands), default=0)
        for name, command in commands:
            if command is not None and not command.hidden:
                panel = getattr(command, "panel", None) or "Commands"
                panels.setdefault(panel, []).append((name, command.get_short_help_str(room)))
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows)


def _build(name: str, module: ModuleType) -> click.Command:
    if hasattr(module, "app"):
        module.app.rich_markup_mode = None
        module.app.info.cls = Group
        for part in module.app.registered_commands:
            part.cls = Command
        command: click.Command = typer.main.get_group(module.app)
    else:
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(name, cls=Command)(module.command)
        command = typer.main.get_command(single)
    command.name = name
    _mended(command)
    command.panel = getattr(module, "PANEL", None)  # type: ignore[attr-defined]
    command.order = getattr(module, "ORDER", LAST)  # type: ignore[attr-defined]
    kind = getattr(module, "LOGS", None)
    if kind is not None and command.callback is not None:
        command.callback = listened_to(name, kind, command.callback)
    return command


def _mended(command: click.Command) -> None:
    """Put right what typer and click make of help texts.

    Each example stands on a line of its own, as it would be typed: click makes one text of a paragraph. Arguments keep
    their sentences: click 8.5 overwrites those that typer below 0.26 has set.
    """
    head, word, lines = inspect.cleandoc(command.help or "").rpartition("\n\nExample")
    if word:
        plural, _, rest = lines.partition(": ")
        command.help = "\n  ".join([f"{head}\n\n\b\nExample{plural}:", *rest.splitlines()])
    arguments = [one for one in command.params if isinstance(one, TyperArgument) and not one.help]
    if arguments and command.callback is not None:
        declared = get_params_from_function(inspect.unwrap(command.callback))
        for one in arguments:
            one.help = getattr(declared[str(one.name)].default, "help", None)
    for part in getattr(command, "commands", {}).values():
        _mended(part)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"vigie {version('vigie')}")
        raise typer.Exit


app = typer.Typer(
    cls=CommandFiles,
    no_args_is_help=True,
    # Plain help: with rich it costs 0.1 s more, and reads brackets in a docstring as markup.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    # main() turns errors into sentences; should typer ever draw a traceback itself: never with locals, they hold keys.
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
)


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only data and errors.")] = False,
) -> None:
    """Try a strategy on history, prove it out of sample, watch it on paper, trade it live."""


def run(args: Sequence[str], package: str = COMMANDS) -> int:
    """Run one command line.

    Args:
        args: words after ``vigie``; ``--debug`` and ``--quiet`` may stand anywhere before a ``--``.
        package: where the commands are.

    Returns:
        The exit code.

    Raises:
        SystemExit: shell completion.
    """
    words = _hoisted(args)
    group = typer.main.get_command(app)
    group.package = package  # type: ignore[attr-defined]
    try:
        result = group.main(words, prog_name="vigie", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _read_no_more()
    except SystemExit as left:
        # click makes an end of its own of a reader that has gone.
        if isinstance(left.__context__, BrokenPipeError):
            return _read_no_more()
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the boundary: every error becomes a sentence here
        return report(error, debug="--debug" in words)
    return result if isinstance(result, int) else 0


def _hoisted(args: Sequence[str]) -> list[str]:
    """The words with those that every command understands moved to the front, where the group reads them."""
    end = list(args).index("--") if "--" in args else len(args)
    head, rest = args[:end], args[end:]
    return [*(w for w in head if w in _EVERYWHERE), *(w for w in head if w not in _EVERYWHERE), *rest]


def _read_no_more() -> int:
    silence(sys.stdout)
    return CLOSED


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character is no reason to fail
    sys.exit(run(sys.argv[1:]))
