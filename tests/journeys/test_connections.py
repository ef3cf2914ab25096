"""What a home is connected with: who signs in and how, a mailbox, a scheduler, and platforms that change under it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import oidc_provider_mock
import pytest
from playwright.sync_api import Browser

from archiver.archive.local_tsa import LocalAuthority
from tests.collect.test_terms import NOW, TEXT, page, recording
from tests.devkit.test_repair import Repairing, edit
from tests.journeys.reached import note
from tests.journeys.seen import window
from tests.journeys.visitor import PASSWORD, Desk, Installed, desk_of, installed
from tests.support import imap_server
from tests.support.homes import QUICK, RECORDINGS
from tests.support.papers import licence

pytestmark = pytest.mark.journey

ADA, PIA = "ada@example.com", "Pia Passkey"
STAND_IN = '#!/bin/sh\ncase $1 in -l) cat "$HOME/tab" 2>/dev/null ;; -) cat >"$HOME/tab" ;; esac\ntrue\n'
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def begun(folder: Path, *options: str) -> Installed:
    """A new home after `init`, with one client."""
    archiver = installed(folder)
    archiver("init", archiver.root, *options)
    archiver("client", "add", "acme", "--name", "Acme Ltd")
    return archiver


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A real home's desk, on a machine whose schedulers are stand-ins, beside a provider of identities."""
    folder = tmp_path_factory.mktemp("office")
    archiver = begun(folder)
    for name in ("crontab", "systemctl", "loginctl"):
        (program := folder / "bin" / name).parent.mkdir(exist_ok=True)
        program.write_text(STAND_IN)
        program.chmod(0o755)
    archiver.env |= {"PATH": f"{folder / 'bin'}{os.pathsep}{archiver.env['PATH']}"}
    ada = oidc_provider_mock.User(sub=ADA, claims={"email": ADA, "email_verified": True})
    with oidc_provider_mock.run_server_in_thread(user_claims=[ada]) as provider:
        issuer = f"http://localhost:{provider.server_port}"
        settings = f"desk: {{openid: {{issuer: '{issuer}', client_id: desk, title: Example}}}}\n"
        (archiver.root / "archiver.yaml").write_text(settings)
        with desk_of(archiver) as running:
            yield running


def test_the_desk_sets_up_the_nights_and_the_authorities(desk: Desk) -> None:
    owner = desk.owner()
    owner.submit("/setup", "/setup/nights$")
    assert "--install" not in owner.get("/setup").text
    owner.submit("/settings", "/settings/timestamps$")
    items = {each["name"]: each["state"] for each in desk.home.json("status", code=None)["readiness"]["items"]}
    assert (items["schedule"], items["timestamps"]) == ("ready", "unknown")


def test_a_provider_of_identities_says_who_somebody_is(desk: Desk) -> None:
    desk.owner().submit("/users", "/users$", name=ADA, role="operate", password="")
    ada = desk.stranger(ADA)
    asked = ada.get("/sign-in/openid?next=/licences")
    assert asked.url.host == "localhost", asked.url
    ada.submit(asked, "/oauth2/authorize$", sub=ADA)
    assert ADA in ada.get("/licences").text


