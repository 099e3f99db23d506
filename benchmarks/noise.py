"""Twenty markets in which there is nothing to find: ``uv run python -m benchmarks.noise``.

Each is a random walk. A search over 84 points of ``ema_cross`` (no costs: with costs a coin toss loses, and nobody
would be fooled) finds a best point on all of its candles; a walk-forward chooses on training candles and is judged on
the tests. What came out is written to ``docs/pictures/noise.json``, the picture of it to ``docs/pictures/noise.svg``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.oracles import markets
from vigie.domain.candles import Series
from vigie.domain.pair import Pair
from vigie.research.folds import boundaries_of, folds_of
from vigie.research.gates import GateSettings
from vigie.research.space import plans, space_of
from vigie.research.sweep import Score, sweep
from vigie.research.walk_forward import Task, walk_forward
from vigie.strategy.strategy import load

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
SEEDS = range(20)
ROWS = 3000
GRID = ("fast=5:30:5", "slow=40:160:20", "stop_atr=2,3", "warm_up=100")
NO_COSTS = {"fee_fraction": "0", "slippage_fraction": "0"}
LEAST_TRADES = 10


@dataclass(frozen=True, slots=True)
class Walk:
    """One market.

    Attributes:
        seed: of the market.
        best_in_sample: annual Sharpe ratio of the best of all points over all candles.
        mean_out_of_sample: annual Sharpe ratio of the tests, the mean over the folds.
        promoted: every gate was passed.
    """

    seed: int
    best_in_sample: float
    mean_out_of_sample: float
    promoted: bool


def walked(seed: int) -> Walk:
    """Search one random walk, and walk it forward, four folds, the default gates."""
    candles = markets.as_candles(markets.random_walk(ROWS, seed))
    market = Series(Pair.parse("BTC/USDT"), "synthetic", candles, f"random walk, seed {seed}")
    strategy = load("ema_cross")
    made, _ = plans(strategy, "standard", NO_COSTS, space_of(strategy, {}, GRID).points())
    step = candles.timeframe.milliseconds

    def swept(start: int, ends: Sequence[int], *, daily: bool) -> list[Score]:
        return sweep(made, [market], instruments={}, start_ms=start, ends_ms=ends, daily=daily)

    found = walk_forward(
        Task(strategy, "standard", NO_COSTS, "sharpe", LEAST_TRADES, GateSettings()),
        [market],
        folds_of(int(candles.opens_at[0]), boundaries_of(candles.opens_at, step, 4), step),
        instruments={},
        swept=swept,
        trials=len(made),
    )
    best = max(ratio for score in found.scores if (ratio := score.measured[-1].values["sharpe"]) is not None)
    outside = found.verdict.gates[0].value
    return Walk(seed, best, 0.0 if outside is None else outside, found.passed)


def summary(walks: Iterable[Walk]) -> str:
    """The numbers of the picture in a sentence."""
    walks = list(walks)
    limit = GateSettings().mean_sharpe
    good = sum(one.best_in_sample > limit for one in walks)
    promoted = sum(one.promoted for one in walks)
    return (
        f"best point above {limit:g} in sample: {good} of {len(walks)}, up to "
        f"{max(one.best_in_sample for one in walks):.1f}; promoted: {promoted} of {len(walks)}"
    )


_WIDTH, _LEFT, _RIGHT, _TOP, _ROW, _BOTTOM = 640, 56, 20, 58, 15, 44
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #5d6b7a; }
.title { font-size: 14px; font-weight: 600; fill: #17202b; }
.grid { stroke: #d5dbe2; } .zero { stroke: #8e9bab; } .gate { stroke: #c77414; stroke-dasharray: 5 4; }
.luck { stroke: #b9c2cc; stroke-width: 2; } .in { fill: #8e9bab; } .out { fill: #1f6feb; } .promoted { fill: #c0392b; }
.limit { fill: #a85f0c; } .end { text-anchor: end; } .middle { text-anchor: middle; }
@media (prefers-color-scheme: dark) {
  text { fill: #9aa7b6; } .title { fill: #e4eaf1; } .grid { stroke: #2c3846; } .luck { stroke: #46525f; }
  .out { fill: #58a6ff; } .promoted { fill: #ef6b5e; } .gate { stroke: #e3a04f; } .limit { fill: #e3a04f; }
}
"""


