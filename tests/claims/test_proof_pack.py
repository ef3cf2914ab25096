"""The pack convinces without our software, says what it shows in plain words, and gives away nothing else."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize
from xml.etree.ElementTree import fromstring, tostring

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, RectangleObject, TextStringObject

from archiver.archive.checking.parts.whole_pack import verify_pack
from archiver.claims import packing
from archiver.claims.pack_words import Wording
from archiver.claims.proof_pdf import ATTACHED_LIST
from archiver.claims.redaction import RedactionRules
from archiver.claims.rule_engine import Assessment, Verdict
from archiver.collect.terms import SeenTerms
from archiver.core.errors import ConfigError
from archiver.core.model import Asset, DocumentKind, Gap, GapReason
from archiver.core.packaged_data import packaged_yaml
from archiver.provider import TermsPage
from archiver.reading.licence_json import LicenceFile
from archiver.reading.worker import DocumentReader
from tests.authoring.scenario import pdf
from tests.support.agency import Agency, agency, certificate, preview
from tests.support.homes import ROOT
from tests.support.pack_kit import BOUGHT, CLAIM, TITLES, document, licence, picture, unpacked

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLW5vYm9keQ"


RECORD = {
    "row": {
        "id": "L-1", "license": "standard", "price": "19.00", "charged": "EUR 19.00", "licensed_by": "ada@acme.example",
        "user": {"username": "ada.example"}, "metadata": {"client": "Beta GmbH", "job": "Job 4711"},
        "note": "for Beta GmbH", "kept": "/" + "home/ada/1.jpg", "link": f"?access_token={TOKEN}", "size": "huge",
    }
}  # fmt: skip


RECEIPT = pdf(["Receipt R-1", "Item 1234567890", "Total EUR 19.00", "Card 4242 4242", "ada@acme.example", "Thank you"])


FORBIDDEN = (
    "beta gmbh", "19.00", "ada@acme.example", "ada.example", "job 4711", "/home/ada", "eyjhbgci",
    "4242 4242", str(ROOT),
)  # fmt: skip


@dataclass
class Packs:
    """An agency whose archive holds a licence with everything, and four with long titles; how to pack them."""

    at: Agency
    names: Sequence[str]

    def write(self, out: Path, *names: str, warn: Callable[[str], None] = lambda _: None, **how: object) -> Path:
        request = packing.ProofRequest(**how)  # type: ignore[arg-type]  # by name
        packing.proof(self.at.home, names or self.names[:1], out, request, warn=warn)
        return out


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packs]:
    page = TermsPage(name="licence", url="https://stock.example/terms")
    terms = SeenTerms(
        provider="shutterstock", page=page, url=page.url, text=b"Terms of then\n", language="en", at=BOUGHT
    )
    full = (
        document("record.json", "record", json.dumps(RECORD).encode()),
        document("receipt.pdf", "receipt", RECEIPT),
        document("certificate.pdf", "certificate", pdf(["Licence certificate", "Item 1234567890", "Acme Ltd"])),
        preview(picture("teal")),
        Gap(kind=DocumentKind.CAPTURE, reason=GapReason.ON_REQUEST, detail="by mail to ada@acme.example"),
        terms,
    )
    first = licence("1234567890", client_hints={"client": "Beta GmbH", "job": "Job 4711"}, order="PO-12")
    with agency(tmp_path_factory.mktemp("packs")) as at:
        long = dict.fromkeys(("licensee", "kind", "order", "plan"), "Long " * 60)
        gaps = (
            Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.ON_REQUEST, detail="by the form"),
            Gap(kind=DocumentKind.RECEIPT, reason=GapReason.NONE_OFFERED, detail="Long " * 60),
        )
        others = [(licence(each, **long), (preview(picture("navy")), *gaps)) for each in TITLES]
        stored = at.archive("acme", (first, full), *others)
        yield Packs(at, [each.folder for each in stored])


@pytest.fixture(scope="module")
def pack(packs: Packs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The external pack of the full licence, unpacked, with its zip and PDF beside it."""
    folder = tmp_path_factory.mktemp("pack")
    return unpacked(packs.write(folder / "proof.zip", claim=CLAIM, pictures=[picture("olive")]), folder)


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def verifier(folder: Path) -> subprocess.CompletedProcess[str]:
    """As a stranger would: with Python alone, isolated from everything installed here."""
    return run(folder, sys.executable, "-I", "-S", "data/07_integrity/verify.py", "--proof", "data")


