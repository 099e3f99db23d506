"""The frame of every HTML report: one self-contained file, no server, no network, no second file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
<script type="application/json" id="data">{data}</script>
<script>{plotly}</script>
<script>
{script}</script>
</body>
</html>
"""


def framed(title: str, body: str, data: Mapping[str, Any], script: str) -> str:
    """A whole page; about 5 MB of it are the chart library.

    Args:
        title: of the browser's tab, plain text.
        body: everything between the body tags but the scripts, HTML.
        data: what the script draws, ready for JSON.
        script: name of the page's own script, a file beside this one; it defines ``drawAll``.

    Raises:
        ValueError: NaN or an infinity in the data.
    """
    return _PAGE.format(
        title=escape(title),
        style=_asset("frame.css"),
        body=body,
        # A "</script>" inside a text would end the element.
        data=json.dumps(data, separators=(",", ":"), allow_nan=False).replace("</", "<\\/"),
        plotly=_plotly(),
        script=_asset("frame.js") + _asset(script),
    )


@cache
def _asset(name: str) -> str:
    return (files("vigie.reporting") / "page" / name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    # The file itself, not plotly.offline: that would import the whole library for one string.
    return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
