"""Nothing can be changed in a pack, with its manifests remade, that its verifier still calls PROVEN."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.archive import verify
from archiver.archive.verify import PackReport, verify_pack
from archiver.catalogue import search
from archiver.claims import packing
from archiver.claims.assessment import assess
from archiver.claims.facts import Use
from archiver.collect.terms import SeenTerms
from archiver.core.model import Document
from archiver.home.archives import writing
from archiver.provider import TermsPage
from archiver.reading.licence_json import to_json
from tests.authoring.scenario import pdf
from tests.proof.agency import agency, preview, record
from tests.proof.test_pack import BOUGHT, CLAIM, document, licence, picture, unpacked

RECEIPT = document("receipt.pdf", "receipt", pdf(["Receipt R-1", "Thank you"]))


def certificate(asset_id: str) -> Document:
    return document("certificate.pdf", "certificate", pdf(["Licence certificate", f"Item {asset_id}", "Acme Ltd"]))


def terms(text: bytes, *, later: bool) -> SeenTerms:
    page = TermsPage(name="later" if later else "then", url="https://stock.example/terms")
    at = BOUGHT.replace(year=2024) if later else BOUGHT
    return SeenTerms(provider="shutterstock", page=page, url=page.url, text=text, language="en", at=at)


@dataclass
class Pack:
    """A pack of two licences, unpacked: all that lies in it, by its path; None for a folder."""

    bag: Path
    content: dict[str, bytes | None]
    one: str  # folders of the licences
    two: str
    found: dict[str, Any]  # the second, as `find --json`, `show --json` and `assess --json` tell of it
    shown: dict[str, Any]
    assessed: dict[str, Any]

    def restore(self) -> None:
        """Undo what was done to it; what is as it was is left alone."""
        there = contents(self.bag)
        for path in sorted(there, reverse=True):
            place = self.bag / path
            if there[path] != self.content.get(path, "absent") and (place.is_symlink() or place.exists()):
                shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
        for path, content in self.content.items():
            place = self.bag / path
            if content is None:
                place.mkdir(parents=True, exist_ok=True)
            elif not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)


def contents(bag: Path) -> dict[str, bytes | str | None]:
    """What lies in a bag: the bytes of files, None for folders, and where links lead to."""
    found: dict[str, bytes | str | None] = {}
    for path in sorted(bag.rglob("*")):
        place = path.relative_to(bag).as_posix()
        if path.is_symlink():
            found[place] = str(path.readlink())
        else:
            found[place] = path.read_bytes() if path.is_file() else None if path.is_dir() else "device"
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pack]:
    """With certificates, a receipt and terms of both kinds; the second licence's certificate came a second later."""
    folder = tmp_path_factory.mktemp("attacked")
    then, later = terms(b"Terms of then\n", later=False), terms(b"Terms of later\n", later=True)
    with agency(folder / "agency") as at:
        first, second = licence("1234567890"), licence("2345678901")
        one, two = at.archive(
            "acme",
            (first, (record(), certificate("1234567890"), RECEIPT, preview(picture("teal")), then, later)),
            (second, (record(b'{"a": 1}'), preview(picture("navy")), then)),
        )
        time.sleep(1.1)  # timestamps are in whole seconds
        with writing(at.home, at.vault, "acme") as archive:
            both = (record(b'{"a": 1}'), preview(picture("navy")), certificate("2345678901"))
            described = to_json(second, both, (), {"source": "adapter", "account": "one"}, [then.reference(second)])
            new = {"licence.json": described, "certificate.pdf": both[2].content}
            archive.add_version(two.object_id, new).result()
            archive.seal()
        out = folder / "proof.zip"
        packing.proof(at.home, [one.folder, two.folder], out, claim=CLAIM, pictures=[picture("olive")])
        [found] = search.find(at.home, "2345678901")
        shown = search.show(at.home, two.folder)
        assessed = assess(at.home, "acme", Use(), name=two.folder).as_json("en")
    bag = unpacked(out, folder / "pack")
    there = {path: each for path, each in contents(bag).items() if not isinstance(each, str)}
    yield Pack(bag, there, one.folder, two.folder, found, shown, assessed)


