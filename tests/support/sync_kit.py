"""A client's archive, an invented platform, and a sync between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.writer import SealSettings, open_archive
from archiver.catalogue.index import Catalogue
from archiver.collect.account_result import AccountResult
from archiver.collect.history_cursor import HistoryCursors, Retries
from archiver.collect.sync import Sync
from archiver.core.errors import (
    ArchiverError,
    LayoutChanged,
)
from archiver.core.model import Asset, Document, DocumentKind, Gap, Licence
from archiver.home.network import Network
from archiver.provider import Challenge, History, Page, Phase, Provider, Response, Session, TextLayout, load
from archiver.provider.paging import ListEnd, PageSource
from archiver.reading.worker import DocumentReader

KEY = Ed25519PrivateKey.generate()


SECRET = "s3cret-session-value"


def licence(number: int, *, comp: bool = False) -> Licence:
    when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
    asset = Asset(provider="shutterstock", asset_id=f"A{number}")
    return Licence(asset=asset, licence_id=f"L{number}", licensed_at=when, comp=comp, row={"number": number})


type Listed = Callable[[int], list[Page | ListEnd | dict[str, str]] | list[Page | ListEnd] | list[Page] | ArchiverError]


class Site(Provider[Session]):
    """An adapter whose every reading of the list a function gives; documents likewise."""

    info = replace(load("shutterstock").info, documents={"certificate": "offered"}, certificate=("asset_id",))
    text_layouts: ClassVar[Mapping[str, TextLayout]] = {
        "certificate.txt": TextLayout(labels=(), last_line="Licence of asset A.*")
    }

    def __init__(self, listed: Listed, document: Callable[[Licence], Document | Gap | ArchiverError]) -> None:
        self.listed, self.document, self.readings, self.pages_read = listed, document, 0, 0
        self.stated: list[object] = []  # what the platform says of the account's funds, one time after the other
        self.elsewhere: dict[str, int] | ArchiverError = {}  # how many rows the account's page says that a list has

    async def sign_in(self, session: Session, secrets: Mapping[str, str], challenge: Challenge) -> None: ...

    async def signed_in(self, session: Session) -> bool:
        return isinstance(session, Quiet) and session.holds

    def history(self, session: Session) -> Sequence[History]:
        listed = self.listed(self.readings + 1)
        proven = isinstance(listed, list) and any(isinstance(each, ListEnd) for each in listed)
        return [History("downloads", PageSource(self._pages()) if proven else self._pages())]

    async def _pages(self) -> AsyncIterator[Any]:
        self.readings += 1
        for page in self.listed(self.readings) or []:  # type: ignore[union-attr]  # an error is raised by the function
            self.pages_read += 1
            yield page

    async def counts(self, session: Session) -> Mapping[str, int]:
        if isinstance(self.elsewhere, ArchiverError):
            raise self.elsewhere
        return self.elsewhere

    async def funds(self, session: Session) -> object:
        found = self.stated.pop(0) if self.stated else None
        if isinstance(found, ArchiverError):
            raise found
        return found

    async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        found = self.document(licence)
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each, ArchiverError):
                raise each
            yield each


@dataclass
class Quiet:
    """A session that nobody uses, with one secret to keep."""

    username: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    holds: bool = False  # whether a second page shows that somebody is signed in

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[Quiet]:
        yield self

    def during(self, phase: Phase) -> AbstractContextManager[None]:
        return nullcontext()

    async def meant(self, error: LayoutChanged) -> ArchiverError:
        return error

    def secret_values(self) -> list[str]:
        return [SECRET]

    def now(self) -> datetime:
        return datetime.now(UTC)

    def authorise(self, headers: Mapping[str, str]) -> None: ...

    def keep_secret(self, value: str) -> None: ...

    async def get(self, url: str, *, query: object = None, headers: object = None) -> Response:
        raise AssertionError

    post: Any = get


def text_certificate(of: Licence) -> Document:
    content = f"Licence of asset {of.asset.asset_id}".encode()
    return Document(
        name="certificate.txt", kind=DocumentKind.CERTIFICATE, content=content, media_type="text/plain",
        length_stated=True,
    )  # fmt: skip


class Desk:
    """A client's archive and what a run needs beside it."""

    def __init__(self, folder: Path, reader: DocumentReader) -> None:
        self.folder, self.reader, self.renewals = folder, reader, 0
        self.today = datetime.now(UTC).date()

    def sync(
        self,
        listed: Listed = lambda _: [],
        document: Callable[[Licence], Any] = text_certificate,
        *,
        adapter: Any = None,  # in place of one that lists what `listed` says
        error: str | None = None,
        funds: Sequence[object] = (),
        elsewhere: dict[str, int] | ArchiverError | None = None,
        session: Quiet | None = None,
        **options: Any,
    ) -> AccountResult:
        site = Site(listed, document)
        site.stated, site.elsewhere = [*funds], elsewhere or {}
        self.site = site

        async def renew() -> None:
            self.renewals += 1

        with self.open() as (archive, catalogue):
            job = Sync(
                account="one", method="token", provider=adapter or site, session=session or Quiet(), archive=archive,
                catalogue=catalogue, cursors=HistoryCursors(self.folder / "cursors.json", archive.reader),
                retries=Retries(self.folder / "retries.json", self.today), reader=self.reader, run="test",
                client="acme", trouble=self.folder / "trouble", renew=renew, **options,
            )  # fmt: skip
            try:
                asyncio.run(job())
                assert error is None
            except ArchiverError as raised:
                assert type(raised).__name__ == error
            catalogue.catch_up(archive.reader, self.reader)
        return job.result

    @contextmanager
    def open(self) -> Iterator[tuple[Any, Catalogue]]:
        state, post = self.folder / "state", Network().post
        means = SealSettings(client="acme", signer=KEY, authorities=[], state=state, post=post)
        with (
            open_archive(self.folder / "archive", means, origin="live") as archive,
            Catalogue(self.folder / "acme.sqlite") as catalogue,
        ):
            catalogue.catch_up(archive.reader, self.reader)
            yield archive, catalogue

    def gap_details(self) -> list[str]:
        with self.open() as (_, catalogue):
            return [gap.detail for entry in catalogue.entries() for gap in entry.file.gaps]

    @property
    def archived(self) -> list[str]:
        return sorted(path.parent.name for path in self.folder.glob("archive/evidence/licences/*/*/*/inventory.json"))


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    with DocumentReader() as reader:
        yield reader


def rows(*numbers: int) -> list[Licence]:
    return [licence(number) for number in numbers]
