"""The journal for people: one line of text per line, by nothing but the standard library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vigie.domain.exit_reason import ExitReason
from vigie.domain.instants import from_iso
from vigie.reporting.row import BAD, GOOD, LOOK, Row
from vigie.reporting.status import duration, when

Fields = Mapping[str, Any]
_KIND = 9
_TRADE = "{:>6} {:<9} {:<16} {:>6} {:>9} {:>9} {:>10} {}"
"""Eighty columns, but for the longest reasons."""
TRADE_HEAD = Row(_TRADE.format("line", "pair", "sold", "held", "entry", "exit", "profit", "reason"), "")


def journal_row(document: Fields) -> Row:
    """``  74  2023-01-01 23:00:05  decision  ETH/USDT enter: ...``."""
    at = str(document["at"])[:19].replace("T", " ")
    return Row(f"{document['seq']:>6}  {at}  {document['kind']:<{_KIND}} ", summary(document), _colour(document))


def _colour(document: Fields) -> str | None:
    match document["kind"]:
        case "halt":
            return BAD if document.get("mode") == "halted" else LOOK
        case "limit" | "override" | "reconcile" | "alert":
            return LOOK
        case "stop":
            return BAD if document.get("client_id") is None and document.get("reason") not in _TAKEN_AWAY else None
        case "resume":
            return GOOD
        case "recovery":
            return None if document.get("clean") else BAD
    return None


def summary(document: Fields) -> str:
    """What a line says in a few words; a kind that is new here shows its fields."""
    kind = str(document["kind"])
    tell = _SUMMARIES.get(kind)
    if tell is None:
        own = {name: value for name, value in document.items() if name not in _OWN}
        return " ".join(f"{name}={value}" for name, value in own.items())
    return tell(document)


_COUNTS = frozenset({"losing_streak", "trades_per_day"})


def _limit(line: Fields) -> str:
    """Fractions as percentages, what is counted as it is."""
    spell = "{:g}" if line["name"] in _COUNTS else "{:.2%}"
    return f"{line['name']}: {spell.format(float(line['value']))} of {spell.format(float(line['limit']))}"


def trade_row(trade: Fields) -> Row:
    """One closed trade."""
    profit = float(trade["profit"])
    seconds = (from_iso(trade["exit_at"]) - from_iso(trade["entry_at"])) / 1000
    cells = _TRADE.format(
        trade["seq"],
        trade["pair"],
        when(trade["exit_at"]),
        duration(seconds),
        f"{float(trade['entry_price']):,.7g}",
        f"{float(trade['exit_price']):,.7g}",
        f"{profit:+,.2f}",
        trade["reason"],
    )
    return Row("", cells, GOOD if profit > 0 else BAD)


def explain_rows(document: Fields) -> Iterator[Row]:
    """Why it traded or did not."""
    run = document["run"]
    yield Row("", f"{document['pair']} · candle of {when(document['candle_at'])} UTC · account {document['account']}")
    yield _row("run", f"line {run['seq']}: {run['strategy']}, {run['profile']}, vigie {run['version']}")
    yield from _executed(document)
    for one in document["decisions"]:
        yield Row("", "")
        yield Row(f"line {one['seq']}  ", f"{one['action'].upper()}  {one['reason']}")
        yield _row("numbers", "  ".join(f"{name}={_n(value)}" for name, value in one["numbers"].items()))
        yield from _asked(one)
    yield Row("", "")
    blockers = ", ".join(document["blockers"])
    if document["decisions"]:
        yield _row("blocked by", blockers or "no rule", LOOK if blockers else None)
    for act in document["acts"]:
        yield journal_row(act)


def _executed(document: Fields) -> Iterator[Row]:
    """What was bought and sold inside the candle, and by which order."""
    name = "executed"
    for one in document["executed"]:
        if one["kind"] == "trade":
            yield _row("closed", f"line {one['seq']}: {_trade(one)}, {one['reason']}")
            continue
        order, fill = one.get("order"), one["fill"]
        done = "sold" if order is None or order["side"] == "sell" else "bought"
        leg = "an order that is not ours" if order is None else f"{order['leg']}, order of line {order['seq']}"
        yield _row(name, f"line {one['seq']}: {done} {_n(fill['quantity'])} at {_n(fill['price'])}: {leg}")
        if order is None:
            continue
        if order["trigger"] is not None:
            limit = "" if order["limit"] is None else f", limit {_n(order['limit'])}"
            yield _row("", f"a stop that rested at the venue: trigger {_n(order['trigger'])}{limit}")
        elif order["candle_at"] not in (None, document["candle_at"]):
            at = order["candle_at"][:16]
            yield _row("", f"decided on an earlier candle: vigie journal explain {document['pair']} {at}")


def _row(name: str, text: str, colour: str | None = None) -> Row:
    return Row(f"{name:<12}", text, colour)


def _asked(one: Fields) -> Iterator[Row]:
    if not one["rules"]:
        return
    yield _row("facts", "  ".join(f"{name}={_n(value)}" for name, value in one["facts"].items()))
    for rule in one["rules"]:
        limit = "off" if rule["limit"] is None or rule["limit"] != rule["limit"] else _n(rule["limit"])
        mark, colour = _MARKS.get(rule["verdict"], ("off", None))
        asks = f": {rule['asks']}" if rule["verdict"] == "refuse" else ""
        yield Row(f"{'':<12}{mark} ", f"{rule['rule']}, {rule['number']}={limit}{asks}", colour)
    sizes = one["sizes"]
    if sizes:
        wanted, sized, sent = (_n(sizes.get(name)) for name in ("wanted", "sized", "quantity"))
        yield _row("size", f"{wanted} wanted by the rule, {sized} after caps and filters, {sent} to be sent")
        yield from _caps(sizes.get("caps"))
    if one["agrees"] is None:
        yield _row("again", "not counted again: an earlier vigie wrote this line, and it does not say enough")
    elif one["agrees"]:
        yield _row("again", "counted again from this line and the run: the same verdicts, the same sizes", GOOD)
    for difference in one["differences"]:
        yield _row("DIFFERS", difference, BAD)


def _caps(caps: Fields | None) -> Iterator[Row]:
    """What a size may be at the most, and which of it made the size smaller."""
    if caps is None:
        return
    said = {
        "position": f"{caps['position_fraction']:.1%} of the equity in a position "
        f"(max_position_fraction): {_n(caps['position'])}",
        "cash": f"{caps['cash_fraction']:.1%} of the cash, fee included (cash_fraction): {_n(caps['cash'])}",
        "step": f"whole steps of {_n(caps['step'])}",
        "wallet": "what the wallet pays for at the price that may be asked",
    }
    if caps["cut_by"]:
        yield _row("cut by", "; ".join(said[name] for name in caps["cut_by"]))
    yield _row("allowed", "; ".join(said[name] for name in ("position", "cash") if name not in caps["cut_by"]))


def verify_rows(document: Fields) -> Iterator[Row]:
    """Whether the chain holds."""
    account, lines = document["account"], document["lines"]
    if document["holds"]:
        yield Row(f"{account}: ", f"the chain holds, {lines:,} lines, the last is {document['last_hash']}", GOOD)
    else:
        yield Row(f"{account}: ", f"BROKEN after {lines:,} whole lines: {document['bad']}", BAD)


def rebuild_rows(document: Fields) -> Iterator[Row]:
    """What a rebuild changed."""
    state, model = document["snapshot"], document["read_model"]
    done = "would be rebuilt" if document["dry_run"] else "rebuilt"
    yield Row(f"{document['account']}: ", f"snapshot and read model {done} from {document['lines']:,} lines")
    for problem in state["problems"]:
        yield Row("  was wrong: ", problem, BAD)
    behind = state["lines_behind"]
    if behind:
        yield Row("  ", f"the snapshot was {behind:,} line{'' if behind == 1 else 's'} behind")
    for one in state["changes"]:
        yield Row(f"  {one['path']}: ", f"{one['snapshot']} -> {one['journal']}", LOOK)
    if not state["changes"]:
        yield Row("  ", "the snapshot said the same as the journal")
    before, after = model["rows_before"] or {}, model["rows_after"] or {}
    for table in sorted(set(before) | set(after)):
        old, new = before.get(table, "no table"), after.get(table, "no table")
        yield Row(f"  {table}: ", f"{new} rows" if old == new else f"{old} -> {new} rows", None if old == new else LOOK)


def _n(value: object) -> str:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return str(value)
    return "unknown" if value is None else f"{value:,.8g}" if isinstance(value, int | float) else str(value)


_MARKS = {"refuse": ("NO ", BAD), "pass": ("ok ", None)}
_TAKEN_AWAY = ("lifted",)
"""Why a stop is gone when nothing is wrong."""
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
    mode = "" if line["mode"] == "active" else f", {line['mode']}"
    return f"equity {float(line['equity']):,.2f}, worst {float(line['worst']):.2%}, {line['held']} held{mode}"


def _why(code: int) -> str:
    """An exit's reason in words; one that is new here by its number."""
    try:
        return ExitReason(code).name.lower().replace("_", " ")
    except ValueError:
        return f"reason {code}"


