"""The doctor's checks of this machine and of the folder that holds the home."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from getpass import getuser
from pathlib import Path

from archiver.agency.diagnosis import DoctorFinding, Findings, Remedy, State, ok, problem, warning
from archiver.archive.checking.parts import openssl_program
from archiver.archive.ledger import lock
from archiver.core.atomic_files import owner, sync_folder
from archiver.home.contents import FOLDERS, undeclared
from archiver.home.vault import Vault, key_file, locate_key
from archiver.reading.worker import DocumentReader, ReaderFailed

MEGABYTE = 1_000_000
WARN_FREE_MB, MIN_FREE_MB = 2000, 200  # free megabytes
OLDEST_PYTHON = (3, 12)
EVIDENCE_DEPTH = 2  # archive/CLIENT/evidence
UNCHANGING = 0o444  # the mode of files that never change: evidence, checkpoints and their timestamps

CLOUDS = (
    "onedrive", "dropbox", "icloud", "mobile documents", "cloudstorage", "google drive", "googledrive", "my drive",
    "nextcloud", "owncloud", "pcloud", "box sync", "syncthing", "seafile", "magentacloud", "proton drive",
)  # fmt: skip

CLOUD_FILES = (".stfolder", ".dropbox", ".dropbox.cache", ".sync_*.db", "._sync_*.db")
KEPT = 7  # exit code of a process that did not get the lock

OTHER = f"""
import os, sys
from archiver.archive.ledger import lock
try:
    lock(os.open(sys.argv[1], os.O_RDWR))
except OSError:
    sys.exit({KEPT})
"""


def python(_: Path) -> Findings:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        yield problem(f"Python {version}", "Install Python 3.12 or later.")
    else:
        yield ok(f"Python {version}")


def openssl(_: Path) -> Findings:
    program, version = openssl_program.openssl_version() or ("", "")
    if openssl_program.is_openssl_3(version):
        yield ok(f"{version} at {program}, for independent checks")
    else:
        yield warning("OpenSSL 3 was not found, so this machine cannot check dates", "Install OpenSSL 3 or later.")


def folder(root: Path) -> Findings:
    """The home's layout."""
    if not (root / "archiver.yaml").is_file():
        yield problem(f"{root} is not a home: it has no archiver.yaml", remedy=Remedy("init", {"folder": str(root)}))
        return
    missing = [name for name in FOLDERS if not (root / name).is_dir()]
    if missing:
        yield warning(
            f"{root} has no {', '.join(missing)}",
            "If this is unexpected, restore it from a backup. Otherwise the next command makes it.",
        )
    else:
        yield ok(str(root))
    if strange := undeclared(root):
        yield warning(
            f"{len(strange)} {'files are' if len(strange) > 1 else 'file is'} not of this program, first {strange[0]}",
            "Backups hold it, too. Move it elsewhere if it does not belong into the home.",
        )


def permissions(root: Path) -> Findings:
    """Others must not be able to read the home, and evidence must be read-only."""
    if os.name != "posix":
        yield ok("not checked: this system uses access lists")
        return
    if not root.is_dir():
        return
    open_, writable = [], []
    for path, mode, is_evidence in _modes(root):
        if is_evidence and stat.S_ISREG(mode):
            writable += [path] if mode & 0o222 else []
        elif mode & 0o077 and not (stat.S_ISREG(mode) and stat.S_IMODE(mode) == UNCHANGING):
            open_.append(path)
    if open_:
        yield warning(f"other users of this machine can read {_some(root, open_)}", f"chmod -R go-rwx '{root}'")
    if writable:
        yield warning(
            f"evidence is writable and could be changed by mistake: {_some(root, writable)}",
            f"find '{root / 'archive'}'/*/evidence -type f -exec chmod a-w {{}} +",
        )
    if not open_ and not writable:
        yield ok("only you can read the home, and evidence is read-only")


def _modes(root: Path) -> Iterator[tuple[str, int, bool]]:
    """The home, its folders and files: each with its mode, and whether it is in an archive's evidence."""
    yield str(root), root.stat().st_mode, False
    folders = [(str(root), 0, False)]
    while folders:
        folder, depth, is_evidence = folders.pop()
        for entry in os.scandir(folder):
            inside = is_evidence or (depth == EVIDENCE_DEPTH and entry.name == "evidence")
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder:
                folders.append((entry.path, depth + 1, inside))
            if is_folder or entry.is_file(follow_symlinks=False):
                yield entry.path, entry.stat().st_mode, inside


