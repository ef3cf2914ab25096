"""Letters and statements about a licence, for a person to check, complete and sign. Working papers, never evidence.

The texts are data, in `drafts.yaml`. What the facts do not hold is left out or left blank; nothing is guessed.
"""

from __future__ import annotations

import io
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from archiver.domain import iso
from archiver.proof.assess import Assessment
from archiver.proof.facts import day_of
from archiver.proof.pages import Demand, Words
from archiver.reading.licence_json import LicenceFile
from archiver.reading.printable import printable

BLANK = "________________"
REPLY_WORDS = 150  # of a reply, at the most


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
class Matter:
    """What the drafts about one licence may state. `secured` and `assigned`: as `iso` writes them."""

    file: LicenceFile
    folder: str
    platform: str
    client: str
    assessed: Assessment
    agency: str | None = None
    claim: Demand | None = None
    secured: str | None = None
    assigned: str | None = None


@cache
def _texts() -> Mapping[str, Any]:
    import yaml

    loaded: Mapping[str, Any] = yaml.safe_load(files("archiver.proof").joinpath("drafts.yaml").read_text("utf-8"))
    return loaded


def drafts(matter: Matter, language: str, *, counter_requests: bool = True) -> list[Draft]:
    """The drafts that fit. A use that is not covered, and a German Abmahnung, get a checklist and never a reply."""
    kind = matter.claim.kind.value if matter.claim and matter.claim.kind else "demand" if matter.claim else "none"
    facts = _facts(matter, Words(language))
    made = []
    for each in _texts()["drafts"]:
        when = each["when"]
        provider = matter.file.licence.asset.provider
        if (
            matter.assessed.verdict.value in when["verdicts"]
            and kind in when["kinds"]
            and provider in when.get("platforms", [provider])
        ):
            told = [p for p in each["paragraphs"] if counter_requests or not p.get("counter")]
            paragraphs = filter(None, (_filled(p[language], facts, blank=p.get("blank", False)) for p in told))
            made.append(Draft(each["name"], _texts()["heading"][language], tuple(paragraphs)))
    return made


def _filled(text: str, facts: Mapping[str, str], *, blank: bool) -> str | None:
    wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    if not blank and any(name not in facts for name in wanted):
        return None
    return text.format_map({name: facts.get(name, BLANK) for name in wanted})


def _facts(matter: Matter, words: Words) -> dict[str, str]:
    licence, claim = matter.file.licence, matter.claim
    licensee = None if "@" in (licence.licensee or "") else licence.licensee  # an account's address goes nowhere

    def day(text: str | None) -> str | None:
        return words.moment(text[:10]) if text else None

    who = {
        "en": f"We manage {matter.client}'s website." if matter.agency else f"We are {matter.client}.",
        "de": f"Wir betreuen die Website von {matter.client}." if matter.agency else f"Wir sind {matter.client}.",
    }
    fetched = matter.file.provenance.get("source") == "adapter"  # not brought by a person
    known: dict[str, str | None] = {
        "fetched_from": "the account's history at the platform" if fetched else None,
        "from_en": f", received by us from {matter.platform}," if fetched else "",
        "from_de": f", uns von {matter.platform} zugegangen," if fetched else "",
        "asset": licence.asset.asset_id,
        "platform": matter.platform,
        "licensed": day(iso(licence.licensed_at and day_of(licence.licensed_at))),
        "licensee": licensee,
        "licence_id": licence.licence_id,
        "client": matter.client,
        "agency": matter.agency,
        "folder": matter.folder,
        "secured": words.moment(matter.secured),
        "assigned": day(matter.assigned),
        "who": who[words.language],
        "business": matter.agency,
        "order_en": f", order {licence.order}" if licence.order else "",
        "order_de": f", Bestellung {licence.order}" if licence.order else "",
        "kind_en": f", licence {licence.kind}" if licence.kind else "",
        "kind_de": f", Lizenz {licence.kind}" if licence.kind else "",
        "licensee_en": f", to {licensee}" if licensee else "",
        "licensee_de": f", an {licensee}" if licensee else "",
    }
    if claim:
        known |= {
            "claimant": claim.claimant,
            "reference": claim.reference,
            "url": next(iter(claim.urls), None),
            "received": day(iso(claim.received)),
            "enquired": day(iso(claim.dated or claim.received)),
            "deadline": day(iso(claim.deadline)),
            "notice": day(iso(claim.notice_deadline)),
        }
    return {name: printable(value) for name, value in known.items() if value is not None}


def write_drafts(folder: Path, made: Iterable[Draft]) -> list[Path]:
    """Write each draft as text and as DOCX, for this user only; returns what was written.

    What is there already stays as it is: a person may have worked on it.
    """
    from docx import Document

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = []
    for draft in made:
        text, document = folder / f"{draft.name}.txt", Document()
        document.core_properties.author = document.core_properties.comments = ""
        document.add_paragraph().add_run(draft.heading).bold = True
        for paragraph in draft.paragraphs:
            document.add_paragraph(paragraph)
        whole = io.BytesIO()
        document.save(whole)
        for path, content in ((text, draft.text.encode()), (text.with_suffix(".docx"), whole.getvalue())):
            if not path.exists():
                path.touch(mode=0o600)
                path.write_bytes(content)
                written.append(path)
    return written
