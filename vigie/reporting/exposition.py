"""Measures as Prometheus reads them (text format 0.0.4), by prometheus-client, with a registry of our own.

The names of the seed are kept literally: a client library writes ``morningstar_predictions_count_total`` for a counter
called ``morningstar_predictions_count``, and who scraped the seed asks for the name without the end. Both are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from vigie.reporting.measures import Measures

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PREFIX = "morningstar_"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
VENUE_ERRORS = ("OutcomeUnknown", "VenueRefused", "VenueUnavailable")
MODES = ("active", "reduce-only", "halted")


def exposition(told: Measures) -> bytes:
    """The page.

    Args:
        told: what is measured.
    """
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(lambda: _families(told)))
    return bytes(generate_latest(registry)) + _literal(told).encode()


class _Once:
    """A collector of what is known already."""

    def __init__(self, families: Callable[[], Iterator[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """All families."""
        return self._families()


def _families(told: Measures) -> Iterator[Metric]:
    yield from _counters(told)
    yield _latency(told)
    yield from _gauges(told)
    yield from _labelled_counters(told)
    yield _positions(told)
    yield from _own(told)


_COUNTERS = (
    ("predictions_count", "Decisions that the strategy was asked for.", "predictions"),
    ("trades_executed", "Entries with at least one fill.", "trades_executed"),
    ("trades_successful", "Closed trades with a profit, fees taken off.", "trades_won"),
    ("trades_failed", "Closed trades without one.", "trades_lost"),
)


def _counters(told: Measures) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily

    for name, text, attribute in _COUNTERS:
        yield CounterMetricFamily(PREFIX + name, text, value=getattr(told, attribute))


def _literal(told: Measures) -> str:
    """The counters again, by the very names of the seed."""
    lines = []
    for family in [*_counters(told), *_labelled_counters(told)]:
        lines += [f"# HELP {family.name} {family.documentation}", f"# TYPE {family.name} counter"]
        lines += [f"{family.name}{_braced(one.labels)} {one.value!r}" for one in family.samples]
    return "\n".join(lines) + "\n"


def _braced(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items())) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _latency(told: Measures) -> Metric:
    from prometheus_client.core import HistogramMetricFamily

    names = [*(f"{bound:.1f}" for bound in told.bounds_ms), "+Inf"]
    return HistogramMetricFamily(
        PREFIX + "prediction_latency_milliseconds",
        "From the candles to the signals, milliseconds; what was not timed is above all bounds.",
        buckets=list(zip(names, map(float, told.cumulated), strict=True)),
        sum_value=told.decided_ms,
    )


def _gauges(told: Measures) -> Iterator[Metric]:
    rows = (
        ("equity_percentage", "Equity of what the account began with, flows removed, percent.", told.equity_fraction),
        ("sl_hit_rate", "Of the last 100 closed trades those that a stop closed, percent.", told.stop_rate),
        ("tp_hit_rate", "Of the last 100 closed trades those that a target closed, percent.", told.target_rate),
        ("drawdown_percentage", "Below the highest equity so far, percent.", told.drawdown),
    )
    for name, text, value in rows:
        yield _gauge(PREFIX + name, text, None if value is None else 100.0 * value)
    yield _gauge(PREFIX + "equity_value", "Equity, quote.", told.equity)


def _gauge(name: str, text: str, value: float | None) -> Metric:
    """A gauge; without a sample where nothing is known, since zero would be a number."""
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, text)
    if value is not None:
        family.add_metric([], value)
    return family


def _labelled_counters(told: Measures) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily

    api = CounterMetricFamily(
        PREFIX + "api_errors",
        "Steps of a tick that the venue failed, by what it did.",
        labels=["exchange", "endpoint", "error_type"],
    )
    model = CounterMetricFamily(
        PREFIX + "model_errors", "Steps of a tick that went wrong on our side.", labels=["component", "error_type"]
    )
    # A series that is there from the beginning is one whose first increase is seen.
    errors = {("reconcile", "VenueUnavailable"): 0, ("candles", "DataError"): 0, **told.errors}
    for (step, kind), count in sorted(errors.items()):
        if kind in VENUE_ERRORS:
            api.add_metric([told.venue, step, kind], count)
        else:
            model.add_metric([step, kind], count)
    signals = CounterMetricFamily(PREFIX + "signals", "Decisions at closes by kind.", labels=["signal_type"])
    for name, count in sorted(told.signals.items()):
        signals.add_metric([name], count)
    yield from (api, model, signals)


def _positions(told: Measures) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    positions = GaugeMetricFamily(PREFIX + "positions", "1 for each pair held.", labels=["symbol", "direction"])
    for pair in told.positions:
        positions.add_metric([pair, "long"], 1)
    return positions


def _own(told: Measures) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

    yield InfoMetricFamily("vigie_account", "What is looked at.", value={"account": told.account, "venue": told.venue})
    yield _gauge("vigie_healthy", "1: /health says ok.", float(told.healthy))
    yield _gauge("vigie_running", "1: a process holds the account.", float(told.running))
    yield _gauge("vigie_heartbeat_age_seconds", "Since the last heartbeat.", told.heartbeat_age)
    yield _gauge("vigie_unprotected_positions", "Held without a stop at the venue.", float(told.unprotected))
    yield _gauge("vigie_halts", "Halts that stand.", float(told.halts))
    yield _gauge("vigie_predictions_untimed", "Decisions that were not timed.", float(told.untimed))
    mode = GaugeMetricFamily("vigie_mode", "1 for the mode in force.", labels=["mode"])
    for name in MODES:
        mode.add_metric([name], float(told.mode == name))
    yield mode
