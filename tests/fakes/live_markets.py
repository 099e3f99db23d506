"""Homes with a live account in them, and simulated exchanges on which it trades."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from tests.fakes.exchanges import BTC, ETH
from tests.fakes.files import write_csv
from vigie.adapters.clock import SystemClock
from vigie.adapters.market_data.sample import sample_instruments, sample_series
from vigie.adapters.sim_server.desk import Credentials
from vigie.adapters.sim_server.fixture import KEY, SimExchange
from vigie.adapters.storage.journal import JsonlJournal
from vigie.app.trading.live import LiveRequest, live_settings, run_live
from vigie.app.trading.running import RunResult
from vigie.app.trading.ticking import Pace
from vigie.app.wiring import Place
from vigie.domain.candles import Candles, Series
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.ports.journal import Entry
from vigie.simulation.exchange.settings import Settings

HOUR = 3_600_000
COLUMNS = ("opens_at", "open", "high", "low", "close", "volume")
NAME = "live-main"
SOL = Pair("SOL", "USDT")
PAIRS = (BTC, ETH, SOL)
FILTERS = {pair: replace(one, pair=pair) for one, pair in zip(sample_instruments(), PAIRS, strict=True)}
"""Of the synthetic pairs, by the names that they have here."""
BESIDE = 700
"""Hours before the first decision: warm-up, and a window in which averages converge."""
EXACT = {"slippage_fraction": "0", "fee_in_base": "on"}
"""What the exchange of these tests charges: no spread, and fees in coin."""
LIVELY = {"fast": "3", "slow": "9", "trail_atr": "1", "activation_atr": "0.5"}
"""Of `ema_cross`: several trades a day, all kinds of exits."""
CALM = {"drawdown_fraction": "off", "daily_loss_fraction": "off"}


def sample(days: float, seed: int = 3, skip: int = 2000) -> list[Series]:
    """Three synthetic pairs for some days of trading, with what has to lie before them."""
    rows = BESIDE + round(24 * days) + 2
    return [
        replace(one, pair=pair, candles=one.candles[skip : skip + rows])
        for one, pair in zip(sample_series(seed), PAIRS, strict=True)
    ]


def moved(series: Sequence[Series], opens_at: int) -> list[Series]:
    """The same candles as if the last of them opened at an instant."""
    by = opens_at - int(series[0].candles.opens_at[-1])
    return [replace(one, candles=_later(one.candles, by)) for one in series]


def _later(candles: Candles, by: int) -> Candles:
    columns = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    return Candles(candles.timeframe, candles.opens_at + by, *columns)


def table(pairs: Sequence[Pair], strategy: str, parameters: Mapping[str, str], capital: str = "10000") -> str:
    """``vigie.toml`` with one live account."""
    names = ", ".join(f'"{pair}"' for pair in sorted(pairs))
    lines = [f"[accounts.{NAME}]", f'strategy = "{strategy}"', f"pairs = [{names}]", f"capital = {capital}"]
    lines += [f"[accounts.{NAME}.parameters]", *(f'{name} = "{word}"' for name, word in parameters.items())]
    return "\n".join(lines) + "\n"


@dataclass
class LiveHouse:
    """A home with a live account, and the exchange that it trades on.

    Attributes:
        home: the folder.
        ex: open.
        series: what it trades on.
        problems: of all ticks so far.
        said: reports.
    """

    home: Path
    ex: SimExchange
    series: Sequence[Series]
    problems: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @classmethod
    def built(
        cls, home: Path, ex: SimExchange, series: Sequence[Series], *, strategy: str = "ema_cross",
        parameters: Mapping[str, str] | None = None, capital: str = "10000",
    ) -> LiveHouse:  # fmt: skip
        """Write down what the account is, and its keys."""
        words = {**EXACT, **CALM, **LIVELY, **(parameters or {})}
        pairs = [one.pair for one in series]
        (home / "vigie.toml").write_text(table(pairs, strategy, words, capital), encoding="utf-8")
        keys = home / ".env"
        keys.touch(0o600)
        keys.write_text(f"VIGIE_LIVE_MAIN_API_KEY={ex.api_key}\nVIGIE_LIVE_MAIN_API_SECRET={ex.api_secret}\n")
        return cls(home, ex, series)

    def request(self, **words: object) -> LiveRequest:
        """To trade, as a person means it."""
        usual: dict[str, object] = {"understood": NAME, "without_certificate": "a test", "place": Place(self.ex.url)}
        return LiveRequest(self.home, live_settings(self.home, NAME), **{**usual, **words})  # type: ignore[arg-type]

    def run(
        self, hours: float = 0.0, *, guard: float = 3600.0, delay: float = 0.0,
        each: Callable[[int], None] = lambda _: None, **words: object,
    ) -> RunResult:  # fmt: skip
        """Trade for some hours of the exchange's time, ended by a supervisor's signal; or once.

        Args:
            hours: of the exchange.
            guard: seconds between guard ticks.
            delay: seconds from a close to its decision.
            each: called after each tick with its number.
            words: of the request.
        """
        until = self.ex.now_ms() + round(hours * HOUR)
        ticks = 0

        def told(_mode: str, problems: Sequence[str], _: object) -> None:
            nonlocal ticks
            ticks += 1
            self.problems += problems
            each(ticks)
            if self.ex.now_ms() >= until and not words.get("once"):
                os.kill(os.getpid(), signal.SIGTERM)

        pace = Pace(guard=guard, delay=delay, look=guard)
        return run_live(
            self.request(**words), report=self.said.append, told=told, clock=self.ex.clock, pace=pace, environment={}
        )

    def lines(self) -> list[Entry]:
        """The journal."""
        with JsonlJournal(self.home / "state" / NAME / "journal", NAME, SystemClock()) as journal:
            return list(journal.read())


def exchange(
    series: Sequence[Series],
    *,
    start_ms: int | None = None,
    money: int = 10_000,
    pace: float | None = None,
    instruments: Mapping[Pair, Instrument] | None = None,
    credentials: Credentials = KEY,
    control_port: int | None = None,
) -> SimExchange:
    """One that charges what `EXACT` says.

    Args:
        series: what is traded.
        start_ms: when it opens; None: `BESIDE` candles after the first.
        money: of its customer.
        pace: how many times faster than ours its time goes; None: it is moved.
        instruments: filters; None: those of the synthetic pairs.
        credentials: of its customer.
        control_port: 0: any that is free; None: there is none.
    """
    start = int(series[0].candles.opens_at[BESIDE]) if start_ms is None else start_ms
    return SimExchange(
        series, instruments=instruments or FILTERS, balances={"USDT": money}, start_ms=start,
        settings=Settings(half_spread_fraction=Decimal(0)), pace=None if pace is None else (SystemClock(), pace),
        credentials=credentials, control_port=control_port,
    )  # fmt: skip


def written(house: LiveHouse) -> Path:
    """The candles as a person has them: a folder of files."""
    folder = house.home / "candles"
    for one in house.series:
        columns = [getattr(one.candles, name).tolist() for name in COLUMNS]
        rows = [",".join(map(repr, row)) for row in zip(*columns, strict=True)]
        write_csv(folder / f"binance_{one.pair.base}-{one.pair.quote}_1h.csv", rows)
    return folder
