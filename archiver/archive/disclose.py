"""What proves one object to an outsider, and tells nothing about any other: for `verify.py --proof`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from archiver.archive import verify
from archiver.archive.erasure import erasure_of
from archiver.archive.ledger import Line
from archiver.archive.reader import Archive
from archiver.archive.tree import inclusion_path
from archiver.errors import Erased, IntegrityError


def disclose(archive: Archive, object_id: str, out: Path, terms: Sequence[str] = ()) -> None:
    """Write into the folder `out` an object and its place in the archive, with the objects of terms that it refers to.

    `<kind>/<folder>/` is an OCFL object. `integrity/` holds a C2SP tlog-proof for the ledger's first line and for each
    line that records the object, the checkpoints that they lead to (the first one with a timestamp, else the newest)
    with their timestamps, the signer's key, the authorities' roots and the verifier. IntegrityError where the object is
    not in the ledger or no checkpoint covers it; Erased where its content was erased.
    """
    if line := erasure_of(archive, object_id):
        raise Erased(f"{object_id.rpartition(':')[2]} on {line.fields['at']} ({line.fields['reason']})")
    objects = {stored.id: stored for stored in map(archive.object, (object_id, *terms))}
    # For whom a licence is, is told by the statement that a person made of it, and to whom that concerns.
    lines = [line for line in archive.lines() if line.seq == 0 or (line.id in objects and line.type != "assign")]
    for stored in objects.values():
        if not any(line.id == stored.id for line in lines):
            raise IntegrityError(f"{stored.folder} is not in the ledger")
    integrity = out / "integrity"
    integrity.mkdir(parents=True)
    for stored in objects.values():
        shutil.copytree(stored.path, out / stored.id.split(":")[2] / stored.folder, copy_function=shutil.copyfile)
    checkpoints = verify.checkpoint_files(archive.root / verify.CHECKPOINTS)
    covering = [first_covering(checkpoints, line) for line in lines[1:]]
    for line, (size, note, tokens) in zip(lines, [covering[0], *covering], strict=True):
        proof = verify.InclusionProof(
            line.raw, line.seq, tuple(inclusion_path(archive.lines(), line.seq, size)), note.read_bytes()
        )
        (integrity / f"{line.seq:08d}.tlog-proof").write_bytes(proof.encode())
        for file in (note, *tokens):
            shutil.copyfile(file, integrity / file.name)
    for name in (verify.SIGNER_KEY, verify.TSA_ROOTS):
        if (archive.root / name).exists():
            shutil.copyfile(archive.root / name, integrity / Path(name).name)
    shutil.copyfile(verify.__file__, integrity / "verify.py")


def first_covering(checkpoints: list[tuple[int, Path, list[Path]]], line: Line) -> tuple[int, Path, list[Path]]:
    """The first checkpoint with a timestamp that covers a line, else the newest; IntegrityError where none does."""
    over = [checkpoint for checkpoint in checkpoints if checkpoint[0] > line.seq]
    if not over:
        raise IntegrityError(f"no checkpoint covers ledger line {line.seq} yet; the next run writes one")
    return next((checkpoint for checkpoint in over if checkpoint[2]), over[-1])
