"""``vigie journal`` and its commands, on accounts whose lines are known and on a replay by the engine."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.accounts import AT, EXIT_ID, closed, filled, learnt, planned
from tests.fakes.accounts_on_disk import PROTECTED, begun, marked
from tests.fakes.command_line import Said, Vigie
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.journal_lines import spell, understand
from vigie.domain import events as e
from vigie.domain.order import Leg
from vigie.domain.order_status import Learnt

SOLD: tuple[e.Event, ...] = (
    *PROTECTED,
    planned(EXIT_ID, Leg.EXIT),
    learnt(Learnt.SENT, EXIT_ID),
    filled(EXIT_ID, trade_id="t2", price="110", fee="0.22", fee_value="0.22", at=AT + 1),
    learnt(Learnt.FILLED, EXIT_ID),
    closed("19.78"),
    marked(),
)
DAY_MS = 86_400_000


def rewritten(folder: Path, change: Callable[[int, dict[str, object]], None]) -> None:
    """The journal with some lines changed, and every hash made anew: what a forger would do."""
    digest, fresh = "0" * 64, b""
    (file,) = sorted((folder / "journal").glob("*.jsonl"))[:1]
    content = b"".join(one.read_bytes() for one in sorted((folder / "journal").glob("*.jsonl")))
    for raw in content.splitlines():
        line = understand(raw)
        change(line.seq, line.fields)
        made, digest = spell(line.seq, line.at, line.kind, line.version, digest, line.fields)
        fresh += made
    for one in (folder / "journal").glob("*.jsonl"):
        one.unlink()
    file.write_bytes(fresh)


def test_the_last_lines_are_shown_and_can_be_chosen_by_kind_pair_and_time(vigie: Vigie, home: Path) -> None:
    begun(home, events=SOLD)
    last = vigie("journal", "--last", 3, "--json").document["lines"]
    assert [line["kind"] for line in last] == ["trade", "cycle", "run_end"]
    assert len(vigie("journal").out.splitlines()) == 20
    kinds = vigie("journal", "--kind", "fill", "--kind", "halt", "--json").document["lines"]
    assert [line["fill"]["price"] for line in kinds] == ["100", "110"]
    by_pair = vigie("journal", "--pair", "btc/usdt", "--last", 200, "--json").document["lines"]
    assert {line["kind"] for line in by_pair} >= {"intent", "fill", "trade", "decision"}
    assert not {line["kind"] for line in by_pair} & {"run", "cycle", "genesis"}
    assert vigie("journal", "--pair", "ETH/USDT", "--json").document["lines"] == []
    every = vigie("journal", "--since", "20200101", "--json").document["lines"]
    assert [line["seq"] for line in every] == list(range(len(SOLD) + 3))
    assert vigie("journal", "--since", "2099-01-01T00:00", "--json").document["lines"] == []
    assert vigie("journal", "--since", "yesterday").code == 78
    said = vigie("journal", "--kind", "fil", "--kind", "é")
    assert (said.code, "unknown kind 'fil'; did you mean 'fill'?" in said.err) == (78, True)


def test_every_kind_of_line_has_words_of_its_own(vigie: Vigie, replayed_account: Path) -> None:
    said = vigie("journal", "--last", 100_000)
    assert said.code == 0
    text = said.out
    for words in ("the journal of replay-1 begins", "ema_stochrsi", "waits for the next price", "stop-loss-limit"):
        assert words in text
    assert "{" not in text, "no line is shown as raw fields"


def test_one_line_is_shown_with_all_its_fields(vigie: Vigie, home: Path) -> None:
    begun(home, events=SOLD)
    document = vigie("journal", "show", 2, "--json").document
    assert (document["kind"], document["capital"]) == ("baseline", "1000")
    said = vigie("journal", "show", 999)
    assert (said.code, said.err) == (78, "error: the journal of paper has no line 999\n")


def test_verify_holds_and_names_the_first_bad_line_with_exit_3(vigie: Vigie, home: Path) -> None:
    folder = begun(home, events=SOLD)
    said = vigie("journal", "verify", "--json")
    assert (said.code, said.document["holds"], said.document["lines"]) == (0, True, len(SOLD) + 3)
    (file,) = (folder / "journal").glob("*.jsonl")
    content = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*content[:4], content[4].replace(b"1", b"2", 1), *content[5:]]))
    said = vigie("journal", "verify")
    assert said.code == 3
    assert f"{file}: line 5" in said.out
    file.write_bytes(b"".join(content[:-2]))
    said = vigie("journal", "verify")
    assert said.code == 3
    assert "lines are lost" in said.out


def test_an_account_without_a_journal_has_none_to_verify(vigie: Vigie, home: Path) -> None:
    (home / "state" / "paper" / "requests").mkdir(parents=True)
    said = vigie("journal", "verify")
    assert (said.code, said.out) == (3, "paper: BROKEN after 0 whole lines: there is no journal\n")
    assert vigie("journal", "--json").document["lines"] == []


def test_trades_are_listed_with_their_reason_and_profit(vigie: Vigie, replayed_account: Path) -> None:
    trades = vigie("journal", "trades", "--json").document["trades"]
    assert len(trades) >= 3
    account = json.loads((replayed_account / "state.json").read_text())["portfolio"]
    kept = [one["profit"] for one in trades]
    assert all({"reason", "entry_at", "exit_at", "quantity"} <= set(one) for one in trades)
    assert len(vigie("journal", "trades").out.splitlines()) == 1 + len(trades), "a heading and a line each"
    assert vigie("journal", "trades", "--last", 2, "--json").document["trades"] == trades[-2:]
    only = vigie("journal", "trades", "--pair", trades[0]["pair"], "--json").document["trades"]
    assert {one["pair"] for one in only} == {trades[0]["pair"]}
    assert not account["holdings"], "the replay ends flat"
    assert float(sum(map(Decimal, kept))) == pytest.approx(
        float(account["cash"]) - float(account["capital"]), rel=1e-12
    )


def decisions(vigie: Vigie, action: str) -> list[dict[str, object]]:
    lines = vigie("journal", "--kind", "decision", "--last", 100_000, "--json").document["lines"]
    return [one for one in lines if one["action"] == action]


def explained(vigie: Vigie, line: dict[str, object], *words: object) -> Said:
    return vigie("journal", "explain", line["pair"], line["candle_at"], *words)


def test_every_entry_and_refusal_of_a_replay_is_counted_again_from_its_journal_alone(
    vigie: Vigie, replayed_account: Path
) -> None:
    for file in replayed_account.iterdir():
        if file.is_file():
            file.unlink()
    asked = [*decisions(vigie, "enter"), *decisions(vigie, "refuse")]
    assert {one["action"] for one in asked} == {"enter", "refuse"}
    for line in asked:
        said = explained(vigie, line, "--json")
        assert said.code == 0, said.out
        told = [one for one in said.document["decisions"] if one["rules"]]
        assert [one["agrees"] for one in told] == [True] * len(told)
        assert told


def test_a_refusal_names_its_blockers_and_an_entry_its_sizes_and_its_orders(
    vigie: Vigie, replayed_account: Path
) -> None:
    refused = explained(vigie, decisions(vigie, "refuse")[0], "--json").document
    assert refused["blockers"]
    (entered, *_) = decisions(vigie, "enter")
    document = explained(vigie, entered, "--json").document
    assert document["blockers"] == []
    sizes = document["decisions"][-1]["sizes"]
    assert sizes["wanted"] >= sizes["sized"] >= sizes["quantity"] > 0
    assert {one["kind"] for one in document["acts"]} >= {"wish", "intent", "order", "fill", "stop"}
    screen = explained(vigie, entered).out
    assert "counted again from this line and the run: the same verdicts, the same sizes" in screen
    assert "blocked by  no rule" in screen


def test_a_sale_is_explained_at_its_own_time_with_the_stop_that_was_hit(vigie: Vigie, replayed_account: Path) -> None:
    trade = next(one for one in vigie("journal", "trades", "--json").document["trades"] if one["reason"] == "stop")
    said = vigie("journal", "explain", trade["pair"], trade["exit_at"])
    assert said.code == 0
    fill, stop, closed = [one for one in said.out.splitlines() if one.startswith(("executed", " ", "closed"))][:3]
    assert re.fullmatch(r"executed    line \d+: sold [\d.,]+ at [\d.,]+: stop, order of line \d+", fill)
    assert "a stop that rested at the venue: trigger " in stop
    assert closed.startswith(f"closed      line {trade['seq']}: {trade['pair']} ")
    assert closed.endswith(", stop")
    begun_with = vigie("journal", "explain", trade["pair"], trade["entry_at"]).out
    assert re.search(rf"executed +line \d+: bought .*: entry, order of line \d+\n +decided on an earlier candle: "
                     rf"vigie journal explain {trade['pair']} 2020-", begun_with)  # fmt: skip


def test_a_sale_in_a_candle_that_nobody_decided_on_is_told_all_the_same(vigie: Vigie, home: Path) -> None:
    folder = begun(home, events=SOLD)
    assert folder.exists()
    (trade,) = vigie("journal", "trades", "--json").document["trades"]
    document = vigie("journal", "explain", trade["pair"], trade["exit_at"], "--json").document
    assert "trade" in [one["kind"] for one in document["executed"]]


def test_what_made_a_size_smaller_is_named(vigie: Vigie) -> None:
    assert vigie("paper", "--replay", "--account", "replay-2", "--timerange", "20240113-20240113").code == 0
    said = explained(vigie, decisions(vigie, "enter")[0], "--json").document["decisions"][-1]["sizes"]
    caps = said["caps"]
    assert said["wanted"] > caps["position"] >= said["sized"] > caps["position"] - caps["step"]
    assert caps["cut_by"] == ["position", "step"]
    screen = explained(vigie, decisions(vigie, "enter")[0]).out
    assert re.search(r"cut by +33\.3% of the equity in a position \(max_position_fraction\): [\d.]+; whole", screen), (
        screen
    )
    assert re.search(r"allowed +100\.0% of the cash, fee included \(cash_fraction\): [\d,.]+", screen), screen


def test_all_that_count_the_lines_of_a_journal_count_the_same(vigie: Vigie, replayed_account: Path) -> None:
    written = sum(len(one.read_bytes().splitlines()) for one in (replayed_account / "journal").glob("*.jsonl"))
    counted = {
        "verify": vigie("journal", "verify", "--json").document["lines"],
        "tax": vigie("journal", "tax", "--year", "2020", "--json").document["journal_lines"],
        "rebuild": vigie("journal", "rebuild", "--dry-run", "--json").document["lines"],
        "govern": vigie("govern", "check", "--json").document["lines"],
        "status": vigie("status", "--json").document["journal_lines"],
    }
    assert counted == dict.fromkeys(counted, written)


def test_what_was_journalled_wrongly_does_not_agree_and_exits_3(vigie: Vigie, replayed_account: Path) -> None:
    (entered, *_) = decisions(vigie, "enter")

    def forge(seq: int, fields: dict[str, object]) -> None:
        if seq == entered["seq"]:
            fields["verdicts"] = {**fields["verdicts"], "cooldown": "refuse"}  # type: ignore[dict-item]
            fields["numbers"] = {**fields["numbers"], "wanted": 1.0}  # type: ignore[dict-item]

    rewritten(replayed_account, forge)
    assert vigie("journal", "verify").code == 0, "the chain holds: only counting again finds it"
    said = explained(vigie, entered)
    assert said.code == 3
    assert "cooldown: refuse journalled, pass counted again" in said.out
    assert "wanted: 1.0 journalled" in said.out


def test_an_instant_inside_the_candle_means_that_candle_and_no_candle_gets_a_sentence(
    vigie: Vigie, replayed_account: Path
) -> None:
    (entered, *_) = decisions(vigie, "enter")
    inside = vigie("journal", "explain", entered["pair"], int(str(entered["candle_at"])) + 59 * 60_000, "--json")
    assert inside.document == explained(vigie, entered, "--json").document
    said = vigie("journal", "explain", entered["pair"], "20300101")
    assert said.code == 78
    assert "the nearest decisions are of 2020-02-03 23:00" in said.err
    unknown = vigie("journal", "explain", "SOL/USDT", "20300101")
    assert (unknown.code, "no decision about SOL/USDT" in unknown.err) == (78, True)
    assert vigie("journal", "show", 999_999).code == 78


def test_a_line_of_an_earlier_vigie_is_shown_and_not_counted_again(vigie: Vigie, replayed_account: Path) -> None:
    (entered, *_) = decisions(vigie, "enter")

    def older(seq: int, fields: dict[str, object]) -> None:
        if seq == entered["seq"]:
            fields["numbers"] = {"reference": 1.0, "wanted": 1.0, "quantity": 1.0}

    rewritten(replayed_account, older)
    said = explained(vigie, entered)
    assert said.code == 0
    assert "not counted again" in said.out


def test_an_export_has_a_row_per_line_and_a_column_per_field_of_a_kind(
    vigie: Vigie, home: Path, tmp_path: Path
) -> None:
    begun(home, events=SOLD)
    whole, fills, table = tmp_path / "all.csv", tmp_path / "fills.csv", tmp_path / "fills.parquet"
    assert vigie("journal", "export", "--output", whole).code == 0
    rows = list(csv.DictReader(io.StringIO(whole.read_text())))
    assert [int(row["seq"]) for row in rows] == list(range(len(SOLD) + 3))
    assert json.loads(rows[2]["fields"])["capital"] == "1000"
    assert vigie("journal", "export", "--kind", "fill", "--output", fills).code == 0
    rows = list(csv.DictReader(io.StringIO(fills.read_text())))
    assert [row["fill.price"] for row in rows] == ["100", "110"]
    assert vigie("journal", "export", "--kind", "fill", "--format", "parquet", "--output", table).code == 0
    import pyarrow.parquet as pq

    assert pq.read_table(table).column("fill.price").to_pylist() == ["100", "110"]
    said = vigie("journal", "export", "--format", "xlsx", "--output", whole)
    assert (said.code, said.err) == (78, "error: --format xlsx: choose one of csv, parquet\n")
    assert vigie("journal", "export", "--format", "parquet").code == 78, "no binary words on a terminal"


def test_a_whole_replay_goes_into_parquet(vigie: Vigie, replayed_account: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    for kind in ("decision", "position", "intent", "cycle", "run"):
        file = tmp_path / f"{kind}.parquet"
        assert vigie("journal", "export", "--kind", kind, "--format", "parquet", "--output", file).code == 0
        assert pq.read_table(file).num_rows > 0


def test_the_tax_table_is_bound_to_the_journal_by_checksums(vigie: Vigie, home: Path) -> None:
    begun(home, events=SOLD)
    document = vigie("journal", "tax", "--year", 2025, "--json").document
    (row,) = document["rows"]
    assert (row["cost"], row["proceeds"], row["gain"], row["fee"], row["fee_asset"]) == (
        "200", "219.78", "19.78", "0.22", "USDT",
    )  # fmt: skip
    assert document["fees"] == {"USDT": "0.22"}
    said = vigie("journal", "tax", "--year", 2025)
    *lines, last = said.out.splitlines()
    digest = hashlib.sha256(("\n".join(lines) + "\n").encode()).hexdigest()
    assert digest in last
    assert document["journal_hash"] == vigie("journal", "verify", "--json").document["last_hash"]
    assert document["journal_hash"] in last
    assert vigie("journal", "tax", "--year", 2024, "--json").document["rows"] == []
    assert vigie("journal", "tax", "--year", 2025, "--method", "hifo").code == 78


@pytest.mark.parametrize("method", ["fifo", "lifo", "average"])
def test_the_gains_of_all_methods_add_up_to_the_profits_of_the_trades(
    vigie: Vigie, replayed_account: Path, method: str
) -> None:
    gain = Decimal(vigie("journal", "tax", "--year", 2020, "--method", method, "--json").document["gain"])
    trades = vigie("journal", "trades", "--json").document["trades"]
    fills = vigie("journal", "--kind", "fill", "--last", 100_000, "--json").document["lines"]
    assert len(fills) >= 2 * len(trades)
    profit = sum(Decimal(one["profit"]) for one in trades)
    assert vigie("status", "--json").document["positions"] == [], "all that was bought was sold"
    # A trade's profit is cut to 28 digits, the table is not.
    assert abs(gain - profit) < Decimal("1e-18")


def test_a_rebuild_makes_snapshot_and_read_model_and_says_what_changed(vigie: Vigie, replayed_account: Path) -> None:
    before = json.loads((replayed_account / "state.json").read_text())["portfolio"]
    said = vigie("journal", "rebuild", "--json")
    assert said.code == 0
    assert said.document["snapshot"]["changes"] == []
    assert said.document["snapshot"]["lines_behind"] == 0
    trades = len(vigie("journal", "trades", "--json").document["trades"])
    assert said.document["read_model"]["rows_after"]["trades"] == trades
    assert json.loads((replayed_account / "state.json").read_text())["portfolio"] == before
    for name in ("state.json", "state.json.bak"):
        (replayed_account / name).write_text("{")
    dry = vigie("journal", "rebuild", "--dry-run", "--json").document
    assert any(one["path"] == "cash" for one in dry["snapshot"]["changes"])
    assert (replayed_account / "state.json").read_text() == "{"
    assert "was wrong" in vigie("journal", "rebuild").out
    assert json.loads((replayed_account / "state.json").read_text())["portfolio"] == before
    assert vigie("status").code == 0


def test_a_rebuild_waits_for_no_engine_and_takes_no_damaged_journal(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    with AccountLock.take(folder, SystemClock()):
        assert vigie("journal", "rebuild").code == 4
    (file,) = (folder / "journal").glob("*.jsonl")
    content = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*content[:3], *content[4:]]))
    said = vigie("journal", "rebuild")
    assert said.code == 70
    assert "line 4" in said.err


def test_words_of_the_guide_name_kinds_that_exist() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "journal.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE))
    assert named == set(e.KINDS) | {"genesis"}
