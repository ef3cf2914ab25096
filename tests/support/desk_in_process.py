"""The desk's application in the test's own process: the same pages without a server, in a few milliseconds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import httpx
import pytest
from starlette.testclient import TestClient

from archiver.desk import background_job
from archiver.desk.auth import AccessControl, Users
from archiver.desk.desk_state import Desk, Site
from archiver.desk.serve import application_of
from archiver.home.settings import Home
from tests.support.desk_kit import PASSWORD, Person
from tests.support.homes import Home as HomeOnDisk

HOST = "127.0.0.1:8737"


class DeskInProcess:
    """A desk on a home; `person` signs a user in by name, and without a name whoever sits at the machine."""

    def __init__(self, root: Path, key: str) -> None:
        self.home = Home.load(root)
        self.access = AccessControl(root, self.home.state)
        self.desk = Desk(root, Site(hosts=frozenset({HOST})), self.access, vault_key=key)
        self.work = self.desk.work
        self._app = application_of(self.desk)
        self._first = TestClient(self._app, base_url=f"http://{HOST}")
        self._first.__enter__()

    def person(self, name: str = "", role: str = "") -> Person:
        someone = self.stranger()
        if name:
            if role:
                Users(self.home.root).add(name, role, PASSWORD)
            assert someone.post("/sign-in", {"name": name, "password": PASSWORD}, token="").status_code == 200
        else:
            assert someone.get(f"/enter/{self.access.one_time_key()}").status_code == 200
        return someone

    def stranger(self) -> Person:
        """Somebody with a browser of their own; all share the desk's one event loop."""
        http = TestClient(self._app, base_url=f"http://{HOST}", follow_redirects=False)
        http.portal = self._first.portal
        return Person(cast("httpx.Client", http))  # it has the same methods

    def close(self) -> None:
        for work in (self.work, self.desk.works):  # so that a stream of its steps ends, too
            work.stop()
        self._first.__exit__(None, None, None)


@contextmanager
def desk_on(home: HomeOnDisk, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskInProcess]:
    """The desk on a home of tests, with that home's environment."""
    monkeypatch.setattr(background_job, "QUICK_S", 60)  # a page answers when its work is done, on slow machines too
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    desk = DeskInProcess(home.root, Path(home.env["ARCHIVER_KEY_FILE"]).read_text("utf-8").strip())
    try:
        yield desk
    finally:
        desk.close()


def ended(person: Person, wanted: Sequence[str], timeout_s: float = 90) -> str:
    """The last event of the desk's work, which must say all these texts."""
    until = time.monotonic() + timeout_s
    while "event: end" not in (told := person.get("/progress/events").text):
        assert time.monotonic() < until, told
    assert all(each in told for each in wanted), told
    return told
