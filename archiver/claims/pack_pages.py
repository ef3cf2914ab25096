"""What a pack says in words, and its pages: HTML for Chromium to print. The words are data, in `wording.yaml`."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Protocol

from archiver.archive.verify import PROVEN, VerifyReport
from archiver.claims.facts import DocumentPlace, platform_of
from archiver.claims.redaction import RedactionRules
from archiver.claims.rule_engine import Assessment
from archiver.core.model import DocumentKind, Gap, GapReason, TermsReference, TermsRelation, iso
from archiver.provider import Confirm, ProviderInfo
from archiver.reading.letters import LetterKind
from archiver.reading.licence_json import ATTENDED_PREFIX, IMPORT_PREFIX, FiledDocument, LicenceFile
from archiver.reading.terminal_safe import printable
from archiver.reading.terms_json import TermsFile

LANGUAGES = ("en", "de")
MAX_TEXT_LENGTH = 60_000  # characters of one text on the pages behind the summary
LICENCES_PER_PAGE = 24  # licences of an overview page


class Demand(Protocol):
    """What a pack and its drafts need to know of a claim."""

    @property
    def claimant(self) -> str | None: ...
    @property
    def reference(self) -> str | None: ...
    @property
    def kind(self) -> LetterKind | None: ...
    @property
    def urls(self) -> Sequence[str]: ...
    @property
    def dated(self) -> date | None: ...
    @property
    def came(self) -> date | None: ...
    @property
    def deadline(self) -> date | None: ...
    @property
    def notice_deadline(self) -> date | None: ...


@cache
def _wording() -> Mapping[str, Any]:
    import yaml

    loaded: Mapping[str, Any] = yaml.safe_load(files("archiver.claims").joinpath("wording.yaml").read_text("utf-8"))
    return loaded


BY_HAND = {IMPORT_PREFIX: "imported_kinds", ATTENDED_PREFIX: "attended_kinds"}
"""How the names of documents begin that a person brought, and the wording that says what they are."""

BY_SOURCE = {"import": "imported", "attended": "attended"}
"""The wording for licences that no adapter fetched."""


@dataclass(frozen=True)
class PackWords:
    """The words of one language."""

    language: str

    def __call__(self, key: str, **facts: object) -> str:
        return str(_wording()[self.language][key]).format_map(facts) if facts else str(_wording()[self.language][key])

    def of(self, table: str, key: str) -> str:
        """A word out of a table: of kinds, reasons or names."""
        return str(_wording()[self.language][table][key])

    def table(self, name: str) -> Mapping[str, str]:
        """A whole table of words, by their keys."""
        found: Mapping[str, str] = _wording()[self.language][name]
        return found

    def moment(self, text: str | None) -> str | None:
        """`2021-07-15T15:46:34Z` or `2021-07-15` in words."""
        if not text:
            return None
        year, month, day = map(int, text[:10].split("-"))
        named = {"day": day, "month": _wording()[self.language]["months"][month - 1], "year": year}
        return self("moment", **named, time=text[11:16]) if "T" in text else self("day", **named)

    def month(self, text: str) -> str:
        """`2026-11` in words."""
        year, month = map(int, text.split("-"))
        return f"{_wording()[self.language]['months'][month - 1]} {year}"

    def document(self, document: FiledDocument) -> str:
        """What a document is. Those that no adapter fetched, but a person brought, are named so."""
        for prefix, kinds in BY_HAND.items():
            if document.name.startswith(prefix) and document.kind in _wording()["en"][kinds]:
                return self.of(kinds, document.kind)
        return self.of("kinds", document.kind)


def confirmation(confirm: Confirm, platform: str, words: PackWords) -> str:
    """How the platform confirms a licence, and who may ask, as far as that is known in this language."""
    if words.language == "de" and not confirm.german:
        return words("confirm_ask", platform=platform)
    how = confirm.how[:1].upper() + confirm.how[1:].rstrip(".")
    return words("confirm_how", how=how, who=confirm.who.rstrip("."), german=confirm.german)


@dataclass(frozen=True, kw_only=True)
class PackedLicence:
    """One licence as a pack tells of it. `withheld`: names of its newest files that stay with the sender.

    `inside`: what proof.pdf holds of a file, in words, by its name. `seat`: a number instead of a name.
    `picture`: the claimant's picture that shows the asset; `figures`: JPEGs to show, each with its caption's wording.
    """

    folder: str
    file: LicenceFile
    report: VerifyReport
    private: RedactionRules
    client_name: str
    provider_info: ProviderInfo | None
    terms: Sequence[tuple[TermsReference, TermsFile, str]]
    withheld: frozenset[str]
    inside: Mapping[str, str]
    picture: bytes | None
    figures: Sequence[tuple[bytes, str]]
    seat: int | None
    assigned_at: str | None

    @property
    def platform(self) -> str:
        title = platform_of(self.file.licence.asset.provider)["title"]
        return self.provider_info.title if self.provider_info else str(title)

    def title(self, words: PackWords) -> str:
        asset = self.file.licence.asset
        return self.clean(asset.title) or words("untitled", asset=self.clean(asset.asset_id))

    def clean(self, text: str | None) -> str:
        """One line of text that names nobody else."""
        return printable(" ".join(self.private.scrub(text, sums=False).split()))

    def licensee(self, words: PackWords) -> str:
        licensee = self.file.licence.licensee
        if licensee and "@" in licensee:
            return words("address")
        return self.clean(licensee) or words("unnamed")

    def licensed_on(self, words: PackWords) -> str:
        return words.moment(iso(self.file.licence.licensed_at)) or words("not_stated")

    def secured(self, words: PackWords) -> tuple[str, str]:
        """Since when all enclosed documents are secured, and what that means; each has a date of its own."""
        there = [each for each in self.report.documents if not each.withheld] or self.report.documents
        times = [each.secured_since for each in there if each.secured_since]
        since = words.moment(self.report.secured_since)
        if since is None and times:
            return words("partly_proven"), words("partly_proven_is")
        if since is None:
            return words("not_proven"), words("not_proven_is")
        later = "" if self.report.state == PROVEN else " " + words("later")
        first = words.moment(min(times, default=None))
        meaning = words("secured_since_is") if first == since else words("secured_span", first=first)
        return since, meaning + later

    def secured_document(self, words: PackWords, name: str, terms: str | None = None) -> str:
        """Since when one document, of the terms in this folder where one is named, is secured."""
        documents = self.report.documents if terms is None else self.report.terms.get(terms, [])
        since = next((each.secured_since for each in documents if each.name == name), None)
        packed = words.moment(since)
        return words("secured_document", since=packed) if packed else words("unproven_document")

    def rests_on(self, words: PackWords) -> str:
        source = self.file.provenance.get("source")
        if source in BY_SOURCE:
            return words(BY_SOURCE[source])
        kinds = {each.kind for each in self.file.documents}
        return words("certificate" if DocumentKind.CERTIFICATE in kinds else "record_only")

    def confirm(self, words: PackWords) -> str:
        if self.provider_info is None:
            return words("no_adapter", platform=self.platform)
        return confirmation(self.provider_info.confirm, self.provider_info.title, words)

    def facts(self, words: PackWords) -> dict[str, str]:
        """The rows of the summary's table, without those that nothing is known about."""
        licence = self.file.licence
        rows = {
            "licensee": self.licensee(words),
            "held_for": self.client_name,
            "kind": self.clean(licence.kind),
            "order": self.clean(licence.order),
            "licence_id": self.clean(licence.licence_id),
            "plan": self.clean(licence.plan),
            "contributor": self.clean(licence.asset.contributor),
            "seat": words("seat_number", number=self.seat) if self.seat else "",
        }
        return {words(key): value for key, value in rows.items() if value}

    def gaps(self, words: PackWords) -> list[str]:
        """What is missing and why, a sentence each; a certificate that is not there is always told of."""
        mentioned = [each.kind for each in self.file.documents] + [each.kind for each in self.file.gaps]
        silent = [] if DocumentKind.CERTIFICATE in mentioned else [words("no_certificate")]
        return silent + [
            f"{words.of('names', gap.kind)}: {words.of('reasons', gap.reason)}{self._detail(gap, words)}"
            for gap in self.file.gaps
        ]

    def _detail(self, gap: Gap, words: PackWords) -> str:
        """More about a gap, which adapters write in English; of whom to ask for a certificate `confirm` tells."""
        asked = gap.kind is DocumentKind.CERTIFICATE and gap.reason is GapReason.ON_REQUEST and self.provider_info
        return f" ({self.clean(gap.detail)})" if gap.detail and words.language == "en" and not asked else ""

    def terms_said(self, words: PackWords) -> list[str]:
        relations = {TermsRelation.AT_PURCHASE: "at_purchase", TermsRelation.LATER: "later_terms"}
        return [
            words(
                "terms_said",
                url=printable(said.url),
                seen=words.moment(iso(reference.seen_at)),
                relation=words(relations[reference.relation]),
                captured=words.moment(said.captured_at),
                sha256=said.text_sha256,
                secured=self.secured_document(words, "terms.txt", reference.id.rpartition(":")[2]),
            )
            for reference, said, _ in self.terms
        ]


