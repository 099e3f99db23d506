"""A real Prometheus, and its own tool: every name is a series, the page and the rules are as they have to be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.parse
from pathlib import Path

import pytest

from tests.fakes.command_line import Vigie
from tests.fakes.eyes import free_ports, get
from tests.fakes.serving import served

PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(PROMETHEUS is None or PROMTOOL is None, reason="no Prometheus: apt-get install prometheus"),
]
MONITORING = Path(__file__).resolve().parents[2] / "deploy" / "monitoring"
SEED = (
    "predictions_count", "trades_executed", "prediction_latency_milliseconds_bucket",
    "prediction_latency_milliseconds_sum", "prediction_latency_milliseconds_count", "equity_percentage", "sl_hit_rate",
    "tp_hit_rate", "trades_successful", "trades_failed", "equity_value", "drawdown_percentage", "api_errors",
    "model_errors", "signals", "positions", "predictions_count_total", "trades_executed_total",
)  # fmt: skip
OWN = ("healthy", "running", "heartbeat_age_seconds", "unprotected_positions", "halts", "mode", "predictions_untimed")
ALLOWED = re.compile(
    r'\S+ counter metrics should have "_total" suffix'
    r'|morningstar_predictions_count non-histogram and non-summary metrics should not have "_count" suffix'
    r'|morningstar_prediction_latency_milliseconds use base unit "seconds" instead of "milliseconds"'
)
"""What promtool says of the seed's own names, and of nothing else."""
CASES = """
rule_files: [{rules}]
evaluation_interval: 15s
tests:
  - interval: 15s
    input_series:
      - {{series: 'morningstar_drawdown_percentage{{job="vigie",instance="a"}}', values: '5x10 12x20'}}
      - {{series: 'vigie_unprotected_positions{{job="vigie",instance="a"}}', values: '0x4 1x40'}}
      - {{series: 'up{{job="vigie",instance="a"}}', values: '1x40'}}
    alert_rule_test:
      - {{eval_time: 2m, alertname: VigieDrawdown, exp_alerts: []}}
      - eval_time: 5m
        alertname: VigieDrawdown
        exp_alerts:
          - exp_labels: {{severity: warning, job: vigie, instance: a}}
            exp_annotations: {{summary: "a: 12 % below the highest equity"}}
      - {{eval_time: 2m, alertname: VigieUnprotected, exp_alerts: []}}
      - eval_time: 5m
        alertname: VigieUnprotected
        exp_alerts:
          - exp_labels: {{severity: critical, job: vigie, instance: a}}
            exp_annotations: {{summary: "a: 1 positions have no stop at the venue"}}
      - {{eval_time: 5m, alertname: VigieNotAnswering, exp_alerts: []}}
"""


def promtool(*words: object, page: bytes | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROMTOOL), *map(str, words)], input=None if page is None else page.decode(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_rules_and_the_example_are_taken_by_promtool_and_alerts_fire_when_they_should(tmp_path: Path) -> None:
    for words in (("check", "rules", MONITORING / "alerts.yml"), ("check", "config", MONITORING / "prometheus.yml")):
        said = promtool(*words)
        assert said.returncode == 0, said.stdout + said.stderr
    (tmp_path / "cases.yml").write_text(CASES.format(rules=MONITORING / "alerts.yml"))
    said = promtool("test", "rules", tmp_path / "cases.yml")
    assert said.returncode == 0, said.stdout + said.stderr


def test_a_real_prometheus_scrapes_and_every_name_is_a_series(
    vigie: Vigie, candles: Path, home: Path, tmp_path: Path
) -> None:
    # It ends while something is held, after trades were closed: every name has something to say.
    days = ("--account", "replay-1", "--timerange", "20200201-20200207")
    assert vigie("paper", "--replay", *days, "--data", candles, "--quiet").code == 0
    words = ("serve", "--account", "replay-1", "--health-port", "0", "--metrics-port", "0", "--json")
    (port,) = free_ports(1)
    with served(*words, home=home) as (document, _):
        metrics = document["ports"]["metrics"]
        code, page = get(f"http://127.0.0.1:{metrics}/metrics")
        assert code == 200
        lint = promtool("check", "metrics", page=page).stderr.strip().splitlines()
        assert [line for line in lint if not ALLOWED.fullmatch(line)] == []
        text = (MONITORING / "prometheus.yml").read_text()
        text = text.replace("127.0.0.1:8888", f"127.0.0.1:{metrics}").replace("15s", "1s")
        (tmp_path / "prometheus.yml").write_text(text)
        shutil.copy(MONITORING / "alerts.yml", tmp_path)
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(PROMETHEUS), f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path}/db",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log,
            )  # fmt: skip
        try:
            wanted = [f"morningstar_{one}" for one in SEED] + [f"vigie_{one}" for one in OWN]
            missing, end = wanted, time.monotonic() + 40
            while missing and time.monotonic() < end:
                time.sleep(1.0)
                missing = [name for name in wanted if not series(port, name)]
            assert missing == [], (tmp_path / "log").read_text()[-2000:]
            assert len(series(port, "morningstar_predictions_count")) == 1
            (literal,), (total,) = (series(port, f"morningstar_predictions_count{end}") for end in ("", "_total"))
            (count,) = series(port, "morningstar_prediction_latency_milliseconds_count")
            assert literal["value"][1] == total["value"][1] == count["value"][1] != "0"
            assert all(one["value"][1] == "1" for one in series(port, "up"))
        finally:
            process.terminate()
            process.wait(20)


def series(port: int, name: str) -> list[dict[str, list[str]]]:
    try:
        _, body = get(f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(name)}")
        found: list[dict[str, list[str]]] = json.loads(body)["data"]["result"]
    except (OSError, ValueError, KeyError):
        return []
    return found
