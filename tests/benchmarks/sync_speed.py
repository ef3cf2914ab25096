"""Speed of `sync`, as ratios in one run. `python tests/benchmarks/sync_speed.py`

1. 500 documents of 60 KB from a loopback server with 50 ms latency, pacing off, against the slower of two yardsticks: a
   bare concurrency-8 loop of the same client over the same documents, and the durable-write floor of this disk.
2. Incremental: an account with many archived licences and nothing new; requests, time and memory at 1,000 and 20,000.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.writer import SealSettings, open_archive
from archiver.browsing.http_session import HttpSession
from archiver.browsing.pacing import Pacing
from archiver.catalogue.index import Catalogue
from archiver.collect.history_cursor import HistoryCursors, Retries
from archiver.collect.sync import Sync
from archiver.core.model import Asset, Document, DocumentKind, Gap, Licence
from archiver.home.network import Network
from archiver.provider import Challenge, History, Page, Provider, Rule, Rules, Session, load
from archiver.provider.record_document import record
from archiver.reading.worker import DocumentReader

LATENCY = 0.05
START = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = 200
SIGNER = Ed25519PrivateKey.generate()


def pdf(number: int, size: int = 60_000) -> bytes:
    """A small real PDF with the asset's id and the licence's day in its text, padded to `size` in an unused stream."""
    day = (START + timedelta(minutes=number)).date()
    text = f"BT /F1 12 Tf 72 720 Td (Licence certificate for asset A{number:06d} of {day}) Tj ET".encode()
    padding = os.urandom(size - 600)
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources "
        b"<< /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(padding), padding),
    ]
    out, offsets = b"%PDF-1.4\n", []
    for index, part in enumerate(parts, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (index, part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(parts) + 1, table, len(parts) + 1, len(out),
    )  # fmt: skip


class Server:
    """A loopback stock site: a paged list and one PDF per licence, each answer after 50 ms."""

    def __init__(self, licences: int, documents: Sequence[bytes]) -> None:
        self.licences, self.documents, self.requests = licences, documents, 0

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return writer.close()
            path = head.split(b" ", 2)[1].decode()
            self.requests += 1
            await asyncio.sleep(LATENCY)
            body = self.documents[int(path.rpartition("/")[2]) % len(self.documents)] if "/document/" in path else b"{}"
            kind = b"application/pdf" if "/document/" in path else b"application/json"
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n" % (kind, len(body)) + body
            )
            await writer.drain()


def provider(server: Server) -> Provider[Session]:
    """An adapter for the loopback site, declared like any other."""

    class Bench(Provider[Session]):
        info = replace(
            load("shutterstock").info, name="bench", rules=Rules(allow=(Rule("GET", f"{server.url}/**"),)),
            documents={"certificate": "offered"}, listings=("downloads",),
        )  # fmt: skip

        async def sign_in(self, session: Session, secrets: Mapping[str, str], challenge: Challenge) -> None: ...

        async def signed_in(self, session: Session) -> bool:
            return True

        def history(self, session: Session) -> Sequence[History]:
            return [History("downloads", self._pages(session))]

        async def _pages(self, session: Session) -> AsyncIterator[Page]:
            for first in range(0, server.licences, PAGE):
                await session.get(f"{server.url}/list/{first}")
                numbers = range(first, min(first + PAGE, server.licences))
                yield Page([licence(number) for number in numbers], total=server.licences)

        async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
            url = f"{server.url}/document/{int(licence.asset.asset_id[1:])}"
            answer = await session.get(url)
            yield record(url, answer.retrieved_at, row=licence.row)
            yield Document(
                name="certificate.pdf", kind=DocumentKind.CERTIFICATE, content=answer.content,
                media_type=answer.media_type, url=url, retrieved_at=answer.retrieved_at,
            )  # fmt: skip

    return Bench()


def means(folder: Path) -> SealSettings:
    return SealSettings(client="bench", signer=SIGNER, authorities=[], state=folder / "state", post=Network().post)


def licence(number: int) -> Licence:
    return Licence(
        asset=Asset(provider="bench", asset_id=f"A{number:06d}", title=f"Picture {number}"),
        licence_id=f"L{number:06d}", licensed_at=START + timedelta(minutes=number), row={"number": number},
    )  # fmt: skip


async def sync(folder: Path, server: Server, reader: DocumentReader) -> tuple[float, Any]:
    """One sync into the archive in `folder`; seconds and the result."""
    client_rules = provider(server)
    with (
        open_archive(folder / "archive", means(folder), origin="live") as archive,
        Catalogue(folder / "bench.sqlite") as catalogue,
    ):
        catalogue.catch_up(archive.reader, reader)
        async with HttpSession(client_rules.info, network=Network(), pacing=Pacing(off=True)) as session:

            async def renew() -> None: ...

            job = Sync(
                account="bench", method="token", provider=client_rules, session=session, archive=archive,
                catalogue=catalogue, cursors=HistoryCursors(folder / "cursors.json", archive.reader),
                    retries=Retries(folder / "retries.json", datetime.now(UTC).date()), reader=reader,
                run="bench", client="bench", trouble=folder / "trouble", renew=renew,
            )  # fmt: skip
            started = time.perf_counter()
            await job()
            seconds = time.perf_counter() - started
        catalogue.catch_up(archive.reader, reader)
    return seconds, job.result


async def bare_loop(server: Server, number: int) -> float:
    """The same client, the same documents, eight at once, nothing else."""
    indexes = iter(range(number))
    async with Network().client(30, {}) as client:

        async def some() -> None:
            for index in indexes:
                async with client.get(f"{server.url}/document/{index}") as answer:
                    assert len(await answer.read()) > 50_000

        started = time.perf_counter()
        await asyncio.gather(*(some() for _ in range(8)))
        return time.perf_counter() - started


def write_floor(folder: Path, documents: Sequence[bytes], number: int) -> float:
    """The least a durable archive costs: each licence's bytes in one new file and folder, both fsynced, 8 at a time."""

    def one(index: int) -> None:
        place = folder / str(index)
        place.mkdir()
        handle = os.open(place / "document", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        os.write(handle, documents[index % len(documents)])
        os.fsync(handle)
        os.close(handle)
        handle = os.open(place, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)

    folder.mkdir()
    started = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(number)))
    return time.perf_counter() - started


