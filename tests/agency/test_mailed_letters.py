"""Letters that came by mail, without a mailbox: whose they are, which of them are the same, and what is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.agency.mailed_letters import MailedLetters, letter_alerts, mails_of, search_pictures
from archiver.claims.claim_entry import add
from archiver.claims.claim_files import all_claims, load
from archiver.collect.mail_selection import MailUse, choose, header_field, split
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
    first = MailedLetters(home).open_claim(letter(mail("a@copytrack.com", "Fall X7K2P9", COPYTRACK), "house"))
    assert load(home, first).client == "acme"  # whose site it names
    assert MailedLetters(home).open_claim(letter(mail("a@copytrack.com", "Fall X7K2P9", COPYTRACK), "house")) == first
    reminder = mail("a@copytrack.com", "Reminder", f"We wrote before.\n{COPYTRACK}")
    assert MailedLetters(home).open_claim(letter(reminder)) == first and len(mails_of(home, first)) == 2
    other = MailedLetters(home).open_claim(letter(mail("k@example.org", "Az.", ABMAHNUNG)))
    assert other != first and len(all_claims(home)) == 2
    assert sorted(each.subject for each in letter_alerts(home)) == sorted((first, other))
    folder = home.root / "work" / first
    assert add(home, "acme", folder / "letter.eml", {}, accept=True).claim == first
    assert ["further mail" in each.message for each in letter_alerts(home) if each.subject == first] == [True]


def test_a_further_mail_about_a_claim_joins_it(office: Agency) -> None:
    letters = MailedLetters(office.home)
    first = letters.open_claim(letter(before := mail("k@example.org", "Az. 123/26-AB", ABMAHNUNG)))
    [marks] = letters.claims_of("house")
    answered = header_field(split(before)[0], "message-id")
    further = [
        mail("k@example.org", "Erinnerung: unser Zeichen 123/26 - AB", "Wir warten."),
        mail("b@example.net", "Frist", "In der Sache 123/26-AB l\u00e4uft die Frist morgen ab."),
        mail("k@example.org", "Frist", "Wir warten.", In_Reply_To=answered),
        mail("k@example.org", "Frist", "Gut.", References=f"<a@example.org> {answered}"),
    ]
    for each in further:
        assert choose(each).use is MailUse.NONE and choose(each, claims=[marks]).use is MailUse.LETTER
        assert letters.open_claim(letter(each, "house")) == first
    assert len(mails_of(office.home, first)) == 1 + len(further)
    assert choose(mail("a@example.org", "99123/26-AB, 123/26-ABC"), claims=[marks]).use is MailUse.NONE
    assert choose(mail("a@example.org", "123/26-AB", X_Archiver="message"), claims=[marks]).use is MailUse.NONE
    other = letters.open_claim(letter(mail("a@copytrack.com", "Fall", f"Wie 123/26-AB.\n{COPYTRACK}")))
    assert other != first and letters.claims_of("nobody") == []


@pytest.mark.long  # the matcher takes seconds to start
def test_the_pictures_of_a_letter_are_searched_for(office: Agency) -> None:
    office.archive("acme", (licence("9001"), [record(), preview(jpeg(scene(22)))]))
    content = mail("a@copytrack.com", "Fall X7K2P9", COPYTRACK, attachments=[("your-use.jpg", jpeg(scene(22)))])
    name = MailedLetters(office.home).open_claim(letter(content))
    assert search_pictures(office.home) == []
    claim = load(office.home, name)
    assert len(claim.licences) == 1 and claim.probable == claim.licences and not claim.confirmed
    assert "9001" in next(letter_alerts(office.home)).message and mails_of(office.home, name)[0]["searched"]
