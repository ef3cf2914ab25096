"""Make the proof of one object for an outsider, for `verify.py --proof`. It reveals nothing about other objects."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from archiver.archive.checking.parts import (
    anchor_proofs,
    archive_words,
    ledger_lines,
    one_proof,
    regular_files,
    signed_notes,
    timestamp_tokens,
)
from archiver.archive.erasure import erasure_of
from archiver.archive.ledger import Line
from archiver.archive.merkle import inclusion_paths
from archiver.archive.reader import Archive, StoredObject, signer_key
from archiver.archive.stated_files import check_stated, statement_about
from archiver.core.atomic_files import read_file
from archiver.core.errors import Erased, IntegrityError


def disclose(
    archive: Archive, object_id: str, out: Path, terms: Sequence[str] = (), withheld: Collection[str] = ()
) -> None:
    """Write into the folder `out` an object and its place in the archive, with the objects of terms that it refers to.

    `<kind>/<folder>/` is an OCFL object. `integrity/` holds a C2SP tlog-proof for the ledger's first line and for each
    line that records the object, the checkpoints that they lead to (the first one with a timestamp, else the newest)
    with their timestamps, which are named by `verify.sealed_names`, and their anchors, the signer's key, the
    authorities' roots and the keys of the witnesses that cosigned. Trusted lists that show that a timestamp is
    qualified lie beside it. `withheld` are content files of the object that stay here (`v1/content/record.json`);
    `withheld.json` names them, and their digests stand in the inventory. IntegrityError where the object is not in the
    ledger or no checkpoint covers it; Erased where its content was.
    """
    if line := erasure_of(archive, object_id):
        raise Erased(f"{object_id.rpartition(':')[2]} on {line.fields['at']} ({line.fields['reason']})")
    objects = {stored.id: stored for stored in map(archive.object, (object_id, *terms))}
    lines = _lines_about(archive, objects)
    for stored in objects.values():
        if not any(line.id == stored.id for line in lines):
            raise IntegrityError(f"{stored.folder} is not in the ledger")
    integrity = out / "integrity"
    integrity.mkdir(parents=True)
    for stored in objects.values():
        _copy(stored, out / place_of(stored.id), withheld if stored.id == object_id else ())
    if withheld:
        named = json.dumps({place_of(object_id): sorted(withheld)}, indent=1) + "\n"
        (integrity / "withheld.json").write_bytes(named.encode())
    checkpoints = ledger_lines.checkpoint_files(archive.root / archive_words.CHECKPOINTS)
    covering = [first_covering(checkpoints, line) for line in lines[1:]]
    places = list(zip(lines, [covering[0], *covering], strict=True))
    roots = (
        read_file(archive.root / archive_words.TSA_ROOTS) if (archive.root / archive_words.TSA_ROOTS).exists() else b""
    )
    if roots:
        check_stated(archive.root, archive_words.TSA_ROOTS)
    paths = inclusion_paths(archive.lines(), [(line.seq, size) for line, (size, _, _) in places])
    for (line, (_, note, tokens)), path in zip(places, paths, strict=True):
        proof = one_proof.InclusionProof(line.raw, line.seq, tuple(path), read_file(note))
        (integrity / f"{line.seq:08d}.tlog-proof").write_bytes(proof.encode())
        (integrity / note.name).write_bytes(read_file(note))
        responses = [read_file(token) for token in tokens]
        for name, response in zip(one_proof.sealed_names(note.name, roots, responses), responses, strict=True):
            (integrity / name).write_bytes(response)
            _enclose_lists(archive.root, response, integrity)
    if any(tokens for _, (_, _, tokens) in places):
        (integrity / Path(archive_words.TSA_ROOTS).name).write_bytes(roots)
    _anchors(archive.root, {note for _, (_, note, _) in places}, integrity)
    (integrity / Path(archive_words.SIGNER_KEY).name).write_bytes(signed_notes.pem_of_key(signer_key(archive.root)))


def _anchors(root: Path, notes: Collection[Path], integrity: Path) -> None:
    """Copy the anchors of these checkpoints, complete ones instead of pending ones, and the keys that they need."""
    every = anchor_proofs.anchor_files(root / archive_words.CHECKPOINTS)
    anchors = [each for note in notes for each in every.get(anchor_proofs.size_of(note), ())]
    used = set[str]()
    for anchor in set(anchors) - anchor_proofs.superseded(anchors):
        data = read_file(anchor)
        try:
            names = (
                {name for name, _ in signed_notes.Note.parse(data).signatures}
                if anchor.suffix == ".cosigned"
                else set()
            )
        except archive_words.Malformed as error:
            raise IntegrityError(f"{anchor.name} {error}") from None
        (integrity / anchor_proofs.anchor_name(anchor, data)).write_bytes(data)
        used |= names
    if used:
        check_stated(root, archive_words.WITNESS_KEYS)
        keys = anchor_proofs.witness_keys(read_file(root / archive_words.WITNESS_KEYS))
        wanted = anchor_proofs.encoded_keys(each for each in keys if each.name in used)
        (integrity / Path(archive_words.WITNESS_KEYS).name).write_bytes(wanted)


def _enclose_lists(root: Path, response: bytes, integrity: Path) -> None:
    """Copy the trusted lists that show that a timestamp is qualified, and the statement about them."""
    kept = root / archive_words.LISTS
    if path := statement_about(root, response):
        stated = timestamp_tokens.Qualification.parse(regular_files.content(path))
        (integrity / path.name).write_bytes(stated.encode())
        for digest in (stated.lotl, stated.trusted_list):
            name, data = f"trusted-list.{digest}.xml", b""
            with suppress(OSError):
                data = regular_files.content(kept / name, timestamp_tokens.MAX_LIST_BYTES)
            if hashlib.sha256(data).hexdigest() != digest:  # a link to another file, for example
                raise IntegrityError(f"{name} is not what its name says")
            (integrity / name).write_bytes(data)


def place_of(object_id: str) -> str:
    """Return an object's folder inside a proof, for example `licence/20261124_…`."""
    return "/".join(object_id.split(":")[2:])


def _lines_about(archive: Archive, objects: Collection[str]) -> list[Line]:
    """Return the ledger's first line and the lines that record these objects.

    A licence's client is not in its own line: the statement that assigned it and the line that names this statement say
    so.
    """
    search_terms = [f'"id":"{object_id}"'.encode() for object_id in objects]
    candidates = (line for line in archive.lines() if not line.offset or any(each in line.raw for each in search_terms))
    return [line for line in candidates if line.seq == 0 or (line.id in objects and line.type != "assign")]


def _copy(stored: StoredObject, out: Path, withheld: Collection[str]) -> None:
    for file in sorted(path for path in stored.path.rglob("*") if path.is_file()):
        name = file.relative_to(stored.path).as_posix()
        if name not in withheld:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, out / name)


def first_covering(checkpoints: list[ledger_lines.CheckpointFiles], line: Line) -> ledger_lines.CheckpointFiles:
    """Return the first checkpoint with a timestamp that covers a line, else the newest.

    Raises IntegrityError if none covers it.
    """
    over = [checkpoint for checkpoint in checkpoints if checkpoint[0] > line.seq]
    if not over:
        raise IntegrityError(f"no checkpoint covers ledger line {line.seq} yet; the next run writes one")
    return next((checkpoint for checkpoint in over if checkpoint[2]), over[-1])
