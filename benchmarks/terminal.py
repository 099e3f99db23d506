"""What a command shows in a terminal of 80 columns, kept as an SVG: no fonts inside, nothing of the machine."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

COLUMNS, LINES = 80, 120
_TOKEN = re.compile(r"\x1b\[(\?)?([\d;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+")

FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def screen_of(command: Sequence[str], *, home: Path) -> list[str]:
    """Run ``vigie`` with these words in a terminal, in a home; the lines that stay on its screen, with their colours.

    Raises:
        SystemExit: it failed.
    """
    # Windows has none of these.
    import pty
    import termios
    from fcntl import ioctl

    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    own = {"VIGIE_HOME": str(home), "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(LINES), "TZ": "UTC"}
    usual = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "VIGIE_CACHE")}
    program = Path(sys.executable).with_name("vigie")
    process = subprocess.Popen([program, *command], cwd=home, stdout=theirs, stderr=theirs, env={**usual, **own})
    os.close(theirs)
    came = bytearray()
    while True:
        try:
            part = os.read(ours, 65_536)
        except OSError:  # what Linux says when nobody is at the other end
            break
        if not part:
            break
        came += part
    os.close(ours)
    lines = drawn(came.decode())
    if process.wait() not in (0, 3):
        raise SystemExit("\n".join(lines))
    return lines


def drawn(text: str) -> list[str]:
    """What a terminal makes of it: lines that were drawn over are gone, colours stay."""
    rows: list[list[tuple[str, str]]] = [[]]
    row = column = 0
    colour = ""
    for found in _TOKEN.finditer(text):
        word = found.group()
        if word == "\r":
            column = 0
        elif word == "\n":
            row, column = row + 1, 0
            rows += [[]] * (row >= len(rows))
        elif found.group(3) == "m":
            colour = "" if found.group(2) in ("", "0") else colour + word
        elif found.group(3) == "A":
            row = max(0, row - int(found.group(2) or 1))
        elif found.group(3) == "K":
            rows[row] = [] if found.group(2) == "2" else rows[row][:column]
        elif not word.startswith("\x1b"):
            line = rows[row] + [(" ", "")] * (column - len(rows[row]))
            rows[row] = line[:column] + [(char, colour) for char in word] + line[column + len(word) :]
            column += len(word)
    return ["".join(f"\x1b[0m{colour}{char}" for char, colour in line).rstrip() for line in rows]


def picture(lines: Sequence[str], title: str) -> str:
    """Lines as an SVG of a terminal; the same lines make the same picture."""
    from rich.console import Console
    from rich.text import Text

    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, color_system="truecolor")
        for line in lines:
            console.print(Text.from_ansi(line), soft_wrap=False, no_wrap=True)
        return console.export_svg(title=title, code_format=FORMAT, unique_id="vigie")
