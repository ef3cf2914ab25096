"""The facts of a licence and its use that `rules.yaml` compares, and their places in the documents.

Pure: all input comes in a `Case`. An unknown fact has the value `unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypedDict

from archiver.catalogue.views import by_date
from archiver.core import localised
from archiver.core.model import DocumentKind, GapReason, Moment, day_of, iso, parse_iso
from archiver.core.packaged_data import packaged_yaml
from archiver.reading.licence_json import LicenceFile
from archiver.reading.not_granted import in_terms
from archiver.reading.platforms import OTHER_PLATFORM

LANGUAGES = ("en", "de")

CLAUSES = (
    "clause", "routes", "plan_clause", "seat_clause", "lapse_clause", "credit_clause", "agency_clause",
    "condition_clause",
)  # fmt: skip
"""The clauses from a platform's terms that sentences quote; the German ones end in `_de`."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """What only people know about a use of the picture. None or 0 means unknown. `kind`: commercial or editorial."""

    first_seen: date | None = None
    kind: str | None = None
    seats: int = 0  # people who worked with the picture
    territory: str | None = None
    copies: int = 0  # printed or otherwise reproduced


@dataclass(frozen=True, kw_only=True)
class Case:
    """One licence for one client, with all facts about it.

    `texts`: for each document that was read, the text of its pages. `terms`: for each archived licence text, its
    relation (`at_purchase` or `later`) and when it was seen. `assigned`: a person or a rule assigned the licence to
    this client, or it is in the client's own account. `plan_ended`: the last day of the subscription. `compared`: the
    match is certain, or a person named the licence. `secured_since`: the date of the newest document.
    `secured_documents`: the date of each document, by name.
    """

    file: LicenceFile
    client_names: Sequence[str]
    agency_names: Sequence[str] = ()
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    terms: Sequence[tuple[str, str]] = ()
    assigned: bool = True
    compared: bool = True
    other_clients: bool = False
    plan_ended: date | None = None
    secured_since: str | None = None
    secured_documents: Mapping[str, str | None] = field(default_factory=dict)
    evidence: bool = True
    confirm: Mapping[str, str] = field(default_factory=dict)  # by language: how the platform confirms it, and to whom


@dataclass(frozen=True)
class DocumentPlace:
    """Where a fact was found: the document and its page, from 1; None if it has no pages."""

    document: str | None = None
    page: int | None = None


class RuleCase(TypedDict):
    """One case of a rule: the facts that it needs, and its verdict with a sentence in each language."""

    when: dict[str, str]
    verdict: str
    en: str
    de: str


class CoverageRule(TypedDict):
    """A rule of `rules.yaml`. `source`: where it comes from; `rests_on`: the fact whose document is shown."""

    rule: str
    source: str
    rests_on: str
    cases: list[RuleCase]


class RuleData(TypedDict):
    """The content of `rules.yaml`; `platforms` by provider."""

    words: dict[str, list[str]]
    rules: list[CoverageRule]
    platforms: dict[str, dict[str, Any]]


def rules() -> RuleData:
    """The content of `rules.yaml`."""
    return packaged_yaml(RuleData, "archiver.claims", "rules.yaml")


# ---------------------------------------------------------------- the facts


@dataclass(frozen=True)
class _ReadPapers:
    """What the papers of a case say, and what our data says about the platform. `papers`: without the asset's title."""

    platform: Mapping[str, Any]
    text: str
    papers: str
    limit: str  # the line of a certificate that limits the licence; empty without one

    @classmethod
    def of(cls, case: Case) -> _ReadPapers:
        file, licence = case.file, case.file.licence
        by_kind = {
            kind: "\n".join("\n".join(case.texts.get(each.name, ())) for each in file.documents if each.kind is kind)
            for kind in (DocumentKind.CERTIFICATE, DocumentKind.RECEIPT)
        }
        certified = by_kind[DocumentKind.CERTIFICATE]
        papers = certified + by_kind[DocumentKind.RECEIPT]
        if licence.asset.title:
            papers = papers.replace(licence.asset.title, "")  # a title may say anything
        limits = (found[0] for found in _LIMITS.finditer(certified) if not says("unlimited", found[0]))
        return cls(
            platform=platform_of(licence.asset.provider, licence.kind or ""),
            text="\n".join(page for pages in case.texts.values() for page in pages),
            papers=papers,
            limit=next(limits, ""),
        )


