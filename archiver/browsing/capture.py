"""Captures: our dated observation of a page, as PDF, picture and WARC.

A capture is our own work, so secrets in it are masked: in the page's texts before printing, and in every URL, header
and body before writing. Content that cannot be masked is searched, and is not archived if it contains a secret.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import json
import re
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from math import ceil
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import archiver
from archiver.core.errors import SecretFound, SiteUnavailable
from archiver.core.model import Document, DocumentKind
from archiver.reading import secret_scan
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Frame, JSHandle, Page
    from playwright.async_api import Request as PageRequest
    from playwright.async_api import Response as PageResponse

MAX_HEIGHT_PX, MAX_WIDTH_PX = 16_000, 4_000  # CSS pixels of the picture; Chromium draws nothing beyond 16,384
MAX_PDF_PAGES = 100  # of the PDF
MAX_BODY_BYTES, MAX_WARC_BYTES = 20 << 20, 100 << 20  # bytes of one body, and of all, in the WARC
PRINT_TIMEOUT_S = 60.0  # seconds for Chromium to print or to draw
CAPTURE_TIMEOUT_S = 180.0  # seconds for all of a capture; a page's script may keep Chromium from answering at all
BODY_TIMEOUT_S = 5.0  # seconds for Chromium to hand over what it has already received
MIN_COOKIE_LENGTH = 8  # shorter values (languages, flags) stand in innocent text
PAGE_HEIGHT_RATIO = 1.414  # height of a PDF page per width, as of A4

# Cookies hold dates, counts and ids too, which a masked page must still show.
_INNOCENT = re.compile(r"\d{4}-\d\d-\d\d|\d{1,12}|[a-z]+(?:[-_ ][a-z]+)*", re.IGNORECASE)
_TRANSFER = ("content-encoding", "content-length", "transfer-encoding")

# Every text of a document that can be seen, printed or followed, each with the name of its field and ways to change it.
_PLACES = """() => {
  const places = [], attributes = ['href', 'alt', 'title', 'placeholder', 'aria-label', 'label', 'value'];
  const put = (name, read, write) => { if ((read() ?? '').length > 5) places.push({name, read, write, was: read()}); };
  const visit = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = root; node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) {
        const parent = node.parentNode?.nodeName, text = node;
        if (!['SCRIPT', 'STYLE'].includes(parent)) put('', () => text.data, (to) => { text.data = to; });
      } else if (node.nodeType === Node.ELEMENT_NODE) {
        const element = node, name = element.getAttribute('name') ?? element.id ?? '';
        for (const at of attributes)
          if (element.hasAttribute(at) && !(at === 'href' && !['A', 'AREA'].includes(element.nodeName)))
            put(at === 'value' ? name : '', () => element.getAttribute(at), (to) => element.setAttribute(at, to));
        if (['INPUT', 'TEXTAREA'].includes(element.nodeName) && element.type !== 'file')
          put(name, () => element.value, (to) => { element.value = to; });
        if (element.shadowRoot) visit(element.shadowRoot);
      }
    }
  };
  visit(document);
  return places;
}"""
_READ = "(places) => places.map((place) => [place.name, place.was])"
_WRITE = """(places, changes) => {
  for (const [at, text] of changes) { places[at].write(text); places[at].now = places[at].read(); }
}"""
_RESTORE = """(places, changes) => {
  for (const [at] of changes) if (places[at].read() === places[at].now) places[at].write(places[at].was);
}"""


# ---------------------------------------------------------------- what a page asks for


@dataclass(eq=False)
class Traffic:
    """Listens to a page from its opening on: the requests since the page last became another one, and its certificates.

    Bodies stay in Chromium until they are asked for.
    """

    tab: Page
    cdp: CDPSession
    requests: list[PageRequest] = field(default_factory=list)
    responses: dict[PageRequest, PageResponse] = field(default_factory=dict)
    ended: set[PageRequest] = field(default_factory=set)
    _next: int = 0  # where the requests of the page that may come begin

    @classmethod
    async def of(cls, tab: Page) -> Self:
        """Listen to a page that has not loaded anything yet."""
        # A session of our own, since Chromium tells certificates only to those who listened while they came.
        cdp = await tab.context.new_cdp_session(tab)
        await cdp.send("Network.enable", {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0})
        traffic = cls(tab, cdp)
        tab.on("request", traffic._asked)
        tab.on("response", traffic._answered)
        tab.on("requestfinished", traffic._done)
        tab.on("requestfailed", traffic._done)
        tab.on("domcontentloaded", traffic._turned)
        return traffic

    @property
    def main(self) -> PageRequest | None:
        """The request that brought the page, not one that has brought none, as a download."""
        came = self.requests[: self._next or None]
        own = [each for each in came if each.is_navigation_request() and each.frame == self.tab.main_frame]
        return next((each for each in reversed(own) if each in self.responses), None)

    def heard(self, event: str, message: PageRequest | PageResponse) -> None:
        """Take in an event of this page that came before anybody could listen to it."""
        from playwright.async_api import Response

        if isinstance(message, Response):
            self._answered(message)
        elif event == "request":
            self._asked(message)
        else:
            self._done(message)

    def _asked(self, request: PageRequest) -> None:
        # Not every navigation ends in a page: some are refused, some are downloads. So the old page's requests stay
        # until there is a new page.
        if request.is_navigation_request() and not request.redirected_from and request.frame == self.tab.main_frame:
            self._next = len(self.requests)
        self.requests.append(request)

    def _answered(self, response: PageResponse) -> None:
        self.responses[response.request] = response

    def _done(self, request: PageRequest) -> None:
        self.ended.add(request)

    def _turned(self, _: object) -> None:
        for request in self.requests[: self._next]:
            self.responses.pop(request, None)
            self.ended.discard(request)
        del self.requests[: self._next]
        self._next = 0


@dataclass(frozen=True)
class _Exchange:
    """One request and its answer, bodies decoded; `lost` says in words why the answer's body is not there."""

    at: datetime
    method: str
    url: str
    asked: Sequence[tuple[str, str]]
    sent: bytes
    status: str
    answered: Sequence[tuple[str, str]]
    body: bytes = b""
    lost: str = ""

    @property
    def media_type(self) -> str:
        return next((value for name, value in self.answered if name.lower() == "content-type"), "")


