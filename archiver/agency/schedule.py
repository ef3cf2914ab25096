"""Schedule the nightly run and the daily messages with the system's own scheduler.

`schedule` only renders files. `install` writes them to the scheduler's folder and runs the commands that load them.
"""

from __future__ import annotations

import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path
from xml.sax.saxutils import escape

from archiver.core.atomic_files import replace_file, sweep_beside
from archiver.core.errors import ConfigError, MachineRefused, ProgramMissing, VaultLocked
from archiver.home.settings import Home
from archiver.home.shared_copy import copy_of
from archiver.home.vault import is_key_kept, key_file

NIGHT = "04:30"  # exists on every day in every time zone: clocks go forward earlier in the night
LOOK = "11:00"  # when `notify` sends messages, for example that no run took place
LABEL = "archiver"


class System(StrEnum):
    SYSTEMD = "systemd"
    CRON = "cron"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


@dataclass(frozen=True, kw_only=True)
class ScheduledJob:
    """A program with its arguments and environment variables, to run daily at `hour`:`minute` local time."""

    name: str
    title: str
    command: tuple[str, ...]
    hour: int
    minute: int
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Schedule:
    """Rendered files by name, their folder, and the commands that load them."""

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
    """The scheduler of this name, or this machine's; ConfigError for an unknown name."""
    if name is None:
        return system_here()
    if name not in set(System):
        raise ConfigError(f"{name!r} is not a known scheduler. Choose one of {', '.join(System)}.")
    return System(name)


# many parameters: what differs between machines, each with a default
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
    """The schedule of a home for one system; ConfigError for an invalid time.

    `program` starts the archiver (default: the running one). `key` is the file with the vault's key: systemd passes it
    as a credential, the others in ARCHIVER_KEY_FILE. `variables` are environment variables for the program.
    """
    program = tuple(program or (sys.executable, "-m", "archiver"))
    jobs = (
        ScheduledJob(
            name=f"{LABEL}-run", title="archiver: the nightly run", command=(*program, "--home", str(home), "run"),
            hour=_clock(at)[0], minute=_clock(at)[1], variables=variables or {},
        ),
        ScheduledJob(
            name=f"{LABEL}-notify", title="archiver: send the daily messages",
            command=(*program, "--home", str(home), "notify"), hour=_clock(LOOK)[0], minute=_clock(LOOK)[1],
            variables=variables or {},
        ),
    )  # fmt: skip
    here = user_home or Path.home()
    return {System.SYSTEMD: _systemd, System.CRON: _cron, System.LAUNCHD: _launchd, System.WINDOWS: _windows}[system](
        jobs, key, here
    )


def schedule_here(home: Path, at: str, *, system: System | None = None, key: Path | None = None) -> Schedule:
    """The schedule for this machine, with the browser's variables and the key file that are in use here."""
    browser = {name: value for name, value in os.environ.items() if name.startswith("ARCHIVER_CHROMIUM")}
    file = key or key_file()
    return schedule(home, system or system_here(), at, key=file and file.absolute(), variables=browser)


def nights_of(home: Home) -> Schedule:
    """What the button of the desk installs: the nightly run of a home at the usual time, for the user of this process.

    Nothing in it comes from outside this machine. It is what `archiver schedule --install` installs, but where that
    would not work, it raises: ConfigError for a home that runs no nights here, ProgramMissing without a scheduler, and
    VaultLocked if the run would not find the vault's key.
    """
    if home.settings.replay:
        raise ConfigError("A replay home archives nothing at night. Schedule the nightly run of a real home.")
    if copy_of(home.root):
        raise ConfigError("The workers of a fleet run the nights of this home. Leave the schedule to them.")
    require_scheduler(system_here())
    if not is_key_kept():
        raise VaultLocked(
            "the nightly run would not find the key, which is neither in a file nor in the keyring of the desk's user"
        )
    return schedule_here(home.root, NIGHT)


def is_scheduled(home: Path) -> bool:
    """Whether a nightly run of this home is where `install` puts it."""
    made = schedule(home, system_here())
    for name in made.files:
        file = made.folder / name
        if file.is_file() and str(home) in file.read_text("utf-8", "replace"):
            enabled = made.folder / "timers.target.wants" / f"{file.stem}.timer"
            return made.system is not System.SYSTEMD or enabled.is_symlink()
    return False


def watch_unit(home: Path, key: Path | None) -> str:
    """A systemd user unit that watches the folders of a home. `key` is the absolute path of the key file."""
    words = " ".join(_quoted(word) for word in (sys.executable, "-m", "archiver", "--home", str(home), "watch"))
    settings = f"LoadCredential=archiver-key:{_specifiers(str(key))}\n" if key else ""
    return (
        "[Unit]\nDescription=archiver: read folders as files arrive\n\n"
        f"[Service]\nExecStart={words}\n{settings}Restart=on-failure\nRestartSec=60\nNice=10\n"
        "IOSchedulingClass=idle\nUMask=0077\n\n[Install]\nWantedBy=default.target\n"
    )


