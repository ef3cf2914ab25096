"""The product's types: licences, documents, gaps. No I/O."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property

type Moment = datetime | date
"""When something happened, as precisely as the platform states it: a UTC instant, or only a day."""


def iso(moment: Moment | None) -> str | None:
    """`2026-11-24T02:00:00Z` for an instant, `2026-11-24` for a day."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    return moment.isoformat() if moment else None


def day_of(moment: Moment) -> date:
    """The day of a moment, in UTC."""
    return moment.date() if isinstance(moment, datetime) else moment


def working_days(since: date, until: date) -> int:
    """The number of Mondays to Fridays between two days, without either day."""
    days = (since + timedelta(days=n) for n in range(1, (until - since).days))
    return sum(day.weekday() < 5 for day in days)


def parse_iso(text: str | None) -> Moment | None:
    """The inverse of `iso`; raises ValueError on anything else."""
    if not text:
        return None
    if "T" not in text:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return moment.astimezone(UTC)


def _as_texts(of: object, *names: str) -> None:
    """Make these fields text or None. Platforms write some as numbers; any other type stays in the record only."""
    for name in names:
        value = getattr(of, name)
        if value is not None and not isinstance(value, str):
            object.__setattr__(of, name, str(value) if type(value) in (int, float) else None)


class DocumentKind(StrEnum):
    """The kind of an evidence file. Certificates and receipts are native: never altered.

    Imports add two kinds: a letter (raw e-mail), and delivered files or our description of them. A provisional paper is
    what the platform gave in place of a certificate that it had not made yet: it proves no licence.
    """

    RECORD = "record"
    CERTIFICATE = "certificate"
    RECEIPT = "receipt"
    TERMS = "terms"
    CAPTURE = "capture"
    PREVIEW = "preview"
    LETTER = "letter"
    DELIVERED = "delivered"
    PROVISIONAL = "provisional"

    @property
    def native(self) -> bool:
        """Whether the platform made the file, so it is archived byte for byte or not at all."""
        return self in _NATIVE


_NATIVE = (DocumentKind.CERTIFICATE, DocumentKind.RECEIPT, DocumentKind.PREVIEW, DocumentKind.PROVISIONAL)


