"""What the search index takes from a licence's object: its description, its documents' texts, and its pictures."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from archiver.archive.checking.parts.archive_words import URN
from archiver.archive.ledger import Line
from archiver.archive.reader import Archive, StoredObject
from archiver.core.errors import IntegrityError, UnreadablePicture
from archiver.core.model import DocumentKind
from archiver.reading.fingerprint import Fingerprint
from archiver.reading.licence_json import FiledDocument, LicenceFile, from_json
from archiver.reading.worker import DocumentReader

READER_THREADS = 4  # threads that feed the document reader
KINDS = (f"{URN}:licence:", f"{URN}:comp:")
SEARCHED = (DocumentKind.CERTIFICATE, DocumentKind.RECEIPT)  # whose text is
FOR_CLIENTS = (DocumentKind.CERTIFICATE, DocumentKind.PREVIEW, DocumentKind.TERMS)
"""What a client's own link shows.

Receipts, records and captures are left out: they may show prices and seats' names.
"""


@dataclass(frozen=True)
class ReadLicence:
    """A licence or comp as its object holds it now."""

    folder: str
    described: bytes
    file: LicenceFile
    text: str
    inside: str  # the text of what a client's own link does not show
    pictures: Mapping[str, Fingerprint]  # by document


def read_all(
    archive: Archive, reader: DocumentReader, recorded: Mapping[str, Line | None]
) -> dict[str, ReadLicence | str]:
    """The content of the licences and comps with these ids, as a ledger line records each; a text says why one cannot
    be read.
    """
    found = {object_id: _described(archive, object_id, line) for object_id, line in recorded.items()}
    described = {object_id: each for object_id, each in found.items() if not isinstance(each, str)}
    read: dict[str, ReadLicence | str] = {
        object_id: each.read(reader) for object_id, each in described.items() if each.is_remembered(reader)
    }
    # Threads keep the reader's processes busy. Where nothing is left to read, they would only wait for each other.
    fresh = [object_id for object_id in described if object_id not in read]
    with ThreadPoolExecutor(READER_THREADS) as pool:
        read |= zip(fresh, pool.map(lambda object_id: described[object_id].read(reader), fresh), strict=True)
    return {object_id: read.get(object_id) or str(found[object_id]) for object_id in recorded}


@dataclass(frozen=True)
class _Described:
    """A licence or comp whose documents are not read yet."""

    stored: StoredObject
    content: bytes
    file: LicenceFile

    def is_remembered(self, reader: DocumentReader) -> bool:
        """Whether the reader remembers all texts, and there is no picture."""
        texts = [each.name for each in self.file.documents if each.kind in SEARCHED]
        with suppress(IntegrityError):
            remembered = all(reader.remembered(self.stored.digest(name)) for name in texts)
            return remembered and not any(_is_picture(each) for each in self.file.documents)
        return False

    def read(self, reader: DocumentReader) -> ReadLicence:
        texts, inside, pictures = list[str](), list[str](), {}
        for document in self.file.documents:
            # If a document cannot be read, the licence is still found by everything else; `verify` reports the damage.
            with suppress(IntegrityError, UnreadablePicture):
                if document.kind in SEARCHED:
                    text = reader.remembered(self.stored.digest(document.name))
                    text = text or reader.read(self.stored.read(document.name), document.media_type)
                    (texts if document.kind in FOR_CLIENTS else inside).append(text.text)
                elif _is_picture(document):
                    pictures[document.name] = reader.look(self.stored.read(document.name)).fingerprint
        return ReadLicence(self.stored.folder, self.content, self.file, " ".join(texts), " ".join(inside), pictures)


def _described(archive: Archive, object_id: str, line: Line | None) -> _Described | str:
    if line is None:
        return f"no ledger line records {object_id.rpartition(':')[2]}"
    try:
        stored = archive.recorded_object(line)
        content = stored.read("licence.json")
        return _Described(stored, content, from_json(content))
    except IntegrityError as error:
        return error.detail


def _is_picture(document: FiledDocument) -> bool:
    return document.kind is DocumentKind.PREVIEW and document.media_type.startswith("image/")


def downloads_of(file: LicenceFile) -> set[tuple[str, int, str]]:
    """Name, size and day of the downloads that browsers reported for this licence, as far as they came to their end."""
    said = [each["said"]["download"] for each in file.provenance.get("imports", ()) if each.get("said")]
    complete = [each for each in said if each and each["state"] == "complete" and each["bytes"] > 0]
    return {(file_name(each["name"]), each["bytes"], each["ended"][:10]) for each in complete}


def file_name(path: str) -> str:
    """The name of a file, without its folders, in one spelling: systems store accents in two ways."""
    return unicodedata.normalize("NFC", path.replace("\\", "/").rpartition("/")[2])


def searched_words(read: ReadLicence) -> tuple[list[str], ...]:
    """The words of a licence by the column of `words`: IDs, title, all else that describes it, its documents' text, and
    what a client's own link does not show (the key may name an account or its user).
    """
    licence, asset = read.file.licence, read.file.licence.asset
    names = [each.name for each in read.file.documents if each.kind in FOR_CLIENTS]
    others = [each.name for each in read.file.documents if each.kind not in FOR_CLIENTS]
    ids = [asset.asset_id, licence.licence_id, licence.order, read.folder]
    about = [licence.kind, licence.licensee, licence.plan, asset.provider, asset.contributor, *names]
    inside = [licence.seat, *licence.key, *licence.client_hints.values(), *others, read.inside]
    columns = (ids, [asset.title], about, [read.text], inside)
    return tuple([each for each in column if each] for column in columns)


def plain_text(text: str | None) -> str:
    """Text that SQLite and its query language take: no control characters, no lone surrogates."""
    if (text := text or "").isprintable():
        return text
    kept = "".join(" " if unicodedata.category(each) == "Cc" else each for each in text)
    return kept.encode("utf-8", "replace").decode()
