"""Which plan a pair is traded by: a position goes on by the one that it was opened under, until it is closed."""

from __future__ import annotations

from collections.abc import Mapping

from vigie.decision.policies import Rules
from vigie.decision.profile import Plan, number_specs, plan, profile_names
from vigie.domain import events as e
from vigie.domain.errors import ConfigError
from vigie.engine.books import Books
from vigie.engine.setup import Setup
from vigie.strategy.strategy import Strategy, load


class Plans:
    """The account's plan, and those of positions that were opened under another one."""

    def __init__(self, setup: Setup, books: Books) -> None:
        self._setup, self._books = setup, books
        self._made: dict[str, Plan] = {}

    def of(self, pair: str) -> Plan:
        """The plan of a pair: of its position, if it is held, else the account's."""
        account = self._books.portfolio
        held = account.holdings.get(pair)
        if held is None or held.run in ("", account.run):
            return self._setup.plan
        if held.run not in self._made:
            run = account.runs.get(held.run)
            self._made[held.run] = self._setup.plan if run is None else self._frozen(pair, run)
        return self._made[held.run]

    def rules(self, pair: str) -> Rules:
        """The numbers of the position rules of a pair."""
        return self.of(pair).settings.rules()

    def _frozen(self, pair: str, run: e.RunStarted) -> Plan:
        """The plan of an earlier run, from what it wrote down of itself."""
        present = self._setup.plan
        numbers = {**present.parameters.as_dict(), **dict(present.numbers)}
        now = (present.strategy.name, present.profile, {name: str(value) for name, value in numbers.items()})
        if now == (run.strategy, run.profile, dict(run.numbers)):
            return present
        try:
            strategy = present.strategy if present.strategy.name == run.strategy else load(run.strategy)
            profile = run.profile if run.profile in profile_names() else present.profile
            return plan(strategy, profile, _known(run.numbers, strategy))
        except ConfigError as error:
            text = f"{pair}: what it was opened under cannot be made again ({error}): it goes on by what is set now"
            self._books.write(e.AlertRaised("frozen", text, urgent=True))
            return present


def _known(numbers: Mapping[str, str], strategy: Strategy) -> dict[str, str]:
    """Those that this vigie has a name for: an earlier one may have had others."""
    names = {*strategy.parameters.specs(), *number_specs()}
    return {name: value for name, value in numbers.items() if name in names}
