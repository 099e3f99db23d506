"""What supervisors want to read of an account: a unit of systemd, a line of cron, a task of Windows. Only printed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from vigie.app.program import own_program
from vigie.app.secrets import variables
from vigie.app.settings import account_settings, check_name
from vigie.app.trading.live import PREFIX, VARIABLE
from vigie.domain.errors import ConfigError
from vigie.domain.timeframe import Timeframe

QUARTER = Timeframe.parse("15m")
"""How often a job is called: a minute after each quarter of an hour every zone has its closes, and stops are looked at
in between; what there is to decide, if anything, vigie knows."""
SCHEDULE = "1,16,31,46 * * * *"


@dataclass(frozen=True, slots=True)
class Deployed:
    """An account, and where it is to run.

    Attributes:
        account: its name.
        home: the user's folder, absolute.
        program: vigie, absolute.
        timeframe: of its decisions.
        venue: where it trades.
        user: whom it runs as.
        words: more words for the command line.
        credentials: names of secrets besides the account's keys.
    """

    account: str
    home: Path
    program: Path
    timeframe: Timeframe
    venue: str
    user: str = "vigie"
    words: Sequence[str] = ()
    credentials: Sequence[str] = ()

    @property
    def live(self) -> bool:
        """It trades real money."""
        return self.account.startswith(PREFIX)

    def command(self, *more: str) -> list[str]:
        """The command line, word by word."""
        return [
            str(self.program), "live" if self.live else "paper", "--account", self.account, *self.words, *more,
        ]  # fmt: skip


def deployed(
    home: Path,
    account: str,
    *,
    program: Path | None = None,
    user: str = "vigie",
    words: Sequence[str] = (),
    credentials: Sequence[str] = (),
) -> Deployed:
    """An account as ``vigie.toml`` has it, and where it is to run.

    Args:
        home: the user's folder.
        account: its name.
        program: vigie; None: the one that runs now.
        user: whom a unit runs as.
        words: more words for its command line.
        credentials: names of secrets that it needs besides the account's keys.

    Raises:
        ConfigError: a name or a path that cannot be, or settings that cannot be.
    """
    settings = account_settings(home, check_name(account))
    found = program or own_program()
    given = [("path", str(home)), ("path", str(found)), ("user", user), *(("word", one) for one in words)]
    given += [("credential", one) for one in credentials]
    problems = [
        f"{what} {text!r}: control characters cannot stand in a unit, a crontab or a task"
        for what, text in given
        if not text.isprintable()
    ]
    if problems:
        raise ConfigError(problems)
    return Deployed(
        account, home.resolve(), found.absolute(), settings.timeframe, settings.venue, user, words, credentials
    )


# --- systemd ----------------------------------------------------------------------------------------------------------


def systemd_unit(one: Deployed) -> str:
    """A system unit: started anew whatever happens, 30 s later, unless it was stopped on purpose (78).

    Readiness and watchdog: `vigie.adapters.systemd`. Settings: systemd.service(5), systemd.exec(5).
    """
    name = f"vigie-{one.account}.service"
    return f"""\
# {name}: account {one.account}, kept alive by systemd.
#
#   vigie deploy systemd --account {one.account} --print | sudo tee /etc/systemd/system/{name}
#   sudo systemctl daemon-reload
#   sudo systemctl enable --now {name}

[Unit]
Description=vigie, account {one.account}
Wants=network-online.target
After=network-online.target time-sync.target

[Service]
Type=notify
NotifyAccess=main
User={one.user}
WorkingDirectory={_unit_word(one.home)}
ExecStart={_unit_command(one.command())}
Environment={_unit_word(f"VIGIE_HOME={one.home}", quoted=True)}
Environment=PYTHONUNBUFFERED=1 TZ=UTC
{_affirmation(one)}
Restart=always
RestartSec=30
# Stopped on purpose, or settings that cannot be: a person has to look.
RestartPreventExitStatus=78
TimeoutStartSec=180
# Said after each tick, which comes every 60 s: silence for so long is a hang.
WatchdogSec=180
TimeoutStopSec=45
KillMode=mixed
{_credentials(one)}
# Hardening. MemoryDenyWriteExecute is left out: numba compiles.
ReadWritePaths={_unit_word(one.home, quoted=True)}
ProtectSystem=strict
ProtectHome=read-only
NoNewPrivileges=yes
CapabilityBoundingSet=
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0077
LimitCORE=0

