"""One client's archive is damaged: no page fails or says that all is well, and all other clients' pages go on."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from archiver.claims import claim_files
from archiver.collect.terms import SeenTerms
from archiver.core.model import Document, Licence
from archiver.desk import desk_state
from archiver.desk.api_tokens import ApiTokens
from archiver.desk.auth import Links
from archiver.desk.routes import ROUTES
from archiver.home.settings_edit import add_account
from tests.support.agency import Agency, agency, certificate, preview, record
from tests.support.claims_kit import CLAIM, jpeg, licence
from tests.support.desk_in_process import desk_on
from tests.support.pictures import scene
from tests.support.terms_kit import seen

LEDGER, CATALOGUE = Path("archive/acme/ledger/ledger.jsonl"), Path("state/catalogue/acme.sqlite")
OBJECT = Path("OBJECT")  # of one of Acme's licences
DAMAGED = "The archive of Acme Ltd is damaged or cannot be read."


def lost(path: Path) -> None:
    path.rename(path.with_name("lost"))


def led_elsewhere(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("elsewhere")))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_bytes(b"x")


def cut(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def other(path: Path) -> None:
    path.chmod(0o600)  # documents are read-only
    path.write_bytes(b"not what it was\n" * 50)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES: dict[str, tuple[Path, Callable[[Path], object]]] = {
    "no ledger": (LEDGER, lost),
    "the ledger is empty": (LEDGER, emptied),
    "the ledger lost lines": (LEDGER, cut),
    "the ledger has no lines": (LEDGER, other),
    "the ledger is a folder": (LEDGER, a_folder),
    "the ledger is a link": (LEDGER, led_elsewhere),
    "the ledger's folder is a link": (LEDGER.parent, led_elsewhere),
    "the evidence is gone": (Path("archive/acme/evidence"), shutil.rmtree),
    "the archive is gone": (Path("archive/acme"), shutil.rmtree),
    "the archive is a file": (Path("archive/acme"), a_file),
    "an inventory is gone": (OBJECT / "inventory.json", lost),
    "an inventory is another": (OBJECT / "inventory.json", lambda path: path.write_text("[]")),
    "a licence is gone": (OBJECT, shutil.rmtree),
    "a licence is a link": (OBJECT, led_elsewhere),
    "a document is another": (OBJECT / "v1/content/certificate.txt", other),
    "a document is a folder": (OBJECT / "v1/content/certificate.txt", a_folder),
    "a preview is cut": (OBJECT / "v1/content/preview.jpg", cut),
}
HEALED: dict[str, tuple[Path, Callable[[Path], object]]] = {
    "the catalogue is cut": (CATALOGUE, cut),
    "the catalogue is another file": (CATALOGUE, other),
    "the catalogue is a folder": (CATALOGUE, a_folder),
    "the catalogue is broken inside": (CATALOGUE, lambda path: broken_inside(path)),
}
"""The index is no evidence: it is made anew."""
SHORT = ("the ledger lost lines",)


def broken_inside(path: Path) -> None:
    """All pages but the first are another's, as a disk may leave them."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Agency, str, str]]:
    """An agency with two clients, and the folders of a licence of Acme's and of Beta's; beside its home lies a copy."""
    with agency(tmp_path_factory.mktemp("damaged")) as at:
        root = at.home.root
        filed: list[tuple[Licence, list[Document | SeenTerms]]] = [
            (
                licence(f"90{n}"),
                [record(), certificate(f"Licence shutterstock-90{n}"), preview(jpeg(scene(n))), seen(str(n), 50 - n)],
            )
            for n in (31, 32, 33, 44, 45)
        ]
        _, ours, _ = at.archive("acme", *filed[:3])
        theirs, _ = at.archive("beta", *filed[3:])
        for client in ("acme", "beta"):
            add_account(root, f"{client}-stock", client=client, provider="shutterstock")
            claim = replace(CLAIM, claim=f"{client}-claim", client=client, confirmed=True, deadline=date(2099, 1, 1))
            claim_files.save(at.home, claim)
        shutil.copytree(root, root.with_name("copy"))
        yield at, ours.folder, theirs.folder


