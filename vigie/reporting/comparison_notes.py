"""What a reader must know before believing that one result is better than another."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.domain.instants import as_text
from vigie.domain.saved_result import SavedResult
from vigie.domain.timeframe import DAY_MS
from vigie.research.compared import COSTS, Compared

_SHORT_DAYS = 365
_SIDES = ("A", "B")


def comparison_notes(found: Compared) -> tuple[str, ...]:
    """Sentences, the gravest first."""
    return tuple(
        sentence
        for part in (_same(found), _synthetic(found), _sample(found), _trials(found), _differing(found), _days(found))
        for sentence in part
    )


def tries(one: SavedResult) -> str:
    """``12 trials``, as counted when it was saved."""
    if one.trials is None:
        return "trials not counted"
    return f"{one.trials:,} trial{'' if one.trials == 1 else 's'}"


def _same(found: Compared) -> Iterator[str]:
    if found.identical:
        yield "Identical: every daily return of the common days is the same in both. The difference is exactly 0."


def _synthetic(found: Compared) -> Iterator[str]:
    made = [side for side, one in zip(_SIDES, found.results, strict=True) if one.synthetic]
    if made:
        yield f"Synthetic data ({', '.join(made)}): no market ever traded these candles."


def _sample(found: Compared) -> Iterator[str]:
    inside = [side for side, one in zip(_SIDES, found.results, strict=True) if one.kind.in_sample]
    if len(inside) == 1:
        other = "B" if inside == ["A"] else "A"
        yield (
            f"{inside[0]} is in sample, {other} is out of sample: {inside[0]} may have been chosen on these very days, "
            "and looks better for it."
        )
    elif inside:
        yield "Both are in sample: only later candles show what they are worth."


def _trials(found: Compared) -> Iterator[str]:
    first, second = (tries(one) for one in found.results)
    yield (
        f"Behind A stand {first}, behind B {second}, as counted when they were saved. The intervals do not know of "
        "them: the best of many tries looks good by luck alone."
    )


def _differing(found: Compared) -> Iterator[str]:
    names = {one.what for one in found.differing}
    if names & set(COSTS):
        yield "The costs differ: part of the difference is the costs."
    if names & {"pairs", "timeframe"} or any(name.startswith("venue of ") for name in names):
        yield "The markets differ: part of the difference is the markets."
    candles = any(name.startswith("candles of ") for name in names)
    if candles and "period" in names:
        yield "The candles differ; each hash is over all candles its own run could look at, and the periods differ too."
    elif candles:
        yield "The candles differ, though the period is the same: these are not the same data."
    if names & {"decision code", "strategy file"}:
        yield "The code differs: the same numbers need not mean the same rules."


def _days(found: Compared) -> Iterator[str]:
    common = found.common
    for side, returns in zip(_SIDES, (common.first, common.second), strict=True):
        if not returns.any():
            yield f"{side} earned and lost nothing on the common days: it did not trade there."
    for side, count in zip(_SIDES, (common.only_first, common.only_second), strict=True):
        if count:
            yield (
                f"{count:,} day{' is' if count == 1 else 's are'} in {side} only: what it earned there is counted "
                "with the next common day."
            )
    yield from _part_days(found)
    if common.days[-1] - common.days[0] + 1 < _SHORT_DAYS:
        yield f"{len(common.days):,} common days: yearly numbers are extrapolated."


def _part_days(found: Compared) -> Iterator[str]:
    """A first or last day of which one has more hours than the other."""
    first, last = int(found.common.days[0]) * DAY_MS, int(found.common.days[-1] + 1) * DAY_MS
    begins = [max(one.start_at, first) for one in found.results]
    ends = [min(one.end_at, last) for one in found.results]
    for word, instants, at in (("first", begins, max), ("last", ends, min)):
        if instants[0] != instants[1]:
            side = _SIDES[instants.index(at(instants))]
            yield f"{side} has only a part of the {word} common day: {as_text(at(instants))} UTC is its edge."