async def _exchanges(traffic: Traffic) -> tuple[list[_Exchange], list[dict[str, str]]]:
    """What was answered, and what was not: method, URL and why."""
    exchanges: list[_Exchange] = []
    unanswered: list[dict[str, str]] = []
    room = MAX_WARC_BYTES
    for request in list(traffic.requests):
        if not request.url.startswith(("http:", "https:")):
            continue
        response = traffic.responses.get(request)
        if response is None:
            why = request.failure or "no answer yet when the page was captured"
            unanswered.append({"method": request.method, "url": request.url, "why": why})
            continue
        body, lost = b"", ""
        if 300 <= response.status < 400:
            lost = "Chromium keeps no body of a redirect" if response.status != 304 else ""
        elif request not in traffic.ended:
            lost = "not complete when the page was captured"
        else:
            body, lost = await _body(request, response, min(room, MAX_BODY_BYTES))
        room -= len(body)
        exchanges.append(
            _Exchange(
                at=datetime.fromtimestamp(request.timing["startTime"] / 1000, UTC),
                method=request.method,
                url=request.url,
                asked=await _headers(request),
                sent=request.post_data_buffer or b"",
                status=f"{response.status} {response.status_text}".strip(),
                answered=await _headers(response),
                body=body,
                lost=lost,
            )
        )
    return exchanges, unanswered


async def _headers(message: PageRequest | PageResponse) -> list[tuple[str, str]]:
    """All headers as they were sent; those that Playwright knows beforehand where Chromium does not tell the others."""
    from playwright.async_api import Error

    try:
        found = [(each["name"], each["value"]) for each in await _soon(message.headers_array())]
    except (Error, TimeoutError):
        found = [*message.headers.items()]
    return [(name, value) for name, value in found if not name.startswith(":")]


async def _body(request: PageRequest, response: PageResponse, limit: int) -> tuple[bytes, str]:
    from playwright.async_api import Error

    large = f"left out: larger than {limit} bytes, the room that is left for it"
    try:
        if (await _soon(request.sizes()))["responseBodySize"] > limit:
            return b"", large
        body = await _soon(response.body())
    except (Error, TimeoutError):
        return b"", "Chromium no longer has it"
    return (b"", large) if len(body) > limit else (body, "")


