"""The latches of an account, ``<state>/<account>/halts.json``, and its ``stopped`` marker.

The latches are one JSON object that ends with its own SHA-256 (`vigie.adapters.storage.sealed`)::

    {"latches":{"drawdown":{"mode":"halted","reason":"…","since":1750000000000,"until":null}},"sha256":"…"}

A file that was edited or damaged is no permission to trade: it is a latch of its own. The marker is a file by itself,
so that ``vigie stop`` can set it while an engine writes the latches.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.storage.atomic import make_folder, sync_folder, write_atomically
from vigie.adapters.storage.locks import locked
from vigie.adapters.storage.sealed import seal, unseal
from vigie.domain.holdings import Latch
from vigie.domain.instants import as_text, for_names
from vigie.domain.masking import for_people
from vigie.domain.record import from_json, to_json
from vigie.domain.trading_mode import TradingMode
from vigie.ports.clock import Clock

UNREADABLE = "unreadable"
"""Name of the latch that a damaged file is."""

_DAMAGED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Halts:
    """What keeps an account from trading, on disk.

    Attributes:
        folder: of the account.
        clock: says since when.
    """

    folder: Path
    clock: Clock

    @property
    def path(self) -> Path:
        """The file of the latches."""
        return self.folder / "halts.json"

    @property
    def marker(self) -> Path:
        """The file that says: stopped on purpose."""
        return self.folder / "stopped"

    def latches(self) -> dict[str, Latch]:
        """All of them, by name; one named ``unreadable`` for a file that cannot be understood."""
        try:
            return self._read()
        except FileNotFoundError:
            return {}
        except OSError as error:
            return self._unreadable(error.strerror or str(error))
        except _DAMAGED as error:
            return self._unreadable(str(error))

    def latch(self, name: str, latch: Latch) -> None:
        """Keep a latch beside the others; a damaged file is put aside and stays a latch.

        Raises:
            OSError: it cannot be written.
        """
        with self._alone():
            self._write({**self._for_change(), name: latch})

    def lift(self, name: str) -> None:
        """Forget a latch; ``unreadable`` puts the damaged file aside.

        Raises:
            OSError: it cannot be written.
        """
        with self._alone():
            found = self._for_change()
            if name in found:
                self._write({one: latch for one, latch in found.items() if one != name})

    def stopped(self) -> str | None:
        """Why the account was stopped on purpose; None: it was not. What cannot be read counts as stopped."""
        try:
            return for_people(self.marker.read_text("utf-8", "replace")) or "stopped"
        except FileNotFoundError:
            return "the marker is a dangling link" if self.marker.is_symlink() else None
        except OSError as error:
            return f"{self.marker} cannot be read ({error.strerror or error})"

    def stop(self, reason: str) -> None:
        """Set the marker; on disk when this returns.

        Raises:
            OSError: it cannot be written.
        """
        since = as_text(self.clock.now_ms())
        write_atomically(self.marker, f"stopped {since} UTC: {reason}\n".encode("utf-8", "backslashreplace"))

    def start(self) -> None:
        """Take the marker away; on disk when this returns.

        Raises:
            OSError: it cannot be removed.
        """
        self.marker.unlink(missing_ok=True)
        sync_folder(self.folder)

    def _write(self, latches: Mapping[str, Latch]) -> None:
        raw, _ = seal({"latches": {name: to_json(latch) for name, latch in latches.items()}}, "sha256")
        write_atomically(self.path, raw + b"\n")

    def _for_change(self) -> dict[str, Latch]:
        """The latches; a damaged file is copied for people first, so that there is no moment without a halt."""
        try:
            return self._read()
        except FileNotFoundError:
            return {}
        except _DAMAGED as error:
            aside = self.path.with_name(f"halts.json.aside-{for_names(self.clock.now_ms())}")
            write_atomically(aside, self.path.read_bytes())
            return self._unreadable(str(error))

    def _read(self) -> dict[str, Latch]:
        document, _ = unseal(self.path.read_bytes().removesuffix(b"\n"), "sha256")
        return {name: _latch(one) for name, one in document["latches"].items()}

    def _unreadable(self, why: str) -> dict[str, Latch]:
        reason = f"{self.path} cannot be understood ({why})"
        return {UNREADABLE: Latch(TradingMode.HALTED.value, reason, self.clock.now_ms())}

    def _alone(self) -> AbstractContextManager[None]:
        """Nobody else changes the latches meanwhile: a latch that is lost is a halt that is lost."""
        make_folder(self.folder)
        return locked(self.folder / "halts.lock")


def _latch(document: object) -> Latch:
    if not isinstance(document, dict):
        raise TypeError("a latch is an object")
    latch = from_json(Latch, document)
    TradingMode(latch.mode)
    return latch