# ---------------------------------------------------------------- HTML


@cache
def style() -> str:
    """The style sheet of all our printed pages."""
    return files("archiver.claims").joinpath("pack_pages.css").read_text("utf-8")


def document(words: PackWords, sections: Iterable[str]) -> str:
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        f"<!doctype html><html lang={words.language}><meta charset=utf-8>"
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{style()}</style>'
        f"<title>{escape(words('title'))}</title><body>{''.join(sections)}</body></html>"
    )


def _e(text: object) -> str:
    return escape(printable(str(text), keep="\n"))


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li dir=auto>{_e(line)}</li>' for line in lines)}</ul>"


def _image(jpeg: bytes) -> str:
    return f'<img src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" alt="">'


def _figure(jpeg: bytes, caption: str) -> str:
    return f"<figure>{_image(jpeg)}<figcaption>{_e(caption)}</figcaption></figure>"


def _header(words: PackWords, claim: Demand | None) -> str:
    about = ""
    if claim and claim.claimant:
        about = words("claim", claimant=claim.claimant, reference=claim.reference or "–")
    return f"<header><b>{_e(words('title'))}</b><span dir=auto class=clamp>{_e(about)}</span></header>"


def _watermark(words: PackWords, packed: Iterable[PackedLicence]) -> str:
    if all(each.report.evidence for each in packed):
        return ""
    return f"<div class=mark><span>{_e(words('not_evidence'))}</span></div>"


