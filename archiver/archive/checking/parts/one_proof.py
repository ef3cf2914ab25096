"""A proof: one object with its place in the tree."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archiver.archive.checking.parts.anchor_proofs import anchor_name
from archiver.archive.checking.parts.archive_words import (
    KINDS,
    SIGNER_KEY,
    TRUST_ENCLOSED,
    TSA_ROOTS,
    URN,
    Malformed,
    must,
)
from archiver.archive.checking.parts.common_checks import CommonCheck, HeldCheckpoint
from archiver.archive.checking.parts.ledger_lines import canonical
from archiver.archive.checking.parts.merkle_tree import leaf_hash, root_by_path
from archiver.archive.checking.parts.ocfl_object import (
    MAX_INVENTORY_BYTES,
    CheckedObject,
    Inventory,
    check_object,
    documents_of,
)
from archiver.archive.checking.parts.openssl_program import TokenChecker
from archiver.archive.checking.parts.proven_dates import Dates
from archiver.archive.checking.parts.regular_files import content
from archiver.archive.checking.parts.signed_notes import Note, base64_bytes, base64_text, utf8_text
from archiver.archive.checking.parts.strict_json import decoded
from archiver.archive.checking.parts.verify_report import DatedDocument, VerifyReport, secured_since


@dataclass(frozen=True)
class InclusionProof:
    """A C2SP tlog-proof@v1: one ledger line, its number, and the hashes that lead to a checkpoint's root."""

    line: bytes
    index: int
    path: tuple[bytes, ...]
    note: bytes

    HEADER = "c2sp.org/tlog-proof@v1"

    @classmethod
    def parse(cls, data: bytes) -> InclusionProof:
        head, separator, note = data.partition(b"\n\n")
        lines = utf8_text(head).split("\n")
        must(separator and len(lines) >= 3 and lines[0] == cls.HEADER, "not an inclusion proof")
        extra, index = re.fullmatch(r"extra (\S+)", lines[1]), re.fullmatch(r"index (0|[1-9][0-9]{0,14})", lines[2])
        if not extra or not index:
            raise Malformed("not an inclusion proof")
        return cls(base64_bytes(extra[1]), int(index[1]), tuple(base64_bytes(line) for line in lines[3:]), note)

    def encode(self) -> bytes:
        lines = [self.HEADER, f"extra {base64_text(self.line)}", f"index {self.index}", *map(base64_text, self.path)]
        return "\n".join(lines).encode() + b"\n\n" + self.note

    def leads_to(self, root: bytes, size: int) -> bool:
        return root_by_path(leaf_hash(self.line), self.index, size, self.path) == root


def _has_plain_values(fields: dict[str, Any]) -> bool:
    """Return whether all programs read the numbers and names of a ledger line in the same way."""
    level: list[Any] = [fields]
    while level:
        if any(isinstance(each, float) or (type(each) is int and abs(each) >= 2**53) for each in level):
            return False
        inside = [each for each in level if isinstance(each, (dict, list))]
        level = [one for each in inside for one in (each.values() if isinstance(each, dict) else each)]
    names = [fields.get(name, "") for name in ("id", "version", "inventory_sha512")]
    return "inventory_sha512" not in fields or all(isinstance(each, str) and each for each in names)


def terms_message(licence_json: bytes) -> str | None:
    """What an OCFL version's message says of the terms that a `licence.json` refers to: `terms later undated_…`.

    It is proven with the inventory, so that the relation can be shown where `licence.json` is withheld. None for what
    is not a description that names its terms.
    """
    try:
        named = [(str(each["relation"]), str(each["id"])) for each in decoded(licence_json)["terms"]]
    except (ValueError, KeyError, TypeError):
        return None
    said = ", ".join(f"{relation} {terms.rpartition(':')[2]}" for relation, terms in named)
    return f"terms {said or 'none'}"


def terms_said(message: str) -> dict[str, str] | None:
    """The inverse: folder -> relation. None where a message says nothing of terms, as those of earlier versions."""
    match = re.fullmatch(r"\w+; terms (none|\w+ [\w-]+(?:, \w+ [\w-]+)*)", message, re.ASCII)
    if not match:
        return None
    pairs = [] if match[1] == "none" else [each.split(" ") for each in match[1].split(", ")]
    return {folder: relation for relation, folder in pairs}


