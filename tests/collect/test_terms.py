"""Licence terms: one object for each text, referred to as it was seen, and nothing filed that is no text of terms."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from archiver.agency.night import run
from archiver.browsing.browser_pool import Browsers
from archiver.browsing.pacing import Pacing
from archiver.browsing.recording import Recording
from archiver.browsing.replay import Replay
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.collect.terms import MIN_TERMS_LENGTH, SeenTerms, fetch_terms, normalised, relation, rules
from archiver.core.errors import NotACertificate
from archiver.core.model import Moment, TermsRelation, iso
from archiver.home.network import Network
from archiver.home.settings import Home as LoadedHome
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, new_key
from archiver.provider import Page, TermsPage, load
from archiver.reading.worker import DocumentReader
from tests.support.homes import RECORDINGS, Home
from tests.support.sync_kit import Desk, rows, text_certificate

API, LICENCE = "https://api.shutterstock.com/v2", "https://www.shutterstock.com/license"
NOW = datetime.now(UTC).replace(microsecond=0)
TEXT = "Invented terms of a test, which grant nothing to anybody. " * 12


def page(text: str = TEXT, more: str = "") -> dict[str, Any]:
    html = f'<!doctype html><html lang="en-GB"><title>Terms</title><body><h1>Terms</h1>\n<p>{text}</p>{more}</body>'
    return {"status": 200, "headers": {"content-type": "text/html; charset=utf-8"}, "text": html}


def recording(folder: Path, dates: Sequence[datetime], terms: dict[str, Any] | None) -> Path:
    """Of a Shutterstock account with one licence for each date, whose assets are gone, and the page of terms."""
    licences = [
        {"id": f"e{number}", "license": "standard", "download_time": iso(when), "image": {"id": str(1000 + number)},
         "user": {"username": "ada.example"}, "subscription_id": "s1"}
        for number, when in enumerate(dates)
    ]  # fmt: skip
    answers: dict[str, dict[str, Any]] = {f"{API}/user/access_token": {"json": {"scopes": ["licenses.view"]}}}
    for listing in ("images", "videos", "audio", "sfx", "editorial/images", "editorial/videos"):
        data = licences if listing == "images" else []
        url = f"{API}/{listing}/licenses?page=1&per_page=200&sort=newest&team_history=true"
        answers[url] = {"json": {"data": data[::-1], "page": 1, "per_page": 200, "total_count": len(data)}}
    answers |= {f"{API}/images/{each['image']['id']}": {"status": 404} for each in licences}  # type: ignore[index]
    if terms:
        answers[LICENCE] = terms
    exchanges = [{"request": {"method": "GET", "url": u}, "response": {"status": 200, **a}} for u, a in answers.items()]
    return written(folder, exchanges)


def written(folder: Path, exchanges: list[dict[str, Any]]) -> Path:
    session = {
        "format": 1, "provider": "shutterstock", "scenario": folder.name, "method": "token", "origin": "authored",
        "secrets": {"token": "RECORDED-TOKEN"}, "exchanges": exchanges,
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "session.yaml").write_text(yaml.safe_dump(session))
    return folder


def objects(archive: Path) -> list[Path]:
    return sorted(archive.glob("evidence/terms/*/*"))


def terms_of(archive: Path, number: int) -> list[dict[str, str]]:
    """What the licence of that number says of terms, without the moment, which is this run's."""
    [file] = archive.glob(f"evidence/licences/*/*/*_{1000 + number}_*/v1/content/licence.json")
    terms: list[dict[str, str]] = json.loads(file.read_text())["terms"]
    assert all(NOW <= datetime.fromisoformat(each.pop("seen_at")) <= NOW + timedelta(hours=1) for each in terms)
    return terms


