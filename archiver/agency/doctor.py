"""Whether this machine and this home are fit for the work: many small checks, each told in plain words.

Each check stands alone: what breaks in one is that one's problem, so that a broken home is examined as far as it goes.
Nothing is changed, save that a scratch folder is made and removed; nothing is asked of the network without `online`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from getpass import getuser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from archiver.agency import future_times as times
from archiver.agency.integrity import renewals_due
from archiver.agency.integrity import verify as verify_archives
from archiver.archive import verify
from archiver.archive.ledger import lock
from archiver.archive.seal import Authority, ask
from archiver.archive.writer import HOLDER, latest_moment
from archiver.browsing.chromium import commands_to_install, find, is_root, sandboxed, try_start
from archiver.browsing.chromium_version import version_warning
from archiver.catalogue.search import without_client
from archiver.claims.claim_files import CLAIM
from archiver.core.atomic_files import owner, sync_folder
from archiver.core.errors import INSTALL_ALL, ArchiveBusy, ArchiverError, BrowserMissing, SandboxRefused
from archiver.core.model import iso
from archiver.core.stale_files import in_home, in_temporary_folder
from archiver.home.archives import mailer_of, network_of
from archiver.home.settings import Home
from archiver.home.vault import Vault, key_file, locate_key
from archiver.provider import Transport, load
from archiver.reading.worker import DocumentReader, ReaderFailed

PROBLEM_CODE = 50
MEGABYTE = 1_000_000
LITTLE, TOO_LITTLE = 2000, 200  # free megabytes
OLDEST_PYTHON = (3, 12)
UNCHANGING = 0o444  # what is never changed again: evidence, checkpoints and their timestamps
CLOUDS = (
    "onedrive", "dropbox", "icloud", "mobile documents", "cloudstorage", "google drive", "googledrive", "my drive",
    "nextcloud", "owncloud", "pcloud", "box sync", "syncthing", "seafile", "magentacloud", "proton drive",
)  # fmt: skip
CLOUD_FILES = (".stfolder", ".dropbox", ".dropbox.cache", ".sync_*.db", "._sync_*.db")


class State(StrEnum):
    """From the best to the worst."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Diagnosis:
    """What one check found, and the one thing to do about it."""

    check: str
    state: State
    message: str
    advice: str = ""


@dataclass(frozen=True)
class Report:
    diagnoses: tuple[Diagnosis, ...]

    @property
    def state(self) -> State:
        return max((each.state for each in self.diagnoses), key=list(State).index)

    @property
    def exit_code(self) -> int:
        return PROBLEM_CODE if self.state is State.PROBLEM else 0

    def as_json(self) -> dict[str, Any]:
        """The document of `doctor --json`."""
        return {"state": self.state, "checks": [asdict(each) for each in self.diagnoses]}

    def as_text(self) -> str:
        """A line for each check, and what to do below it."""
        lines = []
        for each in self.diagnoses:
            lines.append(f"{each.state:<8} {each.check}: {each.message}")
            lines += [f"         {each.advice}"] if each.advice else []
        counts = {state: sum(each.state is state for each in self.diagnoses) for state in State}
        return "\n".join([*lines, ", ".join(f"{number} {state}" for state, number in counts.items() if number)])


KEPT = 7  # exit code of a process that a lock kept out
OTHER = f"""
import os, sys
from archiver.archive.ledger import lock
try:
    lock(os.open(sys.argv[1], os.O_RDWR))
except OSError:
    sys.exit({KEPT})
"""

type Findings = Iterator[tuple[State, str, str]]
"""(state, message, advice), as often as a check has something to say."""


def examine(root: Path, *, online: bool = False) -> Report:
    """Examine this machine and the home at `root`, which may be broken or not there."""
    root = root.absolute()
    found = [each for name, check in OF_THE_FOLDER.items() for each in _diagnose(name, partial(check, root))]
    try:
        home = Home.load(root)
    except (ArchiverError, OSError, ValueError) as error:
        advice = "Mend that first; accounts, archives, witnesses and authorities were not looked at."
        return Report((*found, Diagnosis("settings", State.PROBLEM, str(error), advice)))
    for name, check in OF_THE_HOME.items():
        found += _diagnose(name, partial(check, home))
    found += _diagnose("mail", partial(mail, home, online))
    found += _diagnose("timestamps", partial(timestamps, home, online))
    return Report(tuple(found))