def timestamps(folder: Path) -> list[int]:
    [integrity] = folder.glob("data/07_integrity/*/integrity")
    checked = []
    for token in integrity.glob("*.tsr"):
        note = token.name.partition(".note")[0] + ".note"
        command = ("openssl", "ts", "-verify", "-data", note, "-in", token.name, "-CAfile", "tsa-roots.pem")
        checked.append(run(integrity, *command).returncode)
    return checked


def sums(folder: Path) -> bool:
    return all(
        run(folder, "sha256sum", "-c", f"{name}-sha256.txt").returncode == 0 for name in ("manifest", "tagmanifest")
    )


def test_strangers_can_check_it_in_four_ways_and_each_sees_damage(pack: Path, tmp_path: Path) -> None:
    bagit.Bag(str(pack)).validate()
    assert sums(pack) and timestamps(pack) == [0]
    done = verifier(pack)
    assert (
        done.returncode == 3
        and "files beside them: PROVEN (if the authority is genuine" in done.stdout
        and "UNPROVEN" not in done.stdout
    ), done
    assert all(
        f"withheld by the sender: {name}" in done.stdout for name in ("record.json", "licence.json", "receipt.pdf")
    )
    damaged = shutil.copytree(pack, tmp_path / "damaged")
    [note] = damaged.glob("data/07_integrity/*/integrity/*.note")
    note.write_bytes(note.read_bytes().replace(b"archiver", b"archivar", 1))
    assert not sums(damaged) and timestamps(damaged) == [1] and verifier(damaged).returncode == 90
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(damaged)).validate()


@pytest.mark.browser
def test_the_pdf_lists_the_zip_s_other_files_and_says_no_more_of_itself(pack: Path) -> None:
    """The list is an associated file, as in PDF/A-3. What we can check of that standard holds; no label claims it."""
    reader = PdfReader(pack / "data/proof.pdf")
    root: Any = reader.root_object
    (named,) = root["/AF"]
    assert named == root["/Names"]["/EmbeddedFiles"]["/Names"][1] and named["/AFRelationship"] == "/Data"
    listed = named["/EF"]["/F"].get_data().decode().splitlines()
    manifest = (pack / "manifest-sha256.txt").read_text().splitlines()
    assert [line for line in manifest if not line.endswith("  data/proof.pdf")] == listed and len(listed) > 10
    metadata = fromstring(root["/Metadata"].get_data())
    assert b"pdfaid" not in tostring(metadata) and root["/Metadata"].get("/Filter") is None
    (intent,) = root["/OutputIntents"]
    profile = ImageCms.ImageCmsProfile(io.BytesIO(intent["/DestOutputProfile"].get_data()))
    assert "sRGB" in ImageCms.getProfileDescription(profile) and intent["/DestOutputProfile"]["/N"] == 3
    assert not reader.is_encrypted and not {"/OpenAction", "/AA"} & root.keys() and "/JavaScript" not in root["/Names"]
    first: Any = reader.pages[0]
    for font in first["/Resources"]["/Font"].values():
        for each in font.get_object().get("/DescendantFonts", [font.get_object()]):
            found = each.get_object()
            embedded = found.get("/Subtype") == "/Type3" or {
                key for key in found["/FontDescriptor"] if key.startswith("/FontFile")
            }
            assert embedded, found


