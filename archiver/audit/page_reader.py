"""Read a page as far as an audit needs it: its links, the pictures that a browser shows, and its words. Pure.

Pages come from anywhere, so `open_reader` reads them in the confined reader process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archiver.audit.site_scope import spelled
from archiver.reading.worker import DocumentReader, ReaderFailed, checked

if TYPE_CHECKING:
    from archiver.reading.worker import Channel, ReaderJob

PAGE_TIMEOUT_S = 20.0
MAX_ADDRESSES = 5_000  # of each kind in a page, style sheet or site map
MAX_ADDRESS_LENGTH = 2_000  # characters
MAX_WORDS_LENGTH = 50_000  # characters of a page's words that are kept, to look for credit lines

_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_URL = re.compile(
    r"""url\(\s*(?:"((?:\\.|[^"\\\n])*)"|'((?:\\.|[^'\\\n])*)'|((?:\\.|[^)"'\s\\])*))\s*\)""", re.IGNORECASE
)
_CSS_IMPORT = re.compile(r"""@import\s+(?:url\(\s*)?["']?([^"')\s;]+)""", re.IGNORECASE)
_CSS_FONT = re.compile(r"@font-face\s*\{[^}]*\}", re.IGNORECASE)
_CSS_SET = re.compile(r"image-set\(((?:[^()]|\([^()]*\))*)\)", re.IGNORECASE)
_CSS_TYPE = re.compile(r"(?:type|url)\([^)]*\)", re.IGNORECASE)
_CSS_STRING = re.compile(r""""([^"\n]+)"|'([^'\n]+)'""")
_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_LOCATION = re.compile(r"<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]+?)\s*(?:\]\]>)?\s*</", re.IGNORECASE)
_IMAGE_LOCATION = re.compile(r"<image:loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]+?)\s*(?:\]\]>)?\s*</", re.IGNORECASE)
_SRCSET_PART = re.compile(r"\s*,*\s*(\S*[^\s,])(?:\s+([\d.]+)([wx])[^,]*)?\s*(?:,|$)")
_SIZED = re.compile(r"\S\s+\d+(?:\.\d+)?[wx]\s*(?:,|$)")  # what only a srcset has
_PICTURE_FILE = r"\.(?:jpe?g|png|webp|avif|gif)"
_PICTURE_NAME = re.compile(rf"[^\s].*{_PICTURE_FILE}(?:\?\S*)?", re.IGNORECASE)
_PICTURE_IN_TEXT = re.compile(
    rf"""[^\s"'<>(){{}}\[\]|,;\\]{{1,1000}}?{_PICTURE_FILE}(?:\?[^\s"'<>()\\|;,]*)?(?=[\s"'<>(){{}}\[\]|,;\\]|$)""",
    re.IGNORECASE,
)
_NO_PICTURE = re.compile(r"\.(?:woff2?|ttf|otf|eot|css|js|svgz?|mp4|webm)$", re.IGNORECASE)
_SHADOW_ROOT = re.compile(r"<template(?=[^>]*\bshadowrootmode\b)", re.IGNORECASE)  # its content is shown
_REFRESH = re.compile(r"^\s*\d+\s*[;,]\s*url\s*=\s*['\"]?([^'\"]+)", re.IGNORECASE)
_PROGRAM_TYPES = ("", "module", "text/javascript", "application/javascript")
_SHOWS_BY_SCRIPT = re.compile(
    r"IntersectionObserver|new Image\b|createElement\(.img|backgroundImage|\.src\s*=|document\.write|innerHTML"
)
_LITERAL = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|\d+""", re.DOTALL)

LAZY_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-bg", "data-background-image")
PREVIEW_NAMES = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")
PICTURE_KEYS = ("image", "thumbnailUrl", "contentUrl", "logo", "photo", "primaryImageOfPage")  # of schema.org
MEDIA_LIST = "/wp-json/wp/v2/media?per_page=100&page=1"
MEDIA_PER_LIST = 100  # the most that WordPress gives
MAX_NESTED_PAGES = 2  # of `srcdoc` in `srcdoc`
MAX_SCRIPT_LENGTH = 200_000  # characters of a page's own scripts that are looked at
MIN_WORDS_LENGTH = 200  # characters; a page with scripts and fewer words is probably made by them


@dataclass(frozen=True)
class PageContent:
    """What was found, as absolute http(s) addresses without fragments, in the order of the page.

    `variants` are further addresses of `pictures`, in other sizes. `words` are the page's text and the addresses of all
    its links, for credit lines. `scripts` is equal for pages with the same scripts, and empty for pages without;
    `scripted` says whether they seem to add pictures. `opened` is the visit that last opened the page in a browser, and
    `added` are the pictures that only the browser showed.
    """

    links: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    words: str = ""
    scripts: str = ""
    scripted: bool = False
    opened: int = 0
    added: tuple[str, ...] = ()

    @property
    def all_pictures(self) -> tuple[str, ...]:
        """All pictures of the page."""
        return self.pictures + self.added


def read_page(html: str, url: str, nested: int = 0) -> PageContent:
    """Links, pictures and style sheets of an HTML page at this address."""
    tree = LexborHTMLParser(_SHADOW_ROOT.sub("<div", html))
    base = next((urljoin(url, each) for node in tree.css("base[href]") if (each := _attribute(node, "href"))), url)
    variants: list[str] = []
    pictures = [*_elements(tree, variants), *_data(tree, variants), *_previews(tree), *_linked_data(tree)]
    for node in tree.css("style"):
        pictures += css_addresses(node.text() or "")
    for node in tree.css("[style]"):
        pictures += css_addresses(_attribute(node, "style"))
    styles = [_attribute(node, "href") for node in tree.css("link[href]") if "stylesheet" in _attribute(node, "rel")]
    styles += [_attribute(node, "href") for node in tree.css("link[rel=preload][as=style][href]")]
    styles += [each for node in tree.css("style") for each in _CSS_IMPORT.findall(_bare(node.text() or ""))]
    links = [_attribute(node, "href") for node in tree.css("a[href], area[href], link[rel=next]")]
    links += [_attribute(node, "src") for node in tree.css("iframe[src], frame[src]")]
    links += [found[1].strip() for node in tree.css("meta[http-equiv]")
              if (found := _REFRESH.match(_attribute(node, "content")))]  # fmt: skip
    pictures += [each for each in links if _PICTURE_NAME.fullmatch(each)]  # such a link enlarges a picture
    inner = [read_page(each, base, nested + 1) for node in tree.css("iframe[srcdoc]")
             if nested < MAX_NESTED_PAGES and (each := _attribute(node, "srcdoc"))]  # fmt: skip
    scripts, scripted = _scripts(tree)
    tree.strip_tags(["script", "style", "template"])
    words = " ".join((tree.body.text(separator=" ") if tree.body else "").split())
    found_pictures = _absolute(base, [*pictures, *(each for page in inner for each in page.pictures)])
    return PageContent(
        links=_absolute(base, links), pictures=tuple(each for each in found_pictures if not _is_other_file(each)),
        styles=_absolute(base, [*styles, *(each for page in inner for each in page.styles)]),
        variants=_absolute(base, variants), words=" ".join([words, *dict.fromkeys(links)])[:MAX_WORDS_LENGTH],
        scripts=scripts, scripted=bool(scripts) and (scripted or len(words) < MIN_WORDS_LENGTH),
    )  # fmt: skip


def read_style(css: str, url: str) -> PageContent:
    """Pictures of a style sheet, and the sheets that it imports."""
    imports = _CSS_IMPORT.findall(_bare(css))
    found = _absolute(url, [each for each in css_addresses(css) if each not in imports])
    pictures = tuple(each for each in found if not _is_other_file(each))
    return PageContent(pictures=pictures, styles=_absolute(url, imports))


def read_sitemap(xml: str, url: str) -> PageContent:
    """Pages and further site maps of a site map, of an index of site maps, or of a plain list; and its pictures."""
    found = [unescape(each) for each in _LOCATION.findall(_IMAGE_LOCATION.sub("</", xml))]
    if not found and "<" not in xml:
        found = xml.split()
    index = re.search(r"<(?:\w+:)?sitemapindex", xml) is not None
    pictures = _absolute(url, map(unescape, _IMAGE_LOCATION.findall(xml)))
    pages = _absolute(url, found)
    return PageContent(links=() if index else pages, styles=pages if index else (), pictures=pictures)


def read_media_list(text: str, url: str) -> PageContent:
    """Pictures of WordPress's list of media, and the list's next page while this one is full."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return PageContent()
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    named = [str(row.get("source_url")) for row in rows if str(row.get("mime_type", "")).startswith("image/")]
    number = re.search(r"(?<=[?&]page=)\d+", url)
    more = len(rows) == MEDIA_PER_LIST and number is not None
    following = re.sub(r"(?<=[?&]page=)\d+", str(int(number[0]) + 1), url) if more and number else ""
    pictures = tuple(each for each in _absolute(url, named) if not _is_other_file(each))
    return PageContent(pictures=pictures, styles=(following,) if following else ())


