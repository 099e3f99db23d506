"""Whatever is wished for on whatever market: the journal that comes of it breaks no rule."""

from __future__ import annotations

from hypothesis import given, settings

from tests.fakes.replays import on, windowed
from tests.parity.test_engine import accounts, filters_of
from tests.property.accounts import Account
from vigie.decision.profile import plan
from vigie.engine.governance.audit import audited


def audited_run(drawn: Account, *, filtered: bool) -> dict[str, list[str]]:
    made = plan(
        windowed([(one.candles, wishes) for one, wishes in zip(drawn.series, drawn.wishes, strict=True)]),
        "standard",
        drawn.plan.overrides,
    )
    known = {one.pair: one for one in filters_of(drawn)} if filtered else {}
    rehearsal = on(made, drawn.series, known)
    assert rehearsal.run() == []
    rehearsal.engine.stop("the candles ended")
    audit = audited(rehearsal.journal.lines)
    assert audit.lines == rehearsal.journal.last_seq
    return {number: [one.text for one in found.breaches] for number, found in audit.findings.items() if found.count}


@given(accounts())
@settings(max_examples=10)
def test_random_wishes_on_random_markets_break_no_rule(drawn: Account) -> None:
    assert audited_run(drawn, filtered=False) == {}


@given(accounts(drawdown_fraction="0.05", total_loss_fraction="0.08", daily_loss_fraction="0.02", limits_sell="on"))
@settings(max_examples=8)
def test_neither_do_they_where_limits_sell(drawn: Account) -> None:
    assert audited_run(drawn, filtered=True) == {}