def test_every_byte_of_evidence_counts_for_the_verifier(pack: Path, tmp_path: Path) -> None:
    data = shutil.copytree(pack, tmp_path / "damaged") / "data"
    ours = re.compile(r"proof\.pdf|verify\.py|01_claim|-excerpt\.|-by-us\.")
    evidence_files = [path for path in data.rglob("*") if path.is_file() and not ours.search(path.as_posix())]
    assert len(evidence_files) > 15
    for path in evidence_files:
        content = path.read_bytes()
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        states = {each.state for each in verify_pack(data)}
        assert "DAMAGED" in states or (path.suffix == ".pem" and "UNPROVEN" in states), path
        path.write_bytes(content)
    assert verify_pack(data)[-1].state == "PROVEN"


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """All that can be read in a pack: names, file by file, and everything in the PDFs."""
    with DocumentReader() as reader:
        for path in (each for each in folder.rglob("*") if each.is_file()):
            yield path.name, path.relative_to(folder).as_posix()
            content = path.read_bytes()
            if content.startswith(b"%PDF-"):
                reading = reader.read_all(content)
                assert reading.error is None
                yield path.name, normalize("NFKC", reading.text)
            yield path.name, content.decode("utf-8", "replace")


@pytest.mark.browser
def test_an_external_pack_tells_nothing_that_is_nobody_elses_business(pack: Path, packs: Packs, tmp_path: Path) -> None:
    for name, text in texts(pack):
        low = text.lower() if name != "verify.py" else ""
        assert not [each for each in FORBIDDEN if each.lower() in low], name
        assert not re.search(r"\b(apolog\w+|regret|we admit|settle\w*|goodwill|issued)\b", low), name
    record = json.loads(next(pack.glob("data/02*/*/record-excerpt.json")).read_text())
    assert record["record"] == {"row": {"id": "L-1", "license": "standard", "licensed_by": "[withheld]", "kept": "[withheld]", "link": "?access_token=[withheld]", "size": "huge"}}  # fmt: skip  # noqa: E501  # one look
    receipt = next(pack.glob("data/04*/*/receipt-excerpt.txt")).read_text()
    assert "Receipt R-1" in receipt and "Thank you" in receipt
    assert '"seat": "seat 1 (name withheld)"' in next(pack.glob("data/02*/*/licence-excerpt.json")).read_text()

    verdicts = {packs.names[0]: Assessment(Verdict.OPEN, ())}
    out = packs.write(tmp_path / "all.zip", internal=True, verdicts=verdicts)
    with zipfile.ZipFile(out.with_name("all-internal.zip")) as zipped:
        zipped.extractall(tmp_path)
    inside = tmp_path / "internal"
    assert next(inside.rglob("record.json")).read_bytes() == json.dumps(RECORD).encode()
    assert b"/CreationDate" not in (inside / "verdict.pdf").read_bytes(), "the same input gives the same bytes"
    assert run(inside, sys.executable, "-I", "verify.py", "--proof", packs.names[0]).returncode == 3


def page_texts(path: Path) -> list[str]:
    return [" ".join(normalize("NFKC", page.extract_text()).split()) for page in PdfReader(path).pages]


@pytest.mark.browser
@pytest.mark.parametrize("count", [2, pytest.param(5, marks=pytest.mark.long)])
def test_the_summary_is_one_page_whatever_the_title_and_keeps_the_dates_apart(
    packs: Packs, tmp_path: Path, count: int
) -> None:
    names = packs.names[:count]
    out = packs.write(tmp_path / "proof.zip", *names, claim=CLAIM, pictures=[picture("olive")])
    overview, *pages = page_texts(out.with_suffix(".pdf"))
    assert out.with_suffix(".pdf").stat().st_size < 5_000_000
    assert f"{count} licences" in overview and "Copytrack · reference AB12CD" in overview
    for page in pages[:count]:
        assert "15 July 2021, 15:46 UTC" in page and "HOW-TO-CHECK.txt" in page
        assert "SECUREDSINCE" in page.upper().replace(" ", "")  # wide letters are read one by one
    assert not any("HOW-TO-CHECK.txt" in page for page in pages[count:])
    assert not any("picture in the enquiry" in page for page in pages), "nothing says of which of them it is"
    assert [page for page in pages[count:] if "Excerpt of receipt" in page and packs.names[0] in page]
    assert "IN DETAIL" in pages[count].upper()
    assert pages[1].count("Harbour at dawn") > 2, "what does not fit shrinks, and the title stays"
    assert "only on request" in pages[1] and "by the form" not in pages[1], "whom to ask stands above"
    assert f"{packs.names[0]}: certificate.pdf" in str(PdfReader(out.with_suffix(".pdf")).outline)
    first = pages[0]
    assert "by mail to [withheld]" in first and "seat 1 (name withheld)" in first and "Who may ask" in first
    assert sorted(path.name for path in (unpacked(out, tmp_path) / "data/07_integrity").iterdir()) == sorted(
        [*names, "verify.py"]
    )


