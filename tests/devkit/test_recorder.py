"""Recording a real account: what must not be in a recording is not, whatever shape it had; and it still plays."""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

from archiver.reading.secret_scan import forms
from archiver.reading.worker import DocumentReader
from tests.authoring import freepik, scenario
from tests.support.homes import QUICK, Home

JWT = (
    ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "HS256"}, {"email": "grace@hopper.org", "name": "Grace Hopper", "exp": 1800000000})
    )
    + ".c2lnbmF0dXJlLW9mLWEtdG9rZW4"
)
PASSWORD, COOKIE, CSRF, BEARER = (
    "Tr0ub4dor&3/Pass",
    "s%3Af00dBABE1234567890",
    "csrf-9f8e7d6c5b4a",
    "b34r3r-0123456789abcdef",
)
SIGNED, OPAQUE, HEADER = "0a1b2c3d4e5f60718293", "kX7pQ2mZ9vT4wL8nR3sY6uB1", "hdr-5566778899aabb"
NAME, MAIL, COMPANY, ORDER = "Grace Hopper", "grace@hopper.org", "Hopper & Söhne GmbH", "INV-2026-77812"
SURNAME, WALLET, INVOICE, PAPER = "Murray", "7f3b1c9e-0a1b-4222-8333-abcdefabcdef", "RE7788123", "IV4455667"
PLAIN, PASSPHRASE, CODE = "tok-1a2b-3c4d", "Corr3ct-Horse", "1f9c2b7a-44de-4c1b-9c31-9a0d4b7e2f11"
PROJECT, BUYER, CARD = "Spring Launch 26", "Betty Snyder", "4000 1234 5678 9010"
STORED = "sT0r3dkX7pQ2mZ9vT4wL8nR3sY6uB1"
PLANTED = (PASSWORD, COOKIE, CSRF, BEARER, SIGNED, OPAQUE, HEADER, NAME, MAIL, COMPANY, ORDER, JWT, SURNAME, WALLET,
           INVOICE, PAPER, PLAIN, PASSPHRASE, CODE, PROJECT, BUYER, CARD, STORED)  # fmt: skip

