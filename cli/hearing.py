"""What a command of research says, written into its log as well."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from cli.options import home
from cli.output import HEARERS

if TYPE_CHECKING:
    from vigie.app.logs.writing import Ears


class _Log:
    """A log that is begun with the first thing to say: a word that was mistyped leaves nothing behind."""

    def __init__(self, name: str, kind: str, stack: ExitStack) -> None:
        self._name, self._kind, self._stack = name, kind, stack
        self._ears: Ears | None = None

    def note(self, sentence: str) -> None:
        """Write it down."""
        self.begun().note(sentence)

    def begun(self) -> Ears:
        """The log, begun with what was called."""
        from vigie.app.logs.writing import logged

        if self._ears is None:
            self._ears = self._stack.enter_context(logged(home(), self._kind, self._name))
            self._ears.note(" ".join(["vigie", *sys.argv[1:]]))
        return self._ears


def listened_to(name: str, kind: str, callback: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose notes and errors go to ``logs/KIND/NAME.log`` as well; an end that it chose is no error.

    Args:
        name: of the command.
        kind: of the log.
        callback: the command.
    """

    @functools.wraps(callback)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, RUF100
        from vigie.domain.errors import ConfigError, DataError

        with ExitStack() as stack:
            log = _Log(name, kind, stack)
            HEARERS.append(log.note)
            try:
                result = callback(*args, **kwargs)
            except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError) as chosen:
                left = chosen
            except (ConfigError, DataError):
                raise  # of what was typed; it is in the log if that has begun
            except Exception:
                log.begun()
                raise
            else:
                log.begun()
                return result
            finally:
                HEARERS.remove(log.note)
        raise left

    return call
