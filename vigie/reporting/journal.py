"""The journal for people: one line of text per line, by nothing but the standard library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vigie.reporting.status import when

Fields = Mapping[str, Any]
_KIND = 9


def journal_line(document: Fields) -> str:
    """``  74  2023-01-01 23:00:05  decision  ETH/USDT enter: ...``."""
    at = str(document["at"])[:19].replace("T", " ")
    return f"{document['seq']:>6}  {at}  {document['kind']:<{_KIND}} {summary(document)}"


def summary(document: Fields) -> str:
    """What a line says in a few words; a kind that is new here shows its fields."""
    kind = str(document["kind"])
    tell = _SUMMARIES.get(kind)
    if tell is None:
        own = {name: value for name, value in document.items() if name not in _OWN}
        return " ".join(f"{name}={value}" for name, value in own.items())
    return tell(document)


def trade_line(trade: Fields) -> str:
    """One closed trade."""
    profit = float(trade["profit"])
    return (
        f"{trade['seq']:>6}  {trade['pair']:<10} {when(trade['entry_at'])} to {when(trade['exit_at'])}  "
        f"{_n(trade['quantity']):>13} at {_n(trade['entry_price']):>11} to {_n(trade['exit_price']):>11}  "
        f"{profit:>+12,.2f}  {trade['reason']}"
    )


def explain_lines(document: Fields) -> Iterator[str]:
    """Why it traded or did not."""
    run = document["run"]
    yield f"{document['pair']} · candle of {when(document['candle_at'])} UTC · account {document['account']}"
    yield f"run         line {run['seq']}: {run['strategy']}, {run['profile']}, vigie {run['version']}"
    for one in document["decisions"]:
        yield ""
        yield f"line {one['seq']}  {one['action'].upper()}  {one['reason']}"
        yield "  " + "  ".join(f"{name}={_n(value)}" for name, value in one["numbers"].items())
        yield from _asked(one)
    yield ""
    yield f"blocked by  {', '.join(document['blockers']) or 'no rule'}"
    for act in document["acts"]:
        yield journal_line(act)


def _asked(one: Fields) -> Iterator[str]:
    if not one["rules"]:
        return
    yield "  facts: " + "  ".join(f"{name}={_n(value)}" for name, value in one["facts"].items())
    for rule in one["rules"]:
        limit = "off" if rule["limit"] is None or rule["limit"] != rule["limit"] else _n(rule["limit"])
        mark = "NO " if rule["verdict"] == "refuse" else "ok " if rule["verdict"] == "pass" else "off"
        yield f"  {mark} {rule['rule']:<20} {rule['number']}={limit}: {rule['asks']}"
    sizes = one["sizes"]
    if sizes:
        wanted, sized, sent = (_n(sizes.get(name)) for name in ("wanted", "sized", "quantity"))
        yield f"  size: {wanted} wanted by the rule, {sized} after caps and filters, {sent} to be sent"
    if one["agrees"] is None:
        yield "  not counted again: an earlier vigie wrote this line, and it does not say enough"
    elif one["agrees"]:
        yield "  counted again from this line and the run: the same verdicts, the same sizes"
    for difference in one["differences"]:
        yield f"  COUNTED AGAIN IT DIFFERS: {difference}"


def verify_lines(document: Fields) -> Iterator[str]:
    """Whether the chain holds."""
    if document["holds"]:
        last = document["last_hash"]
        yield f"{document['account']}: the chain holds, {document['lines']:,} lines, the last is {last}"
    else:
        yield f"{document['account']}: BROKEN after {document['lines']:,} whole lines: {document['bad']}"


def rebuild_lines(document: Fields) -> Iterator[str]:
    """What a rebuild changed."""
    state, model = document["snapshot"], document["read_model"]
    done = "would be rebuilt" if document["dry_run"] else "rebuilt"
    yield f"{document['account']}: snapshot and read model {done} from {document['lines']:,} lines"
    for problem in state["problems"]:
        yield f"  was wrong: {problem}"
    behind = state["lines_behind"]
    if behind:
        yield f"  the snapshot was {behind:,} lines behind"
    for one in state["changes"]:
        yield f"  {one['path']}: {one['snapshot']} -> {one['journal']}"
    if not state["changes"]:
        yield "  the snapshot said the same as the journal"
    before, after = model["rows_before"] or {}, model["rows_after"] or {}
    for table in sorted(set(before) | set(after)):
        yield f"  {table}: {before.get(table, 'no table')} -> {after.get(table, 'no table')} rows"


def _n(value: object) -> str:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return str(value)
    return "unknown" if value is None else f"{value:,.8g}" if isinstance(value, int | float) else str(value)


_OWN = ("seq", "at", "kind", "v", "prev", "hash")


def _intent(line: Fields) -> str:
    one = line["intent"]
    stop = "" if one["trigger"] is None else f" stop {_n(one['trigger'])} limit {_n(one['limit'])}"
    return f"{one['pair']} {one['leg']}: {one['side']} {_n(one['quantity'])} {one['type']}{stop} ({one['client_id']})"


def _fill(line: Fields) -> str:
    one = line["fill"]
    return f"{line['pair']} {_n(one['quantity'])} at {_n(one['price'])}, fee {_n(one['fee'])} {one['fee_asset']}"


def _trade(line: Fields) -> str:
    return (
        f"{line['pair']} {_n(line['quantity'])} from {_n(line['entry_price'])} to {_n(line['exit_price'])}: "
        f"{float(line['profit']):+,.2f}"
    )


def _cycle(line: Fields) -> str:
    return f"equity {float(line['equity']):,.2f}, worst {float(line['worst']):.2%}, {line['mode']}, {line['held']} held"


def _run(line: Fields) -> str:
    pairs = " ".join(line["pairs"])
    return f"{line['mode']} {line['strategy']} {line['profile']} {line['timeframe']} {pairs}, process {line['process']}"


_SUMMARIES: dict[str, Callable[[Fields], str]] = {
    "genesis": lambda line: f"the journal of {line['account']} begins",
    "run": _run,
    "run_end": lambda line: f"{line['reason']}; unprotected: {', '.join(line['unprotected']) or 'nothing'}",
    "baseline": lambda line: f"{_n(line['capital'])} {line['quote']} allocated",
    "flow": lambda line: f"{_n(line['value'])}: {line['reason']}",
    "decision": lambda line: f"{line['pair']} {line['action']}: {line['reason']}".rstrip(": "),
    "wish": lambda line: f"{line['pair']} waits for the next price: {line['reason']}",
    "wish_done": lambda line: f"{line['pair']} {line['outcome']}",
    "leave": lambda line: f"{line['pair']} is to be sold (reason {line['code']})",
    "part": lambda line: f"{line['pair']} {line['leg']}: {_n(line['quantity'])}",
    "position": lambda line: f"{line['pair']} stop {_n(line['fixed_stop'])}, trailing {_n(line['trailing'])}",
    "intent": _intent,
    "order": lambda line: f"{line['pair']} {line['learnt']} ({line['client_id']}) {line['message']}".rstrip(),
    "fill": _fill,
    "stop": lambda line: f"{line['pair']} {'LOST' if line['client_id'] is None else 'rests'}: {line['reason']}",
    "trade": _trade,
    "cycle": _cycle,
    "halt": lambda line: f"{line['name']} ({line['mode']}): {line['reason']}",
    "resume": lambda line: f"{line['name']}: {line['reason']}",
    "limit": lambda line: f"{line['name']}: {float(line['value']):.2%} of {float(line['limit']):.2%}",
    "request": lambda line: f"{line['kind_asked']}: {line['outcome']}",
    "recovery": lambda line: f"{'clean' if line['clean'] else 'NOT CLEAN'}: {'; '.join(line['steps'])}",
    "reconcile": lambda line: "; ".join(line["differences"]) or "no differences",
    "alert": lambda line: f"{line['topic']}: {line['text']}",
    "override": lambda line: f"{line['what']}: {line['reason']}",
}