class DateOrder(StrEnum):
    """Which number of `03/04/21` is the day. The year comes first only where it has two digits."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    YEAR_FIRST = "year first"


class GapReason(StrEnum):
    """Why an expected document is missing. `provisional`: what came in its place is archived, and states too little."""

    ON_REQUEST = "on_request"
    NONE_OFFERED = "none_offered"
    FAILED = "failed"
    LAPSED = "lapsed"
    UNREAD = "unread"
    PROVISIONAL = "provisional"

    @property
    def is_missing(self) -> bool:
        """Whether the document counts as missing: the platform offers it, and it could not be fetched so far.

        Every number of missing documents counts these. The other reasons are told, and are no fault to mend: nothing
        can be fetched until the platform is asked, or ever.
        """
        return self in (GapReason.FAILED, GapReason.PROVISIONAL)

    @property
    def is_obtainable(self) -> bool:
        """Whether somebody can still get the document: it is missing, or the platform gives it on request."""
        return self.is_missing or self is GapReason.ON_REQUEST


class Outcome(StrEnum):
    """How a run ended, for one account or as a whole.

    READ_TO_END: all that the platform shows was read and archived, but nothing proves that no more follows.
    """

    COMPLETE = "complete"
    READ_TO_END = "read_to_end"
    PARTIAL = "partial"
    FAILED = "failed"

    @property
    def in_words(self) -> str:
        return self.value.replace("_", " ")

    @property
    def is_whole(self) -> bool:
        """Whether everything that the platform showed is there."""
        return self in (Outcome.COMPLETE, Outcome.READ_TO_END)


class Ground(StrEnum):
    """What proves that a platform's list holds nothing behind its last row; no words of a page do.

    Ordered from the strongest. Later readings that join the known rows inherit it.
    """

    TOTAL = "total"  # a stated total that agrees, and has not fallen
    END_OF_DATA = "end_of_data"  # a last page, an empty cursor, an empty page behind the last one
    SECOND_SOURCE = "second_source"  # another count or list agrees
    PERSON = "person"  # a person named what to read, or knows the first purchase


WHOLE = frozenset(each.value for each in Outcome if each.is_whole)


@dataclass(frozen=True, kw_only=True)
class Asset:
    """The licensed work, named by provider and asset id."""

    provider: str
    asset_id: str
    title: str | None = None
    contributor: str | None = None
    media_type: str | None = None

    def __post_init__(self) -> None:
        _as_texts(self, "title", "contributor", "media_type")


@dataclass(frozen=True, kw_only=True)
class Licence:
    """One licence, as a platform's history lists it. Frozen; an adapter that learns more yields a fuller copy.

    `licence_id` is the platform's own id, if it is globally unique. Otherwise `key` holds the parts that the adapter
    declares (user or organisation, asset, kind, the platform's own date string). `dated` is that date string: if it
    could be several days (`03/04/2026`), `licensed_at` is None until core has seen the whole list. `row` is the row of
    the platform's list, verbatim; it becomes the record. `comp` marks a preview download, which grants nothing. If a
    platform does not license single items, a licence is a period of a plan: from `licensed_at` to `plan_ends`, the last
    day paid for.
    """

    asset: Asset
    licence_id: str | None = None
    key: tuple[str, ...] = ()
    listing: str = "downloads"
    kind: str | None = None
    licensed_at: Moment | None = None
    dated: str = ""
    licensee: str | None = None
    seat: str | None = None
    plan: str | None = None
    plan_ends: date | None = None
    order: str | None = None
    client_hints: Mapping[str, str] = field(default_factory=dict)
    comp: bool = False
    row: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _as_texts(self, "licence_id", "kind", "licensee", "seat", "plan", "order")
        if not all(type(name) is str and type(hint) is str for name, hint in self.client_hints.items()):
            named = {name: hint for name, hint in self.client_hints.items() if None not in (name, hint)}
            object.__setattr__(self, "client_hints", {str(name): str(hint) for name, hint in named.items()})

    @cached_property
    def identity(self) -> str:
        """The licence's identity: the same on every account and in every run."""
        if self.licence_id is None and not self.key:
            raise ValueError("a licence needs a licence id or a declared key")
        return ":".join((self.asset.provider, *((self.licence_id,) if self.licence_id else self.key)))

    @property
    def is_undated(self) -> bool:
        """Whether only the whole list says on which day it was licensed."""
        return self.licensed_at is None and bool(self.dated)

    @property
    def platform_id(self) -> str:
        """The licence's name for the platform and the user before it is archived."""
        return self.licence_id or self.asset.asset_id


@dataclass(frozen=True, kw_only=True)
class Document:
    """One evidence file: its original bytes and its source.

    `name` is the file name inside the archive object (`certificate.pdf`). `url` has no secrets in it. `length_stated`:
    the platform stated the content's length, and exactly that many bytes came.
    """

    name: str
    kind: DocumentKind
    content: bytes
    media_type: str
    url: str | None = None
    retrieved_at: datetime | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    length_stated: bool = False

    @property
    def sha512(self) -> str:
        return hashlib.sha512(self.content).hexdigest()


class TermsRelation(StrEnum):
    """When a terms text was seen, relative to a licence's date: within a day of it, or at another time."""

    AT_PURCHASE = "at_purchase"
    LATER = "later"


@dataclass(frozen=True, kw_only=True)
class TermsReference:
    """A text of the platform's licence terms by its object id, and when it was seen: UTC, whole seconds.

    It shows the platform's page at that time. It does not say which terms are in force for a licence.
    """

    id: str
    relation: TermsRelation
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class Gap:
    """An expected document that is missing."""

    kind: DocumentKind
    reason: GapReason
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class TextLayout:
    """How a text document of a platform looks when it is whole: half of one reads like a document, too.

    `labels` each stand at the beginning of a line, with a colon and a value behind them. `marks` are patterns of lines
    that must be there, and `last_line` is the pattern of the last line that is not blank. Letter case does not count.
    """

    labels: tuple[str, ...]
    last_line: str
    marks: tuple[str, ...] = ()

    def lacks(self, text: str) -> str | None:
        """What the text lacks compared with a complete document, in words; None if it is complete."""
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        for label in self.labels:
            if not any(re.match(rf"{re.escape(label)}\s?:\s?\S", line, re.IGNORECASE) for line in lines):
                return f"no line “{label}” with a value"
        for mark in (*self.marks, self.last_line):
            if not any(re.fullmatch(mark, line, re.IGNORECASE) for line in lines):
                return "not the lines at its end"
        return None if re.fullmatch(self.last_line, lines[-1], re.IGNORECASE) else "not its last line"

    def is_other(self, text: str) -> bool:
        """Whether no line of the text has one of this layout's labels: it is another document, and no part of one."""
        lines = [" ".join(line.split()) for line in text.splitlines()]
        labels = [re.compile(rf"{re.escape(label)}\s?:", re.IGNORECASE) for label in self.labels]
        return bool(labels) and not any(label.match(line) for label in labels for line in lines)
