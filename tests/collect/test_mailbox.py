"""A mailbox as a source, on a real IMAP server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.agency import Agency, agency
from tests.support.imap_server import PASSWORD, USER, ImapServer, imap_server, mail, missing
from tests.support.letter_texts import COPYTRACK
from tests.support.papers import licence

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "")

CANARY = "kanarienvogel-9731"


@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with imap_server() as running:
        yield running


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Agency]:
    with agency(tmp_path) as made:
        yield made


def test_a_mailbox_is_read(server: ImapServer, office: Agency) -> None:
    paper = licence("en", "istock", 1)
    server.put(
        [
            mail("iStock <receipts@istockphoto.com>", "Your licence", paper.text),
            mail("Ben <ben@example.net>", f"Lunch {CANARY}", f"At noon? {CANARY}"),
            mail("Claims <claims@copytrack.com>", "Berechtigungsanfrage", COPYTRACK),
        ]
    )
    before = server.state()
    done = office.run(
        "source", "add", "acme-mail", "--client", "acme", "--kind", "mailbox", "--host", "localhost",
        "--port", str(server.port), "--username", USER, "--ca-file", server.ca_file, "--secrets-stdin",
        stdin=f"password: {PASSWORD}\n",
    )  # fmt: skip
    print(done.stdout, done.stderr)
    done = office.run("run", "--source", "acme-mail", "--dry-run")
    print(done.stdout, done.stderr)
    done = office.run("run", "--source", "acme-mail", "--json")
    print(done.stdout, done.stderr)
    done = office.run("status")
    print(done.stdout)
    print(json.dumps(office.run.json("find"), indent=1)[:3000])
    done = office.run("claim", "list")
    print(done.stdout)
    print(before, server.state(), server.log())
    raise AssertionError
