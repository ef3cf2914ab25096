"""A report told to the letter: what is there is named, and what is not there is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archiver.archive.checking.parts.archive_words import NOT_EVIDENCE, Finding
from archiver.archive.checking.parts.verify_report import (
    AnchorStatement,
    DatedDocument,
    TimestampStatement,
    Trust,
    VerifyReport,
    newest,
    secured_since,
)

OWN = "by a root in the archive itself"
NOW, LATER, LATEST = "2026-11-24T00:00:00Z", "2026-11-24T00:00:01Z", "2026-11-25T00:00:00Z"


def dated(since: str | None, name: str = "a.pdf", *, withheld: bool = False) -> DatedDocument:
    return DatedDocument(name, "00", "v1", since, withheld)


@pytest.mark.parametrize(
    ("documents", "date"),
    [
        ([], None), ([dated(NOW)], NOW), ([dated(LATER), dated(NOW)], LATER), ([dated(NOW), dated(None)], None),
        ([dated(NOW), dated(LATER, withheld=True)], NOW), ([dated(NOW), dated(None, withheld=True)], NOW),
        ([dated(NOW, withheld=True), dated(LATER, withheld=True)], LATER),
    ],
)  # fmt: skip
def test_several_documents_have_the_date_of_the_newest(documents: list[DatedDocument], date: str | None) -> None:
    assert secured_since(documents) == date
    assert newest([]) is None


def test_what_a_document_and_a_key_say() -> None:
    assert str(dated(NOW)) == f"a.pdf: secured since {NOW}"
    assert str(dated(None, "a\nb", withheld=True)) == r"a\nb: not proven yet (withheld by the sender)"
    assert not DatedDocument("a", "", "v1", None).withheld
    assert str(Trust("key", "ab", supplied=True)) == "key sha256:ab (supplied)"
    assert str(Trust("key", "ab", supplied=False)) == "key sha256:ab (only found in the archive)"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            TimestampStatement(NOW, "1.2", False),
            "policy 1.2: does not state to be qualified; not shown to be qualified",
        ),
        (
            TimestampStatement(NOW, "", True),
            "policy unknown: states that it is qualified in the EU; not shown to be qualified: no trusted list that "
            "shows it is kept here",
        ),
        (
            TimestampStatement(NOW, "1.2", True, "AT", NOW, "ab"),
            "policy 1.2: states that it is qualified in the EU; qualified according to the trusted list of AT of "
            "2026-11-24 (kept, sha256:ab), as the archive that kept the list states",
        ),
        (
            TimestampStatement(NOW, "1.2", True, "AT", LATER, "ab"),
            "policy 1.2: states that it is qualified in the EU; qualified according to the trusted list of AT of "
            "2026-11-24 (issued after it, with the history of its service) (kept, sha256:ab), as the archive that kept "
            "the list states",
        ),
    ],
)
def test_what_a_timestamp_says_of_itself(said: TimestampStatement, told: str) -> None:
    assert str(said) == f"timestamp of {NOW}, {told}"


@pytest.mark.parametrize(
    ("anchor", "told"),
    [
        (AnchorStatement(3, "cosignature", "W", "w+1", NOW, ""),
         f"the witness W states that at {NOW} it had seen nothing that contradicts it; that is its word, no trusted "
         "timestamp. Its key came with it: w+1"),
        (AnchorStatement(3, "pending", "C", "", None, ""),
         "C has promised to put it into a Bitcoin block; this proves no time yet"),
        (AnchorStatement(3, "bitcoin", "9", "", NOW, "ab"),
         f"Bitcoin block 9 of {NOW} contains it, by the headers that you supplied"),
        (AnchorStatement(3, "bitcoin", "9", "", None, "ab"),
         "OpenTimestamps leads to Bitcoin block 9; not checked here whether block 9 has the Merkle root ab (--headers "
         "does it)"),
    ],
)  # fmt: skip
def test_what_an_anchor_says(anchor: AnchorStatement, told: str) -> None:
    assert str(anchor) == f"anchor of checkpoint 3: {told}"


def test_an_empty_report_says_nothing_more() -> None:
    report = VerifyReport("acme")
    assert report.as_json() == {
        "client": "acme", "state": "UNPROVEN", "scope": "all", "licences": 0, "objects": 0, "erased": 0,
        "checkpoint": None, "secured_since": None, "evidence": True, "findings": [],
        "compared": [], "verdict": "UNPROVEN", "trust": None,
    }  # fmt: skip
    assert report.as_text().splitlines() == [
        "acme: UNPROVEN",
        "  0 licences, 0 objects, newest checkpoint none",
        "  secured since: not proven yet",
    ]
    replayed = replace(report, evidence=False).as_text().splitlines()
    headline, *others = report.as_text().splitlines()
    said = headline.replace("UNPROVEN", "NOT EVIDENCE, UNPROVEN")
    assert replayed == [NOT_EVIDENCE, said, *others, NOT_EVIDENCE]


def test_a_full_report_says_all() -> None:
    report = VerifyReport(
        "acme", "PROVEN", 1, 2, 3, 4, LATER, findings=[Finding("remark", "a", "b")], trust=[Trust("key", "ab", True)],
        unproven="rest", dates_by="openssl", extends="extends x", compared=["a disk", "b\nc"],
        licensed_at="2026-11-01", documents=[dated(NOW)],
        terms={"t": [dated(LATER)]}, timestamps=[TimestampStatement(NOW, "1.2", False)], lists_read=5,
        anchors=[AnchorStatement(3, "pending", "C", "", None, "")],
    )  # fmt: skip
    assert report.as_text().splitlines() == [
        f"acme: PROVEN ({OWN})",
        "  1 licences, 2 objects, 3 erased, newest checkpoint 4",
        "  licensed on 2026-11-01, as the platform's document says",
        f"  secured since: {LATER}, as a trusted timestamp proves",
        f"    a.pdf: secured since {NOW}",
        f"    terms/t/a.pdf: secured since {LATER}",
        "  rest",
        "  extends x",
        "  compared with a disk",
        r"  compared with b\nc",
        "  dates checked by openssl",
        f"  {report.timestamps[0]}",
        f"  {report.anchors[0]}",
        "  trusted lists read again: 5 statements hold",
        "  trusting key sha256:ab (supplied)",
        "  note: a: b [remark]",
    ]
    described = report.as_json()
    assert described["compared"] == ["a disk", "b\nc"]
    assert described["findings"] == [{"code": "remark", "path": "a", "message": "b"}]
    assert described["documents"] == [vars(dated(NOW))] and described["terms"] == {"t": [vars(dated(LATER))]}
    assert described["timestamps"][0]["time"] == NOW and described["anchors"][0]["by"] == "C"


@pytest.mark.parametrize(
    ("since", "documents", "told"),
    [
        (NOW, [NOW, NOW], f"{NOW}, as a trusted timestamp proves"),
        (LATER, [NOW, LATER], f"{LATER}, as a trusted timestamp proves; this is the date of the newest document"),
        (None, [NOW, None], "not proven yet for all documents"), (None, [None, None], "not proven yet"),
    ],
)  # fmt: skip
def test_a_date_that_not_all_documents_have_is_told_as_the_newest(
    since: str | None, documents: list[str | None], told: str
) -> None:
    report = VerifyReport("acme", secured_since=since, documents=[dated(each) for each in documents])
    assert report.as_text().splitlines()[2] == f"  secured since: {told}"


@pytest.mark.parametrize(
    ("scope", "elsewhere", "told"),
    [
        ("all", 0, f"PROVEN ({OWN})"), ("all", 1, f"PROVEN (1 finding elsewhere; {OWN})"),
        ("one licence", 2, f"PROVEN (this licence only; 2 findings elsewhere; {OWN})"),
        ("contents not read, other checkpoints not checked", 0,
         f"PROVEN (contents not read; other checkpoints not checked; {OWN})"),
    ],
)  # fmt: skip
def test_a_verdict_names_its_scope(scope: str, elsewhere: int, told: str) -> None:
    assert str(VerifyReport("acme", "PROVEN", scope=scope, elsewhere=elsewhere).verdict) == told
