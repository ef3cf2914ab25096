"""Take an archive that was just built from the bucket in the place of the copy here, if it is the fleet's own."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from archiver.archive.checking.parts import archive_words, ledger_lines, signed_notes
from archiver.archive.last_seen import forget, known_key
from archiver.archive.ledger import read_lines
from archiver.archive.reader import Archive, key_in
from archiver.core.atomic_files import remove_tree
from archiver.core.errors import ReplicaForked
from archiver.fleet.kept_check_out import files_outside_objects
from archiver.fleet.object_store import Bucket
from archiver.fleet.publisher import line_before
from archiver.fleet.replica_format import ReplicaHead
from archiver.home.settings import Home


def check_signer(there: Home, here: Home, bucket: Bucket, client: str, signer: str | None) -> None:
    """ReplicaForked if an archive that was built `there` has another key than the fleet's archive.

    `signer` is the fingerprint of the key in the fleet's vault. Without one, the key with which this machine wrote
    decides, and without that the key of the copy here.
    """
    key = _first_key(there.archive(client))
    known = known_key(here.archive_state(client))
    expected = signer or (signed_notes.key_fingerprint(key_in(known)) if known else _first_key(here.archive(client)))
    if key and expected and key != expected:
        raise ReplicaForked(f"the archive of {client} in {bucket.name} has another key than the fleet's own")


def check_lines(root: Path, bucket: Bucket, client: str, known: ReplicaHead | None) -> None:
    """ReplicaForked if the archive's key does not vouch for the lines after the head that the database knew."""
    start = known.ledger_bytes if known else 0
    archive = Archive(root)
    new = list(archive.lines(start))
    if len(archive.vouched(new, line_before(root / archive_words.LEDGER, start) if start else None)) < len(new):
        raise ReplicaForked(f"{bucket.name} has lines of {client} that the archive's key did not sign")


def _first_key(root: Path) -> str | None:
    first = next(read_lines(root / archive_words.LEDGER), None)
    return str(first.fields.get("key")) if first else None


def move_in(there: Home, here: Home, client: str) -> None:
    """Replace the archive's ledger, index and other files by those `there`. Fetched documents stay."""
    new, root = there.archive(client), here.archive(client)
    for folder in ("staging", archive_words.CHECKPOINTS):
        (root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    size = (root / archive_words.LEDGER).stat().st_size if (root / archive_words.LEDGER).exists() else 0
    last, same = line_before(root / archive_words.LEDGER, size), line_before(new / archive_words.LEDGER, size)
    continues = bool(last and same and last.hash == same.hash)
    wanted = files_outside_objects(new)
    changed = [line.fields for line in read_lines(new / archive_words.LEDGER, size)] if continues else []
    (new / archive_words.LEDGER).replace(root / archive_words.LEDGER)  # first: files may name its lines
    for name in wanted:
        (root / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (new / name).replace(root / name)
    for name in {*files_outside_objects(root)} - {*wanted}:
        (root / name).unlink(missing_ok=True)
    if continues:  # objects that have a further version, or were erased
        for object_id in {str(each.get("erases") or each.get("id") or "") for each in changed} - {""}:
            with suppress(archive_words.Malformed):
                remove_tree(root / ledger_lines.object_path(object_id))
    else:
        for kind in (root / "evidence").glob("*/"):
            remove_tree(kind)
    forget(here.archive_state(client), root)  # what this machine saw last is no longer there
    _take_index(there.catalogue(client), here.catalogue(client))


def _take_index(new: Path, here: Path) -> None:
    """Take the index that came along. Readers may have the one here open; if it is busy, they catch up alone."""
    if not new.exists():
        return
    here.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not here.exists():
        new.replace(here)
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(new)) as source, closing(sqlite3.connect(here)) as target:
        source.backup(target)
