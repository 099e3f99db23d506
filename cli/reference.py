"""The command reference: every command with its options, defaults, bounds and exit codes, as one page of Markdown.

It is written from the commands themselves: ``python -m cli.reference > docs/commands.md``. A test holds the page to it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

REFRESH = "uv run python -m cli.reference > docs/commands.md"
"""Makes the page anew."""
_HEAD = f"""# Commands

Every command with its options, defaults and bounds; `vigie COMMAND --help` says the same in a terminal. What the
commands are for is told in the [guides](README.md); settings that are kept stand in [configuration](configuration.md).
The page is made from the commands themselves, by `{REFRESH}`; a test holds it to them.

Data goes to stdout, messages to stderr. Amounts are in the quote currency, instants and days are UTC, basis points
(bps) are hundredths of a percent, and what is called a fraction is 0.02 for 2 %.
"""
EXIT_CODES = {
    0: "done",
    1: "failed: a proven no from a venue, the system (a full disk), or a defect in vigie",
    2: "wrong usage: unknown command or option",
    3: "a check did its work and found something",
    4: "another process holds the account",
    65: "the input cannot be used",
    70: "vigie's own books do not add up: halted",
    75: "a venue does not answer, or an outcome is not known: try later",
    78: "a setting or argument is wrong, or the account was stopped: do not restart",
    130: "interrupted",
    141: "whoever read stdout has gone, as `head -1` does; what trades goes on without a reader",
}
"""As `vigie.domain.errors` and `cli.errors` end commands."""
_UNSAID = {"--help", "--install-completion", "--show-completion"}
_NUMBERS = {"INTEGER": "N", "INTEGER RANGE": "N", "FLOAT": "NUMBER", "FLOAT RANGE": "NUMBER"}


def page(root: click.Group) -> str:
    """The whole page.

    Args:
        root: the group behind ``vigie``, as `cli.main.app` builds it.
    """
    context = click.Context(root, info_name="vigie")
    commands = {name: root.get_command(context, name) for name in root.list_commands(context)}
    panels: dict[str, list[tuple[str, click.Command]]] = {}
    for name, command in commands.items():
        if command is not None and not command.hidden:
            panels.setdefault(getattr(command, "panel", None) or "Commands", []).append((name, command))
    parts = [_HEAD, _contents(panels), _exit_codes(), "## Everywhere\n", _options(root, context)]
    for panel, rows in panels.items():
        parts.append(f"## {panel}\n")
        for name, command in rows:
            parts += _told(command, f"vigie {name}", context)
    return "\n".join(part for part in parts if part).rstrip() + "\n"


def _contents(panels: dict[str, list[tuple[str, click.Command]]]) -> str:
    links = {panel: [f"[{name}](#vigie-{name})" for name, _ in commands] for panel, commands in panels.items()}
    rows = [f"| {panel} | {', '.join(of_panel)} |" for panel, of_panel in links.items()]
    return "\n".join(["| for | commands |", "|---|---|", *rows, ""])


def _exit_codes() -> str:
    rows = [f"| {code} | {words} |" for code, words in EXIT_CODES.items()]
    head = "What to do about each is told in [when things go wrong](trouble.md)."
    return "\n".join(["## Exit codes\n", f"{head}\n", "| code | meaning |", "|---|---|", *rows, ""])


def _told(command: click.Command, path: str, above: click.Context, level: int = 3) -> Iterator[str]:
    context = click.Context(command, info_name=path.rpartition(" ")[2], parent=above)
    yield f"{'#' * level} {path}\n"
    words = " ".join(command.collect_usage_pieces(context))
    yield f"`{path} {words}`\n".replace(" `", "`")
    yield _help(command)
    yield _options(command, context)
    if isinstance(command, click.Group):
        for name in sorted(command.list_commands(context)):
            one = command.get_command(context, name)
            if one is not None and not one.hidden:
                yield from _told(one, f"{path} {name}", context, level + 1)


def _help(command: click.Command) -> str:
    text = inspect.cleandoc(command.help or "").partition("\f")[0]
    paragraphs = [re.sub(r"\s+", " ", one.replace("\b", "")).strip() for one in text.split("\n\n")]
    return "\n\n".join(_example(one) for one in paragraphs if one) + "\n" if text else ""


def _example(paragraph: str) -> str:
    """A paragraph; the command lines of an example as code."""
    word, colon, rest = paragraph.partition(":")
    if not colon or word not in ("Example", "Examples"):
        return paragraph
    lines = [f"`{one.strip()}`" for one in re.split(r"\s+(?=vigie )", rest.strip()) if one.strip()]
    return f"{word}: {', '.join(lines)}"


def _options(command: click.Command, context: click.Context) -> str:
    rows = [row for row in (_row(one, context) for one in command.get_params(context)) if row]
    return "\n".join(["| | says | default |", "|---|---|---|", *rows, ""]) if rows else ""


def _row(one: click.Parameter, context: click.Context) -> str:
    if getattr(one, "hidden", False) or _UNSAID & {*one.opts}:
        return ""
    names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts)) if isinstance(one, click.Option) else ""
    metavar = "" if getattr(one, "is_flag", False) else one.make_metavar(context)
    metavar = _NUMBERS.get(metavar, metavar)
    name = f"{names} `{metavar}`".strip() if metavar else names
    said = [getattr(one, "help", None) or "", _bounds(one.type), "Repeatable." if _again(one) else ""]
    return f"| {name} | {_cell(' '.join(filter(None, said)))} | {_default(one)} |".replace("|  |", "| |")


def _again(one: click.Parameter) -> bool:
    return (one.multiple if isinstance(one, click.Option) else one.nargs == -1) and "repeatable" not in (
        getattr(one, "help", None) or ""
    )


def _bounds(kind: object) -> str:
    if isinstance(kind, click.Choice):
        return f"One of {', '.join(map(str, kind.choices))}."
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    if low is not None and high is not None:
        return f"From {low} to {high}."
    return "" if low is None and high is None else f"At least {low}." if high is None else f"At most {high}."


def _default(one: click.Parameter) -> str:
    if one.required:
        return "needed"
    value = one.to_info_dict()["default"]
    if value is None or value is False or callable(value) or value in ((), [], ""):
        return ""
    return f"`{_cell(str(value))}`"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


def reference() -> str:
    """The page of vigie's own commands."""
    import typer

    from cli.main import app

    root = typer.main.get_command(app)
    if not isinstance(root, click.Group):
        raise TypeError("vigie is a group of commands")
    return page(root)


if __name__ == "__main__":
    click.echo(reference(), nl=False)
