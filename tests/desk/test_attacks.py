"""What others try at the desk: over plain HTTP, as an attacker's program or a foreign page would."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from archiver.claims.claim_files import Claim, save
from archiver.core.errors import ConfigError
from archiver.desk.app import MAX_UPLOAD_BYTES
from archiver.desk.auth import AccessControl, Links
from archiver.desk.serve import ServeOptions, checked, site_of
from archiver.reading.letters import LetterKind
from tests.support.desk_kit import HOSTILE, HTML, PASSWORD, Person, Served

type Sign = Callable[..., Person]


def test_strangers_see_nothing_and_a_one_time_link_works_once(served: Served, person: Sign) -> None:
    stranger = person()
    for path in (
        "/",
        "/find?q=9001",
        "/claims",
        served.place("harbour"),
        served.place("harbour") + "/file/record.json",
    ):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in"), path
    assert stranger.post("/claims/new", {"client": "acme"}).status_code == 403
    first = stranger.get(served.key)
    assert "httponly" in first.headers["set-cookie"].lower()
    assert "samesite=strict" in first.headers["set-cookie"].lower()
    assert stranger.get("/claims").status_code == 200
    assert person().get(served.key).status_code == 401


def test_every_answer_carries_the_headers_that_keep_pages_harmless(served: Served, person: Sign) -> None:
    olaf = person("Olaf Operator")
    for path in ("/", "/find", "/static/desk.css", "/nowhere", served.place("harbour") + "/file/record.json"):
        headers = olaf.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe-inline'; script" not in headers["content-security-policy"]
        assert "frame-ancestors" in headers["content-security-policy"]
    page = olaf.get("/").headers["content-security-policy"]
    assert "script-src 'self'" in page
    assert "frame-ancestors 'none'" in page
    assert "unsafe" not in page


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "127.0.0.1", "127.0.0.1:1", ""])
def test_a_name_that_was_bound_to_this_machine_by_others_is_refused(served: Served, person: Sign, host: str) -> None:
    olaf = person("Olaf Operator")
    answer = olaf.get("/", host=host)
    assert answer.status_code in (400, 421)
    assert "Acme" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {"origin": ""}],
)
def test_a_foreign_page_cannot_post(served: Served, person: Sign, headers: dict[str, str]) -> None:
    olaf = person("Olaf Operator")
    answer = olaf.post("/client/acme/link", {"days": "7"}, headers=headers)
    assert answer.status_code == 403
    assert "/link/" not in answer.text


@pytest.mark.parametrize("token", ["", "x" * 32, "\u2603"])
def test_a_form_without_its_token_changes_nothing(person: Sign, token: str) -> None:
    olaf = person("Olaf Operator")
    assert olaf.post("/client/acme/link", {"days": "7"}, token=token).status_code == 403
    other = person("Olaf Operator", fresh=True)
    assert olaf.post("/client/acme/link", {"days": "7"}, token=other.token).status_code == 403  # another visit's
    assert "/link/" in olaf.post("/client/acme/link", {"days": "7"}).text


def test_whoever_may_read_cannot_operate(served: Served, person: Sign) -> None:
    rita = person("Rita Reader")
    assert rita.get("/claims").status_code == 200
    assert "/claims/new" not in rita.get("/claims").text
    for path in ("/claims/new", "/client/acme/link", "/claim/acme-00000000/assign", "/claim/acme-00000000/pack"):
        assert rita.post(path, {"client": "acme", "days": "7"}).status_code == 403, path
    assert rita.get("/claims/new").status_code == 403
    audit = (served.agency.home.state / "desk" / "audit.jsonl").read_text()
    refused = [json.loads(line) for line in audit.splitlines()]
    assert {"Rita Reader"} <= {each["who"] for each in refused if each["what"] == "refused"}


def test_after_an_abmahnung_the_lawyer_says_when_the_picture_comes_down(served: Served, person: Sign) -> None:
    licences = (served.folders["harbour"],)
    claim = Claim(claim="acme-0a0a0a0a", client="acme", kind=LetterKind.ABMAHNUNG, licences=licences, confirmed=True)
    save(served.agency.home, claim)
    page = person("Rita Reader").get("/claim/acme-0a0a0a0a").text
    assert "The lawyer decides" in page and "Then take the picture down" not in page


def test_a_clients_link_shows_that_client_alone_until_it_ends(served: Served, person: Sign) -> None:
    links = Links(served.agency.home.state)
    secret, _ = links.made("acme", 7)
    guest = person()
    assert guest.get(f"/link/{secret}").status_code == 200
    assert guest.get("/client/acme").status_code == 200
    place = served.place("harbour")
    assert guest.get(place).status_code == 200
    assert guest.get(f"{place}/file/certificate.txt").status_code == 200
    assert guest.get(f"{place}/file/record.json").status_code == 404  # may hold prices
    for path in (
        served.place("beta"), served.place("beta") + "/file/certificate.txt", served.place("house"), "/client/beta",
        served.place("beta") + "/preview", "/claims", "/accounts", f"{place}/verdict",
    ):  # fmt: skip
        assert guest.get(path).status_code == 404, path
    for text in ("9003", "9003&client=beta", "9004", "Beta"):
        assert "/licence/beta" not in guest.get(f"/find?q={text}").text
        assert "/licence/house" not in guest.get(f"/find?q={text}").text
    assert guest.post(f"{place}/verify").status_code == 404

    client, id, rest = secret.split(".")
    beta = links.made("beta", 7)[0].split(".")[1]
    for forged in (
        f"{client}.{beta}.{rest}", f"beta.{id}.{rest}", f"beta.{beta}.{rest}", f"{id}.{rest}", f"{client}.{id}.",
        f"{client}.{id}.AAAA", f"{client}.{id}", "acme", "é.1.2", f"{client}...%2f{id}.{rest}",
    ):  # fmt: skip
        assert person().get(f"/link/{forged}").status_code in (401, 404), forged
    stored = served.agency.home.state / "desk" / "links" / f"{id}.json"
    assert rest not in stored.read_text()
    said = json.loads(stored.read_text())
    stored.write_text(json.dumps(said | {"until": "2026-01-01T00:00:00Z"}))
    assert person().get(f"/link/{secret}").status_code == 401
    assert guest.get("/client/acme").status_code == 303  # what the link began ends with it


@pytest.mark.browser
def test_several_licences_are_assigned_at_once(served: Served, person: Sign) -> None:
    olaf = person("Olaf Operator")
    spare = served.folders["spare"]
    shown = olaf.get("/unassigned").text
    assert spare in shown
    assert "client field is &#39;Beta GmbH&#39;" in shown
    assert "selected" not in shown.partition("<main")[2]  # a suggestion is a choice, never set beforehand
    order = {f"for {spare}": "beta", "reason": "Job 12", "by": "Somebody Else"}
    assert person("Rita Reader").post("/unassigned", order).status_code == 403
    review = olaf.post("/unassigned", order)
    assert review.status_code == 303
    counted = olaf.get(review.headers["location"]).text
    assert "Beta GmbH" in counted and "gets a copy of 1 licence" in counted
    before = olaf.get(f"/licence/{spare.replace('house', 'beta')}")
    assert before.status_code == 404  # nothing has happened yet
    assert olaf.post(review.headers["location"]).status_code == 303
    said = served.agency.run.json("show", spare.replace("house", "beta"))["assignments"]
    assert [(each["by"], each["reason"]) for each in said] == [("Olaf Operator", "Job 12")]  # in nobody else's name
    report = olaf.get("/client/beta/report?month=2026-03")
    assert report.content.startswith(b"%PDF-")


def test_document_addresses_lead_nowhere_else(served: Served, person: Sign) -> None:
    olaf = person("Olaf Operator")
    place, slug_folder = served.place("harbour"), served.folders["harbour"].split("/")[1]
    address = urlsplit(served.base)
    assert address.hostname and address.port
    for path in (
        f"{place}/file/../inventory.json", f"{place}/file/..%2f..%2finventory.json", f"{place}/file//etc/passwd",
        f"{place}/file/%2e%2e/%2e%2e/inventory.json", f"{place}/file/inventory.json", f"{place}/file/licence.json",
        f"/licence/beta/{slug_folder}", f"/licence/..%2facme/{slug_folder}", "/licence/acme/%2e%2e",
        f"{place}/terms/..%2f..%2fx/terms.txt", "/claim/..%2f..%2fclients/file/acme.yaml", "/static/../app.py",
        "/static/..%2fapp.py", "/licence/acme/a",
    ):  # fmt: skip
        with socket.create_connection((address.hostname, address.port), 20) as raw:  # as it is, not tidied by a client
            cookie = "; ".join(f"{name}={value}" for name, value in olaf.http.cookies.items())
            head = f"Host: {address.netloc}\r\nCookie: {cookie}\r\nConnection: close"
            raw.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n\r\n".encode())
            status = raw.makefile("rb").readline().split()[1]
        assert status in (b"404", b"400"), (path, status)


def test_scripts_in_titles_and_documents_stay_text_or_in_a_sandbox(served: Served, person: Sign) -> None:
    olaf = person("Olaf Operator")
    place = served.place("hostile")
    for path in (place, "/find?q=9002", f"/find?q={HOSTILE}", "/client/acme"):
        assert "<script>document" not in olaf.get(path).text
        assert "<img src=x" not in olaf.get(path).text
    for name, kind in (("receipt.html", "text/html; charset=utf-8"), ("receipt.svg", "image/svg+xml")):
        answer = olaf.get(f"{place}/file/{name}")
        assert answer.headers["content-type"] == kind
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"sandbox", "default-src 'none'"} <= set(policy)
        assert not any("script" in each for each in policy)
    assert olaf.get(f"{place}/file/receipt.html").content == HTML  # as it was
    assert olaf.get(f"{place}/file/receipt.html?save=1").headers["content-disposition"].startswith("attachment")


def test_uploads_that_are_too_large_or_nonsense_are_refused_in_words(person: Sign) -> None:
    olaf = person("Olaf Operator")
    address = urlsplit(str(olaf.http.base_url))
    with socket.create_connection((str(address.hostname), address.port or 0), 20) as raw:
        head = f"Host: {address.netloc}\r\nOrigin: http://{address.netloc}"
        length = f"Content-Length: {MAX_UPLOAD_BYTES + 1}"
        raw.sendall(f"POST /find/file HTTP/1.1\r\n{head}\r\n{length}\r\n\r\n".encode())
        assert raw.recv(4096).split()[1] == b"413"
    bomb = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\x7f\xff\xff\xff" * 2 + b"\x08\x02\0\0\0" + b"\0" * 60
    broken = olaf.post("/find/file", files={"file": ("a.png", bomb, "image/png")})
    assert broken.status_code == 409
    assert "cannot be read" in broken.text
    malformed = olaf.post(
        "/find/file", content=b"--x\r\nnonsense", data=None, headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert malformed.status_code in (400, 403)
    assert olaf.get("/").status_code == 200


def test_a_session_ends_when_its_user_goes(served: Served, person: Sign) -> None:
    served.agency.run("desk", "user", "add", "Paul", "--role", "read", stdin=f"{PASSWORD}\n")
    paul, access = person("Paul"), AccessControl(served.agency.home.root, served.agency.home.state)
    assert paul.get("/").status_code == 200
    kept = (served.agency.home.root / "desk-users.json").read_text()
    assert PASSWORD not in kept
    assert "$argon2id$" in kept
    access.users.add("Paul", "read", f"{PASSWORD} 2")  # a new password ends what the old one began
    assert paul.get("/").status_code == 303
    access.users.remove("Paul")
    assert paul.get("/").status_code == 303


def test_others_are_served_only_by_name_and_over_tls(served: Served, tmp_path: Path) -> None:
    access, name = AccessControl(served.agency.home.root, tmp_path), ["archive.example.com"]
    with pytest.raises(ConfigError, match="unencrypted"):
        checked(ServeOptions(names=name), access)
    with pytest.raises(ConfigError, match="desk user add"):
        checked(ServeOptions(names=name, behind_proxy=True), AccessControl(tmp_path, tmp_path))
    with pytest.raises(ConfigError, match="is not a host name"):
        checked(ServeOptions(names=["https://x/"], behind_proxy=True), access)
    checked(ServeOptions(names=name, behind_proxy=True), access)
    assert site_of(ServeOptions(names=name, behind_proxy=True), 8737).cookie.startswith("__Host-")
    assert served.agency.run("desk", "--behind-proxy", code=2).stderr


def test_a_visit_ends_and_its_cookie_with_it(served: Served, person: Sign) -> None:
    olaf = person("Olaf Operator", fresh=True)
    assert olaf.post("/sign-out").status_code == 200
    assert olaf.get("/").status_code == 303
    assert AccessControl(served.agency.home.root, served.agency.home.state).visitor("guess") is None
