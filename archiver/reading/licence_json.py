"""`licence.json`, our description inside a licence's object.

It says what was licensed, which documents belong to it, what is missing and why, and where everything came from. Keys
are stable and sorted, so an unchanged licence gives unchanged bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Required, TypedDict

from archiver.core.errors import IntegrityError
from archiver.core.model import (
    Asset,
    Document,
    DocumentKind,
    Gap,
    GapReason,
    Licence,
    TermsReference,
    TermsRelation,
    iso,
    parse_iso,
)

LICENCE_FORMAT = 1
IMPORT_PREFIX = "imported-"  # begins the names of documents that were imported, so that no adapter's has the same
ATTENDED_PREFIX = "attended-"  # the same for those that a person downloaded or marked in the browser
COMPANION_PREFIX = "companion-"  # and for those that the extension in a person's own browser sent

# As `to_json` sets it: no value has a line end, and the indent tells the depth.
SOURCE = re.compile(rb'\n "provenance": {(?:\n  [^\n]*)*?\n  "source": "(\w+)"')
AS_THEY_ARE = ("licence_id", "listing", "comp", "kind", "licensee", "seat", "plan", "order")
"""The fields of a licence that JSON holds unchanged."""


@dataclass(frozen=True, kw_only=True)
class FiledDocument:
    """A document in its object's list: everything except the bytes, which are stored in the file `name`."""

    name: str
    kind: DocumentKind
    media_type: str
    bytes: int
    sha512: str
    url: str | None = None
    retrieved_at: datetime | None = None  # UTC, whole seconds
    notes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> FiledDocument:
        when = document.retrieved_at
        return cls(
            name=document.name,
            kind=document.kind,
            media_type=document.media_type,
            bytes=len(document.content),
            sha512=document.sha512,
            url=document.url,
            retrieved_at=when and when.astimezone(UTC).replace(microsecond=0),
            notes=document.notes,
        )

    def as_json(self) -> dict[str, object]:
        return {**vars(self), "retrieved_at": iso(self.retrieved_at), "notes": dict(self.notes)}


class SaidDownload(TypedDict):
    """What the extension in a person's browser said of a download."""

    name: str
    url: str
    final_url: str
    state: str
    bytes: int
    ended: str


class SaidByCompanion(TypedDict):
    """What it said of a capture."""

    download: SaidDownload | None


class ImportSource(TypedDict, total=False):
    """Where one imported file came from, as far as it is read; `dkim_keys` and what follows only of mails of a source.

    `held_in` is the object that holds the file where it is about several licences, `document` its name in this one.
    `claimed` is what the file says of the licence, and `differs` where that is not what was known. Where `reader` is a
    person, `claimed` is what they stated on the day `at`, and `paper_says` is what the file itself says instead: None
    where it does not hold the value.
    """

    sha256: Required[str]
    document: str | None
    held_in: str | None
    claimed: Mapping[str, object]
    differs: object
    paper_says: Mapping[str, str | None]
    reader: str | None
    by: str
    at: str
    path: str
    said: SaidByCompanion
    dkim: str | None
    dkim_keys: Mapping[str, Mapping[str, str | None]]
    mailbox: Mapping[str, object]
    authentication_results: list[str]


class Provenance(TypedDict, total=False):
    """How a licence was captured (see `to_json`), as far as it is read."""

    source: str
    account: str
    method: str
    tool: str
    run: str
    captured_at: str
    imports: list[ImportSource]


@dataclass(frozen=True, kw_only=True)
class LicenceFile:
    """A `licence.json`, read. `licence.row` is empty: the platform's own words are the record's."""

    licence: Licence
    documents: tuple[FiledDocument, ...]
    gaps: tuple[Gap, ...]
    provenance: Provenance
    terms: tuple[TermsReference, ...] = ()


def to_json(
    licence: Licence,
    documents: Iterable[Document | FiledDocument],
    gaps: Iterable[Gap],
    provenance: Mapping[str, object],
    terms: Iterable[TermsReference] = (),
) -> bytes:
    """The file's bytes.

    `provenance` says how the licence was captured: source (adapter, import, attended, companion), account, provider,
    method, basis, tool, run, captured_at; `imports` lists what was imported, one entry for each file.
    """
    filed = [each if isinstance(each, FiledDocument) else FiledDocument.of(each) for each in documents]
    described = {
        "format": LICENCE_FORMAT,
        "identity": licence.identity,
        "provider": licence.asset.provider,
        "asset": {name: value for name, value in vars(licence.asset).items() if name != "provider"},
        **{name: getattr(licence, name) for name in AS_THEY_ARE},
        "key": list(licence.key),
        "licensed_at": iso(licence.licensed_at),
        **({"plan_ends": iso(licence.plan_ends)} if licence.plan_ends else {}),  # of plan periods only
        "client_hints": dict(licence.client_hints),
        "documents": [each.as_json() for each in filed],
        "gaps": [vars(gap) for gap in gaps],
        "terms": [{**vars(each), "seen_at": iso(each.seen_at)} for each in terms],
        "provenance": dict(provenance),
    }
    text = json.dumps(described, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    # A lone surrogate, which a platform's JSON may hold, becomes the very escape that JSON has for it.
    return text.encode("utf-8", "backslashreplace")


def from_json(content: bytes) -> LicenceFile:
    """The inverse of `to_json`; IntegrityError says what is wrong with other bytes."""
    try:
        described: dict[str, Any] = json.loads(content)
        if described["format"] != LICENCE_FORMAT:
            raise IntegrityError(
                f"licence.json has format {described['format']!r}, and this version reads {LICENCE_FORMAT}"
            )
        return LicenceFile(
            licence=Licence(
                asset=Asset(provider=described["provider"], **described["asset"]),
                **{name: described[name] for name in AS_THEY_ARE},
                key=tuple(described["key"]),
                licensed_at=parse_iso(described["licensed_at"]),
                plan_ends=date.fromisoformat(described["plan_ends"]) if described.get("plan_ends") else None,
                client_hints=described["client_hints"],
            ),
            documents=tuple(_document(each) for each in described["documents"]),
            gaps=tuple(
                Gap(kind=DocumentKind(each["kind"]), reason=GapReason(each["reason"]), detail=each["detail"])
                for each in described["gaps"]
            ),
            provenance=described["provenance"],
            # Absent in files of before there were terms.
            terms=tuple(
                TermsReference(
                    id=each["id"], relation=TermsRelation(each["relation"]), seen_at=_instant(each["seen_at"])
                )
                for each in described.get("terms", ())
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"a licence.json cannot be read ({type(error).__name__}: {error})") from None


def source_of(content: bytes) -> str | None:
    """How the licence in these bytes came: `adapter`, `import`, `attended` or `companion`; None if they do not say it.

    A night asks it of every licence that a platform lists, so it does not parse what `to_json` has written.
    """
    if written := SOURCE.search(content):
        return written[1].decode()
    try:
        source = json.loads(content)["provenance"].get("source")
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return source if isinstance(source, str) else None


def _document(fields: dict[str, Any]) -> FiledDocument:
    when = fields["retrieved_at"] and _instant(fields["retrieved_at"])
    return FiledDocument(**{**fields, "kind": DocumentKind(fields["kind"]), "retrieved_at": when or None})


def _instant(text: str) -> datetime:
    when = parse_iso(text)
    if not isinstance(when, datetime):
        raise ValueError(f"no time of day in {text!r}")
    return when