@pytest.fixture
def pack(made: Pack) -> Pack:
    made.restore()
    return made


def remake(bag: Path) -> None:
    """The manifests, made anew by whoever changed the bag; links are followed, as `sha256sum` does."""
    payload = {path.relative_to(bag).as_posix(): path for path in bag.glob("data/**/*") if path.is_file()}
    size = sum(path.stat().st_size for path in payload.values())
    for path in (bag / "manifest-sha256.txt", bag / "tagmanifest-sha256.txt"):
        if path.is_fifo():  # else to write it would wait for a reader for ever
            path.unlink()
    info = bag / "bag-info.txt"
    if info.is_file() and not info.is_symlink():
        info.write_bytes(
            re.sub(rb"Payload-Oxum: .*", f"Payload-Oxum: {size}.{len(payload)}".encode(), info.read_bytes())
        )
    (bag / "manifest-sha256.txt").write_bytes(listed(payload))
    tags = {each.name: each for each in bag.iterdir() if each.is_file() and each.name != "tagmanifest-sha256.txt"}
    (bag / "tagmanifest-sha256.txt").write_bytes(listed(tags))


def listed(files: dict[str, Path]) -> bytes:
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    return "".join(f"{digests[each]}  {each}\n" for each in sorted(digests, key=lambda name: name.split("/"))).encode(
        "utf-8", "surrogateescape"
    )


@pytest.fixture(autouse=True, scope="module")
def remembering() -> Iterator[None]:
    """What openssl and Ed25519 said of the same bytes is not asked again."""
    with pytest.MonkeyPatch.context() as patch:
        refuses, version = verify.openssl_refuses, verify.openssl_version()
        said: dict[tuple[bytes, ...], str | None] = {}

        def remembered(program: str, *files: Path) -> str | None:
            key = tuple(each.read_bytes() for each in files)
            if key not in said:
                said[key] = refuses(program, *files)
            return said[key]

        patch.setattr(verify, "openssl_refuses", remembered)
        patch.setattr(verify, "openssl_version", lambda: version)
        patch.setattr(verify, "ed25519_verify", cache(verify.ed25519_verify))
        yield


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
    assert search.secured_in_words(pack.found) == said
    [finding] = [each for each in pack.assessed["findings"] if each["rule"] == "date_proven"]
    assert re.search(
        r"since [\d: -]+ UTC \(record.json, preview.jpg\) and [\d: -]+ UTC \(certificate.pdf\), as", finding["message"]
    )
    sheet = (pack.bag / f"data/06_use_and_dates/{pack.two}/dates-by-us.txt").read_text()
    assert re.search("record.json: secured since .*\n  undated_.*terms.json: secured since ", sheet)


# ---------------------------------------------------------------- the attacks that once passed


def swap(one: Path, two: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    two.rename(one)
    aside.rename(two)


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


def link(pack: Pack, path: Path) -> None:
    """The same bytes, but elsewhere."""
    aside = pack.bag.parent / "aside"
    path.rename(aside)
    path.symlink_to(aside)


def copy_as(pack: Pack, name: str, source: str = "preview.jpg") -> None:
    one, _ = originals(pack)
    shutil.copy(one / source, one / name)


def write(pack: Pack, path: str) -> None:
    place = pack.bag / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"anything")


def rename(pack: Pack, *names: str) -> None:
    """The names of the folders on the way, the old name, and the new one."""
    *folders, old, new = names
    place = pack.bag.joinpath(*folders)
    (place / old).rename(place / new)


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
    "an extra file beside data": (lambda p: write(p, "CONTRACT.txt"), "CONTRACT.txt"),
    "an extra folder beside data": (lambda p: write(p, "more/contract.pdf"), "more"),
    "a link beside data": (lambda p: (p.bag / "READ-ME.txt").symlink_to(p.bag / "HOW-TO-CHECK.txt"), "READ-ME.txt"),
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


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks(pack: Pack, name: str) -> None:
    attack, at_fault = ATTACKS[name]
    try:
        attack(pack)
        remake(pack.bag)
        reports = verify_pack(pack.bag)
        found = [finding for report in reports for finding in report.findings if finding.damage]
        assert reports[-1].state == "DAMAGED" and any(at_fault in finding.path for finding in found), found
    finally:
        for aside in pack.bag.parent.glob("aside*"):
            shutil.rmtree(aside)


