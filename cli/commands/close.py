"""``vigie close``: sell one position."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import JsonOption, ReasonOption, SteeredOption, home

PANEL = "Steering"
ORDER = 63


def command(
    pair: Annotated[str, typer.Argument(help="For instance BTC/USDT.")],
    reason: ReasonOption = "closed by hand",
    account: SteeredOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sell a position at the market.

    Done by the running engine, or at its next start.

    Example: vigie close BTC/USDT --account paper
    """
    from cli.plain import signed
    from cli.steering import answer
    from vigie.app.accounts import to_steer
    from vigie.app.control.halting import close
    from vigie.domain.pair import Pair

    name = to_steer(home(), account)
    answer("close", [close(home(), name, str(Pair.parse(pair)), signed(reason))], as_json=as_json)
