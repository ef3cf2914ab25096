"""The nightly run, and the daily look at what to tell, as the system's own scheduler knows them.

Nothing here runs anything: files are rendered, and `install` puts them where the system looks, with the one or two
commands that make it look there.
"""

from __future__ import annotations

import os
import plistlib
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path
from xml.sax.saxutils import escape

from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError, MachineRefused
from archiver.core.stale_files import sweep_beside

NIGHT = "04:30"  # which exists on every day in every time zone: clocks are put forward earlier
LOOK = "11:00"  # when `notify` looks whether anything is to be told, be it that nothing ran
LABEL = "archiver"


class System(StrEnum):
    SYSTEMD = "systemd"
    CRON = "cron"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


@dataclass(frozen=True, kw_only=True)
class ScheduledJob:
    """What is to run: the program with its arguments and environment variables, daily at `hour`:`minute` local time."""

    name: str
    title: str
    command: tuple[str, ...]
    hour: int
    minute: int
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Schedule:
    """Rendered files by name, where they go, and the commands that make the system read them."""

    system: System
    folder: Path
    files: Mapping[str, str]
    commands: tuple[tuple[str, ...], ...]

    def as_text(self) -> str:
        parts = [f"# {self.folder / name}\n{content.rstrip()}\n" for name, content in self.files.items()]
        return "\n".join([*parts, "# then", *(shlex.join(each) for each in self.commands)])


def system_here() -> System:
    """The scheduler of this machine."""
    if sys.platform == "win32":
        return System.WINDOWS
    if sys.platform == "darwin":
        return System.LAUNCHD
    return System.SYSTEMD if Path("/run/systemd/system").is_dir() else System.CRON


def named_system(name: str | None) -> System:
    """The scheduler of this name, or this machine's; ConfigError for a name that is none."""
    if name is None:
        return system_here()
    if name not in set(System):
        raise ConfigError(f"{name!r} is no scheduler. Choose one of {', '.join(System)}.")
    return System(name)


def schedule(
    home: Path,
    system: System,
    at: str = NIGHT,
    *,
    program: Sequence[str] | None = None,
    key: Path | None = None,
    variables: Mapping[str, str] | None = None,
    user_home: Path | None = None,
) -> Schedule:
    """The schedule of a home for one system; ConfigError for a time that is none.

    `program` starts the archiver (by default the one that runs now), `key` is the file with the vault's key, which
    systemd hands over as a credential and the others name in ARCHIVER_KEY_FILE. `variables` are set for the program.
    """
    program = tuple(program or (sys.executable, "-m", "archiver"))
    jobs = (
        ScheduledJob(
            name=f"{LABEL}-run", title="archiver: the nightly run", command=(*program, "--home", str(home), "run"),
            hour=_clock(at)[0], minute=_clock(at)[1], variables=variables or {},
        ),
        ScheduledJob(
            name=f"{LABEL}-notify", title="archiver: tell what is to be told",
            command=(*program, "--home", str(home), "notify"), hour=_clock(LOOK)[0], minute=_clock(LOOK)[1],
            variables=variables or {},
        ),
    )  # fmt: skip
    here = user_home or Path.home()
    return {System.SYSTEMD: _systemd, System.CRON: _cron, System.LAUNCHD: _launchd, System.WINDOWS: _windows}[system](
        jobs, key, here
    )


def skipped(at: str, today: date, zone: tzinfo | None = None) -> date | None:
    """The next day within a year on which this time of day does not exist, as clocks are put forward then.

    `zone` is this machine's by default.
    """
    hour, minute = _clock(at)
    for day in (today + timedelta(days=n) for n in range(366)):
        wanted = datetime.combine(day, time(hour, minute), zone)
        if wanted.astimezone(UTC).astimezone(zone).replace(tzinfo=zone) != wanted:
            return day
    return None