@pytest.fixture
def whole(made: tuple[Agency, str, str]) -> tuple[Agency, str, str]:
    """The same, without what an earlier test damaged."""
    root = made[0].home.root
    shutil.rmtree(root)
    shutil.copytree(root.with_name("copy"), root)
    return made


def addresses(client: str, folder: str) -> list[str]:
    """The address of every page, for this client."""
    known = {
        "client": client, "folder": folder, "name": "certificate.txt", "claim": f"{client}-claim", "kind": "csv",
        "account": f"{client}-stock", "provider": "shutterstock",
    }  # fmt: skip
    pages = [way.path for way in ROUTES if not (way.post or way.open or way.background)]
    filled = [re.sub(r"\{(\w+)(:path)?\}", lambda part: quote(known.get(part[1], "none")), each) for each in pages]
    return [
        *filled, "/find?q=90", "/find?q=nowhere", f"/find?q=90&client={client}", f"/licences?client={client}",
        "/licences?view=table&missing=any", "/leaver?person=ada", f"/licence/{client}/{folder}/file/preview.jpg",
        f"/client/{client}/report?month=2026-03", f"/claims/new?client={client}", f"/check?client={client}",
    ]  # fmt: skip


@pytest.mark.browser  # the report is a PDF
@pytest.mark.parametrize(
    "damage", [pytest.param(each, marks=[pytest.mark.long] * (each not in SHORT)) for each in [*DAMAGES, *HEALED]]
)
def test_every_page_goes_on_and_hides_no_damage(
    whole: tuple[Agency, str, str], damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, ours, theirs = whole
    root, healed = at.home.root, damage in HEALED
    monkeypatch.setattr(desk_state, "FRESH_SECONDS", 0.0)
    with desk_on(at.run, monkeypatch) as desk:
        person = desk.person()
        assert DAMAGED not in person.get("/").text and "9032" in person.get("/find?q=9032").text
        place, change = (DAMAGES | HEALED)[damage]
        path = root / place
        if place.parts[0] == "OBJECT":
            path = next((root / "archive/acme").rglob(ours)).joinpath(*place.parts[1:])
        change(path)
        page = person.get(f"/licence/acme/{ours}")  # the first page that meets the damage of an object
        assert "proven by a timestamp" in page.text if healed else "proven by a timestamp" not in page.text
        for client, folder in ("beta", theirs), ("acme", ours):
            for address in addresses(client, folder):
                answer = person.get(address)
                told = any(each in answer.text for each in (DAMAGED, "The archive is damaged or was changed"))
                if answer.status_code >= 500:
                    assert (answer.status_code, client, told) == (503, "acme", True), address
                elif answer.status_code == 200 and 'id="content"' in answer.text:  # a whole page
                    assert told != healed, address
        vain = person.get("/find?q=nowhere").text
        assert ("No licence found" in vain) is healed
        today = unescape(person.get("/").text)
        assert (DAMAGED in today) != healed and ("acme-stock was never read" in today) == healed
        token = {"authorization": f"Bearer {ApiTokens(root).made('DAM', ('search',), '', 1, 'Ada Example')}"}
        asked = [person.get(f"/api/v1/licences{query}", **token) for query in ("", "?client=acme", "?client=beta")]
        assert [each.status_code for each in (asked[0], asked[2])] == [200, 200]
        assert asked[0].json()["not_searched"] == ([] if healed else ["acme"]) and asked[2].json()["not_searched"] == []
        if asked[1].status_code != 503:  # what was found is there, and nothing found is no answer
            assert asked[1].json()["licences"] and asked[1].json()["not_searched"] == ([] if healed else ["acme"])
        assert "9044" in person.get("/find?q=9044").text and person.get(f"/licence/beta/{theirs}").status_code == 200
        tasks = at.run.json("status")["today"]["tasks"]
        assert [each["client"] for each in tasks if each["kind"] == "damage"] == ([] if healed else ["acme"])
        archive = root / "archive/acme"  # restored, with the times that its files had
        shutil.rmtree(archive) if archive.is_dir() else archive.unlink(missing_ok=True)
        shutil.copytree(root.with_name("copy") / "archive/acme", archive)
        assert "proven by a timestamp" in person.get(f"/licence/acme/{ours}").text
        assert DAMAGED not in person.get("/").text and DAMAGED not in person.get("/find").text


@pytest.mark.parametrize("damage", [pytest.param(e, marks=[] if e in SHORT else pytest.mark.long) for e in DAMAGES])
def test_a_claims_deadline_letter_and_timeline_do_not_hang_on_the_archive(
    whole: tuple[Agency, str, str], damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, ours, _ = whole
    root, (place, change) = at.home.root, DAMAGES[damage]
    claim = replace(CLAIM, claim="acme-due", confirmed=True, deadline=date(2099, 1, 1), licences=(f"acme/{ours}",))
    claim_files.save(at.home, claim)
    monkeypatch.setattr(desk_state, "FRESH_SECONDS", 0.0)
    with desk_on(at.run, monkeypatch) as desk:
        person = desk.person()
        assert "Shutterstock" in person.get("/claim/acme-due").text
        found = place.parts[0] == "OBJECT"
        change(next((root / "archive/acme").rglob(ours)).joinpath(*place.parts[1:]) if found else root / place)
        for query in ("acme-due", "acme-due?other=1", "acme-due?other=1&q=90", "acme-claim", "acme-claim?q=90"):
            answer = person.get(f"/claim/{query}")
            assert answer.status_code == 200, query
            assert all(each in answer.text for each in ("Copytrack", "2099", 'id="timeline"', 'id="about-letter"'))
        page = person.get("/claim/acme-due").text
        if "cannot be read now" in page:
            assert "Ask for more time" in page and "The archive is damaged or was changed" in page
            assert "Make the proof" not in page and 'id="about-verdict"' not in page
            assert "Das Archiv ist jetzt nicht lesbar" in person.get("/claim/acme-due?lang=de").text
        else:
            assert damage not in ("no ledger", "an inventory is gone", "the archive is gone")


def test_a_damaged_archive_has_no_link_and_an_older_link_does_not_run_in_a_circle(
    whole: tuple[Agency, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at, _, _ = whole
    monkeypatch.setattr(desk_state, "FRESH_SECONDS", 0.0)
    with desk_on(at.run, monkeypatch) as desk:
        person, guest = desk.person(), desk.stranger()
        guest.get(f"/link/{Links(at.home.state).made('acme', 7)[0]}")
        assert 'id="report"' in person.get("/client/acme").text and guest.get("/client/acme").status_code == 200
        lost(at.home.root / LEDGER)
        page = person.get("/client/acme").text
        assert "no report and no link until" in page and 'id="report"' not in page and 'id="show"' not in page
        refused = person.post("/client/acme/link", {"days": "7"})
        assert "no report and no link until" in refused.text and "/link/" not in refused.text
        told = guest.get("/client/acme")
        assert (told.status_code, "Try again</a>" in told.text, "To your home page" in told.text) == (503, True, False)
        assert "To your home page" in guest.get("/client/beta").text


def test_a_lost_client_and_a_missing_timestamp_are_mended_by_the_button_of_today(
    whole: tuple[Agency, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at, _, _ = whole
    root = at.home.root
    with desk_on(at.run, monkeypatch) as desk:
        person = desk.person()
        assert "no trusted timestamp" not in person.get("/").text
        for token in (root / LEDGER).parent.glob("checkpoints/*.tsr"):
            token.unlink()
        assert "no trusted timestamp" in person.get("/").text
        assert person.post("/today/timestamp", {"client": "acme"}).status_code == 303
        assert "no trusted timestamp" not in person.get("/").text
        (root / "clients/acme.yaml").rename(root / "acme.yaml")
        page = person.get("/").text
        assert "The archive acme has no client." in page and "/clients/new?slug=acme" in page
        assert 'value="acme"' in person.get("/clients/new?slug=acme").text
        assert person.post("/clients/new", {"slug": "acme", "name": "Acme Ltd"}).status_code == 303
        assert "has no client" not in person.get("/").text and "9032" in person.get("/find?q=9032").text


def test_a_damaged_house_archive_does_not_say_that_everything_is_assigned(
    whole: tuple[Agency, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at, _, _ = whole
    root = at.home.root
    at.archive("house", (licence("9055"), [record()]))
    with desk_on(at.run, monkeypatch) as desk:
        person = desk.person()
        assert "9055" in person.get("/unassigned").text
        lost(root / "archive/house/ledger/ledger.jsonl")
        page = person.get("/unassigned").text
        assert "No licence waits for a client" not in page and "is damaged or cannot be read" in page


def test_what_a_verification_found_is_told_until_one_finds_it_mended(
    whole: tuple[Agency, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at, ours, _ = whole
    root = at.home.root
    monkeypatch.setattr(desk_state, "FRESH_SECONDS", 0.0)
    with desk_on(at.run, monkeypatch) as desk:
        person = desk.person()
        paper = next((root / "archive/acme").rglob(ours)) / "v1/content/certificate.txt"
        content = paper.read_bytes()
        paper.chmod(0o600)
        other(paper)
        assert DAMAGED not in person.get("/").text  # nobody has looked at it yet
        at.run("verify", code=90)
        assert DAMAGED in person.get("/").text and DAMAGED in person.get("/find").text
        paper.write_bytes(content)
        at.run("verify", "--quick")  # reads no documents, so it says nothing of them
        assert DAMAGED in person.get("/").text
        at.run("verify")
        assert DAMAGED not in person.get("/").text and DAMAGED not in person.get("/find").text


def without_details(page: str) -> str:
    """What a person sees of a page before unfolding anything."""
    return unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)))


@pytest.mark.parametrize("damage", ["a document is another", "an inventory is gone", "the ledger lost lines"])
def test_damage_is_told_in_plain_words_with_the_licence_and_what_to_do(
    whole: tuple[Agency, str, str], damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, ours, _ = whole
    root, (place, change) = at.home.root, DAMAGES[damage]
    monkeypatch.setattr(desk_state, "FRESH_SECONDS", 0.0)
    found = place.parts[0] == "OBJECT"
    with desk_on(at.run, monkeypatch) as desk:
        person, ada = desk.person(), desk.person("Ada Example", "admin")
        person.get("/")
        change(next((root / "archive/acme").rglob(ours)).joinpath(*place.parts[1:]) if found else root / place)
        person.get(f"/licence/acme/{ours}")  # who opens it meets the damage
        for address in ("/", "/client/acme", f"/licence/acme/{ours}"):
            for reader in (person, ada):
                seen = without_details(reader.get(f"{address}?lang=en").text)
                jargon = ("at byte", "archiver verify", "inventory", ".jsonl", str(root))
                assert [each for each in jargon if each in seen] == [], (address, seen)
                if address == f"/licence/acme/{ours}" and not found:
                    continue  # without a ledger, its page cannot be shown
                assert "as proof" in seen and ("Picture 9032" in seen or not found), address
                assert ("Certificate (certificate.txt)" in " ".join(seen.split())) == (place.name == "certificate.txt")
                german = without_details(reader.get(f"{address}?lang=de").text)
                assert "als Nachweis" in german and (address == "/" or "Was zu tun ist" in german)
        page = person.get("/client/acme?lang=en").text
        assert "Tell Ada Example." in page and "archive/acme" in page and "archiver verify --client acme" in page
        said = at.run("status").stderr
        assert ("Do not use as proof: " in said and "Picture 9032" in said) == found
        shutil.rmtree(root / "archive/acme")
        shutil.copytree(root.with_name("copy") / "archive/acme", root / "archive/acme")
        assert person.post("/client/acme/check").status_code == 303
        assert DAMAGED not in person.get("/client/acme").text
