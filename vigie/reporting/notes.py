"""What a reader must know before believing the numbers. Both reports and the JSON document say it."""

from __future__ import annotations

from collections.abc import Sequence

from vigie.metrics.definitions import DEFINITIONS
from vigie.reporting.numbers import money
from vigie.research.result import BacktestResult

FEW_TRADES = 30
_SHORT_DAYS = 365.0
_IN_SAMPLE = "In sample: parameters may have been chosen on these candles; only later candles show their worth."


def notes(result: BacktestResult, trials: int | None = None) -> tuple[str, ...]:
    """Sentences, the gravest first.

    Args:
        result: a backtest.
        trials: tries counted by the trial ledger, this one included; None: not counted.
    """
    said = (
        _synthetic(result),
        _few_trades(result),
        _IN_SAMPLE,
        _trials(trials),
        _short(result),
        _stopped_by_drawdown(result),
        _open_positions(result),
        _pending(result),
        _undefined(result),
    )
    return tuple(sentence for sentence in said if sentence)


def _synthetic(result: BacktestResult) -> str:
    made = [str(one.pair) for one in result.series if one.synthetic]
    if not made:
        return ""
    return synthetic(made)


def synthetic(pairs: Sequence[str]) -> str:
    """The warning over candles that never happened."""
    names = ", ".join(pairs)
    return f"Synthetic data: no market ever traded these candles ({names}). The numbers show the tool, not a profit."


def _few_trades(result: BacktestResult) -> str:
    count = len(result.trades)
    if count >= FEW_TRADES:
        return ""
    closed = "No closed trade" if count == 0 else f"Only {count} closed trade{'' if count == 1 else 's'}"
    return f"{closed}: fewer than {FEW_TRADES} say little about the next ones."


def _trials(trials: int | None) -> str:
    if trials is None:
        return "Number of trials not counted here: the best of many tries looks good by luck alone."
    if trials == 1:
        return "First trial on record; tries made elsewhere are not known."
    return f"{trials:,} trials on record: the best of many tries looks good by luck alone."


def _short(result: BacktestResult) -> str:
    length = result.metrics.values.get("days")
    if length is None or length >= _SHORT_DAYS:
        return ""
    return f"The run is {length:,.0f} days long: yearly numbers are extrapolated."


def _stopped_by_drawdown(result: BacktestResult) -> str:
    count = result.refusals.get("drawdown", 0)
    if not count:
        return ""
    wanted = "1 entry" if count == 1 else f"{count:,} entries"
    # The fall that the report shows may be larger than the limit: what is held goes on to its own exit.
    return f"Drawdown limit reached: {wanted} refused from then on; what was held could fall beyond it."


def _open_positions(result: BacktestResult) -> str:
    held = result.open_positions
    if not held:
        return ""
    names = ", ".join(one.pair for one in held)
    profit = money(sum(one.profit for one in held), signed=True)
    one_or_more = "1 position is" if len(held) == 1 else f"{len(held)} positions are"
    return f"{one_or_more} still open ({names}): valued at the last close ({profit}), not sold, not among the trades."


def _pending(result: BacktestResult) -> str:
    count = result.pending_entries
    if not count:
        return ""
    return f"{count} {'entry' if count == 1 else 'entries'} decided on the last candle: never filled, not counted."


def _undefined(result: BacktestResult) -> str:
    told = [
        f"{DEFINITIONS[name].label.lower()} ({why})"
        for name, why in result.metrics.undefined.items()
        if name in DEFINITIONS and not name.startswith("hold_")
    ]
    # Without trades one reason stands for all.
    return f"Undefined: {', '.join(told)}." if told and len(result.trades) else ""
