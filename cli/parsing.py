"""How the text of an option is read: ranges, pairs, parameters, scenarios, speeds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from vigie.domain.errors import ConfigError
from vigie.domain.pair import Pair
from vigie.domain.timeframe import DAY_MS

BASIS_POINTS = 10_000.0

_DAY = re.compile(r"\d{8}")
_SECONDS = re.compile(r"\d{9,10}")
_MILLISECONDS = re.compile(r"\d{12,13}")


def parse_timerange(text: str | None) -> tuple[int | None, int | None]:
    """Read ``20200101-20250630``.

    Each end is a UTC day or an instant in epoch seconds or milliseconds, and either may be left out.

    Returns:
        First instant included and first instant excluded, epoch milliseconds, None: open. A day as the end is
        included as a whole, so the second number is the midnight after it.

    Raises:
        ConfigError: not of this form, no such day, or the end is not after the start.
    """
    if text is None:
        return None, None
    start_text, dash, end_text = text.strip().partition("-")
    if not dash or not (start_text or end_text) or "-" in end_text:
        raise ConfigError(
            f"timerange '{text}' is not of the form FROM-TO: write 20200101-20250630, or 20200101- for all after it"
        )
    start_ms = _instant(start_text, text, day_end=False) if start_text else None
    end_ms = _instant(end_text, text, day_end=True) if end_text else None
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        raise ConfigError(f"timerange '{text}' ends before it starts")
    return start_ms, end_ms


def _instant(word: str, whole: str, *, day_end: bool) -> int:
    if _MILLISECONDS.fullmatch(word):
        return int(word)
    if _SECONDS.fullmatch(word):
        return int(word) * 1000
    if not _DAY.fullmatch(word):
        raise ConfigError(f"timerange '{whole}': '{word}' is neither a day like 20200131 nor an epoch time")
    try:
        midnight = datetime.strptime(word, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        raise ConfigError(f"timerange '{whole}': there is no day {word}") from None
    return int(midnight.timestamp()) * 1000 + (DAY_MS if day_end else 0)


def parse_pairs(text: str | None) -> tuple[Pair, ...] | None:
    """Read ``BTC/USDT,ETH/USDT``; None stays None (all pairs there are).

    Raises:
        ConfigError: every word that is not a pair, every pair named twice, or no pair at all.
    """
    if text is None:
        return None
    pairs: list[Pair] = []
    problems: list[str] = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            pair = Pair.parse(word)
        except ConfigError as error:
            problems.extend(error.problems)
            continue
        if pair in pairs:
            problems.append(f"pair {pair} is named twice")
        pairs.append(pair)
    if not pairs and not problems:
        problems.append("no pair given: write for instance --pairs BTC/USDT,ETH/USDT")
    if problems:
        raise ConfigError(problems)
    return tuple(pairs)


def parse_pair(text: str | None) -> str | None:
    """Read one pair, as it is spelled in the journal; None stays None.

    Raises:
        ConfigError: not a pair.
    """
    return None if text is None else str(Pair.parse(text))


def parse_params(given: Sequence[str] | None) -> dict[str, str]:
    """Read repeated ``NAME=VALUE`` words, in order.

    Raises:
        ConfigError: every word without a name or an equals sign, every name given twice.
    """
    values: dict[str, str] = {}
    problems: list[str] = []
    for word in given or ():
        name, equals, value = (part.strip() for part in word.partition("="))
        if not (name and equals and value):
            problems.append(f"'{word}' is not of the form NAME=VALUE, for instance fast=20")
        elif name in values:
            problems.append(f"parameter '{name}' is given twice")
        values[name] = value
    if problems:
        raise ConfigError(problems)
    return values


def assignments(option: str, words: Sequence[str] | None) -> dict[str, str]:
    """Read ``NAME=VALUE`` words of an option; the last of a name counts.

    Raises:
        ConfigError: every word that is not of this form.
    """
    found, problems = dict[str, str](), list[str]()
    for word in words or ():
        name, sign, value = (part.strip() for part in word.partition("="))
        if not sign or not name or not value:
            problems.append(f"{option} '{word}' is not of the form NAME=VALUE")
            continue
        found[name] = value
    if problems:
        raise ConfigError(problems)
    return found


def overrides(
    params: Sequence[str] | None,
    *,
    wallet: str | None = None,
    capital: float | None = None,
    fee_bps: float | None = None,
    slippage_bps: float | None = None,
) -> dict[str, str]:
    """Everything the user changed, by the name that ``--param`` knows; basis points become fractions.

    Raises:
        ConfigError: a malformed ``--param``, or a number given both ways.
    """
    options = {
        "wallet": wallet,
        "capital": capital,
        "fee_fraction": None if fee_bps is None else fee_bps / BASIS_POINTS,
        "slippage_fraction": None if slippage_bps is None else slippage_bps / BASIS_POINTS,
    }
    given = {name: str(value) for name, value in options.items() if value is not None}
    named = parse_params(params)
    twice = sorted(set(given) & set(named))
    if twice:
        raise ConfigError([f"{name} is given both by its option and by --param" for name in twice])
    return given | named


def parse_list(text: str, option: str) -> tuple[str, ...]:
    """Read ``1h,4h``, in order.

    Raises:
        ConfigError: nothing between two commas, or a word that is given twice.
    """
    words = tuple(word.strip() for word in text.split(","))
    if not all(words):
        raise ConfigError(f"{option} '{text}': there is nothing between two commas")
    twice = sorted({word for word in words if words.count(word) > 1})
    if twice:
        raise ConfigError([f"{option} '{text}': {word} is named twice" for word in twice])
    return words


def parse_scenarios(given: Sequence[str] | None) -> dict[str, dict[str, str]]:
    """Read repeated ``NAME:KEY=VALUE,KEY=VALUE`` words, in order: overrides by the name of their scenario.

    The keys are those of ``--param``, and ``fee_bps`` and ``slippage_bps`` in basis points.

    Raises:
        ConfigError: every word without a name or a colon, every malformed override, every name given twice.
    """
    scenarios: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    for word in given or ():
        name, colon, changes = (part.strip() for part in word.partition(":"))
        if not (name and colon) or "=" in name:
            problems.append(f"'{word}' is not of the form NAME:KEY=VALUE,KEY=VALUE, for instance dear:fee_bps=20")
            continue
        if name in scenarios:
            problems.append(f"scenario '{name}' is given twice")
        try:
            scenarios[name] = _changes(changes)
        except ConfigError as error:
            problems += [f"scenario '{name}': {problem}" for problem in error.problems]
    if problems:
        raise ConfigError(problems)
    return scenarios


def _changes(text: str) -> dict[str, str]:
    named = parse_params(text.split(",") if text else ())
    costs = {key: _basis_points(key, named.pop(key)) for key in ("fee_bps", "slippage_bps") if key in named}
    return overrides(
        [f"{key}={value}" for key, value in named.items()],
        fee_bps=costs.get("fee_bps"),
        slippage_bps=costs.get("slippage_bps"),
    )


def _basis_points(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1000.0:
        raise ConfigError(f"{name}={text}: must be a number between 0 and 1000")
    return number


def parse_dates(text: str | None) -> tuple[int, ...]:
    """Read ``20220101,20230101``: midnights in epoch milliseconds; None: no dates.

    Raises:
        ConfigError: a word that is neither a day nor an epoch time.
    """
    return tuple(_instant(word.strip(), text, day_end=False) for word in text.split(",")) if text else ()


def parse_speed(text: str) -> float | None:
    """Read ``max`` (None) or how many times faster than time a replay goes.

    Raises:
        ConfigError: neither.
    """
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed < float("inf"):
        raise ConfigError(f"--speed {text}: write max, or how many times faster than time, for instance 3600")
    return speed
