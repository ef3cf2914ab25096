"""A stock site on this machine's loopback, and an adapter for it, to run whole nights against."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from archiver.core.errors import WrongPassword
from archiver.core.model import Document, DocumentKind, Gap, Licence
from archiver.provider import Challenge, History, Page, Provider, Rule, Rules, Scope, Session, load
from archiver.provider.record_document import record
from tests.benchmarks.sync_speed import licence, pdf

NOWHERE = " "  # is in no path
LOGIN_PAGE = b"<!doctype html><title>Sign in</title><p>Please sign in to see this document.</p>"


@dataclass
class Site:
    """`with Site() as site:`; `rows` licences at each account, newest last; what it was asked, in `asked`.

    `withheld` are numbers of licences whose certificate is a sign-in page, `broken` of those whose certificate breaks
    off in the middle; at `mute` paths nothing is ever answered, at `cut` paths the connection is dropped. POSTs to
    /hook are kept in `hooks`.
    """

    rows: int = 40
    certificates: bool = True
    withheld: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    mute: str = NOWHERE
    cut: str = NOWHERE
    asked: list[str] = field(default_factory=list)
    hooks: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self) -> Self:
        site, self._end = self, threading.Event()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(ConnectionError):  # whoever asked has gone
                    self._answers()

            def _answers(self) -> None:
                while line := self.rfile.readline().decode():
                    method, path, _ = line.split(" ", 2)
                    length = 0
                    while (said := self.rfile.readline().decode().strip().lower()) != "":
                        length = int(said.partition(":")[2]) if said.startswith("content-length:") else length
                    body = self.rfile.read(length)
                    site.asked.append(path)
                    if site.mute in path:
                        site._end.wait()
                    if site.mute in path or site.cut in path:
                        return
                    kind, answer = site._answer(method, path, body)
                    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(answer)}\r\n\r\n"
                    if "/certificate/" in path and int(path.rpartition("/")[2]) in site.broken:
                        self.wfile.write(head.encode() + answer[: len(answer) // 2])
                        return
                    self.wfile.write(head.encode() + answer)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, method: str, path: str, body: bytes) -> tuple[str, bytes]:
        if path.startswith("/hook"):
            self.hooks.append(json.loads(body)) if method == "POST" else None
            return "text/plain", b"kept"
        number = int(path.rpartition("/")[2])
        if "/certificate/" in path:
            return ("text/html", LOGIN_PAGE) if number in self.withheld else ("application/pdf", pdf(number, 900))
        return "application/json", b"{}"

    def adapter(self, name: str) -> type[Provider[Session]]:
        """The adapter of a platform of this site; every platform has licences of its own."""
        site, place = self, f"{self.url}/{name}"

        class Adapter(Provider[Session]):
            info = replace(
                load("shutterstock").info, name=name, title=name.title(), scope=Scope.SEAT, listings=("downloads",),
                rules=Rules(allow=(Rule("GET", f"{place}/**"),)), documents={"certificate": "offered"}, terms=(),
                pacing=0,
            )  # fmt: skip

            async def sign_in(self, session: Session, secrets: Mapping[str, str], challenge: Challenge) -> None:
                raise WrongPassword("it says so")

            async def signed_in(self, session: Session) -> bool:
                return session.username != "wrong"

            def history(self, session: Session) -> Sequence[History]:
                return [History("downloads", self._pages(session))]

            async def _pages(self, session: Session) -> AsyncIterator[Page]:
                for first in range(0, site.rows, 200):
                    await session.get(f"{place}/{session.username}/list/{first}")
                    numbers = range(first, min(first + 200, site.rows))
                    yield Page([listed(name, session.username or "", number) for number in numbers], total=site.rows)

            async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
                yield record(f"{place}/list", session.now(), row=licence.row)
                if site.certificates:
                    url = f"{place}/{session.username}/certificate/{licence.asset.asset_id[1:].lstrip('0') or '0'}"
                    answer = await session.get(url)
                    yield Document(
                        name="certificate.pdf", kind=DocumentKind.CERTIFICATE, content=answer.content,
                        media_type=answer.media_type, url=url, retrieved_at=answer.retrieved_at,
                    )  # fmt: skip

        return Adapter


def listed(provider: str, username: str, number: int) -> Licence:
    """A row of an account's history."""
    row = licence(number)
    return replace(row, asset=replace(row.asset, provider=provider), licence_id=f"{username}-{row.licence_id}")
