"""``vigie exchange``: an exchange on this machine, made of candles, for tests and fire drills."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import DataOption, JsonOption, PairsOption, SeedOption, home
from cli.output import console, note, print_json
from cli.parsing import parse_pairs
from vigie.domain.errors import CheckFailed, ConfigError
from vigie.domain.instants import as_iso
from vigie.domain.timeframe import Timeframe

PANEL = "Trading"
ORDER = 45

app = typer.Typer(help="An exchange made of candles, on this machine only.", no_args_is_help=True)

ControlOption = Annotated[
    str | None,
    typer.Option("--control-url", metavar="URL", help="Which exchange; without it, the one started in this home."),
]


@app.command("serve")
def serve(
    data: DataOption = None,
    pairs: PairsOption = None,
    timeframe: Annotated[
        str | None, typer.Option("--timeframe", metavar="TF", help="Of the candles; default: the finest there is.")
    ] = None,
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="0: any that is free.")] = 0,
    control_port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="0: any that is free.")] = 0,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="A loopback address; no other is taken.")] = "127.0.0.1",
    speed: Annotated[
        str, typer.Option(metavar="SPEED", help="Of its time: manual (by command), N times ours, or wall (ours).")
    ] = "manual",
    faults: Annotated[Path | None, typer.Option(metavar="FILE", help="Fault plan, TOML.")] = None,
    balance: Annotated[
        list[str] | None, typer.Option(metavar="ASSET=AMOUNT", help="To begin with; repeatable. Default: 10000 quote.")
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="TIME", help="2024-03-01T12:00:00Z; default: the first.")] = None,
    spread_bps: Annotated[
        float, typer.Option(metavar="BPS", min=0, max=1000, help="Bid to ask, in basis points.")
    ] = 1.0,
    slippage_bps: Annotated[
        float, typer.Option(metavar="BPS", min=0, max=1000, help="For who takes, in basis points.")
    ] = 0.0,
    participation: Annotated[
        float | None, typer.Option(metavar="FRACTION", min=0, max=1, help="Most of a candle's volume that orders get.")
    ] = None,
    touch: Annotated[bool, typer.Option("--touch", help="Resting orders are filled when the price touches.")] = False,
    extremes: Annotated[
        str, typer.Option(metavar="HOW", help="Which comes first in a candle: adverse, close-direction, seeded.")
    ] = "adverse",
    seed: SeedOption = 0,
    no_limits: Annotated[bool, typer.Option("--no-limits", help="Count weights and orders, but refuse none.")] = False,
) -> None:
    """Serve Binance's spot REST on loopback until interrupted. Exit 3 if a fault never happened.

    The first line on stdout is JSON: url, control_url, api_key, api_secret.

    Example: vigie exchange serve --data candles/ --balance USDT=10000
    """
    import signal
    import threading

    from vigie.app import exchange

    request = exchange.ExchangeRequest(
        home=home(),
        data=data,
        pairs=parse_pairs(pairs),
        timeframe=Timeframe.parse(timeframe) if timeframe else None,
        host=host,
        port=port,
        control_port=control_port,
        speed=speed,
        faults=faults,
        balances=tuple(balance or ()),
        start=start,
        spread_bps=spread_bps,
        slippage_bps=slippage_bps,
        participation=participation,
        touch=touch,
        extremes=extremes,
        seed=seed,
        limited=not no_limits,
    )
    stop = threading.Event()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
    served = exchange.serve(request, listening=_listening, stop=stop, report=note)
    for path in served.strangers:
        note(f"nobody serves {path}")
    if served.never_fired:
        raise CheckFailed(f"these faults never happened: {', '.join(served.never_fired)}")


def _listening(document: Any) -> None:  # noqa: ANN401, RUF100 - JSON
    typer.echo(json.dumps(dict(document)))
    note(f"simulated exchange at {document['url']}, not a real venue; Ctrl-C ends it")


@app.command("advance")
def advance(
    by: Annotated[str | None, typer.Option("--by", metavar="SPAN", help="How far: 30s, 5m, 1h, 1d.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Until when: 2024-03-01T12:00:00Z.")
    ] = None,
    control_url: ControlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let time go by.

    Example: vigie exchange advance --by 1h
    """
    from vigie.app import exchange

    done = exchange.advance(exchange.control(home(), control_url), seconds=_seconds(by), to=until)
    _say("advance", done, as_json, f"now {as_iso(done['now'])}")


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    number, unit = text[:-1], text[-1:]
    if unit == "s":
        try:
            return float(number)
        except ValueError:
            raise ConfigError(f"--by {text}: write 30s, 5m, 1h or 1d") from None
    return Timeframe.parse(text).milliseconds / 1000


