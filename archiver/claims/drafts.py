"""Drafts of letters and statements about a licence, to check, complete and sign. Working papers, never evidence.

The texts are in `drafts.yaml`. Unknown facts are left out or left blank; nothing is guessed.
"""

from __future__ import annotations

import io
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NotRequired, TypedDict

from archiver.catalogue.views import by_date
from archiver.claims.facts import LANGUAGES, may_be_one, platform_of
from archiver.claims.pack_pages import Demand
from archiver.claims.pack_words import PackWords
from archiver.claims.redaction import with_short_codes
from archiver.claims.rule_engine import Assessment
from archiver.claims.work_name import numbered
from archiver.core.atomic_files import replace_file
from archiver.core.json_files import read_json, write_json
from archiver.core.model import day_of, iso
from archiver.core.packaged_data import packaged_yaml
from archiver.reading.licence_json import LicenceFile
from archiver.reading.terminal_safe import printable

BLANK = "________________"
DRAFTS_MADE = ".made.json"  # tells an untouched draft from one that a person edited


@dataclass(frozen=True)
class Draft:
    """One text; `paragraphs` without its heading."""

    name: str
    heading: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n\n".join([self.heading, *self.paragraphs]) + "\n"


@dataclass(frozen=True, kw_only=True)
class DraftContext:
    """The facts that the drafts about one licence may state. `secured` and `assigned` have the format of `iso`.

    `secured` is the date of the newest document. `secured_documents` has the date of each document, by name.

    `evidence` is false for an archive made from recordings; its drafts say so.
    """

    file: LicenceFile
    folder: str
    platform: str
    client: str
    assessed: Assessment
    agency: str | None = None
    claim: Demand | None = None
    secured: str | None = None
    secured_documents: Mapping[str, str | None] = field(default_factory=dict)
    assigned: str | None = None
    evidence: bool = True


class _When(TypedDict):
    verdicts: list[str]
    kinds: list[str]  # of letters
    platforms: NotRequired[list[str]]


class _DraftTexts(TypedDict):
    name: str
    needs: NotRequired[str]  # a fact
    when: _When
    paragraphs: list[dict[str, str | bool]]  # a text in each language; `counter`: it asks back; `blank`: see `fill_in`


class DraftData(TypedDict):
    """The content of `drafts.yaml`; texts by language."""

    heading: dict[str, str]
    processes: dict[str, dict[str, str]]
    run: dict[str, str]
    drafts: list[_DraftTexts]


def _texts() -> DraftData:
    return packaged_yaml(DraftData, "archiver.claims", "drafts.yaml")


def drafts(matter: DraftContext, language: str, *, counter_requests: bool = True) -> list[Draft]:
    """The drafts that fit the case. An uncovered use or an Abmahnung gets a checklist and never a reply."""
    kind = matter.claim.kind.value if matter.claim and matter.claim.kind else "demand" if matter.claim else "none"
    words = PackWords(language)
    facts = _facts(matter, words)
    heading = draft_heading(language, evidence=matter.evidence)
    made = []
    for each in _texts()["drafts"]:
        when = each["when"]
        provider = matter.file.licence.asset.provider
        if (
            matter.assessed.verdict.value in when["verdicts"]
            and kind in when["kinds"]
            and provider in when.get("platforms", [provider])
            and each.get("needs", "asset") in facts
        ):
            chosen = [p for p in each["paragraphs"] if counter_requests or not p.get("counter")]
            filled = (fill_in(str(p[language]), facts, blank=bool(p.get("blank"))) for p in chosen)
            paragraphs = filter(None, filled)
            made.append(Draft(each["name"], heading, tuple(paragraphs)))
    return made


def draft_heading(language: str, *, evidence: bool) -> str:
    """The line above each draft. Drafts from an archive of recordings say so."""
    heading = _texts()["heading"][language]
    return heading if evidence else f"{heading} {PackWords(language)('not_evidence')}."


def fill_in(text: str, facts: Mapping[str, str], *, blank: bool = False) -> str | None:
    """The text with its {facts}; None if one is unknown, unless `blank` leaves a line for it."""
    wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    if not blank and any(name not in facts for name in wanted):
        return None
    return text.format_map({name: facts.get(name, BLANK) for name in wanted})


