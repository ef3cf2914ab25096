"""A client's archive with a catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.checking.parts.proven_dates import Dates
from archiver.archive.ocfl import NewObject
from archiver.archive.reader import Archive
from archiver.archive.writer import ArchiveWriter, SealSettings, open_archive
from archiver.catalogue import views
from archiver.catalogue.index import Catalogue
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.home.network import Network
from archiver.reading.licence_json import to_json
from archiver.reading.worker import DocumentReader

FAILED = Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.FAILED, detail="https://a.example/c was a login page")


HARBOUR = Licence(
    asset=Asset(provider="shutterstock", asset_id="1234567890", title="Harbour at dawn", contributor="Ada Example"),
    licence_id="e1eba3833793e77188d22caae8bac9f2cd",
    kind="standard",
    licensed_at=datetime(2026, 11, 24, 2, tzinfo=UTC),
    licensee="Acme Ltd",
    order="PO 12/34",
)


CAFE = Licence(
    asset=Asset(provider="envato_market", asset_id="77", title="Łódź by night"),
    licence_id="86781236-23d0-4b3c-7dfa-c1c147e0dece",
    licensed_at=date(2026, 1, 5),
    client_hints={"job": "Café Important"},
)


TOKYO = Licence(
    asset=Asset(provider="freepik", asset_id="78", title="東京タワーの夜景"),
    key=("ada", "78", "free"),
    licensed_at=date(2025, 3, 1),
)


COMP = Licence(asset=Asset(provider="shutterstock", asset_id="555", title="Harbour comp"), licence_id="c-1", comp=True)


def certificate(text: str) -> Document:
    kind, url = DocumentKind.CERTIFICATE, "https://a.example/c"
    return Document(name="certificate.txt", kind=kind, content=text.encode(), media_type="text/plain", url=url)


def files(licence: Licence, *evidence: Document | Gap) -> dict[str, bytes]:
    documents = [each for each in evidence if isinstance(each, Document)]
    gaps = [each for each in evidence if isinstance(each, Gap)]
    described = to_json(licence, documents, gaps, {"source": "adapter", "account": "acme-one"})
    return {"licence.json": described, **{document.name: document.content for document in documents}}


@dataclass
class Acme:
    """A client: its archive, written by the real writer without timestamps, and its catalogue."""

    folder: Path
    reader: DocumentReader
    catalogue: Catalogue
    signer = Ed25519PrivateKey.generate()

    @property
    def archive(self) -> Archive:
        return Archive(self.folder / "archive")

    def writing(self) -> AbstractContextManager[ArchiveWriter]:
        post = Network().post
        means = SealSettings(client="acme", signer=self.signer, authorities=[], state=self.folder, post=post)
        return open_archive(self.archive.root, means, origin="live")

    def add(self, *contents: dict[str, bytes], licences: tuple[Licence, ...]) -> list[str]:
        """Archive licences with their files; their object ids."""
        with self.writing() as writer:
            stored = [
                writer.put(NewObject.of(licence, content, datetime.now(UTC)))
                for licence, content in zip(licences, contents, strict=True)
            ]
            return [each.result().object_id for each in stored]

    def add_all(self) -> list[str]:
        """Archive three licences and a comp, and take them into the catalogue; their object ids."""
        documented = files(CAFE, certificate("Item 77, licensed to Bob Örtlich"))
        contents = (files(HARBOUR, FAILED), documented, files(TOKYO), files(COMP))
        ids = self.add(*contents, licences=(HARBOUR, CAFE, TOKYO, COMP))
        self.catch_up()
        return ids

    def catch_up(self) -> None:
        self.catalogue.catch_up(self.archive, self.reader)

    def found(self, text: str) -> list[tuple[Licence, str | None]]:
        return [(hit.entry.licence, hit.match) for hit in self.catalogue.find(text)]

    def show(self, part: str) -> dict[str, Any]:
        return views.show("acme", self.archive, self.catalogue.matching(part)[0], Dates(()))


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    with DocumentReader(workers=1) as reader:
        yield reader


@pytest.fixture
def acme(tmp_path: Path, reader: DocumentReader) -> Iterator[Acme]:
    with Catalogue(tmp_path / "state" / "acme.sqlite") as catalogue:
        yield Acme(tmp_path, reader, catalogue)
