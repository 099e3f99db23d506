"""``vigie pause``: no new entries; what is held is managed on."""

from __future__ import annotations

from cli.options import JsonOption, ReasonOption, SteeredOption, home

PANEL = "Steering"
ORDER = 60


def command(
    reason: ReasonOption = "paused by hand",
    account: SteeredOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take no new entries until vigie resume.

    Exits, partial sales and stops go on.

    Example: vigie pause --account paper --reason "news at six"
    """
    from cli.plain import signed
    from cli.steering import answer
    from vigie.app.accounts import to_steer
    from vigie.app.control.halting import pause

    answer("pause", [pause(home(), to_steer(home(), account), signed(reason))], as_json=as_json)