def _diagnose(name: str, check: Callable[[], Findings]) -> list[Diagnosis]:
    found: list[Diagnosis] = []
    try:
        for state, message, advice in check():
            found.append(Diagnosis(name, state, message, advice))
    except Exception as error:  # noqa: BLE001  # the others must be heard all the same, and this one's fault is told
        foreseen = isinstance(error, ArchiverError | OSError)
        words = str(error) if foreseen else f"{type(error).__name__}: {error}"
        found.append(Diagnosis(name, State.PROBLEM, words, advice_on(error)))
    return found


def advice_on(error: Exception) -> str:
    """What to do where an examination failed by itself; the archiver's own errors say it."""
    if isinstance(error, ArchiverError):
        return ""
    if isinstance(error, OSError):
        return "Give the user of the nightly run access to it, or put back what is missing."
    return "This is a fault of the archiver; give this line to whoever maintains it."


# ---------------------------------------------------------------- the machine, and the folder as it lies there


def python(_: Path) -> Findings:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        yield State.PROBLEM, f"Python {version}", "Install Python 3.12 or later."
    else:
        yield State.OK, f"Python {version}", ""


def openssl(_: Path) -> Findings:
    program = verify.openssl()
    if program is None:
        yield (
            State.WARNING, "OpenSSL 3 was not found, so no date can be checked on this machine",
            "Install openssl, version 3 or later.",
        )  # fmt: skip
        return
    done = subprocess.run([program, "version"], capture_output=True, text=True, timeout=20, check=False)
    yield State.OK, f"{' '.join(done.stdout.split()[:2])} at {program}, for independent checks", ""


def folder(root: Path) -> Findings:
    """The home's layout."""
    if not (root / "archiver.yaml").is_file():
        yield State.PROBLEM, f"{root} is no home: it has no archiver.yaml", f"Make one: archiver init {root}"
        return
    missing = [name for name in ("clients", "archive", "state") if not (root / name).is_dir()]
    if missing:
        yield (
            State.WARNING, f"{root} has no {', '.join(missing)}",
            "If you did not expect that, restore it from a backup; else it is made when it is needed.",
        )  # fmt: skip
    else:
        yield State.OK, str(root), ""


def permissions(root: Path) -> Findings:
    """Nobody else may read, and evidence may not be written."""
    if os.name != "posix":
        yield State.OK, "not looked at: this system keeps them in access lists", ""
        return
    if not root.is_dir():
        return
    open_, writable = [], []
    for path, mode in _modes(root):
        evidence = path.relative_to(root).parts[2:3] == ("evidence",)
        if evidence and stat.S_ISREG(mode):
            writable += [path] if mode & 0o222 else []
        elif mode & 0o077 and not (stat.S_ISREG(mode) and stat.S_IMODE(mode) == UNCHANGING):
            open_.append(path)
    if open_:
        yield (
            State.WARNING, f"others on this machine may read {_some(root, open_)}",
            f"chmod -R go-rwx '{root}'",
        )  # fmt: skip
    if writable:
        yield (
            State.WARNING, f"evidence that could be changed by mistake: {_some(root, writable)}",
            f"find '{root / 'archive'}'/*/evidence -type f -exec chmod a-w {{}} +",
        )  # fmt: skip
    if not open_ and not writable:
        yield State.OK, "only you can read the home, and evidence is read-only", ""


def _modes(root: Path) -> Iterator[tuple[Path, int]]:
    yield root, root.stat().st_mode
    for entry in os.scandir(root):
        if entry.is_dir(follow_symlinks=False):
            yield from _modes(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path), entry.stat().st_mode


