"""`archiver capture`: a person works in a browser of ours; what they download and mark is archived as an import is.

What was taken waits on the disk until the browser is closed. A session that was killed is archived by the next one.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.archive.reader import Archive
from archiver.archive.writer import ArchiveWriter
from archiver.browsing.attended_browser import Observation, Taken
from archiver.browsing.recording import Recording
from archiver.catalogue.index import Catalogue
from archiver.collect.file_walk import Item, Refused, walk
from archiver.collect.import_filing import Import, Origin
from archiver.collect.importing import Report, Spool, settle, spooling
from archiver.collect.recognition import Seen, ocr_by, recognise
from archiver.collect.run_context import tools
from archiver.core.atomic_files import replace_file
from archiver.core.errors import ArchiveBusy, ConfigError
from archiver.core.model import Document, DocumentKind, iso, parse_iso
from archiver.home.archives import exclusive, writing
from archiver.home.network import web_host
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.provider import Rules
from archiver.reading.documents import is_pdf
from archiver.reading.filenames import names
from archiver.reading.licence_json import ATTENDED_PREFIX
from archiver.reading.mail import DnsLookup, Lookup, unasked
from archiver.reading.platforms import marked
from archiver.reading.secret_scan import Needle, all_forms, contains, mask, mask_named, refusal
from archiver.reading.webpages import page_by
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

BUSY = 600.0  # seconds to wait for another command that writes to the archive
AGAIN = 2.0  # seconds between two tries
SENT_PAGE = "page.html"
_WORD = re.compile(r"[\w-]{5,}")
_PAPERS = ("document", "text", "page", "table", "scan", "letter")

type Person = Callable[[BrowserContext], Awaitable[None]]
"""Who is at the wheel, for tests: works in the browser, and has closed it in effect when this returns."""


async def capture_attended(
    home: Home,
    vault: Vault,
    urls: Sequence[str],
    client: str,
    *,
    by: str,
    replay: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
    person: Person | None = None,
    headless: bool = False,
) -> Report:
    """Open a browser for a person, and archive what they brought when they close it or press Ctrl-C.

    `by` is that person. ConfigError without a screen, for an address that is none, or for `replay` (a recording's
    folder) in a real home; ArchiveBusy where another command did not end in time: the next capture archives it then.
    """
    home.client(client)
    home.check_replay(replay)
    if wrong := [url for url in urls if not web_host(url)]:
        raise ConfigError(f"{wrong[0]} is no web address. Begin it with https://.")
    recording = Recording.load(replay) if replay else None
    place = home.state / "attended" / client
    with exclusive(place / "capture.lock"), DocumentReader() as reader:
        session = _Session(place / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}", home.root / "downloads" / client,
                           home.state / "quarantine", reader)  # fmt: skip
        async with tools(home, replay=bool(replay), headless=headless) as shared:
            network = shared.network
            if recording and shared.replay:
                network = (await shared.replay.serve(recording, Rules(allow=()))).network
            watching = shared.browsers.observe(network, session.take, keep=session.place_for, say=say)
            async with watching as session.observation:
                say("Close the browser, or press Ctrl-C here, to end. Alt+Shift+M archives the page that you see.")
                for url in urls or (None,):
                    await session.observation.open(url)
                with _interrupt() as stopped:
                    await _until(session.observation.closed(), stopped.wait(), person, session.observation)
        session.log(home.state / "runs")
        return await asyncio.to_thread(_archive, home, vault, client, by, session, place, reader, say)


async def _until(
    closed: Awaitable[None], stopped: Awaitable[Any], person: Person | None, observation: Observation
) -> None:
    """Wait until the person is done, in whichever way."""
    ends = [asyncio.ensure_future(person(observation.context))] if person else []
    ends += [asyncio.ensure_future(each) for each in (closed, stopped)]
    done, waiting = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()
    for each in done:
        each.result()


@contextmanager
def _interrupt() -> Iterator[asyncio.Event]:
    """Ctrl-C ends the session and nothing else, for as long as this lasts."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    try:
        before = signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(stopped.set))
    except ValueError:  # not in the main thread, where no Ctrl-C arrives
        yield stopped
        return
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


# ---------------------------------------------------------------- while the person works


