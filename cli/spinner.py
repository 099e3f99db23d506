"""What is being done, in one line that goes away: for commands that take a minute and say much on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.output import console, harmless, quiet
from cli.plain import show_row

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from vigie.reporting.row import Row


class Spinner:
    """A line at the end of the screen with what is being done and for how long; silent where it is no terminal.

    Attributes:
        title: of what is being done now.
    """

    def __init__(self, bar: Progress | None) -> None:
        self.title = ""
        self._bar = bar
        self._task: TaskID | None = None

    def begins(self, title: str) -> None:
        """Something new is being done."""
        self.title = title
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(harmless(title), total=None)

    def doing(self, what: str) -> None:
        """A part of it."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=harmless(f"{self.title}: {what}"))

    def above(self, row: Row) -> None:
        """A line that stays, above it."""
        if self._bar is None:
            show_row(row)
            return
        self._bar.stop()
        show_row(row)
        self._bar.start()


@contextmanager
def spinner(*, shown: bool = True) -> Iterator[Spinner]:
    """A spinner on stdout; none with ``--quiet``, in a pipe, or if it is not to be shown."""
    target = console()
    if not shown or quiet() or not target.is_terminal:
        yield Spinner(None)
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    words = TextColumn(
        "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
    )
    with Progress(SpinnerColumn(), words, TimeElapsedColumn(), console=target, transient=True, expand=True) as bar:
        yield Spinner(bar)
