"""Options that several commands share, one name, one help text, one unit everywhere; and the home."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from vigie.domain.errors import ConfigError

DataOption: TypeAlias = Annotated[
    Path | None, typer.Option("--data", metavar="PATH", help="Candle file or folder; without it, the candle store.")
]
PairsOption: TypeAlias = Annotated[
    str | None, typer.Option("--pairs", metavar="A,B", help="Pairs, for instance BTC/USDT,ETH/USDT.")
]
TimeframeOption: TypeAlias = Annotated[
    str, typer.Option("--timeframe", metavar="TF", help="Candle length: 15m, 1h, 4h, 1d.")
]
TimeframesOption: TypeAlias = Annotated[
    str, typer.Option("--timeframe", metavar="TF,TF", help="Candle lengths: 15m, 1h, 4h, 1d; each is searched.")
]
TimerangeOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--timerange", metavar="FROM-TO", help="UTC days, both included: 20200101-20250630, 20200101-, -20250630."
    ),
]
SteeredOption: TypeAlias = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Account; may be left out where there is only one.")
]
ReadOption: TypeAlias = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Account; without it, the one used last.")
]
WrittenOption: TypeAlias = Annotated[str, typer.Option("--account", metavar="NAME", help="Account of vigie.toml.")]
ReasonOption: TypeAlias = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the journal.")]
AddressOption: TypeAlias = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="Another address for the venue, for tests.")
]
ControlUrlOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--control-url", metavar="URL", help="Control port of a simulated exchange: its time goes by as this waits."
    ),
]
SandboxOption: TypeAlias = Annotated[bool, typer.Option("--sandbox", help="The venue's own place to practise.")]
SinceOption: TypeAlias = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="20230131, 2023-01-31T13:00 (UTC), or epoch time.")
]
NoOrdersOption: TypeAlias = Annotated[
    bool, typer.Option("--no-orders", help="Decide and write down, open nothing; what is held is looked after.")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
SaveOption: TypeAlias = Annotated[
    Path | None, typer.Option("--save", metavar="FILE", help="Result for `vigie compare`: .json.")
]
StrategyOption: TypeAlias = Annotated[
    str, typer.Option("--strategy", metavar="NAME", help="Strategy; `vigie strategy list` names them.")
]
ProfileOption: TypeAlias = Annotated[
    str, typer.Option("--profile", metavar="NAME", help="Bundle of fill, stop, cost and guard policies.")
]
ProfilesOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--profile", metavar="NAME,NAME", help="Bundles of fill, stop, cost and guard policies; each is searched."
    ),
]
ParamOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="Set a strategy or profile number by name; repeatable."),
]
WalletOption: TypeAlias = Annotated[
    str | None, typer.Option("--wallet", metavar="MODE", help="shared or per-pair; without it, the profile's.")
]
CapitalOption: TypeAlias = Annotated[
    float | None,
    typer.Option("--capital", metavar="AMOUNT", help="Each wallet at the start, in quote; without it, the profile's."),
]
FeeOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--fee-bps", metavar="BPS", min=0, max=1000, help="Fee per side, in basis points; without it, the profile's."
    ),
]
SlippageOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--slippage-bps",
        metavar="BPS",
        min=0,
        max=1000,
        help="Slippage per fill, in basis points; without it, the profile's.",
    ),
]

GridOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--grid",
        metavar="NAME=V1,V2",
        help="Values to search, or NAME=FIRST:LAST:STEP; repeatable. Default: its grids.",
    ),
]
SamplesOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--samples", metavar="N", min=1, help="So many points, drawn or proposed; without it, the whole grid."
    ),
]
SearchOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--search", metavar="HOW", help="grid, random or optuna; without it, the grid, or random with --samples."
    ),
]
SeedOption: TypeAlias = Annotated[int, typer.Option("--seed", metavar="N", help="Of what is drawn and proposed.")]
ScenarioOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--scenario",
        metavar="NAME:K=V,K=V",
        help="Other circumstances under a name: dear:fee_bps=20,slippage_bps=10; `plain:` changes nothing.",
    ),
]
ObjectiveOption: TypeAlias = Annotated[
    str, typer.Option("--objective", metavar="NAME", help="sharpe, sortino, calmar, profit_factor or return.")
]
LeastTradesOption: TypeAlias = Annotated[
    int, typer.Option("--min-trades", metavar="N", min=0, help="Points with fewer closed trades are not ranked.")
]

HealthOption: TypeAlias = Annotated[
    bool, typer.Option("--health", help="Serve /health and /metrics from a process beside it ([health] of vigie.toml).")
]
EngineOption: TypeAlias = Annotated[
    str, typer.Option("--engine", metavar="WHERE", help="Who computes: local, or dask://HOST:PORT.")
]


def home() -> Path:
    """The folder that holds vigie.toml, .env, state/, logs/ and strategies/: VIGIE_HOME, or the current folder.

    Raises:
        ConfigError: VIGIE_HOME names something that is not a folder.
    """
    named = os.environ.get("VIGIE_HOME")
    if not named:
        return Path.cwd()
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise ConfigError(f"VIGIE_HOME is '{named}', which is not a folder: create it or correct the variable")
    return folder.resolve()


def own_home() -> Path:
    """The home of a command that works without an account: the current folder is one only if it looks like one.

    Raises:
        ConfigError: nothing of vigie lies in the current folder, or VIGIE_HOME names something that is not a folder.
    """
    from vigie.app.accounts import require_home

    folder = home()
    if not os.environ.get("VIGIE_HOME"):
        require_home(folder)
    return folder
