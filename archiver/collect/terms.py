"""The platforms' licence terms: every run opens the public pages and archives one object for each distinct text.

An object's id depends only on the platform, the page's name and the text. So each archive holds a text once, and a
changed text becomes a new object. A licence refers to the texts seen when it was archived. That does not say which
terms were in force when it was granted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256

from archiver import __version__
from archiver.archive.ocfl import NewObject
from archiver.browsing.browser_pool import Browsers
from archiver.browsing.browser_session import PlaywrightSession
from archiver.browsing.pacing import Pacing
from archiver.core.errors import ArchiverError, SpendRefused
from archiver.core.model import Document, Licence, Moment, TermsReference, TermsRelation, iso
from archiver.home.network import Network
from archiver.provider import ProviderInfo, Request, Rules, TermsPage, TermsText, redact_url
from archiver.reading.html import Field, value
from archiver.reading.licence_json import FiledDocument
from archiver.reading.terms_json import TERMS_FORMAT

MIN_TERMS_LENGTH = 500  # characters; a shorter text is a notice or a sign-in wall
PAGE_TIMEOUT_S = 180.0  # seconds for one page, with all that is tried again and its capture
AT_PURCHASE_WITHIN = timedelta(days=1)
PASSWORD = "input[type=password]"  # noqa: S105  # a selector


@dataclass(frozen=True, kw_only=True)
class SeenTerms:
    """A page of terms as it was seen: `text` is the file `terms.txt`, `at` UTC in whole seconds.

    `documents` are the page's capture; empty where every archive holds this very text already.
    """

    provider: str
    page: TermsPage
    url: str
    text: bytes
    language: str | None
    at: datetime
    documents: tuple[Document, ...] = ()
    source: str = "public page, opened without a sign-in"

    @cached_property
    def sha256(self) -> str:
        return sha256(self.text).hexdigest()

    @cached_property
    def object_id(self) -> str:
        return self._object({"terms.txt": self.text}).object_id

    def new_object(self, run: str) -> NewObject:
        """What to archive: the same bytes for every client of a run."""
        described = {
            "format": TERMS_FORMAT,
            "provider": self.provider,
            "name": self.page.name,
            "url": self.url,
            "text_sha256": self.sha256,
            "language": self.language,
            "captured_at": iso(self.at),
            "documents": [FiledDocument.of(each).as_json() for each in self.documents],
            "provenance": {
                "source": self.source,
                "declared_url": self.page.url,
                "selector": self.page.selector,
                "tool": f"archiver {__version__}",
                "run": run,
            },
        }
        text = json.dumps(described, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        files = {"terms.json": text.encode("utf-8", "backslashreplace"), "terms.txt": self.text}
        return self._object(files | {each.name: each.content for each in self.documents})

    def _object(self, files: Mapping[str, bytes]) -> NewObject:
        return NewObject(
            kind="terms",
            date=None,  # the id is the text's, whenever it was seen
            provider=self.provider,
            asset_id=self.page.name,
            identity=f"terms:{self.provider}:{self.page.name}:{self.sha256}",
            files=files,
            created=self.at,
        )

    def reference(self, licence: Licence) -> TermsReference:
        """The reference to this text in a licence that is archived now."""
        return TermsReference(id=self.object_id, relation=relation(licence.licensed_at, self.at), seen_at=self.at)


def relation(licensed_at: Moment | None, seen_at: datetime) -> TermsRelation:
    """`at_purchase` if the text was seen within a day before or after the licence's date; else `later`.

    A date without a time of day counts only on that day, in UTC. A licence without a date never counts.
    """
    if isinstance(licensed_at, datetime):
        near = abs(seen_at - licensed_at) <= AT_PURCHASE_WITHIN
    else:
        near = licensed_at == seen_at.astimezone(UTC).date()
    return TermsRelation.AT_PURCHASE if near else TermsRelation.LATER


def normalised(text: str) -> bytes:
    """The text in the form of `terms.txt`: single spaces, no empty lines, a newline after each line."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return "".join(f"{line}\n" for line in lines if line).encode("utf-8", "replace")