def test_both_languages_say_everything() -> None:
    def keys(tree: object) -> object:
        return {key: keys(value) for key, value in tree.items()} if isinstance(tree, dict) else None

    for room in ("archiver.claims", "archiver.agency"):
        words = packaged_yaml(Wording, room, "wording.yaml")
        assert keys(words["en"]) == keys(words["de"])


@pytest.mark.browser
@pytest.mark.parametrize("printed", [False, pytest.param(True, marks=pytest.mark.long)])
def test_the_same_archive_gives_the_same_bytes_in_german_too(
    packs: Packs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: bool
) -> None:
    if not printed:
        monkeypatch.setattr("archiver.claims.proof_pack.pdf_of", lambda *_: b"%PDF-1.7")
    monkeypatch.setattr("archiver.claims.pdf_timestamp.timestamped", lambda content, *_: (content, []))
    one, two = (packs.write(tmp_path / name, language="de") for name in ("one.zip", "two.zip"))
    assert one.read_bytes() == two.read_bytes()
    assert one.with_suffix(".pdf").read_bytes() == two.with_suffix(".pdf").read_bytes()
    if printed:
        first = page_texts(one.with_suffix(".pdf"))[0]
        assert "15. Juli 2021, 15:46 UTC" in first and "Lizenziert an" in first and "verschiedene Daten" in first
    folder = unpacked(one, tmp_path)
    assert "SO PRÜFEN SIE DIES OHNE" in (folder / "HOW-TO-CHECK.txt").read_text("utf-8")
    excerpts = {each.name: each.read_text("utf-8") for each in folder.glob("data/0[24]*/*/*-excerpt.*")}
    assert len(excerpts) == 3 and all("Auszug, vom Absender" in each for each in excerpts.values())
    assert not [name for name, each in excerpts.items() if re.search("withheld|removed|seat 1", each)]
    assert "[zurückgehalten]" in excerpts["record-excerpt.json"] and "Platz 1" in excerpts["licence-excerpt.json"]


def test_nothing_is_overwritten(packs: Packs, tmp_path: Path) -> None:
    two = tmp_path / "two.zip"
    two.write_bytes(b"mine")
    with pytest.raises(ConfigError, match="exists"):
        packs.write(two)
    assert two.read_bytes() == b"mine"
    (tmp_path / "three.pdf").write_bytes(b"mine")
    with pytest.raises(ConfigError, match="exists"):
        packs.write(tmp_path / "three.zip")
    assert not (tmp_path / "three.zip").exists() and (tmp_path / "three.pdf").read_bytes() == b"mine"
    with pytest.raises(ConfigError, match="There is no folder"):
        packs.write(tmp_path / "no-such-folder" / "proof.zip")
    with pytest.raises(ConfigError, match=r"Name it .*four\.zip"):
        packs.write(tmp_path / "four.PDF")
    assert not list(tmp_path.glob("four*"))


