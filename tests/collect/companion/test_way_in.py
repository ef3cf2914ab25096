"""The companion's way in, from outside: a real desk, a real archive, and programs that send what they like."""

from __future__ import annotations

import json
import os
import re
import socket
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from archiver.catalogue.archives import writing
from archiver.collect.companion.captures import Inbox
from archiver.collect.companion.filing import file_captures
from archiver.collect.companion.paired_browsers import CODE_MINUTES, PairingCodes, PairingOffer
from archiver.home.settings_edit import add_source
from archiver.reading.worker import DocumentReader
from tests.support import papers
from tests.support.companion_kit import (
    ORIGIN,
    SHOP,
    CompanionDesk,
    SendingBrowser,
    capture,
    companion_desk,
    desk_of,
    document,
)

HTML = b"<!doctype html><title>Walk</title><p>Walk by the sea <input type=hidden name=csrf value=CANARY-0123456789>"
CERTIFICATE = papers.freepik(1)  # of the asset that `capture` names
SECRET = "CANARY-0123456789"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompanionDesk]:
    with companion_desk(tmp_path_factory.mktemp("companion")) as served:
        yield served


def test_a_download_with_its_certificate_becomes_one_proven_licence(desk: CompanionDesk) -> None:
    browser = desk.browser()
    about = capture(documents=[document()])
    first = browser.send(about, page_html=HTML, page_txt=b"Walk by the sea", document_01_pdf=CERTIFICATE.pdf())
    assert first.status_code == 200, first.text
    told = first.json()
    assert (told["state"], told["outcome"], told["client_name"]) == ("filed", "archived", "Acme Ltd")
    [licence] = told["licences"]
    assert licence["asset_id"] == "7654322"
    again = browser.send(about, page_html=HTML, page_txt=b"Walk by the sea", document_01_pdf=CERTIFICATE.pdf())
    assert again.json() == told

    run = desk.at.run
    shown = run.json("show", licence["licence"])
    names = {each["name"]: each["kind"] for each in shown["documents"]}
    assert names == {
        "companion-certificate.pdf": "certificate", "companion-capture.json": "capture",
        "companion-page.html": "capture", "companion-page.txt": "capture",
    }  # fmt: skip
    folder = desk.at.home.archive("acme")
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert CERTIFICATE.pdf() in files
    assert not any(SECRET.encode() in each for each in files)
    [described] = [json.loads(each) for each in files if b'"imports"' in each and each.startswith(b"{\n")]
    assert described["provenance"]["source"] == "companion"
    page = next(each for each in described["provenance"]["imports"] if each["how"] == "downloaded")
    assert (page["by"], page["browser"], page["extension"]) == ("Ada Example", "Chromium 156", "1.0.0")
    assert page["stated"] == {"client": "acme", "job": "Spring"}
    assert page["said"]["download"]["name"] == "walk_7654322.jpg"

    assert run.json("verify", "--client", "acme")["state"] == "PROVEN"
    assert len(run.json("find", "7654322")) == 1
    jobs = browser.get("/companion/clients").json()["clients"]
    assert next(each for each in jobs if each["slug"] == "acme")["jobs"] == ["Spring"]


def test_a_delivered_file_joins_the_licence_of_its_download(desk: CompanionDesk, tmp_path: Path) -> None:
    """By name and size, if it is not older; whether the folder or the capture is read first."""
    at, run = desk.at, desk.at.run
    folder = tmp_path / "downloads"
    for name, size in {"Löwe.mp4": 4321, "other/Löwe.mp4": 4322, "old/Löwe.mp4": 4321, "spot.wav": 99}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode()[:1] * size)
    os.utime(folder / "old" / "Löwe.mp4", (1_700_000_000, 1_700_000_000))
    add_source(at.home.root, "acme-downloads", client="acme", kind="folder", path=str(folder))

    def delivered(licence: str) -> list[str]:
        run.json("run", "--source", "acme-downloads")
        documents = run.json("show", licence)["documents"]
        return [each["name"] for each in documents if each["kind"] == "delivered"]

    def send(number: int, name: str, size: int) -> str:
        asset = str(7654321 + number)
        about = capture(asset=asset, documents=[document(url=f"{SHOP}/profile/license/pdf/{asset}")])
        about["page"]["url"] = f"{SHOP}/photo/walk_{asset}.htm"
        about["download"] |= {"name": unicodedata.normalize("NFD", name), "bytes": size}
        told = desk.browser().send(about, page_html=HTML, document_01_pdf=papers.freepik(number).pdf()).json()
        return str(told["licences"][0]["licence"])

    first = send(21, "Löwe.mp4", 4321)
    assert delivered(first) == ["imported-delivered.json"]
    assert not delivered(later := send(22, "spot.wav", 98)) and not delivered(send(23, "clip.wav", 99))
    assert send(22, "spot.wav", 99) == later and delivered(later) == ["imported-delivered.json"]
    send(24, "spot.wav", 99)  # now two licences have such a download, which changes nothing here
    assert delivered(first) == delivered(later) == ["imported-delivered.json"]


