"""Hand a client its archive: a sealed copy, a list of the licences, and what to do with it all."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archiver.agency.integrity import trusted_roots
from archiver.archive import seal as sealing
from archiver.archive import verify
from archiver.archive.reader import Archive
from archiver.catalogue.archives import writing
from archiver.catalogue.index import Catalogue
from archiver.core.errors import ArchiveBusy, ConfigError, IntegrityError, machine_error
from archiver.core.model import iso
from archiver.home.settings import HOUSE, Home
from archiver.home.vault import Vault
from archiver.reading.spreadsheet import written
from archiver.reading.worker import DocumentReader

CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """A client's archive as it was, or would be, handed over."""

    client: str
    out: str
    outcome: str  # handed_over | would_hand_over
    state: str
    licences: int
    files: int
    bytes: int
    key: str

    def as_json(self) -> dict[str, Any]:
        """The document of `client hand-over --json`."""
        return dict(vars(self))


def hand_over(home: Home, vault: Vault, slug: str, out: Path, *, dry_run: bool = False) -> HandedOver:
    """Copy a client's archive, sealed, into a new folder, with a list of its licences and what to do with it all.

    Nothing of the house goes along: of a licence that a shared account bought, the client's own copy does. The copy is
    checked before it gets its name, so `out` is whole or not there. ConfigError where it exists, lies in the home, or
    the client has no archive; IntegrityError where the archive is damaged.
    """
    if home.client(slug).slug == HOUSE:
        raise ConfigError("The house archive is the agency's own. Hand over a client's.")
    source, out = home.archive(slug), out.absolute()
    if not (source / verify.LEDGER).is_file():
        raise ConfigError(f"{slug} has no archive yet, so there is nothing to hand over.")
    if out.exists() or out.is_symlink():
        raise ConfigError(f"{out} exists. Choose another name; nothing is overwritten.")
    if out.resolve().is_relative_to(home.root.resolve()):
        raise ConfigError(f"{out} lies in the home, of which nothing else may go along. Choose a place outside.")
    if dry_run:
        files = list(_files(source))
        return _handed_over(home, slug, source, out, "would_hand_over", files)
    partial = out.with_name(f".{out.name}.partial")
    with writing(home, vault, slug) as archive, ExitStack() as stack:
        archive.seal(whole=True)
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            stack.callback(shutil.rmtree, partial, ignore_errors=True)
            for file in (files := list(_files(source))):
                _copy(file, partial / file.relative_to(source))
            (partial / "staging").mkdir(exist_ok=True)
            done = _handed_over(home, slug, partial, out, "handed_over", files)
            (partial / "licences.csv").write_bytes(_list(home, slug))
            letter = READ_ME.format(**vars(done) | {"client": home.client(slug).name, "day": datetime.now(UTC).date()})
            (partial / "READ-ME.txt").write_text(letter, "utf-8")
            partial.rename(out)
        except OSError as error:
            raise machine_error(error) from error
    return done


def _files(root: Path) -> Iterator[Path]:
    """The archive's files; what is in work stays, and a link or a device is no file of an archive."""
    for place, folders, names in os.walk(root):
        if Path(place) == root and "staging" in folders:
            folders.remove("staging")
        folders.sort()
        for name in (*folders, *sorted(names)):
            path = Path(place, name)
            mode = path.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise IntegrityError(f"{path.relative_to(root).as_posix()} is a link or no file, and not the archive's")
        yield from (Path(place, name) for name in sorted(names))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target, follow_symlinks=False)
    target.chmod(stat.S_IMODE(source.lstat().st_mode))


def _handed_over(home: Home, slug: str, root: Path, out: Path, outcome: str, files: list[Path]) -> HandedOver:
    """Check the archive at `root`; IntegrityError where it is not whole."""
    try:
        checked = verify.verify_archive(root, trusted_roots(home), checker=sealing.strict_checker()).as_json()
    except verify.Busy as error:
        raise ArchiveBusy(str(error)) from None
    if checked["state"] in ("DAMAGED", "FORKED"):
        found = next(iter(checked["findings"]), {"path": str(root), "message": "is not whole"})
        raise IntegrityError(f"{slug}: {found['path']} {found['message']}")
    first = next(Archive(root).lines())
    return HandedOver(
        client=slug,
        out=str(out),
        outcome=outcome,
        state=checked["state"],
        licences=checked["licences"],
        files=len(files),
        bytes=sum(file.lstat().st_size for file in files),
        key=str(first.fields["key"]),
    )


COLUMNS = ("licence", "platform", "asset", "title", "kind", "licensed on", "licensee", "order", "folder")


def _list(home: Home, slug: str) -> bytes:
    """The licences as a table that spreadsheets open, without those that are no longer for this client."""
    with DocumentReader() as reader, Catalogue(home.catalogue(slug)) as catalogue:
        archive = Archive(home.archive(slug))
        catalogue.catch_up(archive, reader)
        rows = []
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

This folder is the archive of your stock licences: {licences} licences in {files} files. It is complete by itself and
needs nothing of ours. READ-ME-FIRST.txt says what is what.

licences.csv lists the licences, for a spreadsheet. It is a help for finding things and no evidence; evidence/ is.

To check every byte, signature and date, with Python 3.9 or later and OpenSSL 3:

    python3 tools/verify.py

It said {state} when this copy was made. The fingerprint of the key that signed the archive:

    {key}

Keep at least two copies, in places that do not burn together. Change nothing in here.
"""