def skipped(at: str, today: date, zone: tzinfo | None = None) -> date | None:
    """The next day within a year on which this time of day does not exist, because clocks go forward.

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
        raise ConfigError(f"{text!r} is not a valid time of day (HH:MM). Write for example {NIGHT}.")
    return int(found[1]), int(found[2])


def _systemd(jobs: Sequence[ScheduledJob], key: Path | None, here: Path) -> Schedule:
    """User units. `Persistent=true` runs a job later if the machine was asleep at its time."""
    files = {}
    for job in jobs:
        words = " ".join(_quoted(word) for word in job.command)
        credential = f"LoadCredential=archiver-key:{_specifiers(str(key))}\n" if key else ""
        credential += "".join(f'Environment="{name}={_specifiers(value)}"\n' for name, value in job.variables.items())
        files[f"{job.name}.service"] = (
            f"[Unit]\nDescription={job.title}\n\n"
            f"[Service]\nType=oneshot\nExecStart={words}\n{credential}"
            "Nice=10\nIOSchedulingClass=idle\nUMask=0077\n"
            "# 10, 20, 30, 40: an account needs something; the archiver sends a message, the service did not fail\n"
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
            ("loginctl", "enable-linger"),  # timers run while nobody is logged in
        ),
    )


def _environment(job: ScheduledJob, key: Path | None) -> dict[str, str]:
    """A job's environment variables, for schedulers that cannot pass the key as a credential."""
    return ({"ARCHIVER_KEY_FILE": str(key)} if key else {}) | dict(job.variables)


def _quoted(word: str) -> str:
    """A word, quoted for ExecStart."""
    word = _specifiers(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{word}"' if re.search(r"[\s\"';]", word) else word


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _cron(jobs: Sequence[ScheduledJob], key: Path | None, here: Path) -> Schedule:
    """Lines for `crontab -e`. cron skips jobs whose time passed while the machine slept."""
    lines = [f"# {jobs[0].title}, and {jobs[1].title}; written by `archiver schedule`"]
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
    """User agents. launchd starts a missed job when the machine wakes up."""
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
    # An agent of the graphical session can use the keychain; it runs while the user is logged in.
    commands = tuple(("launchctl", "bootstrap", f"gui/{_user_id()}", str(folder / name)) for name in files)
    return Schedule(System.LAUNCHD, folder, files, commands)


def _user_id() -> int:
    return os.getuid() if sys.platform != "win32" else 501


def _windows(jobs: Sequence[ScheduledJob], key: Path | None, here: Path) -> Schedule:
    """Tasks that run while the user is logged on. `StartWhenAvailable` runs a missed task after sleep."""
    files, folder = {}, here / "AppData" / "Local" / "archiver" / "tasks"
    for job in jobs:
        program, *arguments = job.command
        if variables := _environment(job, key):  # a task cannot set environment variables itself
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


PROGRAMS = {
    System.SYSTEMD: "systemctl",
    System.CRON: "crontab",
    System.LAUNCHD: "launchctl",
    System.WINDOWS: "schtasks",
}
"""The program that loads the files of each scheduler."""


def require_scheduler(system: System) -> None:
    """ProgramMissing if this machine lacks the scheduler."""
    if shutil.which(PROGRAMS[system]):
        return
    there = [each.value for each, program in PROGRAMS.items() if shutil.which(program)]
    instead = (
        f"choose another scheduler with --system {' or '.join(there)}" if there else "start the shown command daily"
    )
    install = "install the package `cron`" if system is System.CRON else f"install {system}"
    raise ProgramMissing(
        f"without `{PROGRAMS[system]}`, {system} cannot start the nightly run. {install.capitalize()}, or {instead}"
    )


def install(made: Schedule) -> None:
    """Write the files and run the commands that load them; MachineRefused if a command fails."""
    require_scheduler(made.system)
    if made.system is System.CRON:
        _into_crontab(made.files["crontab"])  # before the file, which says that it is done
    made.folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.files.items():
        sweep_beside(made.folder / name)
        replace_file(made.folder / name, content.encode())
    if made.system is System.CRON:
        return
    for command in made.commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MachineRefused(f"{shlex.join(command)}: {error}") from None
        if done.returncode:
            raise MachineRefused(f"{shlex.join(command)}: {(done.stderr or done.stdout).strip()}")


def _into_crontab(lines: str) -> None:
    """Replace this program's lines in the user's crontab, and keep all others."""
    begin, end = "# archiver begin", "# archiver end"
    try:
        there = subprocess.run(["crontab", "-l"], capture_output=True, text=True, timeout=60, check=False)
        if there.returncode and "no crontab" not in there.stderr.lower():  # never overwrite an unreadable crontab
            raise MachineRefused(f"crontab -l: {there.stderr.strip() or there.returncode}")
        kept = re.sub(f"{begin}\n.*?{end}\n", "", there.stdout, flags=re.DOTALL)
        kept += "\n" if kept and not kept.endswith("\n") else ""
        text = f"{kept}{begin}\n{lines}{end}\n"
        subprocess.run(["crontab", "-"], input=text, text=True, capture_output=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise MachineRefused(f"crontab: {error}") from None
