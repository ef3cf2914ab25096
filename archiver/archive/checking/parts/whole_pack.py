"""A pack: proofs, and copies of their files to read."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts.anchor_proofs import ANCHOR_FILE_NAME
from archiver.archive.checking.parts.archive_words import (
    DAMAGED,
    PROVEN,
    STATES,
    TRUST_ENCLOSED,
    TRUST_NAMED,
    UNPROVEN,
    Finding,
    Malformed,
    must,
)
from archiver.archive.checking.parts.ocfl_object import is_created
from archiver.archive.checking.parts.one_proof import ProofCheck, proof_check, unexpected_files
from archiver.archive.checking.parts.regular_files import content, digests, opened
from archiver.archive.checking.parts.strict_zip import MAX_PACK_BYTES, unzipped, zip_members
from archiver.archive.checking.parts.verify_report import DatedDocument, VerifyReport

PROOFS = "07_integrity"
TERMS_FOLDERS = {"at_purchase": "03_terms_at_purchase", "later": "03_terms_captured_later"}
PACK_FORMAT = 4
_SEALED_FORMAT, _PAGE_FORMAT, _ANCHOR_FORMAT = 2, 3, 4
"""Since which format timestamps have sealed names, the page to check a pack in a browser lies in it, and it may hold
anchors. A pack without anchors is of format 3."""

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
HOW_TO_CHECK = "HOW-TO-CHECK.txt"
CHECK_PAGE = "CHECK-THIS.html"
_BAG_FILES = (CHECK_PAGE, HOW_TO_CHECK, "bag-info.txt", "bagit.txt", "manifest-sha256.txt")
"""The files beside `data/` that `tagmanifest-sha256.txt` lists; earlier formats have no `CHECK_PAGE`."""

OF_COMPUTERS = re.compile(
    r"(?:^|/)(?:\.DS_Store|\._[^/]*|__MACOSX|\.AppleDouble|\.Spotlight-V100|\.Trashes|\.fseventsd|[Tt]humbs\.db"
    r"|ehthumbs\.db|[Dd]esktop\.ini|\.directory|@eaDir)(?:/|$)"
)
"""Files and folders that computers add to a folder that is looked at or packed. They are passed over, and told."""

BY_SENDER = "written by the sender of this pack, not proven"


def folder_of_copy(name: str) -> str:
    """In which folder of a pack a document of this name lies to be read."""
    receipt = re.match(r"(imported-|attended-|companion-)?(receipt|invoice)(-\d+)?\.", name)
    return "04_invoice_payment" if receipt else "02_licence_original"


def pack_format(names: Iterable[str]) -> int:
    """The format of a new pack that holds files of these names."""
    return _ANCHOR_FORMAT if any(ANCHOR_FILE_NAME.fullmatch(each) for each in names) else _ANCHOR_FORMAT - 1


def bag_info(date: str, size: int, files: int, pack_format: int = _PAGE_FORMAT) -> bytes:
    """A pack's `bag-info.txt`; `date` is YYYY-MM-DD, `size` in bytes. Format 1 does not say its number."""
    lines = ["Bag-Software-Agent: archiver", f"Bagging-Date: {date}"]
    if pack_format > 1:
        lines.append(f"Archiver-Pack-Format: {pack_format}")
    return "".join(f"{line}\n" for line in [*lines, f"Payload-Oxum: {size}.{files}"]).encode()


def manifest(sums: dict[str, str]) -> bytes:
    """A BagIt manifest: path -> SHA-256 in hex."""
    return "".join(f"{sums[path]}  {path}\n" for path in sorted(sums, key=lambda path: path.split("/"))).encode(
        "utf-8", "surrogateescape"
    )


@dataclass
class PackReport(VerifyReport):
    """What was found in the folders beside the proofs; `documents` are not used.

    `copies`: each document to be read, by its path in the bag, and since when its bytes are secured. `by_sender`: the
    papers that nothing proves.
    """

    copies: dict[str, str | None] = field(default_factory=dict)
    by_sender: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        copies = [{"path": path, "secured_since": since} for path, since in self.copies.items()]
        return {**super().as_json(), "documents": copies, "by_sender": self.by_sender}