def _replay(words: PackWords, packed: PackedLicence) -> str:
    return "" if packed.report.evidence else f"<p class=replay>{_e(words('not_evidence'))}: {_e(words('replay'))}</p>"


def summary_page(packed: PackedLicence, words: PackWords, claim: Demand | None) -> str:
    """One page in plain words for a lay person."""
    since, since_is = packed.secured(words)
    pictures = [_figure(jpeg, words(caption)) for jpeg, caption in packed.figures]
    without = "" if any(caption != "their_picture" for _, caption in packed.figures) else words("no_picture")
    rows = "".join(
        f"<tr><th>{_e(name)}<td dir=auto><div class=clamp>{_e(value)}</div>"
        for name, value in packed.facts(words).items()
    )
    gaps, asset_id = packed.gaps(words), packed.clean(packed.file.licence.asset.asset_id)
    return f"""<section class=one-page>{_watermark(words, [packed])}{_header(words, claim)}{_replay(words, packed)}
      <h1 dir=auto>{_e(packed.title(words))}</h1>
      <p class=soft>{_e(words("asset", platform=packed.platform, asset=asset_id))}</p>
      {f"<p class=comp>{_e(words('comp'))}</p>" if packed.file.licence.comp else ""}
      <div class=pictures>{"".join(pictures)}</div>
      <p class=soft><small>{_e(without)}</small></p>
      <div class=dates>
        <div><h2>{_e(words("licensed_on"))}</h2><strong>{_e(packed.licensed_on(words))}</strong>
          <small>{_e(words("licensed_on_is"))}</small></div>
        <div><h2>{_e(words("secured_since"))}</h2><strong>{_e(since)}</strong><small>{_e(since_is)}</small></div>
      </div>
      <small>{_e(words("two_dates"))}</small>
      <div class=columns>
        <table>{rows}</table>
        <div>
          <section><h2>{_e(words("rests_on"))}</h2><p>{_e(packed.rests_on(words))}</p></section>
          <section class=part><h2>{_e(words("confirm"))}</h2><p>{_e(packed.confirm(words))}</p></section>
        </div>
      </div>
      <div class=columns>
        <section><h2>{_e(words("enclosed"))}</h2>{_list(_enclosed(packed, words))}</section>
        <section><h2>{_e(words("missing"))}</h2>{_list(gaps or [words("nothing_missing")])}</section>
      </div>
      <footer><p>{_e(words("limits"))}</p><p>{_e(words("check"))}</p></footer></section>"""


