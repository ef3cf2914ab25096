"""Recognise what a browser sent: pages with what shows them, and documents, each with its origin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from archiver.collect.companion.captures import Inbox, SaidDocument, StoredCapture
from archiver.collect.file_walk import Item, Refused, walk
from archiver.collect.import_filing import Origin
from archiver.collect.import_reader import Spool
from archiver.collect.recognition import ClassifiedFile, ocr_by, recognise
from archiver.core.model import Document, DocumentKind
from archiver.reading.certificates import Sure
from archiver.reading.documents import is_html, is_pdf
from archiver.reading.filenames import NamedAsset, names
from archiver.reading.mail import unasked
from archiver.reading.platforms import marked
from archiver.reading.webpages import page_by
from archiver.reading.worker import DocumentReader

_WORD = re.compile(r"[\w-]{5,}")
_PAPERS = ("document", "text", "page", "table", "scan", "letter")
_TYPES = {".html": "text/html", ".txt": "text/plain", ".mhtml": "multipart/related", ".png": "image/png"}
WITHHELD = "it seems to contain a secret of the session, so it was saved unaltered as {name} in state/quarantine"

UNSEARCHED = "{part} could not be searched for secrets, so it was saved unaltered as {name} in state/quarantine"


@dataclass(frozen=True, kw_only=True)
class CompanionOrigin(Origin):
    """Where a file came from, with what the browser said and what the person stated."""

    capture: StoredCapture

    def as_json(self) -> dict[str, object]:
        capture = self.capture
        return super().as_json() | {
            "by": capture.person,
            "capture": capture.id,
            "browser": capture.browser,
            "extension": capture.extension,
            "received_at": capture.received_at,
            "said": {"page": capture.said["page"], "download": capture.said["download"]},
            "stated": {"client": capture.client, "job": capture.job},
        }


@dataclass
class CaptureRecognition:
    """Recognises the files of captures; remembers where each is from, and what shows a page.

    `made_of` has the capture of each recognised file, by the file's `id()`.
    """

    inbox: Inbox
    reader: DocumentReader
    spool: Spool
    origins: dict[str, Origin] = field(default_factory=dict)
    captures: dict[str, Sequence[Document]] = field(default_factory=dict)
    made_of: dict[int, StoredCapture] = field(default_factory=dict)

    def __call__(self, capture: StoredCapture) -> Iterator[ClassifiedFile]:
        about = {each["name"]: each for each in capture.said["documents"]}
        assets: set[tuple[str, str]] = set()
        for name, document in sorted(about.items()):
            for seen in self._document(capture, name, document):
                if seen.paper:
                    assets |= {(each.asset.provider, each.asset.asset_id) for each in seen.paper.licences}
                yield self._of(capture, seen)
        if not about or capture.said["download"] or any(name.startswith("page.") for name in capture.files):
            yield self._of(capture, self._page(capture, assets))

    def _of(self, capture: StoredCapture, seen: ClassifiedFile) -> ClassifiedFile:
        self.made_of[id(seen)] = capture
        return seen

    def _document(self, capture: StoredCapture, name: str, about: SaidDocument) -> Iterator[ClassifiedFile]:
        origin = CompanionOrigin(
            how="fetched" if about["by"] == "rule" else "opened", url=about["url"], method="GET",
            retrieved_at=datetime.fromisoformat(about["retrieved_at"]), capture=capture,
        )  # fmt: skip
        ocr = ocr_by(self.reader)
        for item in walk([self.inbox.file(capture, name)], reader=self.reader):
            if isinstance(item, Refused):
                yield ClassifiedFile(path=item.path, sha256="", size=0, what="other", refused=item.reason)
                continue
            called = replace(item, path=_called(about["url"]) or item.path)
            if why := self._secret_within(item):
                yield ClassifiedFile(path=called.path, sha256=item.sha256, size=item.size, what="other", refused=why)
                continue
            seen = recognise(called, self.reader, unasked, ocr)
            seen = replace(seen, sign=seen.sign or seen.what in _PAPERS, preview=None)  # kept, even if no reader fits
            self.origins.setdefault(seen.sha256, origin)
            self.spool.take(seen, item.content if seen.keep else None)
            yield seen

    def _secret_within(self, item: Item) -> str | None:
        """Why an unaltered document must stay out of the archive: it shows a token by its name or shape."""
        if not item.content:
            return None
        text = self.reader.read_all(item.content).text.encode() if is_pdf(item.content) else item.content
        if (not is_pdf(item.content) and b"\0" in text[:8192]) or self.reader.masked(text) == text:
            return None
        ending = "pdf" if is_pdf(item.content) else "html" if is_html(item.content) else "txt"
        return WITHHELD.format(name=self.inbox.set_apart(item.content, item.sha256, ending))

    def _page(self, capture: StoredCapture, assets: set[tuple[str, str]]) -> ClassifiedFile:
        said, download, note = capture.said, capture.said["download"], ""
        origin = CompanionOrigin(
            how=said["how"], url=capture.url, method="GET", retrieved_at=capture.at, capture=capture
        )
        html, text = (self._text(capture, f"page.{each}") for each in ("html", "txt"))
        documents = [self._capture("capture.json", _described(capture), "application/json", origin)]
        for name in sorted(capture.files):
            if not name.startswith("document-"):
                content = self.inbox.file(capture, name).read_bytes()
                ending = Path(name).suffix
                kept = content if ending == ".png" else self.reader.masked(content)
                if kept is None:
                    place = self.inbox.set_apart(content, capture.files[name], ending.removeprefix("."))
                    note = UNSEARCHED.format(part=name, name=place)
                else:
                    documents.append(self._capture(name, kept, _TYPES[ending], origin))
        seen = ClassifiedFile(
            path=capture.url, sha256=capture.digest, size=sum(len(each.content) for each in documents), what="page",
            media_type="text/html", sign=True, marked=True, dated=capture.at.date(), note=note,
        )  # fmt: skip
        paper = page_by(self.reader, html, capture.url) if html else None
        if html and not paper:
            item = Item(path="page.html", size=len(html), sha256=capture.digest, content=html.encode())
            paper = recognise(item, self.reader, unasked, lambda *_: "").paper
        self.origins[seen.sha256], self.captures[seen.sha256] = origin, documents
        spoken = [capture.url, *((download["name"], download["final_url"], download["url"]) if download else ())]
        named = {(each.platform, each.asset_id): each for one in spoken for each in names(one) if each.asset_id}
        if said["platform"] and said["asset"]:
            assets = assets | {(said["platform"], said["asset"])}
        for platform, asset in sorted(assets):
            named.setdefault((platform, asset), NamedAsset(platform, asset, Sure.LIKELY, asset))
        if len(assets) > 1:  # a list: its rows' documents are its licences', and the page is one of all of them
            named = {key: each for key, each in named.items() if key in assets}
        site = urlsplit(capture.url).hostname or ""
        owner = said["platform"] or next(iter(marked(site)), None)
        # A page that names its asset also shows others beside it; only without a name its words may decide.
        words = frozenset[str]() if named else frozenset(_WORD.findall(text))
        return replace(seen, paper=paper, named=tuple(named.values()), platform=owner, words=words)

    def _capture(self, name: str, content: bytes, media_type: str, origin: Origin) -> Document:
        return Document(
            name=name, kind=DocumentKind.CAPTURE, content=content, media_type=media_type, url=origin.url,
            retrieved_at=origin.retrieved_at, notes={"made": "by the companion in a person's browser"},
        )  # fmt: skip

    def _text(self, capture: StoredCapture, name: str) -> str:
        if name not in capture.files:
            return ""
        return self.inbox.file(capture, name).read_bytes().decode("utf-8", "replace")


def _described(capture: StoredCapture) -> bytes:
    """`capture.json`: what the browser said, with the digests of the files as received.

    Who sent it, and for whom, is in our description of the licence, from which packs take out what is private.
    """
    said = {name: each for name, each in capture.said.items() if name not in ("client", "job")}
    described = {
        "format": 1, "capture": capture.id, "browser": capture.browser, "extension": capture.extension,
        "received_at": capture.received_at, "said": said, "received_sha256": dict(capture.files),
    }  # fmt: skip
    return (json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _called(url: str) -> str:
    """A document's name by the last part of its address."""
    return re.sub(r"[^\w .()@+,-]", "_", url.partition("?")[0].partition("#")[0].rpartition("/")[2])[-100:]
