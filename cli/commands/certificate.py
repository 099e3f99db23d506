"""``vigie certificate``: what was proved, and whether it still holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import DataOption, JsonOption, home
from cli.output import console, note, print_json
from vigie.domain.errors import CheckFailed

if TYPE_CHECKING:
    from rich.table import Table

    from vigie.domain.certificate import Certificate

PANEL = "Research"
ORDER = 27

_MADE_UP = "made-up candles"
app = typer.Typer(help="Certificates of walk-forward: list, show, verify, promote.", no_args_is_help=True)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of a certificate, or the beginning of its name or hash.")
]


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """Name all certificates; one that was changed is said to be.

    Example: vigie certificate list --json
    """
    from vigie.app.research.certificates import certificates

    found = certificates(home())
    if as_json:
        documents = [_brief(one.certificate) if one.certificate else {"problem": one.problem} for one in found]
        print_json(
            {"certificates": [{"file": one.path.name, **doc} for one, doc in zip(found, documents, strict=True)]},
            "vigie.certificate.list/1",
        )
        return
    kept = [one.certificate for one in found if one.certificate]
    if kept:
        table = _table("name", "pairs", "timeframe", "profile", "trials", "made")
        for one in kept:
            brief = _brief(one)
            made = str(brief["created_at"])[:10]
            name = f"{one.name} ({_MADE_UP})" if one.synthetic else one.name
            table.add_row(name, ", ".join(one.pairs), one.timeframe, one.profile, f"{one.trials:,}", made)
        console().print(table)
    if not found:
        note("no certificate yet: vigie walk-forward --promote writes one when every gate is passed")
    for broken in found:
        if broken.certificate is None:
            note(broken.problem)


@app.command("proposals")
def proposals_(as_json: JsonOption = False) -> None:
    """Name certificates that nothing goes by until they are promoted.

    Example: vigie certificate proposals
    """
    from vigie.app.research.certificates import proposals

    found = proposals(home())
    if as_json:
        documents = [_brief(one.certificate) if one.certificate else {"problem": one.problem} for one in found]
        print_json({"proposals": documents}, "vigie.certificate.proposals/1")
        return
    for one in found:
        console().print(one.certificate.name if one.certificate else one.problem, soft_wrap=True)
    if not found:
        note("nothing is proposed")


@app.command("promote")
def promote(name: NameArgument, as_json: JsonOption = False) -> None:
    """Take a proposal: live trading goes by it.

    Positions that are held keep the numbers under which they were opened.

    Example: vigie certificate promote ema_cross
    """
    from vigie.app.research.certificates import take

    found = take(home(), name)
    if as_json:
        print_json(_brief(found), "vigie.certificate.promote/1")
    else:
        console().print(f"{found.name} is taken: it holds for positions opened from now on", soft_wrap=True)


@app.command("show")
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show what was proved: parameters, folds, gates, trials.

    Example: vigie certificate show ema_cross
    """
    from vigie.app.research.certificates import certificate

    found = certificate(home(), name)
    document = found.document() | {"hash": found.hash, "synthetic": found.synthetic}
    if as_json:
        print_json(document)
        return
    console().print(f"{found.name}: {', '.join(found.pairs)} {found.timeframe}, profile {found.profile}")
    if found.synthetic:
        console().print(f"practice: {_MADE_UP}; it holds at a simulated exchange alone")
    console().print(f"made {document['created_at']} by vigie {found.version}, {found.trials:,} trials behind it")
    console().print(
        f"deflated Sharpe {_number(found.deflated_sharpe)}, "
        f"probability of overfitting {_number(found.overfitting_probability)}"
    )
    console().print(" ".join(f"--param {key}={value}" for key, value in found.parameters.items()), soft_wrap=True)
    console().print(_gates(found))
    console().print(_folds(document["folds"]))
    for pair, candles in document["candles"].items():
        span = f"{candles['rows']:,} candles from {candles['first_at']} to {candles['last_at']}"
        console().print(f"{pair}: {candles['venue']}, {span}, hash {candles['content_hash']}", soft_wrap=True)
    console().print(
        f"code {found.code_hash}\nstrategy file {found.strategy_hash}\ncertificate {found.hash}", soft_wrap=True
    )


@app.command("verify")
def verify(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Hold a certificate to what there is today.

    The code, the strategy file and the candles are looked at. Exit code 3 if something differs.

    Example: vigie certificate verify ema_cross --data candles/
    """
    from vigie.app.research.certificates import verify as verified

    found = verified(home(), name, data, note)
    differences = [{"what": one.what, "certified": one.certified, "present": one.present} for one in found.differences]
    if as_json:
        document = {**_brief(found.certificate), "valid": not differences, "differences": differences}
        print_json(document, "vigie.certificate.verify/1")
    elif not differences:
        where = f" ({_MADE_UP}: at a simulated exchange alone)" if found.certificate.synthetic else ""
        console().print(
            f"{found.certificate.name} holds{where}: code, strategy file and candles are those it was made with",
            soft_wrap=True,
        )
    if differences:
        sentences = [f"{one['what']}: certified {one['certified']}; now {one['present']}" for one in differences]
        raise CheckFailed(f"{found.certificate.name} does not hold any more\n" + "\n".join(sentences))


def _brief(one: Certificate) -> dict[str, object]:
    from vigie.domain.instants import as_iso

    return {
        "name": one.name,
        "strategy": one.strategy,
        "pairs": one.pairs,
        "timeframe": one.timeframe,
        "profile": one.profile,
        "trials": one.trials,
        "created_at": as_iso(one.created_at),
        "hash": one.hash,
        "synthetic": one.synthetic,
    }


def _gates(found: Certificate) -> Table:
    table = _table("gate", ">measured", ">limit", "passed")
    for gate in found.gates:
        table.add_row(gate.name, _number(gate.value), _number(gate.limit), "yes" if gate.passed else "NO")
    return table


def _folds(folds: list[dict[str, Any]]) -> Table:
    table = _table("training", "test", ">sharpe in", ">sharpe out", ">return out", ">trades out")
    for fold in folds:
        inside, outside = fold["in_sample"], fold["out_of_sample"]
        table.add_row(
            f"{fold['train_start_at'][:10]} to {fold['train_end_at'][:10]}",
            f"{fold['test_start_at'][:10]} to {fold['test_end_at'][:10]}",
            _number(inside.get("sharpe")),
            *(_number(outside.get(name)) for name in ("sharpe", "total_return", "trades")),
        )
    return table


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4g}"


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in columns:
        right = heading.startswith(">")
        table.add_column(heading.lstrip(">"), justify="right" if right else "left", overflow="fold")
    return table
