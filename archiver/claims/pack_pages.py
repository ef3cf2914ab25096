"""What a pack says, in words from `wording.yaml`, and its pages: HTML from `templates/`, for Chromium to print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple, Protocol

from archiver.archive.checking.parts.archive_words import PROVEN
from archiver.archive.checking.parts.verify_report import VerifyReport
from archiver.browsing.page_templates import render
from archiver.claims.facts import DocumentPlace, platform_of
from archiver.claims.redaction import RedactionRules
from archiver.claims.rule_engine import Assessment
from archiver.claims.work_name import work_name
from archiver.core import localised
from archiver.core.model import DocumentKind, Gap, GapReason, TermsReference, TermsRelation, iso
from archiver.core.packaged_data import packaged_yaml
from archiver.provider import Confirm, ProviderInfo
from archiver.reading.letters import LetterKind
from archiver.reading.licence_json import ATTENDED_PREFIX, COMPANION_PREFIX, IMPORT_PREFIX, FiledDocument, LicenceFile
from archiver.reading.terminal_safe import printable
from archiver.reading.terms_json import TermsFile

LANGUAGES = ("en", "de")
Wording = dict[str, dict[str, str | dict[str, str]]]  # language -> key -> a text, or a table of texts
TEMPLATES = Path(__file__).with_name("templates")
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


BY_HAND = {IMPORT_PREFIX: "imported_kinds", ATTENDED_PREFIX: "attended_kinds", COMPANION_PREFIX: "companion_kinds"}
"""How the names of documents begin that a person brought, and the wording that says what they are."""

NAMING = (DocumentKind.CERTIFICATE, DocumentKind.RECORD, DocumentKind.RECEIPT, DocumentKind.CAPTURE)
"""The kinds of documents in which a platform or seller says what is licensed."""

BY_SOURCE = {"import": "imported", "attended": "attended", "companion": "companion"}
"""The wording for licences that no adapter fetched."""


@dataclass(frozen=True)
class PackWords:
    """The words of one language, out of the `wording.yaml` of a room."""

    language: str
    room: str = "archiver.claims"

    def __call__(self, key: str, **facts: object) -> str:
        text = str(self._all[key])
        return text.format_map(facts) if facts else text

    @property
    def _all(self) -> dict[str, str | dict[str, str]]:
        return packaged_yaml(Wording, self.room, "wording.yaml")[self.language]

    def of(self, table: str, key: str) -> str:
        """A word out of a table: of kinds, reasons or names."""
        return self.table(table)[key]

    def table(self, name: str) -> Mapping[str, str]:
        """A whole table of words, by their keys."""
        found = self._all[name]
        assert isinstance(found, dict)
        return found

    def moment(self, text: str | None) -> str | None:
        """`2021-07-15T15:46:34Z` or `2021-07-15` in words."""
        return localised.moment(text, self.language) or None

    def month(self, text: str) -> str:
        """`2026-11` in words."""
        return localised.month(text, self.language)

    def number(self, count: int) -> str:
        """`12,345`, `12.345`."""
        return localised.number(count, self.language)

    def count(self, key: str, number: int, **facts: object) -> str:
        """A text that depends on a number: `key_one` or `key_many`, the plural forms of English and German."""
        return self(f"{key}_{'one' if number == 1 else 'many'}", count=self.number(number), **facts)

    def document(self, document: FiledDocument) -> str:
        """What a document is. Those that no adapter fetched, but a person brought, are named so."""
        for prefix, kinds in BY_HAND.items():
            if document.name.startswith(prefix) and document.kind in self.table(kinds):
                return self.of(kinds, document.kind)
        return self.of("kinds", document.kind)

    def basis(self, place: DocumentPlace) -> str:
        """Where a finding's fact stands, in words; empty for nowhere."""
        document = self.table("places").get(place.document or "", place.document or "")
        return self("rests", document=document, page=place.page) if place.page else document


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

    @property
    def asset_id(self) -> str:
        return self.clean(self.file.licence.asset.asset_id)

    def title(self, words: PackWords) -> str:
        licence = self.file.licence
        asset = replace(licence.asset, title=self.clean(licence.asset.title), asset_id=self.asset_id)
        return work_name(asset, licence.licensed_at, words.language)

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
        meaning = words("secured_digests") if self.excerpts_only else meaning
        return since, meaning + later + self.qualified(words)

    def qualified(self, words: PackWords) -> str:
        """The first timestamp over all enclosed documents that a trusted list shows to be qualified; empty if none."""
        listed = [each for each in self.report.timestamps if each.country]
        after = [each for each in listed if each.time >= (self.report.secured_since or each.time)]
        if not after:
            return ""
        first = min(after)
        time, day = words.moment(first.time), words.moment(first.list_of)
        return " " + words("qualified_time", time=time, country=first.country, day=day)

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
        certificates = {each.name for each in self.file.documents if each.kind is DocumentKind.CERTIFICATE}
        if not certificates:
            return words("record_only")
        return words("certificate" if certificates - self.withheld else "certificate_kept")

    @property
    def excerpts_only(self) -> bool:
        """That no original is enclosed which names the licence: what can be read of it are the sender's excerpts."""
        return not any(each.kind in NAMING and each.name not in self.withheld for each in self.file.documents)

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

    @property
    def previewed(self) -> bool:
        """That a picture of the platform is among the figures."""
        return any(caption != "their_picture" for _, caption in self.figures)

    def enclosed(self, words: PackWords) -> list[str]:
        """The kinds of enclosed documents, once each, what stays with the sender, and the number of terms."""
        kinds = {words.document(each): None for each in self.file.documents if each.name not in self.withheld}
        excerpted = (DocumentKind.RECORD, DocumentKind.RECEIPT, DocumentKind.CERTIFICATE)
        kept = [each for each in self.file.documents if each.name in self.withheld]
        excerpts = {
            words("excerpt", name=words.of("names", each.kind)): None for each in kept if each.kind in excerpted
        }
        others = {words("kept", name=words.of("names", each.kind)): None for each in kept if each.kind not in excerpted}
        terms = [f"{words('terms')} ({len(self.terms)})"] if self.terms else []
        return [*kinds, *excerpts, *terms, *others]

    def place_of(self, words: PackWords, name: str) -> str:
        """Where a receiver finds a file of this licence."""
        if name in self.withheld:
            return words("withheld_file")
        return self.inside.get(name) or words("in_the_zip", reason=words("image_or_other"))


