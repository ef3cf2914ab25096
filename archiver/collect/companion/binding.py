"""Put a capture that was kept unread to the licence that a person names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from archiver.archive.reader import StoredObject
from archiver.catalogue.archives import writing
from archiver.catalogue.search import located
from archiver.collect.companion.captures import CaptureRefused, CaptureResult, Inbox
from archiver.collect.import_filing import Import, Origin, file
from archiver.collect.import_plan import FileOutcome, Group, ImportOutcome, ImportPlan
from archiver.collect.recognition import ClassifiedFile
from archiver.core.model import Document, DocumentKind
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.licence_json import COMPANION_PREFIX
from archiver.reading.worker import DocumentReader

ABOUT_PAPER = "paper.json"
_TYPES = {"json": "application/json", "html": "text/html", "txt": "text/plain", "png": "image/png"}


@dataclass(frozen=True, kw_only=True)
class BoundOrigin(Origin):
    """Where the capture came from, as its own object says, and who put it to the licence."""

    provenance: Mapping[str, object]
    bound_by: str

    def as_json(self) -> dict[str, object]:
        return {**self.provenance, "bound_by": self.bound_by}


def bind(home: Home, vault: Vault, result: CaptureResult, licence: str, by: str) -> str:
    """Add a capture's files to a licence of the same archive, and seal it. Returns the licence's short id.

    The object that kept the capture stays. CaptureRefused where the licence is in another archive, or the capture is in
    no object of its own; ConfigError where there is no such licence.
    """
    if not result.paper:
        raise CaptureRefused("it belongs to a licence already, or is kept in no object of its own")
    with DocumentReader() as reader, located(home, licence, reader, result.client) as (slug, stored, entry):
        if slug != result.client:
            raise CaptureRefused(f"it is in the archive of {result.client}, and this licence is in that of {slug}")
        paper = stored.object(result.paper)
        about = json.loads(paper.read(ABOUT_PAPER))
    provenance = about["provenance"]
    origin = BoundOrigin(
        how=provenance["how"], url=provenance["url"], method=provenance["method"],
        retrieved_at=datetime.fromisoformat(provenance["retrieved_at"]), provenance=provenance, bound_by=by,
    )  # fmt: skip
    seen = ClassifiedFile(
        path=origin.url, sha256=provenance["sha256"], size=provenance["bytes"], what="page", marked=True
    )
    documents = list(_documents(paper, origin))
    order = Import(
        by=by, source="companion", prefix=COMPANION_PREFIX, origins={seen.sha256: origin}, captures=lambda _: documents,
    )  # fmt: skip
    group = Group(entry.licence, entry, papers=[(seen, None)])
    planned = ImportPlan([FileOutcome(seen, ImportOutcome.MERGED, [group])], [group], [])
    with writing(home, vault, result.client) as archive:
        file(planned, archive.put, archive.add_version, order, lambda: None)
        archive.seal()
    short = f"{slug}/{entry.folder}"
    Inbox(home.state).note(replace(result, bound_to=short, licences=[{"licence": short}]))
    return short


def _documents(paper: StoredObject, origin: Origin) -> list[Document]:
    return [
        Document(
            name=name, kind=DocumentKind.CAPTURE, content=paper.read(name),
            media_type=_TYPES.get(name.rpartition(".")[2], "application/octet-stream"), url=origin.url,
            retrieved_at=origin.retrieved_at, notes={"made": "by the companion in a person's browser"},
        )
        for name in sorted(paper.files()) if name != ABOUT_PAPER
    ]  # fmt: skip
