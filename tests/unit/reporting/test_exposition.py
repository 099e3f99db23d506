"""The page that Prometheus reads."""

from __future__ import annotations

import re
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from vigie.adapters.storage.tallies import BOUNDS_MS, Tallies
from vigie.reporting.exposition import exposition
from vigie.reporting.measures import Measures

COUNTS = st.lists(st.integers(0, 50), min_size=len(BOUNDS_MS) + 1, max_size=len(BOUNDS_MS) + 1).map(tuple)


LINE = re.compile(r"(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)",?')


def samples(told: Measures) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """By name and labels, as they are written: no parser of the client's own takes the literal names."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for line in exposition(told).decode().splitlines():
        if line.startswith("#"):
            continue
        one = LINE.fullmatch(line)
        assert one is not None, line
        labels = [(name, value.replace('\\"', '"')) for name, value in LABEL.findall(one["labels"] or "")]
        key = (one["name"], tuple(sorted(labels)))
        assert key not in found, key
        found[key] = float(one["value"])
    return found


@given(predictions=st.integers(0, 300), decided=COUNTS)
def test_the_histogram_counts_every_prediction_and_its_buckets_never_fall(
    predictions: int, decided: tuple[int, ...]
) -> None:
    found = samples(Measures(predictions=predictions, bounds_ms=BOUNDS_MS, decided=decided))
    name = "morningstar_prediction_latency_milliseconds"
    buckets = [
        value
        for _, value in sorted(
            (float(labels[0][1]), value) for (one, labels), value in found.items() if one == f"{name}_bucket"
        )
    ]
    assert len(buckets) == len(BOUNDS_MS) + 1
    assert buckets == sorted(buckets)
    assert buckets[-1] == found[f"{name}_count", ()] == found["morningstar_predictions_count_total", ()] == predictions
    assert found["morningstar_predictions_count", ()] == predictions


@given(st.lists(st.lists(st.integers(0, 5_000), max_size=5), max_size=10))
def test_totals_are_the_same_however_they_were_told(ticks: list[list[int]]) -> None:
    one_by_one, at_once = Tallies(), Tallies().after({"decided_ms": list(chain(*ticks))})
    for tick in ticks:
        one_by_one = one_by_one.after({"decided_ms": tick, "errors": [["candles", "DataError"]]})
    assert (one_by_one.decided, one_by_one.decided_ms) == (at_once.decided, at_once.decided_ms)
    assert sum(one_by_one.decided) == sum(map(len, ticks))
    assert one_by_one.errors.get(("candles", "DataError"), 0) == len(ticks)
    for bound, count in zip(BOUNDS_MS, Measures(
        predictions=10_000, bounds_ms=BOUNDS_MS, decided=at_once.decided).cumulated, strict=False):  # fmt: skip
        assert count == sum(took <= bound for tick in ticks for took in tick)


def test_what_is_not_known_has_no_sample_and_what_is_closed_has_none_either() -> None:
    names = {name for name, _ in samples(Measures(bounds_ms=BOUNDS_MS, decided=(0,) * 8))}
    for name in ("sl_hit_rate", "tp_hit_rate", "equity_value", "equity_percentage", "drawdown_percentage", "positions"):
        assert f"morningstar_{name}" not in names
    assert "vigie_heartbeat_age_seconds" not in names
    told = Measures(stop_rate=0.25, target_rate=0.5, positions=("BTC/USDT",), bounds_ms=BOUNDS_MS, decided=(0,) * 8)
    found = samples(told)
    assert found["morningstar_sl_hit_rate", ()] + found["morningstar_tp_hit_rate", ()] == 75.0
    assert found["morningstar_positions", (("direction", "long"), ("symbol", "BTC/USDT"))] == 1.0


def test_errors_are_sorted_by_whose_they_are_and_labels_are_escaped() -> None:
    told = Measures(
        venue='ven"ue', errors={("reconcile", "VenueUnavailable"): 3, ("candles", "InvariantBroken"): 2},
        bounds_ms=BOUNDS_MS, decided=(0,) * 8,
    )  # fmt: skip
    found = samples(told)
    for end in ("", "_total"):
        labels = (("endpoint", "reconcile"), ("error_type", "VenueUnavailable"), ("exchange", 'ven"ue'))
        assert found[f"morningstar_api_errors{end}", labels] == 3
        labels = (("component", "candles"), ("error_type", "InvariantBroken"))
        assert found[f"morningstar_model_errors{end}", labels] == 2