@app.command("state")
def state(control_url: ControlOption = None, as_json: JsonOption = False) -> None:
    """Prices, balances and orders.

    Example: vigie exchange state --json
    """
    from vigie.app import exchange

    found = exchange.control(home(), control_url).get("/state")
    if as_json:
        print_json(found, "vigie.exchange.state/1")
        return
    lines = [f"now {as_iso(found['now'])}"]
    lines += [f"{name} {_short(price)}" for name, price in found["prices"].items()]
    lines += [
        f"{asset} free {_short(one['free'])} locked {_short(one['locked'])}" for asset, one in found["balances"].items()
    ]
    lines += map(_order_line, found["orders"])
    console().print("\n".join(lines), soft_wrap=True)


def _short(number: str) -> str:
    """``0.5`` of ``0.50000000``: the zeros of a venue's answers say nothing."""
    return number.rstrip("0").rstrip(".") if "." in number else number


def _order_line(order: Mapping[str, str]) -> str:
    """One order in one line of a terminal; what it does not have is not shown."""
    at = f" at {_short(order['price'])}" if float(order["price"]) else " at market"
    stop = f" stop {_short(order['stopPrice'])}" if float(order.get("stopPrice", 0)) else ""
    done = f", {_short(order['executedQty'])} executed" if float(order["executedQty"]) else ""
    return (
        f"{order['symbol']} {order['orderId']} {order['side']} {order['type']} {_short(order['origQty'])}{at}{stop}: "
        f"{order['status']}{done}"
    )


@app.command("journal")
def journal(
    after: Annotated[int, typer.Option(metavar="SEQ", min=0, help="Entries after this number.")] = 0,
    control_url: ControlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every call and its answer.

    Example: vigie exchange journal --after 40
    """
    from vigie.app import exchange

    found = exchange.control(home(), control_url).get("/journal", since=after)
    if as_json:
        print_json(found, "vigie.exchange.journal/1")
        return
    for one in found["entries"]:
        words = " ".join(f"{key}={value}" for key, value in one["parameters"].items())
        code = f" {one['code']}" if one["code"] else ""
        hit = f" [{', '.join(one['faults'])}]" if one["faults"] else ""
        line = f"{one['seq']} {as_iso(one['at'])} {one['method']} {one['path']} {one['status']}{code}{hit} {words}"
        console().print(line.rstrip(), soft_wrap=True)


@app.command("faults")
def faults(
    plan: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Put this plan in force.")] = None,
    control_url: ControlOption = None,
    as_json: JsonOption = False,
) -> None:
    """The fault plan: which rules have acted, or another plan.

    Example: vigie exchange faults plan.toml
    """
    from vigie.app import exchange

    client = exchange.control(home(), control_url)
    found = client.get("/faults") if plan is None else exchange.new_plan(client, plan)
    rows = [f"{one['name']}: {one['action']}, matched {one['matched']}, acted {one['fired']}" for one in found["rules"]]
    _say("faults", found, as_json, "\n".join(rows) or "no faults")


@app.command("do")
def do(
    act: Annotated[str, typer.Argument(metavar="ACT", help="For instance cancel, deposit, liquidity, symbol.")],
    words: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE...", help="What goes with it.")] = None,
    control_url: ControlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do something behind the account's back.

    Example: vigie exchange do cancel symbol=BTCUSDT side=SELL
    """
    from vigie.app import exchange

    document: dict[str, Any] = {"do": act}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not (name and equals):
            raise ConfigError(f"'{word}' is not of the form NAME=VALUE, for instance symbol=BTCUSDT")
        document[name] = _value(value)
    done = exchange.control(home(), control_url).post("/do", document)
    _say("do", done, as_json, f"{act}: done")


def _value(text: str) -> Any:  # noqa: ANN401, RUF100 - JSON
    """JSON where it is JSON and no number, else the text: amounts stay as they are written."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(found, float) else found


@app.command("reset")
def reset(control_url: ControlOption = None, as_json: JsonOption = False) -> None:
    """Begin again: as if nobody had ever called.

    Example: vigie exchange reset
    """
    from vigie.app import exchange

    done = exchange.control(home(), control_url).post("/reset", {})
    _say("reset", done, as_json, f"reset, now {as_iso(done['now'])}")


def _say(command: str, document: dict[str, Any], as_json: bool, words: str) -> None:
    if as_json:
        print_json(document, f"vigie.exchange.{command}/1")
    else:
        console().print(words, soft_wrap=True)
