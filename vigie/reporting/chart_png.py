"""Equity over time as a small picture for a mail."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from vigie.domain.instants import as_datetime
from vigie.reporting.notices.words import money

WIDTH, HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 18, 34, 34
_INK, _GREY, _GRID, _LINE, _FILL = "#1f2933", "#616e7c", "#e4e7eb", "#1f5fbf", "#dbe8fb"
_LEVELS = 4


def equity_png(points: Sequence[tuple[int, float]], title: str) -> bytes:
    """A PNG of a line.

    Args:
        points: epoch milliseconds and quote, in order; at least two.
        title: above it.
    """
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    values = [value for _, value in points]
    low, high = _bounds(min(values), max(values))
    first, last = points[0][0], points[-1][0]
    span = max(1, last - first)

    def place(at: int, value: float) -> tuple[float, float]:
        x = _LEFT + (WIDTH - _LEFT - _RIGHT) * (at - first) / span
        return x, HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value - low) / (high - low)

    draw.text((_LEFT, 9), title, fill=_INK, font=font)
    _grid(draw, font, low, high, place, first)
    floor = HEIGHT - _BOTTOM
    line = [place(at, value) for at, value in _thinned(points)]
    draw.polygon([(line[0][0], floor), *line, (line[-1][0], floor)], fill=_FILL)
    for one, other in pairwise(line):
        draw.line([one, other], fill=_LINE, width=2)
    for at, anchor in ((first, "la"), (first + span // 2, "ma"), (last, "ra")):
        words = as_datetime(at).strftime("%d %b %Y")
        draw.text((place(at, low)[0], floor + 9), words, fill=_GREY, font=font, anchor=anchor)
    raw = io.BytesIO()
    picture.save(raw, "PNG", optimize=True)
    return raw.getvalue()


def _bounds(low: float, high: float) -> tuple[float, float]:
    room = (high - low) * 0.08 or abs(high) * 0.01 or 1.0
    return low - room, high + room


def _grid(draw: Any, font: Any, low: float, high: float, place: Any, first: int) -> None:  # noqa: ANN401, RUF100
    for step in range(_LEVELS + 1):
        value = low + (high - low) * step / _LEVELS
        y = place(first, value)[1]
        draw.line([(_LEFT, y), (WIDTH - _RIGHT, y)], fill=_GRID)
        draw.text((_LEFT - 8, y), money(value), fill=_GREY, font=font, anchor="rm")


def _thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """No more points than there are pixels; lows and highs stay."""
    room = WIDTH - _LEFT - _RIGHT
    if len(points) <= room:
        return list(points)
    size = -(-len(points) // (room // 2))
    found: list[tuple[int, float]] = []
    for start in range(0, len(points), size):
        part = points[start : start + size]
        found += sorted({min(part, key=lambda one: one[1]), max(part, key=lambda one: one[1])})
    return found