def test_a_pack_without_its_bag_is_not_proven(pack: Pack, tmp_path: Path) -> None:
    shutil.copytree(pack.bag / "data", tmp_path / "data")
    report = judged(tmp_path)
    assert report.state == "UNPROVEN" and "beside the folder data" in report.findings[0].message


# ---------------------------------------------------------------- any change at all

NAMES = ("letter-by-us.txt", "record-excerpt.json", "v3", ".hidden", "Proof.pdf", "proof.pdf ", "é", "00000009.note")


@dataclass
class Change:
    """One change, drawn: what is done to which of the paths, with what."""

    draw: Callable[[st.SearchStrategy[object]], object]
    pack: Pack

    def path(self, *, files: bool = True, folders: bool = False) -> Path:
        paths = [
            p for p, each in self.pack.content.items() if (files and each is not None) or (folders and each is None)
        ]
        return self.pack.bag / str(self.draw(st.sampled_from(paths)))

    def number(self, below: int) -> int:
        drawn = self.draw(st.integers(0, max(below - 1, 0)))
        assert isinstance(drawn, int)
        return drawn

    def new(self, folder: Path) -> Path:
        return folder / str(self.draw(st.sampled_from([*NAMES, self.path(folders=True).name])))

    def flip(self) -> None:
        self.edit(lambda data, at: data[:at] + bytes([data[at] ^ 1 << self.number(8)]) + data[at + 1 :])

    def insert(self) -> None:
        self.edit(lambda data, at: data[:at] + bytes([self.number(256)]) + data[at:])

    def cut(self) -> None:
        self.edit(lambda data, at: data[:at] + data[at + 1 :])

    def cut_off(self) -> None:
        self.edit(lambda data, at: data[:at])

    def append(self) -> None:
        self.edit(lambda data, at: data + (b"\n", b" ", b"# comment\n", data)[self.number(4)])

    def edit(self, change: Callable[[bytes, int], bytes]) -> None:
        path = self.path()
        data = path.read_bytes()
        path.write_bytes(change(data, self.number(len(data))))

    def remove(self) -> None:
        path = self.path(folders=True)
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    def add_file(self) -> None:
        new = self.new(self.path(files=False, folders=True))
        if not new.is_dir():
            new.write_bytes(self.path().read_bytes() if self.number(2) and not new.exists() else b"anything")

    def add_folder(self) -> None:
        new = self.new(self.path(files=False, folders=True))
        if not new.exists():
            new.mkdir()

    def copy(self) -> None:
        path = self.path(folders=True)
        new = self.new(self.path(files=False, folders=True))
        if not new.exists() and path not in (new, *new.parents):
            shutil.copytree(path, new) if path.is_dir() else shutil.copy(path, new)

    def rename(self) -> None:
        path = self.path(folders=True)
        parts = (path.name.upper(), path.name.capitalize(), f"{path.name}.bak", f"{path.name} ", f"x{path.name}")
        new = path.with_name(parts[self.number(len(parts))]) if self.number(2) else self.new(path.parent)
        if not new.exists():
            path.rename(new)

    def move(self) -> None:
        path, folder = self.path(folders=True), self.path(files=False, folders=True)
        if not (folder / path.name).exists() and path not in (folder, *folder.parents):
            path.rename(folder / path.name)

    def swap(self) -> None:
        one, two = self.path(folders=True), self.path(folders=True)
        if one not in (two, *two.parents) and two not in one.parents:
            swap(one, two)

    def link(self) -> None:
        """A file or folder becomes a link to the same bytes elsewhere."""
        path = self.path(folders=True)
        aside = self.pack.bag.parent / "aside"
        if aside.is_dir():
            shutil.rmtree(aside)
        aside.unlink(missing_ok=True)
        link(self.pack, path)

    def device(self) -> None:
        path = self.path()
        path.unlink()
        os.mkfifo(path)


CHANGES = [name for name, each in vars(Change).items() if callable(each) and not name.startswith("_")]
CHANGES = [name for name in CHANGES if name not in ("path", "number", "new", "edit")]