def css_addresses(css: str) -> list[str]:
    """The addresses in `url(...)` and `image-set(...)`, without fonts."""
    bare = _CSS_FONT.sub("", _bare(css))
    named = ["".join(each) for each in _CSS_URL.findall(bare)]
    for inner in _CSS_SET.findall(bare):
        named += ["".join(each) for each in _CSS_STRING.findall(_CSS_TYPE.sub("", inner))]
    return [_CSS_ESCAPE.sub(_unescaped, each) for each in named]


def _unescaped(found: re.Match[str]) -> str:
    return chr(min(int(found[1], 16), 0x10FFFF)) if found[1] else found[2]


def largest_of(srcset: str) -> str | None:
    """The address of the largest picture in a `srcset`; a browser shows one of them, and all are one picture."""
    found = _sizes(srcset)
    return max(found, key=lambda each: each[0])[1] if found else None


def _sizes(srcset: str) -> list[tuple[float, str]]:
    return [(float(size or 1) if size != "." else 1.0, address)
            for address, size, _ in _SRCSET_PART.findall(srcset) if (size or "1").count(".") < 2]  # fmt: skip


def pictures_in(value: str) -> list[str]:
    """The addresses of picture files in an attribute: one address, a `srcset`, or JSON with some."""
    if "/" not in value or not re.search(_PICTURE_FILE, value, re.IGNORECASE):
        return []
    if value[0] in "[{":
        try:
            return [each for _, each in _texts(json.loads(value)) if "/" in each and _PICTURE_NAME.fullmatch(each)]
        except (ValueError, RecursionError):
            pass
    if _SIZED.search(value):
        return [each] if (each := largest_of(value)) else []
    if _PICTURE_NAME.fullmatch(value) and not re.search(r"[\\,;|\"'()\[\]{}<>]", value):
        return [value]
    return [each for each in _PICTURE_IN_TEXT.findall(value.replace("\\/", "/")) if "/" in each]


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """All texts in a JSON document, each with the key that it is under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, key)
    elif isinstance(value, dict):
        for name, each in value.items():
            inner = key if name in ("url", "@list") and key in PICTURE_KEYS else name
            yield from _texts(each, inner)


def read_confined(reader: DocumentReader, kind: str, content: str, url: str) -> PageContent:
    """Read a `page`, `style`, `sitemap` or `list` in the reader process; ReaderFailed says why it cannot be read."""
    request = json.dumps([kind, content, url]).encode()
    answers = list(reader.stream(f"{__name__}:reading", request, PAGE_TIMEOUT_S))
    try:
        return checked(PageContent, answers[0])
    except (ValueError, IndexError):
        raise ReaderFailed("its content cannot be read") from None


READERS: Mapping[str, Callable[[str, str], PageContent]] = {
    "page": read_page, "style": read_style, "sitemap": read_sitemap, "list": read_media_list,
}  # fmt: skip


def reading() -> ReaderJob:
    """The job of the reader process."""

    def work(request: bytes, channel: Channel) -> bytes:
        kind, content, url = json.loads(request)
        channel.tell(json.dumps(asdict(READERS[kind](content, url))).encode())
        return b""

    return work


def _elements(tree: LexborHTMLParser, variants: list[str]) -> Iterator[str]:
    """Pictures of elements that show some. `variants` gets their other sizes."""
    for node in tree.css("img, source, input[type=image], video, image, object[data], embed[src], [background]"):
        if node.tag == "source" and node.parent is not None and node.parent.tag != "picture":
            continue  # of a video or a sound
        sets = [found for name in ("srcset", "data-srcset") if (found := _sizes(_attribute(node, name)))]
        variants += [address for found in sets for _, address in found]
        yield from (max(found, key=lambda each: each[0])[1] for found in sets)
        names = {"video": ("poster",), "image": ("href", "xlink:href"), "object": ("data",), "source": (),
                 "embed": ("src",)}.get(node.tag or "", ("background",))  # fmt: skip
        yield from (each for name in names if (each := _attribute(node, name)))
        if node.tag in ("img", "input") and (shown := _attribute(node, "src")):
            if sets:  # `src` is the same picture for old browsers
                variants.append(shown)
            else:
                yield shown


def _data(tree: LexborHTMLParser, variants: list[str]) -> Iterator[str]:
    """Pictures that scripts take from attributes `data-…`: lazy ones, slides and galleries."""
    for node in tree.css("body *"):
        for name, value in node.attributes.items():
            if not name.startswith("data-") or not value:
                continue
            value = value.strip()
            if name in LAZY_SOURCES and not value.startswith(("[", "{")):
                yield value.removeprefix("url(").removesuffix(")").strip("\"'")
            elif name != "data-srcset":  # as above
                if _SIZED.search(value):
                    variants += [address for _, address in _sizes(value)]
                yield from pictures_in(value)


def _previews(tree: LexborHTMLParser) -> Iterator[str]:
    for node in tree.css("meta[content]"):
        if (_attribute(node, "property") or _attribute(node, "name")).lower() in PREVIEW_NAMES:
            yield _attribute(node, "content")
    for node in tree.css("link[rel=image_src], link[rel=preload][as=image]"):
        yield largest_of(_attribute(node, "imagesrcset")) or _attribute(node, "href")


def _linked_data(tree: LexborHTMLParser) -> Iterator[str]:
    """Pictures that the page's JSON names: schema.org's by key, others by the ending of the address."""
    for node in tree.css("script[type]"):
        kind = _attribute(node, "type").lower()
        if kind not in ("application/ld+json", "application/json"):
            continue
        try:
            found = list(_texts(json.loads(node.text() or "")))
        except (ValueError, RecursionError):
            continue
        for key, each in found:
            named = kind == "application/ld+json" and key in PICTURE_KEYS and re.match(r"https?:|/", each)
            if named or ("/" in each and _PICTURE_NAME.fullmatch(each)):
                yield each


def _scripts(tree: LexborHTMLParser) -> tuple[str, bool]:
    """What is equal for pages with the same scripts, and whether these seem to show pictures."""
    nodes = [node for node in tree.css("script") if _attribute(node, "type").lower() in _PROGRAM_TYPES]
    own = "\n".join(node.text() or "" for node in nodes)[:MAX_SCRIPT_LENGTH]
    sources = sorted({_attribute(node, "src").partition("?")[0] for node in nodes})
    if not own.strip() and not any(sources):
        return "", False
    bare = [each for node in tree.css("img") if not (each := node.attributes.get("src") or "")
            and not any(name.startswith(("data-", "srcset")) for name in node.attributes)]  # fmt: skip
    same = json.dumps([sources, _LITERAL.sub("0", own)])
    return sha256(same.encode()).hexdigest()[:16], bool(bare) or _SHOWS_BY_SCRIPT.search(own) is not None


def _attribute(node: LexborNode, name: str) -> str:
    return (node.attributes.get(name) or "").strip()


def _bare(css: str) -> str:
    return _CSS_COMMENT.sub(" ", css)


def _is_other_file(address: str) -> bool:
    return _NO_PICTURE.search(urlsplit(address).path) is not None


def _absolute(base: str, addresses: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for each in addresses:
        try:
            address = spelled(urldefrag(urljoin(base, each)).url)
        except ValueError:  # an unclosed bracket
            continue
        fits = re.match(r"https?://[^/\s]", address, re.IGNORECASE) and len(address) <= MAX_ADDRESS_LENGTH
        if each and fits and not each.startswith("#"):
            found[address] = None
    return tuple(found)[:MAX_ADDRESSES]
