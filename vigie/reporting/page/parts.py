"""What all pages are made of: header, notes, cards, sections, tables. Pieces of HTML in, HTML out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from vigie.reporting.numbers import MISSING


def header(title: str, subject: str, fine_print: str, statements: Sequence[str], loud: Sequence[str]) -> str:
    """The head of the page, with what its numbers stand on.

    Args:
        title: the strategy.
        subject: what it traded.
        fine_print: versions and hashes, HTML.
        statements: what the numbers were measured over, in reading order.
        loud: those of them that nobody may overlook.
    """
    pills = "".join(_pill(one, "loud" if one in loud else "") for one in statements)
    return (
        f'<header><div><div class="top"><div><h1>{escape(title)}<small>{escape(subject)}</small></h1>'
        f'<p class="quiet">{fine_print}</p></div><button id="theme">dark / light</button></div>'
        f'<div class="scope">{pills}</div></div></header>'
    )


def _pill(text: str, kind: str) -> str:
    return f'<span class="{kind}">{escape(text)}</span>' if kind else f"<span>{escape(text)}</span>"


def hashes(version: str, code_hash: str, strategy_hash: str) -> str:
    """Which code it was, in one line."""
    return (
        f"vigie {escape(version)} · code <code>{escape(code_hash[:12])}</code> · "
        f"strategy <code>{escape(strategy_hash[:12])}</code>"
    )


def warnings(sentences: Iterable[str]) -> str:
    """What a reader must know first."""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<section class="notes"><ul>{items}</ul></section>' if items else ""


def card(label: str, number: str, below: str, *, about: str = "", tone: str = "") -> str:
    """One number with its name above and its nearest relative below; plain text."""
    return (
        f'<div class="card" title="{escape(about)}"><b>{escape(label)}</b>'
        f'<strong class="{tone}">{escape(number)}</strong><i>{escape(below)}</i></div>'
    )


def cards(each: Iterable[str]) -> str:
    """A row of cards."""
    return f'<div class="cards">{"".join(each)}</div>'


def section(title: str, about: str, buttons: str, content: str) -> str:
    """A titled box; buttons and content are HTML."""
    said = f"<p>{escape(about)}</p>" if about else ""
    return f'<section><div class="head"><div><h2>{escape(title)}</h2>{said}</div>{buttons}</div>{content}</section>'


def plot(name: str) -> str:
    """The place that the script draws a chart in."""
    return f'<div id="{name}" class="plot"></div>'


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], last: str = "", *, kind: str = "") -> str:
    """Cells are HTML already.

    Args:
        headings: plain text.
        rows: of cells.
        last: class of the last column.
        kind: class of the table.
    """
    classes = [""] * (len(headings) - 1) + [last]
    head = "".join(f'<th class="{one}">{escape(name)}</th>' for name, one in zip(headings, classes, strict=False))
    lines = "".join(
        "<tr>"
        + "".join(f"<td>{cell}</td>" for cell in row[:-1])
        + (f'<td class="{last}">' if last else "<td>")
        + f"{row[-1]}</td></tr>"
        for row in rows
    )
    named = f' class="{kind}"' if kind else ""
    return f'<div class="scroll"><table{named}><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'


def identity(groups: Iterable[tuple[str, Mapping[str, object]]]) -> str:
    """Names and values by group: enough to run it again."""
    parts = "".join(f"<div><h3>{escape(title)}</h3>{_facts(facts)}</div>" for title, facts in groups)
    about = "enough to run it again and get the same numbers"
    return section("What was run", about, "", f'<div class="identity">{parts}</div>')


def _facts(facts: Mapping[str, object]) -> str:
    return table((), [(escape(name), f"<code>{escape(str(value))}</code>") for name, value in facts.items()])


def footer(statements: Iterable[str]) -> str:
    """The same statements once more, where a reader of the last table looks."""
    said = " · ".join(statements)
    return f"<footer>Every number on this page: {escape(said)}. Risk-free rate 0. Times are UTC.</footer>"


def pressed(state: bool) -> str:
    """The state of a button that stays down."""
    return f'aria-pressed="{"true" if state else "false"}"'


def bar(share: float) -> str:
    """A small bar, 90 pixels for the whole."""
    return f'<span class="bar" style="width:{90.0 * share:.0f}px"></span>'


def tone(value: float) -> str:
    """The class of a number by its sign."""
    return "gain" if value > 0.0 else "loss" if value < 0.0 else ""


def signed(value: float, text: str) -> str:
    """A number in the colour of its sign."""
    return f'<span class="{tone(value)}">{text}</span>'


def or_missing(value: float | None, show: Callable[[float], str]) -> str:
    """A number, or that there is none."""
    return MISSING if value is None else show(value)
