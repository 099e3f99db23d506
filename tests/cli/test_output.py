from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from cli.output import console, harmless, plain, print_json


def test_json_knows_the_types_of_this_field(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(
        {
            "price": Decimal("0.00001230"),
            "at": datetime(2024, 3, 1, 13, tzinfo=UTC),
            "file": Path("a") / "b",
            "array": np.array([1.5, np.nan, np.inf]),
            "count": np.int64(3),
            "flag": np.bool_(True),
            "none": None,
            "pair": ("Ω", True),
        }
    )
    assert json.loads(capsys.readouterr().out) == {
        "price": "0.00001230",
        "at": "2024-03-01T13:00:00+00:00",
        "file": str(Path("a") / "b"),
        "array": [1.5, None, None],
        "count": 3,
        "flag": True,
        "none": None,
        "pair": ["Ω", True],
    }


def test_what_has_no_place_in_json_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no place"):
        plain({"x": [object()]})


def test_text_on_the_console_is_not_interpreted(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("[bold]BTC[/bold] :smile:")
    assert capsys.readouterr().out == "[bold]BTC[/bold] :smile:\n"


def test_control_characters_are_written_out_and_other_scripts_kept() -> None:
    assert harmless("a\x1b[2Jb\rc\nÉé漢") == "a\\x1b[2Jb\\rc\nÉé漢"
