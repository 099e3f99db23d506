from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.kline_server import HOUR_MS, KlineServer
from vigie.adapters.market_data.store import CandleStore
from vigie.app.data.download import Downloaded, download
from vigie.domain.errors import ConfigError, VenueUnavailable
from vigie.domain.instants import from_iso
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

BTC = Pair("BTC", "USDT")
H1 = Timeframe(HOUR_MS)
FIRST = 1_704_067_200_000  # 2024-01-01
COUNT = 2500
NOW = FIRST + COUNT * HOUR_MS + 1_234_567  # the candle opened at FIRST + COUNT hours is still forming


@pytest.fixture
def venue() -> Iterator[KlineServer]:
    with KlineServer(now_ms=NOW, first_ms=FIRST) as server:
        yield server


class Bar:
    """Counts what a progress bar is told."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0

    @contextmanager
    def __call__(self, _: str, total: int) -> Iterator[Callable[[int], None]]:
        self.total = total
        yield self.advance

    def advance(self, n: int) -> None:
        self.done += n


def run(
    home: Path, venue: KlineServer, *, clock: FakeClock | None = None, bar: Bar | None = None, refresh: int = 1,
    since: str | None = "2024-01-01", pairs: tuple[Pair, ...] = (BTC,), timeframe: Timeframe = H1,
) -> tuple[Downloaded, ...]:  # fmt: skip
    return download(
        pairs,
        home,
        exchange="binance",
        timeframe=timeframe,
        since_ms=None if since is None else from_iso(f"{since}T00:00:00+00:00"),
        refresh=refresh,
        base_url=venue.url,
        clock=clock or FakeClock(NOW),
        progress=bar or Bar(),
    )


def test_all_pages_are_fetched_and_the_forming_candle_is_not_kept(tmp_path: Path, venue: KlineServer) -> None:
    bar = Bar()
    (done,) = run(tmp_path, venue, bar=bar)
    assert (done.candles, done.added, done.forming, done.revised) == (COUNT, COUNT, 1, ())
    assert venue.requests == [FIRST, FIRST + 1000 * HOUR_MS, FIRST + 2000 * HOUR_MS]
    stored = CandleStore.of(tmp_path).load("binance", BTC, H1)
    assert stored is not None
    assert stored.candles.opens_at[[0, -1]].tolist() == [FIRST, FIRST + (COUNT - 1) * HOUR_MS]
    assert stored.candles.close[7] == venue.close_of(FIRST + 7 * HOUR_MS)
    assert bar.done == bar.total == COUNT


def test_only_public_addresses_are_called(tmp_path: Path, venue: KlineServer) -> None:
    run(tmp_path, venue)
    assert set(venue.paths) == {"/api/v3/exchangeInfo", "/api/v3/time", "/api/v3/klines"}


def test_the_filters_of_the_pair_are_kept(tmp_path: Path, venue: KlineServer) -> None:
    run(tmp_path, venue)
    bitcoin = CandleStore.of(tmp_path).instruments("binance")[BTC]
    assert (bitcoin.tick, bitcoin.step) == (Decimal("0.01"), Decimal("0.00001"))
    assert (bitcoin.min_quantity, bitcoin.min_notional) == (Decimal("0.00001"), Decimal(5))


def test_a_second_call_goes_on_where_the_first_ended(tmp_path: Path, venue: KlineServer) -> None:
    run(tmp_path, venue)
    venue.requests.clear()
    venue.now_ms += 3 * HOUR_MS
    (done,) = run(tmp_path, venue, since=None)
    assert (done.candles, done.added) == (COUNT + 3, 3)
    assert venue.requests == [FIRST + (COUNT - 1) * HOUR_MS]


def test_a_failure_in_the_middle_is_tried_again_after_what_the_venue_asks(
    tmp_path: Path, venue: KlineServer
) -> None:  # fmt: skip
    venue.failures = [200, 500]
    clock = FakeClock(NOW)
    (done,) = run(tmp_path, venue, clock=clock)
    assert done.candles == COUNT
    assert clock.waits == [7.0]


def test_a_page_that_is_not_candles_is_tried_again(tmp_path: Path, venue: KlineServer) -> None:
    venue.failures = [200, 0]
    (done,) = run(tmp_path, venue)
    assert done.candles == COUNT


def test_markets_that_are_a_page_of_html_are_tried_again(tmp_path: Path, venue: KlineServer) -> None:
    venue.info_failures = [200, 503]
    assert run(tmp_path, venue)[0].candles == COUNT


def test_what_came_before_the_venue_went_away_is_kept_and_continued(tmp_path: Path, venue: KlineServer) -> None:
    venue.fail_after = 2
    with pytest.raises(VenueUnavailable, match="2000 new candles are kept, the same command goes on from there"):
        run(tmp_path, venue)
    stored = CandleStore.of(tmp_path).load("binance", BTC, H1)
    assert stored is not None
    assert len(stored.candles) == 2000
    venue.fail_after = None
    (done,) = run(tmp_path, venue)
    assert (done.candles, done.added) == (COUNT, COUNT - 2000)


def test_a_failed_fill_of_earlier_history_leaves_no_hole(tmp_path: Path, venue: KlineServer) -> None:
    run(tmp_path, venue, since="2024-03-15")
    venue.requests.clear()
    venue.fail_after = 1
    with pytest.raises(VenueUnavailable):
        run(tmp_path, venue, since="2024-01-01")
    stored = CandleStore.of(tmp_path).load("binance", BTC, H1)
    assert stored is not None
    assert stored.candles.opens_at[0] == 1_710_460_800_000
    venue.fail_after = None
    (done,) = run(tmp_path, venue, since="2024-01-01")
    assert done.candles == COUNT


def test_lesson_74_revised_candles_are_overwritten_and_reported(tmp_path: Path, venue: KlineServer) -> None:
    run(tmp_path, venue)
    at = FIRST + (COUNT - 5) * HOUR_MS
    before = venue.close_of(at)
    venue.revised[at] = before + 0.5
    assert run(tmp_path, venue, refresh=1)[0].revised == ()
    (done,) = run(tmp_path, venue, refresh=24)
    assert [revision.opens_at for revision in done.revised] == [at, at + HOUR_MS], "its close and the next one's open"
    assert (done.revised[0].before[3], done.revised[0].after[3]) == (before, before + 0.5)
    stored = CandleStore.of(tmp_path).load("binance", BTC, H1)
    assert stored is not None
    assert stored.candles.close[COUNT - 5] == before + 0.5


def test_an_outage_of_the_venue_is_missing_rows(tmp_path: Path, venue: KlineServer) -> None:
    venue.missing = set(range(FIRST + 100 * HOUR_MS, FIRST + 130 * HOUR_MS, HOUR_MS))
    assert run(tmp_path, venue)[0].candles == COUNT - 30


def test_the_clock_of_this_machine_does_not_decide_what_is_closed(tmp_path: Path, venue: KlineServer) -> None:
    (done,) = run(tmp_path, venue, clock=FakeClock(NOW + 5 * HOUR_MS))
    assert done.candles == COUNT


def test_a_pair_that_is_not_traded_is_named_with_a_suggestion(tmp_path: Path, venue: KlineServer) -> None:
    with pytest.raises(ConfigError, match="does not trade BTC/USDC; did you mean 'BTC/USDT'"):
        run(tmp_path, venue, pairs=(BTC, Pair("BTC", "USDC")))
    assert CandleStore.of(tmp_path).files() == (), "not even the pair that is traded: the words come first"


def test_a_timeframe_the_venue_has_not_is_named(tmp_path: Path, venue: KlineServer) -> None:
    with pytest.raises(ConfigError, match="no 7h candles"):
        run(tmp_path, venue, timeframe=Timeframe(7 * HOUR_MS))


@pytest.mark.parametrize(
    ("exchange", "base_url", "refresh", "message"),
    [
        ("binanse", None, 1, "unknown exchange 'binanse'; did you mean 'binance'"),
        ("binance", "http://example.com", 1, "plain http only to this machine"),
        ("binance", "ftp://127.0.0.1", 1, "is not an address"),
        ("kraken", "http://127.0.0.1:1", 1, "understood for binance only"),
        ("binance", None, 0, "--refresh 0: at least one"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_sent(
    tmp_path: Path, exchange: str, base_url: str | None, refresh: int, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        download(
            (BTC,), tmp_path, exchange=exchange, timeframe=H1, refresh=refresh, base_url=base_url,
            clock=FakeClock(NOW), progress=Bar(),
        )  # fmt: skip


def test_a_venue_that_cannot_be_reached_is_tried_and_then_reported(tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    with pytest.raises(VenueUnavailable, match="binance cannot be reached"):
        download(
            (BTC,), tmp_path, exchange="binance", timeframe=H1, base_url="http://127.0.0.1:9", clock=clock,
            progress=Bar(),
        )  # fmt: skip
    assert clock.waits == [1, 2, 4, 8]
