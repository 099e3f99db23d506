"""Every notice that can be: lines of a journal that lead to it, by a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from tests.fakes.accounts_on_disk import run_started
from vigie.domain import events as e
from vigie.domain.exit_reason import ExitReason
from vigie.domain.notice import Notice
from vigie.domain.order import Fill, Intent, Leg, OrderType, Side
from vigie.domain.order_status import Learnt
from vigie.ports.journal import Entry
from vigie.reporting.notices.book import notices_of
from vigie.reporting.notices.memory import Memory

AT = 1_750_003_600_000
PEPE = "PEPE/USDT"
ENTRY, STOP, RAISED, EXIT, PART = "e" * 32, "5" * 32, "6" * 32, "a" * 32, "b" * 32
D = Decimal

BUY = Intent(
    ENTRY, PEPE, Leg.ENTRY, Side.BUY, OrderType.MARKET, D("8100000"), candle_at=AT, reason="cross",
    reference=D("0.00001230"),
)  # fmt: skip
STOP_ORDER = Intent(
    STOP, PEPE, Leg.STOP, Side.SELL, OrderType.STOP_LOSS_LIMIT, D("8091900"), D("0.00001164"), D("0.00001170"), AT
)
RAISED_ORDER = replace(STOP_ORDER, client_id=RAISED, trigger=D("0.00001201"), limit=D("0.00001195"))
SALE = replace(BUY, client_id=EXIT, leg=Leg.EXIT, side=Side.SELL, quantity=D("8091900"), reason="signal")
PARTIAL = replace(SALE, client_id=PART, leg=Leg.PARTIAL_1, quantity=D("4045950"))
EMERGENCY = replace(SALE, leg=Leg.EMERGENCY)

PLANNED = tuple(map(e.IntentPlanned, (BUY, STOP_ORDER, RAISED_ORDER, SALE, PARTIAL)))
RULES = e.RulesMoved(PEPE, AT, 1.234e-05, 3e-07, 1.17e-05, 0.0, False, False, 1.26e-05, 0.0, 0)


def learnt(client_id: str, what: Learnt, message: str = "", *, triggered: bool = False) -> e.OrderLearnt:
    return e.OrderLearnt(client_id, PEPE, what, message=message, triggered=triggered)


def filled(client_id: str, quantity: str = "8100000", price: str = "0.00001234") -> e.FillSeen:
    fill = Fill("t1", D(price), D(quantity), D("0.1"), "USDT", AT)
    return e.FillSeen(client_id, PEPE, fill, D("0.1"))


def closed(code: ExitReason, profit: str = "4.56", dust: str = "0", bare_ms: int = 0) -> e.TradeClosed:
    return e.TradeClosed(
        PEPE, AT - 7_200_000, AT, D("0.00001234"), D("0.00001302"), D("8091900"), D("0.21"), D(profit), code.value,
        dust=D(dust), slippage=D("0.03"), bare_ms=bare_ms, longest_bare_ms=bare_ms,
    )  # fmt: skip


def run_before() -> tuple[e.Event, ...]:
    return (run_started("live-main", "live"),)


RESTED = learnt(STOP, Learnt.ACCEPTED)
STARTED = replace(run_started("live-main", "live"), certificate="ema_cross-2025-06")

CASES: dict[str, tuple[Sequence[e.Event], e.Event]] = {
    "order-sent": ((), learnt(ENTRY, Learnt.SENT)),
    "order-no-answer": ((), learnt(ENTRY, Learnt.NO_ANSWER)),
    "order-buy-refused": ((), learnt(ENTRY, Learnt.REJECTED, "Account has insufficient balance")),
    "order-blocked-by-filters": ((), learnt(ENTRY, Learnt.REJECTED, "Filter failure: NOTIONAL")),
    "order-sale-refused": ((), learnt(EXIT, Learnt.REJECTED, "Market is closed")),
    "order-buy-absent": ((), learnt(ENTRY, Learnt.ABSENT)),
    "order-sale-absent": ((), learnt(EXIT, Learnt.ABSENT, "not found after 45 s")),
    "order-buy-not-filled": ((), learnt(ENTRY, Learnt.EXPIRED)),
    "order-sale-not-filled": ((), learnt(EXIT, Learnt.CANCELED)),
    "order-sale-filled-in-part": ((filled(EXIT, "1000000"),), learnt(EXIT, Learnt.EXPIRED)),
    "trade-bought": ((filled(ENTRY),), learnt(ENTRY, Learnt.FILLED)),
    "trade-bought-in-part": ((filled(ENTRY, "1000000"),), learnt(ENTRY, Learnt.EXPIRED)),
    "trade-part-sold": ((filled(PART, "4045950", "0.00001290"),), learnt(PART, Learnt.FILLED)),
    "trade-sold-by-signal": ((), closed(ExitReason.SIGNAL)),
    "trade-stopped-out": ((), closed(ExitReason.STOP, "-5.31", dust="12", bare_ms=1_500)),
    "trade-trailing": ((), closed(ExitReason.TRAILING)),
    "trade-emergency": ((), closed(ExitReason.EMERGENCY, "-0.42")),
    "trade-by-a-person": ((), closed(ExitReason.PERSON)),
    "stop-placed": ((RESTED,), e.StopMarked(PEPE, STOP, "8091900 at 0.0000117")),
    "stop-raised": (
        (RESTED, e.StopMarked(PEPE, STOP, ""), e.StopMarked(PEPE, None, "lifted")),
        e.StopMarked(PEPE, RAISED, "8091900 at 0.00001201"),
    ),
    "stop-found-after-a-crash": ((RESTED,), e.StopMarked(PEPE, STOP, "found at the venue after a crash")),
    "stop-triggered": ((RESTED,), learnt(STOP, Learnt.ACCEPTED, triggered=True)),
    "stop-refused": ((), learnt(STOP, Learnt.REJECTED, "Filter failure: PERCENT_PRICE_BY_SIDE")),
    "stop-passed": ((), learnt(STOP, Learnt.REJECTED, "Stop price would trigger immediately.")),
    "stop-cancel-no-answer": ((RESTED,), learnt(STOP, Learnt.NO_ANSWER)),
    "stop-no-answer": ((), learnt(STOP, Learnt.NO_ANSWER)),
    "stop-absent": ((), learnt(STOP, Learnt.ABSENT)),
    "stop-trailing-activated": ((RULES,), replace(RULES, trail_active=True, trailing=1.2e-05)),
    "stop-break-even": ((RULES,), replace(RULES, breakeven_done=True, fixed_stop=1.237e-05)),
    "run-begins": ((), e.BaselineTaken(D(1000), "USDT", {"BTC": D("0.5")})),
    "run-started": ((STARTED,), e.Recovered(("journal replayed: 1,204 lines",), clean=True)),
    "run-after-a-crash": ((STARTED, STARTED), e.Recovered(("an order of unknown fate was asked about",), clean=True)),
    "run-something-open": ((STARTED,), e.Recovered((f"{PEPE}: nobody knows whether its buy exists",), clean=False)),
    "run-ended": ((STARTED,), e.RunEnded("SIGTERM")),
    "run-ended-without-a-stop": ((STARTED,), e.RunEnded("SIGTERM", (PEPE,))),
    "run-deposit": ((), e.FlowSeen(D(250), "a deposit")),
    "run-request": ((), e.RequestObeyed("r1", "pause", "paused: travelling")),
    "limit-kill-switch": ((), e.Halted("kill-switch", "halted", "somebody made state/.halt_trading")),
    "limit-person": ((), e.Halted("person", "halted", "something smells")),
    "limit-daily-loss": (
        (),
        e.Halted("daily_loss", "reduce-only", "5.1% of the day's first equity lost", AT + 9_000_000),
    ),
    "limit-daily-loss-sells": ((), e.Halted("daily_loss", "halted", "5.1% lost; all is sold", None, sells=True)),
    "limit-drawdown": ((), e.Halted("drawdown", "halted", "15.2% below the peak, limit 15.00%")),
    "limit-total-loss": ((), e.Halted("total_loss", "halted", "30% of the first equity lost")),
    "limit-drift": ((), e.Halted("drift", "reduce-only", "slippage 0.4% on average, 0.1% assumed")),
    "limit-state-not-saved": ((), e.Halted("storage", "halted", "the state cannot be written: No space left")),
    "limit-invariant": ((), e.Halted("invariant", "halted", "the journal and the state differ")),
    "limit-reconcile-failed": ((), e.Halted("reconcile", "halted", "3 BTC at the venue belong to nobody")),
    "limit-of-governance": ((), e.Halted("R6", "halted", "6.4: a position without a stop")),
    "limit-lifted": ((), e.Resumed("daily_loss", "its time is over")),
    "limit-reading": ((), e.EquityRead(948.2, ("daily_loss",))),
    "gate-refused": (
        (),
        e.Decided(
            PEPE, AT, "refuse", "too many positions", "0" * 16, {}, {}, {"positions": "refuse", "cooldown": "pass"}
        ),
    ),
    "gate-stale": ((), e.WishDone(PEPE, "stale")),
    "gate-blocked": ((), e.WishDone(PEPE, "blocked")),
    "books-differ": (
        (),
        e.Reconciled(("3 SOL more at the venue than in the books",), ("left alone until a person says",)),
    ),
    "books-adopted": ((), e.CoinsAdopted(PEPE, D(8000000), D("0.00001234"), "our last trades", AT, 6e-07)),
    "books-sold-elsewhere": ((), e.SoldElsewhere(PEPE, Fill("t9", D("0.0000122"), D(500), D(0), "USDT", AT), D(0))),
    "books-gone": ((), e.CoinsGone(PEPE, D(8000000), D("98.72"), "no trade and no withdrawal is shown")),
    "books-busted": ((), e.FillReversed(ENTRY, PEPE, Fill("t1", D("0.0000123"), D(100), D(0), "USDT", AT), D(0))),
    "books-left-alone": ((), e.LeftAlone("ETH", D("1.5"), "they were there before")),
    "books-foreign-order": ((), e.ForeignOrder(PEPE, "771", "web_1", "ignored", "its policy says so")),
    "alarm-stop-missing": ((), e.AlertRaised("unprotected", f"{PEPE}: no stop can be placed: it is sold", urgent=True)),
    "alarm-not-sent": (
        (),
        e.AlertRaised(
            "unprotected", f"{PEPE}: its stop could not be sent to the venue: it is tried again", urgent=True
        ),
    ),
    "alarm-fewer-coins": (
        (),
        e.AlertRaised(
            "unprotected", f"{PEPE}: 2 held by our books, 1 at the venue: the stop rests for those", urgent=True
        ),
    ),
    "alarm-too-long": ((), e.AlertRaised("uncovered", f"{PEPE} has had no stop at the venue for 75 s", urgent=True)),
    "alarm-passed": (
        (),
        e.AlertRaised(
            "unprotected", f"{PEPE}: the price passed its stop before it could rest: it is sold at the market"
        ),
    ),
    "alarm-slippage": ((), e.AlertRaised("slippage", f"{PEPE}: entry filled at 0.0000131, 1.2% worse than 0.00001294")),
    "alarm-fills": (
        (),
        e.AlertRaised("fills", f"{PEPE}: 5 of entry order are executed, and fills for 3 are told", urgent=True),
    ),
    "alarm-fee": ((), e.AlertRaised("fees", f"{PEPE}: a fee of 0.001 BNB has no price yet")),
    "alarm-override": ((), e.AlertRaised("override", "runs without a certificate: practising", urgent=True)),
    "alarm-config": ((), e.AlertRaised("config", "the venue does not take the keys of live-main", urgent=True)),
    "alarm-sent-away": ((), e.AlertRaised("sent-away", "418: this address is banned until 14:05 UTC", urgent=True)),
    "alarm-frozen": (
        (),
        e.AlertRaised("frozen", f"{PEPE} goes on by the numbers that it was opened under", urgent=True),
    ),
    "alarm-price-unknown": (
        (),
        e.AlertRaised("exit-price-unknown", f"{PEPE}: 12 coins went at a price that nobody tells", urgent=True),
    ),
    "alarm-of-a-new-kind": ((), e.AlertRaised("some-thing", "Something that has no template of its own happened")),
}


def told(before: Sequence[e.Event], event: e.Event) -> list[Notice]:
    """Notices of an event behind others; orders of `PLANNED` are known."""
    memory = Memory()
    for seq, one in enumerate((*PLANNED, *before), 1):
        memory = memory.after(Entry(seq, AT, one))
    return notices_of(Entry(99, AT, event), memory)
