"""Accounts that run from the desk, with what is told of it while it goes on, and people who look around meanwhile."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from threading import Event

import httpx
import pytest

from archiver.agency.status import AccountStatus, coverage
from archiver.catalogue.archives import writing
from archiver.core import errors
from archiver.desk.template_filters import trouble
from archiver.desk.translations import words
from archiver.home.settings import Home as Loaded
from archiver.home.settings_edit import add_account
from archiver.home.vault import Vault
from tests.support.agency import Agency, agency
from tests.support.desk_kit import Person, serving, started
from tests.support.homes import Home


@pytest.mark.long  # shorter: test_progress.py, test_manage_account.py
def test_an_account_runs_now_and_says_how_far_it_is_while_others_read(ran: Home) -> None:
    key = Path(ran.env["ARCHIVER_KEY_FILE"]).read_text().strip()
    process, link = started(Agency(ran, Vault(ran.root / "vault.enc", key)))
    over = Event()
    try:
        with httpx.Client(base_url=link.partition("/enter/")[0], timeout=60) as http, ThreadPoolExecutor(3) as people:
            owner = Person(http)
            assert owner.get(link).status_code == 200
            [account] = Loaded.load(ran.root).accounts()

            def look_around() -> set[int]:
                seen = set()
                for path in cycle(("/", "/find?q=picture", "/client/acme", "/accounts", "/claims", "/unassigned")):
                    seen.add(http.get(path).status_code)
                    if over.wait(0.5):
                        return seen
                raise AssertionError

            assert owner.post("/accounts/run", {"account": account.name}).status_code == 303
            looking = [people.submit(look_around) for _ in range(3)]
            until = time.monotonic() + 90
            while "The run has ended" not in (told := owner.get("/progress/events").text):
                assert time.monotonic() < until, told
                time.sleep(0.3)
            over.set()
            assert set().union(*(each.result() for each in looking)) == {200}
            assert "complete" in told
            assert "already there" in told
            assert owner.post("/accounts/run", {"account": "nobody"}).status_code == 409
    finally:
        over.set()
        process.terminate()
        process.communicate(timeout=20)


def test_what_ends_an_account_is_named_in_a_persons_words() -> None:
    for error in (errors.ConfigError, errors.MachineRefused, errors.AdapterBroken, errors.Withheld):
        stands = AccountStatus(
            client="acme", account="one", provider="istock", configured=True, closed=False, last_run="2026-11-25",
            last_complete=None, outcome="failed", error=error.__name__, coverage=coverage([]), unexplained=0,
            next_full=None,
        )  # fmt: skip
        assert all(error.__name__ not in trouble(words(each), stands) for each in ("en", "de"))


def test_today_gives_no_date_of_a_client_some_of_whose_accounts_were_never_read(tmp_path: Path) -> None:
    with agency(tmp_path) as at:
        for name in ("acme-read", "acme-new"):
            add_account(at.home.root, name, client="acme", provider="shutterstock")
        with writing(at.home, at.vault, "acme") as archive:
            archive.append(
                "run", account="acme-read", provider="shutterstock", sweep="full", outcome="complete", error=None,
                listed=0, archived=0, total=0, incomplete=0, unexplained=0,
            )  # fmt: skip
        with serving(at) as desk, httpx.Client(base_url=desk.base, timeout=60) as http:
            assert http.get(desk.key).status_code in (200, 303)
            told = http.get("/client/acme").text
            assert "last read completely on" in told
            told = http.get("/").text
    assert "1 account or source never read completely" in told and "last read completely on" not in told
