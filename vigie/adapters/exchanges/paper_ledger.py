"""The books of a paper account: a simulated venue that forgets nothing when its process dies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from vigie.adapters.storage.atomic import write_atomically
from vigie.domain.canonical import canonical, digest
from vigie.domain.errors import InvariantBroken
from vigie.domain.instrument import Instrument
from vigie.domain.record import from_json, to_json
from vigie.simulation.record import VenueRecord
from vigie.simulation.terms import Terms
from vigie.simulation.venue import Venue

FILE_NAME = "paper_ledger.json"
VERSION = 1


class PaperLedger:
    """A venue and the file that it is kept in; or no file, and it lives as long as its process.

    Attributes:
        venue: the venue; it stays the same object for good.
        path: its file; None: it is kept in memory only.
        fresh: True: it was opened with nothing but its first deposits.
    """

    def __init__(
        self, path: Path | None, instruments: Iterable[Instrument], terms: Terms, deposits: Mapping[str, Decimal]
    ) -> None:
        """Open the books, or begin them.

        Args:
            path: ``<account folder>/paper_ledger.json``; None: in memory.
            instruments: the pairs that are listed.
            terms: fees, slippage, behaviour; not part of the file.
            deposits: by asset; what the account begins with, if it begins.

        Raises:
            InvariantBroken: the file is damaged, or its books do not add up.
            OSError: the file cannot be read or made.
        """
        self.path = path
        self._written: dict[tuple[str, int], dict[str, Any]] = {}
        self.venue = Venue(instruments, terms)
        known = self._read()
        self.fresh = known is None
        if known is not None:
            self.venue.restore(known)
            return
        for asset, amount in deposits.items():
            self.venue.deposit(asset, amount)
        self.save()

    @property
    def lived(self) -> bool:
        """Whether the venue took an order or lived through a candle."""
        record = self.venue.to_record()
        return bool(record.last_order or record.played)

    def save(self) -> None:
        """Keep the venue as it is; on the disk when this returns.

        Raises:
            OSError: it cannot be written; the venue now is what the file says, which may be either of the two.
            InvariantBroken: nor can it be read any more.
        """
        if self.path is None:
            return
        try:
            write_atomically(self.path, self._content(self.venue.to_record()))
        except OSError:
            self._go_back()
            raise

    def _go_back(self) -> None:
        # The name may have been changed before the failure: only the file knows which of the two it holds.
        try:
            known = self._read()
        except OSError as error:
            raise InvariantBroken(f"{self.path}: neither written nor read: {error.strerror or error}") from error
        self.venue.restore(known or VenueRecord())

    def _content(self, record: VenueRecord) -> bytes:
        document = to_json(replace(record, ended_orders=()))
        # What has ended never changes: it is spelt out once.
        ended = {(one.pair, one.number): one for one in record.ended_orders}
        written = {key: self._written.get(key) or to_json(one) for key, one in ended.items()}
        self._written = written
        document["ended_orders"] = list(written.values())
        text = canonical(document)
        head = f'{{"sha256":"{hashlib.sha256(text).hexdigest()}","version":{VERSION},"venue":'
        return head.encode() + text + b"}\n"

    def _read(self) -> VenueRecord | None:
        if self.path is None:
            return None
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            whole = json.loads(content)
            if whole["version"] != VERSION:
                raise ValueError(f"version {whole['version']} is not known")
            if digest(whole["venue"]) != whole["sha256"]:
                raise ValueError("its checksum differs")
            return from_json(VenueRecord, whole["venue"])
        except (ValueError, KeyError, TypeError) as error:
            raise InvariantBroken(f"{self.path}: the paper ledger is damaged: {error}") from error
