"""Acme Stock, in a browser: a sign-in form, a table of licences and comps, and the certificate of each licence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import override

from archiver.core.errors import SignInNeeded, WrongPassword
from archiver.core.model import Asset, Document, Gap, Licence
from archiver.provider import (
    Automation,
    AutomationTerms,
    Basis,
    BrowserSession,
    Click,
    Confirm,
    History,
    ProviderInfo,
    Purpose,
    Response,
    Rule,
    Rules,
    Scope,
    SignInMethod,
    Transport,
    static_files,
)
from archiver.provider.form_login import CAPTCHA, SignInForm, Website
from archiver.provider.record_document import certificate, record
from archiver.provider.web_list import WebList, listed
from archiver.reading.dates import listed_day
from archiver.reading.html import Field, Words, read_row

SITE = "https://www.acme-stock.example"
LOGIN = f"{SITE}/login"
LICENCES = f"{SITE}/licences"
COOKIES = "#cookies button"
FORM_FIELDS = ("input[name=email]", "input[name=password]")

LIST = WebList(
    url=LICENCES,
    row="table#licences tr:has(td)",
    traces="[data-licence], a[href*='/certificate/']",  # only rows have these: one elsewhere is a row nobody read
    empty="#no-licences",
    following=Field("a[rel=next]", "href"),
    position=Words(r"\bPage (\d+ of \d+)\b"),  # the end is the last page of this count
)
FIELDS = {
    "licence": Field("[data-licence]", "data-licence"),
    "asset": Field("a.asset", "href", r"/asset/(\d+)"),
    "title": Field("a.asset", optional=True),
    "kind": Field("td.kind"),
    "day": Field("time[datetime]", "datetime"),
    "licensee": Field("td.licensee", optional=True),
}


class AcmeStockSite(Website):
    account_page = LICENCES
    leads_to_sign_in = (LOGIN,)
    form = SignInForm(
        url=LOGIN,
        cookies=COOKIES,
        username=FORM_FIELDS[0],
        password=FORM_FIELDS[1],
        submit="button[type=submit]",
        outcomes={
            COOKIES: Click(COOKIES),
            "[role=alert]": WrongPassword,
            CAPTCHA: SignInNeeded,
            f"url:{LICENCES}*": None,  # signed in; any other page is LayoutChanged with its address
        },
    )
    info = ProviderInfo(
        name="acme_stock",
        title="Acme Stock",
        home=f"{SITE}/",
        login_url=LOGIN,
        methods=(
            SignInMethod(
                name="password",
                transport=Transport.BROWSER,
                secrets=("password",),
                needs_username=True,
                where="the e-mail address and password of acme-stock.example",
            ),
            SignInMethod(name="attended", transport=Transport.BROWSER, where="a person signs in: archiver sign-in"),
        ),
        rules=Rules(
            allow=(
                Rule("GET", LICENCES, query=("page",)),
                Rule("GET", f"{SITE}/certificate/*"),
                Rule("GET", LOGIN, Purpose.SIGN_IN),
                Rule("POST", LOGIN, Purpose.SIGN_IN),
            ),
            # Whatever spends, by name, even where nothing above would allow it.
            refuse=(Rule("*", f"{SITE}/download/**"), Rule("POST", f"{LICENCES}/**")),
            assets=static_files(SITE),
            sign_in_hosts=("www.acme-stock.example",),
        ),
        scope=Scope.SEAT,
        listings=("licences",),
        identity="the licence id, which Acme Stock makes unique",
        documents={"record": "offered", "certificate": "offered", "receipt": "not read"},
        certificate=("licence_id", "licensee", "licensed_at"),  # what each final one states
        client_hints="none",
        basis=Basis.UNPROVEN,
        basis_detail="an invented example; say here what you read, and when. Not yet run against a live account.",
        automation=AutomationTerms(
            stance=Automation.UNREAD, quote="", source="the terms of use have not been read", read_on="2026-11-24"
        ),
        confirm=Confirm(how="unknown", who="unknown"),
        states_total=False,  # it counts pages, not licences: every summary says so
        session_secrets=("acme_session",),
    )

    @override
    def history(self, session: BrowserSession) -> Sequence[History]:
        def read(rows: Sequence[str], _page: Response) -> list[Licence]:
            return [_licence(row) for row in rows]  # a missing mandatory field becomes LayoutChanged

        return [History("licences", listed(self, session, LIST, read))]

    @override
    async def documents(self, session: BrowserSession, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        yield record(LICENCES, row=licence.row)
        if not licence.comp:  # a preview grants nothing, and has no certificate
            answer = await session.get(f"{SITE}/certificate/{licence.licence_id}")
            yield certificate(answer, "certificate.pdf", "application/pdf")


def _licence(html: str) -> Licence:
    row = read_row(html, FIELDS)
    return Licence(
        asset=Asset(provider="acme_stock", asset_id=row["asset"], title=row.get("title")),
        licence_id=row["licence"],
        listing="licences",
        kind=row["kind"].lower(),
        licensed_at=listed_day(row["day"]),
        dated=row["day"],
        licensee=row.get("licensee"),
        comp=row["kind"] == "Comp",
        row=row,
    )
