"""A long history streams: `python tests/benchmarks/long_history.py` (10,000 licences by default).

Shutterstock's adapter reads pages of 200 from a site that answers below the real client, and the real archive is
written. The first licence is archived before the last page is asked for, and memory stays flat: after the first tenth
of the history the process grows by at most 50 MB.
"""

from __future__ import annotations

import asyncio
import gc
import json
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.writer import ArchiveWriter, SealSettings, open_archive
from archiver.browsing.http_session import HttpSession
from archiver.browsing.pacing import Pacing
from archiver.browsing.request_pipeline import RawAnswer
from archiver.catalogue.index import Catalogue
from archiver.collect.history_cursor import HistoryCursors, Retries
from archiver.collect.sync import Sync
from archiver.home.network import Network
from archiver.provider import load
from archiver.reading.worker import DocumentReader

START = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = 200
GROWTH = 50.0  # MB


@dataclass
class Measured:
    """`archived_when_asked`: how many licences were archived when each page was asked for; `memory` in MB then.
    `catalogued`: how many of them the catalogue knew before the sweep ended."""

    archived_when_asked: list[int] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    archived: int = 0
    catalogued: int = 0
    seconds: float = 0.0

    @property
    def growth(self) -> float:
        """MB by which the process grew after the first tenth of the pages."""
        return max(self.memory) - max(self.memory[: max(1, len(self.memory) // 10)])


def resident() -> float:
    """This process's memory in MB (Linux)."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


class Site(HttpSession):
    """The site, answering below the client: every list is empty but that of images, details are small."""

    length = 0
    measured: Measured
    archive: ArchiveWriter
    lines = 0

    async def _send(self, method: str, url: str, headers: object, body: bytes | None) -> RawAnswer:
        found: object = {"id": "1", "description": "Invented", "assets": {}}
        if "/licenses" in url:
            first = (int(url.partition("page=")[2].partition("&")[0]) - 1) * PAGE
            images = "/v2/images/" in url
            if images:
                self.measured.archived_when_asked.append(self.archive.lines - self.lines)
                self.measured.memory.append(resident())
            numbers = range(first, min(first + PAGE, self.length)) if images else range(0)
            found = {"total_count": self.length if images else 0, "data": [row(number) for number in numbers]}
        return RawAnswer(200, {"content-type": "application/json"}, json.dumps(found).encode())


def row(number: int) -> dict[str, object]:
    when = START - timedelta(minutes=number)
    return {"id": f"e{number:032}", "license": "standard", "download_time": when.isoformat(),
            "image": {"id": str(10**9 + number)}, "user": {"username": "ada.example"}}  # fmt: skip


async def read(length: int) -> Measured:
    """One first sweep over so many licences."""
    measured = Measured()
    with tempfile.TemporaryDirectory() as place, DocumentReader() as reader:
        folder = Path(place)
        means = SealSettings(
            client="bench", signer=Ed25519PrivateKey.generate(), authorities=[], state=folder / "state",
            post=Network().post,
        )  # fmt: skip
        with (
            open_archive(folder / "archive", means, origin="live") as archive,
            Catalogue(folder / "bench.sqlite") as catalogue,
        ):
            provider = load("shutterstock")()
            async with Site(provider.info, network=Network(), pacing=Pacing(off=True)) as site:
                site.length, site.measured, site.archive, site.lines = length, measured, archive, archive.lines

                async def renew() -> None: ...

                job = Sync(
                    account="bench", method="token", provider=provider, session=site, archive=archive,
                    catalogue=catalogue, cursors=HistoryCursors(folder / "cursors.json", archive.reader),
                    retries=Retries(folder / "retries.json", datetime.now(UTC).date()), reader=reader,
                    run="bench", client="bench", trouble=folder / "trouble", renew=renew,
                )  # fmt: skip
                started = time.perf_counter()
                await job()
                measured.seconds, measured.archived = time.perf_counter() - started, job.result.archived
                measured.catalogued = len(catalogue.entries())
    return measured


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    length = asked(__doc__, licences=(10_000, 1_000)).licences
    found = asyncio.run(read(length))
    assert found.archived == length, found.archived
    print(f"{length} licences in {found.seconds:.0f} s ({length / found.seconds:.0f}/s), {len(found.memory)} pages")
    print(f"  archived when the last page was asked for: {found.archived_when_asked[-1]}")
    print(f"  memory {found.memory[0]:.0f} MB at first, {max(found.memory):.0f} MB at most, "
          f"grown by {found.growth:.1f} MB after the first tenth (goal: at most {GROWTH:.0f}), "
          f"ratio {max(found.memory) / found.memory[0]:.2f}")  # fmt: skip
