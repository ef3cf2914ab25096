"""A paper that came later than the others has its own date in every text, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archiver.archive.checking.parts.verify_report import DatedDocument, VerifyReport
from archiver.catalogue.views import in_words
from archiver.claims import pack_pages
from archiver.claims.drafts import drafts
from archiver.claims.pack_pages import PackedLicence
from archiver.claims.pack_words import PackWords
from archiver.claims.redaction import RedactionRules
from archiver.claims.rule_engine import assess
from tests.support.claims_kit import CASE, MATTER, USE

FIRST, LATER = "2026-11-24T05:33:00Z", "2026-11-26T06:06:00Z"
BOTH = {"record.json": FIRST, "certificate.pdf": LATER}


def told(record: str | None, certificate: str | None, *, withheld: bool = False) -> PackedLicence:
    """A licence of two documents, with these dates; the certificate may be withheld."""
    documents = [
        DatedDocument("certificate.pdf", "", "v2", certificate, withheld),
        DatedDocument("record.json", "", "v1", record),
    ]
    since = record if withheld else record and certificate
    report = VerifyReport("x", "PROVEN", secured_since=since, documents=documents)
    return PackedLicence(
        folder="x", file=CASE.file, report=report, private=RedactionRules(file=CASE.file), client_name="Acme Ltd",
        provider_info=None, terms=(), withheld=frozenset(), inside={}, picture=None, figures=(), seat=None,
        assigned_at=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "first", "later"),
    [
        ("en", "secured since 24 November 2026, 05:33 UTC", "secured since 26 November 2026, 06:06 UTC"),
        ("de", "gesichert seit 24. November 2026, 05:33 UTC", "gesichert seit 26. November 2026, 06:06 UTC"),
    ],
)
def test_pages_date_each_document_and_the_licence_by_its_newest(language: str, first: str, later: str) -> None:
    words, licence = PackWords(language), told(FIRST, LATER)
    since, meaning = licence.secured(words)
    assert since in later and first in meaning
    sheet = pack_pages.dates_sheet(licence, words)
    pages = pack_pages.pack_html(words, None, [licence, licence])
    overview, summary, _, details = pages.split("<footer>")
    assert f"certificate.pdf: {later}" in sheet and f"record.json: {first}" in sheet
    assert details.index("record.json") < details.index(first) < details.index("certificate.pdf") < details.index(later)
    assert since in overview and since in summary
    assert told(FIRST, FIRST).secured(words) == told(FIRST, LATER, withheld=True).secured(words)
    assert told(FIRST, None).secured(words)[0] == words("partly_proven")
    assert words("unproven_document") in pack_pages.dates_sheet(told(FIRST, None), words)
    assert told(None, None).secured(words)[0] == words("not_proven")


def test_the_rule_the_drafts_and_find_say_it_of_each_document() -> None:
    def said(**case: object) -> str:
        findings = assess(replace(CASE, **case), USE).findings  # type: ignore[arg-type]  # by name
        return next(each.messages["en"] for each in findings if each.rule == "date_proven")

    dated = "2026-11-24 05:33 UTC (record.json) and 2026-11-26 06:06 UTC (certificate.pdf)"
    assert f"unchanged since {dated}. A" in said(secured_since=LATER, secured_documents=BOTH)
    assert "since 2026-11-26. A" in said(secured_since=LATER, secured_documents=dict.fromkeys(BOTH, LATER))
    partly = said(secured_since=None, secured_documents=BOTH | {"certificate.pdf": None})
    assert "only some of the documents, since 2026-11-24 05:33 UTC (record.json)" in partly
    matter = replace(MATTER, secured=LATER, secured_documents=BOTH)
    made = "\n".join(each.text for each in drafts(matter, "en"))
    assert "on 24 November 2026, 05:33 UTC (record.json) and 26 November 2026, 06:06 UTC (certificate.pdf)." in made
    assert in_words(BOTH) == f"secured since {FIRST} (record.json) and {LATER} (certificate.pdf)"
    assert in_words(BOTH | {"certificate.pdf": None}).endswith("(record.json); not yet by a timestamp: certificate.pdf")
    assert in_words(dict.fromkeys(BOTH)) == "not yet secured by a timestamp"
