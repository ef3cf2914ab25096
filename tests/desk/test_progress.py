"""Long work at the desk: each step is an event, a person stops it, and nothing starts beside it."""

from __future__ import annotations

import asyncio
import io
import threading
import time
import zipfile
from dataclasses import replace

import pytest

from archiver.claims import claim_files
from archiver.core.errors import ArchiveBusy
from archiver.desk import background_job
from archiver.desk.background_job import Work
from tests.support import papers
from tests.support.claims_kit import CLAIM, jpeg
from tests.support.desk_in_process import desk_on
from tests.support.homes import Home
from tests.support.pictures import scene


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
        assert "The account is read one last time" in rita.get("/find").text  # where else it goes on
        page = owner.get("/account/one").text
        assert 'http-equiv="refresh"' in page and 'action="/progress/stop"' in page and " disabled" in page
        assert rita.post("/progress/stop").status_code == 403
        assert owner.post("/progress/stop").headers["location"] == "/account/one"
        told.join(60)
        assert "event: progress" in seen[0] and "1 / 3" in seen[0] and seen[0].count("event: end") == 1
        assert "Stopped" in seen[0] and "What is archived stays" in owner.get("/account/one").text


class Gate:
    """Holds each step of a page's work until it is opened, so that a test can stop the work in the middle."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.open, step = threading.Event(), threading.Event(), Work.step

        def held(work: Work, *said: object) -> None:
            self.reached.set()
            assert self.open.wait(60)
            step(work, *said)  # type: ignore[arg-type]  # as they were said

        monkeypatch.setattr(Work, "step", held)


def test_a_proof_shows_its_steps_can_be_stopped_and_leaves_the_earlier_one(
    ran: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk_on(ran, monkeypatch) as desk:
        owner, home = desk.person(), desk.home
        licence = ran.json("find")[0]["licence"]
        claim = replace(CLAIM, claim="acme-proof", confirmed=True, licences=(licence,), first_seen=None)
        claim_files.save(home, claim)
        place, folder = f"/claim/{claim.claim}", claim_files.folder(home, claim.claim)
        assert owner.post(f"{place}/pack", {"language": "en"}).status_code == 303
        before = (folder / "proof.zip").read_bytes()
        assert "data-events" not in owner.get(place).text

        gate = Gate(monkeypatch)
        monkeypatch.setattr(background_job, "QUICK_S", 0)
        assert owner.post(f"{place}/pack", {"language": "de"}).headers["location"] == place
        assert gate.reached.wait(60)
        page = owner.get(place).text
        assert f'data-events="/progress/events?of={place.replace("/", "%2F")}"' in page and "The proof is made" in page
        busy = owner.post(f"{place}/pack", {"language": "de"})
        assert busy.status_code == 503 and "busy" in busy.text
        assert owner.post("/progress/stop", {"of": place}).headers["location"] == place
        gate.open.set()
        work = desk.desk.works.of(place)
        assert work and work.wait(60) and work.stopped
        assert "No new proof was made" in owner.get(place).text
        assert (folder / "proof.zip").read_bytes() == before and not list(folder.glob(".*"))
        assert owner.get("/progress/events?of=/claim/none").status_code == 404


def test_an_import_is_stopped_and_goes_on_where_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home("client", "add", "acme", "--name", "Acme Ltd")
    with desk_on(home, monkeypatch) as desk:
        owner = desk.person()
        sent = owner.post("/arrivals", {"x": ""}, files=[("file", paper(number)) for number in (1, 2)])
        place = sent.headers["location"]
        assert owner.post(f"{place}/look", {"client": "acme", "file": ["0", "1"]}).status_code == 303
        assert f"{place}/import" in owner.get(place).text

        gate = Gate(monkeypatch)
        monkeypatch.setattr(background_job, "QUICK_S", 0)
        assert owner.post(f"{place}/import").status_code == 303
        assert gate.reached.wait(60)
        page = owner.get(place).text
        assert "The files are read and archived" in page and f"{place}/import" not in page
        assert owner.post("/progress/stop", {"of": place}).status_code == 303
        gate.open.set()
        work = desk.desk.works.of(place)
        assert work and work.wait(60) and work.stopped
        assert f"{place}/import" in owner.get(place).text  # the choice is kept

        monkeypatch.setattr(background_job, "QUICK_S", 60)
        assert owner.post(f"{place}/import").status_code == 303
        assert "Archived for Acme Ltd" in owner.get(place).text
        assert len(home.json("find")) == 2


@pytest.mark.long  # stopped in the journeys
def test_many_files_are_looked_at_step_by_step_and_whoever_sent_them_stops_that(
    ran: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [("file", (f"{number}.txt", f"Letter {number} about nothing".encode())) for number in range(5)]
    with desk_on(ran, monkeypatch) as desk:
        rita = desk.person("Rita Reader", "read")
        gate = Gate(monkeypatch)
        monkeypatch.setattr(background_job, "QUICK_S", 0)
        place = rita.post("/arrivals", {"x": ""}, files=letters).headers["location"]
        assert gate.reached.wait(60)
        page = rita.get(place).text
        assert "The desk looks at the files" in page and "5 files arrived" in page and f'"{place}/stop"' in page
        assert f'data-events="/progress/events?of={place.replace("/", "%2F")}"' in page
        assert rita.post(f"{place}/search", {"number": "0"}).status_code == 404  # nobody knows yet what it is
        assert desk.person("Olaf Operator", "operate").post(f"{place}/stop").status_code == 404
        assert rita.post(f"{place}/stop").headers["location"] == place
        gate.open.set()
        work = desk.desk.works.of(place)
        assert work and work.wait(60) and work.stopped
        page = rita.get(place).text
        assert "Nothing of these files was kept" in page and "files arrived" not in page and 'type="file"' in page

        papers_in_zip = io.BytesIO()
        with zipfile.ZipFile(papers_in_zip, "w") as inside:
            for name, content in map(paper, (1, 2, 3)):
                inside.writestr(name, content)
        letters.append(("file", ("papers.zip", papers_in_zip.getvalue())))
        again = rita.post("/arrivals", {"x": ""}, files=letters).headers["location"]
        assert (seen := rita.get(f"/progress/events?of={again}").text).count("event: end") == 1 and "6 / 6" in seen
        assert "Files in zips and mails: 3" in seen
        assert "Nothing to do with these" in rita.get(again).text

        alone = rita.post("/arrivals", {"x": ""}, files={"file": ("seen.jpg", jpeg(scene(22)))}).headers["location"]
        rita.get(f"/progress/events?of={alone}")  # until the desk knows that it is a picture
        assert rita.get(alone).headers["location"].startswith("/find/picture/")

        for most in ("MAX_GOING", "MAX_ALIKE"):  # many others work, or send files: nobody sends them again
            with monkeypatch.context() as crowd:
                crowd.setattr(background_job, most, 0)
                crowded = rita.post("/arrivals", {"x": ""}, files=letters).headers["location"]
            assert "Nothing to do with these" in rita.get(crowded).text


def paper(number: int) -> tuple[str, bytes]:
    sample = papers.market_later(number)
    return f"{number}-{sample.name}.pdf", sample.pdf()