def _some(root: Path, paths: list[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    first = Path(paths[0])
    return f"{first.relative_to(root).as_posix() if first != root else root}{more}"


def vault(root: Path) -> Findings:
    key, place = locate_key(interactive=False)
    opened = Vault(root / "vault.enc", key, remember=True)
    opened.secrets("")
    if replayed := opened.replayed():
        what, _, advice = replayed.partition(". ")
        yield problem(what, advice)
    if (named := key_file()) and place == f"the file {named}":
        file = named.absolute()
        if file.is_relative_to(root):
            yield warning(
                f"its key is inside the home: {file}", "Move the key elsewhere: a backup should not hold both."
            )
            return
    yield ok(f"it opens with the key from {place}, for the user {getuser()}; nightly runs must use the same user")


def readers(root: Path) -> Findings:
    """Whether the processes that read documents can reach the network or the home. One of them tries it."""
    here = next(each for each in (root / "vault.enc", root, Path.home(), Path.cwd()) if each.exists())
    try:
        with DocumentReader(workers=1) as reader:
            tried = reader.confinement(here)
    except (ReaderFailed, ValueError) as failed:
        yield problem(
            f"the processes that read documents do not start: {failed}",
            "Until they do, documents stay unread. Send this line to the maintainers.",
        )
        return
    reached = [name for name, found in (("the network", tried.network), ("this home", tried.file)) if found]
    if not reached:
        means = " and ".join(tried.done) or "this system's permissions"
        yield ok(f"{means} keep document readers away from the network and this home")
    else:
        yield warning(
            f"processes that read documents can reach {' and '.join(reached)}",
            "Only time and memory limit them here. Use Linux 5.13 or later to confine them, or import only files that "
            "you trust.",
        )


def disk(root: Path) -> Findings:
    for place in _file_systems(root):
        free = shutil.disk_usage(place).free // MEGABYTE
        if _read_only(place):
            yield problem(
                f"{place} is read-only, so nothing can be archived",
                "Make it writable. Until then you can only search and verify.",
            )
        elif free < WARN_FREE_MB:
            state = State.PROBLEM if free < MIN_FREE_MB else State.WARNING
            yield DoctorFinding(state, f"{free} MB are free in {place}", "Free some space.")
        else:
            yield ok(f"{free} MB are free in {place}")


def _file_systems(root: Path) -> Iterator[Path]:
    """The home, and each archive on another disk or share."""
    seen = set()
    for place in (root, root / "archive", *sorted((root / "archive").glob("*"))):
        if place.is_dir() and (disk := (place.stat().st_dev, _read_only(place))) not in seen:
            seen.add(disk)
            yield place


def _read_only(place: Path) -> bool:
    return os.name == "posix" and bool(os.statvfs(place).f_flag & os.ST_RDONLY)


def cloud(root: Path) -> Findings:
    """Programs that synchronise folders move, lock and duplicate files unasked."""
    for place in (root.resolve(), *root.resolve().parents):
        named = next((cloud for cloud in CLOUDS if cloud in place.name.lower()), None)
        if named or any(next(place.glob(pattern), None) for pattern in CLOUD_FILES):
            yield warning(
                f"{place} looks like a folder that {named or 'a program'} synchronises",
                "Move the home to another folder, and use a backup program instead.",
            )
            return
    yield ok("no known program synchronises the home's folder")


def writing(root: Path) -> Findings:
    """Try the file operations that the archive needs. Some network shares lack them."""
    for place in _file_systems(root):
        if _read_only(place):
            continue  # the disk's check says so
        if not os.access(place, os.W_OK):
            yield problem(f"{place} is not writable", "Change its permissions, or run as its owner.")
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
                advice = "Move the home to a local disk, or to a share that can do this (NFS 4, or SMB with locks)."
                yield problem(f"{place} lacks operations that the archive needs: {', '.join(failed)}", advice)
            else:
                yield ok(f"{place}: {', '.join(TRIALS)}")
            (Path(name) / "Case").touch()
            if (Path(name) / "cASE").exists():
                yield ok(f"{place} ignores upper and lower case; the archive does not depend on it")


def _exclusive(scratch: Path) -> bool:
    """Whether a second exclusive creation of a file fails."""
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
    """Whether a lock keeps another process out. Some file systems do not check locks within one process."""
    handle = os.open(scratch / "lock", os.O_RDWR | os.O_CREAT)
    try:
        lock(handle)
        other = [sys.executable, "-c", OTHER, str(scratch / "lock")]
        path = os.pathsep.join(filter(None, sys.path))
        return subprocess.run(other, env={**os.environ, "PYTHONPATH": path}, timeout=60, check=False).returncode == KEPT
    finally:
        os.close(handle)


TRIALS: Mapping[str, Callable[[Path], bool]] = {
    "creating a file once": _exclusive,
    "renaming over a file": _rename_over,
    "renaming a folder": _rename_folder,
    "durable writes": _durable,
    "locks": _locked,
}