async def _soon[T](answer: Awaitable[T]) -> T:
    return await asyncio.wait_for(answer, BODY_TIMEOUT_S)


# ---------------------------------------------------------------- masking


def cookie_secrets(cookies: Iterable[Mapping[str, object]]) -> set[str]:
    """What cookies hold that no capture may show, as they are and unquoted.

    Dates, words and short numbers are only taken from cookies that scripts may not read, or whose names say enough.
    """
    found = set()
    for cookie in cookies:
        for value in {str(cookie["value"]), unquote(str(cookie["value"]))}:
            telling = cookie.get("httpOnly") or secret_scan.secret_name(str(cookie["name"]))
            if len(value) >= MIN_COOKIE_LENGTH and (telling or not _INNOCENT.fullmatch(value)):
                found.add(value)
    return found


class _Mask:
    """Takes secrets out of what is written; `places` counts the values in which there were any."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = [secret for secret in secrets if len(secret) >= secret_scan.MIN_SECRET_LENGTH]
        wide = (secret.encode(form) for secret in known for form in ("utf-16-le", "utf-16-be"))
        self.secret_values = [*secret_scan.all_forms(known), *wide]
        self.places = 0

    def finds_nothing(self, text: str) -> bool:
        """Whether there is nothing to mask."""
        content = text.encode("utf-8", "replace")
        return secret_scan.mask_named(content) == content and not secret_scan.contains(content, self.secret_values)

    def __call__(self, content: bytes) -> bytes:
        masked = secret_scan.mask(secret_scan.mask_named(content), self.secret_values)
        self.places += masked != content
        return masked

    def text(self, text: str, name: str = "") -> str:
        """A text, or all of it where the name of its field says that it is a secret."""
        if text and text != secret_scan.MASK.decode() and secret_scan.secret_name(name):
            self.places += 1
            return secret_scan.MASK.decode()
        return self(text.encode("utf-8", "replace")).decode("utf-8", "replace")

    def url(self, url: str) -> str:
        parts = urlsplit(url)
        bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        return self.text(bare).replace(secret_scan.MASK.decode(), quote(secret_scan.MASK))

    def headers(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        masked = []
        for name, value in headers:
            secret = secret_scan.secret_header(name)
            self.places += secret
            masked.append((name, secret_scan.MASK.decode() if secret else self.text(" ".join(value.split()))))
        return masked

    def body(self, body: bytes, media_type: str) -> tuple[bytes, str]:
        """The body without secrets; all of it goes where a mask would break it. With words where something went."""
        if body.startswith((b"\xff\xfe", b"\xfe\xff")):
            with suppress(UnicodeError):
                text = body.decode("utf-16")
                masked = self.text(text)
                return (body, "") if masked == text else (masked.encode("utf-16"), "masked")
        if secret_scan.maskable(media_type) or _is_text(body):
            masked_body = self(body)
            return masked_body, "" if masked_body == body else "masked"
        if secret_scan.contains(body, self.secret_values):
            self.places += 1
            return secret_scan.MASK, "removed, since a mask would break a file of this type"
        return body, ""


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in body


@asynccontextmanager
async def _masked_page(tab: Page, mask: _Mask) -> AsyncIterator[None]:
    """The page without secrets in what it shows, for as long as this lasts.

    The secrets themselves never enter the page: its texts come out, and masked ones go in.
    """
    from playwright.async_api import Error

    changed: list[tuple[JSHandle, list[tuple[int, str]]]] = []
    try:
        for frame in tab.frames:
            if found := await _visible_text(frame, mask):
                changed.append(found)
                await found[0].evaluate(_WRITE, found[1])
        yield
        for frame in tab.frames:  # scripts may have put them back meanwhile
            if await _visible_text(frame, mask):
                raise SecretFound("the page writes a secret of this sign-in again during the capture")
    finally:
        for places, changes in changed:
            with suppress(Error, TimeoutError):
                await asyncio.wait_for(places.evaluate(_RESTORE, changes), BODY_TIMEOUT_S)


async def _visible_text(frame: Frame, mask: _Mask) -> tuple[JSHandle, list[tuple[int, str]]] | None:
    """The texts of a frame, and which of them show secrets, with what to show instead; None where none does."""
    from playwright.async_api import Error

    try:
        places = await asyncio.wait_for(frame.evaluate_handle(_PLACES), BODY_TIMEOUT_S)
        visible = await places.evaluate(_READ)
    except Error:
        if frame.is_detached():  # gone meanwhile
            return None
        raise
    # Most frames show none, and one look at all texts is cheaper than many. The mark is what URLs have before a query.
    if not any(secret_scan.secret_name(name) for name, _ in visible) and mask.finds_nothing(
        "".join(f"\n#{text}" for _, text in visible)
    ):
        return None
    masked = ((at, text, mask.text(text, name)) for at, (name, text) in enumerate(visible))
    changes = [(at, now) for at, text, now in masked if now != text]
    return (places, changes) if changes else None


# ---------------------------------------------------------------- the capture


async def capture(
    traffic: Traffic, secrets: Iterable[str], *, reader: DocumentReader, server: str
) -> tuple[Document, Document, Document]:
    """`page.pdf`, `page.png` and `capture.warc.gz` of a page as it now stands, without secrets.

    `server` says where the page's host was reached. SecretFound where a secret would be left in one of them,
    SiteUnavailable where the page is gone or Chromium draws nothing.
    """
    from playwright.async_api import Error

    began = datetime.now(UTC)
    try:
        async with asyncio.timeout(CAPTURE_TIMEOUT_S):
            exchanges, unanswered = await _exchanges(traffic)
            tokens = {token for each in exchanges for token in secret_scan.named_tokens(each.body)}
            mask = _Mask({*secrets, *tokens})
            drawn = await _draw(traffic, mask, reader)
            certificates = await _certificates(traffic)
            tls, main_url = await _tls(traffic)
    except TimeoutError:
        raise SiteUnavailable("Chromium did not draw the page before the time limit") from None
    except Error as error:
        raise SiteUnavailable(f"Chromium could not capture the page: {error.message.splitlines()[0]}") from None
    main = {"url": main_url, "server": server, "tls": tls, "certificates": certificates}
    provenance = _provenance(traffic.tab, began, drawn) | {"main": main, "unanswered": unanswered}
    packed, bare = await asyncio.to_thread(_warc, exchanges, provenance, mask, main_url)
    url, notes = mask.url(traffic.tab.url), {"remarks": " ".join(drawn.remarks)} if drawn.remarks else {}
    notes |= {"masked_places": str(mask.places)} if mask.places else {}

    async def document(name: str, content: bytes, media_type: str, plain: bytes) -> Document:
        """A document of the capture, if its `plain` form holds no secret."""
        if why := await asyncio.to_thread(secret_scan.refusal, plain, mask.secret_values, reader):
            raise SecretFound(f"{name} of {url}: {why}")
        return Document(name=name, kind=DocumentKind.CAPTURE, content=content, media_type=media_type, url=url,
                        retrieved_at=began, notes=notes)  # fmt: skip

    return (
        await document("page.pdf", drawn.pdf, "application/pdf", drawn.pdf),
        await document("page.png", drawn.png, "image/png", drawn.png),
        await document("capture.warc.gz", packed, "application/gzip", bare),
    )


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """A page as Chromium drew it; sizes in CSS pixels."""

    pdf: bytes
    png: bytes
    remarks: list[str]
    agent: str
    scale: float
    viewport: tuple[int, int]
    page: tuple[int, int]


async def _draw(traffic: Traffic, mask: _Mask, reader: DocumentReader) -> _Drawn:
    agent, scale = await traffic.tab.evaluate("() => [navigator.userAgent, devicePixelRatio]")
    async with _masked_page(traffic.tab, mask):
        metrics = await traffic.cdp.send("Page.getLayoutMetrics")
        size, viewport = metrics["cssContentSize"], metrics["cssLayoutViewport"]
        width, height = ceil(size["width"]), ceil(size["height"])
        png, remarks = await _picture(traffic.cdp, width, height)
        pdf, more = await _printed(traffic.cdp, viewport["clientWidth"], height, png, reader)
    return _Drawn(
        pdf=pdf, png=png, remarks=[*remarks, *more], agent=agent, scale=scale,
        viewport=(viewport["clientWidth"], viewport["clientHeight"]), page=(width, height),
    )  # fmt: skip


def _provenance(tab: Page, began: datetime, drawn: _Drawn) -> dict[str, object]:
    """What the archived capture says about its making."""
    return {
        "url": tab.url,
        "captured_at": _instant(began),
        "finished_at": _instant(datetime.now(UTC)),
        "software": {
            "archiver": archiver.__version__,
            "playwright": version("playwright"),
            "chromium": tab.context.browser.version if tab.context.browser else "unknown",
            "warcio": version("warcio"),
        },
        "user_agent": drawn.agent,
        "viewport": {"width": drawn.viewport[0], "height": drawn.viewport[1], "device_scale_factor": drawn.scale},
        "page": {"width": drawn.page[0], "height": drawn.page[1]},
        "remarks": drawn.remarks,
    }


async def _picture(cdp: CDPSession, width: int, height: int) -> tuple[bytes, list[str]]:
    """The whole page as PNG. By Chromium's protocol: Playwright's own way waits for fonts that may never come."""
    remarks = []
    if height > MAX_HEIGHT_PX or width > MAX_WIDTH_PX:
        remarks.append(f"The picture shows the first {min(width, MAX_WIDTH_PX)} x {min(height, MAX_HEIGHT_PX)} of "
                       f"{width} x {height} pixels.")  # fmt: skip
    clip = {
        "x": 0,
        "y": 0,
        "width": max(1, min(width, MAX_WIDTH_PX)),
        "height": max(1, min(height, MAX_HEIGHT_PX)),
        "scale": 1,
    }
    asked = cdp.send("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": clip})
    return base64.b64decode((await asyncio.wait_for(asked, PRINT_TIMEOUT_S))["data"]), remarks


async def _printed(
    cdp: CDPSession, width: int, height: int, picture: bytes, reader: DocumentReader
) -> tuple[bytes, list[str]]:
    """The page as PDF, laid out as on the screen; of the picture where a visible browser does not print to PDF."""
    from playwright.async_api import Error

    page = {"paperWidth": width / 96, "paperHeight": width * PAGE_HEIGHT_RATIO / 96}
    margins = dict.fromkeys(("marginTop", "marginBottom", "marginLeft", "marginRight"), 0)
    remarks, ranges = [], {}
    if height > MAX_PDF_PAGES * width * PAGE_HEIGHT_RATIO:
        remarks.append(f"The PDF has the first {MAX_PDF_PAGES} pages.")
        ranges = {"pageRanges": f"1-{MAX_PDF_PAGES}"}
    await cdp.send("Emulation.setEmulatedMedia", {"media": "screen"})
    try:
        asked = cdp.send("Page.printToPDF", {"printBackground": True, **page, **margins, **ranges})
        return base64.b64decode((await asyncio.wait_for(asked, PRINT_TIMEOUT_S))["data"]), remarks
    except Error as error:
        why = error.message.splitlines()[0]
        drawn = await asyncio.to_thread(reader.picture_as_pdf, picture)
        return drawn, [f"The PDF was made of the picture, since Chromium did not print: {why}."]
    finally:
        with suppress(Error):
            await cdp.send("Emulation.setEmulatedMedia", {"media": ""})


async def _tls(traffic: Traffic) -> tuple[object, str]:
    """What Chromium says of the connection that brought the page, and the address that it asked for."""
    main = traffic.main
    if main is None:
        return "not available: the page was not loaded while it was watched", traffic.tab.url
    details = await traffic.responses[main].security_details()
    if not details or not details.get("protocol"):
        return "not available: the connection had none", main.url
    said = {"protocol": details["protocol"], "subject": details.get("subjectName"), "issuer": details.get("issuer")}
    for name, at in (("valid_from", details.get("validFrom")), ("valid_to", details.get("validTo"))):
        said[name] = _instant(datetime.fromtimestamp(at, UTC)) if at is not None else None
    return said, main.url


async def _certificates(traffic: Traffic) -> str:
    """The chain that the page's host showed to Chromium, as PEM, its own certificate first."""
    from playwright.async_api import Error

    parts = urlsplit(traffic.main.url if traffic.main else traffic.tab.url)
    if parts.scheme != "https":
        return "not available: the page did not come over TLS"
    try:
        chain = await traffic.cdp.send("Network.getCertificate", {"origin": f"https://{parts.netloc}"})
        return "".join(ssl.DER_cert_to_PEM_cert(base64.b64decode(each)) for each in chain["tableNames"]) or (
            "not available: Chromium did not keep them"
        )
    except (Error, binascii.Error):
        return "not available: Chromium does not tell them"