def facts_of(case: Case, use: Use) -> tuple[dict[str, str], dict[str, DocumentPlace]]:
    """The facts of a case by name: those that rules compare, and those that sentences show."""
    read, licence = _ReadPapers.of(case), case.file.licence
    licensee_is = _licensee(licence.licensee, case)
    relation, seen = min(case.terms, default=("none", ""))  # `at_purchase` sorts before `later`
    order_of_dates, days_late = _order(licence.licensed_at, use.first_seen)
    archived = parse_iso(case.file.provenance.get("captured_at"))
    offered = _order(archived, use.first_seen)[0]
    copies = read.platform.get("copies", {})
    allowed = next((number for word, number in copies.items() if word in (licence.kind or "").lower()), None)
    facts = {
        **_of_platform(case, read),
        **_of_papers(case, read),
        "licensed": "known" if licence.licensed_at else "unknown",
        "first_use": "known" if use.first_seen else "unknown",
        "order_of_dates": order_of_dates,
        "offered": "late" if offered == "same_day" else offered,
        "licensee_is": licensee_is,
        "assigned": _yes(case.assigned),
        "compared": _yes(case.compared),
        "for_client": _yes(bool(case.client_names)),
        "use": use.kind or "unknown",
        "other_clients": _yes(case.other_clients),
        "several_seats": _yes(use.seats > 1),
        "lapse": _lapse(case, use, read.platform.get("lapse_days")),
        "blanket": _yes(licence.plan_ends),
        "copies": _copies(use.copies, allowed),
        "territory": _territory(use.territory, read.text),
        "order": _yes(licence.order),
        "terms": relation,
        "rests_on_terms": _yes(licensee_is == "agency" or case.other_clients),
        "evidence": _yes(case.evidence),
        "secured": "partly"
        if not case.secured_since and any(case.secured_documents.values())
        else _yes(case.secured_since),
    }
    for_sentences = {
        **_for_sentences(case, read),
        "archived_at": (iso(archived) or "")[:10],
        "first_seen": iso(use.first_seen) or "",
        "days_late": str(days_late),
        "seats": str(use.seats),
        "copies_made": f"{use.copies:,}",
        "copies_allowed": f"{allowed or 0:,}",
        "territory_used": use.territory or "",
        "terms_seen": seen[:10],
    }
    return facts | for_sentences, _places(case)


def _of_platform(case: Case, read: _ReadPapers) -> dict[str, str]:
    """What the platform's terms say about this kind of licence and this plan."""
    platform, kind, plan = read.platform, case.file.licence.kind or "", case.file.licence.plan or ""
    by_plan = "plan" if _names(platform.get("credit_plans"), kind, plan) else "no"
    return {
        "free_site": platform.get("free_site", "no"),
        "client_use": platform.get("client_use", "unknown"),
        "credit": "yes" if says("credit", kind) else by_plan,
        "plan_excludes_clients": _excludes(platform.get("plan_excludes"), plan),
        "plan_excludes_agencies": _excludes(platform.get("excludes_agencies"), plan),
        "plan_condition": _yes(_names(platform.get("condition_plans"), kind, plan)),
        "one_client": platform.get("one_client", "unknown"),
        "single_seat": platform.get("single_seat", "unknown"),
        "order_proves": platform.get("order_proves", "no"),
    }


def _of_papers(case: Case, read: _ReadPapers) -> dict[str, str]:
    """What the licence's own record and papers say."""
    file, kind = case.file, case.file.licence.kind or ""
    private = stated("private", read.papers)
    certificates = [each.name for each in file.documents if each.kind is DocumentKind.CERTIFICATE]
    reason = next((gap.reason for gap in file.gaps if gap.kind is DocumentKind.CERTIFICATE), None)
    return {
        "comp": _yes(file.licence.comp or says("comp", kind)),
        "void": _yes(stated("void", read.papers) or says("void_record", read.text)),
        "editorial": _editorial(kind, read.text, read.papers, read.platform.get("editorial", "no")),
        "non_commercial": "yes" if says("non_commercial", kind) else "mentioned" if private else "no",
        "ai_generated": _yes(says("ai_generated", read.text)),
        "limits": _yes(read.limit),
        "rights_managed": _yes(re.search(r"\brights?[- _]?managed\b|\bRM\b", kind, re.IGNORECASE)),
        "certificate": _yes_or_unread(certificates, case.texts) if certificates else "no",
        "gap": "on_request" if reason is GapReason.ON_REQUEST else "other",
    }


def _for_sentences(case: Case, read: _ReadPapers) -> dict[str, str]:
    """What sentences show of the licence, its client and its platform."""
    licence = case.file.licence
    return {
        "platform": read.platform["title"],
        **{name: read.platform.get(name, "") for each in CLAUSES for name in (each, f"{each}_de")},
        "client": next(iter(case.client_names), ""),
        "licensee": licence.licensee or "",
        "kind": localised.kind(licence.kind or ""),
        "plan": licence.plan or "",
        "plan_ends": iso(licence.plan_ends) or "",
        "licensed_at": (iso(licence.licensed_at) or "")[:10],
        "plan_ended": iso(case.plan_ended) or "",
        "order_number": licence.order or "",
        "limit": " ".join(read.limit.split())[:120],
        "secured_since": _secured(case, "and"),
        "secured_since_de": _secured(case, "und"),
        **{f"confirm_{language}": case.confirm.get(language, "") for language in LANGUAGES},
    }


