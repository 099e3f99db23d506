"""A result as one self-contained HTML page: no server, no network, no second file."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from vigie.reporting.charts import payload
from vigie.reporting.sections import body, head_title
from vigie.research.result import BacktestResult

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


def html(result: BacktestResult, trials: int | None = None) -> str:
    """The report; about 5 MB of it are the chart library.

    Args:
        result: a backtest.
        trials: tries counted by the trial ledger, this one included; None: not counted.
    """
    return _PAGE.format(
        title=head_title(result),
        style=_asset("report.css"),
        body=body(result, trials),
        # A "</script>" inside a text would end the element.
        data=json.dumps(payload(result), separators=(",", ":"), allow_nan=False).replace("</", "<\\/"),
        plotly=_plotly(),
        script=_asset("report.js"),
    )


@cache
def _asset(name: str) -> str:
    return (files("vigie.reporting") / "page" / name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    # The file itself, not plotly.offline: that would import the whole library for one string.
    return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