def verdict_page(packed: PackedLicence, words: PackWords, claim: Demand | None, assessed: Assessment) -> str:
    """For those who decide, and nobody else: the pictures, the verdict, and each finding with what it rests on."""
    rows = "".join(
        f"<tr><td class={each.verdict}><td dir=auto>{_e(each.messages[words.language])}"
        f"<td>{_e(basis_of(each.place, words))}"
        for each in assessed.findings
    )
    figures = "".join(_figure(jpeg, words(caption)) for jpeg, caption in packed.figures)
    return f"""<section class=flow>{_header(words, claim)}{_replay(words, packed)}
      <p class=comp>{_e(words("internal"))}</p>
      <h1 dir=auto>{_e(packed.title(words))}</h1><p class=soft>{_e(packed.folder)}</p>
      <div class=pictures>{figures}</div>
      <p class="verdict {assessed.verdict}">{_e(words.of("verdicts", assessed.verdict))}</p>
      <table class=findings>{rows}</table></section>"""


def basis_of(place: DocumentPlace, words: PackWords) -> str:
    """Where a finding's fact stands, in words; empty for nowhere."""
    document = words.table("places").get(place.document or "", place.document or "")
    return words("rests", document=document, page=place.page) if place.page else document


def _enclosed(packed: PackedLicence, words: PackWords) -> list[str]:
    """The kinds of documents that are enclosed, once each, what stays with the sender, and how many texts of terms."""
    kinds = {words.document(each): None for each in packed.file.documents if each.name not in packed.withheld}
    excerpted = (DocumentKind.RECORD, DocumentKind.RECEIPT)
    kept = [each for each in packed.file.documents if each.name in packed.withheld]
    excerpts = {words("excerpt", name=words.of("names", each.kind)): None for each in kept if each.kind in excerpted}
    others = {words("kept", name=words.of("names", each.kind)): None for each in kept if each.kind not in excerpted}
    terms = [f"{words('terms')} ({len(packed.terms)})"] if packed.terms else []
    return [*kinds, *excerpts, *terms, *others]


def overview_page(all_packed: Sequence[PackedLicence], words: PackWords, claim: Demand | None) -> str:
    """The first page of a pack of several licences: one line each."""
    rows = "".join(
        f"<tr><td dir=auto><div class=clamp>{_e(packed.title(words))}</div>"
        f"<small>{_e(packed.platform)} · {_e(packed.clean(packed.file.licence.asset.asset_id))}</small>"
        f"<td>{_e(packed.licensed_on(words))}<td>{_e(packed.secured(words)[0])}"
        for packed in all_packed[:LICENCES_PER_PAGE]
    )
    head = f"<tr><th>{_e(words('work'))}<th>{_e(words('licensed_on'))}<th>{_e(words('secured_since'))}"
    more = f"<p class=soft>… +{len(all_packed) - LICENCES_PER_PAGE}</p>" if len(all_packed) > LICENCES_PER_PAGE else ""
    return f"""<section class=one-page>{_watermark(words, all_packed)}{_header(words, claim)}
      <h1>{_e(words("overview", count=len(all_packed)))}</h1><table class=overview>{head}{rows}</table>{more}
      <section class=part><small>{_e(words("two_dates"))}</small></section>
      <footer><p>{_e(words("limits"))}</p><p>{_e(words("check"))}</p></footer></section>"""