def platform_of(provider: str, kind: str = "") -> dict[str, Any]:
    """What we read in a platform's terms, adjusted for this kind of licence. Only `title` is always there."""
    unknown = provider.removeprefix(OTHER_PLATFORM)  # its site or its name, as a paper has it
    title = unknown if unknown != provider else provider.replace("_", " ").title()
    known = dict(rules()["platforms"].get(provider, {"title": title}))
    for word, differs in known.get("kinds", {}).items():
        if word in kind.lower():
            known |= differs
    return known


def _secured(case: Case, joined_by: str) -> str:
    """The date since which the documents are secured, or each date with its documents."""
    dated = by_date(case.secured_documents or {"": case.secured_since})
    if len(dated) == 1:
        return (case.secured_since or "")[:10]
    parts = [f"{since[:10]} {since[11:16]} UTC ({', '.join(names)})" for since, names in dated.items() if since]
    return f" {joined_by} ".join(parts)


def _yes(holds: object) -> str:
    return "yes" if holds else "no"


def _order(licensed: Moment | None, first_seen: date | None) -> tuple[str, int]:
    """The order of the two dates, and by how many days the licence is too late."""
    if licensed is None or first_seen is None:
        return "unknown", 0
    late = (day_of(licensed) - first_seen).days
    return ("late" if late > 0 else "same_day" if late == 0 else "in_time"), max(late, 0)


def _licensee(licensee: str | None, case: Case) -> str:
    if not licensee or not bare(licensee):
        return "unknown"
    for whose, names in (("client", case.client_names), ("agency", case.agency_names)):
        if any(may_be_one(licensee, name) for name in names):
            return whose
    return "other"


FORMS = re.compile(
    r"\b(ltd|limited|llc|llp|inc|incorporated|corp|corporation|co|company|plc|gmbh|mbh|ag|kg|ug|se|ohg|gbr|ev|sarl|sas|sa|srl|spa|bv|nv|pty|oy|ab|aps)\b"
)

SPELLED_OUT = {"limited": "ltd", "incorporated": "inc", "corporation": "corp", "mbh": "gmbh"}
_LIMITS = re.compile(
    r"^\W*(?:(?:this |the )?licen[cs]e )?(?:is )?(?:(?:expires?|valid until|gültig bis)(?: on)? ?:?\s[^\n]*\d{4}"
    r"|(?:expir\w+(?: date)?|term|duration|territory|region|print run|circulation|copies|laufzeit|gebiet|auflage)"
    r"\s*[:\n]\s*\S)[^\n]*",
    re.IGNORECASE | re.MULTILINE,
)


def bare(name: str) -> str:
    """A company's name without legal form, case and punctuation: `ACME, Ltd.` and `Acme Limited` are equal."""
    words = re.sub(r"[^\w\s]", "", name.casefold())
    return " ".join(FORMS.sub(" ", words).split()) or " ".join(words.split())


def _forms(name: str) -> set[str]:
    """The legal forms in a company's name, each in one spelling. `Acme Ltd` and `Acme GmbH` differ."""
    found = FORMS.findall(re.sub(r"[^\w\s]", "", name.casefold()))
    return {SPELLED_OUT.get(each, each) for each in found} - {"co", "company"}


def may_be_one(company: str, other: str) -> bool:
    """Whether two names may be the same company. A legal form may be missing; different forms mean two companies."""
    forms, others = _forms(company), _forms(other)
    return bare(company) == bare(other) and (forms == others or not (forms and others))


def says(words: str, text: str) -> bool:
    """Whether a text contains any word of this list in `rules.yaml`."""
    return bool(re.search("|".join(rules()["words"][words]), text, re.IGNORECASE | re.MULTILINE))


def stated(words: str, text: str) -> bool:
    """Whether a paper says this about its own licence, and not only in general terms."""
    found = re.finditer("|".join(rules()["words"][words]), text, re.IGNORECASE | re.MULTILINE)
    return any(not in_terms(text, each.start()) for each in found)


def _editorial(kind: str, text: str, papers: str, otherwise: str) -> str:
    """`otherwise`: the value on this platform if neither kind nor text says editorial."""
    if says("editorial", kind) or says("editorial_line", text):
        return "yes"
    return "mentioned" if stated("editorial", papers) else otherwise if kind else "unknown"


