"""A strategy file to start from."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from vigie.adapters.storage.atomic import write_atomically
from vigie.app.strategies.finding import FOLDER
from vigie.domain.errors import ConfigError
from vigie.strategy.strategy import extend_search_path, names

_TEMPLATE = '''"""{title}: buys a close above its mean, sells one below. Say in one line what yours does."""

from __future__ import annotations

from dataclasses import dataclass

from vigie.domain.candles import Candles
from vigie.indicators.averages import sma
from vigie.indicators.volatility import atr
from vigie.strategy.params import Params, number
from vigie.strategy.signals import Signals


@dataclass(frozen=True, slots=True)
class Parameters(Params):
    """Windows in candles, distances in ATR."""

    window: int = number(100, low=2, high=2000, grid=(50, 100, 200), help="window of the mean, candles")
    stop_atr: float = number(3.0, low=0.1, high=50.0, grid=(2.0, 3.0), help="distance of the initial stop, ATR")


def signals(candles: Candles, parameters: Parameters) -> Signals:
    """One wish per closed candle, from that candle and those before it only."""
    mean = sma(candles.close, parameters.window)
    volatility = atr(candles)
    return Signals.of(
        entry=candles.close > mean,
        exit=candles.close < mean,
        stop_distance=parameters.stop_atr * volatility,
        volatility=volatility,
        warm_up=parameters.window,
    )
'''


def source_of(name: str) -> str:
    """A working strategy, as text."""
    return _TEMPLATE.format(title=name.replace("_", " ").capitalize())


def create(name: str, home: Path) -> Path:
    """Write a working strategy file ``strategies/NAME.py`` into the home.

    Raises:
        ConfigError: not a usable name, it is taken, or the home cannot be written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) or keyword.iskeyword(name):
        raise ConfigError(f"'{name}' is not a usable name: lower-case letters, digits and _, a letter first")
    folder = home / FOLDER
    extend_search_path(folder)
    path = folder / f"{name}.py"
    if name in names() or path.exists():
        raise ConfigError(f"there is already a strategy '{name}'")
    try:
        write_atomically(path, source_of(name).encode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path
