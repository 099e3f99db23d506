"""Certificates: list, show, verify."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.market_data.store import CandleStore
from vigie.adapters.storage.certificates import CertificateFolder, Filed
from vigie.app.data.candles import Report, load_series
from vigie.app.strategies.finding import find
from vigie.decision.profile import Plan
from vigie.decision.settings import WATCHED
from vigie.domain.candles import Series
from vigie.domain.certificate import Certificate, CertifiedCandles
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.instants import as_text
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.strategy.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was certified.

    Attributes:
        what: for instance ``candles of BTC/USDT``.
        certified: as the certificate has it.
        present: as it is now.
    """

    what: str
    certified: str
    present: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found; valid if there are no differences."""

    certificate: Certificate
    differences: tuple[Difference, ...]


def certificates(home: Path) -> tuple[Filed, ...]:
    """Every certificate, those that were changed included."""
    return CertificateFolder.of(home).all()


def proposals(home: Path) -> tuple[Filed, ...]:
    """Certificates that nothing goes by until they are taken."""
    return CertificateFolder.proposed(home).all()


def take(home: Path, name: str) -> Certificate:
    """Let live trading go by a proposed certificate, from its next start or its next look on.

    Args:
        home: the user's folder.
        name: of the proposal, or the beginning of its name or hash.

    Raises:
        ConfigError: none or several are meant, or it cannot be written.
        DataError: its file was changed.
        OSError: the proposal cannot be removed.
    """
    folder = CertificateFolder.proposed(home)
    found = folder.find(name)
    # First there, then no more here: whoever dies in between has it twice, and loses nothing.
    CertificateFolder.of(home).save(found)
    folder.remove(found.name)
    return found


def certificate(home: Path, name: str) -> Certificate:
    """A certificate by name, or by the beginning of its name or hash.

    Raises:
        ConfigError: none or several are meant.
        DataError: its file was changed.
    """
    return CertificateFolder.of(home).find(name)


def verify(home: Path, name: str, data: Path | None = None, report: Report = lambda _: None) -> Verified:
    """Hold a certificate to the code, the strategy file and the candles that are there now.

    Candles that came later do not matter: those of the certified stretch are compared.

    Args:
        home: the user's folder.
        name: as `certificate`.
        data: candle file or folder; None: the store.
        report: told what was left out of the candles.

    Raises:
        ConfigError: none or several are meant.
        DataError: its file was changed.
    """
    found = certificate(home, name)
    differences = [*_code(found), *_strategy(found, home)]
    for pair in found.pairs:
        differences += _candles(found, pair, home, data, report)
    return Verified(found, tuple(differences))


NOT_PROVED = ("capital", *WATCHED)
"""Numbers that may differ from those of a certificate: how much money an account was given proves nothing, nor does
what somebody wants to be told of."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Whether what an account is about to do was proved out of sample.

    Attributes:
        name: of the certificate; None: there is none that holds.
        missing: why not, a sentence; empty: it holds.
        synthetic: it stands on candles that never happened, and holds at a simulated exchange alone.
    """

    name: str | None
    missing: str
    synthetic: bool = False


def cover_of(home: Path, made: Plan, pairs: Sequence[Pair], timeframe: Timeframe) -> Cover:
    """The newest certificate that holds for a plan, its pairs and its timeframe, with the code that is here now.

    Args:
        home: the user's folder.
        made: what decides.
        pairs: what is to be traded; a certificate may hold for more.
        timeframe: of the decisions.
    """
    filed = [one.certificate for one in certificates(home) if one.certificate is not None]
    same = [one for one in filed if (one.strategy, one.timeframe) == (made.strategy.name, str(timeframe))]
    if not same:
        return Cover(None, f"no certificate for {made.strategy.name} on {timeframe} candles: nothing was proved")
    newest = sorted(same, key=_newest_that_happened, reverse=True)
    reasons = [(one, _uncovered(one, made, pairs)) for one in newest]
    for one, reason in reasons:
        if not reason:
            return Cover(one.name, "", one.synthetic)
    first, reason = reasons[0]
    return Cover(None, f"certificate {first.name} does not hold: {reason}")


def _newest_that_happened(one: Certificate) -> tuple[bool, int]:
    """Any proof on a market goes before one on candles that never happened."""
    return not one.synthetic, one.created_at


def proved(
    home: Path, strategy: Strategy, profile: str, pairs: Sequence[Pair], timeframe: Timeframe
) -> Certificate | None:
    """The newest certificate about a strategy in a profile on these pairs, by the code that is here now.

    Its numbers are what live trading decides with; None: there is no such certificate.
    """
    filed = [one.certificate for one in certificates(home) if one.certificate is not None]
    fitting = [
        one
        for one in filed
        if (one.strategy, one.timeframe) == (strategy.name, str(timeframe))
        and not _about_others(one, strategy, profile, pairs)
    ]
    return max(fitting, key=_newest_that_happened, default=None)


def as_words(found: Certificate) -> dict[str, str]:
    """The numbers of a certificate as a command line would say them."""
    numbers = {**found.settings, **found.parameters}
    return {name: _word(value) for name, value in numbers.items() if name not in NOT_PROVED and value is not None}


def _word(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _uncovered(found: Certificate, made: Plan, pairs: Sequence[Pair]) -> str:
    """Why a certificate does not hold for a plan; empty: it does."""
    return _about_others(found, made.strategy, made.profile, pairs) or _other_numbers(found, made)


def _about_others(found: Certificate, strategy: Strategy, profile: str, pairs: Sequence[Pair]) -> str:
    from vigie.research.compile import source_hash

    others = sorted({str(pair) for pair in pairs} - set(found.pairs))
    if others:
        return f"it is not about {', '.join(others)}"
    if found.profile != profile:
        return f"its profile is {found.profile}"
    if (found.code_hash, found.strategy_hash) != (source_hash(), strategy.code_hash):
        return "the code has changed since"
    return ""


def _other_numbers(found: Certificate, made: Plan) -> str:
    present = {**made.parameters.as_dict(), **dict(made.numbers)}
    certified = {**found.parameters, **found.settings}
    changed = sorted(
        name for name in present.keys() | certified.keys()
        if name not in NOT_PROVED and present.get(name) != certified.get(name)
    )  # fmt: skip
    return f"{changed[0]} is {present.get(changed[0])}, not {certified.get(changed[0])}" if changed else ""


def _code(found: Certificate) -> Iterator[Difference]:
    from vigie.research.compile import source_hash

    if source_hash() != found.code_hash:
        yield Difference("decision code", found.code_hash, source_hash())


def _strategy(found: Certificate, home: Path) -> Iterator[Difference]:
    try:
        present = find(found.strategy, home).code_hash
    except ConfigError as error:
        present = f"none: {error}"
    if present != found.strategy_hash:
        yield Difference(f"file of strategy {found.strategy}", found.strategy_hash, present)


def _candles(found: Certificate, pair: str, home: Path, data: Path | None, report: Report) -> Iterator[Difference]:
    certified = found.candles[pair]
    try:
        series = _present(certified.venue, Pair.parse(pair), Timeframe.parse(found.timeframe), home, data, report)
    except (ConfigError, DataError) as error:
        yield Difference(f"candles of {pair}", _span(certified), f"none: {error}")
        return
    if series is None:
        yield Difference(f"candles of {pair}", _span(certified), "none in the store")
        return
    if series.venue != certified.venue:
        yield Difference(f"venue of {pair}", certified.venue, series.venue)
    candles = series.candles.between(certified.first_at, certified.last_at + 1)
    if candles.content_hash != certified.content_hash:
        present = "none in this stretch"
        if len(candles):
            first, last = int(candles.opens_at[0]), int(candles.opens_at[-1])
            present = _span(CertifiedCandles(series.venue, first, last, len(candles), candles.content_hash))
        yield Difference(f"candles of {pair}", _span(certified), present)


def _present(
    venue: str, pair: Pair, timeframe: Timeframe, home: Path, data: Path | None, report: Report
) -> Series | None:
    if data is None:
        return CandleStore.of(home).load(venue, pair, timeframe)
    return load_series(data, home, [pair], timeframe, report=report)[0]


def _span(one: CertifiedCandles) -> str:
    return f"{one.rows} from {as_text(one.first_at)} to {as_text(one.last_at)}, hash {one.content_hash}"
