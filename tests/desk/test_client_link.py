"""What a client's link cannot see, it cannot search either: not even by what a search leaves out or puts first."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from archiver.archive.checking.parts.archive_words import LEDGER
from archiver.claims.claim_files import Claim, save
from archiver.desk.auth import Links
from archiver.reading.letters import LetterKind
from tests.support.claims_kit import jpeg
from tests.support.desk_kit import INSIDE_WORDS, Person, Served
from tests.support.pictures import scene

type Sign = Callable[..., Person]

PAGE = "https://qqxq.invalid/zzvyx"  # words that no licence has


@pytest.fixture
def guest(served: Served, person: Sign) -> Person:
    guest = person()
    assert guest.get(f"/link/{Links(served.agency.home.state).made('acme', 7)[0]}").status_code == 200
    return guest


def found(answer: httpx.Response) -> list[str]:
    """The licences of a page of results, in their order."""
    return list(dict.fromkeys(re.findall(r'href="(/licence/[^"?]+)"', answer.text)))


def test_seats_accounts_jobs_and_receipts_are_found_by_people_and_by_no_clients_link(
    served: Served, person: Sign, guest: Person
) -> None:
    olaf, place = person("Olaf Operator"), served.place("inside")
    for word in INSIDE_WORDS:
        assert place in found(olaf.get(f"/find?q={word}")), word
        assert found(guest.get(f"/find?q={word}")) == [], word
        shown = guest.get(place)
        assert shown.status_code == 200 and word not in shown.text
        for query in ("Picture {}", "9006 {}", "{} certificate", "licensee {}", "{}9"):
            told, nonsense = (found(guest.get(f"/find?q={query.format(each)}")) for each in (word, "qqxqzzy"))
            assert told == nonsense, (query, word)
    for word in ("9006", "Acme", "certificate.txt", "standard", "PO-9006"):  # what it shows
        assert place in found(guest.get(f"/find?q={word}")), word


def test_the_log_names_a_link_by_its_client_and_in_the_visitors_language(
    served: Served, person: Sign, guest: Person
) -> None:
    guest.get("/link/none")
    log = person("Olaf Operator").get("/audit", **{"accept-language": "de"}).text
    assert "Kunden-Link von Acme Ltd" in log and re.search(r"wurde abgewiesen</td><td>Kunden-Link ", log)


def test_a_clients_link_finds_nothing_by_a_claim_and_no_comps(served: Served, person: Sign, guest: Person) -> None:
    claim = Claim(
        claim="acme-0b0b0b0b", client="acme", kind=LetterKind.DEMAND, licences=(served.folders["harbour"],),
        urls=(PAGE,), confirmed=True,
    )  # fmt: skip
    save(served.agency.home, claim)
    olaf = person("Olaf Operator")
    assert found(olaf.http.get("/find", params={"q": PAGE})) == [served.place("harbour")]
    answer = guest.http.get("/find", params={"q": PAGE})
    assert found(answer) == [] and "No licence found" in answer.text and "Nothing is archived" not in answer.text
    for somebody, sees in ((olaf, True), (guest, False)):
        picture = {"file": ("x.jpg", jpeg(scene(66)), "image/jpeg")}
        answer = somebody.post("/find/file", files=picture)
        assert answer.status_code == 303
        page = somebody.get(answer.headers["location"])
        assert (served.place("comp") in found(page)) is sees
        sheet = somebody.get(f"{answer.headers['location']}/0.png")
        assert sees or sheet.status_code == 404 or served.place("comp") not in page.text
        assert "warning" not in page.text.lower() or sees


def test_a_clients_link_is_not_told_what_is_wrong_with_the_machine(served: Served, guest: Person) -> None:
    ledger = served.agency.home.archive("acme") / LEDGER
    moved = ledger.rename(ledger.with_suffix(".away"))
    ledger.mkdir()
    try:
        for path in (served.place("harbour"), "/client/acme", "/find?q=9001"):
            answer = guest.get(path)
            assert answer.status_code == 503 and str(served.agency.home.root) not in answer.text, path
            assert "ask your agency" in answer.text, path
    finally:
        ledger.rmdir()
        moved.rename(ledger)