@dataclass
class _Session:
    """What one session took: each thing in a folder of its own, with `origin.json`."""

    folder: Path
    downloads: Path
    quarantine: Path
    reader: DocumentReader
    observation: Observation = field(init=False)
    _number: int = 0

    @property
    def needles(self) -> list[Needle]:
        return all_forms(self.observation.secrets)

    def place_for(self, name: str) -> Path:
        """Where a downloaded file is kept for the person: never over another one."""
        self.downloads.mkdir(parents=True, exist_ok=True)
        stem, dot, ending = _safe(name).rpartition(".")
        number = 1
        while True:
            place = self.downloads / f"{stem}{'' if number == 1 else f' ({number})'}{dot}{ending}"
            with suppress(FileExistsError):
                place.touch(exist_ok=False)
                return place
            number += 1

    async def take(self, taken: Taken) -> str | None:
        """Keep what was taken for the end; says why not where it holds a secret."""
        return await asyncio.to_thread(self._take, taken, self.needles)

    def _take(self, taken: Taken, needles: list[Needle]) -> str | None:
        name = _safe(taken.name)
        if not taken.marked and self.holds_secret(taken.content, needles):
            return self.set_apart(name, taken.content)
        self._number += 1
        place = self.folder / f"{self._number:04d}"
        place.mkdir(parents=True, mode=0o700)
        captures = {each.name: [each.media_type, dict(each.notes)] for each in taken.captures}
        origin: dict[str, Any] = {
            "how": taken.how, "name": taken.name, "file": name, "url": _address(taken.url, needles),
            "method": taken.method, "at": iso(taken.at), "captures": captures,
        }  # fmt: skip
        if taken.marked:
            origin |= {"name": _address(taken.name, needles), "file": "rendered.html"}
            for each in taken.captures:
                replace_file(place / each.name, each.content)
            if taken.sent and not contains(taken.sent, needles) and mask_named(taken.sent) == taken.sent:
                replace_file(place / SENT_PAGE, taken.sent)
                captures[SENT_PAGE] = ["text/html", {"made": "by the platform; as it was sent, unaltered"}]
        replace_file(place / str(origin["file"]), taken.content)
        replace_file(place / "origin.json", json.dumps(origin).encode())  # the last: without it there is nothing
        return None

    def holds_secret(self, content: bytes, needles: list[Needle]) -> bool:
        """Whether a document holds a secret of this browser, as bytes or in its text."""
        text = self.reader.read_all(content).text if is_pdf(content) else ""
        return contains(content, needles) or contains(text.encode(), needles)

    def set_apart(self, name: str, content: bytes) -> str:
        """Keep an unaltered document out of the archive."""
        self.quarantine.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest = sha256(content).hexdigest()[:12]
        path = self.quarantine / f"attended-{digest}{re.sub(r'[^.a-z0-9]', '', Path(name).suffix.lower())}"
        replace_file(path, content)
        return f"it contains a secret of this browser; it is kept apart, unaltered, as {path.name} in state/quarantine"

    def log(self, folder: Path) -> None:
        """What the person's pages sent besides GET, for people who ask later; disposable."""
        if self.observation.sent:
            folder.mkdir(parents=True, exist_ok=True)
            lines = [json.dumps({"sent": each}) + "\n" for each in self.observation.sent]
            (folder / f"{self.folder.name}-attended.jsonl").write_text("".join(lines), "utf-8")


