"""Builds with one thing broken: the broken part is put over the shipped one from outside."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from vigie.decision.intents import Refusal, approve
from vigie.domain import events as e
from vigie.domain.holdings import OrderRecord
from vigie.domain.order import Intent
from vigie.domain.order_status import Learnt
from vigie.engine import cycle, desk


class SendsFirst(desk.Desk):
    """Writes an intent down when its answer has come."""

    def send(self, intent: Intent, refusing: tuple[str, ...] = ()) -> OrderRecord | Refusal:
        approved = approve(intent, mode=self.mode, refusing=refusing)
        if isinstance(approved, Refusal):
            return approved
        report = self._broker.submit(approved)
        self._books.write(e.IntentPlanned(intent), e.OrderLearnt(intent.client_id, intent.pair, Learnt.SENT))
        self._books.sync()
        self.learn(report)
        return self._books.portfolio.orders[intent.client_id]


@contextmanager
def intent_after_the_send() -> Iterator[None]:
    """An order leaves before it is written down."""
    whole, cycle.Desk = cycle.Desk, SendsFirst  # type: ignore[misc]
    try:
        yield
    finally:
        cycle.Desk = whole  # type: ignore[misc]


@contextmanager
def no_fsync() -> Iterator[None]:
    """Nothing is ever brought to the disk."""
    whole = os.fsync
    os.fsync = lambda _: None  # type: ignore[assignment]
    try:
        yield
    finally:
        os.fsync = whole


@contextmanager
def random_ids() -> Iterator[None]:
    """Client ids are drawn and not computed."""
    whole = desk.client_id
    desk.client_id = lambda **_: secrets.token_hex(16)  # type: ignore[assignment]
    try:
        yield
    finally:
        desk.client_id = whole
