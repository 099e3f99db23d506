"""``vigie demo``: act after act in a scratch home, until one does not find what it claims."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.signals import Interrupting
from vigie.app.demo import books, research, trading
from vigie.app.demo.act import Act, Played
from vigie.app.demo.stage import Doing, Stage
from vigie.domain.errors import ConfigError, VigieError

SCHEMA = "vigie.demo/1"
NOTE = "synthetic market, learnable on purpose: it says nothing of real markets"

ACTS: Sequence[Act] = (
    Act("market", "A market that never was", "what can be learnt here is known beforehand", research.market),
    Act("backtest", "Backtest", "fees, slippage and stops are counted in, and tries are counted", research.backtest),
    Act("noise", "Walk-forward on noise", "luck gets no certificate", research.noise, fast=False),
    Act("walk-forward", "Walk-forward", "what is claimed was measured out of sample", research.walk_forward),
    Act("kill", "Live, and killed at the worst instant", "every step is on disk before it is sent", trading.killed),
    Act("recovery", "Recovery", "no order is sent twice, no fill is forgotten", trading.recovered),
    Act("stop", "Protection", "no position is left without a stop", trading.protected),
    Act("halt", "Halt", "a human halt survives everything, and takes no stop away", trading.halted),
    Act("resume", "Resume", "only who saw what halts it can lift it", trading.resumed),
    Act("books", "Reconciliation", "journal and exchange tell the same", books.reconciled),
    Act("parity", "Parity", "what was tested is what trades", books.parity, fast=False),
    Act("verify", "The journal holds", "nobody changes the past unnoticed", books.verified),
    Act("explain", "The journal explains", "every trade can be explained afterwards", books.explained),
)


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """What is to be shown.

    Attributes:
        keep: the home is made there and stays; None: a scratch folder that goes.
        fast: some acts are left out, others are shorter.
    """

    keep: Path | None = None
    fast: bool = False

    @property
    def acts(self) -> tuple[Act, ...]:
        """Those that are played."""
        return tuple(one for one in ACTS if one.fast or not self.fast)


def demo(
    request: DemoRequest,
    *,
    doing: Doing = lambda _: None,
    begins: Callable[[Act], None] = lambda _: None,
    told: Callable[[Played], None] = lambda _: None,
    acts: Sequence[Act] | None = None,
) -> dict[str, Any]:
    """Play, and tell what was found; a document of JSON's own types.

    The first act that fails is the last one. Nothing that was started outlives the call.

    Args:
        request: what is to be shown.
        doing: told what is being done, while it is.
        begins: told each act before it.
        told: each act after it.
        acts: others; None: those of the request.

    Raises:
        ConfigError: the folder to keep it in is not empty, or cannot be made.
    """
    clock = SystemClock()
    began = clock.now_ms()
    acts = request.acts if acts is None else acts
    played: list[Played] = []
    with Interrupting() as interrupting, _home(request.keep) as home:
        stage = Stage(home, doing, request.fast, interrupting=interrupting)
        try:
            for act in acts:
                begins(act)
                played.append(_play(act, stage, clock))
                told(played[-1])
                if not played[-1].passed:
                    break
        finally:
            stage.close()
    return {
        "schema": SCHEMA,
        "note": NOTE,
        "synthetic": True,
        "fast": request.fast,
        "passed": len(played) == len(acts) and all(one.passed for one in played),
        "seconds": round((clock.now_ms() - began) / 1000, 1),
        "home": None if request.keep is None else str(request.keep.resolve()),
        "acts": [
            {
                "name": one.act.name,
                "title": one.act.title,
                "proves": one.act.proves,
                "passed": one.passed,
                "seen": one.text,
                "seconds": round(one.seconds, 1),
                "facts": dict(one.facts),
            }
            for one in played
        ],
    }


def _play(act: Act, stage: Stage, clock: SystemClock) -> Played:
    began = clock.now_ms()
    try:
        seen = act.play(stage)
    except (VigieError, OSError) as error:
        text = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
        return Played(act, False, text, (clock.now_ms() - began) / 1000)
    except (KeyError, ValueError, TypeError) as error:
        # A document or a line without what the act looks for there: that is not found, too.
        return Played(act, False, f"{type(error).__name__}: {error}", (clock.now_ms() - began) / 1000)
    return Played(act, True, seen.text, (clock.now_ms() - began) / 1000, seen.facts)


@contextmanager
def _home(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        scratch = Path(mkdtemp(prefix="vigie-demo-"))
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise ConfigError(f"--keep {keep}: there is something in it: name a folder that is empty, or none yet")
    except OSError as error:
        raise ConfigError(f"--keep {keep}: {error.strerror or error}") from error
    yield keep.resolve()