def _safe(name: str) -> str:
    """A file's name on any system, whatever the platform called it."""
    safe = re.sub(r"[^\w .()@+,-]|[\x00-\x1f]", "_", re.split(r"[/\\]", name)[-1]).strip(". ")[-100:]
    return safe if safe and not re.fullmatch(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", safe) else f"_{safe}"


def _address(url: str, needles: list[Needle]) -> str:
    return mask(mask_named(url.encode("utf-8", "replace")), needles).decode("utf-8", "replace")


# ---------------------------------------------------------------- at the end


def _archive(
    home: Home,
    vault: Vault,
    client: str,
    by: str,
    session: _Session,
    place: Path,
    reader: DocumentReader,
    say: Callable[[str], None],
) -> Report:
    """Archive what this session took, and what earlier ones left that were killed."""
    report = Report(client)
    report.warnings += session.observation.failures
    if session.downloads.is_dir() and any(session.downloads.iterdir()):
        say(f"The files that you downloaded are in {session.downloads}.")
    sessions = sorted(each for each in place.iterdir() if each.is_dir())
    if not sessions:
        return report
    with ExitStack() as stack:
        archive = stack.enter_context(_writing(home, vault, client, say))
        catalogue = stack.enter_context(Catalogue(home.catalogue(client)))
        spool = stack.enter_context(spooling(home.state / "import" / client))
        if archive.reader.ledger.exists():
            catalogue.catch_up(Archive(home.archive(client)), reader)
        look = _Looking(session, reader, unasked if home.settings.replay else DnsLookup(), spool)
        files = [seen for each in sessions for seen in look(each)]
        order = Import(
            by=by, at=datetime.now(UTC), content=spool.content, preview=spool.preview, source="attended",
            prefix=ATTENDED_PREFIX, origins=look.origins, captures=look.captures.__getitem__,
            mask=lambda content: mask(content, session.needles),
        )  # fmt: skip
        settle(home, report, files, archive, order, catalogue, reader)
        for each in sessions:
            shutil.rmtree(each)
    return report


@contextmanager
def _writing(home: Home, vault: Vault, client: str, say: Callable[[str], None]) -> Iterator[ArchiveWriter]:
    """The archive for writing, once another command that writes to it has ended."""
    deadline, told = time.monotonic() + BUSY, False
    with ExitStack() as stack:
        while True:
            try:
                archive = stack.enter_context(writing(home, vault, client))
                break
            except ArchiveBusy:
                if time.monotonic() > deadline:
                    raise
                if not told:
                    say("Another command is writing to this archive; waiting until it ends.")
                    told = True
                time.sleep(AGAIN)
        yield archive


@dataclass
class _Looking:
    """Recognises what a session took; remembers where each file is from, and what shows a marked page."""

    session: _Session
    reader: DocumentReader
    lookup: Lookup
    spool: Spool
    origins: dict[str, Origin] = field(default_factory=dict)
    captures: dict[str, Sequence[Document]] = field(default_factory=dict)

    def __call__(self, folder: Path) -> Iterator[Seen]:
        for place in sorted(folder.iterdir()):
            if not (place / "origin.json").exists():  # killed while it was written
                continue
            told = json.loads((place / "origin.json").read_bytes())
            at = parse_iso(told["at"])
            assert isinstance(at, datetime)
            origin = Origin(how=told["how"], url=told["url"], method=told["method"], retrieved_at=at)
            if told["how"] == "marked":
                yield self._page(place, told, origin)
                continue
            for item in walk([place / told["file"]]):
                yield self._file(item, origin)

    def _file(self, item: Item | Refused, origin: Origin) -> Seen:
        if isinstance(item, Refused):
            return Seen(path=item.path, sha256="", size=0, what="other", refused=item.reason)
        if item.content and self.session.holds_secret(item.content, self.session.needles):
            why = self.session.set_apart(item.name, item.content)
            return Seen(path=item.path, sha256=item.sha256, size=item.size, what="other", refused=why)
        seen = recognise(item, self.reader, self.lookup, ocr_by(self.reader))
        if seen.what in _PAPERS:
            seen = replace(seen, sign=True)  # a person fetched it here: kept, whether a reader knows it or not
        self.origins.setdefault(seen.sha256, origin)
        self.spool.take(seen, item.content if seen.keep else None)
        return replace(seen, preview=None)

    def _page(self, place: Path, told: Mapping[str, Any], origin: Origin) -> Seen:
        documents = [
            Document(name=name, kind=DocumentKind.CAPTURE, content=(place / name).read_bytes(), media_type=media_type,
                     url=origin.url, retrieved_at=origin.retrieved_at, notes=notes)
            for name, (media_type, notes) in told["captures"].items()
        ]  # fmt: skip
        warc = next(each.content for each in documents if each.name.endswith(".gz"))
        seen = Seen(path=origin.url, sha256=sha256(warc).hexdigest(), size=len(warc), what="page",
                    media_type="text/html", sign=True, marked=True)  # fmt: skip
        for each in documents:
            if why := self._refusal(each):
                return replace(seen, refused=f"{each.name}: {why}")
        html = (place / told["file"]).read_bytes()
        text = self.reader.page(html.decode("utf-8", "replace")).text
        item = Item(path="page.html", size=len(html), sha256=seen.sha256, content=html)
        paper = page_by(self.reader, html.decode("utf-8", "replace"), origin.url)
        paper = paper or recognise(item, self.reader, self.lookup, ocr_by(self.reader)).paper
        platform = next(iter(marked(web_host(origin.url))), None)
        named = tuple(each for each in names(origin.url) if each.asset_id)
        self.origins[seen.sha256], self.captures[seen.sha256] = origin, documents
        return replace(
            seen,
            paper=paper,
            named=named,
            platform=platform,
            dated=origin.retrieved_at.date(),
            words=frozenset(_WORD.findall(text)),
        )

    def _refusal(self, document: Document) -> str | None:
        """Secrets that became known after a page was captured are looked for, too."""
        return refusal(document.content, self.session.needles, self.reader)