@pytest.mark.long  # its steps, one by one: below, and tests/claims/test_dispute.py
@pytest.mark.browser
def test_a_text_is_archived_once_and_a_changed_one_beside_it(home: Home, tmp_path: Path) -> None:
    home.account("one", "shutterstock")
    dates = [NOW - timedelta(days=900), NOW - timedelta(hours=3)]
    first = recording(tmp_path / "first", dates, page())
    home("run", "--replay", first)
    [text] = objects(home.archive())
    assert {path.name for path in (text / "v1" / "content").iterdir()} == {
        "terms.json", "terms.txt", "page.pdf", "page.png", "capture.warc.gz",
    }  # fmt: skip
    described = json.loads((text / "v1/content/terms.json").read_text())
    content = (text / "v1/content/terms.txt").read_bytes()
    assert described["text_sha256"] == hashlib.sha256(content).hexdigest() and described["language"] == "en-GB"
    assert content.startswith(b"Terms\nInvented terms of a test")
    old = f"urn:x-archiver:terms:{text.name}"
    before = [[{"id": old, "relation": "later"}], [{"id": old, "relation": "at_purchase"}]]
    assert [terms_of(home.archive(), number) for number in (0, 1)] == before
    assert home.json("show", "_1001_")["terms"] == before[1]

    home("run", "--replay", first)
    assert objects(home.archive()) == [text] and [path.name for path in text.glob("v*")] == ["v1"]

    home("run", "--replay", recording(tmp_path / "second", [*dates, NOW], page(TEXT.replace("nothing", "little"))))
    [new] = set(objects(home.archive())) - {text}
    assert [terms_of(home.archive(), number) for number in (0, 1)] == before
    assert terms_of(home.archive(), 2) == [{"id": f"urn:x-archiver:terms:{new.name}", "relation": "at_purchase"}]
    report = home.json("verify")
    assert (report["state"], report["clients"][0]["findings"], report["clients"][0]["objects"]) == ("UNPROVEN", [], 5)

    home("proof", "_1000_", "--wacz", "--out", tmp_path / "proof.zip")
    with zipfile.ZipFile(tmp_path / "proof.wacz") as viewed:
        [line] = [each for each in viewed.read("indexes/index.cdx").decode().splitlines() if "/license " in each]
        assert line.startswith("com,shutterstock)/license ") and json.loads(line.split(" ", 2)[2])["status"] == "200"
        [warc] = [name for name in viewed.namelist() if name.endswith(".warc.gz")]
        assert viewed.read(warc) == (text / "v1/content/capture.warc.gz").read_bytes()
    with zipfile.ZipFile(tmp_path / "proof.zip") as zipped:
        zipped.extractall(tmp_path / "proof")
    data = tmp_path / "proof" / "proof" / "data"
    [enclosed] = data.glob(f"07_integrity/*/terms/{text.name}/v1/content/terms.txt")
    assert [path.name for path in data.glob("03*/*/terms.txt")] == ["terms.txt"]
    assert (data / "03_terms_captured_later" / text.name / "terms.txt").read_bytes() == content
    pages = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(tmp_path / "proof.pdf").pages)
    assert described["text_sha256"] in pages.replace(" ", "") and "in force" not in pages
    assert "not at the time of the licence" in pages
    verifier = [sys.executable, "-I", "07_integrity/verify.py", "--proof", "."]
    checked = subprocess.run(verifier, cwd=data, capture_output=True, text=True, check=False)
    assert checked.returncode == 4 and "UNPROVEN" in checked.stdout and "not enclosed" not in checked.stdout
    enclosed.chmod(0o644)
    enclosed.write_bytes(content.replace(b"nothing", b"a world"))
    assert subprocess.run(verifier, cwd=data, capture_output=True, check=False).returncode == 90


@pytest.mark.long  # of one visit: below
@pytest.mark.browser
def test_a_page_that_cannot_be_had_is_a_warning_and_concerns_no_licence(home: Home, tmp_path: Path) -> None:
    home.account("one", "shutterstock")
    gone = {"status": 404, "headers": {"content-type": "text/html"}, "text": TEXT}
    done = home("run", "--json", "--replay", recording(tmp_path / "gone", [NOW], gone))
    assert (
        f"warning: the licence terms of Shutterstock at {LICENCE} could not be fetched: it answered 404." in done.stderr
    )
    [account] = json.loads(done.stdout)["accounts"]
    assert (account["outcome"], account["archived"], account["message"]) == ("complete", 1, "")
    assert terms_of(home.archive(), 0) == [] and not objects(home.archive())


def replayed(root: Path, clients: Sequence[str], order: RunRequest) -> RunSummary:
    """A run in a new replay home in which each client has a Shutterstock account."""
    create_home(root, replay=True)
    for client in clients:
        add_client(root, client, name=client)
        add_account(root, f"{client}-one", client=client, provider="shutterstock")
        add_account(root, f"{client}-two", client=client, provider="shutterstock")
    return asyncio.run(run(LoadedHome.load(root), Vault.create(root / "vault.enc", new_key()), order))


