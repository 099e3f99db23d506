"""What is logged: reports, alerts, ticks, errors; and where it can be read. See docs/logs_and_metrics.md."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.env_file import FILE as ENV_FILE
from vigie.adapters.env_file import read_env
from vigie.adapters.logs import ACCOUNTS, KINDS
from vigie.adapters.logs.files import Once, log_file
from vigie.adapters.logs.masks import mask_of
from vigie.adapters.storage.locks import hold
from vigie.app.logs.settings import log_settings
from vigie.app.pasted import SECRET_WORDS, pasted_secrets
from vigie.domain.errors import ConfigError, VigieError
from vigie.domain.names import suggestion
from vigie.domain.portfolio import Portfolio

_MOST_SECRET_BYTES = 65_536
_URGENT, _WARNING = "URGENT: ", "warning: "


def secrets_in_reach(home: Path, environment: Mapping[str, str] | None = None) -> list[str]:
    """Every value that this process could come to know and nobody may read: they are masked wherever they turn up.

    From the environment whatever is called a key, secret, password or token; all of those in ``.env``; all files of the
    credentials folder.
    """
    there = os.environ if environment is None else environment
    named = {**read_env(home / ENV_FILE).values, **there}
    found = [value for name, value in named.items() if any(word in name.upper() for word in SECRET_WORDS)]
    folder = there.get("CREDENTIALS_DIRECTORY")
    if folder:
        with contextlib.suppress(OSError):
            found += [_text(one) for one in Path(folder).iterdir() if one.is_file()]
    return [one for one in found if one and not Path(one).is_absolute()]


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST_SECRET_BYTES).decode("utf-8", "replace").strip()


class Ears:
    """Hears what a run says, writes it into the log, and hands it on."""

    def __init__(
        self,
        logger: logging.Logger,
        report: Callable[[str], None],
        told: Callable[[str, Sequence[str], Portfolio], None],
        now_ms: Callable[[], int],
    ) -> None:
        self._logger, self._report, self._told = logger, report, told
        self.now_ms = now_ms
        """The time that lines are given; a replay puts its own here."""

    def report(self, sentence: str) -> None:
        """A sentence for people."""
        self.note(sentence)
        self._report(sentence)

    def note(self, sentence: str) -> None:
        """A sentence for the log alone."""
        level = logging.INFO
        if sentence.startswith(_URGENT):
            level = logging.CRITICAL
        elif sentence.lower().startswith(_WARNING):
            level = logging.WARNING
        self._logger.log(level, "%s", sentence)

    def told(self, mode: str, problems: Sequence[str], account: Portfolio) -> None:
        """A tick."""
        self.tick(mode, problems, account)
        self._told(mode, problems, account)

    def tick(self, mode: str, problems: Sequence[str], account: Portfolio) -> None:
        """A tick for the log alone."""
        from vigie.reporting.account import tick_line

        level = logging.WARNING if problems else logging.INFO
        self._logger.log(level, "%s", tick_line(mode, problems, account))


@contextmanager
def logged(
    home: Path,
    kind: str,
    name: str,
    *,
    report: Callable[[str], None] = lambda _: None,
    told: Callable[[str, Sequence[str], Portfolio], None] = lambda _, __, ___: None,
    now_ms: Callable[[], int] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Ears]:
    """Keep a log of what a block says, and of the error that ends it, with its traceback.

    Args:
        home: the user's folder.
        kind: of `KINDS`.
        name: of the account or the command. A second process of the same name writes a file of its own.
        report: sentences go on to it.
        told: ticks go on to it.
        now_ms: the time that lines are given; None: the machine's.
        environment: of the process; None: its own.

    Raises:
        ConfigError: what the settings say of logs means nothing.
    """
    settings = log_settings(home, environment)
    time = now_ms or SystemClock().now_ms
    complain = Once()
    with ExitStack() as stack:
        path = stack.enter_context(_claimed(settings.folder / kind, name, complain))
        ears: Ears | None = None
        logger = stack.enter_context(
            log_file(
                kind,
                name,
                path,
                form=settings.format,
                level=settings.level,
                mask=mask_of([*secrets_in_reach(home, environment), *pasted_secrets(home)]),
                now_ms=lambda: time() if ears is None else ears.now_ms(),
                complain=complain,
            )
        )
        ears = Ears(logger, report, told, time)
        logger.info("vigie %s, process %d", version("vigie"), os.getpid())
        try:
            yield ears
            logger.info("ended")
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            logger.info("interrupted")
            raise
        except VigieError as error:
            logger.exception("%s", error)  # noqa: TRY401, RUF100 - the sentence comes first, its traceback below
            raise
        except BaseException as error:
            logger.critical("%s: %s", type(error).__name__, error, exc_info=True)
            raise


@contextmanager
def _claimed(folder: Path, name: str, complain: Callable[[str], None]) -> Iterator[Path]:
    """A file that no other process writes to: the one of the name, or, if that is taken, one with our number in it."""
    with ExitStack() as stack:
        path = folder / f"{name}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                stack.enter_context(hold(lock_of(path), wait=False))
            except BlockingIOError:
                path = folder / f"{name}-{os.getpid()}.log"
                stack.enter_context(hold(lock_of(path), wait=False))
        except OSError as error:
            complain(f"{folder}: logs cannot be written ({error.strerror or error}); nothing else hangs on them")
        yield path


def lock_of(path: Path) -> Path:
    """The file that is locked by who writes a log."""
    return path.with_name(f".{path.name}.lock")


def _is_open(path: Path) -> bool:
    """Whether a process writes to this very file; its old ones are closed."""
    lock = lock_of(path)
    if path.suffix != ".log" or not lock.exists():
        return False
    try:
        hold(lock, wait=False).close()
    except BlockingIOError:
        return True
    return False


def archive_logs(home: Path, older_than_days: float) -> dict[str, Any]:
    """Pack away log files that were last written so many days ago. Twice is as once.

    Raises:
        ConfigError: what the settings say of logs means nothing.
    """
    from vigie.adapters.logs.archive import FOLDER, archive

    folder = log_settings(home).folder
    before = SystemClock().now_ms() - round(older_than_days * 86_400_000)
    done = archive(folder, before, _is_open)
    return {
        "schema": "vigie.logs.archive/1",
        "folder": str(folder / FOLDER),
        "archived": [str(one.relative_to(folder)) for one in done.files],
        "in_use": [str(one.relative_to(folder)) for one in done.open],
        "problems": done.problems,
    }


def log_path(home: Path, kind: str | None, account: str | None) -> Path:
    """The log that a person means.

    Args:
        home: the user's folder.
        kind: of `KINDS`; None: of an account, whichever it is.
        account: the account, or the command; None: the one that was written last.

    Raises:
        ConfigError: there is none; names those that there are.
    """
    if kind is not None and kind not in KINDS:
        raise ConfigError(f"--kind {kind}: there is no such{suggestion(kind, set(KINDS))}: {', '.join(KINDS)}")
    logs = log_settings(home).folder
    folders = [logs / one for one in ((kind,) if kind else ACCOUNTS)]
    # An earlier vigie wrote what happens on paper among the live ones: the one that is called paper counts.
    there = {one.name.removesuffix(".log"): one for folder in folders for one in folder.glob("*.log")}
    if account is None and there:
        return max(there.values(), key=lambda one: (one.stat().st_mtime_ns, one.name))
    if account is not None and account in there:
        return there[account]
    known = f"there are: {', '.join(sorted(there))}" if there else "what runs writes one"
    raise ConfigError(
        f"{folders[0] if kind else logs}: there is no log{'' if account is None else f' of {account}'}; {known}"
    )