def test_packs_say_whose_browser_it_was(desk: CompanionDesk) -> None:
    from archiver.claims.pack_words import PackWords

    for language, words in (("en", "in the browser of a named person while signed in"), ("de", "im Browser einer")):
        assert words in PackWords(language)("companion")


def test_a_page_that_no_reader_knows_is_kept_and_waits_at_the_desk(desk: CompanionDesk) -> None:
    page = {"url": "https://shop.example/thanks", "title": "Thanks", "referrer": "", "remarks": []}
    about = capture("", how="marked", platform="", asset="", page=page, download=None)
    told = desk.browser().send(about, page_html=b"<p>Thank you", page_txt=b"Thank you").json()
    assert (told["outcome"], told["client"], told["licences"]) == ("unread", "house", [])
    assert "which licence?" in desk.owner.http.get("/companion").text
    assert "shop.example/thanks" in desk.owner.http.get("/companion?lang=de").text
    desk.owner.http.get("/companion?lang=en")


def test_a_person_says_which_licence_a_waiting_capture_is_of(desk: CompanionDesk) -> None:
    browser = desk.browser()
    about = capture(asset="7654331", documents=[document(url="https://www.freepik.com/profile/license/pdf/7654331")])
    licence = browser.send(about, document_01_pdf=papers.freepik(10).pdf()).json()["licences"][0]["licence"]
    page = {"url": "https://shop.example/order", "title": "", "referrer": "", "remarks": []}
    about = capture("acme", how="marked", platform="", asset="", page=page, download=None)
    assert browser.send(about, page_html=b"<p>Your order").json()["outcome"] == "unread"
    fields = {"id": about["id"], "by": "Olaf Operator"}
    assert desk.owner.post("/companion/bind", licence="house/nothing", **fields).status_code == 409
    answer = desk.owner.post("/companion/bind", licence=f"{desk.base}/licence/{licence}", **fields)
    assert answer.status_code == 200, answer.text
    assert "shop.example/order" not in answer.text.partition('id="browsers"')[0]  # it no longer waits
    shown = desk.at.run.json("show", licence)
    assert [each["name"] for each in shown["documents"]].count("companion-page.html") == 1
    assert desk.at.run.json("verify", "--client", "acme")["state"] == "PROVEN"
    assert browser.get(f"/companion/captures/{about['id']}").json()["licences"][0]["licence"] == licence


def test_one_click_changes_for_whom_it_is(desk: CompanionDesk) -> None:
    browser = desk.browser()
    page = {"url": "https://shop.example/2", "title": "", "referrer": "", "remarks": []}
    about = capture("acme", how="marked", platform="", asset="", page=page, download=None)
    assert browser.send(about, page_html=b"<p>2").json()["client"] == "acme"
    changed = browser.change(about["id"], "beta")
    assert changed.json()["client"] == "beta", changed.text
    about = capture(
        "", asset="7654330", documents=[document(url="https://www.freepik.com/profile/license/pdf/7654330")]
    )
    paid = browser.send(about, document_01_pdf=papers.freepik(9).pdf()).json()
    assert (paid["client"], paid["outcome"]) == ("house", "archived")
    assert browser.change(about["id"], "beta").json()["client"] == "beta"
    [found] = desk.at.run.json("find", "7654330", "--client", "beta")
    assert found["client"] == "beta"


def test_a_token_may_only_do_what_it_was_made_for(desk: CompanionDesk) -> None:
    narrow, other = desk.browser("Nora Narrow", "beta"), desk.browser("Olga Other", "acme")
    assert [each["slug"] for each in narrow.get("/companion/clients").json()["clients"]] == ["beta"]
    refused = narrow.send(capture("acme"), page_html=HTML)
    assert refused.status_code == 400
    assert "Acme" not in refused.text
    mine = capture("beta", asset="")
    assert narrow.send(mine, page_html=b"<p>mine").status_code == 200
    assert other.get(f"/companion/captures/{mine['id']}").status_code == 404  # another person's
    assert other.change(mine["id"], "acme").status_code == 409
    for path in ("/", "/find?q=walk", "/companion", "/client/acme", "/audit"):
        answer = narrow.get(path)
        assert answer.status_code in (303, 401, 404), path
        assert "Acme" not in answer.text