@pytest.mark.browser
def test_two_clients_share_one_visit_and_have_the_same_bytes(tmp_path: Path) -> None:
    made = recording(tmp_path / "made", [NOW], page())
    summary = replayed(tmp_path / "home", ["acme", "other"], RunRequest(replay=made))
    assert summary.exit_code == 0 and summary.warnings == []
    asked = [each.url for listener in summary.replays.values() for each in listener.log]
    assert asked.count(LICENCE) == 1
    [one], [two] = (objects(tmp_path / "home" / "archive" / client) for client in ("acme", "other"))
    files = [sorted((p.relative_to(o), p.read_bytes()) for p in o.rglob("*") if p.is_file()) for o in (one, two)]
    assert files[0] == files[1] and len(files[0]) == 10


def test_a_dry_run_and_a_recording_without_terms_start_no_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def launched(*_: object, **__: object) -> None:
        raise AssertionError("a browser")

    monkeypatch.setattr(Browsers, "open", launched)
    without = RunRequest(replay=recording(tmp_path / "without", [NOW], None))
    with_terms = RunRequest(replay=recording(tmp_path / "with", [NOW], page()), dry_run=True)
    for name, order in (("one", without), ("two", with_terms)):
        summary = replayed(tmp_path / name, ["acme"], order)
        assert summary.exit_code == 0 and set(summary.replays) == {"acme-one", "acme-two"}


PASSWORD = '<form><input type="password" value=""></form>'
WRONG = {  # what stands at a place, and the words that say why it was not filed
    "login": (page(more=PASSWORD), "asks for a password"),
    "sent-away": ({"status": 302, "headers": {"location": "/log-in"}}, "undeclared address"),
    "another": ({"status": 302, "headers": {"location": "/good"}}, "redirects to https://www.shutterstock.com/good"),
    "gone": ({**page(), "status": 404}, "answered 404"),
    "wall": ({**page(), "status": 403}, "answered 403"),
    "short": (page("We are checking that you are no robot."), "characters, too few"),
    "hidden": (page(more="<style>p { display: none }</style>"), "characters, too few"),
    "other-page": ({**page(), "text": "<title>Shop</title><main></main>"}, "shows 0 characters"),
    "file": ({"status": 200, "headers": {"content-type": "application/pdf"}, "text": "%PDF"}, "not a page"),
}


@pytest.mark.browser
def test_what_is_no_text_of_terms_is_not_filed(tmp_path: Path) -> None:
    """One visit to many places, of which two show terms: one at its own place, one at the declared other one."""
    site = "https://www.shutterstock.com"
    places: dict[str, dict[str, Any]] = {name: answer for name, (answer, _) in WRONG.items()}
    places |= {"good": page(), "moved": {"status": 302, "headers": {"location": "/new/terms"}}, "new/terms": page()}
    places["log-in"] = page()
    info = replace(
        load("shutterstock").info,
        terms=tuple(TermsPage(name, f"{site}/{name}", also=(f"{site}/*/terms",)) for name in (*WRONG, "good", "moved")),
    )
    exchanges = [{"request": {"method": "GET", "url": f"{site}/{u}"}, "response": a} for u, a in places.items()]
    made = written(tmp_path / "places", exchanges)

    async def visit() -> tuple[list[SeenTerms], list[str], list[str]]:
        async with Replay() as replay, Browsers(Network(ca_file=replay.ca_file)) as browsers:
            listener = await replay.serve(Recording.load(made), rules(info))
            seen, warnings = await fetch_terms(
                browsers, info, network=listener.network, pacing=Pacing(off=True), missing=lambda _: False
            )
            return seen, warnings, [each.url for each in listener.log]

    seen, warnings, asked = asyncio.run(visit())
    assert [(each.page.name, each.url) for each in seen] == [
        ("good", f"{site}/good"), ("moved", f"{site}/new/terms"),
    ]  # fmt: skip
    assert f"{site}/log-in" not in asked
    assert len(warnings) == len(WRONG)
    for warning, (name, (_, words)) in zip(warnings, WRONG.items(), strict=True):
        assert f"at {site}/{name} " in warning and words in warning, warning


