"""Attacks on a pack: any byte, name, folder or file changed, with manifests remade."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from archiver.archive.checking.parts import (
    anchor_proofs,
    common_checks,
    ed25519_signature,
    ledger_lines,
    openssl_program,
    signed_notes,
)
from archiver.archive.checking.parts.whole_pack import PackReport
from archiver.catalogue import search
from archiver.catalogue.archives import writing
from archiver.claims import packing
from archiver.claims.assessment import assess
from archiver.claims.facts import Use
from archiver.collect.terms import SeenTerms
from archiver.core.model import Document
from archiver.provider import TermsPage
from archiver.reading.licence_json import to_json
from tests.authoring.scenario import pdf
from tests.support.agency import agency, preview, record
from tests.support.check_page_kit import Checker, reports_of
from tests.support.pack_kit import BOUGHT, CLAIM, document, licence, picture, unpacked

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


@pytest.fixture(scope="session")
def made(once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """With certificates, a receipt and terms of both kinds; the second licence's certificate came a second later."""
    origin, folder = once("attacked", _pack), tmp_path_factory.mktemp("attacks")
    shutil.copytree(origin / "pack", folder / "pack")
    bag = folder / "pack" / "proof"
    there = {path: each for path, each in contents(bag).items() if not isinstance(each, str)}
    return Pack(bag, there, *json.loads((origin / "told.json").read_text()))


def _pack(folder: Path) -> None:
    """Make the pack, and what commands tell of its licences."""
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
        request = packing.ProofRequest(claim=CLAIM, pictures=[picture("olive")])
        packing.proof(at.home, [one.folder, two.folder], out, request)
        [found] = search.find(at.home, "2345678901")
        shown = search.show(at.home, two.folder)
        assessed = assess(at.home, "acme", Use(), name=two.folder).as_json("en")
    unpacked(out, folder / "pack")
    (folder / "told.json").write_text(json.dumps([one.folder, two.folder, found, shown, assessed]))


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
        elif path.is_dir() and not path.is_symlink():  # swapped with a folder
            shutil.rmtree(path)
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
        refuses, version = openssl_program.openssl_refuses, openssl_program.openssl_version()
        said: dict[tuple[object, ...], str | None] = {}

        def remembered(program: str, response: Path, data: Path | bytes, *trusted: Iterable[bytes]) -> str | None:
            covered = data if isinstance(data, bytes) else data.read_bytes()
            key = (response.read_bytes(), type(data), covered, *map(tuple, trusted))
            if key not in said:
                said[key] = refuses(program, response, data, *trusted)
            return said[key]

        patch.setattr(common_checks, "openssl_refuses", remembered)
        patch.setattr(common_checks, "openssl_version", lambda: version)
        quick = cache(ed25519_signature.ed25519_verify)
        for each in (signed_notes, ledger_lines, anchor_proofs):
            patch.setattr(each, "ed25519_verify", quick)
        yield


def swap(one: Path, two: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    two.rename(one)
    aside.rename(two)


def link(pack: Pack, path: Path) -> None:
    """The same bytes, but elsewhere."""
    aside = pack.bag.parent / "aside"
    path.rename(aside)
    path.symlink_to(aside)


def write(pack: Pack, path: str) -> None:
    place = pack.bag / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"anything")


def rename(pack: Pack, *names: str) -> None:
    """The names of the folders on the way, the old name, and the new one."""
    *folders, old, new = names
    place = pack.bag.joinpath(*folders)
    (place / old).rename(place / new)


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
        path = self.pack.bag / str(self.draw(st.sampled_from(paths)))
        if path.is_fifo():  # of an earlier change: whoever opens it waits for ever
            raise FileNotFoundError(path)
        return path

    def number(self, below: int) -> int:
        drawn = self.draw(st.integers(0, max(below - 1, 0)))
        assert isinstance(drawn, int)
        return drawn

    def new(self, folder: Path) -> Path:
        return folder / str(self.draw(st.sampled_from([*NAMES, self.path(folders=True).name])))

    def flip(self) -> None:
        self.edit(
            lambda data, at: data[:at] + bytes(one ^ 1 << self.number(8) for one in data[at : at + 1]) + data[at + 1 :]
        )

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


NO_CHANGES = ("path", "number", "new", "edit")
CHANGES = [
    name
    for name, each in vars(Change).items()
    if callable(each) and not name.startswith("_") and name not in NO_CHANGES
]


def any_change_is_seen(
    pack: Pack, draw: Callable[[st.SearchStrategy[object]], object], count: int, checker: Checker
) -> None:
    """The verdict is not PROVEN; or all that changed are papers of which the verdict says that nothing proves them.

    Whoever changes something without remaking the manifests is always seen. The page in the browser says the same.
    """
    pack.restore()
    change = Change(draw, pack)
    for number in range(count):
        name = str(draw(st.sampled_from(CHANGES)))
        try:
            getattr(change, name)()
        except OSError:  # an earlier change took it away, or stands in its way
            if number == 0:
                raise
    before: dict[str, bytes | str | None] = dict(pack.content)
    after = contents(pack.bag)
    changed = {path for path in before.keys() | after.keys() if before.get(path, "absent") != after.get(path, "absent")}
    remade = bool(draw(st.booleans()))
    if remade and (pack.bag / "data").exists():
        remake(pack.bag)
    reports = reports_of(pack.bag)
    checker.agrees(pack.bag, reports)
    if reports is None:
        return  # it is no pack any more, and that is what is said
    report = reports[-1]
    assert isinstance(report, PackReport)
    assert json.dumps([each.as_json() for each in reports]) and all(each.as_text() for each in reports[:-1])
    if not changed - {"manifest-sha256.txt", "tagmanifest-sha256.txt"} and remade:
        assert report.state == "PROVEN"
    elif changed:
        unproven = {*report.by_sender, "manifest-sha256.txt", "tagmanifest-sha256.txt"} if remade else set()
        assert report.state != "PROVEN" or changed <= unproven, changed
