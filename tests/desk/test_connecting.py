"""An account is connected on the page: what it asks, how it refuses, and what is kept."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from archiver.browsing import recording
from archiver.desk.auth import AccessControl, Users, named, owner
from archiver.desk.serve import ServeOptions, application, bound, site_of
from archiver.home.settings import Home as Loaded
from archiver.home.vault import open_vault
from tests.support.desk_kit import Person
from tests.support.homes import QUICK, Home

SECRETS = {"secret_password": "s3cret one", "secret_api_key": " s3cret-two "}


@pytest.fixture
def access(home: Home, monkeypatch: pytest.MonkeyPatch) -> AccessControl:
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    return AccessControl(home.root, home.root / "state")


@pytest.fixture
def desk(home: Home, access: AccessControl) -> Iterator[Person]:
    """The desk of a replay home, within this process; at it is its owner."""
    with bound(ServeOptions(port=0)) as listening:
        port = listening.getsockname()[1]
        app = application(Loaded.load(home.root), site_of(ServeOptions(), port), access)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            http.cookies.set(f"desk-{port}", access.enter(owner()))
            yield Person(http)
        server.should_exit = True
        thread.join()


def signed_in(desk: Person, home: Home, access: AccessControl, name: str, role: str) -> None:
    """Somebody else sits down at it."""
    Users(home.root).add(name, role, "correct horse battery")
    for cookie in list(desk.http.cookies.keys()):
        desk.http.cookies.set(cookie, access.enter(named(Users(home.root).all()[name])))


def sent(desk: Person, **given: str) -> httpx.Response:
    known = {"client": "acme", "provider": "depositphotos", "username": "ada"}
    return desk.post("/accounts/new", known | given)


def fields(page: str) -> set[str]:
    form = page.partition('action="/accounts/new"')[2].partition("</form>")[0]
    return set(re.findall(r'name="([^"]+)"', form)) - {"token", "provider", "method"}


def test_it_asks_what_this_platform_needs_and_says_where_that_is(desk: Person) -> None:
    chosen = desk.get("/accounts/new").text
    assert "provider=shutterstock" in chosen and "provider=unsplash" not in chosen  # which keeps no history
    always = {"client", "name", "authorised_by", "plan"}
    token = desk.get("/accounts/new?provider=shutterstock").text
    assert fields(token) == {*always, "secret_token"} and "licenses.view, purchases.view and user.view" in token
    asked = desk.get("/accounts/new?provider=depositphotos").text
    assert fields(asked) == {*always, "username", "secret_api_key", "secret_password", "accept", "accepted_by"}
    attended = desk.get("/accounts/new?provider=freepik").text
    assert fields(attended) == {*always, "username", "accept", "accepted_by"}
    for path, status in (("provider=nobody", 404), ("provider=unsplash", 404), ("provider=freepik&method=x", 409)):
        assert desk.get(f"/accounts/new?{path}").status_code == status


def test_a_refused_sign_in_leaves_nothing_and_shows_no_secret(
    home: Home, access: AccessControl, desk: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "bundled", lambda: QUICK / "depositphotos" / "wrong-password")
    before = (home.root / "vault.enc").read_bytes(), (home.root / "clients" / "acme.yaml").read_bytes()
    page = sent(desk, plan="Team", **SECRETS)
    assert page.status_code == 422 and "refused the sign-in" in page.text
    assert 'value="Team"' in page.text and "s3cret" not in page.text
    for wrong in ({"accept": "1", "accepted_by": " "}, {"client": "nobody"}, {"name": "../x"}):
        assert sent(desk, **wrong).status_code == 422
    signed_in(desk, home, access, "Rita Reader", "read")
    assert sent(desk).status_code == desk.get("/accounts/new").status_code == 403
    assert before == ((home.root / "vault.enc").read_bytes(), (home.root / "clients" / "acme.yaml").read_bytes())
    assert not home.archive().exists()
    assert "s3cret" not in (home.root / "state" / "desk" / "audit.jsonl").read_text()


def test_what_the_platform_accepts_is_kept_with_who_answers_for_it(
    home: Home, access: AccessControl, desk: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "bundled", lambda: QUICK)
    signed_in(desk, home, access, "Olaf Operator", "operate")
    answer = sent(desk, accept="1", accepted_by="Somebody Else", **SECRETS)
    assert answer.status_code == 303
    page = desk.get(answer.headers["location"]).text
    assert "acme-depositphotos is connected" in page and "accepts the sign-in" in page and "s3cret" not in page
    vault = open_vault(home.root / "vault.enc")
    assert vault.secrets("acme-depositphotos") == {"password": "s3cret one", "api_key": "s3cret-two"}
    statements = [each.read_text() for each in Path(home.archive()).glob("evidence/statements/**/statement.json")]
    assert len(statements) == 1 and "Olaf Operator" in statements[0] and "Somebody" not in statements[0]


def test_a_new_password_is_kept_only_if_the_platform_accepts_it(
    home: Home, desk: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.account("one", "depositphotos", username="ada")
    vault = open_vault(home.root / "vault.enc")
    vault.set_secrets("one", {"password": "s3cret one", "api_key": "s3cret-two"})
    assert "/accounts/secret?account=one" in desk.get("/accounts").text
    order = {"account": "one", "username": "ada", "secret_password": "s3cret three", "secret_api_key": ""}
    for recordings, status, password in (("depositphotos/wrong-password", 422, "one"), ("", 303, "three")):
        monkeypatch.setattr(recording, "bundled", lambda where=recordings: QUICK / where)
        answer = desk.post("/accounts/secret", order)
        assert answer.status_code == status and "s3cret" not in answer.text
        assert vault.secrets("one") == {"password": f"s3cret {password}", "api_key": "s3cret-two"}
    assert "one has a new sign-in" in desk.get(answer.headers["location"]).text
    assert "nothing new" in desk.post("/accounts/secret", {"account": "one", "username": "ada"}).text


def test_the_first_client_is_added_on_the_page(home: Home, desk: Person) -> None:
    assert 'href="/accounts/new"' in desk.get("/setup").text or 'href="/arrivals"' in desk.get("/setup").text
    order = {"slug": "beta", "name": "Beta  GmbH", "domains": "beta.example, www.beta.example,"}
    assert desk.post("/clients/new", order).headers["location"] == "/client/beta"
    added = Loaded.load(home.root).client("beta")
    assert (added.name, added.domains) == ("Beta GmbH", ("beta.example",))
    for slug in ("beta", "house", "../x", "a b"):
        refused = desk.post("/clients/new", {"slug": slug, "name": "<b>Gamma</b>"})
        assert refused.status_code == 422 and "<b>" not in refused.text, slug
    assert "no account" in desk.get("/").text


def test_before_the_first_client_the_field_of_a_client_leads_to_one(home: Home, desk: Person) -> None:
    addresses = ("/accounts/new?provider=shutterstock", "/sources/new?kind=mailbox", "/sources/new?kind=folder")
    assert all("Add a client first" not in desk.get(each).text for each in addresses)
    (home.root / "clients" / "acme.yaml").unlink()
    for address in addresses:
        assert '<a href="/clients/new">Add a client first</a>' in desk.get(address).text, address
    assert "Legen Sie zuerst einen Kunden an" in desk.get(f"{addresses[0]}&lang=de").text


def test_every_page_lights_the_part_of_the_menu_that_leads_to_it(home: Home, desk: Person) -> None:
    home("source", "add", "papers", "--client", "acme", "--kind", "folder", "--path", str(home.root.parent))
    parts = {
        "accounts": ("/accounts", "/accounts/new", "/source/papers", "/sources/new", "/terms", "/leaver"),
        "licences": ("/licences", "/unassigned", "/pictures", "/pictures/acme"),
        "claims": ("/claims", "/claims/new"),
    }
    for part, addresses in parts.items():
        for address in addresses:
            lit = re.findall(r'<a href="/(\w*)" aria-current="(\w+)">', desk.get(address).text.partition("</nav>")[0])
            assert lit == [(part, "page" if address == f"/{part}" else "true")], address
    assert 'href="/pictures">All clients</a>' in desk.get("/pictures/acme").text


def test_where_nothing_is_archived_no_search_asks_for_other_words(home: Home, desk: Person) -> None:
    for address in ("/find?q=harbour", "/find?q=harbour&client=acme", "/licences?text=harbour", "/licences"):
        page = desk.get(address).text
        assert "Nothing is archived yet" in page and 'class="button" href="/accounts/new"' in page, address
        assert "Try other words" not in page and "No licence fits" not in page, address


def test_an_archive_at_fault_is_told_of_on_home(home: Home, desk: Person) -> None:
    assert "no account" in desk.get("/").text
    ledger = home.archive() / "ledger" / "ledger.jsonl"
    ledger.parent.mkdir(parents=True)
    (home.archive() / "evidence").mkdir()
    ledger.write_text("no line\n")
    assert "cannot be read" in desk.get("/").text and "has no valid line" in desk.get("/client/acme").text
    ledger.unlink()
    assert "contains evidence, but its" in desk.get("/").text