@pytest.mark.parametrize(
    ("licensed_at", "at_purchase"),
    [
        (NOW - timedelta(hours=24), True),
        (NOW + timedelta(hours=24), True),
        (NOW - timedelta(hours=24, seconds=1), False),
        (NOW.date(), True),
        (NOW.date() - timedelta(days=1), False),
        (NOW.date() + timedelta(days=1), False),
        (date(2021, 7, 15), False),
        (None, False),
    ],
)
def test_only_what_was_seen_within_a_day_is_of_the_purchase(licensed_at: Moment | None, at_purchase: bool) -> None:
    assert relation(licensed_at, NOW) is (TermsRelation.AT_PURCHASE if at_purchase else TermsRelation.LATER)


@given(st.text(st.characters()))  # lone surrogates too: a page may hold them
def test_white_space_alone_makes_no_other_text(text: str) -> None:
    once = normalised(text)
    assert normalised(once.decode()) == once and normalised(f"\n {text}\t") == once


def test_a_changed_letter_makes_another_text() -> None:
    assert normalised(" One\t two \n\n\u00a0three\r\n") == normalised("One two\nthree") == b"One two\nthree\n"
    assert normalised("one two") != normalised("One two") and len(normalised(TEXT)) >= MIN_TERMS_LENGTH


def test_a_licence_refers_to_its_own_kind_of_text_and_a_comp_to_none() -> None:
    regular, extended = load("envato_market").info.terms
    [licence] = rows(1)
    kinds = [replace(licence, kind=kind) for kind in ("Regular License", "Extended License", "Music Standard License")]
    assert [(regular.covers(each), extended.covers(each)) for each in kinds] == [
        (True, False),
        (False, True),
        (False,) * 2,
    ]
    [page_of_all] = load("shutterstock").info.terms
    assert page_of_all.covers(kinds[2]) and not page_of_all.covers(replace(licence, comp=True))


@pytest.mark.parametrize(("first", "kept"), [(None, ["new"]), ("old", ["old", "new"])])
def test_a_later_version_fills_in_what_was_missing_and_replaces_nothing(
    tmp_path: Path, first: str | None, kept: list[str]
) -> None:
    [page] = load("shutterstock").info.terms
    texts = {
        text: SeenTerms(provider="shutterstock", page=page, url=LICENCE, text=text.encode(), language=None, at=NOW)
        for text in ("old", "new")
    }

    def seen(text: str | None) -> Any:
        async def fetch_terms() -> list[SeenTerms]:
            return [texts[text]] if text else []

        return fetch_terms

    with DocumentReader() as reader:
        desk = Desk(tmp_path, reader)
        failure = NotACertificate("https://example.com/c (a page)")
        desk.sync(lambda _: [Page(rows(1), 1)], lambda _: failure, terms=seen(first))
        desk.sync(lambda _: [Page([], 0)], text_certificate, terms=seen("new"), full=True, accepts_fewer=True)
        with desk.open() as (_, catalogue):
            [entry] = catalogue.entries()
    assert len(entry.lines) == 2
    assert [each.id for each in entry.file.terms] == [texts[text].object_id for text in kept]


def test_terms_that_only_the_interface_gives_are_archived_for_the_kinds_they_are_for(home: Home) -> None:
    home.account("one", "depositphotos")
    [account] = home.json("run", "--replay", RECORDINGS / "depositphotos" / "two-pages")["accounts"]
    assert "the same funds before and after" in account["message"]
    [text] = objects(home.archive())
    described = json.loads((text / "v1/content/terms.json").read_text())
    assert described["documents"] == [] and "signed-in account" in described["provenance"]["source"]
    assert b"authored stand-in" in (text / "v1/content/terms.txt").read_bytes()
    files = home.archive().glob("evidence/licences/*/*/*/v1/content/licence.json")
    found = [json.loads(path.read_text()) for path in files]
    assert {each["kind"]: len(each["terms"]) for each in found} == {
        "standard": 1,
        "extended": 0,
        "standard editorial": 1,
    }
    ledger = [json.loads(line) for line in (home.archive() / "ledger" / "ledger.jsonl").read_text().splitlines()]
    assert [line["funds"] for line in ledger if line["type"] == "run"] == ["unchanged"]
    home("run", "--replay", RECORDINGS / "depositphotos" / "two-pages")
    assert objects(home.archive()) == [text]
    home("verify")
