"""Freepik (now Magnific), in the browser with a saved session: the download history and each licence's PDF."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import override

from archiver.core.errors import BrowserRefused, NotACertificate, SavedPage, SignInNeeded, WrongPassword
from archiver.core.model import Asset, Document, Gap, Licence
from archiver.provider import (
    BrowserSession,
    Click,
    History,
    ProviderInfo,
    Purpose,
    Response,
    Rule,
    Rules,
    static_files,
)
from archiver.provider.form_login import CAPTCHA, SignInForm, Website
from archiver.provider.record_document import certificate, record, titled
from archiver.provider.web_list import WebList, listed
from archiver.reading.certificates import freepik_certificate
from archiver.reading.dates import listed_day, near
from archiver.reading.html import Field, Words, read_row

HOSTS = ("www.freepik.com", "www.magnific.com")  # it is now the second; account and subscription are carried over
SITE = f"https://{HOSTS[0]}"
LOGIN = f"{SITE}/log-in"
# All that a sign-in may ask for: the form at either host, and what its script calls, as others' public code has them.
SIGN_IN = (LOGIN, "https://id.freepik.com/v2/log-in", "https://id.freepik.com/api/v2/login")
DOWNLOADS = f"{SITE}/user/downloads"
# What the list's own script may ask for when it turns a page: a site by Next.js, in any build and any language.
PAGE_DATA = tuple(f"{SITE}/_next/data/{build}/user/downloads.json" for build in ("*", "*/*"))
CERTIFICATE = f"{SITE}/profile/license/pdf"

# Assumed until a live session shows the pages: the cells of a row, and the marks of the list.
ROW = 'table tr:has(time), table tr:has(a[href*=".htm"])'
LIST = WebList(
    url=f"{DOWNLOADS}?page=1&type=regular",
    row=ROW,
    traces='a[href*="/license/pdf/"], time[datetime]',
    empty=':text("You have no downloads yet")',
    following=Field("a[rel~=next]", "href"),
    position=Words(r"\bPage (\d+ of \d+)\b"),
)
_TITLE = 'a[href*=".htm"]'
FIELDS = {
    "resource_id": Field(_TITLE, "href", r"_(\d+)\.htm\b"),
    "title": Field(_TITLE, optional=True),
    "url": Field(_TITLE, "href"),
    "author": Field("td:nth-child(2)", pattern=r".*\bby (.+)$", optional=True),
    "licence": Field("td:nth-child(3)", pattern=r"(?i)^((?:free|freemium|premium|essential)\b.*)"),
    "day": Field("time[datetime]", "datetime"),
}
COOKIES = "#onetrust-accept-btn-handler"
EMAIL = "input[name=email]"


class Freepik(Website):
    account_page = LIST.url
    hosts = HOSTS
    leads_to_sign_in = (
        *(f"https://{host}/log-in" for host in HOSTS),
        "https://id.freepik.com/",
        "https://id.magnific.com/",
    )
    form = SignInForm(
        url=f"{LOGIN}?client_id=freepik&lang=en",
        cookies=COOKIES,
        opener='button:has-text("email")',
        username=EMAIL,
        password="input[name=password]",  # noqa: S106  a selector
        submit="#submit",
        outcomes={
            COOKIES: Click(COOKIES),
            "[role=alert]": WrongPassword,
            CAPTCHA: SignInNeeded,
            f"body:not(:has({EMAIL})):not(:has(input[name=password]))": None,
        },
    )
    info = ProviderInfo.beside(
        __file__,
        rules=Rules(
            allow=(
                *(Rule("GET", f"https://{host}/") for host in HOSTS),
                *(
                    Rule("GET", url.replace(HOSTS[0], host), query=("page", "type=regular"))
                    for host in HOSTS
                    for url in (DOWNLOADS, *PAGE_DATA)
                ),
                *(
                    Rule("GET", f"{CERTIFICATE}/*".replace(HOSTS[0], host), Purpose.DOCUMENT, query=("lang",))
                    for host in HOSTS
                ),
                *(
                    Rule(method, url.replace("freepik.com", site), Purpose.SIGN_IN, query=("client_id", "lang"))
                    for method in ("GET", "POST")
                    for site in ("freepik.com", "magnific.com")
                    for url in SIGN_IN
                ),
            ),
            # Each of these spends from the download quota, even by GET.
            refuse=(
                *(Rule("*", f"https://*.{site}/api/**download**") for site in ("freepik.com", "magnific.com")),
                Rule("*", "https://api.freepik.com/**"),
                Rule("*", "https://api.magnific.com/**"),
            ),
            assets=(
                *(pattern for host in HOSTS for pattern in static_files(f"https://{host}")),
                *(f"https://{host.replace('www', 'img')}/**" for host in HOSTS),
                "https://*.cdnpk.net/**",
                "https://cdn.cookielaw.org/**",
            ),
            sign_in_hosts=(
                *HOSTS,
                *(host.replace("www", "id") for host in HOSTS),
                "accounts.google.com",
                "www.google.com",
                "www.recaptcha.net",
            ),
        ),
        listings=("regular",),
    )

    @override
    def check(self, page: Response) -> Response:
        if page.status == 403:
            raise BrowserRefused("Freepik answered 403 (Access Denied)", page=SavedPage(page.url, page.content))
        return page

    @override
    def history(self, session: BrowserSession) -> Sequence[History]:
        def read(rows: Sequence[str], _page: Response) -> list[Licence]:
            return [_licence(row, session.username) for row in rows]

        return [History("regular", listed(self, session, LIST, read))]

    @override
    async def documents(self, session: BrowserSession, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        yield record(self.at(session, DOWNLOADS), row=licence.row)
        url = self.at(session, f"{CERTIFICATE}/{licence.asset.asset_id}?lang=en")
        answer = await session.get(url)
        if answer.status == 404:  # the licences of both sites are one account's, and either may have the PDF
            here, other = sorted(HOSTS, key=lambda host: host not in url)
            answer = await session.get(url.replace(here, other))
        if "Access Denied" in answer.text[:5000]:  # a refusal without these words concerns this one PDF
            self.check(answer)
        yield certificate(answer, "certificate.pdf", "application/pdf")

    @override
    def read_certificate(self, licence: Licence, text: str) -> Licence:
        found = freepik_certificate(text)
        named = found.resource_ids
        if named and licence.asset.asset_id not in named:
            raise NotACertificate(f"the PDF is for {', '.join(named)}, but the list says {licence.asset.asset_id}")
        # A resource has one address, however often it was downloaded: the PDF may have another download's date.
        when = found.licensed_at if found.licensed_at and near(found.licensed_at, licence.licensed_at) else None
        asset = titled(licence.asset, found.title, found.author)
        return replace(licence, asset=asset, licensee=found.licensee, licensed_at=when or licence.licensed_at)


def _licence(html: str, owner: str | None) -> Licence:
    row = read_row(html, FIELDS)
    kind = row["licence"].lower()
    return Licence(
        asset=Asset(
            provider="freepik", asset_id=row["resource_id"], title=row.get("title"), contributor=row.get("author")
        ),
        key=(owner or "", row["resource_id"], kind, row["day"]),
        listing="regular",
        kind=kind,
        licensed_at=listed_day(row["day"]),
        dated=row["day"],
        row=row,
    )
