"""Long work at the desk: each step is an event, a person stops it, and nothing starts beside it."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from archiver.core.errors import ArchiveBusy
from archiver.desk.background_job import Work
from tests.support.desk_in_process import desk_on
from tests.support.homes import Home


def until(holds: object, timeout_s: float = 30) -> None:
    end = time.monotonic() + timeout_s
    while not holds():  # type: ignore[operator]  # a function
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("awaits", [True, False])
def test_work_is_stopped_at_its_next_step_and_says_so(awaits: bool) -> None:
    work, cleaned = Work(), threading.Event()

    async def job() -> None:
        try:
            for number in range(100_000):
                work.step("acme", number, None)
                await asyncio.sleep(60 if awaits else 0)
        finally:
            cleaned.set()

    work.begin("hand-over", "acme", job)
    until(lambda: work.done)
    with pytest.raises(ArchiveBusy):
        work.begin("close", "one", job)
    work.stop()
    until(lambda: not work.going)
    assert (work.stopped, work.error, work.result, cleaned.is_set()) == (True, "", None, True)

    async def well() -> int:
        return 7

    work.begin("close", "one", well)
    until(lambda: not work.going)
    assert (work.stopped, work.result, work.done) == (False, 7, {})
    work.stop()  # too late, which is no fault
    assert not work.stopping


def test_each_step_is_an_event_until_the_end(ran: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk_on(ran, monkeypatch) as desk:
        owner, rita = desk.person(), desk.person("Rita Reader", "read")
        steps = desk.work

        async def job() -> None:
            steps.progress("acme", 1, 3)
            await asyncio.sleep(60)

        steps.begin("close", "one", job, place="/account/one")
        told = threading.Thread(target=lambda: seen.append(owner.get("/progress/events").text))
        seen: list[str] = []
        told.start()
        page = rita.get("/accounts").text
        assert 'data-events="/progress/events"' in page and "/progress/stop" not in page
        assert "The account is read a last time" in rita.get("/find").text  # where else it goes on
        page = owner.get("/account/one").text
        assert 'http-equiv="refresh"' in page and 'action="/progress/stop"' in page and " disabled" in page
        assert rita.post("/progress/stop").status_code == 403
        assert owner.post("/progress/stop").headers["location"] == "/account/one"
        told.join(60)
        assert "event: progress" in seen[0] and "1 / 3" in seen[0] and seen[0].count("event: end") == 1
        assert "Stopped" in seen[0] and "What is archived stays" in owner.get("/account/one").text