def test_wrong_codes_tokens_and_origins_are_refused_and_noted(desk: CompanionDesk) -> None:
    browser = desk.browser("Rita Revoked")
    code = desk.owner.code()
    SendingBrowser.paired(desk.base, code.lower())
    assert SendingBrowser(desk.base).pair(code).status_code == 401  # used
    for origin in ("https://evil.example", "null", "", "chrome-extension://evil"):
        assert SendingBrowser(desk.base, origin=origin).pair(desk.owner.code()).status_code == 403, origin
    forged = [
        browser.token[:-1] + ("A" if browser.token[-1] != "A" else "B"), "x", "x" * 5000,
        browser.token.replace("companion.", "companion.000000000000", 1), "companion.../../desk.x",
    ]  # fmt: skip
    for token in forged:
        assert SendingBrowser(desk.base, token).send(capture()).status_code == 401, token[:40]
        assert SendingBrowser(desk.base, token).get("/companion/clients").status_code == 401
    stolen = SendingBrowser(desk.base, browser.token, origin=ORIGIN.replace("ab", "ba"))
    assert stolen.send(capture()).status_code == 403
    no_origin = httpx.post(f"{desk.base}/companion/captures", content=b"x",
                           headers={"authorization": f"Bearer {browser.token}"})  # fmt: skip
    assert no_origin.status_code == 403
    id = browser.token.split(".")[1]
    assert id in desk.owner.http.get("/companion").text
    desk.owner.post("/companion/revoke", id=id)
    assert browser.send(capture()).status_code == 401
    assert browser.get("/companion/clients").json()["error"] == "token"
    said = {(line["what"], line["target"]) for line in desk.audit()}
    assert {
        ("companion refused", "token"),
        ("companion refused", "origin"),
        ("browser revoked", "Rita Revoked"),
    } <= said
    assert any(what == "browser paired" for what, _ in said)


def test_a_replayed_id_with_other_content_is_a_conflict(desk: CompanionDesk) -> None:
    browser, about = desk.browser(), capture("beta", asset="")
    assert browser.send(about, page_html=b"<p>one").status_code == 200
    assert browser.send(about, page_html=b"<p>two").status_code == 409
    assert browser.send(about, page_html=b"<p>one").status_code == 200


@pytest.mark.parametrize(
    ("change", "files"),
    [
        ({"id": "../../../etc/passwd"}, {}),
        ({"format": 2}, {}),
        ({"more": 1}, {}),
        ({"documents": [document()]}, {}),
        ({}, {"document_01_pdf": b"x"}),
        ({}, {"evil_exe": b"x"}),
        ({}, {"screen_01_png": b"<script>"}),
        ({"page": {"url": "x" * 5000}}, {}),
        ({"at": "yesterday"}, {}),
    ],
)
def test_what_is_no_capture_is_refused_in_words(
    desk: CompanionDesk, change: dict[str, Any], files: dict[str, bytes]
) -> None:
    answer = desk.browser().send(capture(**change), **files)
    assert (answer.status_code, answer.json()["error"]) == (400, "refused"), answer.text
    assert answer.json()["message"].startswith("The desk refused a capture: ")


@pytest.mark.parametrize("size", [41 << 20, 400 << 20])
def test_a_large_body_is_refused_before_it_is_read(desk: CompanionDesk, size: int) -> None:
    browser = desk.browser()
    parts = urlsplit(desk.base)
    with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=20) as wire:
        head = (
            f"POST /companion/captures HTTP/1.1\r\nhost: {parts.netloc}\r\norigin: {ORIGIN}\r\n"
            f"authorization: Bearer {browser.token}\r\ncontent-type: multipart/form-data; boundary=x\r\n"
            f"content-length: {size}\r\n\r\n"
        )
        wire.sendall(head.encode())
        assert b"413" in wire.recv(4096).split(b"\r\n")[0]


def test_a_code_ends_by_itself() -> None:
    now = 0.0
    codes = PairingCodes(now=lambda: now)
    code = codes.offer(PairingOffer(person="Ada Example", clients=None, by="x"))
    assert re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}", code)
    now = 60.0 * CODE_MINUTES + 1
    assert codes.take(code) is None


def test_a_page_that_cannot_be_searched_for_secrets_stays_out_of_the_archive(
    desk: CompanionDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, about = desk.browser(), capture("beta", asset="", job="Unsearched")
    with writing(desk.at.home, desk.at.vault, "beta"):  # so that the desk does not file it
        assert browser.send(about, page_html=HTML, page_txt=b"Walk").json()["state"] == "waiting"
        [waiting] = [each for each in Inbox(desk.at.home.state).waiting() if each.id == about["id"]]
    monkeypatch.setattr(DocumentReader, "masked", lambda _, content: None if content == HTML else content)
    with DocumentReader() as reader:
        file_captures(desk.at.home, desk.at.vault, "beta", "Ada Example", [waiting], reader)
    archived = [path.read_bytes() for path in desk.at.home.archive("beta").rglob("*") if path.is_file()]
    assert b"Walk" in archived and not any(SECRET.encode() in each for each in archived)
    apart = [path.read_bytes() for path in (desk.at.home.state / "quarantine").iterdir()]
    assert HTML in apart


def test_captures_that_a_killed_desk_left_are_filed_by_the_next(desk: CompanionDesk) -> None:
    browser, about = desk.browser(), capture("beta", asset="", job="Left")
    with writing(desk.at.home, desk.at.vault, "beta"):  # another command writes
        waiting = browser.send(about, page_html=b"<p>left")
        assert (waiting.status_code, waiting.json()["state"]) == (202, "waiting"), waiting.text
        desk.process.kill()
        desk.process.wait()
    with desk_of(desk.at) as second:
        later = SendingBrowser(second.base, browser.token)
        for _ in range(200):
            if (answer := later.get(f"/companion/captures/{about['id']}")).status_code == 200:
                break
        assert answer.json()["outcome"] == "unread", answer.text
        assert later.send(about, page_html=b"<p>left").json() == answer.json()