async def first_sync(number: int) -> None:
    documents = [pdf(index) for index in range(number)]
    with tempfile.TemporaryDirectory() as place, DocumentReader() as reader:
        folder = Path(place)
        async with Server(number, documents) as server:
            bare = await bare_loop(server, number)
            floor = write_floor(folder / "floor", documents, number)
            seconds, result = await sync(folder, server, reader)
        assert result.archived == number, result
        slower = max(bare, floor)
        rates = ", ".join(f"{name} {number / each:.0f}/s" for name, each in (("bare loop", bare), ("floor", floor)))
        print(f"first sync of {number}: {number / seconds:.0f}/s; {rates}")
        print(f"  ratio to the slower yardstick: {slower / seconds:.2f} (goal >= 0.70)")


async def incremental(numbers: Sequence[int]) -> None:
    document = [pdf(0, 2_000)]
    measured = {}
    for number in numbers:
        with tempfile.TemporaryDirectory() as place, DocumentReader() as reader:
            folder = Path(place)
            fill(folder, number, reader)
            async with Server(number, document) as server:
                await sync(folder, server, reader)  # warm the file cache
                server.requests = 0
                tracemalloc.start()
                seconds, result = await sync(folder, server, reader)
                _, peak = tracemalloc.get_traced_memory()
                tracemalloc.stop()
            assert result.archived == 0 and result.sweep == "known", result
            measured[number] = (seconds, peak)
            print(f"nothing new over {number}: {server.requests} requests, {seconds:.2f} s, peak {peak / 1e6:.1f} MB")
    (small, little), (large, much) = measured[numbers[0]], measured[numbers[-1]]
    print(f"  growth {numbers[0]} -> {numbers[-1]}: time x {large / small:.2f}, memory x {much / little:.2f} (goal: 1)")


def fill(folder: Path, number: int, reader: DocumentReader) -> None:
    """An archive of `number` licences without documents, and the cursor that its first full sweep would have left."""
    from archiver.archive.ocfl import NewObject
    from archiver.collect.history_cursor import HistoryCursor
    from archiver.reading.licence_json import to_json

    with open_archive(folder / "archive", means(folder), origin="live") as archive:
        source = {"source": "adapter", "account": "bench"}
        futures = [
            archive.put(NewObject.of(each, {"licence.json": to_json(each, [], [], source)}, datetime.now(UTC)))
            for each in map(licence, range(number))
        ]
        for future in futures:
            future.result()
        archive.seal()
        newest = archive.newest_line
        assert newest
        HistoryCursors(folder / "cursors.json", archive.reader).put(
            "downloads", HistoryCursor(number, licence(0).identity, newest.hash, newest.offset)
        )
        with Catalogue(folder / "bench.sqlite") as catalogue:
            catalogue.catch_up(archive.reader, reader)


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    arguments = asked(__doc__, documents=(500, 40), archived=((1_000, 20_000), (50, 200)))
    asyncio.run(first_sync(arguments.documents))
    asyncio.run(incremental(arguments.archived))
