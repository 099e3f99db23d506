"""How far the out-of-sample numbers can be believed: each with its interval and what it means."""

from __future__ import annotations

from html import escape

from vigie.reporting.numbers import percent, ratio
from vigie.reporting.page import parts
from vigie.reporting.search import DAYS_PER_YEAR
from vigie.research.overfitting import Overfitting
from vigie.research.sharpe_tests import DeflatedSharpe, SharpeEstimate, annualised
from vigie.research.walk_forward import WalkForward

_NORMAL_95 = 1.959964
_UNDEFINED = "undefined"


def luck(found: WalkForward) -> str:
    """The section."""
    items = (_sharpe(found), _probabilistic(found), _deflated(found), _overfitting(found), _trials(found))
    rows = "".join(
        f'<div><dt>{escape(name)}<b>{escape(value)}</b></dt><dd><span class="interval">{escape(interval)}</span> '
        f"{escape(meaning)}</dd></div>"
        for name, value, interval, meaning in items
    )
    return parts.section("Skill or luck", "of the stitched daily returns", "", f'<dl class="luck">{rows}</dl>')


Item = tuple[str, str, str, str]
"""Name, value, interval or what it was taken from, meaning."""


def _sharpe(found: WalkForward) -> Item:
    name = "Out-of-sample Sharpe"
    if not isinstance(found.sharpe, SharpeEstimate):
        return name, _UNDEFINED, f"{found.sharpe}.", "Annual, of daily returns."
    value = annualised(found.sharpe.per_period, DAYS_PER_YEAR)
    error = annualised(found.sharpe.standard_error, DAYS_PER_YEAR)
    low, high = value - _NORMAL_95 * error, value + _NORMAL_95 * error
    meaning = (
        f"Annual, standard error {ratio(error)}; if zero lies inside the interval, chance is enough to explain it."
    )
    return name, ratio(value), f"95 % interval {ratio(low)} to {ratio(high)}, {found.sharpe.count:,} days.", meaning


def _probabilistic(found: WalkForward) -> Item:
    name, value = "Probabilistic Sharpe", found.probabilistic_sharpe
    meaning = "Probability that the true ratio is above zero, given the length, skew and kurtosis of the record."
    return (name, _UNDEFINED, f"{value}.", meaning) if isinstance(value, str) else (name, percent(value), "", meaning)


def _deflated(found: WalkForward) -> Item:
    name, value = "Deflated Sharpe", found.deflated_sharpe
    meaning = "Probability that the true ratio is above zero although the choice was the best of so many trials."
    if not isinstance(value, DeflatedSharpe):
        return name, _UNDEFINED, f"{value}.", meaning
    expected = ratio(annualised(value.expected_maximum, DAYS_PER_YEAR))
    return name, percent(value.probability), f"Held against {expected}, the best of {found.trials:,} by luck.", meaning


def _overfitting(found: WalkForward) -> Item:
    name, value = "Probability of backtest overfitting", found.overfitting
    meaning = "How often the best point of one half of the days is no better than the median in the other half."
    if not isinstance(value, Overfitting):
        return name, _UNDEFINED, f"{value}.", meaning
    splits = (
        f"{len(value.logits):,} splits of {value.trials:,} points, which overlap: no interval; in "
        f"{percent(value.probability_of_loss)} of them the chosen point lost money."
    )
    return name, percent(value.probability), splits, meaning


def _trials(found: WalkForward) -> Item:
    meaning = "Different points ever tried with this strategy on these markets: backtests, sweeps, folds."
    return "Trials", f"{found.trials:,}", f"{len(found.scores):,} of them in this walk-forward.", meaning
