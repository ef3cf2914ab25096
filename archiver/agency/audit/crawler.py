"""One visit of a site: site maps, pages, style sheets, then pictures. It can be stopped anywhere and goes on later."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from urllib.parse import urljoin

from archiver.agency.audit.audit_store import KINDS, AuditStore, PictureMetadata, Resource
from archiver.agency.audit.fetcher import PoliteFetcher, SiteAnswer
from archiver.agency.audit.page_reader import (
    FEED_TYPES,
    MAX_WORDS_LENGTH,
    MEDIA_LIST,
    PageContent,
    held_bytes,
    read_confined,
)
from archiver.agency.audit.pdf_pictures import pictures_of_pdf
from archiver.agency.audit.site_scope import TrapGuard, is_list_page, kind_of, normal
from archiver.core.errors import UnreadablePicture
from archiver.core.text_encodings import encoding_named
from archiver.reading.worker import DocumentReader, Look, ReaderFailed

MIN_SIDE_PX = 80  # of a picture's shorter side; below are icons, sprites, pixels and most logos
MAX_TEXT_BYTES = 5 << 20  # of a page, a style sheet or a site map
MAX_SITEMAPS = 200
MAX_LISTS = 100  # of media, each with up to 100
AHEAD = 2  # pictures that are looked at while the next one comes; a killed visit asks for so many again
BATCH = 32  # pictures that are taken from the list at once
COUNT_EVERY = 20  # files, to say how many there are
MAX_PDFS = 200
MAX_SESSIONS = 3  # redirects in a row to the same page, which only add a session
MAX_PICTURES = 20_000  # addresses in one visit
GENERATED = ("compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicMedia")  # IPTC DigitalSourceType
PAGE_TYPES = ("text/html", "application/xhtml+xml")

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{2,30})", re.IGNORECASE)

type _LookedAt = tuple[Look, str | None, PictureMetadata]
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
        for each in self.store.asked_pages(self.number):
            if each.depth:
                self._traps.learn(each.url, each.content.pictures if each.content else ())
        scope = self.fetcher.scope
        wanted = [(site, "page", 0) for site in scope.sites]
        wanted += [(each, "sitemap", 0) for site in scope.sites for each in self.fetcher.sitemaps(site)]
        self.store.want(self.number, wanted)
        self.store.traffic(self.number, *self.fetcher.take_traffic())

    def run(self) -> bool:
        """Read what waits; False where time ended before."""
        limits = {"page": self.pages, "sitemap": MAX_SITEMAPS, "list": MAX_LISTS, "pdf": MAX_PDFS,
                  "picture": MAX_PICTURES}  # fmt: skip
        for kind in self.kinds:
            counts = self.store.count(self.number, kind)
            done = sum(count for state, count in counts.items() if state not in ("waiting", "trap"))
            turn, most = 0, limits.get(kind, self.pages * 5)
            at_once = BATCH if kind == "picture" else 1
            while done < most and (batch := self.store.waiting(self.number, kind, min(at_once, most - done))):
                if time.monotonic() > self.until:
                    return False
                if kind in ("page", "picture"):
                    if turn % COUNT_EVERY < at_once:
                        total = done + self.store.count(self.number, kind).get("waiting", 0)
                    self.watch(f"{kind}s", done, min(max(total, done), most))
                turn, done = turn + len(batch), done + (
                    self._visit_pictures(batch) if kind == "picture" else self._visit(batch[0])
                )  # fmt: skip
            if kind == "style" and self.show and not self.show(self):
                return False
        return True

    def _visit(self, each: Resource) -> int:
        """Ask for one address and keep what it says; 1 if that counts against the limit."""
        if each.kind == "page" and each.depth and (trap := self._traps.refuses(each.url, each.depth)):
            self.store.keep(self.number, replace(each, state="trap", reason=trap))
            return 0
        kept = self._kept(each, self._fetch(each))
        if each.kind == "page" and each.depth:
            self._traps.learn(each.url, kept.content.pictures if kept.content else ())
        self.store.keep(self.number, kept, self.wanted(kept), self.fetcher.left_alone, self.fetcher.take_traffic())
        return 1

    def _visit_pictures(self, batch: Sequence[Resource]) -> int:
        """Ask for pictures one by one, and look at them in the reader while the next ones come; how many were read."""
        coming: deque[tuple[Resource, SiteAnswer, Future[_LookedAt] | None]] = deque()
        done = 0

        def finish() -> None:
            each, answer, looking = coming.popleft()
            kept = self._kept(each, answer, looking)
            self.store.keep(self.number, kept, self.wanted(kept), self.fetcher.left_alone, self.fetcher.take_traffic())

        with ThreadPoolExecutor(AHEAD) as lookers:
            for each in batch:
                if time.monotonic() > self.until:
                    break
                done += 1
                if "#" in each.url:  # it stands in a file that was read
                    digest = self.store.held(each.url)
                    self.store.keep(self.number, replace(each, state="read" if digest else "gone", picture=digest))
                    continue
                answer = self._fetch(each)
                new = answer.status == 200 and not self.store.knows(sha256(answer.content).hexdigest())
                coming.append((each, answer, lookers.submit(self._look, answer.content) if new else None))
                while coming and (len(coming) > AHEAD or (looking := coming[0][2]) is None or looking.done()):
                    finish()
            while coming:
                finish()
        return done

    def _fetch(self, each: Resource) -> SiteAnswer:
        """The answer to a request. Where a server only adds a session to the address, the answer with it."""
        answer, at = self.fetcher.fetch(each.url, each.etag, each.modified), each.url
        for _ in range(MAX_SESSIONS):
            target = urljoin(at, answer.headers.get("location", ""))
            if not 300 <= answer.status < 400 or normal(target) != each.url or target == at:
                break
            answer, at = self.fetcher.fetch(target), target
        return answer

    def _kept(self, each: Resource, answer: SiteAnswer, looking: Future[_LookedAt] | None = None) -> Resource:
        """What an answer says of an address. `looking`: the look at a picture that is not known."""
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
            if each.kind == "picture":
                return replace(fresh, state="read", picture=self._save(answer.content, looking))
            return self._text(fresh, answer)
        except UnreadablePicture as error:
            return replace(fresh, state="other", reason=error.detail)
        except ReaderFailed as error:
            return replace(fresh, state="failed", reason=str(error), etag=None, modified=None)

    def _text(self, each: Resource, answer: SiteAnswer) -> Resource:
        content, kind = answer.content, each.kind
        if kind in ("page", "pdf") and (answer.media_type == "application/pdf" or content.startswith(b"%PDF-")):
            return self._pdf(each, content)
        if kind == "page" and answer.media_type in FEED_TYPES:
            kind = "feed"
        if kind == "pdf" or (kind == "page" and answer.media_type not in PAGE_TYPES):
            return replace(each, state="other", reason=answer.media_type)
        if kind == "style" and answer.media_type == "image/svg+xml":
            kind = "svg"
        if each.kind == "sitemap" and content[:2] == b"\x1f\x8b":
            content, _ = self.reader.unpack(content, MAX_TEXT_BYTES)
        elif not content:
            return replace(each, state="read", content=PageContent())
        text = content[:MAX_TEXT_BYTES].decode(_charset(answer), "replace")
        found = read_confined(self.reader, kind, text, each.url)
        held = self._save_held(each.url, (("", picture) for data in found.held if (picture := held_bytes(data))))
        return replace(each, state="read", content=replace(found, pictures=found.pictures + held, held=()))

    def _pdf(self, each: Resource, content: bytes) -> Resource:
        pictures, whole = pictures_of_pdf(self.reader, content)
        held = self._save_held(each.url, ((f"page={page}&", picture) for page, picture in pictures))
        words = self.reader.read(content, "application/pdf").text[:MAX_WORDS_LENGTH]
        found = PageContent(pictures=held, words=words)
        return replace(each, kind="pdf", state="read", reason=None if whole else "partly", content=found)

    def _save_held(self, url: str, pictures: Iterable[tuple[str, bytes]]) -> tuple[str, ...]:
        """Save the pictures that stand in a file itself; their addresses there."""
        found: dict[str, None] = {}
        for place, picture in pictures:
            with suppress(UnreadablePicture):
                found[f"{url}#{place}picture={self._save(picture)[:16]}"] = None
        return tuple(found)

    def _look(self, content: bytes) -> _LookedAt:
        """A picture's look, why it does not count, and what it says of itself. UnreadablePicture if it is none."""
        look = self.reader.look(content)
        seen = look.fingerprint
        small = min(seen.width, seen.height) < MIN_SIDE_PX
        left_out = "too_small" if small else "one_colour" if seen.flat else None
        return look, left_out, {} if left_out else _said(self.reader, content)

    def _save(self, content: bytes, looking: Future[_LookedAt] | None = None) -> str:
        """Save a picture unless it is known; its SHA-256."""
        digest = sha256(content).hexdigest()
        if not self.store.knows(digest):
            look, left_out, said = looking.result() if looking else self._look(content)
            self.store.put_picture(digest, look.fingerprint, b"" if left_out else look.preview, said, left_out)
        return digest

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
                deeper = 0 if is_list_page(link) and is_list_page(each.url) else 1
                yield link, kind, 0 if each.kind == "sitemap" else each.depth + deeper
        if each.url in self.fetcher.scope.sites:  # pages have feeds of their own, with nothing new
            yield from ((url, "page", 1) for url in content.feeds if allows(url))
        nested = each.kind if each.kind in ("sitemap", "list") else "style"
        yield from ((url, nested, each.depth + 1) for url in content.styles if allows(url))
        yield from ((url, "list", 0) for url in content.lists if allows(url))
        if (
            each.kind == "page"
            and not content.lists
            and any("/wp-content/" in url for url in (*content.pictures, *content.styles))
        ):
            yield urljoin(each.url, MEDIA_LIST), "list", 0
        for url in content.all_pictures:
            if allows(url):
                yield url, "pdf" if "#" not in url and kind_of(url) == "pdf" else "picture", each.depth + 1


def _said(reader: DocumentReader, content: bytes) -> PictureMetadata:
    """What a picture's metadata says: of a platform's asset, and of a program that generated it."""
    embedded = reader.embedded(content)
    texts = " ".join(embedded.quotes.values()).encode() + content
    generated = [each for each in GENERATED if each.encode() in texts]
    said: PictureMetadata = {}
    if embedded.named:
        said["named"] = [{"platform": each.platform, "asset_id": each.asset_id, "quote": each.quote}
                         for each in embedded.named]  # fmt: skip
    if generated:
        said["generated"] = generated[0]
    return said


def _charset(answer: SiteAnswer) -> str:
    """As browsers decide it: by the first bytes, the header, the page itself, else UTF-8."""
    if answer.content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    named = answer.headers.get("content-type", "").lower().partition("charset=")[2].strip(" \"';")
    if not named and (found := _META_CHARSET.search(answer.content[:2048])):
        named = found[1].decode().lower()
    known = encoding_named(named) or "utf-8"
    return {"iso8859-1": "cp1252", "ascii": "cp1252"}.get(known, known)
