"""Nothing can be changed in a pack, with its manifests remade, that its verifier still calls PROVEN."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.archive.checking.parts import archive_words, one_proof
from archiver.archive.checking.parts.whole_pack import PackReport, verify_pack
from archiver.archive.local_tsa import LocalAuthority
from archiver.catalogue import views
from archiver.claims import packing
from tests.support.agency import agency, record
from tests.support.authority_kit import spellings
from tests.support.check_page_kit import Checker, checker
from tests.support.pack_attacks import (
    Pack,
    any_change_is_seen,
    certificate,
    link,
    remake,
    rename,
    swap,
    terms,
    write,
)
from tests.support.pack_kit import licence, unpacked

__all__ = ["checker"]


def judged(bag: Path) -> PackReport:
    report = verify_pack(bag / "data")[-1]
    assert isinstance(report, PackReport)
    return report


@pytest.mark.browser
def test_an_honest_pack_tells_what_is_proven_and_what_its_sender_wrote(pack: Pack) -> None:
    report = judged(pack.bag)
    assert (report.state, report.findings) == ("PROVEN", [])
    names = {path.partition("/")[2] for path in report.copies}
    assert names == {
        *(f"02_licence_original/{pack.one}/{name}" for name in ("certificate.pdf", "preview.jpg", "record.json")),
        *(f"02_licence_original/{pack.two}/{name}" for name in ("certificate.pdf", "preview.jpg", "record.json")),
        f"04_invoice_payment/{pack.one}/receipt.pdf",
        *(path.partition("/")[2] for path in pack.content if re.search(r"/03_.*/terms\.txt", path)),
    }
    assert len(names) == 9 and len({path.split("/")[0] for path in names}) == 4
    assert "data/proof.pdf" in report.by_sender and not set(report.by_sender) & set(report.copies)


def test_a_certificate_that_came_later_has_its_own_date_everywhere(pack: Pack) -> None:
    copies = {path.rpartition("/")[2]: since for path, since in judged(pack.bag).copies.items() if pack.two in path}
    first, later = copies["record.json"], copies["certificate.pdf"]
    assert first and later and first < later
    report = next(each for each in verify_pack(pack.bag) if each.client == pack.two)
    assert {each.name: each.secured_since for each in report.documents} == copies and report.secured_since == later
    for row in (pack.found, pack.shown):
        assert row["secured_documents"] == copies and row["secured_since"] == later
    assert {each["name"]: each["secured_since"] for each in pack.shown["documents"]} == copies
    said = f"secured since {first} (record.json, preview.jpg) and {later} (certificate.pdf)"
    assert views.secured_in_words(pack.found) == f"{said}, PROVEN (date only, nothing else checked)"
    [finding] = [each for each in pack.assessed["findings"] if each["rule"] == "date_proven"]
    assert re.search(
        r"since [\d: -]+ UTC \(record.json, preview.jpg\) and [\d: -]+ UTC \(certificate.pdf\)\. A", finding["message"]
    )
    sheet = (pack.bag / f"data/06_use_and_dates/{pack.two}/dates-by-us.txt").read_text()
    assert re.search("record.json: secured since .*\n  undated_.*terms.json: secured since ", sheet)


def originals(pack: Pack) -> tuple[Path, Path]:
    return pack.bag / "data/02_licence_original" / pack.one, pack.bag / "data/02_licence_original" / pack.two


def forge(pack: Pack) -> None:
    """A paper that was never archived, beside the proofs as if it were, and over the certificate."""
    planted = pack.bag / "data/07_integrity/P/papers/x/v1/content/certificate.pdf"
    planted.parent.mkdir(parents=True)
    for place in (planted, originals(pack)[0] / "certificate.pdf"):
        place.write_bytes(b"%PDF-1.7 forged")


def forge_in_a_proof(pack: Pack) -> None:
    planted = pack.bag / "data/07_integrity" / pack.one / "papers/x/v1/content/forged.pdf"
    planted.parent.mkdir(parents=True)
    for place in (planted, originals(pack)[0] / "forged.pdf"):
        place.write_bytes(b"%PDF-1.7 forged")


def copy_as(pack: Pack, name: str, source: str = "preview.jpg") -> None:
    one, _ = originals(pack)
    shutil.copy(one / source, one / name)


def leave_out_terms(pack: Pack) -> None:
    shutil.rmtree(pack.bag / "data/03_terms_captured_later")
    for each in pack.bag.glob("data/07_integrity/*/terms/*later*"):
        shutil.rmtree(each)


def only_terms(pack: Pack, left_out: str, old: str, new: str) -> None:
    shutil.rmtree(pack.bag / "data" / left_out)
    rename(pack, "data", old, new)


THEN, LATER = "03_terms_at_purchase", "03_terms_captured_later"


ATTACKS: dict[str, tuple[Callable[[Pack], object], str]] = {
    "a forged paper in a folder of no licence": (forge, "data/07_integrity/P"),
    "a forged paper in the folder of a licence": (forge_in_a_proof, "forged.pdf"),
    "certificates of two licences swapped": (
        lambda p: swap(*(each / "certificate.pdf" for each in originals(p))),
        "certificate.pdf",
    ),
    "a proven file under a name that it never had": (lambda p: copy_as(p, "contract.jpg"), "contract.jpg"),
    "a proven file in the place of another": (lambda p: copy_as(p, "certificate.pdf"), "certificate.pdf"),
    "a linked folder": (lambda p: link(p, originals(p)[0]), "data/02_licence_original"),
    "a name that merely begins with letter-by-us": (lambda p: copy_as(p, "letter-by-us.of-the-platform.pdf"), "letter"),
    "an excerpt of a file that is enclosed": (lambda p: copy_as(p, "certificate-excerpt.txt"), "certificate-excerpt"),
    "terms captured later renamed to at purchase": (
        lambda p: only_terms(p, THEN, LATER, THEN),
        f"data/{LATER}",
    ),
    "terms at purchase renamed to captured later": (
        lambda p: only_terms(p, LATER, THEN, LATER),
        f"data/{THEN}",
    ),
    "a licence's terms left out": (leave_out_terms, "terms"),
    "an extra folder in the bag": (lambda p: (p.bag / "data/08_contract").mkdir(), "data/08_contract"),
    "an extra file in the bag": (lambda p: write(p, "data/contract.pdf"), "data/contract.pdf"),
    "another case": (
        lambda p: rename(p, "data/02_licence_original", p.one, "certificate.pdf", "Certificate.pdf"),
        "Certificate.pdf",
    ),
    "two proofs under each other's name": (
        lambda p: swap(*(p.bag / "data/07_integrity" / each for each in (p.one, p.two))),
        "data/07_integrity",
    ),
    "the folders of two licences swapped": (lambda p: swap(*originals(p)), "certificate.pdf"),
    "data is a link": (
        lambda p: link(p, p.bag / "data"),
        "data",
    ),
}  # fmt: skip


ALIKE = {  # each like another, by the same check
    "a forged paper in the folder of a licence", "a proven file in the place of another", "a linked folder",
    "terms at purchase renamed to captured later", "an extra folder in the bag",
    "an excerpt of a file that is enclosed", "the folders of two licences swapped",
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in ALIKE), id=name) for name in ATTACKS]
)
def test_attacks(pack: Pack, name: str, checker: Checker) -> None:
    attack, at_fault = ATTACKS[name]
    try:
        attack(pack)
        remake(pack.bag)
        reports = verify_pack(pack.bag)
        checker.agrees(pack.bag, reports)
        found = [finding for report in reports for finding in report.findings if finding.damage]
        assert reports[-1].state == "DAMAGED" and any(at_fault in finding.path for finding in found), found
    finally:
        for aside in pack.bag.parent.glob("aside*"):
            shutil.rmtree(aside) if aside.is_dir() and not aside.is_symlink() else aside.unlink()


def test_a_pack_without_its_bag_is_not_proven(pack: Pack, checker: Checker, tmp_path: Path) -> None:
    shutil.copytree(pack.bag / "data", tmp_path / "data")
    checker.agrees(tmp_path / "data", verify_pack(tmp_path / "data"))
    report = judged(tmp_path)
    assert report.state == "UNPROVEN" and "beside the folder data" in report.findings[0].message


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_change_is_seen(made: Pack, checker: Checker, data: st.DataObject) -> None:
    any_change_is_seen(made, data.draw, data.draw(st.integers(1, 2)), checker)


def as_before(bag: Path) -> None:
    """What earlier versions wrote otherwise: the authority's name in those of the timestamps, no format, no page."""
    (bag / "CHECK-THIS.html").unlink()
    for token in bag.glob("data/07_integrity/*/integrity/*.tsr"):
        token.rename(token.with_name(re.sub(r"\d+-[0-9a-f]{16}", "local", token.name)))
    info = bag / "bag-info.txt"
    info.write_bytes(info.read_bytes().replace(b"Archiver-Pack-Format: 3\n", b""))
    remake(bag)


