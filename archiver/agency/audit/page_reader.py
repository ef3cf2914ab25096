"""Read a page as far as an audit needs it: its links, the pictures that a browser shows, and its words. Pure.

Pages come from anywhere, so `open_reader` reads them in the confined reader process.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archiver.agency.audit.site_scope import spelled
from archiver.core.json_files import checked
from archiver.reading.worker import DocumentReader, ReaderFailed

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
_FEED_LINK = re.compile(r"<link>\s*([^<]+?)\s*</link>|<link\b[^>]*\bhref=[\"']([^\"']+)", re.IGNORECASE)
_FEED_PICTURE = re.compile(
    r"<(?:enclosure|media:content|media:thumbnail|itunes:image)\b[^>]*\b(?:url|href)=[\"']([^\"']+)", re.IGNORECASE
)
_FEED_TEXT = re.compile(
    r"<(content:encoded|description|content|summary)\b[^>]*>\s*(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))\s*</\1>", re.DOTALL
)
_ALTERNATE = re.compile(r"<xhtml:link\b[^>]*\bhref=[\"']([^\"']+)", re.IGNORECASE)
_SVG = re.compile(r"[^?#]*\.svgz?(?:[?#]|$)", re.IGNORECASE)
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
FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/xml", "text/xml")
MEDIA_LIST = "/wp-json/wp/v2/media?per_page=100&page=1"
MEDIA_PER_LIST = 100  # the most that WordPress gives
MAX_NESTED_PAGES = 2  # of `srcdoc` in `srcdoc`
MAX_SCRIPT_LENGTH = 200_000  # characters of a page's own scripts that are looked at
MIN_HELD_LENGTH = 1_000  # characters of a `data:` address; shorter ones are placeholders and icons
MAX_HELD = 50  # pictures in one page, style sheet or SVG
MAX_FEED_ITEMS = 100
MIN_WORDS_LENGTH = 200  # characters; a page with scripts and fewer words is probably made by them


@dataclass(frozen=True)
class PageContent:
    """What was found, as absolute http(s) addresses without fragments, in the order of the page.

    `variants` are further addresses of `pictures`, in other sizes. `words` are the page's text and the addresses of all
    its links, for credit lines. `scripts` is equal for pages with the same scripts, and empty for pages without;
    `scripted` says whether they seem to add pictures. `opened` is the visit that last opened the page in a browser, and
    `added` are the pictures that only the browser showed. `feeds` are the site's news as RSS or Atom, `lists` the list
    of media of its content system. `held` are the pictures in the file itself, as `data:`; they are saved with the
    pictures and not here.
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
    feeds: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

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
    # Some pages are linked in the head only: the next one, and the same in another language, as AMP or for phones.
    others = "link[rel=next], link[rel=prev], link[rel=canonical], link[rel=amphtml], link[rel=alternate]:not([type])"
    links = [_attribute(node, "href") for node in tree.css(f"a[href], area[href], {others}")]
    links += [_attribute(node, "src") for node in tree.css("iframe[src], frame[src]")]
    links += [found[1].strip() for node in tree.css("meta[http-equiv]")
              if (found := _REFRESH.match(_attribute(node, "content")))]  # fmt: skip
    pictures += [each for each in links if _PICTURE_NAME.fullmatch(each)]  # such a link enlarges a picture
    inner = [read_page(each, base, nested + 1) for node in tree.css("iframe[srcdoc]")
             if nested < MAX_NESTED_PAGES and (each := _attribute(node, "srcdoc"))]  # fmt: skip
    scripts, scripted = _scripts(tree)
    tree.strip_tags(["script", "style", "template"])
    lists = [media_list(_attribute(node, "href")) for node in tree.css('link[rel="https://api.w.org/"][href]')]
    feeds = [_attribute(node, "href") for node in tree.css("link[rel=alternate][href]")
             if _attribute(node, "type").lower() in FEED_TYPES]  # fmt: skip
    # Most SVGs are drawings; those that pages show as pictures may hold some.
    styles += [each for each in pictures if _SVG.match(each[:MAX_ADDRESS_LENGTH])]
    words = " ".join((tree.body.text(separator=" ") if tree.body else "").split())
    held = dict.fromkeys([*_held(pictures), *(each for page in inner for each in page.held)])
    found_pictures = _absolute(base, [*pictures, *(each for page in inner for each in page.pictures)])
    return PageContent(
        links=_absolute(base, links), pictures=tuple(each for each in found_pictures if not _is_other_file(each)),
        styles=_absolute(base, [*styles, *(each for page in inner for each in page.styles)]),
        variants=_absolute(base, variants), words=" ".join([words, *dict.fromkeys(links)])[:MAX_WORDS_LENGTH],
        scripts=scripts, scripted=bool(scripts) and (scripted or len(words) < MIN_WORDS_LENGTH),
        feeds=_absolute(base, feeds), lists=_absolute(url, lists), held=tuple(held)[:MAX_HELD],
    )  # fmt: skip


def read_style(css: str, url: str) -> PageContent:
    """Pictures of a style sheet, and the sheets that it imports."""
    imports = _CSS_IMPORT.findall(_bare(css))
    named = [each for each in css_addresses(css) if each not in imports]
    pictures = tuple(each for each in _absolute(url, named) if not _is_other_file(each))
    return PageContent(pictures=pictures, styles=_absolute(url, imports), held=_held(named))