# ---------------------------------------------------------------- the WARC


def _warc(
    exchanges: Sequence[_Exchange], provenance: Mapping[str, Any], mask: _Mask, main_url: str
) -> tuple[bytes, bytes]:
    """A WARC 1.1 file, gzipped record by record, and the same unpacked."""
    at = str(provenance["captured_at"])
    warc = _Warc(at)
    software = ", ".join(f"{name} {number}" for name, number in provenance["software"].items())
    about = {
        "software": software,
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "http-header-user-agent": provenance["user_agent"],
        "description": "One page as a browser loaded it. Bodies are decoded; the headers that said how they were sent "
        f"are kept as X-Archive-Orig-*. Secrets are replaced by {secret_scan.MASK.decode()}.",
    }
    text = mask("".join(f"{name}: {value}\r\n" for name, value in about.items()).encode())
    warc.write("warcinfo", at, text, WARC_Filename="capture.warc.gz", media_type="application/warc-fields")
    responses = {each.url: _write_exchange(warc, each, mask) for each in exchanges}
    described = json.dumps({**provenance, "masked_places": mask.places}, indent=1, sort_keys=True, ensure_ascii=False)
    warc.write(
        "metadata", at, mask(described.encode()), mask.url(str(provenance["url"])), media_type="application/json",
        WARC_Concurrent_To=responses.get(main_url, ""),
    )  # fmt: skip
    packed, bare = warc.files
    return packed.getvalue(), bare.getvalue()


