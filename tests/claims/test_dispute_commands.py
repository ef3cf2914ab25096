"""Claims of several pictures, packs and verdicts of claims, and the dialogue, as a person has them."""

from __future__ import annotations

import http.server
import io
import json
import os
import re
import select
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from archiver.catalogue import picture_search, search
from archiver.claims.claim_entry import confirm
from archiver.claims.claim_files import load
from archiver.core.errors import ConfigError
from archiver.core.model import Document, DocumentKind, Gap, GapReason
from tests.authoring.scenario import pdf
from tests.support.agency import Agency, agency, certificate, preview, record
from tests.support.claims_kit import jpeg, licence
from tests.support.letter_texts import GETTY
from tests.support.pictures import scene


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    """Two licences of Acme with previews, and one of Beta's."""
    with agency(tmp_path_factory.mktemp("agency")) as made:
        papers = [certificate(f"Licence shutterstock-50000{n}", "Licensee: Acme Ltd") for n in (1, 2)]
        missing = Gap(kind=DocumentKind.CAPTURE, reason=GapReason.ON_REQUEST, detail="only by a form of the platform")
        for n, paper in enumerate(papers, 1):
            made.archive("acme", (licence(f"50000{n}"), [record(), paper, preview(jpeg(scene(n))), missing]))
        made.archive("beta", (licence("700009", licensee="Beta GmbH"), [record()]))
        yield made


@pytest.fixture
def claim(at: Agency, tmp_path: Path) -> str:
    """A confirmed claim about both pictures."""
    return claimed(at, tmp_path, cut=0)


def claimed(at: Agency, tmp_path: Path, *, cut: int) -> str:
    """A confirmed claim about both pictures, of which the second lacks so many pixels at the left."""
    (tmp_path / "letter.txt").write_text(GETTY + str(tmp_path))
    pictures: list[str | Path] = []
    for n in (1, 2):
        (tmp_path / f"{n}.jpg").write_bytes(jpeg(scene(n).crop((cut * (n - 1), 0, 900, 600)), 70))
        pictures += ["--picture", tmp_path / f"{n}.jpg"]
    added = at.run.json(
        "claim", "add", tmp_path / "letter.txt", "--client", "acme", "--yes", *pictures, "--first-seen", "2026-03-20"
    )
    return str(added["claim"])


