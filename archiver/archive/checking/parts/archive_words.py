"""Words: states, findings, and where an archive keeps what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROVEN, UNPROVEN, ERASED, DAMAGED, FORKED = "PROVEN", "UNPROVEN", "ERASED", "DAMAGED", "FORKED"
STATES = (PROVEN, UNPROVEN, ERASED, DAMAGED, FORKED)
"""From the best to the worst. ERASED is a state of one object, never of an archive."""

SCOPE_ALL, SCOPE_QUICK, SCOPE_ONE = "all", "contents not read", "one licence"
SCOPE_BRIEF = "other checkpoints not checked"  # than the checkpoints that the verdict needs
SCOPE_DATE = "date only, nothing else checked"  # for one licence
"""The scope of a verdict. If several apply, all are listed, separated by commas."""

PROVEN_IF, NO_EVIDENCE = "PROVEN_IF", "NOT_EVIDENCE"
"""Words of a verdict that are no states: PROVEN by an authority that came with the file, and a replay of recordings."""

TRUST_NAMED, TRUST_OWN, TRUST_ENCLOSED = "named", "own", "enclosed"
"""Whose authority proves it: one that the reader named, one of the archive's own, or one that came with a proof."""

LEDGER = "ledger/ledger.jsonl"
INTENTS = "ledger/intents.jsonl"
CHECKPOINTS = "ledger/checkpoints"
HOLDER = "staging/holder.txt"  # names the writing process for others that wait; what a killed one leaves holds nothing
SIGNER_KEY = "keys/signer-public.pem"
TSA_ROOTS = "keys/tsa-roots.pem"
KEY_HISTORY = "keys/history.jsonl"
WITNESS_KEYS = "keys/witness-keys.txt"
TOOL = "tools/verify.py"
GUIDE = "READ-ME-FIRST.txt"
LISTS = "keys"  # the folder of the trusted lists by which timestamps are qualified

STATED_FILES = {Path(each).name: each for each in (GUIDE, SIGNER_KEY, TSA_ROOTS, KEY_HISTORY, WITNESS_KEYS)}
"""The files beside the evidence that the ledger states: name in its lines -> path. Statements about lists are others.

The verifier is not among them: the one that runs compares it with itself.
"""

KINDS = {
    "licence": "licences",
    "comp": "comps",
    "terms": "terms",
    "receipt": "receipts",
    "sighting": "sightings",
    "statement": "statements",
    "tombstone": "tombstones",
}
"""Kinds of objects: singular, as in ids, and the folder below `evidence/`."""

PRACTICE = frozenset({"run", "anchor", "files"})
"""Types of ledger lines that record no evidence.

They may wait for a timestamp: each line is signed when it is written.
"""

URN = "urn:x-archiver"
LOG_DOMAIN = "archiver.invalid"  # logs are named after it and the client; the name shows that no server exists
MAX_LINE_BYTES = 1 << 20  # size of a ledger line; the writer stays below 2 ** 15
MAX_ALIKE = 100  # findings of one kind about the ledger; whoever appends to it may make millions
CLOCK_TOLERANCE_S = 600  # our clock may be off by this much before a claimed date contradicts a proven one
AGREE_WITHIN_S = 86400  # the timestamps of one checkpoint; those of one seal are made within seconds of each other
OPENSSL_TIMEOUT_S = 30  # for one call of the program openssl
LATE_AFTER_S = 7 * 86400  # a longer time between a claimed date and its proof is reported
LATE_PRACTICE_AFTER_S = 2 * LATE_AFTER_S  # likewise for the lines of PRACTICE, which are sealed about once a week
MAX_TIMESTAMPS_BY_PROGRAM = 32  # up to here, one openssl process each is cheaper than loading a library
RENEW_BEFORE_S = 2 * 365 * 86400  # timestamps are renewed this long before their certificates end

WARNINGS = frozenset(
    {
        "interrupted",
        "claimed-date",
        "dates-apart",
        "dates-not-checked",
        "erased",
        "recovered",
        "remark",
        "renewal",
        "rollback",
        "stray",
        "unfit",
        "unsigned",
        "verifier",
        "withheld",
        "witness",
    }
)
"""Codes of findings that are not damage."""

UNDECIDED = frozenset({"dates-not-checked", "missing", "unreadable"})
"""Codes of findings about what could not be checked, so that another time or another machine may decide otherwise."""

NOT_EVIDENCE = "NOT EVIDENCE: this comes from a replay of recordings, not from a platform. It proves nothing."


class Busy(Exception):
    """Another command is writing to this archive."""


class Malformed(ValueError):
    """A file does not have the expected form. The text says what is wrong."""


@dataclass(frozen=True)
class Finding:
    """One fault. `path` is the file, relative to the archive; for `forked` and `witness` it is the outside file."""

    code: str
    path: str
    message: str

    @property
    def damage(self) -> bool:
        return self.code not in WARNINGS

    def __str__(self) -> str:
        return in_one_line(f"{'DAMAGE' if self.damage else 'note'}: {self.path}: {self.message} [{self.code}]")


def in_one_line(text: str) -> str:
    """Return the text in one line. Characters that move the cursor or change the order of reading are written out."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def must(holds: object, otherwise: str) -> None:
    if not holds:
        raise Malformed(otherwise)