def _some(root: Path, paths: list[Path]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0].relative_to(root).as_posix() if paths[0] != root else root}{more}"


def vault(root: Path) -> Findings:
    key, place = locate_key(interactive=False)
    opened = Vault(root / "vault.enc", key, remember=True)
    opened.secrets("")
    if warning := opened.replayed():
        told, _, advice = warning.partition(". ")
        yield State.PROBLEM, told, advice
    if (named := key_file()) and place == f"the file {named}":
        file = named.absolute()
        if file.is_relative_to(root):
            yield (
                State.WARNING,
                f"its key lies in the home: {file}",
                "Keep it elsewhere: a backup should not hold both.",
            )
            return
    yield (
        State.OK,
        f"it opens with the key from {place}, for the user {getuser()}; the nights must run as that user",
        "",
    )


def readers(root: Path) -> Findings:
    """What the processes that read documents can reach, as one of them finds by trying."""
    here = next(each for each in (root / "vault.enc", root, Path.home(), Path.cwd()) if each.exists())
    try:
        with DocumentReader(workers=1) as reader:
            tried = reader.confinement(here)
    except (ReaderFailed, ValueError) as failed:
        yield State.PROBLEM, f"no process that reads documents can be started: {failed}", "Documents stay unread."
        return
    reached = [name for name, found in (("the network", tried.network), ("this home", tried.file)) if found]
    if not reached:
        means = " and ".join(tried.done) or "this system's rights"
        yield State.OK, f"processes that read documents reach neither the network nor this home, by {means}", ""
    else:
        yield (
            State.WARNING, f"processes that read documents can reach {' and '.join(reached)}",
            "They have limits of time and memory only; on Linux 5.13 or later they are confined. Until then, import "
            "only files that you trust.",
        )  # fmt: skip


def disk(root: Path) -> Findings:
    for place in _file_systems(root):
        free = shutil.disk_usage(place).free // MEGABYTE
        if _read_only(place):
            yield State.PROBLEM, f"{place} is read-only", "It can be searched and verified; nothing can be archived."
        elif free < LITTLE:
            state = State.PROBLEM if free < TOO_LITTLE else State.WARNING
            yield state, f"{free} MB are free in {place}", "Make room."
        else:
            yield State.OK, f"{free} MB are free in {place}", ""


def _file_systems(root: Path) -> Iterator[Path]:
    """The home, and those archives that lie on another disk or share."""
    seen = set()
    for place in (root, root / "archive", *sorted((root / "archive").glob("*"))):
        if place.is_dir() and (disk := (place.stat().st_dev, _read_only(place))) not in seen:
            seen.add(disk)
            yield place


def _read_only(place: Path) -> bool:
    return os.name == "posix" and bool(os.statvfs(place).f_flag & os.ST_RDONLY)


def cloud(root: Path) -> Findings:
    """Programs that synchronise folders move, lock and duplicate files behind everybody's back."""
    for place in (root.resolve(), *root.resolve().parents):
        named = next((cloud for cloud in CLOUDS if cloud in place.name.lower()), None)
        if named or any(next(place.glob(pattern), None) for pattern in CLOUD_FILES):
            yield (
                State.WARNING, f"{place} looks like a folder that {named or 'a program'} synchronises",
                "Move the home out of it, and let a backup program copy it instead.",
            )  # fmt: skip
            return
    yield State.OK, "the home is in no folder that is known to be synchronised", ""


def writing(root: Path) -> Findings:
    """What the archive relies on, tried: on a share it cannot be taken for granted."""
    for place in _file_systems(root):
        if _read_only(place):
            continue  # the disk's check says so
        if not os.access(place, os.W_OK):
            yield State.PROBLEM, f"{place} cannot be written to", "See to its permissions, or run as its owner."
            continue
        with tempfile.TemporaryDirectory(dir=place, prefix=f".doctor-{owner()}-") as name:
            failed = []
            for what, trial in TRIALS.items():
                try:
                    holds = trial(Path(name))
                except OSError as error:
                    holds, what = False, f"{what} ({error.strerror})"
                failed += [] if holds else [what]
            if failed:
                advice = "Keep the home on a local disk, or on a share that can do this (NFS 4, or SMB with locks)."
                yield State.PROBLEM, f"{place} cannot do what the archive relies on: {', '.join(failed)}", advice
            else:
                yield State.OK, f"{place}: {', '.join(TRIALS)}", ""
            (Path(name) / "Case").touch()
            if (Path(name) / "cASE").exists():
                yield State.OK, f"{place} takes upper and lower case for the same; no archive depends on that", ""