def sealed_names(note: str, roots: bytes, tokens: list[bytes]) -> list[str]:
    """What a proof calls the timestamps of a note: the number, and a digest over the roots and all of them.

    Some bytes of a timestamp, and of a root, are signed by nobody. This guards them against accidents, not forgers.
    """
    whole = hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in (roots, *tokens))).hexdigest()[:16]
    return [f"{note}.{number}-{whole}.tsr" for number in range(1, len(tokens) + 1)]


_SENT_ALONG = ("HOW-TO-CHECK.txt", "summary.txt", "integrity/verify.py")
"""What the first versions put into a proof that they sent by itself, before there were packs."""


def verify_proof(
    folder: Path, roots: Path | None = None, key: Path | None = None, headers: Path | None = None,
    checker: TokenChecker | None = None,
) -> VerifyReport:  # fmt: skip
    """Check an unpacked proof of one object: `integrity/` and the object's folder. Malformed where it is none.

    The other parameters are as in `verify_archive`.
    """
    return proof_check(folder, roots, key, headers, checker, _SENT_ALONG).report


def proof_check(
    folder: Path, roots: Path | None, key: Path | None, headers: Path | None, checker: TokenChecker | None = None,
    along: tuple[str, ...] = (),
) -> ProofCheck:  # fmt: skip
    """Check a proof that lies in a pack, or alone with the sender's papers `along` with it."""
    if not (folder / "integrity").is_dir():
        raise Malformed(f"{folder} is not a proof: it has no folder integrity/")
    keys = (f"integrity/{Path(each).name}" for each in (SIGNER_KEY, TSA_ROOTS))
    check = ProofCheck(folder, roots, key, (*keys, "integrity", "integrity"))
    check.headers, check.checker, check.along = headers, checker, along
    check.run()
    return check


def _line_in(path: Path) -> tuple[InclusionProof, dict[str, Any]]:
    """The proof in this file, and the fields of its ledger line. Raises ValueError if it is not one as we write it."""
    data = content(path)
    proof = InclusionProof.parse(data)
    fields = decoded(proof.line)
    must(isinstance(fields, dict) and canonical(fields) == proof.line, "does not hold a ledger line")
    must(_has_plain_values(fields), "does not hold a ledger line")
    must(type(fields.get("seq")) is int and fields["seq"] == proof.index, "is of another line than it holds")
    must(proof.encode() == data, "is not written as such a proof is")
    must(path.name == f"{proof.index:08d}.tlog-proof", "has another name than its line's number gives it")
    return proof, fields


