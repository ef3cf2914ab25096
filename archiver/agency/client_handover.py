"""Hand a client its archive: a sealed copy, a list of the licences, and instructions."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import re
import shutil
import stat
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from archiver.archive import object_source
from archiver.archive import seal as sealing
from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts import archive_words, openssl_program, regular_files, verify_report, whole_archive
from archiver.archive.reader import Archive
from archiver.catalogue.archives import trusted_key, writing
from archiver.catalogue.search import followed
from archiver.core.atomic_files import refuse_taken
from archiver.core.errors import ArchiveBusy, ConfigError, IntegrityError, Remedy, machine_error
from archiver.core.model import iso
from archiver.core.progress import Progress, progress_bar
from archiver.home.connections import trusted_roots
from archiver.home.settings import HOUSE, Home
from archiver.home.vault import Vault
from archiver.reading.spreadsheet import written

CHUNK = 1 << 20
MAX_LISTED_FINDINGS = 5


@dataclass(frozen=True, kw_only=True)
class HandoverResult:
    """The result of a hand-over, or of a dry run."""

    client: str
    out: str
    outcome: str  # handed_over | would_hand_over
    state: str
    licences: int
    files: int
    bytes: int
    key: str
    unproven: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()  # files in the archive that do not belong there

    def as_json(self) -> dict[str, object]:
        """The document of `client hand-over --json`."""
        return dict(vars(self))


def hand_over(
    home: Home, vault: Vault, slug: str, out: Path, *, dry_run: bool = False, progress: Progress
) -> HandoverResult:
    """Copy a client's archive, sealed, to a new folder, with a list of its licences and instructions.

    The copy holds nothing of the house archive. A licence from a shared account is there as the client's own copy. The
    copy is verified before it gets its final name, so `out` is either complete or absent. ConfigError if `out` exists,
    if it is in the home, or if the client has no archive; IntegrityError if the archive is damaged.
    """
    if home.client(slug).slug == HOUSE:
        raise ConfigError("The house archive belongs to the agency. Name a client instead.")
    source, out = home.archive(slug), out.absolute()
    if not (source / archive_words.LEDGER).is_file():
        raise ConfigError(f"{slug} has no archive to hand over yet.", remedy=Remedy("run", {"client": slug}))
    refuse_taken(out)
    if out.resolve().is_relative_to(home.root.resolve()):
        raise ConfigError(f"{out} is inside the home. Choose a folder outside of it.")
    if dry_run:
        object_source.bring_all(source)
        report = _verified(home, slug, source, sealing.strict_checker())
        files = _files(source)
        sizes = [(source / name).stat().st_size for name in filter(_belongs, files)]
        done = _described(report, source, sizes, slug=slug, out=out, outcome="would_hand_over")
        return replace(done, left_out=_left_out(files))
    partial = out.with_name(f".{out.name}.partial")
    try:
        with ExitStack() as stack:
            with writing(home, vault, slug) as archive:
                archive.seal(whole=True)
                object_source.bring_all(source)
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir(parents=True)
                stack.callback(shutil.rmtree, partial, ignore_errors=True)
                copied = _copied(source, partial, functools.partial(progress, f"{slug}: files"))
                files, left_out = _files(partial), _left_out(_files(source))
                with archive.checker() as checker:
                    report = _verified(home, slug, partial, checker)
                sizes = [size for size, _ in copied.values()]
                done = _described(report, partial, sizes, slug=slug, out=out, outcome="handed_over")
                done = replace(done, left_out=left_out)
                _compare(partial, files, {name: digest for name, (_, digest) in copied.items()})
                (partial / "licences.csv").write_bytes(_list(home, slug))
                (partial / "READ-ME.txt").write_text(_letter(home.client(slug).name, done), "utf-8")
            partial.rename(out)  # last: whoever repeats a killed command finds either the name or nothing done
    except OSError as error:
        raise machine_error(error) from error
    return done


def _copied(source: Path, target: Path, progress: Callable[[int, int], None]) -> dict[str, tuple[int, str]]:
    """Copy what belongs to an archive, with its modes, and this program's verifier. Returns bytes and SHA-256 of what
    was read, by file; evidence has no digest.
    """
    files, copied, made = list(filter(_belongs, _files(source))), dict[str, tuple[int, str]](), set[str]()
    for number, name in enumerate(files, 1):
        if (folder := name.rpartition("/")[0]) not in made:
            (target / folder).mkdir(parents=True, exist_ok=True)
            made.add(folder)
        digest = None if name.startswith("evidence/") else hashlib.sha256()
        origin = str(CARRIED) if name == archive_words.TOOL else f"{source}/{name}"  # another's would say what he likes
        copied[name] = _copy(origin, f"{target}/{name}", digest), digest.hexdigest() if digest else ""
        progress(number, len(files))
    return copied


def _copy(source: str, target: str, digest: hashlib._Hash | None) -> int:
    """Copy a file with its mode. Returns its bytes.

    It runs for thousands of small files, so it asks the system for no more than it needs.
    """
    file = regular_files.opened(source)
    try:
        status, copied = os.fstat(file), 0
        copy = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            while chunk := os.read(file, CHUNK):
                rest = memoryview(chunk)
                while rest:
                    rest = rest[os.write(copy, rest) :]
                if digest:
                    digest.update(chunk)
                copied += len(chunk)
        finally:
            os.close(copy)
        os.chmod(target, stat.S_IMODE(status.st_mode))  # noqa: PTH101  # a Path for each would take longer
        return copied
    finally:
        os.close(file)


def _files(root: Path) -> list[str]:
    """The archive's files without `staging/`, in order, as paths below `root`. IntegrityError for a link or a device:
    an archive holds none.
    """

    def below(folder: str) -> Iterator[str]:
        with os.scandir(f"{root}/{folder}") as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            name = f"{folder}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if name != "staging":
                    yield from below(f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield name
            else:
                raise IntegrityError(f"{name} is a link or a device, not a regular file")

    return list(below(""))


def _belongs(name: str) -> bool:
    """Whether an archive has a file of this name. The verifier checks those of objects."""
    folder, _, base = name.rpartition("/")
    return name.startswith("evidence/") or (
        folder in whole_archive.FOLDERS and bool(whole_archive.FOLDERS[folder].fullmatch(base))
    )


def _left_out(files: Collection[str]) -> tuple[str, ...]:
    """What somebody else put into the archive; a client must not take it for ours."""
    return tuple(name for name in files if not _belongs(name))


def _compare(copy: Path, files: Collection[str], copied: Mapping[str, str]) -> None:
    """IntegrityError unless the copy has exactly the files that were copied, with the same bytes.

    Evidence is not read again: the verifier has compared each of its files with a digest. It has none for the others.
    """
    other = sorted(copied.keys() ^ set(files))
    read = ((name, digest) for name, digest in copied.items() if digest and not other)
    other += [name for name, digest in read if regular_files.digests(f"{copy}/{name}", ("sha256",))["sha256"] != digest]
    if other:
        raise IntegrityError(f"the copy is not what was read, first in {other[0]}; choose a folder on another disk")


def _verified(home: Home, slug: str, root: Path, checker: openssl_program.TokenChecker) -> verify_report.VerifyReport:
    """Verify the archive at `root`; IntegrityError if it is damaged."""
    try:
        with progress_bar() as watch:
            report = whole_archive.verify_archive(
                root, trusted_roots(home), trusted_key(home, slug), checker=checker,
                progress=functools.partial(watch, f"{slug}: verified objects"),
            )  # fmt: skip
    except archive_words.Busy as error:
        raise ArchiveBusy(str(error)) from None
    if report.state in (archive_words.DAMAGED, archive_words.FORKED):
        found = next(iter(report.as_json()["findings"]), {"path": str(root), "message": "is damaged"})
        raise IntegrityError(f"{slug}: {found['path']} {found['message']}")
    return report


def _described(
    report: verify_report.VerifyReport, root: Path, sizes: Collection[int], *, slug: str, out: Path, outcome: str
) -> HandoverResult:
    first, checked = next(Archive(root).lines()), report.as_json()
    return HandoverResult(
        client=slug,
        out=str(out),
        outcome=outcome,
        state=checked["state"],
        licences=checked["licences"],
        files=len(sizes),
        bytes=sum(sizes),
        key=str(first.fields["key"]),
        unproven=tuple(why_unproven(slug, checked)) if checked["state"] == "UNPROVEN" else (),
    )


def why_unproven(client: str, checked: Mapping[str, Any]) -> Iterator[str]:
    """Why the archive is UNPROVEN, and what to do before the folder is given away."""
    for each in checked["findings"][:MAX_LISTED_FINDINGS]:
        yield f"{each['path']}: {each['message']}" if each["path"] else str(each["message"])
    if not checked["evidence"]:
        yield "This archive comes from recordings, so it proves nothing. Hand over the archive of a real home."
        return
    yield (
        "UNPROVEN: the copy is complete and its signatures are intact, but no trusted timestamp proves all its dates "
        "yet. Get it while the timestamp authorities can be reached, and hand over again. "
        f"{Remedy('timestamp', {'client': client})}"
    )


COLUMNS = ("licence", "platform", "asset", "title", "kind", "licensed on", "licensee", "order", "folder")


def _list(home: Home, slug: str) -> bytes:
    """The licences as a CSV table for spreadsheets, without those that were taken back from this client."""
    archive, rows = Archive(home.archive(slug)), []
    with followed(home, slug) as catalogue:
        for entry in catalogue.each():
            licence = entry.licence
            if licence.comp or not entry.held:
                continue
            folder = archive.object(entry.object_id).path.relative_to(archive.root).as_posix()
            asset = licence.asset
            rows.append((
                entry.folder, asset.provider, asset.asset_id, asset.title, licence.kind, iso(licence.licensed_at),
                licence.licensee, licence.order, folder,
            ))  # fmt: skip
    return written(COLUMNS, rows).encode("utf-8-sig", "replace")


READ_ME = """\
{client}: LICENCE PROOF, HANDED OVER ON {day}