@pytest.mark.browser
def test_a_passkey_is_made_used_and_taken_away(desk: Desk, browser: Browser) -> None:
    desk.home("desk", "user", "add", PIA, "--role", "admin", stdin=f"{PASSWORD}\n")
    stranger = desk.stranger(PIA)
    stranger.http.base_url = desk.base.replace("127.0.0.1", "localhost")  # an address has no passkeys
    with window(browser, stranger) as page:
        wire = page.context.new_cdp_session(page)
        wire.send("WebAuthn.enable")
        wire.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        page.goto("/sign-in")
        page.fill("#name", PIA)
        page.fill("#password", PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/")
        page.goto("/you")
        page.fill("#passkey-again", PASSWORD)
        page.get_by_role("button", name="Add a passkey").click()
        page.fill("#name", "My laptop")
        page.get_by_role("button", name="Make the passkey").click()
        page.get_by_text("The passkey was added").wait_for()
        page.get_by_role("button", name="Sign out").click()
        page.goto("/sign-in?next=%2Flicences")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url("**/licences")
        page.goto("/you")
        page.fill("#key-again-1", PASSWORD)
        page.get_by_role("button", name="Remove").click()
        page.get_by_text("The passkey was removed").wait_for()


@pytest.mark.skipif(bool(imap_server.missing()), reason=imap_server.missing() or "")  # see tests/skips.yaml
def test_a_mailbox_brings_licences_and_gets_a_new_password(tmp_path: Path) -> None:
    with imap_server.imap_server() as server, LocalAuthority(tmp_path / "authority") as authority:
        archiver = begun(tmp_path)
        stamps = f'timestamps: [{{name: local, url: "{authority.url}", roots: "{authority.root_pem}"}}]\n'
        (archiver.root / "archiver.yaml").write_text(stamps)
        server.put([imap_server.mail("iStock <receipts@istockphoto.com>", "Licence", licence("en", "istock", 1).text)])
        where = ("--host", "localhost", "--port", str(server.port), "--username", imap_server.USER)
        archiver("source", "add", "acme-mail", "--client", "acme", "--kind", "mailbox", *where, "--ca-file",
                 server.ca_file, "--secrets-stdin", stdin=f"password: {imap_server.PASSWORD}\n")  # fmt: skip
        archiver("run", "--source", "acme-mail")
        [name] = [each["licence"] for each in archiver.json("find", "istock")]
        assert archiver.json("source", "origin", name)
        users = server.base / "users"
        users.write_text(users.read_text().replace(imap_server.PASSWORD, "another horse 8"))
        archiver("run", "--source", "acme-mail", code=10)
        refused = ("source", "rotate", "acme-mail", "--secrets-stdin")
        archiver(*refused, stdin="password: a third horse 9\n", code=10)
        archiver(*refused, stdin="password: another horse 8\n")
        archiver("run", "--source", "acme-mail")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A home whose platforms are recordings."""
    archiver = begun(tmp_path_factory.mktemp("studio"), "--replay")
    (archiver.root / "archiver.yaml").write_text("replay: true\npacing: {default: 0}\n")
    return archiver


@pytest.mark.browser
def test_terms_that_changed_are_compared_at_the_desk(studio: Installed, tmp_path: Path) -> None:
    dates = [NOW - timedelta(days=90), NOW - timedelta(hours=1)]
    studio.account("acme-stock", "shutterstock")
    for number, text in enumerate((TEXT, TEXT.replace("nothing", "little")), 1):
        made = recording(tmp_path / str(number), dates[:number], page(text))
        studio("run", "--account", "acme-stock", "--replay", made)
    with desk_of(studio) as desk:
        owner = desk.owner("de")
        assert "/terms/shutterstock" in owner.get("/terms").text
        assert "<ins>" in owner.get("/terms/shutterstock?all=1").text


@pytest.mark.browser
def test_a_picture_of_a_free_site_is_captured(studio: Installed) -> None:
    studio("account", "add", "key", "--client", "acme", "--provider", "unsplash", "--secrets-stdin",
           stdin="api_key: invented\n")  # fmt: skip
    [first, *_] = recorded_pages("unsplash")
    studio("capture", first, "--client", "acme", "--by", "Ada Example", "--replay", RECORDINGS)
    [found] = studio.json("find", "unsplash")
    assert studio.json("show", found["licence"])["documents"]


def recorded_pages(provider: str) -> list[str]:
    """The addresses of the pictures that a recording has."""
    lines = (RECORDINGS / provider / "two-pages" / "session.yaml").read_text().splitlines()
    return [line.partition("- ")[2] for line in lines if line.startswith("- https://")]


def test_an_adapter_is_recorded_repaired_and_the_release_used_again(studio: Installed, tmp_path: Path) -> None:
    site = shutil.copytree(QUICK / "envato_market" / "two-pages", tmp_path / "site")
    studio.account("acme-envato", "envato_market")
    studio("recording", "capture", "acme-envato", "before", "--out", tmp_path / "out", "--replay", site)
    for body in (site / "bodies").glob("*purchases*.json"):
        body.write_text(body.read_text().replace('"sold_at"', '"bought_at"'))
    studio("run", "--account", "acme-envato", "--replay", site, code=20)
    repairing = Repairing(studio, "acme-envato", site)
    repairing.until("Ctrl-C stops")
    edit(studio.root / "adapters/envato_market/envato_market.py", ('row["sold_at"]', 'row["bought_at"]'))
    assert repairing.ended() == 0, repairing.said
    note("archiver adapter repair")
    studio("run", "--account", "acme-envato", "--replay", site)
    assert "--force" in studio("adapter", "remove", "envato_market", code=1).stderr
    studio("adapter", "remove", "envato_market", "--force")