def details_pages(packed: PackedLicence, words: PackWords) -> str:
    """Every file with its digest, and what is said of the terms."""
    rows = "".join(
        f"<tr><td dir=auto><b>{_e(each.name)}</b><br>{_e(words.document(each))}; "
        f"{_e(_whereabouts(packed, words, each.name))}; {_e(packed.secured_document(words, each.name))}"
        f"<div class=digest>SHA-512 {_e(each.sha512)}</div>"
        for each in packed.file.documents
    )
    return f"""<section class=flow>{_replay(words, packed)}<h2>{_e(words("details"))}</h2>
      <h1 dir=auto>{_e(packed.title(words))}</h1><p class=soft>{_e(packed.folder)}</p>
      <h2>{_e(words("documents"))}</h2><table>{rows}</table>
      <h2>{_e(words("terms"))}</h2>{_list(packed.terms_said(words) or [words("no_terms")])}
      {f"<p><small>{_e(words('terms_are'))}</small></p>" if packed.terms else ""}</section>"""


def _whereabouts(packed: PackedLicence, words: PackWords, name: str) -> str:
    if name in packed.withheld:
        return words("withheld_file")
    return packed.inside.get(name) or words("in_the_zip", reason=words("image_or_other"))


def text_pages(title: str, text: str, words: PackWords, of: str = "") -> str:
    """A text of ours or the platform's, as far as there is room for it; `of` tells of which licence."""
    cut = f"<p class=soft>{_e(words('cut'))}</p>" if len(text) > MAX_TEXT_LENGTH else ""
    text = re.sub(r"\n{3,}", "\n\n", text[:MAX_TEXT_LENGTH])
    about = f"<p class=soft>{_e(of)}</p>" if of else ""
    body = f"<div class=text dir=auto>{_e(text)}</div>"
    return f"<section class=flow><h1 dir=auto>{_e(title)}</h1>{about}{body}{cut}</section>"


# ---------------------------------------------------------------- texts


def claim_sheet(claim: Demand, words: PackWords) -> str:
    return words(
        "claim_sheet",
        claimant=claim.claimant or "–",
        reference=claim.reference or "–",
        urls="\n  ".join(["", *claim.urls]) if claim.urls else "–",
    )


def chain_sheet(packed: PackedLicence, words: PackWords) -> str:
    """From the platform to the user; what the licence is assigned by, where that is recorded."""
    return words(
        "chain",
        platform=packed.platform,
        licensee=packed.licensee(words),
        client=packed.client_name,
        assigned=words("assigned_at", at=words.moment(packed.assigned_at))
        if packed.assigned_at
        else words("own_account", client=packed.client_name),
    )


def dates_sheet(packed: PackedLicence, words: PackWords) -> str:
    since, since_is = packed.secured(words)
    documents = [f"{each.name}: {packed.secured_document(words, each.name)}" for each in packed.report.documents]
    documents += [
        f"{folder}/{each.name}: {packed.secured_document(words, each.name, folder)}"
        for folder, files in packed.report.terms.items()
        for each in files
    ]
    return words(
        "dates_sheet",
        licensed=packed.licensed_on(words),
        secured=since,
        secured_is=since_is,
        two_dates=words("two_dates"),
        documents="\n".join(f"  {each}" for each in documents),
    ) + "".join(
        f"\n{words('recovered', what=finding.path)}\n"
        for finding in packed.report.findings
        if finding.code == "recovered"
    )


def how_to_check(places: Iterable[str], words: PackWords) -> str:
    return words("how_to_check", objects="\n".join(f"     {place}/inventory.json" for place in places))
