"""Envato Elements, in the browser: My Downloads and the licence certificate of each item."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar, override

from archiver.core.errors import NotACertificate, SignInNeeded, WrongPassword
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.provider import (
    BrowserSession,
    Click,
    Code,
    History,
    ProviderInfo,
    Purpose,
    Response,
    Rule,
    Rules,
    TextLayout,
    static_files,
)
from archiver.provider.form_login import CAPTCHA, SignInForm, Website
from archiver.provider.paging import PageSource
from archiver.provider.record_document import certificate, record, titled
from archiver.provider.web_list import WebList, listed
from archiver.reading.certificates import elements_certificate
from archiver.reading.dates import listed_day
from archiver.reading.html import Field, read_row

SITE = "https://elements.envato.com"
LOGIN = f"{SITE}/sign-in"
HOSTS = ("elements.envato.com", "app.envato.com")  # both are said to have My Downloads
IDENTITY = "https://account.envato.com"
# All that a sign-in may ask for: the form, the second factor, the welcome, and what their scripts call, as public code
# of others has them.
SIGN_IN = (
    LOGIN,
    f"{LOGIN}/two-factor",
    f"{LOGIN}/continue",
    f"{IDENTITY}/sign_in",
    f"{IDENTITY}/sign_in/two_factor",
    f"{IDENTITY}/welcome-back",
    f"{IDENTITY}/api/public/sign_in",
    f"{IDENTITY}/api/public/refresh_id_token",
)
DOWNLOADS = f"{SITE}/account/downloads"
CERTIFICATE = f"{DOWNLOADS}/*/license-certificate.txt"

# Assumed until a live session shows the pages: the rows of My Downloads, its marks, and the two-factor field.
LIST = "ul#downloads"
ROW = f"{LIST} li[data-item-id]"
MY_DOWNLOADS = WebList(
    url=DOWNLOADS,
    row=ROW,
    traces=f'{LIST} > li, [data-item-id], a[href*="license-certificate"]',
    empty="[data-testid=empty-state]",
    following=Field("a[rel~=next]", "href"),
    end="text=You've reached the end",
    number=r"(?<=[?&]page=)\d+",
    frame=LIST,
    grows=True,
)
_ITEM = 'a[href]:not([href*="/account/"])'
FIELDS = {
    "item_id": Field("li[data-item-id]", "data-item-id"),
    "title": Field(_ITEM, optional=True),
    "url": Field(_ITEM, "href"),
    "day": Field("time[datetime]", "datetime"),
    "certificate": Field('a[href*="license-certificate"]', "href", optional=True),
    "code": Field(
        'a[href*="license-certificate"]', "href", r"/account/downloads/([\w-]+)/license-certificate\.txt", optional=True
    ),
}
COOKIES = '#CybotCookiebotDialogBodyButtonAccept, button:has-text("Accept Cookies")'
SUBMIT = "button[type=submit]"
CODE = "input[name=twoFactorValue]"
WELCOME = 'button:has-text("Sign in"), a:has-text("Sign in"), input[value="Sign in"]'  # asked who is there, once more
CHANGING = ("billing", "cancel", "card", "close", "credit", "delete", "deposit", "email", "password", "payment",
            "profile", "purchase", "settings", "subscri", "withdraw")  # fmt: skip


# The last line of each layout that buyers published. Where it stood elsewhere in the footer, an address would be last.
_WORDS = r"[^=]*\bNOT A TAX RECEIPT(?: OR INVOICE)?[.!]?"
NOT_A_RECEIPT = rf"(?:(=+) ?{_WORDS} ?\1|{_WORDS})"
CERTIFICATE_TEXT = TextLayout(
    labels=("Item Title", "Item ID", "Licensee", "License Date", "Item License Code"),
    marks=(NOT_A_RECEIPT,),
    last_line=rf"{NOT_A_RECEIPT}|.*\(ABN [\d ]+\)|PO Box .*Australia",
)


class EnvatoElements(Website):
    text_layouts: ClassVar[Mapping[str, TextLayout]] = {"certificate.txt": CERTIFICATE_TEXT}
    account_page = DOWNLOADS
    hosts = HOSTS
    leads_to_sign_in = (LOGIN, f"{IDENTITY}/")
    form = SignInForm(
        url=LOGIN,
        cookies=COOKIES,
        username="input[name=username]",
        password="input[name=password]",  # noqa: S106  a selector
        submit=SUBMIT,
        outcomes={
            COOKIES: Click(COOKIES),
            "[role=alert]": WrongPassword,
            CODE: Code(field=CODE, submit=SUBMIT),
            "text=Great to have you back": Click(WELCOME),
            CAPTCHA: SignInNeeded,
            # Where a sign-in leads is not known; signed in is any page that no longer asks who is there.
            f"body:not(:has(input[name=password])):not(:has({CODE}))": None,
        },
    )
    info = ProviderInfo.beside(
        __file__,
        rules=Rules(
            allow=(
                *(Rule("GET", f"{SITE}{path}") for path in ("/", "/account", "/account/subscription")),
                *(Rule("GET", DOWNLOADS.replace(HOSTS[0], host), query=("page",)) for host in HOSTS),
                # What else lies below may take a licence, by GET too.
                *(Rule("GET", CERTIFICATE.replace(HOSTS[0], host), Purpose.DOCUMENT) for host in HOSTS),
                *(
                    Rule(method, url, Purpose.SIGN_IN, query=("to=elements", "to=envatoapp"))
                    for method in ("GET", "POST")
                    for url in SIGN_IN
                ),
            ),
            # The first two create licences, by whatever method; repeated downloads may count as fair use.
            refuse=(
                Rule("*", f"{SITE}/elements-api/items/**"),
                Rule("*", "https://app.envato.com/**.data"),
                Rule("*", "https://app.envato.com/**api/**"),
                Rule("POST", "https://app.envato.com/**"),
                Rule("*", f"{SITE}/**download_and_license**"),
                *(Rule("*", f"{DOWNLOADS.replace(HOSTS[0], host)}/**download**") for host in HOSTS),
                # A control in the list itself creates licences; a person who signs in must not touch it by mistake.
                *(Rule("POST", f"{SITE}/account/downloads{rest}") for rest in ("", "/**")),
                # An account's own pages change it, and pay: for a person who signs in there, since no rule allows them.
                *(Rule("*", f"{IDENTITY}/**{word}**") for word in CHANGING),
            ),
            assets=(
                *(pattern for host in HOSTS for pattern in static_files(f"https://{host}")),
                *static_files(IDENTITY),
                "https://assets.elements.envato.com/**",
                "https://*.envatousercontent.com/**",
                "https://consent.cookiebot.com/**",
            ),
            sign_in_hosts=("elements.envato.com", "account.envato.com", "www.google.com", "www.recaptcha.net"),
        ),
        listings=("downloads",),
    )

    @override
    def history(self, session: BrowserSession) -> Sequence[History]:
        return [History("downloads", self._pages(session))]

    def _pages(self, session: BrowserSession) -> PageSource:
        """Both forms of the list: pages with a next link, or one that grows while it is scrolled to its end mark."""
        certified = False

        def read(rows: Sequence[str], page: Response) -> list[Licence]:
            nonlocal certified
            certified = certified or FIELDS["certificate"](page.text) is not None
            return [_licence(row, session.username, certified) for row in rows]

        return listed(self, session, MY_DOWNLOADS, read)

    @override
    async def documents(self, session: BrowserSession, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        yield record(self.at(session, DOWNLOADS), row=licence.row)
        if licence.licence_id is None:
            detail = "My Downloads lists it without a link to a certificate"
            yield Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.NONE_OFFERED, detail=detail)
            for document in await self._captured(session, licence):
                yield document
            return
        answer = await session.get(self.at(session, CERTIFICATE.replace("*", licence.licence_id)))
        yield certificate(answer, "certificate.txt", "text/plain")

    async def _captured(self, session: BrowserSession, licence: Licence) -> Sequence[Document]:
        """The page of My Downloads that shows this licence, since the list itself may be on another by now."""
        async with session.beside() as second, aclosing(self._pages(second)) as pages:
            async for page in pages:
                if licence.identity in {each.identity for each in page.licences}:
                    return await second.capture()
        raise NotACertificate(f"My Downloads no longer lists {licence.asset.asset_id}")

    @override
    def read_certificate(self, licence: Licence, text: str) -> Licence:
        found = elements_certificate(text)
        for said, wanted in ((found.item_id, licence.asset.asset_id), (found.code, licence.licence_id)):
            if said and said != wanted:
                raise NotACertificate(f"the certificate is for {said}, but My Downloads lists {wanted}")
        asset = titled(licence.asset, found.title, found.author)
        return replace(
            licence,
            asset=asset,
            kind=found.kind,
            licensed_at=found.licensed_at or licence.licensed_at,
            licensee=found.licensee,
            client_hints={"project": found.project} if found.project else {},
        )


def _licence(html: str, owner: str | None, certified: bool) -> Licence:
    row = read_row(html, FIELDS)
    # Buyers report rows without the link; a list without any, or a link of another form, is a page of another layout.
    if not certified or ("certificate" in row) != ("code" in row):
        raise ValueError("a row has no certificate link in the known form")
    return Licence(
        asset=Asset(provider="envato_elements", asset_id=row["item_id"], title=row.get("title")),
        licence_id=row.get("code"),
        key=() if "code" in row else (owner or "", row["item_id"], row["day"]),
        listing="downloads",
        licensed_at=listed_day(row["day"]),
        dated=row["day"],
        row=row,
    )
