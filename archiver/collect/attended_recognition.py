"""Recognise what an attended session took: downloaded files and marked pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TypedDict

from archiver.collect.attended_session import AttendedSession
from archiver.collect.file_walk import Item, Refused, walk
from archiver.collect.import_filing import Origin
from archiver.collect.import_reader import Spool
from archiver.collect.recognition import ClassifiedFile, ocr_by, recognise
from archiver.core.model import Document, DocumentKind, parse_iso
from archiver.home.network import web_host
from archiver.reading.filenames import names
from archiver.reading.mail import Lookup
from archiver.reading.platforms import marked
from archiver.reading.secret_scan import refusal
from archiver.reading.webpages import page_by
from archiver.reading.worker import DocumentReader

_WORD = re.compile(r"[\w-]{5,}")
_PAPERS = ("document", "text", "page", "table", "scan", "letter")


class TakenOrigin(TypedDict):
    """`origin.json` of what a person took: how, from where, and its file. `captures`: media type and notes of each."""

    how: str
    url: str
    method: str
    at: str
    file: str
    captures: dict[str, tuple[str, dict[str, str]]]


@dataclass
class SessionRecognition:
    """Recognises what a session took. Remembers where each file came from, and the captures of marked pages."""

    session: AttendedSession
    reader: DocumentReader
    lookup: Lookup
    spool: Spool
    origins: dict[str, Origin] = field(default_factory=dict)
    captures: dict[str, Sequence[Document]] = field(default_factory=dict)

    def __call__(self, folder: Path) -> Iterator[ClassifiedFile]:
        for place in sorted(folder.iterdir()):
            if not (place / "origin.json").exists():  # killed while it was written
                continue
            described: TakenOrigin = json.loads((place / "origin.json").read_bytes())
            at = parse_iso(described["at"])
            assert isinstance(at, datetime)
            origin = Origin(how=described["how"], url=described["url"], method=described["method"], retrieved_at=at)
            if described["how"] == "marked":
                yield self._page(place, described, origin)
                continue
            for item in walk([place / described["file"]]):
                yield self._file(item, origin)

    def _file(self, item: Item | Refused, origin: Origin) -> ClassifiedFile:
        if isinstance(item, Refused):
            return ClassifiedFile(path=item.path, sha256="", size=0, what="other", refused=item.reason)
        if item.content and self.session.holds_secret(item.content, self.session.secret_values):
            why = self.session.set_apart(item.name, item.content)
            return ClassifiedFile(path=item.path, sha256=item.sha256, size=item.size, what="other", refused=why)
        seen = recognise(item, self.reader, self.lookup, ocr_by(self.reader))
        if seen.what in _PAPERS:
            seen = replace(seen, sign=True)  # a person fetched it here: kept, whether a reader knows it or not
        self.origins.setdefault(seen.sha256, origin)
        self.spool.take(seen, item.content if seen.keep else None)
        return replace(seen, preview=None)

    def _page(self, place: Path, described: TakenOrigin, origin: Origin) -> ClassifiedFile:
        documents = [
            Document(name=name, kind=DocumentKind.CAPTURE, content=(place / name).read_bytes(), media_type=media_type,
                     url=origin.url, retrieved_at=origin.retrieved_at, notes=notes)
            for name, (media_type, notes) in described["captures"].items()
        ]  # fmt: skip
        warc = next(each.content for each in documents if each.name.endswith(".gz"))
        seen = ClassifiedFile(path=origin.url, sha256=sha256(warc).hexdigest(), size=len(warc), what="page",
                    media_type="text/html", sign=True, marked=True)  # fmt: skip
        for each in documents:
            if why := self._refusal(each):
                return replace(seen, refused=f"{each.name}: {why}")
        html = (place / described["file"]).read_bytes()
        text = self.reader.page(html.decode("utf-8", "replace")).text
        item = Item(path="page.html", size=len(html), sha256=seen.sha256, content=html)
        paper = page_by(self.reader, html.decode("utf-8", "replace"), origin.url)
        paper = paper or recognise(item, self.reader, self.lookup, ocr_by(self.reader)).paper
        platform = next(iter(marked(web_host(origin.url))), None)
        named = tuple(each for each in names(origin.url) if each.asset_id)
        self.origins[seen.sha256], self.captures[seen.sha256] = origin, documents
        return replace(
            seen,
            paper=paper,
            named=named,
            platform=platform,
            dated=origin.retrieved_at.date(),
            words=frozenset(_WORD.findall(text)),
        )

    def _refusal(self, document: Document) -> str | None:
        """Secrets that became known after a page was captured are looked for, too."""
        return refusal(document.content, self.session.secret_values, self.reader)
