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
from archiver.claims.facts import platform_of
from archiver.claims.pack_words import PackWords, confirmation
from archiver.claims.redaction import RedactionRules
from archiver.claims.rule_engine import Assessment
from archiver.claims.work_name import work_name
from archiver.core.model import DocumentKind, Gap, GapReason, TermsReference, TermsRelation, iso
from archiver.provider import ProviderInfo
from archiver.reading.letters import LetterKind
from archiver.reading.licence_json import LicenceFile
from archiver.reading.stated_values import StatedValue, ValueOrigin, stated_value
from archiver.reading.terminal_safe import printable
from archiver.reading.terms_json import TermsFile

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


NAMING = (DocumentKind.CERTIFICATE, DocumentKind.RECORD, DocumentKind.RECEIPT, DocumentKind.CAPTURE)
"""The kinds of documents in which a platform or seller says what is licensed."""

BY_SOURCE = {"import": "imported", "attended": "attended", "companion": "companion"}
"""The wording for licences that no adapter fetched."""


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

    def licensed_on_is(self, words: PackWords) -> str:
        """Who says the date, and what the documents say instead."""
        stated = stated_value(self.file, "licensed_at")
        if stated.value is None:
            return ""
        origin = words.of("origins", stated.origin).format_map(self._source(stated, words))
        return " ".join([origin, *self._elsewhere(stated, words, date=True)])

    def said(self, name: str, value: str, words: PackWords) -> str:
        """A value as it is shown, with the person who stated it, where no platform and no paper did."""
        stated = stated_value(self.file, name)
        if stated.origin is not ValueOrigin.PERSON:
            return value
        return " ".join(
            [words("stated_by", value=value, **self._source(stated, words)), *self._elsewhere(stated, words)]
        )

    def _source(self, stated: StatedValue, words: PackWords) -> dict[str, str]:
        on = words.moment(stated.on and stated.on[:10]) or words("not_stated")
        document = self.clean(stated.document) or words.of("names", "record")
        return {"document": document, "by": self.clean(stated.by), "on": on}

    def _elsewhere(self, stated: StatedValue, words: PackWords, *, date: bool = False) -> list[str]:
        said = {
            self.clean(name): (words.moment(text) or "") if date and text else self.clean(text)
            for name, text in stated.elsewhere.items()
        }
        return [
            words("elsewhere", document=name, value=text) if text else words("not_in", document=name)
            for name, text in said.items()
        ]

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
            "licensee": self.said("licensee", self.licensee(words), words),
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
        licensed_is=packed.licensed_on_is(words),
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