def test_an_old_pack_is_judged_by_what_it_can_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checker: Checker
) -> None:
    """Before inventories told of terms, nothing that is enclosed proves when they were seen, or that they belong."""
    monkeypatch.setattr(one_proof, "terms_message", lambda _: None)
    monkeypatch.setattr("archiver.claims.proof_pack.pdf_of", lambda *_: b"%PDF-1.7")
    with agency(tmp_path / "agency") as at:
        with_terms = (licence("1"), (record(), certificate("1"), terms(b"Terms of then\n", later=False)))
        stored = at.archive("acme", with_terms, (licence("2"), (record(b"[2]"), certificate("2"))))
        bags = []
        for n, each in enumerate(stored):
            packing.proof(at.home, [each.folder], tmp_path / f"{n}.zip", packing.ProofRequest())
            bags.append(unpacked(tmp_path / f"{n}.zip", tmp_path / f"{n}"))
    for bag in bags:
        as_before(bag)
        checker.agrees(bag, verify_pack(bag))
    [remark] = judged(bags[1]).findings
    assert judged(bags[1]).state == "PROVEN" and (remark.code, remark.path) == ("remark", "bag-info.txt")
    proof, report = verify_pack(bags[0])
    assert (proof.state, report.state) == ("PROVEN", "UNPROVEN")
    [finding, _] = report.findings
    assert re.fullmatch(r"data/03_terms_at_purchase/.*/terms\.txt", finding.path) and "UNPROVEN" in finding.message
    (bags[0] / "data" / THEN).rename(bags[0] / "data" / LATER)
    remake(bags[0])
    assert judged(bags[0]).state == "UNPROVEN"
    shutil.rmtree(bags[0] / "data" / LATER)
    remake(bags[0])
    assert judged(bags[0]).state == "DAMAGED"


