"""Letters that came by mail, without a mailbox: whose they are, which of them are the same, and what is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.agency.mailed_letters import claim_of_letter, letter_alerts, mails_of, search_pictures
from archiver.claims.claim_entry import add
from archiver.claims.claim_files import all_claims, load
from archiver.collect.sources import ReceivedLetter
from tests.support.agency import Agency, agency, preview, record
from tests.support.claims_kit import jpeg, licence
from tests.support.imap_server import mail
from tests.support.letter_texts import ABMAHNUNG, COPYTRACK
from tests.support.pictures import scene


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Agency]:
    with agency(tmp_path) as made:
        yield made


def letter(content: bytes, client: str = "acme") -> ReceivedLetter:
    return ReceivedLetter(
        client=client, source=f"{client}-mail", place=f"{client}-mail/INBOX/1", content=content, received=None,
        origin={"dkim": "pass: copytrack.com"},
    )  # fmt: skip


def test_the_same_letter_is_one_claim_and_a_person_confirms_it(office: Agency) -> None:
    home = office.home
    first = claim_of_letter(home, letter(mail("a@copytrack.com", "Fall X7K2P9", COPYTRACK), "house"))
    assert load(home, first).client == "acme"  # whose site it names
    assert claim_of_letter(home, letter(mail("a@copytrack.com", "Fall X7K2P9", COPYTRACK), "house")) == first
    reminder = mail("a@copytrack.com", "Reminder", f"We wrote before.\n{COPYTRACK}")
    assert claim_of_letter(home, letter(reminder)) == first and len(mails_of(home, first)) == 2
    other = claim_of_letter(home, letter(mail("k@example.org", "Az.", ABMAHNUNG)))
    assert other != first and len(all_claims(home)) == 2
    assert sorted(each.subject for each in letter_alerts(home)) == sorted((first, other))
    folder = home.root / "work" / first
    assert add(home, "acme", folder / "letter.eml", {}, accept=True).claim == first
    assert ["further mail" in each.message for each in letter_alerts(home) if each.subject == first] == [True]


@pytest.mark.long  # the matcher takes seconds to start
def test_the_pictures_of_a_letter_are_searched_for(office: Agency) -> None:
    office.archive("acme", (licence("9001"), [record(), preview(jpeg(scene(22)))]))
    content = mail("a@copytrack.com", "Fall X7K2P9", COPYTRACK, attachments=[("your-use.jpg", jpeg(scene(22)))])
    name = claim_of_letter(office.home, letter(content))
    assert search_pictures(office.home) == []
    claim = load(office.home, name)
    assert len(claim.licences) == 1 and claim.probable == claim.licences and not claim.confirmed
    assert "9001" in next(letter_alerts(office.home)).message and mails_of(office.home, name)[0]["searched"]