def verify_pack(
    folder: Path, roots: Path | None = None, key: Path | None = None, headers: Path | None = None
) -> list[VerifyReport]:
    """Check an unpacked pack: its bag, or the folder `data` in it. A report of each proof, and at last a `PackReport`.

    All that a pack holds is derived from its proofs: each file is a copy of a proven one and lies where that belongs,
    or is one of the papers that its sender wrote, which are listed, or belongs to BagIt. Anything else is damage.
    """
    whole = Path(os.path.abspath(folder))  # noqa: PTH100  # resolve() would hide that the folder is a link
    data = whole / "data" if (whole / "data" / PROOFS).is_dir() else whole
    check = _PackCheck(data, roots, key, headers)
    top = check.bag if check.in_bag else data
    added = sorted(path for path in _paths_below(top) if OF_COMPUTERS.search(path))
    with tempfile.TemporaryDirectory(prefix="verify-") as folder_of_copy:
        if added and _copied(top, copy := Path(folder_of_copy, top.name)):
            check = _PackCheck(copy / data.relative_to(top), roots, key, headers)
            check.pass_over(path for path in added if not (top / path).is_dir())
        return check.run()


def _paths_below(top: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(top):
        yield from (Path(folder, each).relative_to(top).as_posix() for each in (*folders, *files))


def _copied(top: Path, copy: Path) -> bool:
    """Copy a folder without what computers added to it; False if it holds devices, or cannot be read whole."""

    def added(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if OF_COMPUTERS.search(Path(folder, name).relative_to(top).as_posix())}

    try:
        shutil.copytree(top, copy, symlinks=True, ignore=added, copy_function=_linked)
    except (OSError, shutil.Error):
        return False
    return True


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # of another disk
        shutil.copyfile(source, target)


def verify_zip(
    path: Path, roots: Path | None = None, key: Path | None = None, headers: Path | None = None
) -> list[VerifyReport]:
    """Check a pack as it was sent, in its zip, which is unpacked into a temporary folder; reports as `verify_pack`.

    Raises Malformed if the file is not a zip, if programs would unpack it differently, or if it is not a pack.
    """
    with os.fdopen(opened(path), "rb") as file, tempfile.TemporaryDirectory(prefix="verify-") as folder:
        every = zip_members(file, os.fstat(file.fileno()).st_size)
        members = [each for each in every if not OF_COMPUTERS.search(each.path)]
        tops = {match.groups("") for each in members if (match := _PACK_IN_ZIP.match(each.path + "/" * each.folder))}
        (top, inner), *others = sorted(tops, key=lambda each: -len(each[1])) or [("", "none")]
        must(tops, "holds no proof of a licence")
        must(all(each == (top, "") for each in others), "holds several packs. Check them one by one")
        broken: dict[str, str] = {}
        for member in members:
            place = Path(folder, "zip", member.path)
            try:
                (place if member.folder else place.parent).mkdir(parents=True, exist_ok=True)
                if not member.folder:
                    with place.open("xb") as out:
                        for block in unzipped(file, member):
                            out.write(block)
            except Malformed as error:
                broken[member.path] = str(error)
        whole = Path(folder, "zip", top)
        check = _PackCheck(whole / inner if inner else whole, roots, key, headers)
        below = f"{top}/" if top else ""
        for member in members:
            if member.path in broken:
                check.find("unreadable", member.path[len(below) :], f"cannot be read: {broken[member.path]}")
            elif not member.path.startswith(below) and member.path != top:
                check.find("stray", member.path, "lies beside the pack in this zip file, and nothing vouches for it")
        check.pass_over(each.path for each in every if not each.folder and each not in members)
        return check.run()


_PACK_IN_ZIP = re.compile(r"(?:([^/]+)/)??(?:(data)/)?07_integrity/")


class _PackCheck:
    def __init__(self, data: Path, roots: Path | None, key: Path | None, headers: Path | None) -> None:
        self.data, self.bag, self.roots, self.key, self.headers = data, data.parent, roots, key, headers
        self.in_bag = data.name == "data" and any(os.path.lexists(self.bag / each) for each in _BAG_FILES)
        self.report = PackReport("copies", PROVEN)
        self.proofs: list[VerifyReport] = []
        self.copies: dict[str, dict[str, str | None]] = {}  # path -> SHA-512 that it may have -> secured since
        self.unsure: set[str] = set()  # copies whose place nothing proves
        summary = "proof.html" if os.path.lexists(data / "proof.html") else "proof.pdf"  # where no browser could print
        self.papers: dict[str, bool] = {summary: True, f"{PROOFS}/verify.py": True}  # whether it must be there
        self.inside: set[str] = set()  # files of the proofs
        self.archive: tuple[str, ...] | None = None  # that the first proof is of

    def find(self, code: str, path: str, message: str) -> None:
        self.report.findings.append(Finding(code, path, message))

    def pass_over(self, paths: Iterable[str]) -> None:
        """Tell of the files that are left out of the check, as computers added them."""
        if added := sorted(paths):
            text = f"is one of {len(added)} files that computers added (as .DS_Store, Thumbs.db)"
            self.find("stray", added[0], f"{text}; nothing vouches for it")

    def run(self) -> list[VerifyReport]:
        self.info = self.read_info()
        self.bag_files = _BAG_FILES if self.info >= _PAGE_FORMAT else _BAG_FILES[1:]
        self.read_proofs()
        self.read_claim()
        self.bound()
        self.read_copies()
        self.read_papers()
        for place, message in unexpected_files(self.data, {*self.copies, *self.papers, *self.inside}):
            self.find("extra", f"data/{place}", message)
        unproven = (
            "that the licence refers to these terms, and when they were seen, is in licence.json, which is withheld"
        )
        for path in sorted(self.unsure):
            self.find("remark", f"data/{path}", f"UNPROVEN: {unproven}")
        if self.in_bag:
            self.read_bag()
        else:
            text = f"what lies beside the folder data of a pack ({', '.join(self.bag_files)}) is not here"
            self.find("remark", "bagit.txt", text)
        report = self.report
        report.evidence = all(each.evidence for each in self.proofs)
        report.authority = TRUST_NAMED if self.roots else TRUST_ENCLOSED
        whole = self.in_bag and not self.unsure
        states = [UNPROVEN if not whole else PROVEN, *(each.state for each in self.proofs)]
        damaged = any(finding.damage for finding in report.findings)
        report.state = DAMAGED if damaged else max(states, key=STATES.index)
        return [*self.proofs, report]

    def read_proofs(self) -> None:
        """Each proof, and what of the pack it expects."""
        try:
            with os.scandir(self.data / PROOFS) as found:
                names = sorted(entry.name for entry in found if entry.is_dir(follow_symlinks=False))
        except OSError as error:
            raise Malformed(f"{self.data} is not a pack: {PROOFS}/ cannot be read: {error.strerror}") from None
        for name in names:
            try:
                check = proof_check(self.data / PROOFS / name, self.roots, self.key, self.headers)
            except Malformed:
                self.find("extra", f"data/{PROOFS}/{name}", "is no proof of a licence")
                continue
            self.proofs.append(check.report)
            self.archive = self.archive or check.archive
            if check.archive != self.archive:
                text = "is of another archive than the first proof here. Ask the sender whether both are his"
                self.find("remark", f"data/{PROOFS}/{name}", text)
            self.inside |= {f"{PROOFS}/{name}/{path}" for path in check.expected}
            if check.report.client != name:
                text = f"is the proof of {check.report.client}, under another name"
                self.find("renamed", f"data/{PROOFS}/{name}", text)
            if check.sealed != (self.info >= _SEALED_FORMAT) and self.in_bag and check.stamped:
                text = "names its timestamps otherwise than packs of this format do"
                self.find("changed", f"data/{PROOFS}/{name}/integrity", text)
            if check.anchored and self.info < _ANCHOR_FORMAT and self.in_bag:
                text = "holds anchors, which packs of this format do not"
                self.find("changed", f"data/{PROOFS}/{name}/integrity", text)
            self.expect(name, check)
        if not self.proofs:
            raise Malformed(f"{self.data} is not a pack: {PROOFS}/ holds no proof")

    def expect(self, name: str, check: ProofCheck) -> None:
        """What follows from one proof: copies of the newest documents and of the terms, and the sender's papers."""
        for each in check.files:
            folder = f"{folder_of_copy(each.name)}/{name}"
            if each.name not in check.absent:
                self.copy(f"{folder}/{each.name}", each)
            elif each.name == "licence.json":
                self.papers[f"{folder}/licence-excerpt.json"] = True
            else:
                stem = each.name.partition(".")[0]
                self.papers |= {f"{folder}/{stem}-excerpt.{ending}": False for ending in ("json", "txt")}
        self.papers |= {f"05_client_assignment/{name}/chain-by-us.txt": True}
        self.papers |= {f"06_use_and_dates/{name}/dates-by-us.txt": True}
        for terms, documents in check.report.terms.items():
            there = [each for each in documents if each.name in ("terms.txt", "page.pdf")]
            if check.relations is not None:
                folders = [TERMS_FOLDERS[each] for each in [check.relations.get(terms, "")] if each in TERMS_FOLDERS]
            else:
                folders = [each for each in TERMS_FOLDERS.values() if (self.data / each / terms).is_dir()]
                self.unsure |= {f"{folder}/{terms}/{each.name}" for folder in folders for each in there}
            for folder in folders:
                for each in there:
                    self.copy(f"{folder}/{terms}/{each.name}", each)
            if not folders:
                self.find("missing", f"data/03_terms/{terms}", "is missing: no copy of these terms lies in a folder 03")

    def copy(self, path: str, document: DatedDocument) -> None:
        self.copies.setdefault(path, {})[document.sha512.lower()] = document.secured_since

    def read_claim(self) -> None:
        """The sender's papers about the enquiry: the sheet, and pictures without a gap in their numbers."""
        pictures = 0
        while (self.data / f"01_claim/picture-{pictures + 1}.jpg").exists():
            pictures += 1
            self.papers[f"01_claim/picture-{pictures}.jpg"] = True
        self.papers["01_claim/claim-by-us.txt"] = pictures > 0

    def bound(self) -> None:
        """Raise Malformed if what is to be read is larger than a pack may be, packed or not."""
        size = 0
        for path in sorted({*self.copies, *self.papers, *self.inside}):
            with contextlib.suppress(OSError):
                size += (self.data / path).lstat().st_size
        must(size <= MAX_PACK_BYTES, f"{self.data} is not a pack: it has more than {MAX_PACK_BYTES >> 30} GiB")

    def read_copies(self) -> None:
        for path, allowed in sorted(self.copies.items()):
            self.report.objects += 1
            try:
                digest = digests(self.data / path)["sha512"]
            except OSError as error:
                missing = isinstance(error, FileNotFoundError)
                text = "is missing" if missing else f"cannot be read: {error.strerror}"
                self.find("missing" if missing else "unreadable", f"data/{path}", text)
                continue
            if digest not in allowed:
                self.find("copy", f"data/{path}", "is not the file that is proven for this place")
            else:
                self.report.copies[f"data/{path}"] = allowed[digest]

    def read_papers(self) -> None:
        for path, needed in sorted(self.papers.items()):
            if os.path.lexists(self.data / path):
                self.report.by_sender.append(f"data/{path}")
            elif needed:
                self.find("missing", f"data/{path}", "is missing")
        with contextlib.suppress(OSError):
            if digests(self.data / PROOFS / "verify.py") != digests(CARRIED):
                text = "is another file than the verifier that ran now. Do not rely on what it prints"
                self.find("verifier", f"data/{PROOFS}/verify.py", text)

    # ---------------------------------------------------------------- BagIt, RFC 8493

    def read_info(self) -> int:
        """The pack's format: 1 where it does not say one."""
        with contextlib.suppress(OSError):
            stated = re.search(
                rb"^Archiver-Pack-Format: ([0-9]{1,4})$", content(self.bag / "bag-info.txt"), re.MULTILINE
            )
            return int(stated[1]) if stated else 1
        return 1

    def read_bag(self) -> None:
        """What lies beside `data/`: the files that say of all others what they are."""
        expected = {*self.bag_files, "tagmanifest-sha256.txt"}
        for place, message in unexpected_files(self.bag, expected, but=frozenset({"data"})):
            if place in expected:
                self.find("extra", place, message)
            else:
                self.find("stray", place, "is in none of the lists of this pack, and nothing vouches for it")
        if self.data.is_symlink():
            self.find("link", "data", "is a link, not a folder")
        payload: dict[str, str] = {}
        size = 0
        for path in sorted({*self.copies, *self.papers, *self.inside}):
            try:
                file = self.data / path
                payload[f"data/{path}"] = digests(file, ["sha256"])["sha256"]
                size += file.stat().st_size
            except OSError as error:  # what is missing is told, or may be; so is what is no file
                if error.errno == errno.EFBIG and path in self.papers:
                    self.find("unreadable", f"data/{path}", f"cannot be read: {error.strerror}")
        self.exactly("manifest-sha256.txt", payload)
        self.exactly("tagmanifest-sha256.txt", {name: self.digest(name) for name in self.bag_files})
        self.report.by_sender += self.bag_files[:-2]
        for name in self.bag_files[:-3]:
            self.read(name)
        if self.read("bagit.txt") not in (None, BAGIT):
            self.find("changed", "bagit.txt", "does not have the content that it must have")
        info = self.read("bag-info.txt") or b""
        bagged = re.search(rb"^Bagging-Date: ([0-9]{4}-[0-9]{2}-[0-9]{2})$", info, re.MULTILINE)
        day = bagged[1].decode() if bagged and is_created(f"{bagged[1].decode()}T00:00:00Z") else ""
        wanted = bag_info(day, size, len(payload), self.info)
        if self.info > PACK_FORMAT:
            text = f"is of a pack of format {self.info}, which is newer than this verifier. Use the one of that version"
            self.find("format", "bag-info.txt", text)
        elif info != wanted:
            self.find("changed", "bag-info.txt", "does not say what it must say of this pack")
        elif self.info < _SEALED_FORMAT:
            text = "is of the first format: nothing shows whether bytes of timestamps that nobody signed are unchanged"
            self.find("remark", "bag-info.txt", text)

    def read(self, name: str) -> bytes | None:
        try:
            return content(self.bag / name)
        except FileNotFoundError:
            self.find("missing", name, "is missing")
        except OSError as error:
            self.find("unreadable", name, f"cannot be read: {error.strerror}")
        return None

    def digest(self, name: str) -> str:
        try:
            return digests(self.bag / name, ["sha256"])["sha256"]
        except OSError:
            return ""

    def exactly(self, name: str, sums: dict[str, str]) -> None:
        """A manifest lists exactly these files with exactly these digests; the files at odds with it are named."""
        stated = self.read(name)
        wanted = manifest(sums)
        if stated is None or stated == wanted:
            return
        lines, right = stated.decode("utf-8", "replace").splitlines(), wanted.decode("utf-8", "replace").splitlines()
        if self.info < _SEALED_FORMAT and sorted(lines) == sorted(right) and stated.count(b"\n") == len(right):
            return  # earlier versions sorted as their system does
        for path in sorted(path for path, digest in sums.items() if f"{digest}  {path}" not in lines):
            self.find("changed", path, f"does not have the digest that {name} states")
        self.find("changed", name, "does not list exactly the files that belong to this pack")
