"""The report: what was found, what it rests on, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from archiver.archive.checking.parts.archive_words import (
    DAMAGED,
    FORKED,
    NO_EVIDENCE,
    NOT_EVIDENCE,
    PROVEN,
    PROVEN_IF,
    SCOPE_ALL,
    SCOPE_BRIEF,
    SCOPE_ONE,
    SCOPE_QUICK,
    TRUST_ENCLOSED,
    TRUST_NAMED,
    TRUST_OWN,
    UNPROVEN,
    Finding,
    in_one_line,
)


@dataclass(frozen=True)
class Trust:
    """What the result depends on: the SHA-256 fingerprint of a key or certificate, and who vouches for it."""

    what: str
    fingerprint: str
    supplied: bool

    def __str__(self) -> str:
        whence = "supplied" if self.supplied else "only found in the archive"
        return f"{self.what} sha256:{self.fingerprint} ({whence})"


TRUST_IN_WORDS = {
    TRUST_NAMED: "by an authority that you named",
    TRUST_OWN: "by a root in the archive itself",
    TRUST_ENCLOSED: "if the authority is genuine: its root came with this file",
}


@dataclass(frozen=True)
class ArchiveVerdict:
    """A state with what it covers and who vouches for it. Whoever prints it prints all of that.

    `about` is what was checked, in words; empty for everything. `trust` is a `TRUST_...` if the state is PROVEN, else
    empty. Without `evidence`, what was checked comes from a replay of recordings.
    """

    state: str
    about: tuple[str, ...] = ()
    trust: str = ""
    evidence: bool = True

    @property
    def word(self) -> str:
        """The verdict in one word, the same in every program that judges the same bytes."""
        if self.state in (DAMAGED, FORKED):
            return self.state
        if not self.evidence:
            return NO_EVIDENCE
        return PROVEN_IF if self.trust == TRUST_ENCLOSED else self.state

    @property
    def exit_code(self) -> int:
        """What a program returns that was asked about something that another person sent."""
        return {PROVEN: 0, PROVEN_IF: 3, DAMAGED: 90, FORKED: 90}.get(self.word, 4)

    def __str__(self) -> str:
        state = self.state if self.evidence or self.word == self.state else f"NOT EVIDENCE, {self.state}"
        about = [*self.about, *([TRUST_IN_WORDS[self.trust]] if self.trust else [])]
        return f"{state} ({'; '.join(about)})" if about else state


@dataclass(frozen=True)
class DatedDocument:
    """A document of an object's newest version. `version` is the first version with the same bytes.

    `secured_since` is the earliest time that a timestamp proves for that version, or None. `withheld` means that the
    document is not included.
    """

    name: str
    sha512: str
    version: str
    secured_since: str | None
    withheld: bool = False

    def __str__(self) -> str:
        since = f"secured since {self.secured_since}" if self.secured_since else "not proven yet"
        return in_one_line(f"{self.name}: {since}{' (withheld by the sender)' if self.withheld else ''}")


def newest(times: Iterable[str | None]) -> str | None:
    """Return the one date of several documents: that of the newest. None if one of them is not proven yet."""
    every = list(times)
    return None if None in every else max(filter(None, every), default=None)


def secured_since(documents: list[DatedDocument]) -> str | None:
    """Return the one date of several documents. Withheld ones do not count if there are others."""
    return newest(each.secured_since for each in [each for each in documents if not each.withheld] or documents)


class TimestampStatement(NamedTuple):
    """What a timestamp that holds says of itself: its time, its policy, and whether it is qualified in the EU.

    `country`, `list_of` and `list_sha256` name the trusted list that shows it, as who kept the list states; this
    program does not read such lists. They are empty if no such statement is here.
    """

    time: str
    policy: str
    states_qualified: bool
    country: str = ""
    list_of: str = ""
    list_sha256: str = ""

    def __str__(self) -> str:
        stated = "states that it is qualified in the EU" if self.states_qualified else "does not state to be qualified"
        judged = "; not shown to be qualified"
        if self.country:
            later = " (issued after it, with the history of its service)" if self.list_of > self.time else ""
            judged = f"; qualified according to the trusted list of {self.country} of {self.list_of[:10]}{later} "
            judged += f"(kept, sha256:{self.list_sha256}), as the archive that kept the list states"
        elif self.states_qualified:
            judged += ": no trusted list that shows it is kept here"
        return f"timestamp of {self.time}, policy {self.policy or 'unknown'}: {stated}{judged}"


class AnchorStatement(NamedTuple):
    """What a valid anchor of a checkpoint says. It is no trusted timestamp: no date and no state depends on it.

    `kind` is `cosignature`, `bitcoin` or `pending`; `by` is the witness, the block's height, or the calendar. `key` is
    the witness's, as C2SP writes it. `time` is the witness's word, or the block's by headers that the user supplied.
    `root` is the Merkle root, in hex as block explorers show it, that the block must have.
    """

    checkpoint: int
    kind: str
    by: str
    key: str
    time: str | None
    root: str

    def __str__(self) -> str:
        about = f"anchor of checkpoint {self.checkpoint}:"
        if self.kind == "cosignature":
            said = f"the witness {self.by} states that at {self.time} it had seen nothing that contradicts it"
            return f"{about} {said}; that is its word, no trusted timestamp. Its key came with it: {self.key}"
        if self.kind == "pending":
            return f"{about} {self.by} has promised to put it into a Bitcoin block; this proves no time yet"
        if self.time:
            return f"{about} Bitcoin block {self.by} of {self.time} contains it, by the headers that you supplied"
        asked = f"not checked here whether block {self.by} has the Merkle root {self.root} (--headers does it)"
        return f"{about} OpenTimestamps leads to Bitcoin block {self.by}; {asked}"


@dataclass
class VerifyReport:
    """The result of a check. `secured_since` is when a trusted timestamp first covered everything asked about, or None.

    For one licence this is the date of its newest document. `documents` has the date of each document, and `terms` the
    dates of the texts of terms, by folder.

    `unproven` says in words what no timestamp covers. `dates_by` names the program that checked the timestamps.
    `compared` is what the archive was compared with outside it, in words: only that shows a cut-off end. `extends`
    names the outside checkpoints that the ledger continues. `licensed_at` is the date in the platform's
    document; only the proof of one licence has it. `erased` objects are not counted in `objects`; their tombstones are.
    `scope` says what was checked, `authority` whose roots dated it, and `elsewhere`, for one licence, counts the
    findings that are not about it.
    """

    client: str
    state: str = UNPROVEN
    licences: int = 0
    objects: int = 0
    erased: int = 0
    checkpoint: int | None = None
    secured_since: str | None = None
    evidence: bool = True
    findings: list[Finding] = field(default_factory=list)
    trust: list[Trust] = field(default_factory=list)
    unproven: str = ""
    dates_by: str = ""
    extends: str = ""
    compared: list[str] = field(default_factory=list)
    licensed_at: str | None = None
    scope: str = SCOPE_ALL
    authority: str = TRUST_OWN
    elsewhere: int = 0
    documents: list[DatedDocument] = field(default_factory=list)
    terms: dict[str, list[DatedDocument]] = field(default_factory=dict)
    timestamps: list[TimestampStatement] = field(default_factory=list)  # that hold; of an archive, the newest
    lists_read: int = 0  # statements that hold, by trusted lists that were read again; this program alone cannot
    anchors: list[AnchorStatement] = field(default_factory=list)  # that hold

    def as_json(self) -> dict[str, Any]:
        keys = ("client", "state", "scope", "licences", "objects", "erased", "checkpoint", "secured_since", "evidence")
        findings = [{"code": f.code, "path": f.path, "message": f.message} for f in self.findings]
        described: dict[str, Any] = {**{key: getattr(self, key) for key in keys}, "findings": findings}
        described |= {"verdict": self.verdict.word, "trust": self.verdict.trust or None, "compared": self.compared}
        if self.documents:
            described["documents"] = [vars(each) for each in self.documents]
            described["terms"] = {name: [vars(each) for each in files] for name, files in self.terms.items()}
        if self.timestamps:
            described["timestamps"] = [each._asdict() for each in self.timestamps]
        if self.anchors:
            described["anchors"] = [each._asdict() for each in self.anchors]
        return described

    @property
    def verdict(self) -> ArchiveVerdict:
        """The state with its scope, because it covers only what was checked."""
        about = []
        if SCOPE_ONE in self.scope:
            about.append("this licence only")
        if SCOPE_QUICK in self.scope:
            about.append(SCOPE_QUICK)
        if SCOPE_BRIEF in self.scope:
            about.append(SCOPE_BRIEF)
        if self.elsewhere:
            about.append(f"{self.elsewhere} finding{'s' * (self.elsewhere > 1)} elsewhere")
        return ArchiveVerdict(self.state, tuple(about), self.authority if self.state == PROVEN else "", self.evidence)

    def as_text(self) -> str:
        """Return the result in words, for people."""
        erased = f", {self.erased} erased" if self.erased else ""
        counts = f"{self.licences} licences, {self.objects} objects{erased}, "
        counts += f"newest checkpoint {self.checkpoint or 'none'}"
        secured = f"{self.secured_since}, as a trusted timestamp proves" if self.secured_since else "not proven yet"
        if len({each.secured_since for each in self.documents}) > 1:
            secured += "; this is the date of the newest document" if self.secured_since else " for all documents"
        lines = [
            in_one_line(f"{self.client}: {self.verdict}"),
            f"  {counts}",
            f"  licensed on {self.licensed_at}, as the platform's document says" if self.licensed_at else "",
            f"  secured since: {secured}",
            *(f"    {each}" for each in self.documents),
            *(f"    terms/{name}/{each}" for name, files in self.terms.items() for each in files),
            f"  {self.unproven}" if self.unproven else "",
            in_one_line(f"  {self.extends}") if self.extends else "",
            *(in_one_line(f"  compared with {each}") for each in self.compared),
            f"  dates checked by {self.dates_by}" if self.dates_by else "",
            *(f"  {each}" for each in self.timestamps),
            *(f"  {each}" for each in self.anchors),
            f"  trusted lists read again: {self.lists_read} statements hold" if self.lists_read else "",
            *(f"  trusting {trust}" for trust in self.trust),
            *(f"  {finding}" for finding in self.findings),
        ]
        mark = [] if self.evidence else [NOT_EVIDENCE]
        return "\n".join([*mark, *filter(None, lines), *mark])
