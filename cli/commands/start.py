"""``vigie start``: let a stopped account be started again."""

from __future__ import annotations

from cli.options import JsonOption, SteeredOption, home

PANEL = "Steering"
ORDER = 65


def command(account: SteeredOption = None, as_json: JsonOption = False) -> None:
    """Take away what vigie stop set.

    It starts no process: PM2, systemd or you do.

    Example: vigie start --account paper
    """
    from cli.steering import answer
    from vigie.app.accounts import to_steer
    from vigie.app.control.halting import start

    answer("start", [start(home(), to_steer(home(), account))], as_json=as_json)
