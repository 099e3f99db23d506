"""Compiling the decision: the functions that live calls as Python, made fast for research.

`assemble` takes the bar loop and, bottom-up over its whole call graph, every plain function of vigie that it calls;
builds a twin of each from the very same code object; and compiles the twins with numba. Compiled code is kept on
disk in a folder named by a hash of every source that can take part and of the numba version, so that it can never
be stale. This is the only module that knows numba.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import math
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache, wraps
from importlib.metadata import version
from pathlib import Path
from types import FunctionType
from typing import Any

from vigie.decision.facts import Facts
from vigie.decision.registry import gate_rules, sizing_rules
from vigie.decision.sizing.wanted import Wanted
from vigie.domain import loops
from vigie.domain.candles import FloatArray
from vigie.domain.errors import ConfigError
from vigie.research.kernel.entries import enter
from vigie.research.kernel.lean import added_up, lean_many
from vigie.research.kernel.walk import walk

Compiler = Callable[[FunctionType], Any]

_MAKING_ARRAYS = frozenset({"empty", "full", "zeros"})
_HOMES_OF_LOOPS = ("vigie.indicators.loops", "vigie.metrics.loops")

ROOMS = ("domain", "indicators", "metrics", "strategy", "decision", "simulation", "research")
"""Rooms whose sources can take part in compiled code."""


def _as_is(function: FunctionType) -> Any:
    return function


@cache
def compiled_walk() -> Callable[..., None]:
    """The bar loop, compiled, from the cache where it is there. The first call after an upgrade takes seconds."""
    use_compiled_loops()
    compiled: Callable[..., None] = _entry_point(assemble(_inner), allocates=False)
    return compiled


@cache
def compiled_lean() -> Callable[..., None]:
    """The loop for searches, compiled; as `compiled_walk`."""
    use_compiled_loops()
    compiled: Callable[..., None] = _entry_point(assemble(_inner, lean_many), allocates=False)
    return compiled


@cache
def use_compiled_loops() -> None:
    """Let indicators and metrics use compiled twins of their loops from now on."""
    for name in _HOMES_OF_LOOPS:
        importlib.import_module(name)
    for name, function in loops.PLAIN.items():
        allocates = not _MAKING_ARRAYS.isdisjoint(function.__code__.co_names)
        loops.compiled[name] = _entry_point(_rebuilt(function, {}, _inner), allocates=allocates)


def assemble(compiler: Compiler = _as_is, loop: Callable[..., None] = walk) -> FunctionType:
    """The bar loop with all sizing rules and gate rules linked in.

    Args:
        compiler: applied to every function below the loop, callees first; by default nothing is compiled and the
            same functions run as plain Python.
        loop: which bar loop.

    Returns:
        the loop itself, not yet compiled. Only it is cached on disk, with all that it calls inside: the links of a
        chain share one name in their file, and numba would take them for each other.
    """
    bound = {"size": _link_sizing(compiler), "gate": _link_gate(compiler)}
    return _rebuilt(loop, bound, compiler)


def _link_sizing(compiler: Compiler) -> Any:
    linked: Any = compiler(_rebuilt(_no_size, {}, compiler))
    for index, rule in enumerate(sizing_rules()):
        units = compiler(_rebuilt(rule.units, {}, compiler))
        linked = compiler(_rebuilt(_next_size, {"_UNITS": units, "_OTHERS": linked, "_INDEX": index}, compiler))
    return linked


def _link_gate(compiler: Compiler) -> Any:
    linked: Any = compiler(_rebuilt(_no_refusal, {}, compiler))
    rules: list[Any] = [compiler(_rebuilt(rule.refuses, {}, compiler)) for rule in gate_rules()]
    silent = compiler(_rebuilt(_silent, {}, compiler))
    for first in range(0, len(rules), len(_RULES)):
        some = [*rules[first : first + len(_RULES)], *[silent] * len(_RULES)]
        bound = dict(zip(_RULES, some, strict=False)) | {"_OTHERS": linked, "_INDEX": first, "_LAST": len(rules) - 1}
        linked = compiler(_rebuilt(_next_gates, bound, compiler))
    return linked


# Links of the two chains; the capital names are put in by `_rebuilt`.
_LINKS = frozenset({"_no_size", "_next_size", "_no_refusal"})
_RULES = ("_RULE_0", "_RULE_1", "_RULE_2", "_RULE_3")
_UNITS: Any = None
_RULE_0: Any = None
_RULE_1: Any = None
_RULE_2: Any = None
_RULE_3: Any = None
_OTHERS: Any = None
_INDEX: int = 0
_LAST: int = 0


def _no_size(kind: int, wanted: Wanted, amount: float) -> float:  # noqa: ARG001
    return math.nan


def _next_size(kind: int, wanted: Wanted, amount: float) -> float:
    quantity: float = _UNITS(wanted, amount) if kind == _INDEX else _OTHERS(kind, wanted, amount)
    return quantity


def _no_refusal(facts: Facts, limits: FloatArray) -> int:  # noqa: ARG001
    return 0


def _silent(facts: Facts, limit: float) -> bool:  # noqa: ARG001
    return False


def _next_gates(facts: Facts, limits: FloatArray) -> int:
    """Four rules more. One at a time makes functions that are slow to compile, all at once grows with the square."""
    refusing: int = _OTHERS(facts, limits)
    limit = limits[_INDEX]
    if limit == limit and _RULE_0(facts, limit):
        refusing |= 1 << _INDEX
    limit = limits[min(_INDEX + 1, _LAST)]
    if limit == limit and _RULE_1(facts, limit):
        refusing |= 1 << (_INDEX + 1)
    limit = limits[min(_INDEX + 2, _LAST)]
    if limit == limit and _RULE_2(facts, limit):
        refusing |= 1 << (_INDEX + 2)
    limit = limits[min(_INDEX + 3, _LAST)]
    if limit == limit and _RULE_3(facts, limit):
        refusing |= 1 << (_INDEX + 3)
    return refusing


def _rebuilt(function: Callable[..., Any], bound: dict[str, Any], compiler: Compiler) -> FunctionType:
    """A twin of a function whose vigie callees are compiled twins too; ``bound`` replaces callees by name."""
    return _Twins(bound, compiler).of(function)


class _Twins:
    """Walks one call graph; a function met twice is rebuilt once."""

    def __init__(self, bound: dict[str, Any], compiler: Compiler) -> None:
        self._bound = bound
        self._compiler = compiler
        self._done: dict[str, Any] = {}

    def of(self, function: Callable[..., Any]) -> FunctionType:
        if not isinstance(function, FunctionType):
            raise TypeError(f"{function!r} is not a plain function: it cannot take part in compiled code")
        names = dict(function.__globals__)
        for name in function.__code__.co_names:
            called = names.get(name)
            if name in self._bound:
                names[name] = self._bound[name]
            elif isinstance(called, FunctionType) and called.__module__.startswith("vigie."):
                names[name] = self._compiled(called)
        twin = FunctionType(function.__code__, names, function.__name__, function.__defaults__)
        twin.__module__ = function.__module__
        twin.__qualname__ = function.__qualname__
        twin.__kwdefaults__ = function.__kwdefaults__
        return twin

    def _compiled(self, function: FunctionType) -> Any:
        key = f"{function.__module__}.{function.__qualname__}"
        if key not in self._done:
            self._done[key] = self._compiler(self.of(function))
        return self._done[key]


@cache
def _numba() -> tuple[Any, bool]:
    """Numba, and whether compiled code can be kept on disk."""
    import numba

    folder = cache_folder()
    if folder is not None:
        # Numba's other places know only the file of the outermost function: they could be stale.
        numba.config.CACHE_LOCATOR_CLASSES = "UserProvidedCacheLocator"  # type: ignore[attr-defined]
        numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    return numba, folder is not None


def _entry_point(function: FunctionType, *, allocates: bool) -> Any:
    """Compile a function that Python calls, and keep it on disk, where that is possible, with all that it calls.

    Args:
        function: a twin whose callees are compiled already.
        allocates: whether it makes arrays. One that makes none is compiled without numba's memory management
            (``_nrt``): counting references to the arrays it is given took a third of the loop's time.
    """
    numba, kept = _numba()
    compiled = numba.njit(cache=kept, nogil=True, error_model="numpy", _nrt=allocates)(function)
    return _without_collector(_kept_or_not(compiled))


def _kept_or_not(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """Call, and do without keeping compiled code where the disk takes no more of it.

    A full disk must not be taken for an error of the strategy that happened to call first. When the keeping fails
    numba has compiled the function already: the second call runs it.
    """

    @wraps(compiled)
    def call(*args: Any) -> Any:
        try:
            return compiled(*args)
        except OSError as error:
            named = os.environ.get("VIGIE_CACHE")
            if named:
                why = error.strerror or error
                raise ConfigError(
                    f"VIGIE_CACHE={named}: compiled code cannot be kept there ({why}): make room or name another folder"
                ) from error
            return compiled(*args)

    return call


def _without_collector(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """Compile, which happens in the first call, without Python's garbage collector.

    A compilation makes millions of small objects that live until it ends: looking for garbage among them takes a tenth
    of the time.
    """
    ready = False

    @wraps(compiled)
    def call(*args: Any) -> Any:
        nonlocal ready
        if ready or not gc.isenabled():
            return compiled(*args)
        gc.disable()
        try:
            answer = compiled(*args)
        finally:
            gc.enable()
        ready = True
        return answer

    return call


def _inner(function: FunctionType) -> Any:
    """Compile a function that only compiled code calls.

    Without the wrappers that Python and C would call, which are half the compile time; melted into its caller if it
    runs at every candle.
    """
    link = function.__name__ in _LINKS
    numba, _ = _numba()
    return numba.njit(
        nogil=True,
        error_model="numpy",
        inline="always" if link else "never",
        forceinline=not link and function.__module__ != enter.__module__,
        fastmath={"reassoc", "nnan", "nsz"} if function.__qualname__ == added_up.__qualname__ else False,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        _nrt=False,
    )(function)


def cache_folder() -> Path | None:
    """Where compiled code of these very sources is kept: in VIGIE_CACHE or the user's cache folder.

    None where nothing can be written: code is then compiled anew in every process.

    Raises:
        ConfigError: VIGIE_CACHE is set to a folder that cannot be written.
    """
    named = os.environ.get("VIGIE_CACHE")
    try:
        folder = (Path(named) if named else _users_cache()) / _build_hash()
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, RuntimeError) as error:  # RuntimeError: a user without a home folder
        if named:
            raise ConfigError(f"VIGIE_CACHE={named} is not a folder that can be written: {error}") from error
        return None
    return folder


def _users_cache() -> Path:
    base = os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "vigie" / "compiled"


@cache
def source_hash() -> str:
    """SHA-256 over every source that a decision can depend on: which code made a result."""
    return hash_of_sources(Path(__file__).parent.parent)


def hash_of_sources(root: Path) -> str:
    """SHA-256 over names and contents of the sources of `ROOMS` below ``root``."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _build_hash() -> str:
    """Sources and the versions that compile them: the name of the folder that compiled code is kept in."""
    versions = [sys.version, *(f"{name} {version(name)}" for name in ("numba", "llvmlite", "numpy"))]
    return hashlib.sha256("\n".join([source_hash(), *versions]).encode()).hexdigest()[:20]
