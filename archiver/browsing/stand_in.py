"""What stands in place of the page or answer that an adapter did not recognise: told by what it is, for all adapters.

A sign-in, a question, a notice of maintenance or a limit is no change of the platform's pages. No words decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archiver.core.errors import (
    ArchiverError,
    BrowserRefused,
    LayoutChanged,
    RateLimited,
    SavedPage,
    SessionExpired,
    SignInNeeded,
    SiteNotice,
)
from archiver.provider import redact_url
from archiver.provider.form_login import CAPTCHA

MAX_NOTICE_CHARACTERS = 800  # of a page that has nothing but a notice
QUOTED_CHARACTERS = 200  # of it that the message repeats
PASSWORD = "input[type=password]"  # noqa: S105  a selector
CODE = "input[autocomplete=one-time-code]"
ANSWER = "input:not([type]), input[type=text], input[type=tel], input[type=number]"
"""The fields in which a page without rows asks for a code, or for something else that only a person knows."""
ASKING = (PASSWORD, CODE, ANSWER)

# What the page of a list has, however it is redesigned, and a notice has not: rows, pictures, dates, choices.
_CONTENT = "table, article, time, select, [role=row], [role=list], [role=grid], [role=article]"
_MAX_ALIKE = 2  # list items or pictures of a notice: a logo, two ways to get help
_NOTHING = (b"", b"null", b"[]", b"{}")
_WEB_PAGE = re.compile(rb"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class UnknownPage:
    """A page that an adapter did not recognise: the status of its answer, and the one of `ASKING` that it shows.

    `signing_in`: a sign-in led to it, so a field there asks for the next step.
    """

    page: SavedPage
    status: int = 200
    asks: str | None = None
    signing_in: bool = False


def in_place_of_page(error: LayoutChanged, unknown: UnknownPage) -> ArchiverError:
    """The error that a web page stands for; the same one if it seems to be the platform's own page."""
    page, status, asks = unknown.page, unknown.status, unknown.asks
    place, said = redact_url(page.url), notice(page.content)
    quote = _quoted(said)
    if status == 429:
        return RateLimited(f"{place} answered 429{quote}", page=page)
    if status >= 500:
        return SiteNotice(f"{place} answered {status}{quote}", page=page)
    if status == 403:
        return BrowserRefused(f"{place} answered 403{quote}", page=page)
    if asks == PASSWORD:
        return SessionExpired(f"{place} asks for a password", page=page)
    if asks == CODE or (asks and (unknown.signing_in or said is not None)):
        return SignInNeeded(f"{place} asks for a code, or something else that only a person knows{quote}", page=page)
    if said is not None and LexborHTMLParser(page.content).css_first(CAPTCHA):
        return BrowserRefused(f"{place} asks whether a person is there", page=page)
    return SiteNotice(f"{place}{quote}", page=page) if said else error


def in_place_of_answer(error: LayoutChanged) -> ArchiverError:
    """The error that an interface's answer stands for: a web page in place of data is not the interface's own, and an
    answer that holds nothing is no new form of it."""
    page = error.page
    if page is None:
        return error
    if page.content.strip() in _NOTHING:
        return SiteNotice(f"{redact_url(page.url)} answered with nothing in place of data", page=page)
    if not _WEB_PAGE.match(page.content.lstrip(b"\xef\xbb\xbf \t\r\n")):
        return error
    quote = _quoted(notice(page.content))
    return SiteNotice(f"{redact_url(page.url)} answered with a web page in place of data{quote}", page=page)


def _quoted(said: str | None) -> str:
    return f": “{said[:QUOTED_CHARACTERS]}”" if said else ""


def notice(content: bytes) -> str | None:
    """The words of a page that has nothing but a notice; None if it has more: rows, or links into the site."""
    tree = LexborHTMLParser(content)
    for node in tree.css("script, style, template, noscript, head"):
        node.decompose()
    if tree.css_first(_CONTENT) or any(len(tree.css(tag)) > _MAX_ALIKE for tag in ("li", "img", "iframe")):
        return None
    if any(map(_leads_into_the_site, tree.css("a[href]"))):
        return None
    words = " ".join(tree.body.text(separator=" ").split()) if tree.body else ""
    return words if len(words) <= MAX_NOTICE_CHARACTERS else None


def _leads_into_the_site(link: LexborNode) -> bool:
    """Whether a link leads to a page of the site other than its first one."""
    try:
        parts = urlsplit(link.attributes.get("href") or "")
    except ValueError:
        return False
    return parts.scheme in ("", "http", "https") and parts.path.strip("/") != ""
