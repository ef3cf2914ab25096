"""Freepik (becoming Magnific), in the browser with a saved session: the download history and each licence's PDF."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import override
from urllib.parse import urljoin

from archiver.domain import Asset, Document, DocumentKind, Gap, Licence
from archiver.errors import (
    AccountBlocked,
    NotACertificate,
    SavedPage,
    SessionExpired,
    SignInNeeded,
    WrongPassword,
)
from archiver.provider import (
    Automation,
    AutomationTerms,
    Basis,
    BrowserSession,
    Challenge,
    Click,
    Confirm,
    History,
    Page,
    Provider,
    ProviderInfo,
    Purpose,
    Response,
    Rule,
    Rules,
    Scope,
    SignInMethod,
    SignInOutcome,
    TermsPage,
    Transport,
    static_files,
)
from archiver.reading.certificates import freepik_certificate
from archiver.reading.dates import moment
from archiver.reading.html import Field, read_row, rows, text, value
from archiver.reading.layout import changed, known_layout
from archiver.reading.records import record

SITE = "https://www.freepik.com"
LOGIN = f"{SITE}/log-in"
DOWNLOADS = f"{SITE}/user/downloads"
CERTIFICATE = f"{SITE}/profile/license/pdf"

# Assumed until a live session shows the pages: the cells of a row, and the marks of the list.
ROW = 'table tr:has(time), table tr:has(a[href*=".htm"])'
EMPTY = "You have no downloads yet"
NEXT = Field("a[rel=next]", "href")
POSITION = re.compile(r"\bPage (\d+) of (\d+)\b")
_TITLE = 'a[href*=".htm"]'
FIELDS = {
    "resource_id": Field(_TITLE, "href", r"_(\d+)\.htm\b"),
    "title": Field(_TITLE),
    "url": Field(_TITLE, "href"),
    "author": Field("td:nth-child(2)", pattern=r".*\bby (.+)$", optional=True),
    "licence": Field("td:nth-child(3)"),
    "day": Field("time[datetime]", "datetime"),
}
COOKIES = "#onetrust-accept-btn-handler"
EMAIL = "input[name=email]"
OUTCOMES: Mapping[str, SignInOutcome] = {
    COOKIES: Click(COOKIES),
    "[role=alert]": WrongPassword,
    'iframe[src*="captcha"]': SignInNeeded,
    f"body:not(:has({EMAIL})):not(:has(input[name=password]))": None,
}

PATIENCE = 5.0  # seconds for the list to show its first row or that it is empty


class Freepik(Provider[BrowserSession]):
    info = ProviderInfo(
        name="freepik",
        title="Freepik",
        home=f"{SITE}/",
        login_url=LOGIN,
        methods=(
            SignInMethod(
                name="attended",
                transport=Transport.BROWSER,
                where="a person signs in, since Freepik asks for a captcha: archiver sign-in ACCOUNT. Do give the user "
                "name: Freepik numbers no licences, and it tells two accounts' downloads apart",
            ),
            SignInMethod(
                name="password",
                transport=Transport.BROWSER,
                secrets=("password",),
                needs_username=True,
                where="the e-mail address and password of freepik.com; works only while no captcha is asked for",
            ),
        ),
        rules=Rules(
            allow=(
                Rule("GET", f"{SITE}/"),
                Rule("GET", DOWNLOADS),
                Rule("GET", f"{CERTIFICATE}/*"),
                Rule("GET", f"{SITE}/_next/data/**"),
                Rule("GET", LOGIN, Purpose.SIGN_IN),
                Rule("POST", LOGIN, Purpose.SIGN_IN),
                Rule("GET", "https://id.freepik.com/**", Purpose.SIGN_IN),
                Rule("POST", "https://id.freepik.com/**", Purpose.SIGN_IN),
            ),
            # Each of these spends from the download quota, even by GET.
            refuse=(
                Rule("*", f"{SITE}/api/**download**"),
                Rule("*", "https://api.freepik.com/**"),
                Rule("*", "https://api.magnific.com/**"),
            ),
            assets=(
                *static_files(SITE),
                "https://img.freepik.com/**",
                "https://*.cdnpk.net/**",
                "https://cdn.cookielaw.org/**",
            ),
            sign_in_hosts=(
                "www.freepik.com",
                "id.freepik.com",
                "accounts.google.com",
                "www.google.com",
                "www.recaptcha.net",
            ),
        ),
        scope=Scope.SEAT,
        listings=("regular",),
        identity="the account's user name, the resource, the licence kind and the date as the list writes it: Freepik "
        "numbers no licences",
        documents={"record": "offered", "certificate": "offered", "receipt": "not read", "preview": "not fetched"},
        client_hints="none",
        basis=Basis.UNPROVEN,
        basis_detail="addresses and sign-in fields from public code, 2024 to 2026; a row's cells and the PDF's labels "
        "are assumed. Only the list `type=regular` is read, others are not known. One author was denied (403) with a "
        "headless browser and not with a visible one. The address of the terms is "
        "from public links. Not yet run against the live site.",
        automation=AutomationTerms(
            stance=Automation.UNREAD,
            quote="",
            source="the terms of November 2024 incorporate an Acceptable Use Policy that could not be read",
            read_on="2026-11-24",
        ),
        confirm=Confirm(
            how="the licence PDF; no way for others to check it was found",
            who="the account holder",
            german="Durch das Lizenz-PDF; wie Dritte es prüfen könnten, wurde nicht gefunden. Fragen darf der "
            "Kontoinhaber.",
        ),
        # From public links; one report says that it now leads to Magnific's own page.
        terms=(
            TermsPage(
                "terms-of-use",
                f"{SITE}/legal/terms-of-use",
                also=("https://www.magnific.com/legal/terms-of-use",),
                assets=(*static_files(SITE), *static_files("https://www.magnific.com"), "https://*.cdnpk.net/**"),
            ),
        ),
        session_secrets=("GR_TOKEN", "GR_REFRESH"),
    )

    @override
    async def sign_in(self, session: BrowserSession, secrets: Mapping[str, str], challenge: Challenge) -> None:
        if not secrets.get("password"):
            raise SignInNeeded("no saved session for Freepik is valid, and Freepik asks for a captcha at sign-in")
        _not_blocked(await session.goto(f"{LOGIN}?client_id=freepik&lang=en"))
        if await session.seen(COOKIES):
            await session.click(COOKIES)
        if not await session.seen(EMAIL):
            await session.click('button:has-text("email")')
        await session.fill({EMAIL: session.username or "", "input[name=password]": secrets["password"]})
        await session.click("#submit")
        await session.settle(OUTCOMES, challenge=challenge)

    @override
    async def signed_in(self, session: BrowserSession) -> bool:
        try:
            await _open(session, f"{DOWNLOADS}?page=1&type=regular")
        except SessionExpired:
            return False
        return True

    @override
    def history(self, session: BrowserSession) -> Sequence[History]:
        return [History("regular", self._pages(session))]

    async def _pages(self, session: BrowserSession) -> AsyncIterator[Page]:
        address: str | None = f"{DOWNLOADS}?page=1&type=regular"
        visited: set[str] = set()
        while address:
            await _open(session, address)
            visited.add(address)
            if not await session.seen(f'{ROW}, :text("{EMPTY}")', wait=PATIENCE):
                raise changed(await session.page(), "the downloads show neither rows nor that there are none")
            page = await session.page()
            with known_layout(page):
                licences = [_licence(row, session.username) for row in rows(page.text, ROW)]
                address = _next(page, visited)
            yield Page(licences, total=None if licences or len(visited) > 1 else 0)

    @override
    async def documents(self, session: BrowserSession, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        yield record(DOWNLOADS, row=licence.row)
        url = f"{CERTIFICATE}/{licence.asset.asset_id}?lang=en"
        answer = await session.get(url)
        if "Access Denied" in answer.text[:5000]:  # a refusal without these words concerns this one PDF
            _not_blocked(answer)
        if answer.status != 200:
            raise NotACertificate(f"{url} answered {answer.status}")
        yield Document(
            name="certificate.pdf",
            kind=DocumentKind.CERTIFICATE,
            content=answer.content,
            media_type="application/pdf",
            url=url,
            retrieved_at=answer.retrieved_at,
        )

    @override
    def read_certificate(self, licence: Licence, text: str) -> Licence:
        found = freepik_certificate(text)
        named = found.resource_ids
        if named and licence.asset.asset_id not in named:
            raise NotACertificate(f"the PDF is for {', '.join(named)}, and the list says {licence.asset.asset_id}")
        asset = replace(
            licence.asset,
            title=found.title or licence.asset.title,
            contributor=found.author or licence.asset.contributor,
        )
        return replace(
            licence, asset=asset, licensee=found.licensee, licensed_at=found.licensed_at or licence.licensed_at
        )


def _licence(html: str, owner: str | None) -> Licence:
    row = read_row(html, FIELDS)
    kind = row["licence"].lower()
    return Licence(
        asset=Asset(provider="freepik", asset_id=row["resource_id"], title=row["title"], contributor=row.get("author")),
        key=(owner or "", row["resource_id"], kind, row["day"]),
        listing="regular",
        kind=kind,
        licensed_at=moment(row["day"]),
        row=row,
    )


def _next(page: Response, visited: set[str]) -> str | None:
    """The next page's address; None at the end. ValueError where the page's own count says otherwise."""
    link = value(page.text, NEXT)
    position = POSITION.search(text(page.text))
    if link is None:
        if position and int(position[1]) < int(position[2]):
            raise ValueError(f"{position[0]}, and no link to the next")
        return None
    address = urljoin(page.url, link)
    if address in visited:
        raise ValueError(f"the next page is {address} again")
    return address


async def _open(session: BrowserSession, url: str) -> Response:
    """A page of the account; SessionExpired where it leads to a sign-in."""
    page = _not_blocked(await session.goto(url))
    if page.url.startswith((LOGIN, "https://id.freepik.com/")):
        raise SessionExpired("Freepik asks for a sign-in")
    return page.expect()


def _not_blocked(answer: Response) -> Response:
    if answer.status == 403:
        raise AccountBlocked("Freepik answered 403 (Access Denied)", page=SavedPage(answer.url, answer.content))
    return answer