def hostile() -> bytes:
    """A certificate that opens a program, a page of the net and an attachment."""
    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(pdf(["Licence certificate", "Item 55"]))))
    script = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert('hello')")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(script)
    writer.add_attachment("evil.exe", b"MZ evil")
    writer.add_uri(0, "https://evil.example/", RectangleObject((0, 0, 100, 100)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.browser
def test_a_hostile_certificate_goes_into_the_zip_whole_and_into_the_pdf_tamed(tmp_path: Path) -> None:
    content, broken = hostile(), b"%PDF-1.7 broken\n%%EOF"
    with agency(tmp_path / "agency") as at:
        stored = at.archive(
            "acme",
            (licence("55"), [document("certificate.pdf", "certificate", content)]),
            (licence("56", licensed_at=date(2020, 1, 2)), [document("certificate.pdf", "certificate", broken)]),
        )
        out = Packs(at, []).write(tmp_path / "proof.zip", *(each.folder for each in stored))
    whole = out.with_suffix(".pdf").read_bytes()
    joined = PdfReader(io.BytesIO(whole))
    assert any("Item 55" in page.extract_text() for page in joined.pages)
    assert list(joined.attachments) == [ATTACHED_LIST] and "/OpenAction" not in joined.root_object
    names: Any = joined.root_object["/Names"]
    assert set(names) == {"/EmbeddedFiles"}
    with DocumentReader() as reader:
        assert not re.search("evil|app.alert", reader.read_all(whole).text)
    assert "in the zip file (it cannot be read as a PDF)" in " ".join(page_texts(out.with_suffix(".pdf")))
    copies = unpacked(out, tmp_path).glob("data/02*/*/certificate.pdf")
    assert {path.read_bytes() for path in copies} == {content, broken}


@pytest.mark.long  # without a pack: tests/archive/test_inclusion_bundle.py
@pytest.mark.browser
def test_a_replay_says_what_it_is(tmp_path: Path) -> None:
    with agency(tmp_path / "agency") as at:
        settings = at.run.root / "archiver.yaml"
        settings.write_text(settings.read_text() + "replay: true\n")
        [stored] = at.archive("acme", (licence("57"), [certificate("Licence of item 57")]))
        out = Packs(at, []).write(tmp_path / "proof.zip", stored.folder)
    folder = unpacked(out, tmp_path)
    assert "NOT EVIDENCE" in page_texts(out.with_suffix(".pdf"))[0]
    assert (folder / "HOW-TO-CHECK.txt").read_text("utf-8").startswith("NOT EVIDENCE")
    assert "NOT EVIDENCE" in verifier(folder).stdout


@pytest.mark.long  # behind a dead proxy: test_dispute.py
@pytest.mark.skipif(not shutil.which("unshare"), reason="no program unshare, which parts a process from the network")
def test_no_network_is_needed(packs: Packs, tmp_path: Path) -> None:
    """With no network interface but a dead loopback: neither platform nor timestamp authority can be asked."""
    apart = ("unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"]))
    if run(tmp_path, *apart, "true").returncode:
        pytest.skip("no namespaces here")
    command = packs.at.run.command("proof", packs.names[0], "--out", tmp_path / "proof.zip")
    done = subprocess.run([*apart, *command], env=packs.at.run.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert verifier(unpacked(tmp_path / "proof.zip", tmp_path)).returncode == 3  # by an authority that came with it


@given(
    st.text(),
    st.sampled_from(["ada@acme.example", "EUR 19.00", "/" + "home/ada/x.jpg", "Beta GmbH", "ada.example"]),
    st.text(),
)
def test_whatever_stands_around_it_is_scrubbed(before: str, private: str, after: str) -> None:
    file = LicenceFile(licence=licence("1"), documents=(), gaps=(), provenance={})
    told = RedactionRules(file=file, others=["Beta GmbH"], own=["Acme Ltd"])
    assert private not in told.scrub(f"{before} {private} {after}")


@pytest.mark.parametrize(
    "private",
    [
        *("R$ 99,90", "₹1,200", "kr 450", "12,50 zł", "1.200,- EUR", "19 Euro", "1\u202f234,56\u00a0€", "5000円"),
        *("ada (at) acme.example", "ADA＠acme.example", "ada&#64;acme.example", "ada\\u0040acme.example"),
        *("Beta\nGmbH", "Beta&nbsp;GmbH", "Be\u00adta GmbH", "Mu\u0308ller &amp; So\u0308hne", "北京示例公司的"),
        *("Beta_GmbH_banner.jpg", "a/Beta%20GmbH/b", "BETA-GMBH", "mueller und soehne", "for Gamma Holding, May"),
        *("Example, Eve", "eve.example", "by ada-stock", "ada at acme dot example", "total: 29.00", "29,00 Eur"),
        *("%2Fhome%2Fada%2Fx", r"%USERPROFILE%\x.jpg", "/c/" + "Users/ada/x.jpg", "/storage/emulated/0/x.jpg"),
        *("kennwort: hunter22", "X-Amz-Signature=8f3a9c2b1d0f", "__Host-session=8f3a9c2b1d0f"),
        *("C:/Daten/ada/x.jpg", r"\\nas01\clients", "~/Pictures/x.jpg", "smb://nas/x"),
        *("B e t a G m b H", "G A M M A   H O L D I N G", "B\u0435t\u0430 GmbH", "\u0392eta GmbH", "Beta G.m.b.H."),
        *("Beta Gesellschaft mbH", "betagmbh", "#GammaHolding", "E. Example", "E. M. Example", "Example, E."),
        *("nineteen euros", "neunundzwanzig Euro", "price 29", "Preis: 29", '"price":29', "adam@agency", "eve@agency"),
        *("PHPSESSID=q1w2e3r4t5y6", "Authorization: Basic YWRhOnNl", "X-Api-Key: 0123456789", "xoxb-" + "1" * 12),
    ],
)
def test_other_spellings_are_seen_and_nothing_of_them_is_left(private: str) -> None:
    file = LicenceFile(licence=licence("1", seat="Eve Example"), documents=(), gaps=(), provenance={})
    others = ["Beta GmbH", "Müller & Söhne", "北京示例公司", "Gamma Holding SE"]
    told = RedactionRules(file=file, others=others, own=["Acme Ltd"], accounts=["ada-stock", "eve@agency.example"])
    assert told.found(f"Licence {private} of Acme Ltd") and private not in told.scrub(f"Licence {private} of Acme Ltd")


@pytest.mark.parametrize(
    "honest",
    [
        "Licence L-1, order PO-12, 500,000 copies, 3000 x 2000 px, of Acme Ltd on 9 March 2026",
        *(
            "Yoga@home, icon@2x.png, npm/bootstrap@5.1.3/dist",
            "two pounds of apples, a hundred dollar bill",
            "Price 2024, total 12 images",
        ),
        *("Blue harbour, Waterfront", "BLACKBIRD at dawn", "U S A, A B C D", "E. Examples, Example E"),
        *("\u0420\u0430\u0441\u0441\u0432\u0435\u0442 \u0438 \u0412\u0415\u0422\u0410"),
    ],
)
def test_honest_texts_are_told_whole(honest: str) -> None:
    titled = replace(licence("1", seat="Eve Example"), asset=Asset(provider="x", asset_id="1", title="Blue harbour"))
    file = LicenceFile(licence=titled, documents=(), gaps=(), provenance={})
    others = ["BETA", "Blue", "Water Front", "Black Bird"]
    told = RedactionRules(file=file, others=others, own=["Acme Ltd"], accounts=["eve@agency.example"])
    assert not told.found(honest) and told.scrub(honest) == honest


@pytest.mark.browser
def test_what_a_preview_says_of_itself_is_told_and_is_not_in_the_pdf(tmp_path: Path) -> None:
    out, exif, told = io.BytesIO(), Image.Exif(), list[str]()
    exif[315] = "by ada@acme.example"
    Image.open(io.BytesIO(picture("navy"))).save(out, "JPEG", exif=exif, comment=b"by ada@acme.example")
    with agency(tmp_path / "agency") as at:
        [stored] = at.archive("acme", (licence("57"), [preview(out.getvalue())]))
        packed = Packs(at, []).write(tmp_path / "proof.zip", stored.folder, warn=told.append)
    assert [each for each in told if "preview.jpg" in each and "e-mail" in each]
    assert b"ada@acme" not in packed.with_suffix(".pdf").read_bytes()