class _Warc:
    """A WARC file while it is written, packed and unpacked. What its records are decides their ids, with `at`."""

    def __init__(self, at: str) -> None:
        from warcio.warcwriter import WARCWriter

        self._at, self._number = at, 0
        self.files = io.BytesIO(), io.BytesIO()
        self._writers = [
            WARCWriter(file, gzip=packed, warc_version="WARC/1.1")
            for file, packed in zip(self.files, (True, False), strict=True)
        ]

    # many parameters: the parts of a WARC record
    def write(self, kind: str, at: str, content: bytes, uri: str = "", media_type: str = "",
              http: tuple[str, Sequence[tuple[str, str]], str] | None = None, **headers: str) -> str:  # fmt: skip
        """Add a record, and give its id. `http`: its first line, headers and protocol. Empty `headers` are left out."""
        from warcio.statusandheaders import StatusAndHeaders

        self._number += 1
        name = f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{self._at} {self._number} {kind} {uri}')}>"
        fields = {"WARC-Record-ID": name, "WARC-Date": at, **{k.replace("_", "-"): v for k, v in headers.items() if v}}
        for writer in self._writers:
            lines = http and StatusAndHeaders(http[0], http[1], protocol=http[2])
            record = writer.create_warc_record(
                uri, kind, payload=io.BytesIO(content), length=len(content), warc_content_type=media_type,
                warc_headers_dict=dict(fields), http_headers=lines,
            )  # fmt: skip
            writer.write_record(record)
        return name


def _write_exchange(warc: _Warc, each: _Exchange, mask: _Mask) -> str:
    """An answer, and the request that it answers; the id of the answer's record."""
    uri, when = mask.url(each.url), _instant(each.at)
    body, done = mask.body(each.body, each.media_type)
    sent, resent = mask.body(each.sent, next((v for k, v in each.asked if k.lower() == "content-type"), ""))
    answered = [
        (f"X-Archive-Orig-{name}" if name.lower() in _TRANSFER else name, value)
        for name, value in mask.headers(each.answered)
    ]
    response = warc.write(
        "response", when, body, uri,
        http=(each.status, [*answered, ("Content-Length", str(len(body)))], "HTTP/1.1"),
        Archiver_Body=each.lost or done,
        Archiver_Original_SHA256=sha256(each.body).hexdigest() if done else "",
    )  # fmt: skip
    parts = urlsplit(uri)
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    warc.write(
        "request", when, sent, uri,
        http=(f"{target} HTTP/1.1", mask.headers(each.asked), each.method),
        WARC_Concurrent_To=response,
        Archiver_Body=resent,
        Archiver_Original_SHA256=sha256(each.sent).hexdigest() if resent else "",
    )  # fmt: skip
    return response


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
