"""Where books and exchange differed, and coins that came or went without an order of ours."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.domain import events as e
from vigie.domain.notice import Level, Notice
from vigie.ports.journal import Entry
from vigie.reporting.notices.memory import Memory
from vigie.reporting.notices.words import money, number, quote_of, sentence

FAMILY = "books"
_LOOK = "reconcile"


def notices(entry: Entry, memory: Memory) -> Iterator[Notice]:  # noqa: ARG001 - the same shape for all
    """Of lines about what was found and not done by us."""
    match entry.event:
        case e.Reconciled(differences=differences, actions=actions) if differences:
            rows = [(f"difference {n}", sentence(one)) for n, one in enumerate(differences[:10], 1)]
            rows += [(f"action {n}", sentence(one)) for n, one in enumerate(actions[:10], 1)]
            yield Notice(
                Level.WARNING,
                FAMILY,
                f"differ:{differences[0]}",
                "books and exchange differ",
                f"Differences found: {len(differences)}. The careful policy of each was followed; new positions wait.",
                "Look at each difference and say what is to be done about it.",
                look=_LOOK,
                facts=tuple(rows),
                slow=True,
            )
        case e.CoinsAdopted(pair=pair, quantity=quantity, price=price, basis=basis):
            yield Notice(
                Level.WARNING,
                FAMILY,
                f"adopted:{pair}",
                f"{pair} coins at the exchange became a position",
                f"{number(quantity)} coins that no order of ours bought are looked after from now on.",
                "Nothing, if it was you. A stop is placed next, and told separately.",
                facts=(("pair", pair), ("quantity", number(quantity)), ("counted at", number(price)), ("basis", basis)),
            )
        case e.SoldElsewhere(pair=pair, fill=fill):
            yield Notice(
                Level.ERROR,
                FAMILY,
                f"elsewhere:{pair}",
                f"{pair} coins of ours were sold by another order",
                "The exchange's own list of trades shows a sale that is not ours. It is booked at its price.",
                "Find out who trades on this account: a person, another program, a stolen key.",
                look=_LOOK,
                facts=(("pair", pair), ("quantity", number(fill.quantity)), ("price", number(fill.price))),
            )
        case e.CoinsGone(pair=pair, quantity=quantity, cost=cost, reason=reason):
            yield Notice(
                Level.CRITICAL,
                FAMILY,
                f"gone:{pair}",
                f"{pair} coins of ours are gone from the exchange",
                "They are not there any more, and nobody tells at which price they went. They leave the books at cost.",
                "Find out at the exchange: a withdrawal, a sale in another place, a stolen key.",
                look=_LOOK,
                facts=(
                    ("pair", pair),
                    ("quantity", number(quantity)),
                    ("cost", money(cost, quote_of(pair))),
                    ("known", sentence(reason)),
                ),
            )
        case e.FillReversed(pair=pair, fill=fill):
            yield Notice(
                Level.ERROR,
                FAMILY,
                f"busted:{pair}",
                f"{pair} a trade was taken back by the exchange",
                "A fill of ours did not happen after all, says the exchange. The books follow.",
                "Look at the position and at what the exchange says about it.",
                look=_LOOK,
                facts=(("pair", pair), ("quantity", number(fill.quantity)), ("price", number(fill.price))),
            )
        case e.LeftAlone(asset=asset, quantity=quantity, reason=reason):
            yield Notice(
                Level.INFO,
                FAMILY,
                f"left:{asset}",
                f"{number(quantity)} {asset} left alone",
                "Coins that lie there and are not ours were noted: nothing is done with them.",
                "Nothing.",
                facts=(("asset", asset), ("quantity", number(quantity)), ("reason", sentence(reason))),
            )
        case e.ForeignOrder(pair=pair, outcome=outcome, reason=reason):
            yield Notice(
                Level.WARNING,
                FAMILY,
                f"foreign:{pair}",
                f"{pair} an order that is not ours was {outcome}",
                "An order that vigie did not send rests at the exchange.",
                "Find out who sent it.",
                look=_LOOK,
                facts=(("pair", pair), ("outcome", outcome), ("reason", sentence(reason) or "none given")),
                slow=True,
            )
