"""Drafts of letters and statements about a licence, to check, complete and sign. Working papers, never evidence.

The texts are in `drafts.yaml`. Unknown facts are left out or left blank; nothing is guessed.
"""

from __future__ import annotations

import io
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
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
    phrases: dict[str, dict[str, list[str]]]
    drafts: list[_DraftTexts]


def _texts() -> DraftData:
    return packaged_yaml(DraftData, "archiver.claims", "drafts.yaml")


def drafts(matter: DraftContext, language: str, *, counter_requests: bool = True) -> list[Draft]:
    """The drafts that fit the case. An uncovered use and a lawyer's case get a checklist and never a reply."""
    kind = _kind_of(matter.claim)
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


def _kind_of(claim: Demand | None) -> str:
    """The kind of letter, as `drafts.yaml` names it: all papers of courts are one."""
    if claim is None or claim.kind is None:
        return "demand" if claim else "none"
    return "court" if claim.kind.court_paper else claim.kind.value


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
    """Each fact in the language of `words`, and in each language those that end in its code. None is left out."""
    phrased = {
        f"{name}_{language}": text
        for language in LANGUAGES
        for known in [_known(matter, PackWords(language))]
        for name, text in [
            *((name, _first(texts[language], known)) for name, texts in _texts()["phrases"].items()),
            *((name, known[name]) for name in ("work", "secured", "process") if name in known),
        ]
    }
    return _known(matter, words) | phrased


def _first(phrases: Iterable[str], known: Mapping[str, str]) -> str:
    """The first phrase whose facts are known; empty if there is none."""
    return next(filter(None, (fill_in(phrase, known) for phrase in phrases)), "")


def _known(matter: DraftContext, words: PackWords) -> dict[str, str]:
    """What is known, by name, in the language of `words`."""
    licence = with_short_codes(matter.file.licence)
    licensee = None if "@" in (licence.licensee or "") else licence.licensee  # never publish an account's address
    agency = matter.agency or None
    theirs = licensee and may_be_one(licensee, matter.client)
    fetched = matter.file.provenance.get("source") == "adapter"  # not imported by a person
    process = _process(matter, words.language)
    known: dict[str, str | None] = {
        "fetched_from": "the account's history at the platform" if fetched else None,
        "fetched_at": matter.platform if fetched else None,
        "asset": licence.asset.asset_id,
        "work": numbered(licence.asset, words.language),
        "platform": matter.platform,
        "licensed": _day(licence.licensed_at and day_of(licence.licensed_at), words),
        "sold": None if platform_of(licence.asset.provider, licence.kind or "").get("free_site") == "yes" else "yes",
        "licensee": licensee,
        "licence_id": licence.licence_id,
        "order": licence.order or None,
        "kind": licence.kind or None,
        "client": matter.client,
        "agency": agency,
        "assigns": None if theirs else agency,
        "folder": matter.folder,
        "secured": _secured(matter, words),
        "process": process,
        "unrecorded": None if process else BLANK,
        "assigned": words.moment(matter.assigned[:10]) if matter.assigned else None,
        "business": agency or BLANK,
        "sender": agency or matter.client,
    }
    if claim := matter.claim:
        known |= {
            "claimant": claim.claimant,
            "reference": claim.reference,
            "url": next(iter(claim.urls), None),
            "dated": _day(claim.dated, words),
            "received": _day(claim.came, words),
            "deadline": _day(claim.deadline, words),
            "notice": _day(claim.notice_deadline, words),
        }
        if court := claim.kind and claim.kind.court_paper:
            known |= {"court": court["name"][words.language], "act": court["act"][words.language]}
    return {name: printable(value) for name, value in known.items() if value}


def _day(day: date | None, words: PackWords) -> str | None:
    return words.moment(iso(day)) if day else None


def _secured(matter: DraftContext, words: PackWords) -> str | None:
    """The date or dates on which the documents are known to have existed; None if some have none."""
    dated = by_date(matter.secured_documents)
    if matter.secured is None or len(dated) < 2:
        return words.moment(matter.secured)
    both = {"en": " and ", "de": " und "}[words.language]
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
