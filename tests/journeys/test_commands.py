"""What people do at the terminal: on a new home with one client and no house, and in an agency that is years old."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver.archive.local_tsa import LocalAuthority
from tests.journeys.visitor import PASSWORD, Installed, desk_of, installed, running
from tests.museum.test_museum import MUSEUM, unpacked
from tests.support.audited_site import AuditedSite
from tests.support.claims_kit import jpeg
from tests.support.homes import QUICK
from tests.support.letter_texts import COPYTRACK
from tests.support.papers import licence
from tests.support.pictures import scene

pytestmark = pytest.mark.journey

BY = ("--by", "Ada Example")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAuthority]:
    with LocalAuthority(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    [kept] = [each for each in MUSEUM if each.name.startswith("agency-")]
    return unpacked(kept, tmp_path_factory.mktemp("agency"))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, authority: LocalAuthority) -> Installed:
    """A real home after `init`, with one client: no house, no agency's name."""
    folder = tmp_path_factory.mktemp("ädas Häuser und mehr")
    archiver = installed(folder)
    archiver("init", archiver.root)
    settings = archiver.root / "archiver.yaml"
    settings.write_text(f'timestamps: [{{name: local, url: "{authority.url}", roots: ../root.pem}}]\n')
    shutil.copyfile(authority.root_pem, folder / "root.pem")
    archiver("client", "add", "acme", "--name", "Acme Ltd")
    return archiver


def test_a_new_home_from_its_first_paper_to_a_pack(alone: Installed, tmp_path: Path) -> None:
    (tmp_path / "licence.pdf").write_bytes(licence("en", "istock").pdf())
    (tmp_path / "letter.txt").write_text(COPYTRACK)
    alone("import", tmp_path / "licence.pdf", "--client", "acme", *BY)
    [name] = [each["licence"] for each in alone.json("find", "istock")]
    assert alone.json("show", name)["documents"]
    alone("open", name, code=None)
    assert alone.json("verify")["state"] == "PROVEN"
    report = ("report", "--client", "acme", "--out", tmp_path / "report.html")
    for words in (("status",), ("doctor",), report, ("anchors",), ("notify",), ("schedule",), ("home",), ("settings",)):
        alone(*words, code=None)
    alone("assess", name, "--client", "acme", "--use", "editorial", "--used-on", "https://acme.example/")
    alone("letter", tmp_path / "letter.txt", "--client", "acme", "--yes", "--licence", name, *BY, code=None)
    alone("proof", name, "--out", tmp_path / "pack.zip")
    alone("hold", name, "--reason", "letter of 3 May", *BY)
    alone("hold", name, "--release", *BY)
    alone("erase", name, "--reason", "wrong_client: mixed up", "--yes", *BY)
    alone("repair-clock", *BY, "--yes", code=None)
    alone("catalogue", "rebuild")
    with desk_of(alone) as desk:
        for visitor in (desk.owner(), desk.owner("de"), desk.guest(desk.client_link("acme"), "de")):
            walk = visitor.walk("/", "/find?q=istock", most=4)
            assert not walk.faults, "\n".join(walk.faults)


def test_setup_begins_a_home_and_says_what_is_left(tmp_path: Path) -> None:
    archiver = installed(tmp_path)
    said = archiver("setup", "--home", archiver.root, "--agency", "Northlight Media", code=None).stderr
    assert "client" in said and (archiver.root / "archiver.yaml").exists()


def test_what_needs_no_home(tmp_path: Path) -> None:
    archiver = installed(tmp_path)
    archiver("completion", "bash")
    archiver("schema", "find")
    archiver("providers")
    archiver("providers", "show", "shutterstock")
    archiver("providers", "new", "acme_stock", "--out", tmp_path / "adapter")
    archiver("companion", "package", "--out", tmp_path / "extension")
    shutil.copytree(QUICK / "shutterstock/two-pages", tmp_path / "recording")
    archiver("recording", "check", tmp_path / "recording")
    archiver("recording", "expect", tmp_path / "recording", "--force")
    archiver("recording", "scrub", tmp_path / "recording")


def test_clients_and_accounts(agency: Installed) -> None:
    agency("client", "add", "gamma", "--name", "Gamma AG", "--domain", "gamma.example")
    agency("client", "rename", "gamma", "Gamma Group AG")
    agency("client", "change", "gamma", "--alias", "Gamma Works")
    agency("client", "show", "gamma")
    assert {"acme", "beta", "gamma", "house"} == {each["client"] for each in agency.json("client", "list")}
    agency("account", "add", "gamma-stock", "--client", "gamma", "--provider", "shutterstock", "--username", "ada")
    agency("account", "rename", "gamma-stock", "gamma-images")
    agency("account", "show", "gamma-images")
    agency("account", "list", "--client", "gamma")
    agency("run", "--account", "gamma-images", "--replay", QUICK)
    agency("account", "check", "gamma-images", "--replay", QUICK)
    agency(
        "account", "rotate", "gamma-images", "--username", "ben", "--no-check", "--secrets-stdin", stdin="token: b\n"
    )
    oldest = agency.json("account", "first", "acme-adobe")["lists"][0]["rows"][0]
    agency("account", "first", "acme-adobe", "--month", oldest["day"][:7], *BY)
    agency("sign-in", "--due", "--dry-run")
    seat = next(
        filter(None, (agency.json("show", each["licence"])["seat"] for each in agency.json("find", "a"))), "ada"
    )
    agency("account", "leaver", seat, "--replay", QUICK, code=None)
    agency("account", "close", "gamma-images", "--anyway", "--reason", "moved", *BY, "--replay", QUICK)
    agency("account", "add", "gamma-mistake", "--client", "gamma", "--provider", "shutterstock")
    agency("account", "remove", "gamma-mistake", "--yes")
    agency("client", "hand-over", "gamma", "--out", agency.root.parent / "handed")
    agency("client", "add", "delta", "--name", "Delta SA")
    agency("client", "remove", "delta", "--yes")
    agency("terms", "list")
    agency("terms", "diff", "adobe_stock", code=None)