def _run(line: Fields) -> str:
    pairs = " ".join(line["pairs"])
    return f"{line['mode']} {line['strategy']} {line['profile']} {line['timeframe']} {pairs}, process {line['process']}"


def _reconcile(line: Fields) -> str:
    """What is left, and what was done; journals of before say only the first."""
    left = "; ".join(line["differences"]) or "no differences"
    done = [f"{row['kind']}: {row['outcome']}" for row in line.get("rows", ()) if row["done"]]
    return f"{left} (done: {'; '.join(done)})" if done else left


_SUMMARIES: dict[str, Callable[[Fields], str]] = {
    "genesis": lambda line: f"the journal of {line['account']} begins",
    "run": _run,
    "run_end": lambda line: f"{line['reason']}; unprotected: {', '.join(line['unprotected']) or 'nothing'}",
    "baseline": lambda line: f"{_n(line['capital'])} {line['quote']} allocated",
    "flow": lambda line: f"{_n(line['value'])}: {line['reason']}",
    "decision": lambda line: f"{line['pair']} {line['action']}: {line['reason']}".rstrip(": "),
    "wish": lambda line: f"{line['pair']} waits for the next price: {line['reason']}",
    "wish_done": lambda line: f"{line['pair']} {line['outcome']}",
    "leave": lambda line: f"{line['pair']} is to be sold ({_why(line['code'])})",
    "part": lambda line: f"{line['pair']} {line['leg']}: {_n(line['quantity'])}",
    "position": lambda line: f"{line['pair']} stop {_n(line['fixed_stop'])}, trailing {_n(line['trailing'])}",
    "intent": _intent,
    "order": lambda line: f"{line['pair']} {line['learnt']} ({line['client_id']}) {line['message']}".rstrip(),
    "fill": _fill,
    "stop": lambda line: f"{line['pair']} {'' if line['client_id'] is None else 'rests: '}{line['reason']}",
    "trade": _trade,
    "cycle": _cycle,
    "halt": lambda line: f"{line['name']} ({line['mode']}): {line['reason']}",
    "resume": lambda line: f"{line['name']}: {line['reason']}",
    "limit": _limit,
    "request": lambda line: f"{line['kind_asked']}: {line['outcome']}",
    "recovery": lambda line: f"{'clean' if line['clean'] else 'NOT CLEAN'}: {'; '.join(line['steps'])}",
    "reconcile": _reconcile,
    "adopted": lambda line: f"{line['pair']} {_n(line['quantity'])} at {_n(line['price'])}: {line['basis']}",
    "sold_elsewhere": lambda line: f"{_fill(line)}: order {line['order_id']} of somebody else",
    "gone": lambda line: f"{line['pair']} {_n(line['quantity'])}, at no known price: {line['reason']}",
    "busted": lambda line: f"{_fill(line)}: taken back by the venue",
    "left_alone": lambda line: f"{_n(line['quantity'])} {line['asset']} are not ours: {line['reason']}",
    "foreign": lambda line: f"{line['pair']} {line['client_id'] or line['venue_id']}: {line['outcome']}",
    "alert": lambda line: f"{line['topic']}: {line['text']}",
    "override": lambda line: f"{line['what']}: {line['reason']}",
}
