"""``vigie serve``: health and metrics over HTTP, from files alone."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import JsonOption, ReadOption, home

PANEL = "Operations"
ORDER = 73


def command(
    account: ReadOption = None,
    health_port: Annotated[
        int | None,
        typer.Option("--health-port", metavar="PORT", min=0, max=65535, help="Of /health; 0: any that is free."),
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option("--metrics-port", metavar="PORT", min=0, max=65535, help="Of /metrics; 0: any that is free."),
    ] = None,
    bind: Annotated[
        str | None, typer.Option("--bind", metavar="ADDRESS", help="Any but loopback needs VIGIE_HEALTH_TOKEN.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer /health and /metrics, from files.

    Reads files and nothing else: an engine that hangs cannot keep it from answering, and nothing that is asked here
    reaches an engine. Runs until Ctrl-C or SIGTERM. Ports, address and limits may stand in [health] of vigie.toml.

    Example: vigie serve --account paper --health-port 8080
    """
    from cli.output import note
    from vigie.app.accounts import to_read
    from vigie.app.serve.serving import run_server
    from vigie.app.serve.settings import health_settings
    from vigie.app.settings import check_name

    # An account that is named need not have begun: who watches may be there first.
    name = to_read(home(), None) if account is None else check_name(account)
    settings = health_settings(home(), health_port=health_port, metrics_port=metrics_port, bind=bind)

    def ready(ports: object) -> None:
        import json

        if as_json:
            typer.echo(json.dumps({"schema": "vigie.serve/1", "account": name, "bind": settings.bind, "ports": ports}))

    run_server(home(), name, settings, report=note, ready=ready)
