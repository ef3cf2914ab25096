"""Envato Elements, in the browser: My Downloads and the licence certificate of each item."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar, override
from urllib.parse import urljoin

from archiver.core.errors import NotACertificate, SignInNeeded, WrongPassword
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.provider import (
    BrowserSession,
    Click,
    Code,
    History,
    Page,
    ProviderInfo,
    Purpose,
    Rule,
    Rules,
    TextLayout,
    static_files,
)
from archiver.provider.form_login import CAPTCHA, SignInForm, Website
from archiver.provider.layout_errors import changed, known_layout
from archiver.provider.record_document import certificate, record, titled
from archiver.reading.certificates import elements_certificate
from archiver.reading.dates import printed
from archiver.reading.html import Field, read_row, value

SITE = "https://elements.envato.com"
LOGIN = f"{SITE}/sign-in"
IDENTITY = "https://account.envato.com"  # where pages of the sign-in may stand: the second factor, the welcome
DOWNLOADS = f"{SITE}/account/downloads"
CERTIFICATE = f"{DOWNLOADS}/*/license-certificate.txt"

# Assumed until a live session shows the pages: the rows of My Downloads, its marks, and the two-factor field.
LIST = "ul#downloads"
ROW = f"{LIST} li[data-item-id]"
EMPTY = "[data-testid=empty-state]"
END = "text=You've reached the end"
NEXT = Field("a[rel~=next]", "href")
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
PATIENCE = 15.0  # seconds for a list to show its first row or its empty state
STALL = 3.0  # seconds for more rows, or the end mark, after scrolling


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
                Rule("GET", DOWNLOADS),
                Rule("GET", CERTIFICATE),  # what else lies below may take a licence, by GET too
                Rule("GET", LOGIN, Purpose.SIGN_IN),
                Rule("GET", f"{LOGIN}/**", Purpose.SIGN_IN),
                Rule("POST", LOGIN, Purpose.SIGN_IN),
                Rule("POST", f"{LOGIN}/**", Purpose.SIGN_IN),
                Rule("GET", f"{IDENTITY}/**", Purpose.SIGN_IN),
                Rule("POST", f"{IDENTITY}/**", Purpose.SIGN_IN),
            ),
            # The first two create licences, by whatever method; repeated downloads may count as fair use.
            refuse=(
                Rule("*", f"{SITE}/elements-api/items/**"),
                Rule("*", "https://app.envato.com/**"),
                Rule("*", f"{SITE}/**download_and_license**"),
                Rule("*", f"{DOWNLOADS}/**download**"),
                # An account's own pages change it, and pay.
                *(Rule("*", f"{IDENTITY}/**{word}**") for word in CHANGING),
            ),
            assets=(
                *static_files(SITE),
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

    async def _pages(self, session: BrowserSession) -> AsyncGenerator[Page]:
        """Both forms of the list: pages with a next link, or one that grows while it is scrolled to its end mark."""
        page = await self.open(session, DOWNLOADS)
        if not await session.seen(f"{ROW}, {EMPTY}", wait=PATIENCE):
            raise changed(await session.page(), "My Downloads shows no rows, but does not say that it is empty")
        if not await session.rows(ROW):
            yield Page((), total=0)
            return
        addresses, read, waited, certified = [page.url], 0, False, False
        while True:
            ended = await session.seen(END)  # before the rows are read, so that none can come in between
            rows = await session.rows(ROW, start=read)
            page = await session.page()
            with known_layout(page):
                certified = certified or value(page.text, FIELDS["certificate"]) is not None
                licences = [_licence(row, session.username, certified) for row in rows]
                link = value(page.text, NEXT)
                address = urljoin(page.url, link) if link else None
            if licences:
                yield Page(licences)
            read += len(licences)
            if address:
                if address in addresses:
                    raise changed(await session.page(), f"the next page is {address} again")
                await self.open(session, address)
                await session.seen(ROW, wait=PATIENCE)
                addresses, read = [*addresses, address], 0
            elif ended or (len(addresses) > 1 and await self._is_last(session, addresses[-1], licences)):
                yield Page((), last=True)
                return
            elif licences and len(addresses) == 1:
                waited = False
                await session.scroll_to_end(ROW)
            elif not waited and len(addresses) == 1:
                waited = True
                await session.seen(END, wait=STALL)
            else:
                raise changed(page, "the list stops without a link to the next page and without an end mark")

    async def _is_last(self, session: BrowserSession, address: str, here: Sequence[Licence]) -> bool:
        """Whether a list in pages ends with this one, which has neither a link to a next page nor an end mark.

        The link alone may be missing, so the page behind it must show that it is none.
        """
        following = re.sub(r"([?&]page=)(\d+)", lambda found: f"{found[1]}{int(found[2]) + 1}", address)
        if following == address:
            return False
        behind = self.check(await session.goto(following))
        if behind.status in (404, 410):
            return True
        shows_list = await session.seen(f"{ROW}, {EMPTY}, {LIST}", wait=PATIENCE)
        rows = await session.rows(ROW)
        with known_layout(behind):
            again = [_licence(row, session.username, certified=True).identity for row in rows]
        return shows_list and again in ([], [each.identity for each in here])

    @override
    async def documents(self, session: BrowserSession, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        yield record(DOWNLOADS, row=licence.row)
        if licence.licence_id is None:
            detail = "My Downloads lists it without a link to a certificate"
            yield Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.NONE_OFFERED, detail=detail)
            for document in await self._captured(session, licence):
                yield document
            return
        answer = await session.get(CERTIFICATE.replace("*", licence.licence_id))
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
        if licence.licence_id and not found.code:
            raise NotACertificate("the certificate names no licence code")
        for said, listed in ((found.item_id, licence.asset.asset_id), (found.code, licence.licence_id)):
            if said and said != listed:
                raise NotACertificate(f"the certificate is for {said}, but My Downloads lists {listed}")
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
        licensed_at=printed(row["day"]),
        row=row,
    )