def _names(pattern: str | None, *texts: str) -> bool:
    """Whether kind or plan is one of those for which a platform's terms have such a clause."""
    return pattern is not None and any(re.search(pattern, text, re.IGNORECASE) for text in texts)


def _excludes(pattern: str | None, plan: str) -> str:
    if pattern is None:
        return "no"
    return _yes(re.search(pattern, plan, re.IGNORECASE)) if plan else "unknown"


def _lapse(case: Case, use: Use, days: int | None) -> str:
    """Whether the use began in the time that a plan allows; `days`: after its end, as the platform's terms say."""
    licence, ended, first_seen = case.file.licence, case.plan_ended, use.first_seen
    if licence.plan_ends:
        return _paid(ended, first_seen)
    if days is None or not (licence.plan or ended):
        return "none"
    grace = timedelta(days=days)
    if first_seen and ended:
        return "late" if first_seen > ended + grace else "in_time"
    if first_seen and licence.licensed_at and first_seen <= day_of(licence.licensed_at) + grace:
        return "in_time"  # whenever the subscription ended, it cannot have ended long before
    return "unknown"


def _paid(until: date | None, first_seen: date | None) -> str:
    """Whether the archive shows a paid plan on the day of use. A later receipt may be missing."""
    if not until or not first_seen:
        return "unknown"
    return "in_time" if first_seen <= until else "unpaid"


def _copies(made: int, allowed: int | None) -> str:
    if not made:
        return "none"
    return "unknown" if allowed is None else "over" if made > allowed else "within"


def _territory(used: str | None, text: str) -> str:
    if not used:
        return "none"
    return "within" if re.search(r"\bworld-?wide\b|\bweltweit\b", text, re.IGNORECASE) else "unknown"


def _yes_or_unread(names: Sequence[str], texts: Mapping[str, Sequence[str]]) -> str:
    return "yes" if any(page.strip() for name in names for page in texts.get(name, ())) else "unread"


# ---------------------------------------------------------------- places of facts


def _places(case: Case) -> dict[str, DocumentPlace]:
    licence = case.file.licence
    record = next((each.name for each in case.file.documents if each.kind is DocumentKind.RECORD), None)
    certificate = next((each.name for each in case.file.documents if each.kind is DocumentKind.CERTIFICATE), record)
    here = DocumentPlace(record)

    def said(words: Iterator[str]) -> DocumentPlace:
        return next((place for word in words if (place := _find(word, case.texts))), here)

    return {
        "preview": DocumentPlace(
            next((each.name for each in case.file.documents if each.kind is DocumentKind.PREVIEW), None)
        ),
        "comp": here,
        "platform": here,
        "licensed_at": said(_spellings(licence.licensed_at)),
        "licensee": said(iter(filter(None, [licence.licensee]))),
        "kind": said(iter(filter(None, [licence.kind]))),
        "plan": said(iter(filter(None, [licence.plan]))),
        "seat": said(iter(filter(None, [licence.seat]))),
        "certificate": DocumentPlace(
            certificate, 1 if certificate and case.texts.get(certificate) and _has_pages(certificate) else None
        ),
        "terms": DocumentPlace("terms" if case.terms else None),
        "assignment": DocumentPlace("ledger"),
        "secured": DocumentPlace("ledger"),
    }


def _has_pages(name: str) -> bool:
    """Whether people find something in a document by its page: not in a platform's data."""
    return not name.lower().endswith(".json")


def _find(words: str, texts: Mapping[str, Sequence[str]]) -> DocumentPlace | None:
    wanted = " ".join(words.casefold().split())
    for name, pages in texts.items():
        for number, page in enumerate(pages, 1):
            if wanted in " ".join(page.casefold().split()):
                return DocumentPlace(name, number if _has_pages(name) else None)
    return None


def _spellings(moment: Moment | None) -> Iterator[str]:
    """The spellings of a date in documents."""
    if moment is None:
        return
    day = day_of(moment)
    months = {"en": day.strftime("%B"), "short": day.strftime("%b")}
    yield day.isoformat()
    for month in months.values():
        yield f"{day.day} {month} {day.year}"
        yield f"{day.day:02} {month} {day.year}"
        yield f"{month} {day.day}, {day.year}"
        yield f"{month} {day.day:02}, {day.year}"
        yield f"{day.day}{_ordinal(day.day)} {month}, {day.year}"
        yield f"{month} {day.day}{_ordinal(day.day)}, {day.year}"
    yield f"{day:%d.%m.%Y}"
    yield f"{day.day}.{day.month}.{day.year}"
    yield f"{day:%d/%m/%Y}"
    yield f"{day:%m/%d/%Y}"


def _ordinal(number: int) -> str:
    return "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
