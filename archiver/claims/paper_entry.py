"""Archive a claim's papers on a person's word."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from archiver.archive.ocfl import NewObject, object_path
from archiver.archive.reader import Archive
from archiver.catalogue.archives import writing
from archiver.claims import claim_files
from archiver.claims.claim_entry import file_ending, read_paper
from archiver.core.errors import ConfigError
from archiver.core.model import iso
from archiver.home.settings import Home
from archiver.home.vault import Vault


def enter(home: Home, vault: Vault, name: str, file: str, by: str) -> str:
    """Archive one paper of a claim in its client's archive, on a person's word. Returns the object's ID.

    A letter becomes a statement, any other paper a sighting. Entering it again changes nothing. ConfigError if there is
    no such paper.
    """
    claim = claim_files.load(home, name)
    if not by.strip():
        raise ConfigError("Give the name of the person who enters the paper: --by NAME.")
    inside = claim_files.folder(home, claim.claim) / Path(file).name
    path = inside if inside.is_file() else Path(file)
    content = read_paper(path, "paper")
    kind = "statements" if path.name == claim.letter else "sightings"
    at = datetime.now(UTC)
    digest = hashlib.sha256(content).hexdigest()
    said = {
        "format": 1, "statement": "paper of a claim, entered by a person", "claim": claim.claim,
        "claimant": claim.claimant, "reference": claim.reference, "urls": list(claim.urls), "file": path.name,
        "sha256": digest, "by": by, "at": iso(at),
    }  # fmt: skip
    statement = json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False).encode()
    paper = f"{'letter' if kind == 'statements' else 'sighting'}{file_ending(path)}"
    new = NewObject(
        kind=kind, date=at, provider="claim", asset_id=claim.claim, identity=f"claim:{claim.claim}:{digest}",
        created=at, files={"statement.json": statement, paper: content},
    )  # fmt: skip
    with writing(home, vault, claim.client) as archive:
        object_id, recorded = _entered(archive.reader, new)
        object_id = object_id or archive.put(new).result().object_id
        if not recorded:
            archive.append("statement", id=object_id)
        archive.seal()
    return object_id


def _entered(archive: Archive, new: NewObject) -> tuple[str | None, bool]:
    """The ID of this paper if it is already archived, on any day, and whether its ledger line exists.

    A command may have been killed between the two.
    """
    kind, rest = new.object_id.rpartition(":")[0], new.object_id.rpartition(":")[2].partition("_")[2]
    lines = [line for line in archive.lines() if line.id and line.id.startswith(kind) and line.id.endswith(f"_{rest}")]
    ids = [str(line.id) for line in lines if object_path(archive.root, str(line.id)).exists()]
    return next(iter(ids), None), any(line.type == "statement" and line.id in ids for line in lines)