def test_a_pack_of_the_format_before_is_proven(pack: Pack, checker: Checker) -> None:
    (pack.bag / "CHECK-THIS.html").unlink()
    info = pack.bag / "bag-info.txt"
    info.write_bytes(info.read_bytes().replace(b"Format: 3", b"Format: 2"))
    remake(pack.bag)
    checker.agrees(pack.bag, verify_pack(pack.bag))
    assert judged(pack.bag).state == "PROVEN"
    assert not judged(pack.bag).findings
    day = re.compile(rb"Bagging-Date: .*")
    for no_day in (b"0000-99-99", b"2026-02-30", b"0000-01-01"):
        info.write_bytes(day.sub(b"Bagging-Date: " + no_day, info.read_bytes()))
        remake(pack.bag)
        checker.agrees(pack.bag, verify_pack(pack.bag))
        assert [(each.code, each.path) for each in judged(pack.bag).findings] == [("changed", "bag-info.txt")]
    info.write_bytes(day.sub(b"Bagging-Date: 2026-02-28", info.read_bytes()))
    remake(pack.bag)
    [paper] = pack.bag.glob(f"data/06_use_and_dates/{pack.one}/dates-by-us.txt")
    os.truncate(paper, 1 << 32)
    told = [(each.code, each.path) for each in judged(pack.bag).findings]
    assert told[0] == ("unreadable", paper.relative_to(pack.bag).as_posix())
    os.truncate(paper, 1 << 42)
    with pytest.raises(archive_words.Malformed, match="more than 8 GiB"):
        verify_pack(pack.bag)
    paper.unlink()  # others do not read it, either


@pytest.mark.long  # the attacks: above
def test_a_new_pack_that_poses_as_an_old_one_shows_no_more(pack: Pack, checker: Checker, tmp_path: Path) -> None:
    as_before(pack.bag)
    checker.agrees(pack.bag, verify_pack(pack.bag))
    assert judged(pack.bag).state == "PROVEN"
    with LocalAuthority(tmp_path / "stranger") as stranger:
        others = stranger.root_pem.read_text()
    places = list(pack.bag.glob("data/07_integrity/*/integrity/tsa-roots.pem"))
    genuine = places[0].read_text()
    for spelling, (spelled, is_fit) in spellings(genuine, others).items():
        for place in places:
            place.write_text(spelled, "latin-1", newline="")
        remake(pack.bag)
        checker.agrees(pack.bag, verify_pack(pack.bag))
        assert judged(pack.bag).state == ("PROVEN" if is_fit else "DAMAGED"), spelling
    for place in places:
        place.write_text(genuine)
    swap(*(each / "certificate.pdf" for each in originals(pack)))
    remake(pack.bag)
    assert judged(pack.bag).state == "DAMAGED"
