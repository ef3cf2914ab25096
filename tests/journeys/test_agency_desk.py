"""A small agency's days at its desk, on a home that an earlier version made: each page, form and button of it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import lxml.html
import pyotp
import pytest

from tests.collect.test_more_papers import UNKNOWN
from tests.journeys.visitor import Desk, Visitor, desk_of, until
from tests.museum.test_museum import MUSEUM, unpacked
from tests.support.audited_site import AuditedSite
from tests.support.claims_kit import jpeg
from tests.support.companion_kit import SendingBrowser, capture
from tests.support.letter_texts import COPYTRACK, GETTY
from tests.support.papers import licence
from tests.support.pictures import scene

pytestmark = pytest.mark.journey

ADMIN = "Uma Admin"
AGAIN = "correct horse battery"
BY = "Ada Example"
NOTE = "Invoice of the photographer.\nharbour-8 for the spring campaign, all uses.\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    [kept] = [each for each in MUSEUM if each.name.startswith("agency-")]
    with desk_of(unpacked(kept, tmp_path_factory.mktemp("agency"))) as desk:
        yield desk


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """What the post brought."""
    for name, content in {
        "getty.txt": GETTY.encode(), "copytrack.txt": COPYTRACK.encode(), "note.txt": NOTE.encode(),
        "seen.jpg": jpeg(scene(22)),
        "licence.pdf": licence("en", "istock", 5).pdf(), "grant.txt": UNKNOWN.encode(),
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(content)
    return tmp_path


def links(page: str, pattern: str) -> list[str]:
    """The addresses on a page that fit a pattern."""
    found = lxml.html.fromstring(page).xpath("//a/@href")
    return [each for each in dict.fromkeys(found) if re.search(pattern, each)]


def awaited(visitor: Visitor, asked: httpx.Response, pattern: str) -> str:
    """A link that a page has once the work that was asked for is done."""
    place = str(asked.url)
    until(lambda: bool(links(visitor.get(place).text, pattern)))
    return links(visitor.get(place).text, pattern)[0]


def licences(desk: Desk, client: str) -> list[str]:
    return [each["licence"] for each in desk.home.json("find", "a", "--client", client, "--limit", "500")
            if each["client"] == client]  # fmt: skip


def test_every_page_opens(desk: Desk) -> None:
    for visitor in (desk.owner("de"), desk.person(ADMIN), desk.guest(desk.client_link("beta"))):
        walk = visitor.walk("/", "/find?q=a", most=5)
        assert not walk.faults, "\n".join(walk.faults)


def test_clients_come_change_and_go(desk: Desk) -> None:
    owner = desk.owner()
    owner.submit("/clients/new", "/clients/new$", name="Gamma AG", slug="gamma")
    owner.submit("/client/gamma/manage", "/name$", name="Gamma Group AG")
    owner.submit("/client/gamma/manage", "/remove$")
    assert "Gamma" not in owner.get("/").text
    asked = owner.submit("/client/beta/manage", "/hand-over$")
    assert owner.get(awaited(owner, asked, "/hand-over/")).content.startswith(b"PK")
    owner.submit("/client/acme", "/link$", days="7")
    owner.submit("/access", "/access/link$")


def test_licences_are_chosen_held_assigned_and_packed(desk: Desk) -> None:
    owner, names = desk.owner(), licences(desk, "house")[:2]
    chosen = owner.submit("/licences?client=house&view=table", "/licences/choose$", pick=names, query="client=house")
    place = chosen.url.path
    owner.submit(place, "/hold$", reason="Dispute 7", by=BY)
    owner.submit(place, "/undo$")
    asked = owner.submit(place, "/assign$", client="acme", reason="Job 9", by=BY)
    owner.submit(asked, "/assign$", agreed="1", client="acme", reason="Job 9", by=BY)
    owner.submit(place, "/undo$")
    owner.get(awaited(owner, owner.submit(place, "/proof$", language="en"), "/pack/"))
    walk = owner.walk(place, most=1)
    assert not walk.faults, "\n".join(walk.faults)
    page = f"/licence/{licences(desk, 'acme')[0]}"
    owner.submit(page, "/verify$")
    owner.submit(page, "/hold$", reason="letter", by=BY)
    owner.get(awaited(owner, owner.submit(page, "/proof$", language="de"), "/pack/"))


def test_unassigned_licences_get_a_client(desk: Desk) -> None:
    owner, name = desk.owner(), licences(desk, "house")[0]
    chosen: dict[str, Any] = {f"for {name}": "acme"}
    review = owner.submit("/unassigned", "/unassigned$", reason="Job 12", by=BY, **chosen)
    done = owner.submit(review, "/unassigned/review/", agreed="1")
    owner.submit(done, "/unassigned/undo/")


def test_a_picture_leads_to_its_licence_and_a_letter_to_one_of_the_house(desk: Desk, papers: Path) -> None:
    owner = desk.owner()
    for client, picture in (("acme", papers / "ours.jpg"), ("house", papers / "shared.jpg")):
        kept = next(desk.home.archive(client).rglob("preview.jpg"))
        picture.write_bytes(kept.read_bytes())
    found = owner.submit("/find", "/find/file$", files=[papers / "ours.jpg"])
    [shown, *_] = lxml.html.fromstring(found.text).xpath("//img[starts-with(@src, '/find/picture/')]/@src")
    assert owner.get(shown).headers["content-type"] == "image/png"
    assert owner.submit(found, "/claim$").url.path.startswith("/claim/")
    letter = owner.submit(owner.submit(found, "/letter$"), "/claims/new$", client="acme").url.path
    owner.submit(letter, "/remove$", sure="1")
    place = owner.submit("/claims/new", "/claims/new$", client="acme", files=[papers / "copytrack.txt"]).url.path
    owner.submit(place, "/confirm$")
    matched = owner.submit(place, "/match$", files=[papers / "shared.jpg"])
    chosen = owner.submit(matched, "/licence$")
    owner.submit(chosen, "/assign$", by=BY, reason="The picture of the letter")
    owner.submit(place, "/remove$", sure="1")


def test_the_numbers_of_a_list_have_a_page_of_their_own(desk: Desk) -> None:
    """To which the list of more than 20,000 licences leads instead of counting them itself."""
    owner = desk.owner()
    number = re.compile(r"\d+ licences")
    totals = owner.get("/licences/totals?client=acme").text
    assert number.findall(totals)[0] in owner.get("/licences?client=acme").text


def test_files_that_take_long_to_read_can_be_stopped(desk: Desk, papers: Path) -> None:
    owner, many = desk.owner(), [papers / f"{number}.zip" for number in range(12)]
    for number, path in enumerate(many, 10):
        with zipfile.ZipFile(path, "w") as packed:
            for page in range(10):
                packed.writestr(f"{page}.pdf", licence("en", "istock", 10 * number + page).pdf())
    received = owner.submit("/arrivals", "/arrivals$", files=many)
    stopped = owner.submit(received, "/stop$")
    owner.wait_for_work(stopped.url.path)


def test_what_comes_by_post_is_found_read_and_archived(desk: Desk, papers: Path) -> None:
    owner = desk.owner()
    picture = owner.submit("/find", "/find/file$", files=[papers / "seen.jpg"])
    assert not owner.walk(picture.url.path, most=2).faults
    place = owner.submit("/arrivals", "/arrivals$", files=[papers / "licence.pdf", papers / "seen.jpg"]).url.path
    awaited_form(owner, place, "/look$")
    owner.submit(place, "/search$")
    owner.submit(place, "/look$", client="acme")
    awaited_form(owner, place, "/import$")
    owner.submit(place, "/import$")
    place = owner.submit("/arrivals", "/arrivals$", files=[papers / "grant.txt"]).url.path
    awaited_form(owner, place, "/look$")
    owner.submit(place, "/look$", client="acme")
    awaited_form(owner, place, "/confirm$")
    owner.submit(place, "/confirm$", by=BY)
    place = owner.submit("/arrivals", "/arrivals$", files=[papers / "getty.txt"]).url.path
    awaited_form(owner, place, "/claim$")
    owner.submit(place, "/claim$", client="acme")
    place = owner.submit("/arrivals", "/arrivals$", files=[papers / "note.txt"]).url.path
    awaited_form(owner, place, "/state$")
    owner.submit(place, "/state$", items="harbour-8", seller="Ada Photos", licensed_on="2026-02-03", by=BY, number="0",
                 licensee="Acme Ltd", client="acme")  # fmt: skip


def awaited_form(visitor: Visitor, place: str, action: str) -> None:
    """Wait until a page has a form, once its work is done."""

    def there() -> bool:
        return any(re.search(action, each.action or "") for each in lxml.html.fromstring(visitor.get(place).text).forms)

    until(there)


def test_a_claim_from_its_letter_to_its_end(desk: Desk, papers: Path) -> None:
    owner = desk.owner()
    place = owner.submit("/claims/new", "/claims/new$", client="acme", files=[papers / "copytrack.txt"]).url.path
    owner.submit(place, "/confirm$", amount="350,00", deadline="2027-12-31", first_seen="2026-11-30")
    owner.submit(place, "/match$", files=[papers / "seen.jpg"])
    name = licences(desk, "acme")[0]
    owner.submit(f"{place}?other=1&q={name.rpartition('_')[2]}", "/licence$", licence=name)
    owner.submit(place, "/use$", use="editorial")
    owner.submit(place, "/pack$", language="de")
    owner.wait_for_work(place)
    owner.submit(place, "/answer$", how="E-mail", by=BY)
    owner.submit(place, "/note$", text="Telephone call", files=[papers / "note.txt"])
    owner.submit(place, "/owner$", owner=BY)
    owner.submit(place, "/close$", outcome="withdrawn")
    owner.submit(place, "/reopen$", deadline="2027-12-31")
    owner.submit(place, "/remove$", sure="1")
    calendar = owner.submit("/claims", "/claims/calendar$").text
    owner.get("/claims/calendar.ics")
    [secret] = set(re.findall(r"http\S+?(/calendar/[\w.-]+)", calendar))
    assert desk.stranger().get(secret).text.startswith("BEGIN:VCALENDAR")


def test_two_letters_about_one_thing_become_one_claim(desk: Desk, papers: Path) -> None:
    owner = desk.owner()
    (papers / "again.txt").write_text(f"Reminder\n{COPYTRACK}")
    first, second = (owner.submit("/claims/new", "/claims/new$", client="beta", files=[papers / name]).url.path
                     for name in ("copytrack.txt", "again.txt"))  # fmt: skip
    assert first != second
    owner.submit(second, "/merge$")
    owner.submit(first, "/confirm$")
    owner.submit(first, "/none$")


def test_a_letter_about_another_clients_page_goes_to_that_client(desk: Desk, papers: Path) -> None:
    owner = desk.owner()
    (papers / "wrong.txt").write_text(f"{COPYTRACK}\nZweites Schreiben")
    place = owner.submit("/claims/new", "/claims/new$", client="beta", files=[papers / "wrong.txt"]).url.path
    assert "Acme Ltd" in owner.submit(place, "/client$").text
    owner.submit(place, "/remove$", sure="1")


def test_a_person_says_which_purchase_was_the_first(desk: Desk) -> None:
    rows = desk.home.json("account", "first", "acme-adobe")["lists"][0]["rows"]
    desk.owner().submit("/account/acme-adobe", "/first$", by=BY, month=rows[0]["day"][:7])
    assert desk.home.json("account", "first", "acme-adobe")["lists"][0]["by"] == BY


def test_accounts_are_connected_run_and_closed(desk: Desk) -> None:
    owner = desk.owner()
    owner.submit("/accounts/new?provider=shutterstock", "/accounts/new$", client="beta", name="beta-stock",
                 authorised_by=BY, username="ada", secret_token="invented")  # fmt: skip
    owner.submit("/accounts/secret?account=beta-stock", "/accounts/secret$", username="ben", secret_token="another")
    owner.submit(owner.submit("/accounts", "/accounts/run$"), "/progress/stop$")
    until(lambda: "event: end" in owner.get("/progress/events").text)
    owner.submit("/accounts", "/accounts/run$", account="beta-stock")
    assert "event: end" in owner.get("/progress/events").text
    owner.submit("/account/beta-stock", "/close$", anyway="1", by=BY, reason="moved")
    assert "event: end" in owner.get("/progress/events").text
    owner.submit("/accounts/new?provider=freepik", "/accounts/new$", client="beta", name="beta-mistake", accept="1",
                 accepted_by=BY, authorised_by=BY, username="ada")  # fmt: skip
    owner.submit("/accounts", "/accounts/sign-in$", account="beta-mistake")
    assert "event: end" in owner.get("/progress/events").text
    owner.submit("/account/beta-mistake", "/name$", name="beta-freepik")
    owner.submit("/account/beta-freepik", "/remove$")
    [person, *_] = re.findall(r'<option value="([^"]+)"', owner.get("/leaver").text)
    owner.submit(f"/leaver?person={person}", "/leaver$")
    assert "event: end" in owner.get("/progress/events").text
    owner.submit("/", "/today/timestamp$", expected=None)  # the authority of this home is gone
    owner.press("/today/renewal", client="acme")


def test_a_folder_is_read(desk: Desk, papers: Path) -> None:
    owner = desk.owner()
    owner.submit("/sources/new?kind=folder", "/sources/new$", client="acme", name="acme-desk", path=str(papers))
    owner.submit("/source/acme-desk", "/check$")
    owner.submit("/source/acme-desk", "/run$")
    assert "event: end" in owner.get("/progress/events").text
    owner.submit("/source/acme-desk", "/remove$")
    owner.submit("/sources/new?kind=mailbox", "/sources/new$", client="acme", name="acme-mail", host="imap.example.com",
                 username="ada@example.com")  # fmt: skip
    owner.submit("/source/acme-mail", "/secret$", password="invented")
    owner.submit("/source/acme-mail", "/remove$")


def test_people_and_their_keys(desk: Desk) -> None:
    anna = desk.person(ADMIN)
    anna.submit("/users", "/users$", name="Nora New", role="read", password=AGAIN, again=AGAIN)
    anna.submit("/users", "/users/change$", name="Nora New", role="operate", password="", again=AGAIN)
    nora = desk.person("Nora New")
    app = nora.submit("/you", "/you/app$", again=AGAIN)
    nora.get(f"{app.url.path}/code.svg")
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", app.text)
    assert secret
    nora.submit(app, "/you/app/", code=pyotp.TOTP(secret[1]).now())
    nora.submit("/you", "/you/no-app$", again=AGAIN)
    nora.submit("/you", "/you/password$", password=f"{AGAIN} 2", repeated=f"{AGAIN} 2", again=AGAIN)
    made = anna.submit("/tokens", "/tokens$", name="the shop's system", client="acme", days="30", again=AGAIN)
    assert made.status_code == 200
    anna.submit("/tokens", "/tokens/end$", again=AGAIN)
    anna.submit("/access", "/access/session$")
    desk.person("Uma Read").submit("/", "/sign-out$")


def test_the_agency_says_who_it_is_and_whom_to_tell(desk: Desk) -> None:
    owner = desk.owner()
    owner.submit("/settings", "/settings/agency$", name="Agency Ltd", country="DE", language="de")
    with AuditedSite({"/hook": 200}) as office:
        channel = f"{office.url}/hook"
        owner.submit("/settings", "/settings/messages$", channels=channel, deadline_days="5", missing_days="7")
        owner.submit("/settings", "/settings/test$")
        assert "/hook" in office.paths()
    with (desk.home.root / "archiver.yaml").open("a") as settings:
        settings.write("mail: {host: localhost, port: 9, from: agency@example.com}\n")
    owner.submit("/settings", "/settings/witness$", email="notary@example.com")


def test_a_browser_sends_what_it_bought(desk: Desk) -> None:
    owner = desk.owner()
    page = owner.submit("/companion", "/companion/code$", person=BY).text
    code = re.search(r'id="pairing-code">([A-Z0-9-]+)<', page)
    assert code
    browser = SendingBrowser.paired(desk.base, code[1])
    shop = {"url": "https://shop.example/thanks", "title": "Thanks", "referrer": "", "remarks": []}
    about = capture("", how="marked", platform="", asset="", page=shop, download=None)
    assert browser.send(about, page_html=b"<p>Thank you", page_txt=b"Thank you").json()["outcome"] == "unread"
    owner.submit("/companion", "/companion/bind$", licence=licences(desk, "house")[0], by=BY)
    owner.submit("/companion", "/companion/revoke$")


@pytest.mark.browser
def test_the_pictures_of_a_site(desk: Desk) -> None:
    owner = desk.owner()
    with AuditedSite({"/": "<img src=/a.jpg>", "/a.jpg": jpeg(scene(51))}) as site:
        desk.home("audit", "run", "beta", "--site", site.url, code=None)
        [picture] = links(owner.get("/pictures/beta").text, r"^/pictures/beta/\w+$")
        owner.submit(picture, "/capture$")
        awaited_form(owner, picture, "/enter$")
    owner.submit(picture, "/enter$", by=BY)
    owner.submit(picture, "/mark$", mark="own", by=BY, reason="Taken by us")
    walk = owner.walk("/pictures/beta", most=2)
    assert not walk.faults, "\n".join(walk.faults)


def test_a_damaged_file_is_noticed(desk: Desk) -> None:
    owner, name = desk.owner(), licences(desk, "beta")[0]
    record = next(next(desk.home.archive("beta").rglob(name.partition("/")[2])).rglob("record.json"))
    record.chmod(0o600)
    record.write_text("another")
    owner.get(f"/licence/{name}")
    owner.submit("/client/beta", "/check$")
