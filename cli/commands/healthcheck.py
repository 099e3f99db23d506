"""``vigie healthcheck``: one line and an exit code for PM2, cron and containers."""

from __future__ import annotations

import typer

from cli.options import JsonOption, ReadOption, home

PANEL = "Looking"
ORDER = 51


def command(
    account: ReadOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say in one line whether an account is looked after.

    Exit 0 or 3, whatever is wrong.

    Example: vigie healthcheck --account paper
    """
    from cli.output import print_json
    from cli.plain import show
    from vigie.app.accounts import to_read
    from vigie.app.status.document import status
    from vigie.domain.errors import VigieError
    from vigie.reporting.status import health_line

    try:
        document = status(home(), to_read(home(), account))
        line, healthy = health_line(document), document["healthy"]
        problems = document["problems"]
    except (VigieError, OSError) as error:
        line, healthy, problems = f"UNHEALTHY: {error}", False, [str(error)]
    if as_json:
        print_json({"schema": "vigie.healthcheck/1", "healthy": healthy, "problems": problems})
    else:
        show(line)
    if not healthy:
        raise typer.Exit(3)