[Install]
WantedBy=multi-user.target
"""


def _affirmation(one: Deployed) -> str:
    if not one.live:
        return "# Paper: no money."
    line = f"#Environment={VARIABLE}={one.account}"
    return f"# Real money: whoever wants it takes the # away. Without it every start ends with 78.\n{line}"


def _credentials(one: Deployed) -> str:
    names = list(variables(one.account, one.venue)[0][:2]) if one.live else []
    names += [name for name in one.credentials if name not in names]
    if not names:
        return "# No secrets."
    lines = [f"LoadCredential={name}:/etc/vigie/{name}" for name in names]
    return "\n".join(["# One file for each secret, mode 600, owned by root.", *lines])


def _unit_command(words: Sequence[str]) -> str:
    """A command line as a unit has it: variables would be put into all words but the first."""
    program, *rest = (_unit_word(word, quoted=True) for word in words)
    return " ".join([program, *(word.replace("$", "$$") for word in rest)])


def _unit_word(word: object, *, quoted: bool = False) -> str:
    """A word as a unit has it: no specifier, one word."""
    text = str(word).replace("%", "%%")
    if not quoted:
        return text
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"' if not text or any(letter in text for letter in " '\"\\;") else text


# --- cron -------------------------------------------------------------------------------------------------------------


def cron_lines(one: Deployed) -> str:
    """Lines of a crontab, for any zone that cron may count in.

    Raises:
        ConfigError: candles of such a length cannot be had by calls.
    """
    _require_quarters(one.timeframe)
    words = " ".join(shlex.quote(word) for word in one.command("--once"))
    home = shlex.quote(str(one.home))
    said = f"{VARIABLE}={one.account} " if one.live else ""
    line = f"cd {home} && {said}VIGIE_HOME={home} {words} >> logs/cron.log 2>&1".replace("%", "\\%")
    return "\n".join(
        [
            f"# account {one.account}: called each quarter of an hour; add these lines by crontab -e",
            "# Between two calls only the stops that rest at the venue are there: a process that stays is better.",
            *(["# Real money: whoever wants it takes the # away from the last line."] if one.live else []),
            f"{'#' if one.live else ''}{SCHEDULE} {line}",
            "",
        ]
    )


def _require_quarters(timeframe: Timeframe) -> None:
    if timeframe.milliseconds % QUARTER.milliseconds:
        raise ConfigError(
            f"a call each quarter of an hour comes too late for candles of {timeframe}: let a process stay, "
            "by PM2, systemd, or vigie deploy task without --once"
        )


# --- Windows ----------------------------------------------------------------------------------------------------------


def windows_task(one: Deployed, *, once: bool = False) -> str:
    """A task for Windows' Task Scheduler, as it imports it (schema 1.2).

    Args:
        one: what is to run.
        once: one call each quarter of an hour; False: a process that is started with the machine and started anew.

    Raises:
        ConfigError: ``once``, and the candles are too short for it.
    """
    if once:
        _require_quarters(one.timeframe)
    _, *words = one.command(*(["--once"] if once else []))
    arguments = " ".join(_windows_word(word) for word in words)
    trigger = (
        """\
    <TimeTrigger>
      <StartBoundary>2024-01-01T00:01:00Z</StartBoundary>
      <Repetition><Interval>PT15M</Interval></Repetition>
    </TimeTrigger>"""
        if once
        else "    <BootTrigger><Delay>PT30S</Delay></BootTrigger>"
    )
    again = "" if once else "\n    <RestartOnFailure><Interval>PT1M</Interval><Count>255</Count></RestartOnFailure>"
    return f"""\
<?xml version="1.0"?>
<!-- In PowerShell, as administrator:
     Register-ScheduledTask -TaskName NAME -Xml (Get-Content FILE.xml | Out-String)
     Stop it by `vigie stop`, not by the Task Scheduler, which kills.{_windows_money(one)} -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>vigie, account {one.account}</Description></RegistrationInfo>
  <Triggers>
{trigger}
  </Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>{"true" if once else "false"}</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>{"PT55M" if once else "PT0S"}</ExecutionTimeLimit>{again}
  </Settings>
  <Actions>
    <Exec>
      <Command>{escape(str(one.program))}</Command>
      <Arguments>{escape(arguments)}</Arguments>
      <WorkingDirectory>{escape(str(one.home))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def _windows_money(one: Deployed) -> str:
    text = f"\n     Real money: whoever wants it sets {VARIABLE} for the user it runs as."
    return text if one.live else ""


def _windows_word(word: str) -> str:
    return f'"{word}"' if not word or any(letter.isspace() for letter in word) else word
