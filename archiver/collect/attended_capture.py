"""`archiver capture`: a person works in our browser, and what they download and mark is archived as an import.

What was taken stays on the disk until the browser is closed. If a session is killed, the next one archives it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from archiver.browsing.attended_browser import Observation
from archiver.browsing.recording import Recording
from archiver.collect.attended_filing import archive_sessions
from archiver.collect.attended_session import AttendedRequest as AttendedRequest  # most ask for it here
from archiver.collect.attended_session import AttendedSession
from archiver.collect.import_report import ImportReport
from archiver.collect.run_tools import open_tools
from archiver.core.errors import ConfigError
from archiver.home.locks import exclusive
from archiver.home.network import web_host
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.provider import Rules
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

type Person = Callable[[BrowserContext], Awaitable[None]]
"""A test's person: works in the browser. When this returns, the browser counts as closed."""


async def capture_attended(
    home: Home,
    vault: Vault,
    request: AttendedRequest,
    say: Callable[[str], None],
    person: Person | None,
) -> ImportReport:
    """Open a browser for a person, and archive what they brought when they close it or press Ctrl-C.

    ConfigError without a screen, for an invalid address, or for a replay in a real home; ArchiveBusy if another command
    did not end in time: the next capture archives it then.
    """
    client, urls, replay = request.client, request.urls, request.replay
    home.client(client)
    home.check_replay(replay)
    if wrong := [url for url in urls if not web_host(url)]:
        raise ConfigError(f"{wrong[0]} is not a web address. Begin it with https://.")
    recording = Recording.load(replay) if replay else None
    place = home.state / "attended" / client
    with exclusive(place / "capture.lock"), DocumentReader() as reader:
        session = AttendedSession(place / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}", home.root / "downloads" / client,
                           home.state / "quarantine", reader)  # fmt: skip
        async with open_tools(home, replay=bool(replay), headless=request.headless) as shared:
            network = await shared.network_for(recording, Rules(allow=()))
            watching = shared.browsers.observe(network, session.take, keep=session.place_for, say=say)
            async with watching as session.observation:
                say("To end, close the browser or press Ctrl-C here. Alt+Shift+M archives the page that you see.")
                for url in urls or (None,):
                    await session.observation.open(url)
                with _interrupt() as stopped:
                    await _until(session.observation.closed(), stopped, person, session.observation)
        session.log(home.state / "runs")
        return await asyncio.to_thread(archive_sessions, home, vault, request, session, reader, say)


async def _until(
    closed: Awaitable[None], stopped: asyncio.Event, person: Person | None, observation: Observation
) -> None:
    """Wait until the person is done, in whichever way."""
    ends = [asyncio.ensure_future(person(observation.context))] if person else []
    ends += [asyncio.ensure_future(closed), asyncio.ensure_future(_set(stopped))]
    done, waiting = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()
    for each in done:
        each.result()


async def _set(event: asyncio.Event) -> None:
    await event.wait()


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