def _exclusive(scratch: Path) -> bool:
    """A file is made once only."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    os.close(os.open(scratch / "once", flags))
    try:
        os.close(os.open(scratch / "once", flags))
    except FileExistsError:
        return True
    return False


def _rename_over(scratch: Path) -> bool:
    (scratch / "old").write_bytes(b"old")
    (scratch / "new").write_bytes(b"new")
    (scratch / "new").replace(scratch / "old")
    return (scratch / "old").read_bytes() == b"new" and not (scratch / "new").exists()


def _rename_folder(scratch: Path) -> bool:
    (scratch / "staged").mkdir()
    (scratch / "staged" / "file").touch()
    (scratch / "staged").rename(scratch / "placed")
    return (scratch / "placed" / "file").exists()


def _durable(scratch: Path) -> bool:
    handle = os.open(scratch / "durable", os.O_CREAT | os.O_WRONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_folder(scratch)
    return True


def _locked(scratch: Path) -> bool:
    """Another process is kept out; within one process some file systems keep nobody out."""
    handle = os.open(scratch / "lock", os.O_RDWR | os.O_CREAT)
    try:
        lock(handle)
        other = [sys.executable, "-c", OTHER, str(scratch / "lock")]
        path = os.pathsep.join(filter(None, sys.path))
        return subprocess.run(other, env={**os.environ, "PYTHONPATH": path}, timeout=60, check=False).returncode == KEPT
    finally:
        os.close(handle)


TRIALS: Mapping[str, Callable[[Path], bool]] = {
    "making a file once": _exclusive,
    "renaming over a file": _rename_over,
    "renaming a folder": _rename_folder,
    "writing durably": _durable,
    "locks": _locked,
}

OF_THE_FOLDER: Mapping[str, Callable[[Path], Findings]] = {
    "python": python,
    "openssl": openssl,
    "home": folder,
    "permissions": permissions,
    "vault": vault,
    "readers": readers,
    "disk": disk,
    "file system": writing,
    "cloud folder": cloud,
}

# ---------------------------------------------------------------- the home as its settings describe it


def accounts(home: Home) -> Findings:
    """Every account's adapter is installed; a browser is there for those that need one."""
    browsing = False
    for account in home.accounts():
        try:
            browsing |= load(account.provider).info.method(account.method).transport is not Transport.HTTP
        except ArchiverError as error:
            yield State.PROBLEM, f"{account.name}: {error}", ""
    yield State.OK, f"clients: {len(home.clients)}, accounts: {len(home.accounts())}", ""
    yield _browser(needed=browsing)


def _browser(*, needed: bool) -> tuple[State, str, str]:
    """Whether a Chromium is there and starts, in its sandbox where it should."""
    wrong = State.PROBLEM if needed else State.WARNING
    if (chromium := find()) is None:
        words = "no usable Chromium was found" + ("" if needed else "; no account needs one so far")
        return wrong, words, f"Run `{commands_to_install()[0]}`, or name a Chromium in ARCHIVER_CHROMIUM."
    try:
        try_start(chromium)
    except SandboxRefused:
        advice = (
            "Allow user namespaces to this user, or set ARCHIVER_CHROMIUM_SANDBOX=off to run it without its sandbox."
        )
        return wrong, f"{chromium.describe()} cannot start its sandbox", advice
    except BrowserMissing as error:
        return wrong, f"browser: {error.detail}", "Install another Chromium, or name one in ARCHIVER_CHROMIUM."
    why = "as root" if is_root() else "because ARCHIVER_CHROMIUM_SANDBOX is off"
    sandbox = "in its sandbox" if sandboxed() else f"without its sandbox {why}"
    old = version_warning(chromium.version(), datetime.now(UTC).date())
    advice = f"Update it: `{commands_to_install()[0]}`." if old else ""
    return State.WARNING if old else State.OK, f"browser: {chromium.describe()}, {sandbox}", advice


