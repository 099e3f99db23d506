"""``vigie stop``: end an engine and keep it from being started."""

from __future__ import annotations

from cli.options import JsonOption, ReasonOption, SteeredOption, home

PANEL = "Steering"
ORDER = 64


def command(
    reason: ReasonOption = "stopped by hand",
    account: SteeredOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop an account until vigie start.

    Its engine ends, and every start exits 78.

    Example: vigie stop --account paper --reason "moving house"
    """
    from cli.plain import signed
    from cli.steering import answer
    from vigie.app.accounts import to_steer
    from vigie.app.control.halting import stop

    answer("stop", [stop(home(), to_steer(home(), account), signed(reason))], as_json=as_json)