def test_shared_licences_get_their_clients(agency: Installed, tmp_path: Path) -> None:
    first, second, *_ = [each["licence"] for each in agency.json("unassigned")]
    agency("assign", first, "acme", "--reason", "Job 1", *BY)
    agency("assign", first, "--undo", "--yes", *BY)
    (tmp_path / "todo.csv").write_text(f"licence,client\n{second},beta\n")
    agency("unassigned", "--assign-from", tmp_path / "todo.csv", "--yes", *BY)


def test_sources_that_are_folders(alone: Installed, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "licence.pdf").write_bytes(licence("de", "istock", 9).pdf())
    where = ("--client", "acme", "--kind", "folder", "--path", tmp_path / "papers")
    alone("source", "add", "acme-projects", *where)
    alone("source", "check", "acme-projects")
    with running(alone, "watch", "--source", "acme-projects") as watching:
        watching.said("acme-projects: .*1 archived")
    assert alone.json("find", "istock")
    alone("source", "list")
    alone("source", "report", "acme-projects")
    alone("source", "remove", "acme-projects")


def test_a_claim_has_its_life(agency: Installed, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(COPYTRACK)
    (tmp_path / "note.txt").write_text("Telephone call")
    day = datetime.now(UTC).date().isoformat()
    claim = agency.json("claim", "add", tmp_path / "letter.txt", "--client", "beta", "--yes", "--received", day)[
        "claim"
    ]
    agency("claim", "show", claim)
    agency("claim", "enter", claim, "letter.txt", *BY)
    agency("claim", "note", claim, "--text", "x", "--file", tmp_path / "note.txt", *BY, code=None)
    agency("claim", "note", claim, "A telephone call", *BY, code=None)
    agency("claim", "answer", claim, *BY)
    agency("claim", "close", claim, "withdrawn", *BY)
    agency("claim", "reopen", claim, *BY)
    agency("claim", "calendar", "--out", tmp_path / "claims.ics")
    agency("claim", "remove", claim, "--yes")
    assert claim not in str(agency.json("claim", "list"))


@pytest.mark.browser
def test_the_pictures_of_a_site(agency: Installed, tmp_path: Path) -> None:
    files = {"/": "<h1>News</h1><img src=/a.jpg><img src=/b.jpg>"}
    with AuditedSite({**files, "/a.jpg": jpeg(scene(51)), "/b.jpg": jpeg(scene(52))}) as site:
        agency("audit", "run", "beta", "--site", site.url, code=None)
        agency("audit", "list")
        first, second = (each["picture"] for each in agency.json("audit", "report", "beta")["pictures"])
        agency("audit", "mark", "beta", first, "own", "--reason", "Taken by us", *BY)
        agency("audit", "capture", "beta", second)
        agency("audit", "enter", "beta", second, *BY)


def test_who_is_at_the_desk(agency: Installed) -> None:
    agency("desk", "user", "add", "Nora New", "--role", "read", stdin=f"{PASSWORD}\n{PASSWORD}\n")
    with desk_of(agency) as desk:
        desk.person("Nora New")
        desk.client_link("acme")
        [session] = [each for each in agency.json("desk", "session", "list") if each.get("who") == "Nora New"]
        agency("desk", "session", "end", session["id"])
        [link] = agency.json("desk", "link", "list")
        agency("desk", "link", "end", link["id"])
    agency("desk", "user", "list")
    agency("desk", "audit")
    agency("desk", "user", "remove", "Nora New")


def test_a_restored_home_says_and_shows_the_same(agency: Installed, tmp_path: Path) -> None:
    agency("backup", "make", tmp_path / "home.tar")
    agency("backup", "check", tmp_path / "home.tar")
    restored = installed(tmp_path)
    shutil.copyfile(agency.root.parent / "vault.key", tmp_path / "vault.key")  # which is kept apart from backups
    for name in ("tsa-root.pem", "letter.txt"):  # what the settings name beside the home
        shutil.copyfile(agency.root.parent / name, tmp_path / name)
    restored("restore", tmp_path / "home.tar", restored.root)
    for words in (("find", "a"), ("claim", "list"), ("client", "list"), ("account", "list"), ("desk", "user", "list")):
        assert restored.json(*words) == agency.json(*words), words
    with desk_of(restored) as desk:
        for visitor in (desk.owner("de"), desk.person("Uma Read"), desk.guest(desk.client_link("acme"))):
            walk = visitor.walk("/", "/find?q=a", most=3)
            assert not walk.faults, "\n".join(walk.faults)
