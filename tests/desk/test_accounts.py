"""Accounts that run from the desk, with what is told of it while it goes on."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from archiver.config import Home as Loaded
from archiver.vault import Vault
from tests.desk.conftest import Person, started
from tests.homes import Home
from tests.proof.agency import Agency


def test_an_account_runs_now_and_says_how_far_it_is(ran: Home) -> None:
    key = Path(ran.env["ARCHIVER_KEY_FILE"]).read_text().strip()
    process, link = started(Agency(ran, Vault(ran.root / "vault.enc", key)))
    try:
        with httpx.Client(base_url=link.partition("/enter/")[0], timeout=60) as http:
            owner = Person(http)
            assert owner.get(link).status_code == 200
            [account] = Loaded.load(ran.root).accounts()
            assert owner.post("/accounts/run", {"account": account.name}).status_code == 303
            until = time.monotonic() + 90
            while "The run is over" not in (told := owner.get("/accounts/progress").text):
                assert time.monotonic() < until, told
                time.sleep(0.2)
            assert "complete" in told
            assert "already there" in told
            assert owner.post("/accounts/run", {"account": "nobody"}).status_code == 409
    finally:
        process.terminate()
        process.communicate(timeout=20)