def terms_from_api(info: ProviderInfo, terms: TermsText) -> SeenTerms:
    """A text that the platform's interface gave to an account, as terms that were seen. It has no capture."""
    return SeenTerms(
        provider=info.name,
        page=terms.page,
        url=terms.page.url,
        text=normalised(terms.text),
        language=None,
        at=terms.retrieved_at.astimezone(UTC).replace(microsecond=0),
        source="the platform's interface, asked by a signed-in account",
    )


def rules(info: ProviderInfo) -> Rules:
    """The request rules for the terms pages: GET of these pages and of the files that they load."""
    return Rules(
        allow=tuple(rule for page in info.terms for rule in page.rules),
        refuse=info.rules.refuse,
        assets=tuple(dict.fromkeys(asset for page in info.terms for asset in page.loads)),
    )


async def fetch_terms(
    browsers: Browsers,
    info: ProviderInfo,
    *,
    network: Network,
    pacing: Pacing,
    missing: Callable[[str], bool],
) -> tuple[list[SeenTerms], list[str]]:
    """Open each terms page once, without signing in. Returns the seen terms and a warning for each failed page.

    A page is captured only if an archive lacks its text: `missing` tells that for an object's id.
    """
    seen: list[SeenTerms] = []
    failed: list[tuple[TermsPage, str]] = []
    try:
        async with _unsigned(browsers, info, network, pacing) as session:
            for page in info.terms:
                found = await _look_in_time(session, info, page, missing)
                if isinstance(found, SeenTerms):
                    seen.append(found)
                else:
                    failed.append((page, found))
    except (ArchiverError, OSError) as error:  # no browser, no network
        done = {each.page.name for each in seen}
        failed += [(page, str(error).rstrip(".")) for page in info.terms if page.name not in done]
    return seen, [
        f"the licence terms of {info.title} at {redact_url(page.url)} could not be fetched: {why}."
        for page, why in failed
    ]


async def _look_in_time(
    session: PlaywrightSession, info: ProviderInfo, page: TermsPage, missing: Callable[[str], bool]
) -> SeenTerms | str:
    """What a terms page shows, or why it could not be read."""
    try:
        async with asyncio.timeout(PAGE_TIMEOUT_S):
            return await _look_at(session, info, page, missing)
    except TimeoutError:
        return f"no answer within {PAGE_TIMEOUT_S:.0f} seconds"
    except _NotTerms as error:
        return str(error)
    except SpendRefused:
        return "it redirects to an undeclared address"
    except ArchiverError as error:
        return error.detail or type(error).__name__


class _NotTerms(Exception):
    """The page does not contain terms; the text says why."""


@asynccontextmanager
async def _unsigned(
    browsers: Browsers, info: ProviderInfo, network: Network, pacing: Pacing
) -> AsyncIterator[PlaywrightSession]:
    public = replace(info, rules=rules(info), session_secrets=(), headless=True)
    session = await browsers.open(public, network=network, pacing=pacing)
    try:
        yield session
    finally:
        await session.close()


async def _look_at(
    session: PlaywrightSession, info: ProviderInfo, page: TermsPage, missing: Callable[[str], bool]
) -> SeenTerms:
    """Read a terms page. It needs the declared address, status 200, its element, enough text and no sign-in form."""
    answer = await session.goto(page.url)
    if answer.status != 200:
        raise _NotTerms(f"it answered {answer.status}")
    place = Request("GET", answer.url)
    if not any(rule.matches(place) for rule in page.rules):
        raise _NotTerms(f"it redirects to {redact_url(answer.url)}")
    text = normalised(await session.visible_text(page.selector))
    if await session.seen(PASSWORD):
        raise _NotTerms("it asks for a password")
    if len(text.decode()) < MIN_TERMS_LENGTH:
        raise _NotTerms(f"{page.selector!r} shows {len(text.decode())} characters, too few for terms")
    seen = SeenTerms(
        provider=info.name,
        page=page,
        url=redact_url(answer.url),
        text=text,
        language=value(answer.text, Field("html[lang]", "lang")),
        at=datetime.now(UTC).replace(microsecond=0),
    )
    return replace(seen, documents=tuple(await session.capture())) if missing(seen.object_id) else seen