def _clock(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if not found:
        raise ConfigError(f"{text!r} is no time of day. Write it as HH:MM, e.g. --at {NIGHT}.")
    return int(found[1]), int(found[2])


def _systemd(jobs: Sequence[ScheduledJob], key: Path | None, here: Path) -> Schedule:
    """User units. `Persistent=true` catches up after a night that the machine slept through."""
    files = {}
    for job in jobs:
        words = " ".join(_quoted(word) for word in job.command)
        credential = f"LoadCredential=archiver-key:{_specifiers(str(key))}\n" if key else ""
        credential += "".join(f'Environment="{name}={_specifiers(value)}"\n' for name, value in job.variables.items())
        files[f"{job.name}.service"] = (
            f"[Unit]\nDescription={job.title}\n\n"
            f"[Service]\nType=oneshot\nExecStart={words}\n{credential}"
            "Nice=10\nIOSchedulingClass=idle\nUMask=0077\n"
            "# 10, 20, 30, 40: accounts that need something; they are told of, and are no fault of this service\n"
            "SuccessExitStatus=10 20 30 40\n"
        )
        files[f"{job.name}.timer"] = (
            f"[Unit]\nDescription={job.title}, daily\n\n[Timer]\nOnCalendar=*-*-* {job.hour:02}:{job.minute:02}:00\n"
            "RandomizedDelaySec=10min\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
        )
    timers = [f"{job.name}.timer" for job in jobs]
    return Schedule(
        System.SYSTEMD,
        here / ".config" / "systemd" / "user",
        files,
        (
            ("systemctl", "--user", "daemon-reload"),
            ("systemctl", "--user", "enable", "--now", *timers),
            ("loginctl", "enable-linger"),  # so that timers run while nobody is logged in
        ),
    )


def _environment(job: ScheduledJob, key: Path | None) -> dict[str, str]:
    """What a job needs to be told where nothing hands over the key."""
    return ({"ARCHIVER_KEY_FILE": str(key)} if key else {}) | dict(job.variables)


def _quoted(word: str) -> str:
    """A word as ExecStart takes it."""
    word = _specifiers(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{word}"' if re.search(r"[\s\"';]", word) else word


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _cron(jobs: Sequence[ScheduledJob], key: Path | None, here: Path) -> Schedule:
    """Lines for `crontab -e`. cron does not catch up after sleep."""
    lines = [f"# {jobs[0].title}, and {jobs[1].title}; made by `archiver schedule`"]
    for job in jobs:
        setting = "".join(f"{name}={shlex.quote(value)} " for name, value in _environment(job, key).items())
        words = (setting + shlex.join(job.command)).replace("%", r"\%")  # an unescaped % ends a cron command
        lines.append(f"{job.minute} {job.hour} * * * {words} >/dev/null 2>&1")
    return Schedule(
        System.CRON,
        here / ".config" / "archiver",
        {"crontab": "\n".join(lines) + "\n"},
        (("crontab", "-l"), ("crontab", "-e")),
    )


def _launchd(jobs: Sequence[ScheduledJob], key: Path | None, here: Path) -> Schedule:
    """Agents of the user. launchd starts a job that was due in sleep when the machine wakes."""
    files, folder = {}, here / "Library" / "LaunchAgents"
    for job in jobs:
        content = {
            "Label": f"org.{job.name}",
            "ProgramArguments": list(job.command),
            "StartCalendarInterval": {"Hour": job.hour, "Minute": job.minute},
            "ProcessType": "Background",
            "LowPriorityIO": True,
            "Umask": 0o077,
        }
        if variables := _environment(job, key):
            content["EnvironmentVariables"] = variables
        files[f"org.{job.name}.plist"] = plistlib.dumps(content).decode()
    # An agent of the graphical session: it may use the keychain, and is there while the user is logged in.
    commands = tuple(("launchctl", "bootstrap", f"gui/{_user_id()}", str(folder / name)) for name in files)
    return Schedule(System.LAUNCHD, folder, files, commands)


def _user_id() -> int:
    return os.getuid() if sys.platform != "win32" else 501


def _windows(jobs: Sequence[ScheduledJob], key: Path | None, here: Path) -> Schedule:
    """Tasks that run while the user is logged on, and are caught up after sleep (`StartWhenAvailable`)."""
    files, folder = {}, here / "AppData" / "Local" / "archiver" / "tasks"
    for job in jobs:
        program, *arguments = job.command
        if variables := _environment(job, key):  # a task has no environment of its own
            settings = "".join(f'set "{name}={value}" && ' for name, value in variables.items())
            script = f"{settings}{subprocess.list2cmdline(job.command)}"
            program, words = "cmd.exe", f'/d /s /c "{script}"'
        else:
            words = subprocess.list2cmdline(arguments)
        files[f"{job.name}.xml"] = f"""<?xml version="1.0"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>{escape(job.title)}</Description></RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>2026-01-01T{job.hour:02}:{job.minute:02}:00</StartBoundary>
      <Enabled>true</Enabled>
      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author"><LogonType>InteractiveToken</LogonType><RunLevel>LeastPrivilege</RunLevel></Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>true</RunOnlyIfNetworkAvailable>
    <Enabled>true</Enabled>
    <ExecutionTimeLimit>PT12H</ExecutionTimeLimit>
    <Priority>7</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec><Command>{escape(program)}</Command><Arguments>{escape(words)}</Arguments></Exec>
  </Actions>
</Task>
"""
    commands = tuple(
        ("schtasks", "/Create", "/F", "/TN", f"archiver\\{Path(name).stem}", "/XML", str(folder / name))
        for name in files
    )
    return Schedule(System.WINDOWS, folder, files, commands)


def install(made: Schedule) -> None:
    """Put the files in their place and tell the system; MachineRefused where a command fails."""
    made.folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.files.items():
        sweep_beside(made.folder / name)
        replace_file(made.folder / name, content.encode())
    if made.system is System.CRON:
        _into_crontab(made.files["crontab"])
        return
    for command in made.commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MachineRefused(f"{shlex.join(command)}: {error}") from None
        if done.returncode:
            raise MachineRefused(f"{shlex.join(command)}: {(done.stderr or done.stdout).strip()}")


def _into_crontab(lines: str) -> None:
    """Replace this program's lines in the user's crontab, and leave all others."""
    begin, end = "# archiver begin", "# archiver end"
    try:
        there = subprocess.run(["crontab", "-l"], capture_output=True, text=True, timeout=60, check=False)
        if there.returncode and "no crontab" not in there.stderr.lower():  # what cannot be read is not overwritten
            raise MachineRefused(f"crontab -l: {there.stderr.strip() or there.returncode}")
        kept = re.sub(f"{begin}\n.*?{end}\n", "", there.stdout, flags=re.DOTALL)
        kept += "\n" if kept and not kept.endswith("\n") else ""
        text = f"{kept}{begin}\n{lines}{end}\n"
        subprocess.run(["crontab", "-"], input=text, text=True, capture_output=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise MachineRefused(f"crontab: {error}") from None
