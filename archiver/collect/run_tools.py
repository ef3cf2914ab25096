"""The tools that all accounts of a run share: a browser, document readers, pacing, perhaps a replay."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from archiver.browsing.browser_pool import Browsers
from archiver.browsing.pacing import Pacing
from archiver.browsing.recording import Recording
from archiver.browsing.replay import Replay
from archiver.browsing.request_pipeline import ExchangeListener
from archiver.home.connections import network_of
from archiver.home.network import Network
from archiver.home.settings import Home
from archiver.provider import Rules
from archiver.reading.worker import DocumentReader


@dataclass
class RunTools:
    """What all accounts of a process share: one browser, one pool of document readers, one pacing, perhaps a replay.

    `hear` is told of every exchange.
    """

    browsers: Browsers
    reader: DocumentReader
    pacing: Pacing
    network: Network
    replay: Replay | None = None
    hear: ExchangeListener | None = None

    async def network_for(self, recording: Recording | None, rules: Rules) -> Network:
        """The network on which a recording is replayed, or the real one."""
        return (await self.replay.serve(recording, rules)).network if recording and self.replay else self.network


@asynccontextmanager
async def open_tools(
    home: Home,
    *,
    replay: bool,
    headless: bool = True,
    hear: ExchangeListener | None = None,
    max_wait_s: float = math.inf,
) -> AsyncIterator[RunTools]:
    """Open the shared tools; the browser itself starts when an account first needs one.

    `max_wait_s`: how long a page may take to show something, for pages that are saved ones.
    """
    settings = home.settings
    async with AsyncExitStack() as stack:
        network = network_of(home)
        replaying = await stack.enter_async_context(Replay()) if replay else None
        if replaying:
            network = Network(ca_file=replaying.ca_file)
        reader = stack.enter_context(DocumentReader())
        browsers = await stack.enter_async_context(
            Browsers(network, headless=headless, hear=hear, max_wait_s=max_wait_s)
        )
        pacing = Pacing(settings.pacing.default, settings.pacing.hosts, off=replay)
        yield RunTools(browsers, reader, pacing, network, replaying, hear)
