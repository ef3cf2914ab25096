"""A desk whose home is a copy of one elsewhere: it follows the others, and hands over what its visitors change.

Before a request it brings in what others changed. When a changing request has been answered, and before the visitor
sees that, what it changed is handed over. If somebody else changed the same, the visitor is told instead of thanked.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archiver.core.errors import ArchiverError, ChangedMeanwhile
from archiver.desk.refusals import refused
from archiver.home.shared_copy import SharedCopy, copy_of

FRESH_S = 2.0  # so old may be what a reading visitor sees
INTERVAL_S = 10.0  # between two hand-overs of what long work changes


def following_others(app: ASGIApp, root: Path) -> ASGIApp:
    """The application, kept like the home that `root` is a copy of; unchanged for a home of its own."""
    copy = copy_of(root)
    if copy is None:
        return app
    threading.Thread(target=_keep_going, args=(root, copy), name="shared home", daemon=True).start()
    return SharedDesk(app, copy)


def _keep_going(root: Path, copy: SharedCopy) -> None:
    """Hand over and bring in from time to time, for long work, until the folder is no copy any more."""
    while True:
        time.sleep(INTERVAL_S)
        if copy_of(root) is not copy:
            return
        _or_report(copy.push)
        _or_report(copy.pull)


@dataclass
class SharedDesk:
    """Middleware. `pulled_at` is on the monotonic clock."""

    app: ASGIApp
    copy: SharedCopy
    pulled_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self.app(scope, receive, send)
            return
        changing = scope["method"] not in ("GET", "HEAD")
        lost = await asyncio.to_thread(self._pull, 0.0 if changing else FRESH_S)
        if not changing:
            await self.app(scope, receive, send)
            return
        refusal: ASGIApp | None = None

        async def sent(message: Message) -> None:
            nonlocal refusal
            if message["type"] == "http.response.start":
                status = await asyncio.to_thread(self._push, lost)
                if status:
                    refusal = refused(Request(scope), status, key="error_409" if status == 409 else "")
                    await refusal(scope, receive, send)
            if refusal is None:
                await send(message)

        await self.app(scope, receive, sent)

    def _pull(self, fresh_s: float) -> int:
        """Bring in what others changed. Returns how often changes were lost until now."""
        with self._lock:
            if time.monotonic() - self.pulled_at >= fresh_s:
                _or_report(self.copy.pull)  # away for a while: the pages show what is here
                self.pulled_at = time.monotonic()
        return self.copy.losses()

    def _push(self, lost: int) -> int:
        """Hand over. Returns the status of a refusal, or 0. `lost`: the losses when the request began."""
        try:
            self.copy.push()
        except ChangedMeanwhile:
            return 409
        except ArchiverError as error:
            print(f"desk: {error}", file=sys.stderr)
            return 503
        return 409 if self.copy.losses() != lost else 0


def _or_report(step: Callable[[], None]) -> None:
    try:
        step()
    except ArchiverError as error:
        print(f"desk: {error}", file=sys.stderr)