def clock(home: Home) -> Findings:
    """The clock against what the archives, the logs and the cursors know."""
    now = datetime.now(UTC).replace(microsecond=0)
    for each in times.ahead(home, now):
        if not each.of_archive:
            yield State.WARNING, f"{each}; it is passed over", "Run `archiver repair-clock --by NAME`."
    here = [(slug, root) for slug, root in _archives(home) if (root / verify.LEDGER).is_file()]
    known = [(*found, slug) for slug, root in here if (found := latest_moment(root))]
    if not known:
        yield State.OK, f"it says {iso(now)}; no archive knows better so far", ""
        return
    moment, source, slug = max(known)
    if now + timedelta(seconds=verify.CLOCK_TOLERANCE_S) < datetime.fromisoformat(moment):
        yield (
            State.PROBLEM, f"it says {iso(now)}, and {source} of {slug} is of {moment}",
            "Set the clock right; if it is right now, run `archiver repair-clock --by NAME`. Until then nothing is "
            "archived.",
        )  # fmt: skip
    else:
        yield State.OK, f"it says {iso(now)}, which is not before what the archives know ({moment})", ""


def archives(home: Home) -> Findings:
    """Each archive: what a killed command left, and the verifier's quick result."""
    for slug in without_client(home):
        advice = f"Bring clients/{slug}.yaml back; until then, only `archiver verify` looks at that archive."
        yield State.WARNING, f"archive/{slug} has no client's file", advice
    for slug, root in _archives(home):
        yield from _leftovers(slug, root)
        try:
            _, document, _ = verify_archives(home, client=slug, quick=True)
        except ArchiveBusy as busy:
            yield State.OK, f"{slug}: {busy.detail}; it is for a later look", ""
            continue
        [report] = document["clients"]
        found = [each for each in report["findings"] if each["code"] != "interrupted"]
        found.sort(key=lambda each: each["code"] in verify.WARNINGS)  # damage first
        words = f"{slug}: {report['state']} ({report['scope']}), {report['licences']} licences"
        words += "" if report["evidence"] else " (NOT EVIDENCE)"
        told = "".join(f"; {each['path']} {each['message']}" for each in found[:3])
        if report["state"] in (verify.DAMAGED, verify.FORKED):
            advice = "Do not repair it by hand; run `archiver verify` and compare with a copy."
            yield State.PROBLEM, f"{words}{told}", advice
        elif report["state"] == verify.UNPROVEN and home.settings.timestamps:
            yield State.WARNING, f"{words}{told}", "Run `archiver run`; its seal asks the authorities again."
        elif any(each["code"] == "verifier" for each in found):
            yield State.WARNING, f"{words}{told}", "Run `archiver run`; it puts this version's verifier there."
        else:
            yield State.OK, f"{words}{told}", ""


def _archives(home: Home) -> list[tuple[str, Path]]:
    found = [(slug, home.archive(slug)) for slug in home.clients]
    return [(slug, root) for slug, root in found if (root / verify.LEDGER).is_file() or (root / "evidence").is_dir()]


def _leftovers(slug: str, root: Path) -> Findings:
    left = [path.name for path in (root / "staging").glob("*") if path != root / HOLDER]
    intents, ledger = root / verify.INTENTS, root / verify.LEDGER
    said = [f"{len(left)} in staging"] if left else []
    said += ["an unfinished move into evidence"] if intents.exists() and intents.stat().st_size else []
    if ledger.is_file():
        with ledger.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            said += ["a torn last line in the ledger"] if file.read() not in (b"", b"\n") else []
    if said:
        yield (
            State.WARNING, f"{slug}: a command was stopped half-way and left {', '.join(said)}",
            "Nothing is lost; the next `archiver run` tidies up.",
        )  # fmt: skip


