"""What may be done about each kind of difference; unless a person says otherwise, the careful thing is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.engine.reconcile import DifferenceKind as Kind


class Policy(StrEnum):
    """What is done about a difference."""

    ADOPT = "adopt"
    """Our books follow the venue."""
    IGNORE = "ignore"
    """It is written down, and is none from now on."""
    CLOSE = "close"
    """It is sold or cancelled at the venue."""
    HALT = "halt"
    """Nothing is touched, and nothing new is opened until a person has looked."""


ADOPT, IGNORE, CLOSE, HALT = Policy

ALLOWED: Mapping[Kind, tuple[Policy, ...]] = {
    # The first of each is the default.
    Kind.ORPHAN_POSITION: (HALT, ADOPT, IGNORE, CLOSE),
    Kind.QUANTITY_DRIFT: (HALT, ADOPT),
    Kind.MANUAL_CLOSE: (HALT, ADOPT),
    Kind.BUST: (HALT, ADOPT),
    Kind.DUST: (ADOPT, HALT),
    Kind.LEFT_ALONE: (HALT, ADOPT),
    Kind.MISSING_QUOTE: (HALT, ADOPT),
    Kind.FOREIGN_ORDER: (HALT, IGNORE, CLOSE),
    Kind.LOST_ORDER: (HALT, ADOPT, CLOSE),
    # A position without a stop is never let be.
    Kind.MISSING_STOP: (ADOPT, CLOSE, HALT),
    # To book what the venue says of an order of ours is no choice: it happened.
    Kind.UNBOOKED: (ADOPT,),
    Kind.VANISHED_ORDER: (ADOPT,),
    Kind.UNKNOWN_ORDER: (HALT,),
    Kind.STATE: (HALT, ADOPT),
    Kind.FROZEN_PAIR: (HALT,),
}
DEFAULTS: Mapping[Kind, Policy] = {kind: allowed[0] for kind, allowed in ALLOWED.items()}

WORDS: Mapping[tuple[Kind, Policy], str] = {
    (Kind.ORPHAN_POSITION, ADOPT): "take the coins over as a position, at the price of the last purchases, with a stop",
    (Kind.ORPHAN_POSITION, IGNORE): "leave the coins alone for good",
    (Kind.ORPHAN_POSITION, CLOSE): "take the coins over and sell them",
    (Kind.QUANTITY_DRIFT, ADOPT): "count the coins that the venue has",
    (Kind.MANUAL_CLOSE, ADOPT): "end the position at the price of the venue's own trades, if it tells",
    (Kind.BUST, ADOPT): "take the fill back in the books as well",
    (Kind.DUST, ADOPT): "count what the venue has",
    (Kind.LEFT_ALONE, ADOPT): "leave alone what is still there",
    (Kind.MISSING_QUOTE, ADOPT): "book a withdrawal",
    (Kind.FOREIGN_ORDER, IGNORE): "let it rest, and speak of it no more",
    (Kind.FOREIGN_ORDER, CLOSE): "cancel it",
    (Kind.LOST_ORDER, ADOPT): "write it down as ours",
    (Kind.LOST_ORDER, CLOSE): "cancel it",
    (Kind.MISSING_STOP, ADOPT): "place a stop",
    (Kind.MISSING_STOP, CLOSE): "sell the position",
    (Kind.UNBOOKED, ADOPT): "book what the venue says",
    (Kind.VANISHED_ORDER, ADOPT): "ask again, and give it up once it has stayed away",
    (Kind.UNKNOWN_ORDER, HALT): "wait until the venue tells; no new entry in the pair",
    (Kind.STATE, ADOPT): "make the snapshot anew from the journal",
}


def allowed(kind: Kind) -> tuple[Policy, ...]:
    """What may be done about a kind; the default first."""
    return ALLOWED[kind]


def words(kind: Kind, policy: Policy) -> str:
    """What a policy comes to, for people."""
    return WORDS.get((kind, policy), "touch nothing, open nothing new, call a person")


def policies(told: Mapping[str, str], where: str = "") -> dict[Kind, Policy]:
    """Policies by kind out of words; those that are not named are the defaults.

    Args:
        told: policy by kind, as text.
        where: in front of each problem.

    Raises:
        ConfigError: an unknown kind, or a policy that the kind does not know; all of them at once.
    """
    found, problems = dict(DEFAULTS), list[str]()
    kinds = [kind.value for kind in Kind]
    for name, word in told.items():
        if name not in kinds:
            problems.append(f"{where}there is no kind of difference '{name}'{suggestion(name, kinds)}")
            continue
        kind = Kind(name)
        choices = [one.value for one in ALLOWED[kind]]
        if word not in choices:
            problems.append(f"{where}{name} knows no policy '{word}': {', '.join(choices)}")
            continue
        found[kind] = Policy(word)
    if problems:
        raise ConfigError(problems)
    return found
