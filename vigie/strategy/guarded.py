"""Calling what a strategy author wrote: whatever goes wrong in there is a sentence with its place."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from vigie.domain.errors import ConfigError, VigieError

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Guarded(Generic[Answer]):
    """A function of a strategy's file. Called as it is; what it raises and what it gives back is looked at.

    Attributes:
        strategy: name, for messages.
        path: source file.
        function: what the author wrote.
        kind: what it must give back.
    """

    strategy: str
    path: str
    function: Callable[..., Any]
    kind: type[Answer]

    def __call__(self, *given: Any) -> Answer:  # noqa: ANN401, RUF100 - the author's signature is not ours
        """The answer of the function.

        Raises:
            ConfigError: it failed (file and line are named), or gave back something else.
        """
        try:
            answer = self.function(*given)
        except VigieError:
            raise
        except (Exception, SystemExit) as error:
            raise ConfigError(f"strategy '{self.strategy}' failed{self._place(error)}: {told(error)}") from error
        if not isinstance(answer, self.kind):
            raise ConfigError(
                f"strategy '{self.strategy}': {self.function.__name__}() gave back {type(answer).__name__}, "
                f"not {self.kind.__name__}"
            )
        return answer

    def _place(self, error: BaseException) -> str:
        """The last line of the author's own file on the way to the error."""
        own = [one for one in traceback.extract_tb(error.__traceback__) if one.filename == self.path]
        if not own:
            return ""
        code = own[-1].line or ""
        return f" in {self.strategy}.py, line {own[-1].lineno} ({code if len(code) <= 60 else code[:57] + '...'})"


def told(error: BaseException) -> str:
    """``ValueError: what it says``."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