def read_svg(svg: str, url: str) -> PageContent:
    """Pictures in a drawing."""
    tree = LexborHTMLParser(svg)
    named = [_attribute(node, name) for node in tree.css("image, feImage") for name in ("href", "xlink:href")]
    named += [each for node in tree.css("style") for each in css_addresses(node.text() or "")]
    pictures = tuple(each for each in _absolute(url, named) if not _is_other_file(each))
    return PageContent(pictures=pictures, held=_held(named))


def read_feed(xml: str, url: str) -> PageContent:
    """The pages that a feed names, and the pictures in its items."""
    texts = [unescape(cdata or text) for _, cdata, text in _FEED_TEXT.findall(xml)[:MAX_FEED_ITEMS]]
    inner = [read_page(each, url, MAX_NESTED_PAGES) for each in texts if "<" in each]
    links = [unescape(one or other) for one, other in _FEED_LINK.findall(xml)]
    named = [unescape(each) for each in _FEED_PICTURE.findall(xml)]
    pictures = [*_absolute(url, named), *(each for page in inner for each in page.pictures)]
    return PageContent(
        links=(*_absolute(url, links), *(each for page in inner for each in page.links))[:MAX_ADDRESSES],
        pictures=tuple(dict.fromkeys(each for each in pictures if not _is_other_file(each))),
        held=tuple(each for page in inner for each in page.held)[:MAX_HELD],
    )


def _held(addresses: Iterable[str]) -> tuple[str, ...]:
    """The pictures among addresses that stand there themselves, as `data:`; those of drawings too."""
    found: dict[str, None] = {}
    for each in addresses:
        if each[:11].lower() != "data:image/" or len(each) < MIN_HELD_LENGTH:
            continue
        if each[11:14].lower() == "svg":
            found |= dict.fromkeys(read_svg((held_bytes(each) or b"").decode("utf-8", "replace"), "").held)
        else:
            found[each] = None
    return tuple(found)[:MAX_HELD]


def held_bytes(address: str) -> bytes | None:
    """The content of a `data:` address; None where it cannot be read."""
    head, _, content = address.partition(",")
    try:
        return base64.b64decode(unquote(content)) if head.lower().endswith(";base64") else unquote(content).encode()
    except (binascii.Error, ValueError):
        return None


def read_sitemap(xml: str, url: str) -> PageContent:
    """Pages and further site maps of a site map, of an index of site maps, or of a plain list; and its pictures."""
    found = [unescape(each) for each in _LOCATION.findall(_IMAGE_LOCATION.sub("</", xml))]
    found += [unescape(each) for each in _ALTERNATE.findall(xml)]
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


def media_list(interface: str) -> str:
    """WordPress's list of media, by the address of its interface, which depends on the site's settings."""
    route, _, query = MEDIA_LIST.removeprefix("/wp-json").partition("?")
    return f"{interface.rstrip('/')}{route}{'&' if '?' in interface else '?'}{query}"


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
    "page": read_page, "style": read_style, "svg": read_svg, "feed": read_feed, "sitemap": read_sitemap,
    "list": read_media_list,
}  # fmt: skip


def reading() -> ReaderJob:
    """The job of the reader process."""

    def work(request: bytes, channel: Channel) -> bytes:
        kind, content, url = json.loads(request)
        channel.tell(json.dumps(asdict(READERS[kind](content, url))).encode())
        return b""

    return work


# Elements that show pictures, and where they name them, besides `srcset`. A script of AMP's makes pictures of its own.
_SHOWING: Mapping[str, tuple[str, ...]] = {
    "img": ("src",), "amp-img": ("src",), "amp-anim": ("src",), "input": ("src",),
    "image": ("href", "xlink:href", "src"),
    "video": ("poster",), "amp-video": ("poster",), "object": ("data",), "embed": ("src",), "source": (),
}  # fmt: skip


def _elements(tree: LexborHTMLParser, variants: list[str]) -> Iterator[str]:
    """Pictures of elements that show some. `variants` gets their other sizes."""
    elements = ", ".join(each for each in _SHOWING if each != "input")
    for node in tree.css(f"{elements}, input[type=image], [background]"):
        if node.tag == "source" and node.parent is not None and node.parent.tag != "picture":
            continue  # of a video or a sound
        sets = [found for name in ("srcset", "data-srcset") if (found := _sizes(_attribute(node, name)))]
        variants += [address for found in sets for _, address in found]
        yield from (max(found, key=lambda each: each[0])[1] for found in sets)
        named = [_attribute(node, name) for name in _SHOWING.get(node.tag or "", ("background",))]
        if sets:  # `src` is the same picture for old browsers
            variants += named
        else:
            yield from filter(None, named)


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
        if each[:5].lower() == "data:":
            continue
        try:
            path, mark, query = each.partition("?")
            address = spelled(urldefrag(urljoin(base, path.replace("\\", "/") + mark + query)).url)
        except ValueError:  # an unclosed bracket
            continue
        fits = re.match(r"https?://[^/\s]", address, re.IGNORECASE) and len(address) <= MAX_ADDRESS_LENGTH
        if each and fits and not each.startswith("#"):
            found[address] = None
    return tuple(found)[:MAX_ADDRESSES]
