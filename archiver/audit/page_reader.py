"""Read a page as far as an audit needs it: its links, the pictures that a browser shows, and its words. Pure.

Pages come from anywhere, so `open_reader` reads them in the confined reader process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archiver.reading.worker import DocumentReader, ReaderFailed, checked

if TYPE_CHECKING:
    from archiver.reading.worker import Channel, ReaderJob

PAGE_TIMEOUT_S = 20.0
MAX_ADDRESSES = 5_000  # of each kind in a page, style sheet or site map
MAX_ADDRESS_LENGTH = 2_000  # characters
MAX_WORDS_LENGTH = 50_000  # characters of a page's words that are kept, to look for credit lines

_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_URL = re.compile(r"""url\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^)"'\s]*))\s*\)""", re.IGNORECASE)
_CSS_IMPORT = re.compile(r"""@import\s+(?:url\(\s*)?["']?([^"')\s;]+)""", re.IGNORECASE)
_CSS_FONT = re.compile(r"@font-face\s*\{[^}]*\}", re.IGNORECASE)
_LOCATION = re.compile(r"<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]+?)\s*(?:\]\]>)?\s*</", re.IGNORECASE)
_IMAGE_LOCATION = re.compile(r"<image:loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]+?)\s*(?:\]\]>)?\s*</", re.IGNORECASE)
_SRCSET_PART = re.compile(r"\s*,*\s*(\S*[^\s,])(?:\s+([\d.]+)([wx])[^,]*)?\s*(?:,|$)")
_NO_PICTURE = re.compile(r"\.(?:woff2?|ttf|otf|eot|css|js|svgz?|mp4|webm)$", re.IGNORECASE)

LAZY_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-bg", "data-background-image")
LAZY_SETS = ("data-srcset", "data-lazy-srcset")
PREVIEW_NAMES = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")


@dataclass(frozen=True)
class PageContent:
    """What was found, as absolute http(s) addresses without fragments, in the order of the page.

    `words` are the page's text and the addresses of all its links, for credit lines.
    """

    links: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    words: str = ""


def read_page(html: str, url: str) -> PageContent:
    """Links, pictures and style sheets of an HTML page at this address."""
    tree = LexborHTMLParser(html)
    base = next((urljoin(url, each) for node in tree.css("base[href]") if (each := _attribute(node, "href"))), url)
    pictures = [*_elements(tree), *_previews(tree)]
    for node in tree.css("style"):
        pictures += css_addresses(node.text() or "")
    for node in tree.css("[style]"):
        pictures += css_addresses(_attribute(node, "style"))
    styles = [_attribute(node, "href") for node in tree.css("link[href]") if "stylesheet" in _attribute(node, "rel")]
    styles += [each for node in tree.css("style") for each in _CSS_IMPORT.findall(_bare(node.text() or ""))]
    links = [_attribute(node, "href") for node in tree.css("a[href], area[href], link[rel=next]")]
    links += [_attribute(node, "src") for node in tree.css("iframe[src]")]
    tree.strip_tags(["script", "style", "template"])
    words = " ".join((tree.body.text(separator=" ") if tree.body else "").split())
    return PageContent(
        links=_absolute(base, links), pictures=_absolute(base, pictures), styles=_absolute(base, styles),
        words=" ".join([words, *dict.fromkeys(links)])[:MAX_WORDS_LENGTH],
    )  # fmt: skip


def read_style(css: str, url: str) -> PageContent:
    """Pictures of a style sheet, and the sheets that it imports."""
    imports = _CSS_IMPORT.findall(_bare(css))
    pictures = [each for each in css_addresses(css) if each not in imports]
    return PageContent(pictures=_absolute(url, pictures), styles=_absolute(url, imports))


def read_sitemap(xml: str, url: str) -> PageContent:
    """Pages and further site maps of a site map, of an index of site maps, or of a plain list; and its pictures."""
    found = [unescape(each) for each in _LOCATION.findall(_IMAGE_LOCATION.sub("</", xml))]
    if not found and "<" not in xml:
        found = xml.split()
    index = re.search(r"<(?:\w+:)?sitemapindex", xml) is not None
    pictures = _absolute(url, map(unescape, _IMAGE_LOCATION.findall(xml)))
    pages = _absolute(url, found)
    return PageContent(links=() if index else pages, styles=pages if index else (), pictures=pictures)


def css_addresses(css: str) -> list[str]:
    """The addresses in `url(...)`, without fonts."""
    return ["".join(each) for each in _CSS_URL.findall(_CSS_FONT.sub("", _bare(css)))]


def largest_of(srcset: str) -> str | None:
    """The address of the largest picture in a `srcset`; a browser shows one of them, and all are one picture."""
    found = [(float(size or 1) if size != "." else 1.0, address)
             for address, size, _ in _SRCSET_PART.findall(srcset) if (size or "1").count(".") < 2]  # fmt: skip
    return max(found, key=lambda each: each[0])[1] if found else None


def read_confined(reader: DocumentReader, kind: str, content: str, url: str) -> PageContent:
    """Read a `page`, `style` or `sitemap` in the reader process; ReaderFailed says why it cannot be read."""
    request = json.dumps([kind, content, url]).encode()
    answers = list(reader.stream(f"{__name__}:reading", request, PAGE_TIMEOUT_S))
    try:
        return checked(PageContent, answers[0])
    except (ValueError, IndexError):
        raise ReaderFailed("its content cannot be read") from None


READERS = {"page": read_page, "style": read_style, "sitemap": read_sitemap}


def reading() -> ReaderJob:
    """The job of the reader process."""

    def work(request: bytes, channel: Channel) -> bytes:
        kind, content, url = json.loads(request)
        channel.tell(json.dumps(asdict(READERS[kind](content, url))).encode())
        return b""

    return work


def _elements(tree: LexborHTMLParser) -> Iterator[str]:
    for node in tree.css("img, source, input[type=image], video, image, [data-bg], [data-background-image]"):
        if node.tag == "source" and node.parent is not None and node.parent.tag != "picture":
            continue  # of a video or a sound
        sets = [each for name in ("srcset", *LAZY_SETS) if (each := largest_of(_attribute(node, name)))]
        yield from sets
        names = {"video": ("poster",), "image": ("href", "xlink:href"), "source": ()}.get(node.tag or "", LAZY_SOURCES)
        yield from (each for name in names if (each := _attribute(node, name)))
        if node.tag in ("img", "input") and not sets:  # `src` is the same picture for old browsers
            yield _attribute(node, "src")


def _previews(tree: LexborHTMLParser) -> Iterator[str]:
    for node in tree.css("meta[content]"):
        if (_attribute(node, "property") or _attribute(node, "name")).lower() in PREVIEW_NAMES:
            yield _attribute(node, "content")
    for node in tree.css("link[rel=image_src], link[rel=preload][as=image]"):
        yield _attribute(node, "href")


def _attribute(node: LexborNode, name: str) -> str:
    return (node.attributes.get(name) or "").strip()


def _bare(css: str) -> str:
    return _CSS_COMMENT.sub(" ", css)


def _absolute(base: str, addresses: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for each in addresses:
        try:
            address = urldefrag(urljoin(base, each)).url
        except ValueError:  # an unclosed bracket
            continue
        fits = re.match(r"https?://[^/\s]", address, re.IGNORECASE) and len(address) <= MAX_ADDRESS_LENGTH
        if each and fits and not each.startswith("#"):
            found[address] = None
    return tuple(found)[:MAX_ADDRESSES]
