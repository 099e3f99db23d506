"""The trial ledger: ``state/trials.jsonl``, append-only, fsynced, written by any number of processes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.storage.appending import append, cut_torn_end, is_torn, last_line
from vigie.adapters.storage.locks import locked
from vigie.adapters.storage.trial_lines import TrialLine, spell, understand
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.instants import from_iso
from vigie.domain.trial import Market, TrialCount, TrialEvent
from vigie.ports.clock import Clock

POINTS_A_LINE = 4096
"""A larger sweep takes several lines: none is longer than 80 kB."""


@dataclass(frozen=True, slots=True)
class JsonlTrialLedger:
    """Fulfils :class:`vigie.ports.trials.TrialLedger`.

    Writers take turns; readers look at whole lines only, and wait for no one but the writer of a last half line.

    Attributes:
        path: the file; it and its folder are made by the first event.
        clock: says when.
        report: told about a torn last line.
    """

    path: Path
    clock: Clock
    report: Callable[[str], None] = lambda _: None

    @classmethod
    def of(cls, home: Path, clock: Clock, report: Callable[[str], None] = lambda _: None) -> JsonlTrialLedger:
        """The ledger of a home folder."""
        return cls(home / "state" / "trials.jsonl", clock, report)

    def record(self, event: TrialEvent) -> None:
        """Count an event; it is on disk when this returns. See the port."""
        with self._told(), self._alone():
            seq = self._last_seq()
            parts = [event.points[at : at + POINTS_A_LINE] for at in range(0, len(event.points), POINTS_A_LINE)]
            now_ms = self.clock.now_ms()
            append(self.path, b"".join(spell(event, part, seq + at, now_ms) for at, part in enumerate(parts, 1)))

    def count(self, strategy: str, markets: Collection[Market]) -> int:
        """Distinct trials of a strategy on any of these markets. See the port."""
        timeframes: dict[str, set[tuple[str, str]]] = {}
        for market in markets:
            timeframes.setdefault(market.timeframe, set()).add((market.pair, market.venue))
        points: set[str] = set()
        for line in self._lines():
            wanted = timeframes.get(line.timeframe) if line.strategy == strategy else None
            if wanted and not wanted.isdisjoint(line.pairs):
                points.update(line.points)
        return len(points)

    def breakdown(self, strategy: str | None = None) -> tuple[TrialCount, ...]:
        """Trials by strategy, set of markets and kind. See the port."""
        seen: set[str] = set()
        tallies: dict[tuple[object, ...], _Tally] = {}
        for line in self._lines():
            if strategy is None or line.strategy == strategy:
                known = len(seen)
                seen.update(line.points)
                group = (line.strategy, line.timeframe, line.pairs, line.kind)
                tallies.setdefault(group, _Tally(line)).add(len(seen) - known, line.at)
        counts = [tally.as_count() for tally in tallies.values()]
        return tuple(sorted(counts, key=lambda one: (one.strategy, one.markets, one.kind)))

    def _lines(self) -> Iterator[TrialLine]:
        """Every whole line, in order."""
        with self._told():
            if not self.path.exists():
                return
            self._mend()
            with self.path.open("rb") as file:
                for number, raw in enumerate(file, 1):
                    if not raw.endswith(b"\n"):
                        return  # somebody is writing it now
                    yield self._understood(raw, number)

    def _understood(self, raw: bytes, number: int) -> TrialLine:
        try:
            line = understand(raw)
            if line.seq != number:
                raise ValueError(f"its seq is {line.seq}")
        except ValueError as error:
            raise DataError(
                f"{self.path}: line {number} cannot be read ({error}): trials behind it cannot be counted; "
                "put the line back from a copy"
            ) from error
        return line

    def _last_seq(self) -> int:
        raw = last_line(self.path) if self.path.exists() else b""
        if not raw:
            return 0
        try:
            return understand(raw).seq
        except ValueError as error:
            raise DataError(f"{self.path}: the last line cannot be read ({error})") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The only writer, in front of whole lines."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path.with_name(self.path.name + ".lock")):
            if self.path.exists() and is_torn(self.path):
                side = cut_torn_end(self.path)
                self.report(f"{self.path}: the last line was torn (its writer died); kept in {side.name}")
            yield

    def _mend(self) -> None:
        """Cut a torn last line, if its writer is really gone."""
        if is_torn(self.path):
            with self._alone():
                pass

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigError(
                f"{self.path}: the trial ledger cannot be used ({error.strerror or error}); "
                "VIGIE_HOME chooses another home"
            ) from error


class _Tally:
    """Counts of one group while the lines go by."""

    def __init__(self, first: TrialLine) -> None:
        self.first = first
        self.last_at = first.at
        self.trials = 0
        self.events = 0

    def add(self, trials: int, at: str) -> None:
        self.trials += trials
        self.events += 1
        self.last_at = at

    def as_count(self) -> TrialCount:
        line = self.first
        return TrialCount(
            strategy=line.strategy,
            markets=tuple(sorted(Market(venue, pair, line.timeframe) for pair, venue in line.pairs)),
            kind=line.kind,
            trials=self.trials,
            events=self.events,
            first_at=from_iso(line.at),
            last_at=from_iso(self.last_at),
        )
