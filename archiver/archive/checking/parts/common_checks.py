"""What an archive and a proof have in common: key, checkpoints, timestamps."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from archiver.archive.checking.parts.anchor_proofs import (
    OtsAttestation,
    WitnessKey,
    anchor_files,
    block_header,
    cosigned,
    ots_attestations,
    superseded,
    witness_keys,
)
from archiver.archive.checking.parts.archive_words import (
    DAMAGED,
    FORKED,
    LEDGER,
    MAX_ALIKE,
    MAX_TIMESTAMPS_BY_PROGRAM,
    PROVEN,
    TRUST_NAMED,
    TRUST_OWN,
    UNPROVEN,
    WITNESS_KEYS,
    Finding,
    Malformed,
    must,
)
from archiver.archive.checking.parts.ledger_lines import checkpoint_names
from archiver.archive.checking.parts.ocfl_object import CheckedObject, Inventory, first_versions
from archiver.archive.checking.parts.openssl_program import (
    StampedNote,
    TokenChecker,
    is_openssl_3,
    openssl_refuses,
    openssl_refuses_signature,
    openssl_version,
)
from archiver.archive.checking.parts.proven_dates import Dates, Stamp, agreed, renewal, vouched_until
from archiver.archive.checking.parts.regular_files import content, digests
from archiver.archive.checking.parts.signed_notes import (
    MAX_TIMESTAMPS,
    Note,
    key_fingerprint,
    pem_of_key,
    public_key,
    utf8_text,
)
from archiver.archive.checking.parts.timestamp_tokens import (
    LIST_FILE_NAME,
    MAX_LIST_BYTES,
    Qualification,
    Token,
    certificates_in,
    moment,
    roots_of_chain,
    token_ends,
)
from archiver.archive.checking.parts.token_rules import broken_rule
from archiver.archive.checking.parts.verify_report import AnchorStatement, DatedDocument, Trust, VerifyReport


@dataclass
class HeldCheckpoint:
    """The file of a checkpoint and the files of its timestamps; both paths are relative to the archive.

    `data` is what was read of the file. `note` and `stamps` (by file name) are set once they were checked and are
    valid.
    """

    size: int
    path: str
    tokens: list[str]
    anchors: list[Path] = field(default_factory=list)
    data: bytes | None = None
    note: Note | None = None
    stamps: dict[str, Stamp] = field(default_factory=dict)
    checked: bool = False

    @property
    def time(self) -> str:
        """The time that its timestamps prove; it has at least one."""
        return agreed(stamp.time for stamp in self.stamps.values())


def _supplied(path: Path) -> bytes:
    """A file that the user named."""
    try:
        return content(path)
    except OSError as error:
        raise Malformed(f"{path} cannot be read: {error.strerror}") from None


class _OpenSSL:
    """The program openssl, located at first use. `hangs` means that it once did not end."""

    hangs = False

    @functools.cached_property
    def found(self) -> tuple[str, str]:
        return openssl_version() or ("", "")

    @property
    def version(self) -> str:
        return self.found[1]

    @functools.cached_property
    def checker(self) -> TokenChecker | None:
        program, version = self.found

        def refuses(stamped: StampedNote, roots: tuple[bytes, ...], chain: tuple[bytes, ...]) -> str | None:
            if stamped.breaks_rule:
                return openssl_refuses_signature(program, stamped.response, roots, chain)
            return openssl_refuses(program, Path(stamped.response_file), Path(stamped.note_file), roots, chain)

        return TokenChecker(version, refuses) if is_openssl_3(version) else None


NEW_TIMESTAMP = "`archiver verify --renew` gets a new one; name an authority that keeps RFC 3161 in archiver.yaml"
_NOT_OWN_ROOTS = "does not hold the roots of the timestamps here, which do hold against the roots that you supplied"


class CommonCheck:
    """Keys, checkpoints and timestamps of an archive or a proof, independent of where each stores them."""

    checker: TokenChecker | None = None  # asked about timestamps before OpenSSL
    brief = False
    own_authority = TRUST_OWN  # where the reader names no roots
    headers: Path | None = None  # of Bitcoin's blocks, supplied by the user

    def __init__(self, root: Path, roots: Path | None, key: Path | None, places: tuple[str, ...]) -> None:
        self.root = root
        self.signer_key, self.tsa_roots, self.checkpoint_folder, self.list_folder = places
        self.own_roots = root / self.tsa_roots
        self.witness_keys = f"{self.signer_key.rpartition('/')[0]}/{Path(WITNESS_KEYS).name}"
        self.supplied_roots, self.supplied_key = roots, key
        self.report = VerifyReport(root.resolve().name, authority=TRUST_NAMED if roots else self.own_authority)
        self.known: set[tuple[str, str]] = set()
        self.about_ledger: dict[str, int] = {}  # code -> number of findings
        self.checkpoints: dict[int, HeldCheckpoint] = {}
        self.openssl = _OpenSSL()
        self.dates_by = set[str]()
        self.token_digests: dict[str, str] = {}  # path -> SHA-256 of the timestamps that were read
        self.list_files: set[str] = set()  # paths of trusted lists, and of statements about them
        self.counting: set[str] | None = None  # paths of the statements about timestamps that count; None means all

    def find(self, code: str, path: str, message: str) -> None:
        self.add(Finding(code, path, message))

    def trouble(self, path: str, error: OSError, effect: str = "") -> None:
        """Record a file or folder that cannot be read."""
        if isinstance(error, FileNotFoundError):
            self.find("missing", path, f"is missing{effect}")
        else:
            self.find("unreadable", path, f"cannot be read: {error.strerror}{effect}")

    def add(self, finding: Finding) -> None:
        """Record a finding. The same fault of the same file is recorded once; of the ledger, MAX_ALIKE times."""
        if finding.path == LEDGER:
            alike = self.about_ledger[finding.code] = self.about_ledger.get(finding.code, 0) + 1
            if alike == MAX_ALIKE + 1:
                finding = replace(finding, message="has more like these, which are not listed")
            if alike <= MAX_ALIKE + 1:
                self.report.findings.append(finding)
        elif (finding.code, finding.path) not in self.known:
            self.known.add((finding.code, finding.path))
            self.report.findings.append(finding)

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None and a finding."""
        try:
            return content(f"{self.root}/{path}")  # no Path for each of thousands
        except OSError as error:
            self.trouble(path, error)
        return None

    def key(self) -> bytes | None:
        """Return the key for checking signatures: the supplied one, else the one in the archive or proof."""
        found = None
        if (pem := self.read(self.signer_key)) is not None:
            try:
                found = public_key(utf8_text(pem))
                if pem != pem_of_key(found):
                    self.find("invalid", self.signer_key, "holds more than a key")
            except Malformed as error:
                self.find("invalid", self.signer_key, str(error))
        key = found
        if self.supplied_key:
            try:
                key = public_key(utf8_text(_supplied(self.supplied_key)))
            except Malformed as error:
                advice = "Name an Ed25519 public key in PEM form, as keys/signer-public.pem is"
                raise Malformed(f"the key that you supplied cannot be used: {error}. {advice}") from None
            if found is not None and found != key:
                self.find("key", self.signer_key, "is another key than the one that was supplied")
        if key:
            self.report.trust.append(Trust("signer key", key_fingerprint(key), self.supplied_key is not None))
        return key

    def find_checkpoints(self) -> None:
        """List the checkpoints and their timestamps without reading them."""
        folder = self.root / self.checkpoint_folder
        with contextlib.suppress(OSError):
            names = set(os.listdir(folder))  # noqa: PTH208  # no Path for each of thousands
            for size, note, tokens in sorted(checkpoint_names(names)):
                path, *stamped = (f"{self.checkpoint_folder}/{name}" for name in (note, *tokens[:MAX_TIMESTAMPS]))
                self.checkpoints[size] = HeldCheckpoint(size, path, stamped)
                if len(tokens) > MAX_TIMESTAMPS:
                    text = f"has more than {MAX_TIMESTAMPS} timestamps, of which only the first are checked"
                    self.find("extra", path, text)
            for token in sorted(name for name in names if re.fullmatch(r".*\.note\..*\.tsr", name, re.DOTALL)):
                if (note := token.partition(".note")[0] + ".note") not in names:
                    self.find("missing", f"{self.checkpoint_folder}/{note}", f"is missing, and {token} is of it")
        for size, anchors in anchor_files(folder).items():
            if size in self.checkpoints:
                self.checkpoints[size].anchors = anchors
                continue
            for file in anchors:
                note = file.name.partition(".note")[0] + ".note"
                self.find("missing", f"{self.checkpoint_folder}/{note}", f"is missing, and {file.name} is of it")

    def read_checkpoints(self, key: bytes | None, sizes: Iterable[int] | None = None) -> None:
        """Read and check the checkpoints of these sizes and their timestamps, each once. None means all."""
        wanted = sorted(self.checkpoints if sizes is None else sizes)
        due = [self.checkpoints[size] for size in wanted if not self.checkpoints[size].checked]
        for checkpoint in due:
            checkpoint.checked = True
            checkpoint.note = self.read_note(checkpoint, key)
        self.check_tokens([(each, token) for each in due for token in each.tokens])
        for checkpoint in due:
            hidden = superseded(checkpoint.anchors)
            for file in checkpoint.anchors:
                statements = self.check_anchor(checkpoint, file, key)
                self.report.anchors += statements if file not in hidden else []

    def check_anchor(self, checkpoint: HeldCheckpoint, file: Path, key: bytes | None) -> list[AnchorStatement]:
        """Return what an anchor says of its checkpoint; nothing and a finding if it does not hold."""
        path, note = f"{self.checkpoint_folder}/{file.name}", checkpoint.note
        data = self.read(path)
        if data is None or not (note and key and checkpoint.data):  # the others are reported already
            return []
        try:
            if file.suffix == ".cosigned":
                keys = self.known_witnesses
                witness, at = cosigned(data, note, key, keys, self.checker.signed if self.checker else None)
                return [AnchorStatement(note.size, "cosignature", witness.name, witness.text, moment(at), "")]
            kind = "pending" if file.name.endswith(".pending.ots") else "bitcoin"
            digest = hashlib.sha256(checkpoint.data).digest()
            ends = [each for each in ots_attestations(data, digest) if each.kind == kind]
            must(ends, "leads to no Bitcoin block" if kind == "bitcoin" else "leads to no calendar")
            if kind == "pending":
                return [AnchorStatement(note.size, kind, each.said, "", None, "") for each in ends]
            return [
                AnchorStatement(note.size, kind, each.said, "", self.block_time(each), each.message[::-1].hex())
                for each in ends
            ]
        except Malformed as error:
            self.find("anchor", path, str(error))
        return []

    def block_time(self, end: OtsAttestation) -> str | None:
        """Return the time of the block that a proof leads to, if the user supplied its header. Raises Malformed."""
        header = block_header(self.headers, int(end.said)) if self.headers else None
        if header is None:
            return None
        must(header[36:68] == end.message, f"leads to a Merkle root that block {end.said} of your headers has not")
        return moment(int.from_bytes(header[68:72], "little"))

    @functools.cached_property
    def known_witnesses(self) -> list[WitnessKey]:
        """Return the keys of witnesses in the archive or proof. They tell names apart; nobody vouches for them here."""
        if (data := self.read(self.witness_keys)) is not None:
            try:
                return witness_keys(data)
            except Malformed as error:
                self.find("invalid", self.witness_keys, str(error))
        return []

    def read_lists(self, *, hashed: bool = True) -> set[str]:
        """Check the trusted lists and the statements about them, and give each timestamp its statement.

        Returns the paths that are of no use: statements about no timestamp here, and lists that no statement names.
        Without `hashed`, the lists are not read.
        """
        found = []
        with contextlib.suppress(OSError), os.scandir(self.root / self.list_folder) as entries:
            found = sorted(entry.name for entry in entries if LIST_FILE_NAME.fullmatch(entry.name))
        idle = {f"{self.list_folder}/{name}" for name in found}
        stated: dict[str, tuple[str, Qualification]] = {}
        for name in found:
            path, match = f"{self.list_folder}/{name}", LIST_FILE_NAME.fullmatch(name)
            self.list_files.add(path)
            try:
                if match and match[1]:
                    if hashed and digests(self.root / path, ("sha256",), MAX_LIST_BYTES)["sha256"] != match[1]:
                        self.find("changed", path, "is not the trusted list that its name says")
                    continue
                data = content(self.root / path)
                if match and hashlib.sha256(data).hexdigest() != match[2]:
                    self.find("changed", path, "is not the statement that its name says")
                said = Qualification.parse(data)
                if self.counting is not None and path not in self.counting:
                    self.find("stray", path, "is named by no ledger line, so nothing vouches for it; it is passed over")
                    continue
            except Malformed as error:
                self.find("invalid", path, str(error))
                idle.discard(path)
                continue
            except OSError as error:
                self.trouble(path, error)
                continue
            stated[said.timestamp] = path, said
        named = {self.list_path(each) for _, said in stated.values() for each in (said.lotl, said.trusted_list)}
        for path in sorted(idle - named - self.counting) if self.counting is not None else ():
            self.find("stray", path, "is named by no statement that counts, so nothing vouches for it")
        for token, digest in self.token_digests.items():
            if digest not in stated:
                continue
            path, kept = stated[digest]
            idle -= {path, *map(self.list_path, (kept.trusted_list, kept.lotl))}
            holding = [each.stamps.get(Path(token).name) for each in self.checkpoints.values()]
            for stamp in filter(None, holding):
                if kept.shows(stamp.time) and self.lists_show(path, token, kept):
                    stamp.qualified = kept
        return idle

    def list_path(self, digest: str) -> str:
        return f"{self.list_folder}/trusted-list.{digest}.xml"

    def lists_show(self, path: str, token: str, stated: Qualification) -> bool:
        """Return whether the lists that a statement names are here and, if the caller can read them, show it."""
        lists = [self.list_path(each) for each in (stated.lotl, stated.trusted_list)]
        missing = [each for each in lists if each not in self.list_files and not (self.root / each).is_file()]
        for each in missing:
            self.find("missing", each, f"is missing, and {Path(path).name} names it")
        if missing or not (self.checker and self.checker.qualifies):
            return not missing
        try:
            files = [content(self.root / each, MAX_LIST_BYTES) for each in (token, *lists)]
        except OSError:
            return False
        if reason := self.checker.qualifies(stated, *files):
            self.find("remark", path, f"does not show that its timestamp is qualified: {reason}")
        self.report.lists_read += not reason
        return not reason

    def read_note(self, checkpoint: HeldCheckpoint, key: bytes | None) -> Note | None:
        """Read a checkpoint's file. Returns the signed note, or None and a finding."""
        many = len(self.checkpoints) > MAX_TIMESTAMPS_BY_PROGRAM and not self.brief
        check = self.checker.signed if self.checker and (self.checker.first or many) else None
        checkpoint.data = self.read(checkpoint.path)
        if checkpoint.data is not None:
            try:
                note = Note.parse(checkpoint.data)
                must(note.size == checkpoint.size, "is of another size than its name says")
                must(key is None or note.signed_by(key, check), "is not signed by the signer's key")
                return note
            except Malformed as error:
                self.find("checkpoint", checkpoint.path, str(error))
        return None

    @functools.cached_property
    def certificates(self) -> list[bytes]:
        """Return the roots for checking timestamps, in DER: the supplied ones, else those in the archive or proof."""
        supplied = self.supplied_roots
        found = self.own_certificates
        if supplied:
            try:
                found, wrong = certificates_in(_supplied(supplied))
                if wrong or not found:
                    raise Malformed(wrong or "holds no certificate")
            except Malformed as error:
                advice = "Name a file of the authorities' root certificates in PEM form, as keys/tsa-roots.pem is"
                raise Malformed(
                    f"the file of timestamp roots that you supplied cannot be used: {error}. {advice}"
                ) from None
        for certificate in found:
            fingerprint = hashlib.sha256(certificate).hexdigest()
            self.report.trust.append(Trust("timestamp root", fingerprint, supplied is not None))
        return found

    @functools.cached_property
    def own_certificates(self) -> list[bytes]:
        """Return the timestamp roots in the archive or proof, in DER. They may be missing if nothing needs them."""
        stamped = any(each.tokens for each in self.checkpoints.values())
        if not stamped and not self.own_roots.exists():
            return []
        pem = self.read(self.tsa_roots)
        if pem is None:
            return []
        found, wrong = certificates_in(pem)
        if not found:
            wrong = "holds no certificate, so no date can be checked"
        if wrong:
            self.find("invalid", self.tsa_roots, wrong)
        return found

    def check_tokens(self, stamped: list[tuple[HeldCheckpoint, str]]) -> None:
        """Check these timestamps with the caller's checker and, if that refuses one, with OpenSSL."""
        checkers = list(self.checkers(len(stamped)))
        unchecked: list[str] = []  # the dates in the timestamps
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            judge = functools.partial(
                self.judge_token, checkers, unchecked, tuple(self.certificates), tuple(self.own_certificates)
            )
            each = map if self.checker and self.checker.first else pool.map  # a thread costs more than what is known
            judged = each(lambda item: (*item, judge(*item)), stamped)
            for checkpoint, path, judgement in judged:
                if isinstance(judgement, Finding):
                    self.add(judgement)
                elif judgement:
                    checkpoint.stamps[path.rpartition("/")[2]] = judgement
        self.report.dates_by = " and ".join(sorted(self.dates_by, reverse=True))
        if unchecked:
            version = "not answering" if self.openssl.hangs else self.openssl.version
            here = f"the program openssl is {version} here" if version else "there is no program openssl here"
            text = (
                f"dates not checked: {here}. Install OpenSSL 3 or later and see that it comes first on the PATH. It is "
                f"about {len(unchecked)} timestamps, which state {min(unchecked)} to {max(unchecked)}"
            )
            self.find("dates-not-checked", self.checkpoint_folder, text)

    def judge_token(
        self, checkers: list[TokenChecker], unchecked: list[str], certificates: tuple[bytes, ...],
        own: tuple[bytes, ...], checkpoint: HeldCheckpoint, path: str,
    ) -> Stamp | Finding | None:  # fmt: skip
        """What this timestamp proves, or what is wrong with it. Where nobody could decide, its date is `unchecked`."""
        try:
            response = content(f"{self.root}/{path}")
            self.token_digests[path] = hashlib.sha256(response).hexdigest()
            token = Token.parse(response)
            if checkpoint.data is None:
                return Finding("unreadable", path, "is not checked: its checkpoint cannot be read")
            must(token.covers(checkpoint.data), "is a timestamp of something else than its checkpoint")
        except Malformed as error:
            return Finding("timestamp", path, str(error))
        except OSError as error:
            return Finding("unreadable", path, f"cannot be read: {error.strerror}")
        if not certificates and checkers:
            return None
        broken = broken_rule(response, (*certificates, *own))
        files = f"{self.root}/{path}", f"{self.root}/{checkpoint.path}"
        stamped = StampedNote(*files, response, checkpoint.data, breaks_rule=broken is not None)
        try:
            if refused := self.refusal(checkers, stamped, certificates, own or certificates):
                return Finding(refused[0], path, refused[1])
            if own and not set(certificates) <= set(own):  # readers of the archive alone rely on these: one verdict
                foreign = not roots_of_chain(response, certificates) <= set(own)
                if foreign and (refused := self.refusal(checkers, stamped, own, own)) and refused[0] == "timestamp":
                    return Finding("timestamp", self.tsa_roots, _NOT_OWN_ROOTS)
        except TimeoutError:
            unchecked.append(token.time)
            return None
        if broken:
            return Finding("unfit", path, f"does not count, as it {broken}. {NEW_TIMESTAMP}")
        ends = token_ends(response, certificates)
        return Stamp(token.time, ends, False, token.policy, token.states_qualified)

    def refusal(
        self, checkers: list[TokenChecker], stamped: StampedNote, roots: tuple[bytes, ...], chain: tuple[bytes, ...]
    ) -> tuple[str, str] | None:
        """The code and message of a finding, or None if a checker accepts the timestamp.

        Raises TimeoutError if no checker could decide.
        """
        against = "the roots that you supplied" if self.supplied_roots else Path(self.tsa_roots).name
        refused = None
        for checker in checkers:
            if checker is self.openssl.checker and self.openssl.hangs:
                continue
            try:
                reason = checker.refuses(stamped, roots, chain)
            except subprocess.TimeoutExpired:
                self.openssl.hangs = True  # never wait for it again
                continue
            except (Malformed, OSError) as error:  # a full disk, for example
                refused = "dates-not-checked", f"is not checked: {checker.name} cannot read it: {error}"
                continue
            self.dates_by.add(checker.name)
            if not reason:
                return None
            refused = "timestamp", f"does not hold against {against}: {reason}"
        if self.openssl.hangs or not refused:
            raise TimeoutError
        return refused

    def checkers(self, timestamps: int) -> Iterator[TokenChecker]:
        """Return the checkers for this number of timestamps, in order. OpenSSL decides.

        For many timestamps, the caller's quicker checker comes first; also for a few if it is to be `first`.
        """
        many = timestamps > MAX_TIMESTAMPS_BY_PROGRAM
        if self.checker and (self.checker.first or many or not self.openssl.checker):
            yield self.checker
        if self.openssl.checker and not self.openssl.hangs:
            yield self.openssl.checker

    @property
    def unread(self) -> bool:
        """Return whether some checkpoints were not checked."""
        return not all(checkpoint.checked for checkpoint in self.checkpoints.values())

    def dates(self) -> Dates:
        """Return the proven dates, only from checkpoints that are valid as far as they were checked."""
        valid = [c for c in self.checkpoints.values() if c.note and c.stamps]
        return Dates((c.size, c.time) for c in valid)

    def tell_dates_apart(self) -> None:
        """Report checkpoints whose timestamps disagree about the time."""
        for checkpoint in self.checkpoints.values():
            times = sorted(stamp.time for stamp in checkpoint.stamps.values())
            if checkpoint.note and times and checkpoint.time != times[0]:
                text = (
                    f"has timestamps of {times[0]} and {times[-1]}; one authority's clock is wrong, so the later counts"
                )
                self.find("dates-apart", checkpoint.path, text)

    def age(self) -> None:
        """Report dates that disagree, dates whose certificates ended before a newer timestamp covered them, and
        renewals that are due.
        """
        self.tell_dates_apart()
        now = moment()
        valid = [c for _, c in sorted(self.checkpoints.items(), reverse=True) if c.note and c.stamps]
        untils = vouched_until(c.stamps.values() for c in valid)
        past = [(c, until) for c in valid if (until := next(untils)) < now]
        if self.unread and past:  # unread ones may have covered the older ones
            past = [each for each in past if each[0] is valid[0]]
        if past:
            oldest, until = past[-1]
            more = f" (and {len(past) - 1} more like it)" if len(past) > 1 else ""
            text = (
                f"the certificates or hash functions of its timestamps ended at {until}, and no newer timestamp here "
                f"covered them before; its date holds for whoever trusts that their keys were not misused since{more}"
            )
            self.find("remark", oldest.path, text)
        due = renewal(self.root)
        if due and due <= now:
            text = f"the newest timestamps are to be renewed since {due}; `archiver verify --renew` does it"
            self.find("renewal", self.checkpoint_folder, text)

    def origin(self, fields: dict[str, Any], path: str, key: bytes | None) -> None:
        """Read the first line: the kind of archive, and its client."""
        if fields.get("type") != "origin" or fields.get("origin") not in ("live", "replay"):
            self.find("ledger", path, "does not begin with an origin line")
        elif key and fields.get("key") != key_fingerprint(key):
            self.find("key", self.signer_key, "is not the key that the ledger's first line names")
        self.report.evidence = fields.get("origin") == "live"

    def tell_recovered(self, place: str, version: str, seq: int) -> None:
        """Report a version that a killed command placed without recording it.

        It dates from the line that records it.
        """
        text = f"was recovered after a command had been killed; it dates from ledger line {seq}, which says so"
        self.find("recovered", f"{place}/{version}", text)

    def compare(self, place: str, object_id: str, checked: CheckedObject, recorded: dict[str, tuple[str, int]]) -> None:
        """Compare an object with the ledger's record of its versions: version -> (inventory's SHA-512, line)."""
        inventory = checked.inventory
        if inventory is None:
            return
        if inventory.id != object_id:
            self.find("invalid", f"{place}/inventory.json", f"is the inventory of {inventory.id}, not of this object")
        for version in inventory.versions:
            path = f"{place}/{version}/inventory.json"
            if version not in recorded:
                self.find("orphan", f"{place}/{version}", "this version is not in the ledger")
            elif version not in checked.inventories:
                self.find("missing", path, f"ledger line {recorded[version][1]} records this inventory")
            elif checked.inventories[version] != recorded[version][0]:
                self.find("changed", path, f"is not the inventory that ledger line {recorded[version][1]} records")
        for version in recorded.keys() - set(inventory.versions):
            self.find("missing", f"{place}/{version}", f"ledger line {recorded[version][1]} records this version")

    @staticmethod
    def dated(
        inventory: Inventory | None, versions: dict[str, tuple[str, int]], proven: Dates, *, absent: Iterable[str] = ()
    ) -> list[DatedDocument]:
        """Return since when each file of an object's newest version provably existed.

        `versions` are its ledger lines.
        """
        if inventory is None:
            return []
        state, first = inventory.states[inventory.head], first_versions(inventory.states)
        since = {version: proven.since(seq) for version, (_, seq) in versions.items()}
        return [
            DatedDocument(name, state[name], first[name], since.get(first[name]), name in absent)
            for name in sorted(state)
        ]

    def conclude(self, proven: bool) -> VerifyReport:
        codes = {finding.code for finding in self.report.findings if finding.damage}
        self.report.state = FORKED if "forked" in codes else DAMAGED if codes else PROVEN if proven else UNPROVEN
        return self.report