# ---------------------------------------------------------------- HTML


class TextPage(NamedTuple):
    """A text of ours or the platform's, as far as there is room for it; `of` names its licence."""

    title: str
    text: str
    of: str = ""

    @property
    def cut(self) -> bool:
        return len(self.text) > MAX_TEXT_LENGTH

    @property
    def shortened(self) -> str:
        return re.sub(r"\n{3,}", "\n\n", self.text[:MAX_TEXT_LENGTH])


def pack_html(
    words: PackWords,
    claim: Demand | None,
    licences: Sequence[PackedLicence] = (),
    texts: Sequence[TextPage] = (),
) -> str:
    """The pages of a pack: an overview of several licences, a summary and the details of each, and the texts."""
    about = about_claim(words, claim)
    return render(
        TEMPLATES / "pack.html", words=words, about=about, licences=licences, texts=texts, per_page=LICENCES_PER_PAGE
    )


def verdict_html(words: PackWords, claim: Demand | None, judged: Sequence[tuple[PackedLicence, Assessment]]) -> str:
    """The verdict on each licence, for the sender alone."""
    return render(TEMPLATES / "verdict.html", words=words, about=about_claim(words, claim), judged=judged)


def about_claim(words: PackWords, claim: Demand | None) -> str:
    if claim is None or not claim.claimant:
        return ""
    return words("claim", claimant=claim.claimant, reference=claim.reference or "–")


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
