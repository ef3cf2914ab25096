"""Each adapter against its first recording, over real HTTP and in real Chromium, without archive or run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from archiver.browsing.http import HttpSession
from archiver.browsing.pacing import Pacing
from archiver.browsing.recording import Recording, clock
from archiver.browsing.replay import Listener, Replay
from archiver.browsing.session import Browsers
from archiver.domain import Document, DocumentKind, Gap, Licence, iso
from archiver.errors import ArchiverError, NotACertificate, SessionExpired
from archiver.network import Network
from archiver.provider import Transport, load
from archiver.reading.documents import check_certificate
from archiver.reading.worker import DocumentReader

RECORDINGS = Path(__file__).parents[2] / "recordings"
SCENARIOS = sorted(RECORDINGS.glob("*/two-pages"))


class Codes:
    """Answers every question for a code."""

    async def code(self) -> str:
        return "123456"


class Visit:
    """What a run does with one account, less archive and catalogue: sign in, sweep, fetch; renew the session once."""

    def __init__(self, recording: Recording, session: Any, reader: DocumentReader) -> None:
        self.recording, self.session, self.reader = recording, session, reader
        self.provider = load(recording.provider)()
        self.found: dict[str, dict[str, Any]] = {}
        self.comps: list[str] = []
        self.failed = False

    async def __call__(self) -> None:
        signed_in = False
        with suppress(SessionExpired):
            signed_in = await self.provider.signed_in(self.session)
        if not signed_in:
            await self._sign_in()
        try:
            await self._sweep()
        except SessionExpired:
            await self._sign_in()
            await self._sweep()

    async def _sign_in(self) -> None:
        await self.provider.sign_in(self.session, self.recording.secrets, Codes())
        assert await self.provider.signed_in(self.session)

    async def _sweep(self) -> None:
        for history in self.provider.history(self.session):
            seen = 0
            async for page in history.pages:
                seen += len(page.licences)
                for licence in page.licences:
                    if licence.platform_id not in self.recording.known:
                        await self._fetch(licence)
                if self.recording.known and page.total and seen < page.total:
                    break  # the known-stop, which is the run's to decide
            else:
                assert page.total in (None, seen), f"{history.listing} states {page.total} and lists {seen}"

    async def _fetch(self, licence: Licence) -> None:
        fuller, documents, gaps = licence, list[str](), dict[str, str]()
        try:
            async for item in self.provider.documents(self.session, licence):
                match item:
                    case Licence():
                        fuller = item
                    case Gap():
                        gaps[item.kind.value] = item.reason.value
                    case Document():
                        if item.kind is DocumentKind.CERTIFICATE:
                            reading = await asyncio.to_thread(self.reader.read, item.content, item.media_type)
                            check_certificate(item, reading, fuller)
                            fuller = self.provider.read_certificate(fuller, reading.text)
                        documents.append(item.name)
        except NotACertificate:
            gaps["certificate"], self.failed = "failed", True
        assert fuller.identity == licence.identity
        if licence.comp:
            self.comps.append(licence.platform_id)
            return
        self.found[licence.platform_id] = {
            "licence_id": fuller.licence_id,
            "asset_id": fuller.asset.asset_id,
            "title": fuller.asset.title,
            "kind": fuller.kind,
            "licensed_at": iso(fuller.licensed_at),
            "licensee": fuller.licensee,
            "seat": fuller.seat,
            "plan": fuller.plan,
            "order": fuller.order,
            "client_hints": dict(fuller.client_hints),
            "documents": documents,
            "gaps": gaps,
        }


class Stage:
    """One replay, one browser, for all scenarios of a test process."""

    async def open(self) -> None:
        self._stack = AsyncExitStack()
        self._reader = self._stack.enter_context(DocumentReader())
        self._replay = await self._stack.enter_async_context(Replay())
        self._browsers = await self._stack.enter_async_context(Browsers(Network(ca_file=self._replay.ca_file)))

    async def close(self) -> None:
        await self._stack.aclose()

    async def play(self, recording: Recording) -> tuple[dict[str, Any], Listener, list[str]]:
        info = load(recording.provider).info
        listener = await self._replay.serve(recording, info.rules)
        given: dict[str, Any] = {
            "network": listener.network, "pacing": Pacing(off=True), "secrets": recording.secrets,
            "settings": {"assets": " ".join(recording.assets)}, "now": clock(recording),
        }  # fmt: skip
        if info.method(recording.method).transport is Transport.HTTP:
            async with HttpSession(info, **given) as session:
                return await self._visit(recording, session), listener, session.refused
        browser = await self._browsers.open(info, state=recording.session, **given)
        try:
            return await self._visit(recording, browser), listener, browser.refused
        finally:
            await browser.close()

    async def _visit(self, recording: Recording, session: Any) -> dict[str, Any]:
        visit, error = Visit(recording, session, self._reader), None
        try:
            await visit()
        except ArchiverError as raised:
            error = type(raised).__name__
        outcome = "failed" if error else "partial" if visit.failed else "complete"
        return {"outcome": outcome, "error": error, "licences": visit.found, "comps": sorted(visit.comps)}


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[asyncio.Runner, Stage]]:
    with asyncio.Runner() as loop:
        stage = Stage()
        loop.run(stage.open())
        yield loop, stage
        loop.run(stage.close())


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.parent.name)
def test_adapter(path: Path, stage: tuple[asyncio.Runner, Stage]) -> None:
    loop, play = stage
    recording = Recording.load(path)
    found, listener, refused = loop.run(play.play(recording))
    expected = yaml.safe_load((path / "expected.yaml").read_text("utf-8"))
    assert listener.unknown == [] and refused == []
    assert (found["outcome"], found["error"]) == (expected["outcome"], expected["error"])
    assert found["comps"] == sorted(expected["comps"])
    assert found["licences"] == {each["licence_id"] or each["asset_id"]: each for each in expected["licences"]}
    rules = load(recording.provider).info.rules
    for logged in listener.log:
        if logged.method == "POST":
            assert any(rule.matches(logged.request) for rule in rules.allow)
