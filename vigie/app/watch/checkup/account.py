"""The account: settings, keys, candles, certificate, drills, paper history, journal, rules, halts."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from vigie.adapters.storage import kill_switch
from vigie.adapters.storage.journal_files import segments, tail, verify, walk
from vigie.app.accounts import account_folder, known, state_folder
from vigie.app.config import check as check_config
from vigie.app.secrets import keys_of, variables
from vigie.app.settings import account_names
from vigie.app.trading.live import live_plan
from vigie.app.trading.setups import plan_of
from vigie.app.watch.checkup.patient import FAIL, LOOK, OK, SKIPPED, Check, Patient
from vigie.domain.errors import ConfigError
from vigie.domain.names import SYNTHETIC
from vigie.domain.timeframe import DAY_MS

PAPER_DAYS = 30
"""Of paper trading before real money."""


def configuration(patient: Patient) -> Check:
    """What `vigie.toml` says, but for certificate and keys, which have checks of their own."""
    named = patient.account in _named(patient.home)
    document = check_config(patient.home, patient.account if named else None, patient.environment)
    # Certificate and keys have checks of their own.
    found = [one for one in document["problems"] if "certificate" not in one and "keys are missing" not in one]
    if found:
        return Check("settings", FAIL, "; ".join(found), "vigie config check")
    if not named:
        text = f"vigie.toml says nothing of {patient.account}: defaults"
        return Check("settings", patient.lacking(needed=patient.go_live), text, f"write [accounts.{patient.account}]")
    return Check("settings", OK, f"vigie.toml names {patient.account}")


def _named(home: Path) -> list[str]:
    try:
        return account_names(home)
    except ConfigError:
        return []


def keys(patient: Patient) -> Check:
    """Where the keys are, if they are needed."""
    if not patient.live:
        return Check("keys", SKIPPED, "paper needs none")
    venue = patient.settings.venue
    keys = keys_of(patient.account, venue, patient.home, patient.environment)
    if keys.problems:
        return Check("keys", FAIL, "; ".join(keys.problems), "as it says")
    if not keys.secrets.api_key or not keys.secrets.secret:
        own = variables(patient.account, venue)[0]
        return Check("keys", FAIL, "not found", f"set {own[0]} and {own[1]} (docs/live.md)")
    return Check("keys", OK, f"{len(keys.names)} found ({keys.source})")


def candles(patient: Patient) -> Check:
    """Whether there is anything to prove a certificate on."""
    from vigie.adapters.market_data.sample import sample_pairs
    from vigie.adapters.market_data.store import CandleStore

    store, settings = CandleStore.of(patient.home), patient.settings
    # The sample market lies in a folder of its own, and no venue has it for download.
    venues = {one: SYNTHETIC if one in sample_pairs() else settings.venue for one in settings.pairs}
    missing = [one for one, venue in venues.items() if not store.path(venue, one, settings.timeframe).exists()]
    if not missing:
        return Check("candles", OK, f"{len(settings.pairs)} pairs are stored")
    names, timeframe = ", ".join(map(str, missing)), settings.timeframe
    if set(missing) <= set(sample_pairs()):
        return Check("candles", LOOK, f"none stored of {names}: nothing to prove a certificate on", "vigie data sample")
    hint = f"vigie data download {' '.join(map(str, missing))} --timeframe {timeframe} --exchange {settings.venue}"
    return Check("candles", LOOK, f"none stored of {names}: nothing to prove a certificate on", hint)


def journal(patient: Patient) -> Check:
    """Whether the chain holds."""
    folder = patient.folder / "journal"
    if not segments(folder):
        return Check("journal", SKIPPED, "the account has not begun")
    found = verify(folder, patient.account)
    if found.bad is not None:
        return Check("journal", FAIL, found.bad, "vigie journal verify; docs/journal.md; a backup")
    return Check("journal", OK, f"{found.last_seq:,} lines, the chain holds")


def halts(patient: Patient) -> list[Check]:
    """Who keeps it from trading: a halt of all accounts, latches of its own, stopped marker."""
    found = []
    bad = patient.lacking(needed=patient.go_live)
    why = kill_switch.reason_to_halt(state_folder(patient.home))
    found.append(
        Check("halt of all", OK, "none")
        if why is None
        else Check("halt of all", bad, why, f"vigie status --account {patient.account} shows the code for vigie resume")
    )
    if not patient.folder.exists():
        return [*found, Check("own latches", OK, "none")]
    standing = patient.standing
    names = [f"{name} ({latch.mode})" for name, latch in sorted(standing.latches.items())]
    if names:
        hint = f"vigie status --account {patient.account} shows the code for vigie resume"
        found.append(Check("own latches", bad, ", ".join(names), hint))
    else:
        found.append(Check("own latches", OK, "none"))
    if standing.stopped is not None:
        found.append(Check("stopped", bad, standing.stopped, f"vigie start --account {patient.account}"))
    return found


def halt_test(_: Patient) -> Check:
    """Throw a kill switch of a folder of its own, and see it."""
    with TemporaryDirectory(prefix="vigie-doctor-") as name:
        folder = Path(name)
        kill_switch.halt_first(folder, "a test")
        seen = kill_switch.reason_to_halt(folder)
        kill_switch.lift(folder)
        if seen is None or kill_switch.reason_to_halt(folder) is not None:
            return Check("halt test", FAIL, "a kill switch that was thrown was not seen", "do not trade; tell us")
    return Check("halt test", OK, "a kill switch that is thrown is seen, and lifted")


def certificate(patient: Patient) -> Check:
    """Whether its parameters are proved."""
    missing = patient.lacking(needed=patient.live)
    if patient.live:
        cover = live_plan(patient.settings, patient.home)[1]
    else:
        from vigie.app.research.certificates import cover_of

        made = plan_of(patient.settings, patient.home)
        cover = cover_of(patient.home, made, patient.settings.pairs, patient.settings.timeframe)
    if cover.name is None:
        return Check("certificate", missing, cover.missing, "vigie walk-forward --promote writes one")
    if cover.synthetic:
        return Check(
            "certificate", missing, f"{cover.name} stands on candles that never happened",
            "it holds at a simulated exchange alone",
        )  # fmt: skip
    return Check("certificate", OK, cover.name)


def drills(patient: Patient) -> Check:
    """Whether the fire drills were passed, with these settings and this vigie."""
    missing, hint = patient.lacking(needed=patient.go_live), f"vigie drill --account {patient.account}"
    try:
        document = json.loads((patient.folder / "drills.json").read_bytes())
        passed, complete, at = bool(document["passed"]), bool(document["complete"]), str(document["at"])
        same = (document["config_hash"], document["code_hash"]) == _hashes(patient)
    except FileNotFoundError:
        return Check("drills", missing, "none were done", hint)
    except (ValueError, KeyError, TypeError) as error:
        return Check("drills", missing, f"their record cannot be read ({error})", hint)
    if not passed or not complete:
        return Check("drills", missing, "not all were passed" if complete else "only some were done", hint)
    if not same:
        return Check("drills", missing, f"those of {at[:10]} were of other settings or another vigie", hint)
    return Check("drills", OK, f"all passed, {at[:10]}")


def _hashes(patient: Patient) -> tuple[str, str]:
    from vigie.app.drill.stage import drill_setup

    setup = drill_setup(patient.settings, patient.home)
    return setup.config_hash, setup.code_hash


def paper_history(patient: Patient) -> Check:
    """Days between first and last line of paper accounts with the same strategy and timeframe."""
    if not patient.live:
        return Check("paper history", SKIPPED, "this is paper")
    best, name = 0.0, ""
    for account in known(patient.home):
        if account == "paper" or account.startswith("paper-"):
            days = _paper_days(patient, account)
            best, name = (days, account) if days > best else (best, name)
    text = f"{best:.0f} days{f' of {name}' if name else ''}"
    if best >= PAPER_DAYS:
        return Check("paper history", OK, text)
    hint = f"{PAPER_DAYS} days of vigie paper with the same strategy, timeframe and pairs"
    return Check("paper history", patient.lacking(needed=patient.go_live), text, hint)


def _paper_days(patient: Patient, account: str) -> float:
    folder = account_folder(patient.home, account) / "journal"
    wanted = (patient.settings.strategy, str(patient.settings.timeframe), {str(one) for one in patient.settings.pairs})
    first: int | None = None
    for line in walk(folder, 0, account):
        if line.kind == "run":
            same = (line.fields["strategy"], line.fields["timeframe"]) == wanted[:2]
            first = (first or line.at) if same and set(line.fields["pairs"]) >= wanted[2] else None
    last = tail(folder, 1)
    return 0.0 if first is None or not last else (last[-1].at - first) / DAY_MS


def ten_rules(patient: Patient) -> Check:
    """R1 to R10, asked of what there is."""
    if not segments(patient.folder / "journal"):
        return Check("R1-R10", SKIPPED, "no journal to ask yet")
    from vigie.app.journal.governing import checked

    document = checked(patient.home, patient.account, None, None)
    if document["holds"]:
        asked = sum(one["word"] == "pass" for one in document["invariants"])
        return Check("R1-R10", OK, f"{asked} invariants hold over {document['lines']:,} lines")
    breaches = "1 breach" if document["count"] == 1 else f"{document['count']} breaches"
    return Check("R1-R10", FAIL, breaches, f"vigie govern check --account {patient.account}")
