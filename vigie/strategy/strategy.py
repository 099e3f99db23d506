"""A strategy as the rest of vigie sees it, and how it is found by name.

One file in ``strategies/`` is one strategy. Its docstring's first line is the summary, and it defines

- ``Parameters(Params)``: typed, bounded, with a search grid;
- ``signals(candles, parameters) -> Signals``: vectorised and causal, no state of its own;
- ``PRESETS`` (optional): ``{profile name: {parameter: value}}``, what a profile changes in this strategy;
- ``propose(candles) -> {parameter: value}`` (optional): a proposer at training time.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType

from vigie.domain.candles import Candles
from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.strategy.guarded import Guarded, told
from vigie.strategy.params import Params, Value
from vigie.strategy.signals import Signals
from vigie.strategy.sources import code_hash

PACKAGE = "strategies"


@dataclass(frozen=True, slots=True)
class Strategy:
    """One strategy, ready to be asked.

    Attributes:
        name: file name without ``.py``.
        summary: first line of its docstring.
        parameters: its Parameters class.
        signals: (candles, parameters) -> Signals.
        presets: by profile name, what that profile changes.
        propose: a proposer at training time, or None.
        code_hash: SHA-256 of the source file, and of the files beside it that it imports.
        path: the source file.
    """

    name: str
    summary: str
    parameters: type[Params]
    signals: Callable[[Candles, Params], Signals]
    presets: Mapping[str, Mapping[str, Value]]
    propose: Callable[[Candles], Mapping[str, Value]] | None
    code_hash: str
    path: Path


def packaged() -> Path:
    """The folder of the strategies that vigie brings along."""
    return Path(importlib.import_module(PACKAGE).__path__[0])


def extend_search_path(folder: Path) -> None:
    """Let strategies in the user's ``folder`` be found by name, behind the packaged ones.

    Raises:
        ConfigError: a name exists in both places.
    """
    package = importlib.import_module(PACKAGE)
    if not folder.is_dir() or any(Path(known).resolve() == folder.resolve() for known in package.__path__):
        return
    twice = sorted(set(names()) & {info.name for info in pkgutil.iter_modules([str(folder)])})
    if twice:
        raise ConfigError([f"strategy '{name}' exists in {folder} and in the package: rename yours" for name in twice])
    package.__path__.append(str(folder))
    importlib.invalidate_caches()


def names() -> list[str]:
    """Names of all strategies that can be found, sorted."""
    package = importlib.import_module(PACKAGE)
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))


def load(name: str) -> Strategy:
    """Find a strategy by name.

    Raises:
        ConfigError: no such strategy (with a suggestion), or its file is not one.
    """
    known = names()
    if name not in known:
        raise ConfigError(f"unknown strategy '{name}'{suggestion(name, known)}")
    try:
        module = importlib.import_module(f"{PACKAGE}.{name}")
    except (Exception, SystemExit) as error:
        raise ConfigError(f"strategy '{name}' cannot be imported: {told(error)}") from error
    return _from_module(name, module)


def _from_module(name: str, module: ModuleType) -> Strategy:
    parameters = getattr(module, "Parameters", None)
    problems = []
    if not (isinstance(parameters, type) and issubclass(parameters, Params)):
        problems.append(f"strategy '{name}' defines no class Parameters(Params)")
    if not callable(getattr(module, "signals", None)):
        problems.append(f"strategy '{name}' defines no function signals(candles, parameters)")
    if problems or not isinstance(parameters, type) or not issubclass(parameters, Params):
        raise ConfigError(problems)
    try:
        parameters.specs()
    except Exception as error:
        raise ConfigError(f"strategy '{name}': {error}") from error
    path = Path(str(module.__file__))
    propose = getattr(module, "propose", None)
    return Strategy(
        name=name,
        summary=(inspect.getdoc(module) or "no description").splitlines()[0],
        parameters=parameters,
        signals=Guarded(name, str(path), module.signals, Signals),
        presets=MappingProxyType(dict(getattr(module, "PRESETS", {}))),
        propose=None if propose is None else Guarded(name, str(path), propose, dict),
        code_hash=code_hash(path),
        path=path,
    )
