"""Pictures of the README, from the real program: ``uv run python -m benchmarks.pictures``.

Plays the demo, keeps its home, looks around in it, and writes what a terminal of 80 columns shows to ``docs/pictures``;
then a backtest with a report, of which a headless Chromium takes the chart. Linux or macOS; about two minutes.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.terminal import COLUMNS, picture, screen_of

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
MOST_BYTES = 150_000
_HIDDEN = "<style>.notes, .card:nth-child(n+5) { display: none }</style></head>"
"""So that the chart is on the screen: the sentences, and most of the numbers."""
_PLAIN = re.compile(r"\x1b\[[\d;]*m")


def written(name: str, lines: Sequence[str], title: str) -> None:
    """A picture of a screen.

    Raises:
        SystemExit: it is wider than a terminal of 80 columns, larger than a reader should have to load, or tells where
            it was made.
    """
    if any(tempfile.gettempdir() in line for line in lines):
        raise SystemExit(f"{title} shows a folder of this machine: no picture of that")
    wide = [line for line in (_PLAIN.sub("", one) for one in lines) if len(line) > COLUMNS]
    if wide:
        raise SystemExit(f"wider than {COLUMNS} columns: {wide[0]}")
    made = "\n".join(line.rstrip() for line in picture(lines, title).splitlines()) + "\n"
    if len(made.encode()) > MOST_BYTES:
        raise SystemExit(f"{name}: {len(made.encode()):,} bytes are too many")
    (PICTURES / name).write_text(made, encoding="utf-8")


def without_end(lines: Sequence[str], mark: str) -> list[str]:
    """Lines up to the one that begins with a mark; blank ones at the end left out."""
    plain = [_PLAIN.sub("", line) for line in lines]
    end = next((number for number, line in enumerate(plain) if line.startswith(mark)), len(lines))
    kept = list(lines[:end])
    while kept and not _PLAIN.sub("", kept[-1]).strip():
        kept.pop()
    return kept


def chart(home: Path) -> None:
    """The head and the chart of a backtest's report, as a browser shows them."""
    screen_of(("backtest", "--report", "report.html"), home=home)
    page = home / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("</head>", _HIDDEN, 1), encoding="utf-8")
    browser = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    if browser is None:
        raise SystemExit("no Chromium: the chart stays as it was")
    target = PICTURES / "report.png"
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1000,860",
         "--virtual-time-budget=4000", f"--screenshot={target}", page.as_uri()],
        check=True, capture_output=True,
    )  # fmt: skip
    if target.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{target.name}: {target.stat().st_size:,} bytes are too many")


def main() -> None:
    """Make all of them."""
    with tempfile.TemporaryDirectory() as scratch:
        outside, tour = Path(scratch) / "outside", Path(scratch) / "outside" / "tour"
        outside.mkdir()
        demo = screen_of(("demo", "--keep", "tour"), home=outside)
        written("demo.svg", without_end(demo, "kept:"), "vigie demo")
        first = next(tour.glob("state/*/journal"), None)
        if first is None:
            raise SystemExit("the demo kept no journal")
        explained = re.search(r"vigie (journal explain \S+ \S+)", "\n".join(_PLAIN.sub("", one) for one in demo))
        if explained is None:
            raise SystemExit("the demo names no trade to explain")
        words = explained.group(1).split()
        written("explain.svg", screen_of(words, home=tour), f"vigie {' '.join(words)}")
        home = Path(scratch) / "home"
        home.mkdir()
        chart(home)


if __name__ == "__main__":
    sys.exit(main())
