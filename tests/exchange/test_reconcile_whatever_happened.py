"""Whatever people did to a live account behind the engine's back: adopting all of it makes books and exchange agree."""

from __future__ import annotations

import random

import pytest

from tests.exchange.test_engine_on_the_wire import Live, live, money_agrees
from tests.exchange.test_reconcile_on_the_wire import CALM, of
from vigie.domain import events as e
from vigie.engine.reconcile import DifferenceKind as Kind
from vigie.engine.remedies import ALLOWED, DEFAULTS, Policy

ADOPT = {kind: Policy.ADOPT if Policy.ADOPT in allowed else allowed[0] for kind, allowed in ALLOWED.items()}
ADOPT[Kind.FOREIGN_ORDER] = Policy.CLOSE
STEPS = ("deposit quote", "withdraw quote", "deposit coins", "withdraw coins", "buy", "sell", "cancel", "limit", "bust",
         "time")  # fmt: skip


def meddle(run: Live, dice: random.Random) -> list[str]:
    """A few things that a person or the exchange does; what cannot be done is left out."""
    done = []
    for _ in range(dice.randint(1, 5)):
        step = dice.choice(STEPS)
        amount = str(round(dice.uniform(0.0005, 2.5), dice.choice([3, 6])))
        words = {"symbol": "BTCUSDT", "type": "MARKET", "quantity": f"{float(amount):.3f}"}
        acts = {
            "deposit quote": ("deposit", {"asset": "USDT", "amount": str(dice.randint(1, 500))}),
            "withdraw quote": ("withdraw", {"asset": "USDT", "amount": str(dice.randint(1, 50))}),
            "deposit coins": ("deposit", {"asset": "BTC", "amount": amount}),
            "withdraw coins": ("withdraw", {"asset": "BTC", "amount": dice.choice([amount, "all"])}),
            "buy": ("place", {**words, "side": "BUY"}),
            "sell": ("place", {**words, "side": "SELL"}),
            "cancel": ("cancel", {"symbol": "BTCUSDT"}),
            "limit": ("place", {**words, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "50"}),
            "bust": ("bust", {"symbol": "BTCUSDT", "trade": "last"}),
        }
        if step == "time":
            run.ex.advance(dice.choice([5, 90, 400]))
        else:
            try:
                run.ex.do(acts[step][0], **acts[step][1])
            except Exception:  # noqa: BLE001 - no such order, not so many coins
                continue
        done.append(step)
    return done


def told(run: Live) -> list[str]:
    return [f"{one.kind}: {one.text} -> {one.outcome}" for one in of(run).plan(DEFAULTS)]


def checked(seed: int) -> None:
    dice = random.Random(seed)
    with live(CALM, entries=[5] if dice.random() < 0.7 else []) as run:
        run.engine.start()
        run.hours(2)
        run.ex.advance(100)
        done = meddle(run, dice)
        run.ex.advance(100)
        before = told(run)
        for _ in range(3):
            rows = of(run).apply(ADOPT)
            if all(one.done for one in rows):
                break
        after = told(run)
        assert after == [], (seed, done, before, after, rows)
        money(run)
        for pair in run.engine.portfolio.holdings:
            assert run.engine._guardian.protected(pair), (seed, done)
        # And the account that its journal tells is the account.
        engine = run.again()
        assert engine.start().clean, (seed, done)


def money(run: Live) -> None:
    """What is above our cash is not ours, what is above our coins is left alone."""
    account, there = run.engine.portfolio, run.broker.balances()
    assert there["USDT"].total >= account.cash
    alone = any(isinstance(one.event, e.LeftAlone) for one in run.world.journal.read())
    if not alone and there["USDT"].total == account.cash:
        money_agrees(run)


@pytest.mark.parametrize("seed", range(12))
def test_adopting_everything_makes_books_and_exchange_agree(seed: int) -> None:
    checked(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 300))
def test_adopting_everything_makes_books_and_exchange_agree_many_times(seed: int) -> None:
    checked(seed)