SCRIPT = f"""<script>
window.boot = {json.dumps({"user": {"id": 7, "name": NAME}, "company": COMPANY, "invoiceNumber": ORDER})};
window.more = {json.dumps({"surname": SURNAME, "wallet": {"kind": "credits", "id": WALLET}})};
window.api = {{"csrfToken": "{CSRF}", "key": "{OPAQUE}"}}; headers = {{"authorization": "Bearer {BEARER}"}};
window.jwt = "{JWT}"; window.state = "{base64.b64encode(f"mail={MAIL};by={NAME}".encode()).decode()}";
</script><meta name="csrf-token" content="{CSRF}"><a href="mailto:{quote(MAIL)}">{MAIL.upper()}</a>
<a href="/user/downloads?page=1&amp;signature={SIGNED}">{COMPANY.replace("&", "&amp;")}</a> <b>Order no: {ORDER}</b>
<script>window.last = {json.dumps({"token": PLAIN, "code": CODE, "purchased_by": BUYER})}</script>
<xml><ns:password>{PASSPHRASE}</ns:password></xml><p>Registered Project Name: {PROJECT}</p><p>Paid with {CARD}</p>
<p>Invoice No. {INVOICE}, see invoice {PAPER}</p>
<iframe src="https://www.google.com/recaptcha/api2/anchor?size=invisible"></iframe>"""


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with a sign-in form, one page of two downloads and their PDFs, full of what must not be recorded."""
    monkeypatch.setattr(scenario, "ROOT", tmp_path / "sites")
    resources = [freepik.Resource(number) for number in range(2)]
    site = freepik.freepik("planted", "password")
    site.secrets = {"password": PASSWORD}
    kept = {"name": "auth", "value": json.dumps({"token": STORED})}
    site.session = {"cookies": [], "origins": [{"origin": freepik.FREEPIK, "localStorage": [kept]}]}
    page = freepik.freepik_list(resources).replace("</body>", f"{SCRIPT}</body>")
    site.get(freepik.freepik_page(1), status=302, headers={"location": "/log-in"})
    form = f'<input type="hidden" name="_csrf" value="{CSRF}"></form>'
    for query in ("", "?client_id=freepik&lang=en"):
        site.get(f"{freepik.FREEPIK}/log-in{query}", freepik.freepik_sign_in().replace("</form>", form), slug="log-in")
    cookies = [f"GR_TOKEN={COOKIE}; Path=/; Secure; HttpOnly; Max-Age=86400", f"id_token={JWT}; Path=/; Secure"]
    site.post(f"{freepik.FREEPIK}/log-in", ["email", "password", "_csrf"], status=302,
              headers={"location": "/user/downloads?page=1&type=regular", "set-cookie": cookies})  # fmt: skip
    site.get(freepik.freepik_page(1), page, slug="downloads", headers={
        "x-csrf-token": HEADER, "www-authenticate": f'Bearer token="{HEADER}"',
        "link": f"<{freepik.FREEPIK}/next?access_token={HEADER}>"})  # fmt: skip
    for resource in resources:
        paper = resource.certificate().replace(b"Ada Example", NAME.encode()).replace(
            b"This document", f"{MAIL} {BEARER} {ORDER} This".encode())  # fmt: skip
        site.get(resource.certificate_url, paper, slug=f"certificate-{resource.resource_id}.pdf")
    site.write()
    return tmp_path / "sites" / "freepik" / "planted"


def found(folder: Path) -> list[str]:
    """Planted values that are anywhere in a folder, in any form: also in base64, in PDFs and in tokens' claims."""
    texts = {}
    with DocumentReader(workers=1) as reader:
        for path in (path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            texts[path.name] = content + (reader.read_all(content).text.encode() if content[:4] == b"%PDF" else b"")
    inner = [
        base64.urlsafe_b64decode(run + b"==") for text in texts.values() for run in re.findall(rb"eyJ[\w-]+", text)
    ]
    return [
        f"{value} in {name}"
        for value in PLANTED
        for name, text in {**texts, "a token": b" ".join(inner)}.items()
        if any(form.lower() in text.lower() for form in forms(value))
    ]


@pytest.mark.long  # of one capture: below
@pytest.mark.browser
def test_nothing_planted_survives_a_capture_and_it_still_plays(home: Home, planted: Path, tmp_path: Path) -> None:
    home("account", "add", "acme-freepik", "--client", "acme", "--provider", "freepik", "--method", "password",
         "--username", MAIL, "--secrets-stdin", stdin=f"password: {json.dumps(PASSWORD)}")  # fmt: skip
    assert len({line.partition(" in ")[0] for line in found(planted)}) == len(PLANTED), "each is there to begin with"
    said = home("recording", "capture", "acme-freepik", "first-look", "--out", tmp_path / "out", "--replay", planted)
    made = tmp_path / "out" / "freepik" / "first-look"
    assert found(made) == []
    assert not any(value.lower() in (said.stdout + said.stderr).lower() for value in PLANTED)
    assert "licensee:      read in 2 of 2 licences, for example Example Name" in said.stderr
    session = yaml.safe_load((made / "session.yaml").read_text())
    assert session["session"]["origins"], "the session of the account is kept"
    assert (session["origin"], session["sources"][0].startswith("a replay")) == ("captured", True)
    expected = yaml.safe_load((made / "expected.yaml").read_text())
    assert [expected["outcome"], len(expected["licences"])] == ["read_to_end", 2]
    [licensee] = {licence["licensee"] for licence in expected["licences"]}
    assert re.fullmatch(r"Example Name \d", licensee), "one person is one stand-in, also in PDFs"
    home("recording", "check", made)
    other = shutil.copytree(made, tmp_path / "other")
    (other / "expected.yaml").write_text((made / "expected.yaml").read_text().replace("read_to_end", "partial"))
    differs = home("recording", "check", other, code=1).stdout
    assert "outcome: expected 'partial'" in differs and "message: Beside the rows of regular stands" in differs
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    home("recording", "scrub", made)
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before, "scrubbing ends"
    assert "exists" in home("recording", "capture", "acme-freepik", "first-look", "--out", tmp_path / "out",
                            "--replay", planted, code=2).stderr  # fmt: skip


def test_nothing_planted_survives_a_scrub(home: Home, planted: Path) -> None:
    assert len({line.partition(" in ")[0] for line in found(planted)}) == len(PLANTED), "each is there to begin with"
    home("recording", "scrub", planted)
    assert found(planted) == [], "a recording tells enough by itself"


def test_what_cannot_be_scrubbed_is_refused_and_nothing_is_written(home: Home, planted: Path) -> None:
    session = planted / "session.yaml"
    session.write_text(session.read_text().replace("id_token=", f"for-{MAIL}="))  # a cookie's name must stay what it is
    before = {path: path.read_bytes() for path in planted.rglob("*") if path.is_file()}
    said = home("recording", "scrub", planted, code=40).stderr
    assert "session.yaml: what looks like a mail" in said and MAIL not in said
    assert {path: path.read_bytes() for path in planted.rglob("*") if path.is_file()} == before


ORDERS = ("FJ-2026-448812", "FJ-2026-448813")


@pytest.mark.long  # what is scrubbed: above; what is recorded: below
@pytest.mark.browser
def test_a_fresh_sign_in_is_recorded_though_a_session_is_saved_and_ids_keep_their_prefix(
    home: Home, planted: Path, tmp_path: Path
) -> None:
    listed = next((planted / "bodies").glob("*downloads*"))
    orders = "".join(f"<p>Order No: {each}</p>" for each in ORDERS)
    listed.write_text(listed.read_text().replace("</body>", f"{orders}</body>"))
    home("account", "add", "acme-freepik", "--client", "acme", "--provider", "freepik", "--method", "password",
         "--username", MAIL, "--secrets-stdin", stdin=f"password: {json.dumps(PASSWORD)}")  # fmt: skip
    home("recording", "capture", "acme-freepik", "anew", "--fresh-sign-in", "--out", tmp_path / "out",
         "--replay", planted)  # fmt: skip
    made = tmp_path / "out" / "freepik" / "anew"
    recorded = yaml.safe_load((made / "session.yaml").read_text())
    signed_in = [each["request"] for each in recorded["exchanges"] if each["request"]["method"] == "POST"]
    assert found(made) == [] and not recorded.get("session"), "the site's saved session was not used"
    assert [each["url"] for each in signed_in] == [f"{freepik.FREEPIK}/log-in"]
    text = "".join(path.read_text() for path in (made / "bodies").glob("*.html"))
    assert not any(each in text for each in ORDERS)
    kept = re.findall(r"Order No: (\S+?)<", text)
    assert len(set(kept)) == 2 and all(re.fullmatch(r"FJ-2026-\d{6}", each) for each in kept), kept


@pytest.mark.long  # what is recorded plays: above
def test_a_recording_that_does_not_play_as_it_ran_ends_with_1(home: Home, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(QUICK / "envato_market" / "two-pages", site)
    home.account("acme-envato", "envato_market")
    capture = ("recording", "capture", "acme-envato")
    home(*capture, "plays", "--out", tmp_path / "out", "--replay", site)
    session = yaml.safe_load((site / "session.yaml").read_text())
    session["exchanges"][-1]["response"]["cut"] = 10  # half an answer is none, and is not recorded
    (site / "session.yaml").write_text(yaml.safe_dump(session))
    said = home(*capture, "differs", "--out", tmp_path / "out", "--replay", site, code=1)
    assert re.search(r"does not play yet|but the replay is", said.stderr), said.stderr
