"""The progress of the desk's long work: a stream of server-sent events, and the button that stops the work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response, StreamingResponse

from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.desk.background_job import Work

LOOK_EVERY_S = 0.3
STREAM_S = 600.0  # the browser then asks again by itself


def events(visit: PageRequest) -> Response:
    """The present job as a fragment of a page, again after each step; `end` is the last event."""
    _work(visit, visit.asked("of"))
    return StreamingResponse(_steps(visit), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _steps(visit: PageRequest) -> AsyncIterator[bytes]:
    desk, work, seen = visit.desk, _work(visit, visit.asked("of")), -1
    cookie = visit.request.cookies.get(desk.site.cookie)
    for _ in range(round(STREAM_S / LOOK_EVERY_S)):
        going, changes = work.going, work.changes
        if changes != seen or not going:
            seen = changes
            fragment = await desk.workers.run(visit.who, visit.page, "progress.html", work=work)
            text = json.dumps(bytes(fragment.body).decode("utf-8"))
            yield f"event: {'progress' if going else 'end'}\ndata: {text}\n\n".encode()
        if not going:
            return
        await asyncio.sleep(LOOK_EVERY_S)
        if not desk.access.sessions.known(cookie) or await visit.request.is_disconnected():
            return


def _work(visit: PageRequest, place: str) -> Work:
    """The work of the page at this address; without one, what reads platforms."""
    work = visit.desk.works.of(place) if place else visit.desk.work
    if work is None:
        raise HTTPException(404)
    return work


def stop(visit: PageRequest) -> Response:
    """Stop the job. What it has archived stays."""
    work = _work(visit, visit.given("of"))
    work.stop()
    visit.log_action("work stopped", work.account, work=work.what)
    return RedirectResponse(work.place, status_code=303)


ROUTES = [
    PageRoute("/progress/events", events, background=True),
    PageRoute("/progress/stop", stop, Role.OPERATE, post=True),
]
