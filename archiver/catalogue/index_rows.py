"""What the search index takes from a licence's object: its description, its documents' texts, and its pictures."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from archiver.archive.ledger import Line
from archiver.archive.reader import Archive
from archiver.archive.verify import URN
from archiver.core.errors import IntegrityError, UnreadablePicture
from archiver.core.model import DocumentKind
from archiver.reading.fingerprint import Fingerprint
from archiver.reading.licence_json import LicenceFile, from_json
from archiver.reading.worker import DocumentReader

READER_THREADS = 4  # threads that feed the document reader
KINDS = (f"{URN}:licence:", f"{URN}:comp:")
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


def read_all(archive: Archive, reader: DocumentReader, lines: Iterable[Line]) -> dict[str, ReadLicence | str]:
    """The current content of the licences and comps in these lines; a text says why one cannot be read."""
    ids = dict.fromkeys(line.id for line in lines if line.id and line.id.startswith(KINDS))
    with ThreadPoolExecutor(READER_THREADS) as pool:
        return dict(zip(ids, pool.map(partial(_read, archive, reader), ids), strict=True))


def _read(archive: Archive, reader: DocumentReader, object_id: str) -> ReadLicence | str:
    try:
        stored = archive.object(object_id)
        described = stored.read("licence.json")
        file = from_json(described)
    except IntegrityError as error:
        return error.detail
    texts, inside, pictures = list[str](), list[str](), {}
    for document in file.documents:
        # If a document cannot be read, the licence is still found by everything else; `verify` reports the damage.
        with suppress(IntegrityError, UnreadablePicture):
            if document.kind in (DocumentKind.CERTIFICATE, DocumentKind.RECEIPT):
                read = reader.remembered(stored.digest(document.name))
                text = (read or reader.read(stored.read(document.name), document.media_type)).text
                (texts if document.kind in FOR_CLIENTS else inside).append(text)
            elif document.kind is DocumentKind.PREVIEW and document.media_type.startswith("image/"):
                pictures[document.name] = reader.look(stored.read(document.name)).fingerprint
    return ReadLicence(stored.folder, described, file, " ".join(texts), " ".join(inside), pictures)


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