This folder is the archive of your stock licences: {licences} licences in {files} files. It is complete and works
without our software. READ-ME-FIRST.txt explains the files.

licences.csv lists the licences for a spreadsheet. It helps you find things; the evidence is in evidence/. The check
remarks on licences.csv and on this file, because nothing vouches for what they say.

To check every byte, signature and date, with Python 3.9 or later and OpenSSL 3:

    python3 tools/verify.py

The result was {state} when we made this copy.
{why}
The fingerprint of the key that signed the archive:

    {key}

Keep at least two copies in different buildings. Do not change anything in this folder.
"""


def _letter(client: str, done: HandoverResult) -> str:
    """READ-ME.txt, for a client by its full name."""
    why = "\n".join(["", *(textwrap.fill(each, 78) for each in done.unproven), ""]) if done.unproven else ""
    return READ_ME.format(**vars(done) | {"client": client, "day": datetime.now(UTC).date(), "why": why})


# ---------------------------------------------------------------- copies beside the home, for the desk


def copies_folder(home: Home) -> Path:
    """Where the desk puts copies: beside the home, because a copy must not lie in it."""
    return home.root.absolute().with_name(f"{home.root.absolute().name}-hand-over")


def next_copy(home: Home, slug: str) -> Path:
    """A folder for a new copy of a client's archive, named after the client and the day."""
    wanted = copies_folder(home) / f"{slug}-{datetime.now(UTC).date()}"
    numbered = (wanted.with_name(f"{wanted.name}-{number}") for number in count(2))
    return next(path for path in chain([wanted], numbered) if not path.exists())


def copies(home: Home, slug: str) -> list[Path]:
    """The complete copies of a client's archive beside the home, the newest first."""
    pattern = re.compile(rf"{re.escape(slug)}-\d{{4}}-\d\d-\d\d(?:-\d+)?")
    found = [each for each in copies_folder(home).glob(f"{slug}-*") if pattern.fullmatch(each.name) and each.is_dir()]
    return sorted(found, key=lambda each: each.stat().st_mtime, reverse=True)


class _Pieces(io.RawIOBase):
    """What a zip file writes, to be taken in pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def zipped(folder: Path) -> Iterator[bytes]:
    """A folder as a zip file, in pieces of about a megabyte; it is never whole in memory or on disk."""
    out = _Pieces()
    with ZipFile(out, "w", ZIP_STORED) as whole:
        for path in (each for each in sorted(folder.rglob("*")) if each.is_file()):
            name = (Path(folder.name) / path.relative_to(folder)).as_posix()
            with whole.open(ZipInfo.from_file(path, name), "w", force_zip64=True) as entry, path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    entry.write(chunk)
                    yield out.take()
    yield out.take()
