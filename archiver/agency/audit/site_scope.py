"""Which addresses belong to an audited site, and which are traps. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from archiver.core.errors import ConfigError

MAX_DEPTH = 12  # links away from the start
MAX_VARIANTS = 30  # pages in a row of one path that differ only in their query and show no new picture
MAX_NUMBERED = 100  # pages in a row of one form that differ only in numbers, such as days, and show no new picture
MAX_REPEATED = 2  # times that one folder may come in a path
MAX_PATH_LENGTH = 1_000  # characters

_TRACKING = re.compile(
    r"utm_\w+|[gmy]clid|fbclid|dclid|msclkid|[gw]braid|srsltid|gad_\w+|mc_[ce]id|_ga|_gl|hsa_\w+|(?:pk|mtm|matomo)_\w+|igshid"
    r"|phpsessid|sid|oscsid|jsessionid|aspsessionid\w*|cfid|cftoken|replytocom|share", re.IGNORECASE
)  # fmt: skip
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;?]*|/\([A-Z]\([^/)]*\)\)(?=/)", re.IGNORECASE)
# The next pages of a list are no deeper in the site than the first one.
_LIST_PAGE = re.compile(
    r"[?&](?:page|paged|pg|p|seite|pagina|start|offset)=\d+|/(?:page|seite|pagina)[/-]?\d+/?$", re.IGNORECASE
)
_ACTS = re.compile(
    r"/(?:wp-login|wp-admin|login|log-in|signin|sign-in|anmelden|logout|log-out|signout|sign-out|abmelden|cart|checkout"
    r"|warenkorb|kasse)\b"
    r"|[?&](?:add-to-cart|action|logout|delete|remove)=",
    re.IGNORECASE,
)
_PDF = re.compile(r"\.pdf$", re.IGNORECASE)
_FILES = re.compile(
    r"\.(?:zip|gz|tgz|rar|7z|exe|dmg|mp[34]|mov|avi|webm|docx?|xlsx?|pptx?|ics|xml|rss|json|js|css|svgz?)$",
    re.IGNORECASE,
)
_PICTURES = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|tiff?|bmp)$", re.IGNORECASE)


@dataclass(frozen=True)
class SiteScope:
    """The sites where an audit begins, and the hosts that it may ask. `hosts` are `name` or `name:port`."""

    sites: tuple[str, ...]
    hosts: frozenset[str]

    def allows(self, url: str) -> bool:
        """Whether this address may be asked for at all."""
        try:
            parts = urlsplit(url)
            return parts.scheme in ("http", "https") and not parts.username and host_of(url) in self.hosts
        except ValueError:
            return False


def scope_of(sites: Iterable[str], more_hosts: Iterable[str] = ()) -> SiteScope:
    """The scope of these addresses or names, with their `www.` twins. ConfigError for what is no address."""
    starts, hosts = dict[str, None](), set[str]()
    for site in sites:
        url = normal(site if "://" in site else f"https://{site}")
        if not url:
            raise ConfigError(f"{site} is not the address of a site. Give it as https://www.example.com.")
        starts[url] = None
        hosts.add(host_of(url))
    for host in more_hosts:
        url = normal(host if "://" in host else f"https://{host}")
        if not url:
            raise ConfigError(f"{host} is not a host. Give its name, as cdn.example.com.")
        hosts.add(host_of(url))
    twins = {each.removeprefix("www.") if each.startswith("www.") else f"www.{each}" for each in hosts}
    return SiteScope(tuple(starts), frozenset(hosts | {each for each in twins if not each[4:5].isdecimal()}))


def host_of(url: str) -> str:
    """`name`, or `name:port` where the port is not the usual one; empty where there is none."""
    try:
        parts = urlsplit(url)
        usual = {"http": 80, "https": 443}.get(parts.scheme)
        name = (parts.hostname or "").lower().rstrip(".")
        with suppress(UnicodeError):
            name = name.encode("idna").decode()  # as requests and links of the site have it
        return name if parts.port in (None, usual) else f"{name}:{parts.port}"
    except ValueError:
        return ""


def spelled(url: str) -> str:
    """An address with its path and query in the characters that requests have. ValueError where it is none."""
    parts = urlsplit(url.strip())
    return urlunsplit((parts.scheme.lower(), parts.netloc, _quoted(parts.path), _quoted(parts.query), ""))


def _quoted(text: str) -> str:
    return quote(text, safe="%/?:@!$&'()*+,;=~-._[]")


def normal(url: str) -> str:
    """One form for the same address: lower-case host, no fragment, no tracking; empty where it is none."""
    try:
        parts = urlsplit(url.strip())
        host = host_of(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    kept = [(name, value) for name, value in query if not _TRACKING.fullmatch(name)]
    text = parts.query if len(kept) == len(query) else urlencode(kept)
    path = _SESSION.sub("", parts.path) or "/"
    return urlunsplit((parts.scheme.lower(), host, _quoted(path), _quoted(text), ""))


def kind_of(url: str) -> str | None:
    """What a link leads to by its address: `page`, `picture`, `pdf`, or None for what an audit does not ask for."""
    path = urlsplit(url).path
    if _PICTURES.search(path):
        return "picture"
    if _PDF.search(path):
        return "pdf"
    return None if _FILES.search(path) or acts(url) else "page"


def acts(url: str) -> bool:
    """Whether a GET of this address may do something or leads to a sign-in."""
    return _ACTS.search(url) is not None


def is_list_page(url: str) -> bool:
    """Whether this is a further page of a list, by its number."""
    return _LIST_PAGE.search(url) is not None


@dataclass
class TrapGuard:
    """Counts the pages of one visit that showed nothing new, by their form, and says why one is a trap."""

    _variants: Counter[str] = field(default_factory=Counter)
    _forms: Counter[str] = field(default_factory=Counter)
    _pictures: set[int] = field(default_factory=set)  # hashes of addresses

    def refuses(self, url: str, depth: int) -> str | None:
        """Why this page is left out; None if it is not."""
        parts = urlsplit(url)
        folders = Counter(each for each in parts.path.split("/") if each)
        place, form = _place_and_form(url)
        if depth > MAX_DEPTH:
            return "too_deep"
        if len(parts.path) > MAX_PATH_LENGTH or (folders and max(folders.values()) > MAX_REPEATED):
            return "repeating_path"
        if parts.query and self._variants[place] >= MAX_VARIANTS:
            return "too_many_variants"
        return "too_many_numbers" if self._forms[form] >= MAX_NUMBERED else None

    def learn(self, url: str, pictures: Iterable[str]) -> None:
        """Count a page that was read, with the addresses of its pictures."""
        seen = {hash(each) for each in pictures}
        fruitful, query = not seen <= self._pictures, urlsplit(url).query
        self._pictures |= seen
        place, form = _place_and_form(url)
        for counts, name, counted in (
            (self._variants, place, bool(query)), (self._forms, form, form != f"{place}?{query}"),
        ):  # fmt: skip
            if counted:
                counts[name] = 0 if fruitful else counts[name] + 1


def _place_and_form(url: str) -> tuple[str, str]:
    """A page's address without its query, and with all numbers as 0."""
    parts = urlsplit(url)
    place = f"{parts.netloc}{parts.path}"
    return place, re.sub(r"\d+", "0", f"{place}?{parts.query}")
