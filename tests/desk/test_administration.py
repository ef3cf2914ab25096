"""Users, passwords, the second factor, the audit, the set-up and deep links, as people at the desk use them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser

from archiver.collect.companion.package import package
from archiver.core.errors import ConfigError
from archiver.desk import auth
from archiver.desk.auth import UsedCodes, Users
from archiver.desk.translations import words
from tests.desk.test_desk import fine
from tests.support.agency import agency
from tests.support.desk_kit import PASSWORD, Person, Served, serving


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with agency(tmp_path_factory.mktemp("office")) as at:
        users = Users(at.home.root)
        for name, role in (("Anna Admin", "admin"), ("Olaf Operator", "operate"), ("Rita Reader", "read")):
            users.add(name, role, PASSWORD)
        with serving(at) as desk:
            yield desk


def entered(office: Served, name: str, password: str = PASSWORD, **fields: str) -> tuple[Person, httpx.Response]:
    person = Person(httpx.Client(base_url=office.base, timeout=60))
    return person, person.post("/sign-in", {"name": name, "password": password} | fields, token="")


def test_only_administrators_change_users_and_only_with_their_password(
    office: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, olaf, rita = (entered(office, name)[0] for name in ("Anna Admin", "Olaf Operator", "Rita Reader"))
    users = Users(office.agency.home.root)
    new = {"name": "Nora New", "role": "read", "password": "a long new password"}
    for person in (olaf, rita):
        assert person.get("/users").status_code == person.get("/settings").status_code == 403
        assert person.post("/users", new | {"again": PASSWORD}).status_code == 403
    assert rita.get("/audit").status_code == 403 and olaf.get("/audit").status_code == 200
    assert anna.post("/users", new).status_code == 409  # without the password
    assert anna.post("/users", new | {"again": "not my password"}).status_code == 409
    assert "Nora New" not in users.all()
    assert anna.post("/users", new | {"again": PASSWORD}).status_code == 303
    nora, answer = entered(office, "Nora New", "a long new password")
    assert answer.status_code == 200
    change = {"name": "Nora New", "role": "operate", "again": PASSWORD}
    assert anna.post("/users/change", change).status_code == 303
    assert users.all()["Nora New"].role is auth.Role.OPERATE and nora.get("/find").status_code == 200
    assert anna.post("/users/change", change | {"remove": "1"}).status_code == 303
    assert nora.get("/find").status_code == 303  # the session ended with the user
    log = olaf.get("/audit?who=Anna%20Admin").text
    assert (
        "added a user" in log and "entered a wrong password" in log and "none in between was changed or removed" in log
    )
    assert "a long new password" not in log and PASSWORD not in log
    # What happens to a user while a new password is hashed stays so.
    hashed = PasswordHasher.hash
    for meanwhile, left in (({"role": "read"}, auth.Role.READ), ({"remove": "1"}, None)):
        users.add("Nora New", "operate", PASSWORD)

        def hash_late(own: PasswordHasher, password: str, order: dict[str, str] = meanwhile) -> str:
            assert anna.post("/users/change", {"name": "Nora New", "again": PASSWORD} | order).status_code == 303
            return str(hashed(own, password))

        with monkeypatch.context() as patch, pytest.raises(ConfigError) if left is None else nullcontext():
            patch.setattr(PasswordHasher, "hash", hash_late)
            users.change("Nora New", password="mallory was here")
        now = users.all().get("Nora New")
        assert (now and now.role) is left


def test_who_has_a_password_here_is_shown_the_way_in(office: Served) -> None:
    stranger = Person(httpx.Client(base_url=office.base, timeout=60))
    for place in ("/enter/none", "/link/none"):
        answer = stranger.get(place)
        assert answer.status_code == 401 and 'href="/sign-in">Sign in' in answer.text


def test_the_extension_is_saved_at_the_desk(office: Served, tmp_path: Path) -> None:
    rita, _ = entered(office, "Rita Reader")
    for family, path in zip(("chromium", "firefox"), package(tmp_path), strict=True):
        place = f"/companion/extension/{family}.zip"
        assert place in rita.get("/companion").text and rita.get(place).content == path.read_bytes()
    assert rita.get("/companion/extension/other.zip").status_code == 404


def test_a_code_of_the_app_is_needed_once_it_was_added_and_counts_once(office: Served) -> None:
    Users(office.agency.home.root).add("Toni Totp", "read", PASSWORD)
    toni, _ = entered(office, "Toni Totp")
    place = toni.post("/you/app", {"again": PASSWORD}).headers["location"]
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", toni.get(place).text)
    assert secret and toni.get(f"{place}/code.svg").text.startswith("<svg")
    assert toni.post(place, {"code": "000000"}).status_code == 409
    code = pyotp.TOTP(secret[1]).now()
    assert toni.post(place, {"code": code}).status_code == 303
    assert entered(office, "Toni Totp")[1].status_code == 401
    assert entered(office, "Toni Totp", code=code)[1].status_code == 401  # it was used
    assert entered(office, "Olaf Operator")[1].status_code == 200


def test_codes_count_once_and_never_an_older_one_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    secret, codes = pyotp.random_base32(), UsedCodes()
    made = pyotp.TOTP(secret)
    monkeypatch.setattr(time, "time", lambda: 1_000_000 * 30 + 5)
    step = 1_000_000
    assert not codes.accept("a", secret, made.generate_otp(step - 2))
    assert codes.accept("a", secret, made.generate_otp(step))
    assert not codes.accept("a", secret, made.generate_otp(step))
    assert not codes.accept("a", secret, made.generate_otp(step - 1))
    assert codes.accept("b", secret, made.generate_otp(step - 1))
    assert not any(codes.accept("a", secret, each) for each in ("", "12345", "１２３４５６", "abcdef"))


def test_the_own_password_is_changed_and_every_session_ends(office: Served) -> None:
    Users(office.agency.home.root).add("Pia Password", "read", PASSWORD)
    pia, _ = entered(office, "Pia Password")
    other, _ = entered(office, "Pia Password")
    order = {"again": PASSWORD, "password": "another long password", "repeated": "another long passwort"}
    assert pia.post("/you/password", order).status_code == 409
    assert pia.post("/you/password", order | {"repeated": order["password"]}).status_code == 303
    assert pia.get("/find").status_code == other.get("/find").status_code == 303
    assert entered(office, "Pia Password")[1].status_code == 401
    assert entered(office, "Pia Password", "another long password")[1].status_code == 200


def test_a_deep_link_survives_the_sign_in_and_leads_to_no_other_place(office: Served) -> None:
    stranger = Person(httpx.Client(base_url=office.base, timeout=60))
    asked = stranger.get("/licences?client=acme&sort=title")
    assert asked.headers["location"] == "/sign-in?next=%2Flicences%3Fclient%3Dacme%26sort%3Dtitle"
    assert 'value="/licences?client=acme&amp;sort=title"' in stranger.get(asked.headers["location"]).text
    _, answer = entered(office, "Rita Reader", next="/licences?client=acme&sort=title")
    assert answer.headers["refresh"] == "0; url=/licences?client=acme&sort=title"
    for evil in ("//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nset-cookie: a", "javascript:1"):
        assert entered(office, "Rita Reader", next=evil)[1].headers["refresh"] == "0; url=/"


@pytest.mark.browser
@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)], ids=["some", "all"])
def test_the_pages_of_administration_can_be_used_by_everybody(browser: Browser, office: Served, whole: bool) -> None:
    for language, width in (("en", 1280), ("de", 390)) if whole else (("de", 390),):
        size = {"width": width, "height": 800}
        context = browser.new_context(base_url=office.base, viewport=size, reduced_motion="reduce")  # type: ignore[arg-type]  # a plain dict
        page = context.new_page()
        page.goto(f"/sign-in?lang={language}")
        fine(page)
        page.fill("#name", "Anna Admin")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/")
        assert page.locator(".who").inner_text().count("Anna Admin") == 1
        for path in ("/users", "/you", "/audit", "/setup", "/settings", "/tokens", "/access") if whole else ("/users",):
            page.goto(path)
            fine(page)
        context.close()


def test_every_text_exists_in_both_languages_and_once() -> None:
    english, german = words("en").texts, words("de").texts
    assert english.keys() == german.keys()
    same = {key for key in english if english[key] == german[key] and len(english[key].split()) > 2}
    assert same <= {"claim_of"}, "not translated"
    for key in english:
        fields = [set(re.findall(r"{(\w+)}", each[key])) for each in (english, german)]
        assert fields[0] == fields[1], key
