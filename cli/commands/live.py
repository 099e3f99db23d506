"""``vigie live``: real orders, with stops that rest at the exchange."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import AddressOption, ControlUrlOption, HealthOption, JsonOption, NoOrdersOption, SandboxOption, home
from cli.output import note, waits
from cli.running import show_end, tick_teller

PANEL = "Trading"
ORDER = 41


def command(
    account: Annotated[str, typer.Option(metavar="NAME", help="Account of vigie.toml; its name begins with live-.")],
    i_understand: Annotated[
        str | None, typer.Option("--i-understand", metavar="NAME", help="The account's name again: real money.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="One tick, until all that is held is protected: for cron.")
    ] = False,
    no_orders: NoOrdersOption = False,
    without_certificate: Annotated[
        str | None, typer.Option("--without-certificate", metavar="REASON", help="Unproved, and journalled.")
    ] = None,
    sandbox: SandboxOption = False,
    base_url: AddressOption = None,
    control_url: ControlUrlOption = None,
    health: HealthOption = False,
    as_json: JsonOption = False,
) -> None:
    """Trade with real money.

    Runs until it is told to stop: Ctrl-C, SIGTERM or `vigie stop`. What it trades stands in [accounts.NAME] of
    vigie.toml, its parameters in the certificate, its keys in the environment, a credentials folder or .env. Instead
    of --i-understand, VIGIE_LIVE_ACCOUNT=NAME may stand in the environment.

    Example: vigie live --account live-main --i-understand live-main
    """
    from vigie.app.serve.settings import health_settings
    from vigie.app.trading.live import LiveRequest, live_settings, run_live, time_of
    from vigie.app.wiring import Place
    from vigie.reporting.account import live_document

    place = Place(base_url, sandbox)
    request = LiveRequest(
        home(), live_settings(home(), account), i_understand, without_certificate, once, not no_orders, place,
        health_settings(home()) if health else None,
    )  # fmt: skip
    clock, pace = time_of(control_url, place) or (None, None)
    done = run_live(request, report=note, told=tick_teller(), clock=clock, pace=pace, waiting=waits(shown=not as_json))
    show_end(done, live_document, as_json=as_json)