class ProofCheck(CommonCheck):
    """What is derived is kept for a pack: the documents of the object and of its terms, and their relation."""

    own_authority = TRUST_ENCLOSED

    def __init__(self, root: Path, roots: Path | None, key: Path | None, places: tuple[str, ...]) -> None:
        super().__init__(root, roots, key, places)
        self.expected: set[str] = set()  # files of the proof, all others are damage
        self.sealed = True  # whether the timestamps have the names that `sealed_names` gives
        self.object: Inventory | None = None
        self.files: list[DatedDocument] = []  # of the object's newest version
        self.along: tuple[str, ...] = ()  # papers that may lie in it
        self.absent: set[str] = set()  # files of the object's newest version that were withheld
        self.relations: dict[str, str] | None = None  # terms' folder -> relation; None: nothing proves it

    def run(self) -> VerifyReport:
        key = self.key()
        self.find_checkpoints()
        self.read_checkpoints(key)
        self.expected.add(self.signer_key)
        recorded = self.read_inclusions(key)
        proven = self.dates()
        main = self.read_objects(recorded, proven)
        idle = self.read_lists()
        self.expected |= self.list_files
        for unused in sorted(idle):
            self.find("extra", unused, "is about no timestamp here")
        for paper in self.along:
            if (self.root / paper).is_file():
                self.expected.add(paper)
                self.find("remark", paper, "was written by the sender of this proof; nothing vouches for what it says")
        orphans = frozenset(finding.path for finding in self.report.findings if finding.code == "orphan")
        for place, message in unexpected_files(self.root, self.expected, orphans):
            self.find("extra", place, message)
        self.age()
        seqs = [seq for versions in recorded.values() for _, seq in versions.values()]
        self.report.checkpoint = max(self.checkpoints, default=None)
        checked = [each for _, each in sorted(self.checkpoints.items()) if each.note]
        self.report.timestamps = [stamp.statement() for each in checked for _, stamp in sorted(each.stamps.items())]
        if main:
            self.files = self.dated(self.object, recorded.get(main, {}), proven, absent=self.absent)
            self.report.documents = documents_of(self.files)
            self.report.secured_since = secured_since(self.report.documents)  # the terms have dates of their own
        if seqs and proven.since(max(seqs)) is None:
            self.report.unproven = "no timestamp that holds covers all of this"
        return self.conclude(bool(seqs) and proven.since(max(seqs)) is not None)

    def read_inclusions(self, key: bytes | None) -> dict[str, dict[str, tuple[str, int]]]:
        """The inventory's digest and the ledger line of each version of each object, by the proofs of its lines."""
        recorded: dict[str, dict[str, tuple[str, int]]] = {}
        notes: set[int] = set()
        self.report.evidence = False
        begins = False
        for path in sorted((self.root / "integrity").glob("*.tlog-proof")):
            place = f"integrity/{path.name}"
            try:
                proof, fields = _line_in(path)
                size = self.included(proof)
            except ValueError as error:
                self.find("inclusion", place, str(error) if isinstance(error, Malformed) else "not a ledger line")
                self.expected.add(place)
                continue
            except OSError as error:
                self.trouble(place, error)
                continue
            if proof.index == 0:
                begins = True
                self.origin(fields, place, key)
            elif "inventory_sha512" in fields:
                versions = recorded.setdefault(str(fields.get("id")), {})
                _, seq = versions.setdefault(str(fields.get("version")), (str(fields["inventory_sha512"]), proof.index))
                if seq != proof.index:
                    continue  # a second line for the same version: nothing expects it
                if fields.get("type") == "recovered":
                    name = str(fields.get("id")).rpartition(":")[2]
                    self.tell_recovered(name, str(fields.get("version")), proof.index)
            else:
                continue
            self.expected.add(place)
            notes.add(size)
        if not begins:
            self.find("inclusion", "integrity/00000000.tlog-proof", "the ledger's first line is missing")
        self.expect_checkpoints(notes)
        return recorded

    @property
    def archive(self) -> tuple[str, ...]:
        """The archive that it is of: the names of its log and the key's fingerprint, as far as they hold."""
        logs = {each.note.origin for each in self.checkpoints.values() if each.note}
        keys = {each.fingerprint for each in self.report.trust if each.what == "signer key"}
        return (*sorted(logs), *sorted(keys))

    @property
    def stamped(self) -> bool:
        """Whether there is any timestamp."""
        return any(path.endswith(".tsr") for path in self.expected)

    @property
    def anchored(self) -> bool:
        """Whether there is any anchor."""
        return any(path.endswith((".ots", ".cosigned")) for path in self.expected)

    def expect_anchors(self, checkpoint: HeldCheckpoint) -> None:
        """Each anchor of a checkpoint is named after its content, so that any change of it is told."""
        for file in checkpoint.anchors:
            path = f"integrity/{file.name}"
            self.expected.add(path)
            with contextlib.suppress(OSError):  # which is told already
                if anchor_name(file, content(file)) != file.name:
                    self.find("changed", path, "is not the file that its name was made of")

    def exact_witnesses(self) -> None:
        """The keys of the witnesses that cosigned here, and no others: the list is written in one way only."""
        names = {each.key for each in self.report.anchors if each.key}
        if any(path.endswith(".cosigned") for path in self.expected):
            self.expected.add(self.witness_keys)
            if {each.text for each in self.known_witnesses} != names:
                self.find("invalid", self.witness_keys, "does not list exactly the witnesses that cosigned here")

    def expect_checkpoints(self, notes: set[int]) -> None:
        """The checkpoints that the ledger's lines lead to, with their timestamps, and what those are checked with."""
        roots, stamped = b"", 0
        with contextlib.suppress(OSError):
            roots = content(self.root / self.tsa_roots)
            self.expected.add(self.tsa_roots)
        for size in sorted(notes, reverse=True):
            place = f"integrity/{size:08d}.note"
            found = (self.root / "integrity").glob(f"{Path(place).name}.*.tsr")
            tokens = sorted(found, key=lambda token: (len(token.name), token.name))
            self.expected |= {place, *(f"integrity/{token.name}" for token in tokens)}
            if size in self.checkpoints:
                self.expect_anchors(self.checkpoints[size])
            with contextlib.suppress(OSError):  # which the check of the timestamps tells
                names = sealed_names(Path(place).name, roots, [content(token) for token in tokens])
                self.sealed = self.sealed and names == [token.name for token in tokens]
            if any(re.search(r"\.note\.\d+-[0-9a-f]{16}\.tsr$", token.name) for token in tokens) and not self.sealed:
                self.find("changed", place, "its timestamps or their roots are not those that the names were made of")
            if stamped and not tokens:
                self.find("missing", place, f"its timestamps are missing, and checkpoint {stamped} has some")
            stamped = stamped or (size if tokens else 0)
        if stamped and self.tsa_roots not in self.expected:
            self.find("missing", self.tsa_roots, "is missing")
        self.exact_witnesses()

    def included(self, proof: InclusionProof) -> int:
        """The size of the checkpoint that a ledger line leads to; Malformed where it leads to none that is here."""
        note = Note.parse(proof.note)
        checkpoint = self.checkpoints.get(note.size)
        if checkpoint is None or proof.note != content(self.root / checkpoint.path):
            raise Malformed("leads to a checkpoint that is not here")
        must(proof.leads_to(note.root, note.size), "does not lead to its checkpoint's root")
        return note.size

    def withheld(self) -> dict[str, frozenset[str]]:
        """What the sender says to have left out, by the object's folder: content files. All others must be here."""
        place = "integrity/withheld.json"
        if not (self.root / place).exists():
            return {}
        self.expected.add(place)
        try:
            return {name: frozenset(map(str, paths)) for name, paths in decoded(self.read(place) or b"").items()}
        except (ValueError, AttributeError, TypeError):
            self.find("invalid", place, "is no list of withheld files")
            return {}

    def exact_withheld(self, place: str, absent: set[str]) -> None:
        """The list of withheld files names those that are not here, and nothing else: it is written in one way only."""
        with contextlib.suppress(OSError):
            stated = content(self.root / "integrity/withheld.json")
            if not absent or stated != (json.dumps({place: sorted(absent)}, indent=1) + "\n").encode():
                self.find("invalid", "integrity/withheld.json", "does not list exactly the files that are not here")

    def expect_object(self, place: str, checked: CheckedObject) -> None:
        """Every file of an object is exactly where its inventory has it; its sidecars are written in one way only."""
        inventory = checked.inventory
        if inventory is None:
            return
        self.expected |= {
            f"{place}/0=ocfl_object_{inventory.spec}",
            *(f"{place}/{path}" for path in inventory.manifest),
        }
        for where in ("", *(f"{version}/" for version in inventory.versions)):
            stem = f"{place}/{where}inventory.json"
            self.expected |= {stem, f"{stem}.{inventory.algorithm}"}
            with contextlib.suppress(OSError):  # which the check of the object tells
                digest = hashlib.new(inventory.algorithm, content(self.root / stem, MAX_INVENTORY_BYTES)).hexdigest()
                if content(self.root / f"{stem}.{inventory.algorithm}") != f"{digest} inventory.json\n".encode():
                    self.find("invalid", f"{stem}.{inventory.algorithm}", "is not written as such a digest is")

    def read_objects(self, recorded: dict[str, dict[str, tuple[str, int]]], proven: Dates) -> str | None:
        """The proof's one object, whose id this gives, and the terms that it refers to: sound, and as recorded."""
        places = {f"{URN}:{kind}:{p.name}": p for kind in KINDS for p in sorted((self.root / kind).glob("*"))}
        ids = sorted(places, key=lambda object_id: object_id.startswith(f"{URN}:terms:"))
        if not ids or not set(recorded) <= set(ids):
            self.find("missing", "licence", "a proof holds the object that its ledger lines record")
            return None
        withheld = self.withheld()
        referred: set[str] = set()
        for object_id in ids:
            folder = places[object_id]
            place = f"{folder.parent.name}/{folder.name}"
            if object_id != ids[0] and object_id not in referred:
                self.find("orphan", place, "is not referred to: a proof holds one object, and the terms of it")
                continue
            hidden = withheld.get(place, frozenset()) if object_id == ids[0] else frozenset()
            checked = check_object(folder, f"{place}/", closed=True, withheld=hidden)
            for finding in checked.findings:
                self.add(finding)
            self.compare(place, object_id, checked, recorded.get(object_id, {}))
            self.expect_object(place, checked)
            if object_id != ids[0]:
                self.report.terms[folder.name] = self.dated(checked.inventory, recorded.get(object_id, {}), proven)
            elif checked.inventory:
                self.object = checked.inventory
                absent = {path for path in checked.inventory.manifest if not (folder / path).exists()}
                self.exact_withheld(place, absent)
                holders = checked.inventory.contents(checked.inventory.head)
                self.absent = {name for name, paths in holders.items() if paths <= absent}
                self.relations = self.read_terms(folder, checked)
                every = {each for each in ids if each.startswith(f"{URN}:terms:")}
                named = self.relations
                referred = every if named is None else {f"{URN}:terms:{name}" for name in named}
                if named is None and every:
                    text = "which terms it refers to is in licence.json, which is withheld, and nothing else proves it"
                    self.find("remark", place, text)
        for object_id in sorted(referred - set(ids)):
            text = "the licence refers to these terms, and they are not enclosed"
            self.find("missing", "/".join(object_id.split(":")[2:]), text)
        self.report.objects, self.report.licences = len(ids), int(ids[0].startswith(f"{URN}:licence:"))
        self.report.client = places[ids[0]].name
        return ids[0]

    def read_terms(self, folder: Path, checked: CheckedObject) -> dict[str, str] | None:
        """The terms that the object refers to, folder -> relation, as its licence.json or its inventory says.

        An object without a licence.json refers to none; None where it is withheld, and the inventory does not say it.
        """
        inventory = checked.inventory
        assert inventory
        paths = inventory.contents(inventory.head).get("licence.json", frozenset())
        for path in sorted(paths):
            with contextlib.suppress(Malformed, OSError):
                described = decoded(content(folder / path, MAX_INVENTORY_BYTES))
                must(isinstance(described, dict), "not a description")
                at, terms = described.get("licensed_at"), described.get("terms", [])
                must(at is None or isinstance(at, str), "not a description")
                must(isinstance(terms, list) and all(isinstance(each, dict) for each in terms), "not a description")
                said = [(each.get("id"), each.get("relation", "")) for each in terms]
                must(all(isinstance(one, str) for each in said for one in each), "not a description")
                self.report.licensed_at = at
                return {name.rpartition(":")[2]: relation for name, relation in said}
        return terms_said(inventory.messages[inventory.head]) if paths else {}


def unexpected_files(root: Path, expected: set[str], but: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """What lies in a folder and is none of the expected files, links and empty folders included; and what is wrong.

    Paths are relative to `root`, parted by `/`. Folders in `but` are not looked into. What a folder holds in which
    nothing is expected is not told one by one.
    """
    folders = {
        "/".join(parts[:n]) for parts in (path.split("/") for path in expected | but) for n in range(1, len(parts))
    }
    waiting = [""]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(root / here) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            yield here or ".", f"cannot be read: {error.strerror}"
            continue
        for entry in entries:
            place = f"{here}/{entry.name}" if here else entry.name
            if entry.is_dir(follow_symlinks=False):
                if place in folders:
                    waiting.append(place)
                elif place not in but:
                    yield place, "is a folder that does not belong here"
            elif place not in expected:
                yield place, "does not belong here"
            elif not entry.is_file(follow_symlinks=False):
                yield place, "is a link or a device, not a file"