@pytest.mark.browser
@pytest.mark.parametrize("printed", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_claim_of_several_pictures_is_assessed_and_packed_without_naming_its_licences(
    at: Agency, tmp_path: Path, printed: bool
) -> None:
    claim = claimed(at, tmp_path, cut=60)
    found = at.run.json("assess", "--client", "acme", "--claim", claim, "--use", "commercial")
    assert [each.split("_")[2] for each in found["licences"]] == ["500001", "500002"]
    assert {re.search("50000[12]", each["message"])[0] for each in found["findings"]} == {"500001", "500002"}  # type: ignore[index]
    again = at.run.json("assess", "--client", "acme", "--claim", claim, "--use", "commercial")
    assert again["verdict"] == found["verdict"] == "open", "nobody has compared the pictures"
    assert [each["rule"] for each in again["findings"] if each["verdict"] == "open"] == ["match", "match"]
    told = (at.run if printed else at.run.without_browser())(
        "proof", "--claim", claim, "--drafts", "--internal", "--out", tmp_path / "proof.zip", "--language", "de"
    ).stderr
    with zipfile.ZipFile(tmp_path / "proof.zip") as zipped:
        inside = {name.split("/")[3] for name in zipped.namelist() if "/02_licence_original/" in name}
        sheet = zipped.read("proof/data/01_claim/claim-by-us.txt").decode()
        assert {f"proof/data/01_claim/picture-{n}.jpg" for n in (1, 2)} <= set(zipped.namelist())
    for n, page in enumerate(PdfReader(tmp_path / "proof.pdf").pages[1:3] if printed else (), 1):
        assert f"50000{n}" in page.extract_text(), "its own picture stands beside each licence, cut as that one is"
        theirs, ours = (np.asarray(each.image.convert("L").resize((90, 60)), float) for each in page.images)  # type: ignore[union-attr]
        assert np.corrcoef(theirs.ravel(), ours.ravel())[0, 1] > 0.95
    assert len(inside) == 2 and "90012345" in sheet
    again = at.run.json("claim", "add", tmp_path / "letter.txt", "--client", "acme", "--yes")
    assert again["pictures"] == ["picture-1.jpg", "picture-2.jpg"], "a letter that is read again keeps what was named"
    with zipfile.ZipFile(tmp_path / "proof-internal.zip") as zipped:
        if printed:
            pages = PdfReader(io.BytesIO(zipped.read("internal/verdict.pdf"))).pages
            judged = "".join(page.extract_text() for page in pages)
        else:
            judged = zipped.read("internal/verdict.html").decode()
    assert (
        judged.count("Offen: klären Sie") == 2 and "certificate.txt, Seite 1" in judged and "das Archivbuch" in judged
    )
    drafts = sorted((at.run.root / "work" / claim / "drafts").rglob("reply.txt"))
    assert [path.parent.name.split("_")[2] for path in drafts] == ["500001", "500002"]
    assert all("Zeichen 90012345" in path.read_text() for path in drafts) and str(drafts[0]) in told


def test_a_pack_for_a_use_that_is_not_covered_is_warned_of(at: Agency, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(f"{GETTY}{tmp_path}")
    add = ("claim", "add", tmp_path / "letter.txt", "--client", "acme", "--yes", "--first-seen")
    late = at.run.json(*add, "2026-03-01")["claim"]
    run = at.run.without_browser()
    told = run("proof", "_500001_", "--claim", late, "--out", tmp_path / "late.zip").stderr
    assert "8 days before the licence" in told and "lawyer" in told
    at.run(*add, "2026-03-20")
    assert "lawyer" not in run("proof", "_500001_", "--claim", late, "--out", tmp_path / "early.zip").stderr


def test_where_nothing_was_looked_for_nothing_is_said_to_be_missing(at: Agency, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(f"{GETTY}{tmp_path}")
    told = at.run("letter", tmp_path / "letter.txt", "--client", "acme", "--yes").stdout
    assert "No licence found in this archive" in told and "does not hold" not in told
    assert all(f"archiver {way}" in told for way in ("import", "capture", "run"))


def test_a_day_that_is_still_to_come_is_no_day_of_receipt_or_of_a_first_use(at: Agency, claim: str) -> None:
    manual = ("claim", "add", "--manual", "--client", "acme", "--claimant", "x")
    for option in ("--received", "--first-seen"):
        assert "is in the future" in at.run(*manual, option, "2099-01-02", code=2).stderr
    with pytest.raises(ConfigError, match="First seen: 2099-01-02 is in the future"):
        confirm(at.home, load(at.home, claim), {"first_seen": "2099-01-02"})
    planned = at.run("assess", "_500001_", "--client", "acme", "--first-seen", "2099-01-02")
    assert "is in the future" in planned.stdout


def test_a_claim_that_cannot_be_read_is_named_and_stops_no_other(at: Agency, claim: str, tmp_path: Path) -> None:
    broken = at.run.root / "work" / "acme-0bad0bad" / "claim.json"
    broken.parent.mkdir()
    broken.write_text("{")
    try:
        listed = at.run("claim", "list", "--json")
        assert claim in [each["claim"] for each in json.loads(listed.stdout)["claims"]]
        assert "acme-0bad0bad" in listed.stderr
        assert "acme-0bad0bad" in at.run("find", "https://acme.example/x").stderr
        assert at.run.json("claim", "show", claim)["claim"] == claim
        assert "deadlines still run" in at.run("claim", "show", "acme-0bad0bad", code=2).stderr
    finally:
        broken.unlink()


def test_a_claim_of_the_time_before_several_licences_is_read(at: Agency, claim: str) -> None:
    path = at.run.root / "work" / claim / "claim.json"
    kept = json.loads(path.read_text())
    del kept["licences"]
    path.write_text(json.dumps(kept | {"licence": "acme/one"}))
    assert load(at.home, claim).licences == ("acme/one",)


def test_an_address_that_is_none_ends_no_verdict(at: Agency) -> None:
    assert at.run.json("assess", "_500001_", "--client", "acme", "--used-on", "https://[")["licence"]


@pytest.mark.parametrize(
    ("options", "rule", "verdict"),
    [
        (["--territory", "Japan"], "territory", "open"),
        (["--copies", "600000"], "copies", "not_covered"),
        (["--seats", "3"], "seats", "open"),
    ],
)
def test_what_only_people_know_changes_the_verdict(at: Agency, options: list[str], rule: str, verdict: str) -> None:
    found = at.run.json("assess", "_500001_", "--client", "acme", "--first-seen", "2026-03-20", *options)
    assert [each["verdict"] for each in found["findings"] if each["rule"] == rule] == [verdict]


def test_a_picture_is_fetched_by_its_address(at: Agency, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(jpeg(scene(2).resize((500, 333))))
    (tmp_path / "page.html").write_text("<p>no picture")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        rows = at.run.json("find", "--image", f"{address}/x.jpg")
        assert (rows[0]["asset_id"], rows[0]["match"]) == ("500002", "probable")
        assert "is a page" in at.run("find", "--image", f"{address}/page.html", code=2).stderr
        gone = at.run("find", "--image", f"{address}/none.jpg", code=30).stderr
        assert "answered 404" in gone and "save the picture" in gone and "next run" not in gone
        server.shutdown()
    for other in ("file:///x.jpg", "ftp://stock.example/x.jpg", "data:image/png,x", "https://[::1/x"):
        assert "not an http:// or https:// address" in at.run("find", "--image", other, code=2).stderr


@pytest.mark.parametrize(("size", "said"), [((1, 1), "1 × 1 pixels"), ((640, 400), "nearly one colour")])
def test_a_picture_that_shows_nothing_is_named_as_such(
    at: Agency, tmp_path: Path, size: tuple[int, int], said: str
) -> None:
    Image.new("RGB", size, "teal").save(tmp_path / "x.png")
    assert said in at.run("find", "--image", tmp_path / "x.png").stderr


def test_a_list_that_is_cut_says_so(at: Agency) -> None:
    cut, whole = at.run("find", "--limit", "2"), at.run("find", "--limit", "3")
    assert cut.stdout.count("licensed on") == 2 and "more results than 2" in cut.stderr and "--limit" in cut.stderr
    assert whole.stdout.count("licensed on") == 3 and "more results" not in whole.stderr


def test_the_first_search_by_picture_says_what_it_does(at: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (at.run.root / "state").rglob("*.vectors"):
        path.unlink()
    search.rebuild(at.home)
    monkeypatch.setattr(picture_search, "ANNOUNCE_FROM_PICTURES", 1)
    told: list[str] = []
    seen: list[tuple[str, int, int | None]] = []
    monkeypatch.setattr(picture_search, "progress_bar", lambda: nullcontext(lambda *step: seen.append(step)))
    for _ in range(2):
        picture_search.find_picture(at.home, jpeg(scene(1)), client="acme", warn=told.append)
    assert [each for each in told if "are prepared once" in each] == [told[0]] and "2 pictures" in told[0]
    assert seen == [("acme: pictures", 0, 2), ("acme: pictures", 2, 2)]


def captured(*lines: str) -> Document:
    return Document(
        name="page.pdf", kind=DocumentKind.CAPTURE, content=pdf(list(lines)), media_type="application/pdf"
    )  # fmt: skip


def test_pages_that_list_other_licences_stay_here_and_german_packs_are_german(at: Agency, tmp_path: Path) -> None:
    own, listed = at.archive(
        "acme",
        (licence("500003"), [record(), captured("Download 500003", "Order PO-500003")]),
        (licence("500004"), [record(), captured("Downloads", "500004 harbour", "700009 somebody's")]),
    )
    run = at.run.without_browser()
    told = run("proof", own.folder, listed.folder, "--out", tmp_path / "proof.zip", "--language", "de").stderr
    assert "700009" not in told
    with zipfile.ZipFile(tmp_path / "proof.zip") as zipped:
        pages = {name for name in zipped.namelist() if name.endswith("/page.pdf")}
        texts = b"".join(zipped.read(name) for name in zipped.namelist() if name.endswith((".txt", ".json")))
    assert pages and all("_500003_" in name for name in pages)
    assert b"700009" not in texts
    run("proof", "_500001_", "--out", tmp_path / "de.zip", "--language", "de")
    with zipfile.ZipFile(tmp_path / "de.zip") as zipped:
        first = " ".join(zipped.read("proof/data/proof.html").decode().split())
    assert "Fragen darf der Kontoinhaber" in first
    assert not re.search(r"Legal Centre, Proof|account holder|only by a form", first)


def conversation(command: list[str], env: dict[str, str], said: list[tuple[str, str | None]]) -> int:
    """Run a program at a terminal of its own: wait for each text, then type the answer; its exit code."""
    ours, theirs = os.openpty()
    shown = ""
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
    ) as child:
        os.close(theirs)
        for expected, answer in said:
            while (found := re.search(expected, shown)) is None:
                assert select.select([ours], [], [], 100)[0], f"{expected!r} never came: {shown}"
                shown += os.read(ours, 4096).decode("utf-8", "replace")
            shown = shown[found.end() :]
            if answer is not None:
                os.write(ours, f"{answer}\n".encode())
        with suppress(OSError):  # at its end a terminal cannot be read on Linux
            while os.read(ours, 4096):
                pass
        os.close(ours)
        return child.wait(100)


@pytest.mark.long  # without a terminal: test_dispute.py
@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
def test_the_dialogue_at_a_terminal(at: Agency, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(GETTY.replace("90012345", "90055555"))
    (tmp_path / "1.jpg").write_bytes(jpeg(scene(1).resize((600, 400))))
    out = tmp_path / "proof.zip"
    command = at.run.command(
        "letter", tmp_path / "letter.txt", "--client", "acme", "--picture", tmp_path / "1.jpg", "--out", out
    )
    said = [
        ("Claimant", ""), ("Reference", ""), ("Kind", "quarrel"), ("is not valid", None), ("Kind", "demand"),
        ("URLs of", ""), ("Amount", "600"), ("Currency", ""), ("Received", ""), ("Deadline", ""),
        ("First seen", "20.3.2026"), ("Is acme/.*_500001_", "yse"),
        ("'yse' is not one of the answers. +Is acme/.*_500001_", "yes"), ("commercial or editorial", "comercial"),
        ("not one of the answers. +Was the use", "commercial"), ("Write ", "nno"), ("not one of the answers", "no"),
        ("Skipped", None),
    ]  # fmt: skip
    assert conversation(command, at.run.env, said) == 0 and not out.exists()
    again = [("Go through them again", ""), ("Kept as claim", None), ("commercial or", "editorial"), ("Write ", "no")]
    assert conversation(command, at.run.env, again) == 0, "what was confirmed is not asked again"
    [kept] = [each for each in at.run.json("claim", "list") if each["reference"] == "90055555"]
    assert (kept["amount"], kept["first_seen"], kept["confirmed"]) == (600, "2026-03-20", True)
    assert kept["licence"] and "500001" in kept["licence"]


def test_a_verdict_lists_what_is_to_be_settled_apart_from_what_is_settled(at: Agency, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(GETTY.replace("90012345", "90066666"))
    options = ("--client", "acme", "--yes", "--licence", "500001", "--out", tmp_path / "proof.zip")
    said = at.run("letter", tmp_path / "letter.txt", *options).stdout
    verdict, _, settled = said.partition("4. The verdict")[2].partition("5. The pack")[0].partition("Settled:")
    [claim] = [each for each in at.run.json("claim", "list") if each["reference"] == "90066666"]
    for each in at.run.json("assess", "500001", "--client", "acme", "--claim", claim["claim"])["findings"]:
        shown, other = (settled, verdict) if each["verdict"] == "covered" else (verdict, settled)
        assert each["message"] in shown and each["message"] not in other
    assert "- " in settled and "- " in verdict


@pytest.mark.parametrize("content", [bytes(range(128, 256)) * 30, b"Lunch on Friday?\nRegards, Bob\n"])
@pytest.mark.parametrize("command", [("claim", "add"), ("letter",)])
def test_a_file_in_which_nothing_of_a_letter_was_found_is_confirmed_by_nobody(
    at: Agency, tmp_path: Path, content: bytes, command: tuple[str, ...]
) -> None:
    (tmp_path / "letter.bin").write_bytes(content)
    done = at.run(*command, tmp_path / "letter.bin", "--client", "acme", "--yes")
    assert "No claim details found" in done.stdout + done.stderr and "state what it says" in done.stdout + done.stderr
    [kept] = [each for each in at.run.json("claim", "list") if not each["confirmed"]]
    assert kept["step"] == "new"
    stated = at.run.json("claim", "add", tmp_path / "letter.bin", "--client", "acme", "--yes", "--claimant", "Gamma")
    assert (stated["claim"], stated["confirmed"]) == (kept["claim"], True)
    at.run("claim", "remove", kept["claim"], "--yes")


def test_the_picture_that_is_shown_beside_the_preview_is_a_picture(at: Agency, claim: str) -> None:
    at.run("assess", "--client", "acme", "--claim", claim)
    [path] = (at.run.root / "work" / claim).glob("picture-1.*")
    assert Image.open(path).size == (900, 600)