def leftovers(home: Home) -> Findings:
    """What killed commands left outside of the archives."""
    found = [*in_home(home.root), *in_temporary_folder()]
    if found:
        secret = any(path.name.startswith(".vault.enc.") for path in found)
        names = f"{found[0]}{f' and {len(found) - 1} more' if len(found) > 1 else ''}"
        yield (
            State.WARNING, f"killed commands left {names}{'; copies of the vault are among them' if secret else ''}",
            "The next command that opens the home removes them.",
        )  # fmt: skip
    for path in sorted((home.root / "work").glob("*")):
        if path.is_dir() and not (path / CLAIM).exists():
            yield (
                State.WARNING, f"work/{path.name} holds no claim: a command was killed before it was complete",
                "Add the letter again, or delete the folder.",
            )  # fmt: skip
    with suppress(ArchiverError):  # the vault's check says so
        kept = Vault(home.vault, locate_key(interactive=False)[0])
        known = {account.name: account for account in home.accounts()}
        for name in kept.accounts():
            if name not in known:
                yield (
                    State.WARNING, f"the vault keeps secrets of {name}, an account that no client's file has",
                    "If `archiver account add` was killed, run it again; else bring the client's file back.",
                )  # fmt: skip
            elif kept.renamed(name):
                yield (
                    State.WARNING, f"{name}: its new secret is kept, and its new user name is not in the settings yet",
                    "The next run finishes that.",
                )  # fmt: skip
            elif known[name].closed:
                yield (
                    State.WARNING, f"the vault keeps secrets of {name}, which was closed",
                    f"Run `archiver account close {name}` again.",
                )  # fmt: skip
    if not found:
        yield State.OK, "no temporary files of killed commands", ""


def trouble(home: Home) -> Findings:
    """What runs put aside for a person."""
    advice = {
        "trouble": "Send them to the adapter's maintainer, then delete them.",
        "quarantine": "They hold a secret and were kept apart, unaltered; look at each, and change that secret.",
    }
    for name, what in advice.items():
        count = sum(1 for path in (home.state / name).glob("*") if path.is_file())
        yield State.WARNING if count else State.OK, f"{count} files in state/{name}", what if count else ""


def witnesses(home: Home) -> Findings:
    if not home.settings.witnesses:
        if not home.settings.replay:
            yield (
                State.WARNING, "nobody outside holds a checkpoint, so nobody could tell if an archive was rewritten",
                "Name a witness in archiver.yaml.",
            )  # fmt: skip
        return
    for each in home.settings.witnesses:
        if each.folder:
            place = home.root / each.folder
            fault = (
                "is not there" if not place.is_dir() else "" if os.access(place, os.W_OK) else "cannot be written to"
            )
            yield (
                State.WARNING if fault else State.OK, f"{each.name}: {place} {fault or 'is there'}",
                "Mount it, or name another folder in archiver.yaml." if fault else "",
            )  # fmt: skip
            for slug in home.clients:  # also where nothing is left of an archive
                yield from _forked(slug, home.archive(slug), place)
        elif each.command:
            there = shutil.which(each.command[0])
            advice = "" if there else "Install it, or name another in archiver.yaml."
            yield (
                State.OK if there else State.WARNING,
                f"{each.name}: {each.command[0]} {'is there' if there else 'is no program here'}", advice,
            )  # fmt: skip
        else:
            yield State.OK, f"{each.name}: {each.email}, by {home.settings.mail.host}", ""


