"""``vigie.toml`` and ``.env`` as examples: every key with its default, its bounds and a sentence.

A line that begins with ``#`` and no blank is a key at its default, or an example: taking the ``#`` away sets it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from vigie.app.home import keys, variables
from vigie.app.home.keys import Key

WIDTH = 100
ACTIVE = ("strategy", "profile", "timeframe", "pairs", "capital")
"""Keys of the paper account that stand there without a ``#``: what somebody changes first."""


def toml_example(home: Path) -> str:
    """``vigie.toml`` with a paper account, and everything else as remarks.

    Args:
        home: whose strategies can be named.
    """
    paper = [_toml(one, active=one.name in ACTIVE) for one in keys.account_keys()]
    live = [
        Key("strategy", "ema_cross", "a name of `vigie strategy list`", "what decides; proved by a certificate", False),
        Key("pairs", ["BTC/USDT"], "at least one", "what is traded", usual=False),
        Key("capital", 1000, "more than 0", "quote allocated; must be said", usual=False),
    ]
    blocks = [
        _remark(
            "vigie.toml: the accounts of this home, and how they are looked after. `vigie config check` tells every "
            "problem, `vigie config show` what is in force. A line that begins with # and no blank sets something when "
            "the # is taken away; it shows the default, or an example where there is none. Secrets stand in .env."
        ),
        _remark("What trades with play money: `vigie paper`."),
        "\n".join(["[accounts.paper]", *paper]),
        _remark(
            "Real money: a name that begins with live-, API keys in .env, a certificate of `vigie walk-forward "
            "--promote`; then `vigie doctor --account live-main --go-live`. What else can be set is as for paper above."
        ),
        _table("accounts.live-main", live),
        _remark("Who is told of what."),
        _table("mail", keys.mail_keys()),
        _table("mail.routes", keys.route_keys()),
        _table("mail.throttle", keys.throttle_keys()),
        _remark("When those who watch an account speak up."),
        _table("watch", keys.watch_keys()),
        _remark("What is asked for health: `vigie serve`, `vigie paper --health`."),
        _table("health", keys.health_keys()),
        _remark("What a trading process does once a day besides trading."),
        _table("backup", keys.backup_keys()),
        _remark("Log files."),
        _table("logs", keys.log_keys()),
        _remark("What `vigie reconcile --apply` and every start do about what does not agree with the venue."),
        _table("accounts.paper.reconcile", keys.reconcile_keys()),
        _remark("When parameters are looked for anew: `vigie reoptimise`."),
        _table("accounts.paper.reoptimise", keys.reoptimise_keys()),
        _remark(
            "Numbers of the strategy and of the profile, here those of ema_stochrsi and standard; `vigie strategy show "
            "NAME` lists any other's."
        ),
        _table("accounts.paper.parameters", keys.parameter_keys(home)),
    ]
    return "\n\n".join(blocks) + "\n"


def env_example(home: Path) -> str:
    """``.env`` with everything as remarks.

    Args:
        home: whose strategies can be named.
    """
    blocks = [
        _remark(
            ".env: secrets, and settings that differ from machine to machine. Nobody else may be able to read it "
            "(chmod 600 .env), and it belongs in no repository. The environment of the process says more than this "
            "file, this file more than vigie.toml. A line that begins with # and no blank sets something when the # is "
            "taken away. "
            "Of another account, say live-main: VIGIE_LIVE_MAIN_ in the place of VIGIE_PAPER_."
        ),
        _remark("Secrets; empty ones are none. Keys that may read and trade, and nothing else."),
        *map(_variable, variables.secret_variables("live-main", "binance")),
        _remark("Log files."),
        *map(_variable, variables.log_variables()),
        _remark("Account paper; over [accounts.paper] of vigie.toml."),
        *map(_variable, variables.account_variables("paper", home)),
        _remark(
            "Of the process alone: set these in its environment, they do nothing here. VIGIE_LIVE_ACCOUNT is said by a "
            "person at each start of an account with real money."
        ),
        *(_said(one) for one in variables.process_variables()),
    ]
    return "\n\n".join(blocks) + "\n"


def _table(name: str, rows: Sequence[Key]) -> str:
    return "\n".join([f"#[{name}]", *(_toml(one, active=False) for one in rows)])


def _toml(one: Key, *, active: bool) -> str:
    return f"{_about(one)}\n{'' if active else '#'}{one.name} = {_value(one.value)}"


def _value(value: Any) -> str:  # noqa: ANN401, RUF100 - of TOML's own types
    # Texts, numbers, true and false, and lists of texts are written in JSON as they are in TOML.
    return json.dumps(value, ensure_ascii=False)


def _variable(one: Key) -> str:
    return f"{_about(one)}\n#{one.name}={_word(one.value)}"


def _said(one: Key) -> str:
    word = _word(one.value)
    return _remark(f"{one.name}{f'={word}' if word else ''}: {_sentence(one)}")


def _word(value: Any) -> str:  # noqa: ANN401, RUF100 - of TOML's own types
    text = ",".join(value) if isinstance(value, list) else str(value)
    return f'"{text}"' if " " in text or "*" in text else text


def _about(one: Key) -> str:
    return _remark(_sentence(one))


def _sentence(one: Key) -> str:
    text = f"{one.help[0].upper()}{one.help[1:]}. Allowed: {one.allowed}."
    return f"{text} Default: {_word(one.value) or 'none'}." if one.usual else text


def _remark(text: str) -> str:
    return "\n".join(_commented(textwrap.wrap(text, WIDTH - 2, break_on_hyphens=False, break_long_words=False)))


def _commented(lines: Iterable[str]) -> list[str]:
    return [f"# {line}" for line in lines]