def any_change_is_seen(pack: Pack, draw: Callable[[st.SearchStrategy[object]], object], count: int) -> None:
    """The verdict is not PROVEN; or all that changed are papers of which the verdict says that nothing proves them.

    Whoever changes something without remaking the manifests is always seen.
    """
    pack.restore()
    change = Change(draw, pack)
    for _ in range(count):
        name = str(draw(st.sampled_from(CHANGES)))
        try:
            getattr(change, name)()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):  # an earlier change took it away
            continue
    before: dict[str, bytes | str | None] = dict(pack.content)
    after = contents(pack.bag)
    changed = {path for path in before.keys() | after.keys() if before.get(path, "absent") != after.get(path, "absent")}
    remade = bool(draw(st.booleans()))
    if remade and (pack.bag / "data").exists():
        remake(pack.bag)
    try:
        reports = verify_pack(pack.bag)
    except verify.Malformed:
        return  # it is no pack any more, and that is what is said
    report = reports[-1]
    assert isinstance(report, PackReport)
    assert json.dumps([each.as_json() for each in reports]) and all(each.as_text() for each in reports[:-1])
    if not changed - {"manifest-sha256.txt", "tagmanifest-sha256.txt"} and remade:
        assert report.state == "PROVEN"
    elif changed:
        unproven = {*report.by_sender, "manifest-sha256.txt", "tagmanifest-sha256.txt"} if remade else set()
        assert report.state != "PROVEN" or changed <= unproven, changed


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_change_is_seen(made: Pack, data: st.DataObject) -> None:
    any_change_is_seen(made, data.draw, data.draw(st.integers(1, 2)))


# ---------------------------------------------------------------- packs of earlier versions


def as_before(bag: Path) -> None:
    """What earlier versions wrote otherwise: the authority's name in those of the timestamps, and no format."""
    for token in bag.glob("data/07_integrity/*/integrity/*.tsr"):
        token.rename(token.with_name(re.sub(r"\d+-[0-9a-f]{16}", "local", token.name)))
    info = bag / "bag-info.txt"
    info.write_bytes(info.read_bytes().replace(b"Archiver-Pack-Format: 2\n", b""))
    remake(bag)


def test_an_old_pack_is_judged_by_what_it_can_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before inventories told of terms, nothing that is enclosed proves when they were seen, or that they belong."""
    monkeypatch.setattr(verify, "terms_message", lambda _: None)
    monkeypatch.setattr("archiver.claims.proof_pack.pdf_of", lambda *_: b"%PDF-1.7")
    with agency(tmp_path / "agency") as at:
        with_terms = (licence("1"), (record(), certificate("1"), terms(b"Terms of then\n", later=False)))
        stored = at.archive("acme", with_terms, (licence("2"), (record(b"[2]"), certificate("2"))))
        bags = []
        for n, each in enumerate(stored):
            packing.proof(at.home, [each.folder], tmp_path / f"{n}.zip")
            bags.append(unpacked(tmp_path / f"{n}.zip", tmp_path / f"{n}"))
    for bag in bags:
        as_before(bag)
    assert judged(bags[1]).state == "PROVEN" and not judged(bags[1]).findings
    proof, report = verify_pack(bags[0])
    assert (proof.state, report.state) == ("PROVEN", "UNPROVEN")
    [finding] = report.findings
    assert re.fullmatch(r"data/03_terms_at_purchase/.*/terms\.txt", finding.path) and "UNPROVEN" in finding.message
    (bags[0] / "data" / THEN).rename(bags[0] / "data" / LATER)
    remake(bags[0])
    assert judged(bags[0]).state == "UNPROVEN"
    shutil.rmtree(bags[0] / "data" / LATER)
    remake(bags[0])
    assert judged(bags[0]).state == "DAMAGED"


def test_a_new_pack_that_poses_as_an_old_one_shows_no_more(pack: Pack) -> None:
    as_before(pack.bag)
    assert judged(pack.bag).state == "PROVEN"
    swap(*(each / "certificate.pdf" for each in originals(pack)))
    remake(pack.bag)
    assert judged(pack.bag).state == "DAMAGED"