def _forked(slug: str, root: Path, place: Path) -> Findings:
    """An archive that does not continue what a witness holds; whether the signatures hold, the verifier says."""
    key, log = None, f"{verify.LOG_DOMAIN}/{slug}"
    with suppress(OSError, ValueError):
        key = verify.public_key(verify.content(root / verify.SIGNER_KEY).decode("ascii"))
    held = verify.hold(root / verify.LEDGER, verify.outside_checkpoints(place, key, log, signatures=False))
    if held.forked:
        lost = held.forked[-1]
        yield (
            State.PROBLEM, f"{slug} is no continuation of {lost.path}, which covers {lost.size} lines",
            f"After a restore from a backup, `archiver run --client {slug} --after-restore {lost.path}`; else do not "
            "repair it by hand, and compare with a copy.",
        )  # fmt: skip


def notifying(home: Home) -> Findings:
    """Somebody is told what a person must know of."""
    told = [*home.settings.notify.channels, *(each for client in home.clients.values() for each in client.contact.to)]
    if home.accounts() and not told and not home.settings.replay:
        advice = "Name channels under `notify:` in archiver.yaml, or a `contact:` in each client's file."
        yield State.WARNING, "nobody is told when a night needs a person", advice
        return
    for each in dict.fromkeys(told):
        scheme = each.partition("://")[0] if "://" in each else ""
        if scheme not in ("", "http", "https") and not find_spec("apprise"):
            yield State.PROBLEM, f"{scheme}:// needs apprise", INSTALL_ALL
        if not scheme and not (home.settings.mail.host and home.settings.mail.sender):
            yield State.PROBLEM, f"{each} cannot be told without a mail server", "Set `mail:` in archiver.yaml."
    if home.accounts() and not home.settings.notify.ping and not home.settings.replay:
        yield State.OK, "no ping is set; only the daily `archiver notify` tells that nothing runs", ""
    yield State.OK, f"{len(dict.fromkeys(told))} addresses are told", ""


def mail(home: Home, online: bool) -> Findings:
    """The mail server; `online` connects and signs in, and sends nothing."""
    host, sender = home.settings.mail.host, home.settings.mail.sender
    if not (host and sender):
        yield State.OK, "no server is set, so no mail goes out", ""
    elif not online:
        yield State.OK, f"goes out by {host} from {sender}, which was not asked (--online asks)", ""
    else:
        try:
            encrypted = mailer_of(home).greet()
        except (OSError, ArchiverError) as error:
            yield State.PROBLEM, f"{host}: {error}", "See to `mail:` in archiver.yaml; until then no mail goes out."
            return
        words = "takes mail, encrypted" if encrypted else "takes mail, and not encrypted"
        yield State.OK if encrypted else State.WARNING, f"{host} {words}; none was sent", ""


OF_THE_HOME: Mapping[str, Callable[[Home], Findings]] = {
    "accounts": accounts,
    "clock": clock,
    "archives": archives,
    "leftovers": leftovers,
    "put aside": trouble,
    "witnesses": witnesses,
    "notify": notifying,
}


def timestamps(home: Home, online: bool) -> Findings:
    """The authorities; `online` has each date a random number, which tells the time too; and what is to be renewed."""
    for due in renewals_due(home):
        yield State.WARNING, due.partition(". ")[0], "Run `archiver verify --renew`."
    listed = home.settings.timestamps
    if not listed and not home.settings.replay:
        advice = "Name two authorities of different operators in archiver.yaml."
        yield State.WARNING, "no authority is set, so every date stays UNPROVEN", advice
    for each in listed:
        if not online:
            yield State.OK, f"{each.name}: {each.url} was not asked (--online asks)", ""
            continue
        _, answer = ask(secrets.token_bytes(32), Authority(name=each.name, url=each.url), network_of(home).post)
        if isinstance(answer, str):
            yield State.WARNING, f"{each.name}: {answer}", "Archives stay UNPROVEN until it answers again."
            continue
        moment = verify.Token.parse(answer).time
        apart = abs(datetime.now(UTC) - datetime.fromisoformat(moment))
        wrong = apart > timedelta(seconds=verify.CLOCK_TOLERANCE_S)
        advice = "Set this machine's clock right." if wrong else ""
        yield State.PROBLEM if wrong else State.OK, f"{each.name} answers and says {moment}", advice
