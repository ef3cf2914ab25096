"""Acme Stock, by its API: what was licensed, and the certificate of each licence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import override

from archiver.core.errors import NotACertificate, SessionExpired, WrongPassword
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.provider import (
    Automation,
    AutomationTerms,
    Basis,
    Challenge,
    Confirm,
    History,
    JsonObject,
    Page,
    Provider,
    ProviderInfo,
    Response,
    Rule,
    Rules,
    Scope,
    Session,
    SignInMethod,
    Transport,
)
from archiver.provider.layout_errors import needed, read_rows
from archiver.provider.paging import Turn, pages
from archiver.provider.record_document import record
from archiver.reading.dates import moment

API = "https://api.acme-stock.example/v1"
PER_PAGE = 2  # the documented maximum


class AcmeStock(Provider[Session]):
    info = ProviderInfo(
        name="acme_stock",
        title="Acme Stock",
        home="https://acme-stock.example/",
        login_url="https://acme-stock.example/login",
        methods=(
            SignInMethod(name="token", transport=Transport.HTTP, secrets=("token",), where="Settings, API, read-only"),
        ),
        rules=Rules(
            allow=(
                Rule("GET", f"{API}/me"),
                Rule("GET", f"{API}/licences", query=("page", "per_page")),
                Rule("GET", f"{API}/licences/*/certificate.pdf"),
            ),
            # Whatever spends, by name, even where nothing above would allow it.
            refuse=(Rule("POST", f"{API}/**"), Rule("*", f"{API}/assets/*/download")),
        ),
        scope=Scope.ORGANISATION,
        listings=("licences",),
        identity="the licence id, which Acme Stock makes unique",
        documents={"record": "offered", "certificate": "offered", "receipt": "not in the API"},
        certificate=("licence_id", "licensee", "licensed_at"),  # what each final one states
        client_hints="project, as entered when licensing",
        basis=Basis.UNPROVEN,
        basis_detail="an invented example; say here what you read, and when. Not yet run against a live account.",
        automation=AutomationTerms(
            stance=Automation.UNREAD, quote="", source="the terms of use have not been read", read_on="2026-11-24"
        ),
        confirm=Confirm(how="unknown", who="unknown"),
    )

    def __init__(self) -> None:
        self._accepted = False

    @override
    async def sign_in(self, session: Session, secrets: Mapping[str, str], challenge: Challenge) -> None:
        session.authorise({"Authorization": f"Bearer {secrets['token']}"})
        try:
            (await session.get(f"{API}/me")).expect()
        except SessionExpired as error:
            raise WrongPassword("Acme Stock does not accept this token") from error
        self._accepted = True

    @override
    async def signed_in(self, session: Session) -> bool:
        return self._accepted

    @override
    def history(self, session: Session) -> Sequence[History]:
        async def ask(turn: Turn) -> Response:
            query = {"page": str(turn.number), "per_page": str(PER_PAGE)}
            return (await session.get(f"{API}/licences", query=query)).expect()

        def read(body: JsonObject) -> Page:  # KeyError, TypeError, ValueError become LayoutChanged
            return Page(read_rows(body["licences"], _licence), total=int(body["total"]))

        return [History("licences", pages(ask, read))]  # core asks for pages, and decides when the list has ended

    @override
    async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        yield record(f"{API}/licences", row=licence.row)
        url = f"{API}/licences/{licence.licence_id}/certificate.pdf"
        answer = await session.get(url)
        if answer.status == 404:
            yield Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.NONE_OFFERED, detail="Acme Stock has none for it")
        elif answer.status == 200:
            yield Document(
                name="certificate.pdf", kind=DocumentKind.CERTIFICATE, content=answer.content,
                media_type="application/pdf", url=url, retrieved_at=answer.retrieved_at,
            )  # fmt: skip
        else:
            raise NotACertificate(f"{url} answered {answer.status}")


def _licence(row: JsonObject) -> Licence:
    """A row of the list. What a licence cannot be without is read by `needed` or `[]`, the rest by `get`."""
    return Licence(
        asset=Asset(provider="acme_stock", asset_id=needed(row["asset"], "id"), title=row["asset"].get("title")),
        licence_id=needed(row, "id"),
        listing="licences",
        kind=str(row["kind"]),
        licensed_at=moment(row["licensed_at"]),
        licensee=row.get("licensee"),
        client_hints={"project": row["project"]} if row.get("project") else {},
        row=row,
    )
