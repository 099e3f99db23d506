"""Every way a command can end badly, as a sentence on stderr and an exit code."""

from __future__ import annotations

import traceback

import click

from cli.output import error_console, harmless, say
from cli.pipes import beside
from vigie.domain.errors import ConfigError, VigieError

FAILED = 1
INTERRUPTED = 130
"""128 + SIGINT, as a shell counts."""


def report(error: BaseException, *, debug: bool = False) -> int:
    """Tell the user what went wrong.

    Args:
        error: what ended the command.
        debug: show the traceback first.

    Returns:
        The exit code: the error's own, 2 for wrong usage, 130 for an interrupt, 1 for the rest.
    """
    if isinstance(error, KeyboardInterrupt):
        say("interrupted")
        return INTERRUPTED
    if isinstance(error, click.Abort):
        say("aborted")
        return FAILED
    if isinstance(error, click.ClickException):
        return _report_usage(error)
    if debug:
        # Without locals, on purpose: they hold keys.
        with beside():
            click.echo(harmless(_without_secrets("".join(traceback.format_exception(error)))), err=True, nl=False)
    if isinstance(error, VigieError):
        for sentence in error.problems if isinstance(error, ConfigError) else (str(error) or type(error).__name__,):
            say(_without_secrets(sentence), label="error", style="bold red")
        return error.exit_code
    if isinstance(error, OSError) and error.strerror:
        say(
            f"{error.filename}: {error.strerror}" if error.filename else error.strerror, label="error", style="bold red"
        )
        return FAILED
    return _report_defect(error, debug=debug)


def _without_secrets(text: str) -> str:
    """The text without a key that somebody pasted where it does not belong, and that the error repeats."""
    from cli.options import home
    from vigie.app.hiding import hider

    try:
        folder = home()
    except (VigieError, OSError):
        return text
    return hider(folder)(text)


def _report_usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        with beside():
            click.echo(error.format_message(), err=True)
        return error.exit_code
    context = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.MissingParameter) and context is not None:
        say(_missing(error, context), label="error", style="bold red")
        for line in _examples(context.command)[:1]:
            say(f"for instance: {line}")
    else:
        say(error.format_message(), label="error", style="bold red")
    if context is not None:
        with beside():
            error_console().print(f"see {context.command_path} --help", style="dim", soft_wrap=True)
    return error.exit_code


def _missing(error: click.MissingParameter, context: click.Context) -> str:
    """All that is missing, at once; of an option also what it takes."""
    # What was given is in the context by the time that the first of those which were not is asked for.
    lacking = [one for one in context.command.params if one.required and one.name not in context.params]
    arguments = [one.make_metavar(context) for one in lacking if isinstance(one, click.Argument)]
    parts = [f"argument{'s' if len(arguments) > 1 else ''} {' and '.join(arguments)}"] if arguments else []
    parts += [f"option {one.opts[0]} ({str(one.help).rstrip('.')})" for one in lacking if isinstance(one, click.Option)]
    return f"missing: {'; '.join(parts)}" if parts else error.format_message()


def _examples(command: click.Command) -> list[str]:
    """Command lines of a help text."""
    _, word, rest = (command.help or "").partition("\n\n\b\nExample")
    return [line.strip() for line in rest.splitlines()[1:]] if word else []


def _report_defect(error: BaseException, *, debug: bool) -> int:
    advice = "" if debug else "; run again with --debug for the traceback"
    told = _without_secrets(f"{type(error).__name__}: {error}")
    say(f"this is a defect in vigie: {told}{advice}", label="error", style="bold red")
    return FAILED
