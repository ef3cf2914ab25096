"""One visit of a site: site maps, pages, style sheets, then pictures. It can be stopped anywhere and goes on later."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

from archiver.audit.audit_store import KINDS, AuditStore, Resource
from archiver.audit.fetcher import PoliteFetcher, SiteAnswer
from archiver.audit.page_reader import MEDIA_LIST, PageContent, read_confined
from archiver.audit.site_scope import TrapGuard, kind_of, normal
from archiver.core.errors import UnreadablePicture
from archiver.reading.worker import DocumentReader, ReaderFailed

MIN_SIDE_PX = 80  # of a picture's shorter side; below are icons, sprites, pixels and most logos
MAX_TEXT_BYTES = 5 << 20  # of a page, a style sheet or a site map
MAX_SITEMAPS = 200
MAX_LISTS = 100  # of media, each with up to 100
COUNT_EVERY = 20  # files, to say how many there are
MAX_PICTURES = 20_000  # addresses in one visit
GENERATED = ("compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicMedia")  # IPTC DigitalSourceType
PAGE_TYPES = ("text/html", "application/xhtml+xml")

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{2,30})", re.IGNORECASE)

type VisitProgress = Callable[[str, int, int | None], None]
"""Gets what is read (`pages` or `pictures`), how many are done, and how many there are."""


@dataclass
class SiteVisit:
    """A visit under way. `pages`: at most so many are read; `until`: when it stops, in `time.monotonic`."""

    store: AuditStore
    fetcher: PoliteFetcher
    reader: DocumentReader
    number: int
    pages: int
    until: float
    watch: VisitProgress = lambda *_: None
    kinds: tuple[str, ...] = KINDS
    show: Callable[[SiteVisit], bool] | None = None  # opens pages in a browser once they and their styles are read
    _traps: TrapGuard = field(default_factory=TrapGuard)

    def begin(self) -> None:
        """Want the sites' first pages and their site maps; remember what a stopped visit has asked for."""
        for url, depth in self.store.asked(self.number, "page"):
            if depth:
                self._traps.refuses(url, depth)
        scope = self.fetcher.scope
        wanted = [(site, "page", 0) for site in scope.sites]
        wanted += [(each, "sitemap", 0) for site in scope.sites for each in self.fetcher.sitemaps(site)]
        self.store.want(self.number, wanted)
        self.store.traffic(self.number, *self.fetcher.take_traffic())

    def run(self) -> bool:
        """Read what waits; False where time ended before."""
        limits = {"page": self.pages, "sitemap": MAX_SITEMAPS, "list": MAX_LISTS, "picture": MAX_PICTURES}
        for kind in self.kinds:
            counts = self.store.count(self.number, kind)
            done = sum(count for state, count in counts.items() if state not in ("waiting", "trap"))
            turn = 0
            while done < limits.get(kind, self.pages * 5) and (each := self.store.next(self.number, kind)):
                if time.monotonic() > self.until:
                    return False
                if kind in ("page", "picture"):
                    if turn % COUNT_EVERY == 0:
                        total = done + self.store.count(self.number, kind).get("waiting", 0)
                    self.watch(f"{kind}s", done, min(max(total, done), limits[kind]))
                turn, done = turn + 1, done + self._visit(each)
            if kind == "style" and self.show and not self.show(self):
                return False
        return True

    def _visit(self, each: Resource) -> int:
        """Ask for one address and keep what it says; 1 if that counts against the limit."""
        if each.kind == "page" and each.depth and (trap := self._traps.refuses(each.url, each.depth)):
            self.store.keep(self.number, replace(each, state="trap", reason=trap))
            return 0
        answer = self.fetcher.fetch(each.url, each.etag, each.modified)
        kept = self._kept(each, answer)
        self.store.keep(self.number, kept, self.wanted(kept), self.fetcher.left_alone, self.fetcher.take_traffic())
        return 1

    def _kept(self, each: Resource, answer: SiteAnswer) -> Resource:
        """What an answer says of an address."""
        if answer.refused:
            refused = answer.refused in ("robots", "left_alone", "other_host")
            return replace(each, state="refused" if refused else "failed", reason=answer.refused)
        if answer.status == 304:
            return replace(each, state="read", reason=None)
        fresh = replace(
            each, reason=None, etag=answer.headers.get("etag"), modified=answer.headers.get("last-modified"),
            content=None, picture=None,
        )  # fmt: skip
        if 300 <= answer.status < 400:
            target = normal(urljoin(each.url, answer.headers.get("location", "")))
            if not self.fetcher.scope.allows(target):
                return replace(fresh, state="refused", reason="other_host", etag=None, modified=None)
            if each.kind == "page" and kind_of(target) is None:  # mostly to a sign-in
                return replace(fresh, state="refused", reason="sign_in", etag=None, modified=None)
            return replace(fresh, state="redirect", content=PageContent(links=(target,)), etag=None, modified=None)
        if answer.status in (404, 410):
            return replace(fresh, state="gone", reason=str(answer.status))
        if answer.status != 200:
            return replace(fresh, state="failed", reason=f"status {answer.status}", etag=None, modified=None)
        try:
            return self._picture(fresh, answer) if each.kind == "picture" else self._text(fresh, answer)
        except ReaderFailed as error:
            return replace(fresh, state="failed", reason=str(error), etag=None, modified=None)

    def _text(self, each: Resource, answer: SiteAnswer) -> Resource:
        if each.kind == "page" and answer.media_type not in PAGE_TYPES:
            return replace(each, state="other", reason=answer.media_type)
        content = answer.content
        if each.kind == "sitemap" and content[:2] == b"\x1f\x8b":
            content, _ = self.reader.unpack(content, MAX_TEXT_BYTES)
        elif not content:
            return replace(each, state="read", content=PageContent())
        text = content[:MAX_TEXT_BYTES].decode(_charset(answer), "replace")
        return replace(each, state="read", content=read_confined(self.reader, each.kind, text, each.url))

    def _picture(self, each: Resource, answer: SiteAnswer) -> Resource:
        digest = sha256(answer.content).hexdigest()
        if not self.store.knows(digest):
            try:
                look = self.reader.look(answer.content)
            except UnreadablePicture as error:
                return replace(each, state="other", reason=error.detail)
            seen = look.fingerprint
            small = min(seen.width, seen.height) < MIN_SIDE_PX
            left_out = "too_small" if small else "one_colour" if seen.flat else None
            said = {} if left_out else _said(self.reader, answer.content)
            self.store.put_picture(
                digest, (seen.width, seen.height), seen.hash, b"" if left_out else look.preview, said, left_out,
                flat=seen.flat,
            )  # fmt: skip
        return replace(each, state="read", picture=digest)

    def wanted(self, each: Resource) -> Iterator[tuple[str, str, int]]:
        """The addresses that an answer leads to, within the scope."""
        if each.content is None or each.state not in ("read", "redirect"):
            return
        content, allows = each.content, self.fetcher.scope.allows
        if each.state == "redirect":
            yield content.links[0], each.kind, each.depth + 1
            return
        for link in map(normal, content.links):
            if allows(link) and (kind := kind_of(link)):
                # What a site itself lists is no trap, however it is numbered.
                yield link, kind, 0 if each.kind == "sitemap" else each.depth + 1
        nested = each.kind if each.kind in ("sitemap", "list") else "style"
        yield from ((url, nested, each.depth + 1) for url in content.styles if allows(url))
        if each.kind == "page" and any("/wp-content/" in url for url in (*content.pictures, *content.styles)):
            yield urljoin(each.url, MEDIA_LIST), "list", 0
        yield from ((url, "picture", each.depth + 1) for url in content.all_pictures if allows(url))


def _said(reader: DocumentReader, content: bytes) -> dict[str, Any]:
    """What a picture's metadata says: of a platform's asset, and of a program that generated it."""
    embedded = reader.embedded(content)
    named = [{"platform": each.platform, "asset_id": each.asset_id, "quote": each.quote} for each in embedded.named]
    texts = " ".join(embedded.quotes.values()).encode() + content
    generated = [each for each in GENERATED if each.encode() in texts]
    return ({"named": named} if named else {}) | ({"generated": generated[0]} if generated else {})


def _charset(answer: SiteAnswer) -> str:
    """As browsers decide it: by the first bytes, the header, the page itself, else UTF-8."""
    if answer.content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    named = answer.headers.get("content-type", "").lower().partition("charset=")[2].strip(" \"';")
    if not named and (found := _META_CHARSET.search(answer.content[:2048])):
        named = found[1].decode().lower()
    try:
        b"".decode(named or "utf-8")
    except LookupError:
        return "utf-8"
    return {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252"}.get(named, named or "utf-8")