def svg(walks: Iterable[Walk]) -> str:
    """The picture: a row for each walk, the highest in-sample ratio on top, the eye falls to the left."""
    walks = sorted(walks, key=lambda one: (-one.best_in_sample, one.seed))
    every = [value for one in walks for value in (one.best_in_sample, one.mean_out_of_sample)]
    low, high = int(min(every) // 1), int(-(-max(every) // 1))
    bottom = _TOP + _ROW * len(walks)

    def x(value: float) -> float:
        return round(_LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT), 1)

    limit = GateSettings().mean_sharpe
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + _BOTTOM}" role="img">',
        f"<title>{summary(walks)}</title>",
        f"<style>{_STYLE}</style>",
        f'<text x="{_LEFT}" y="18" class="title">{len(walks)} random walks: nothing is there to be found</text>',
        f'<circle cx="{_LEFT + 5}" cy="36" r="4.5" class="in"/><text x="{_LEFT + 16}" y="40">best of the search, '
        "in sample</text>",
        f'<circle cx="{_LEFT + 215}" cy="36" r="4.5" class="out"/><text x="{_LEFT + 226}" y="40">mean of the tests, '
        "out of sample</text>",
    ]
    for tick in range(low, high + 1):
        kind = "zero" if tick == 0 else "grid"
        lines.append(f'<line x1="{x(tick)}" x2="{x(tick)}" y1="{_TOP - 6}" y2="{bottom}" class="{kind}"/>')
        lines.append(f'<text x="{x(tick)}" y="{bottom + 17}" class="middle">{tick}</text>')
    lines.append(f'<line x1="{x(limit)}" x2="{x(limit)}" y1="{_TOP - 6}" y2="{bottom}" class="gate"/>')
    lines.append(f'<text x="{x(limit) + 5}" y="{bottom - 3}" class="limit">gate: above {limit:g}</text>')
    for row, one in enumerate(walks):
        lines += _row(one, _TOP + _ROW * row + _ROW / 2, x(one.best_in_sample), x(one.mean_out_of_sample))
    lines.append(
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{bottom + 36}" class="middle">annual Sharpe ratio</text>'
    )
    return "\n".join([*lines, "</svg>", ""])


def _row(one: Walk, y: float, inside: float, outside: float) -> list[str]:
    kind = "promoted" if one.promoted else "out"
    said = (
        f"seed {one.seed}: {one.best_in_sample:.2f} in sample, {one.mean_out_of_sample:.2f} out of sample, "
        f"{'promoted' if one.promoted else 'not promoted'}"
    )
    return [
        f"<g><title>{said}</title>",
        f'<text x="{_LEFT - 10}" y="{y + 4}" class="end">{one.seed}</text>',
        f'<line x1="{inside}" x2="{outside}" y1="{y}" y2="{y}" class="luck"/>',
        f'<circle cx="{inside}" cy="{y}" r="4.5" class="in"/>',
        f'<circle cx="{outside}" cy="{y}" r="4.5" class="{kind}"/></g>',
    ]


def recorded() -> tuple[Walk, ...]:
    """The numbers of the picture that is in the documents."""
    document: list[Mapping[str, object]] = json.loads((PICTURES / "noise.json").read_text(encoding="utf-8"))
    return tuple(Walk(**one) for one in document)  # type: ignore[arg-type]


def main() -> None:
    walks = [walked(seed) for seed in SEEDS]
    PICTURES.mkdir(exist_ok=True)
    rows = ",\n".join(f" {json.dumps(asdict(one))}" for one in walks)
    (PICTURES / "noise.json").write_text(f"[\n{rows}\n]\n", encoding="utf-8")
    (PICTURES / "noise.svg").write_text(svg(walks), encoding="utf-8")
    sys.stdout.write(summary(walks) + "\n")


if __name__ == "__main__":
    main()
