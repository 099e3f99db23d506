"""What is kept of a result to be compared later."""

from __future__ import annotations

import pytest

from vigie.domain.saved_result import ResultKind


@pytest.mark.parametrize(("kind", "in_sample"), [(ResultKind.BACKTEST, True), (ResultKind.WALK_FORWARD, False)])
def test_only_a_backtest_may_have_been_tuned_on_the_candles_it_was_measured_on(
    kind: ResultKind, in_sample: bool
) -> None:
    assert kind.in_sample is in_sample
