"""Rules are found by file name: a new one is one new file."""

from __future__ import annotations

from pathlib import Path

import vigie.decision.rules
import vigie.decision.sizing
from vigie.decision.registry import gate_rules, sizing_rules


def files(package_file: str | None) -> list[str]:
    return sorted(path.stem for path in Path(str(package_file)).parent.glob("[!_]*.py"))


def test_every_file_of_the_gate_is_a_rule_in_order_of_names() -> None:
    assert [rule.name for rule in gate_rules()] == files(vigie.decision.rules.__file__)


def test_every_file_of_sizing_but_the_common_one_is_a_rule_in_order_of_names() -> None:
    assert [rule.name for rule in sizing_rules()] == [
        name for name in files(vigie.decision.sizing.__file__) if name != "wanted"
    ]
