"""``instruments.json``: filters of the pairs whose candles are stored, by venue and pair."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path

from vigie.adapters.storage.atomic import write_atomically
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair

_FILTERS = ("tick", "step", "min_quantity", "min_notional")


def read_instruments(path: Path) -> dict[str, dict[Pair, Instrument]]:
    """All known filters by venue and pair; nothing if the file does not exist.

    Raises:
        DataError: the file cannot be read or understood.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {
            venue: {pair.pair: pair for pair in (_parse(name, filters) for name, filters in pairs.items())}
            for venue, pairs in document.items()
        }
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, AttributeError, TypeError, KeyError, InvalidOperation, ConfigError) as error:
        raise DataError(f"{path}: damaged; delete it, `vigie data download PAIR` writes it again") from error


def _parse(name: str, filters: dict[str, str]) -> Instrument:
    values = {key: Decimal(filters[key]) for key in _FILTERS}
    if not all(value.is_finite() and value >= 0 for value in values.values()):
        raise ValueError(name)
    return Instrument(Pair.parse(name), **values)


def write_instruments(path: Path, venue: str, instruments: Iterable[Instrument]) -> None:
    """Add or replace filters of one venue; atomic.

    Raises:
        ConfigError: the file cannot be written.
        DataError: the file that is there cannot be understood.
    """
    known = read_instruments(path)
    known[venue] = known.get(venue, {}) | {one.pair: one for one in instruments}
    document = {
        name: {
            str(pair): {key: format(getattr(pairs[pair], key), "f") for key in _FILTERS} for pair in sorted(pairs)
        }
        for name, pairs in sorted(known.items())
    }  # fmt: skip
    try:
        write_atomically(path, (json.dumps(document, indent=1) + "\n").encode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error