def _facts(matter: DraftContext, words: PackWords) -> dict[str, str]:
    licence, claim = with_short_codes(matter.file.licence), matter.claim
    licensee = None if "@" in (licence.licensee or "") else licence.licensee  # never publish an account's address

    def day(text: str | None) -> str | None:
        return words.moment(text[:10]) if text else None

    who = {
        "en": f"We are {matter.agency} and work for {matter.client}." if matter.agency else f"We are {matter.client}.",
        "de": f"Wir sind {matter.agency} und arbeiten für {matter.client}."
        if matter.agency
        else f"Wir sind {matter.client}.",
    }
    theirs = licensee and may_be_one(licensee, matter.client)
    licensed = day(iso(licence.licensed_at and day_of(licence.licensed_at)))
    fetched = matter.file.provenance.get("source") == "adapter"  # not imported by a person
    known: dict[str, str | None] = {
        "fetched_from": "the account's history at the platform" if fetched else None,
        "from_en": f", received by us from {matter.platform}," if fetched else "",
        "from_de": f", uns von {matter.platform} zugegangen," if fetched else "",
        "asset": licence.asset.asset_id,
        **{f"work_{language}": numbered(licence.asset, language) for language in LANGUAGES},
        "platform": matter.platform,
        "licensed": licensed,
        "licensed_en": f", licensed on {licensed}" if licensed else "",
        "licensed_de": f", lizenziert am {licensed}" if licensed else "",
        "sold": None if platform_of(licence.asset.provider, licence.kind or "").get("free_site") == "yes" else "yes",
        "licensee": licensee,
        "licence_id": licence.licence_id,
        "client": matter.client,
        "agency": matter.agency or None,
        "assigns": None if theirs else matter.agency or None,
        "folder": matter.folder,
        **{f"secured_{language}": _secured(matter, language) for language in LANGUAGES},
        **{f"process_{language}": _process(matter, language) for language in LANGUAGES},
        "unrecorded": None if _process(matter, "en") else BLANK,
        "assigned": day(matter.assigned),
        "who": who[words.language],
        "business": matter.agency or BLANK,
        "order_en": f", order {licence.order}" if licence.order else "",
        "order_de": f", Bestellung {licence.order}" if licence.order else "",
        "kind_en": f", licence {licence.kind}" if licence.kind else "",
        "kind_de": f", Lizenz {licence.kind}" if licence.kind else "",
        "licensee_en": f", to {licensee}" if licensee else "",
        "licensee_de": f", an {licensee}" if licensee else "",
    }
    if claim:
        known |= _of_claim(claim, day)
    return {name: printable(value) for name, value in known.items() if value is not None}


def _of_claim(claim: Demand, day: Callable[[str | None], str | None]) -> dict[str, str | None]:
    """The facts of the letter; `day` writes a date in words."""
    return {
        "claimant": claim.claimant,
        "reference": claim.reference,
        "received": day(iso(claim.came)),
        **_letter_said(claim, day(iso(claim.dated or claim.came))),
        "deadline": day(iso(claim.deadline)),
        "notice": day(iso(claim.notice_deadline)),
    }


def _secured(matter: DraftContext, language: str) -> str | None:
    """The date or dates on which the documents are known to have existed; None if some have none."""
    dated, words = by_date(matter.secured_documents), PackWords(language)
    if matter.secured is None or len(dated) < 2:
        return words.moment(matter.secured)
    both = {"en": " and ", "de": " und "}[language]
    return both.join(f"{words.moment(since)} ({', '.join(names)})" for since, names in dated.items())


def _process(matter: DraftContext, language: str) -> str | None:
    """How the licence came into the archive, by its provenance; None if the provenance does not say it."""
    provenance = matter.file.provenance
    at, tool = provenance.get("captured_at"), provenance.get("tool")
    text = _texts()["processes"].get(str(provenance.get("source")), {}).get(language)
    if not (text and at and tool):
        return None
    run = _texts()["run"][language].format(run=provenance["run"]) if provenance.get("run") else ""
    number = str(tool).removeprefix("archiver ")
    return text.format(platform=matter.platform, at=PackWords(language).moment(str(at)), tool=number, run=run)


def _letter_said(claim: Demand, enquired: str | None) -> dict[str, str]:
    """Parts of sentences about the letter; empty if the letter does not say it."""
    url, case = next(iter(claim.urls), None), claim.reference
    of_en, of_de = (f" of {enquired}", f" vom {enquired}") if enquired else ("", "")
    return {
        "of_day_en": of_en,
        "of_day_de": of_de,
        "writer_en": claim.claimant or f"The writer of the letter{of_en}",
        "writer_de": claim.claimant or f"Wer das Schreiben{of_de} sandte,",
        "on_page_en": f" on {url}" if url else "",
        "on_page_de": f" auf {url}" if url else "",
        "case_en": f" {case}" if case else "",
        "case_de": f" {case}" if case else "",
        "with_case_en": f", reference {case}" if case else "",
        "with_case_de": f", Zeichen {case}" if case else "",
    }


def write_drafts(folder: Path, made: Iterable[Draft]) -> list[Path]:
    """Write each draft as text and as DOCX, for this user only. Returns the written files.

    Drafts of an earlier time are replaced, or removed if they no longer fit. A file that a person edited stays.
    """
    from docx import Document

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ours, kept, written = _drafts_made(folder), dict[str, str](), list[Path]()
    for draft in made:
        document = Document()
        document.core_properties.author = document.core_properties.comments = ""
        document.add_paragraph().add_run(draft.heading).bold = True
        for paragraph in draft.paragraphs:
            document.add_paragraph(paragraph)
        whole = io.BytesIO()
        document.save(whole)
        for name, content in ((f"{draft.name}.txt", draft.text.encode()), (f"{draft.name}.docx", whole.getvalue())):
            path = folder / name
            if not path.exists() or _digest(path) == ours.get(name):
                replace_file(path, content)
                written.append(path)
                kept[name] = _digest(path)
    for name in ours.keys() - kept.keys():
        if (folder / name).is_file() and _digest(folder / name) == ours[name]:
            (folder / name).unlink()
    write_json(folder / DRAFTS_MADE, kept)
    return written


def _drafts_made(folder: Path) -> dict[str, str]:
    """The drafts that we wrote, with their digests, by file name; empty if nothing says so."""
    found = read_json(folder / DRAFTS_MADE)
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(name): str(digest) for name, digest in pairs if Path(name).name == name}


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
