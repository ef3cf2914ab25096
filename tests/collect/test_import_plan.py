"""What belongs together: decided from what was read, without an archive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import pytest

from archiver.collect.file_walk import Item
from archiver.collect.import_plan import ImportOutcome, ImportPlan, plan
from archiver.collect.recognition import ClassifiedFile, recognise
from archiver.reading.worker import DocumentReader
from tests.authoring.scenario import pdf as lines_as_pdf
from tests.support import papers
from tests.support.folder import jpeg, photo


class Nothing:
    """An archive that knows nothing yet."""

    def identity(self, identity: str) -> None: ...
    def erased(self, identity: str) -> bool:
        return False

    def asset(self, provider: str, asset_id: str) -> tuple[()]:
        return ()

    def order(self, provider: str, order: str) -> tuple[()]:
        return ()

    def download(self, name: str, size: int, day: date | None) -> tuple[()]:
        return ()

    def file(self, sha256: str) -> None: ...
    def paper(self, sha256: str) -> None: ...
    def platform(self, provider: str) -> tuple[()]:
        return ()

    def looks(self) -> tuple[()]:
        return ()


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    with DocumentReader() as reading:
        yield reading


def planned(
    reader: DocumentReader, files: Mapping[str, bytes | str], ocr: str = ""
) -> tuple[ImportPlan, dict[str, ImportOutcome]]:
    from hashlib import sha256

    def seen(path: str, content: bytes) -> ClassifiedFile:
        item = Item(path=path, size=len(content), sha256=sha256(content).hexdigest(), content=content)
        return recognise(item, reader, lambda name: None, lambda *_: ocr)

    read = [seen(path, each if isinstance(each, bytes) else each.encode()) for path, each in files.items()]
    decided = plan(read, Nothing())
    return decided, {fate.seen.path: fate.outcome for fate in decided.fates}


SAMPLE = papers.elements("project", 7)
SHOT = {"Screenshot 1.png": jpeg(photo(1))}


def test_ocr_confirms_a_licence_and_never_makes_one(reader: DocumentReader) -> None:
    alone, outcomes = planned(reader, SHOT, SAMPLE.text)
    assert (alone.groups, outcomes) == ([], {"Screenshot 1.png": ImportOutcome.UNREAD})
    assert not alone.fates[0].seen.machine_read and "not machine-read" in alone.fates[0].seen.note
    both, outcomes = planned(reader, {**SHOT, "licence.txt": SAMPLE.text}, SAMPLE.text)
    assert set(outcomes.values()) == {ImportOutcome.ARCHIVED} and len(both.groups) == 1
    changed = SAMPLE.text.replace("Ada Example", "Ado Exumple")
    misread, _ = planned(reader, {**SHOT, "licence.txt": SAMPLE.text}, changed)
    assert misread.groups[0].licence.licensee == "Ada Example"


def test_a_scan_without_text_is_kept_for_a_person(reader: DocumentReader) -> None:
    decided, outcomes = planned(reader, {"scan.pdf": lines_as_pdf([""])})
    assert outcomes == {"scan.pdf": ImportOutcome.UNREAD}
    assert decided.papers[0].message == "not machine-read"


def test_alamys_order_in_a_file_is_a_receipt(reader: DocumentReader) -> None:
    decided, outcomes = planned(reader, {"header.jpg": papers.alamy_picture()})
    assert outcomes == {"header.jpg": ImportOutcome.ARCHIVED}
    paper = decided.papers[0].seen.paper
    assert paper and (paper.platform, paper.order) == ("alamy", "IY01234567")


def test_a_paper_that_fits_two_licences_is_given_to_neither(reader: DocumentReader) -> None:
    one = papers.licence("en", "depositphotos", 3).text
    number = next(line for line in one.splitlines() if line.startswith("License number"))
    other = one.replace(number, "License number: 99999999")
    unclear = one.replace(number, "")
    decided, outcomes = planned(reader, {"1.txt": one, "2.txt": other, "3.txt": unclear})
    assert outcomes == {"1.txt": ImportOutcome.ARCHIVED, "2.txt": ImportOutcome.ARCHIVED, "3.txt": ImportOutcome.UNREAD}
    assert "several licences match" in decided.fates[2].message


def test_a_history_that_names_no_platform_is_kept_for_a_person(reader: DocumentReader) -> None:
    history = "Asset ID;Title;License;License date\n121684652;Boat;Standard;21.09.2017\n"
    _, outcomes = planned(reader, {"export.csv": history})
    assert outcomes == {"export.csv": ImportOutcome.UNREAD}


def test_a_receipt_without_its_licence_is_kept(reader: DocumentReader) -> None:
    receipt = papers.receipt("fr", "getty_images", 5).text
    _, outcomes = planned(reader, {"a.txt": receipt, "b.txt": papers.licence("fr", "istock", 5).text})
    assert outcomes == {"a.txt": ImportOutcome.ARCHIVED, "b.txt": ImportOutcome.ARCHIVED}
    decided, _ = planned(reader, {"a.txt": receipt, "b.txt": papers.licence("fr", "getty_images", 5).text})
    assert [len(list(group.members)) for group in decided.groups] == [2]


def test_looks_bind_a_file_only_where_they_fit_one_asset(reader: DocumentReader) -> None:
    history = {"h.csv": papers.adobe_history(2)}
    named = {"AdobeStock_121681000.jpg": jpeg(photo(1))}
    _, outcomes = planned(reader, {**history, **named, "x.jpg": jpeg(photo(1), 50), "y.jpg": jpeg(photo(2))})
    assert (outcomes["x.jpg"], outcomes["y.jpg"]) == (ImportOutcome.ARCHIVED, ImportOutcome.IRRELEVANT)
    twins = {**named, "AdobeStock_121681001.jpg": jpeg(photo(1), 80)}
    _, outcomes = planned(reader, {**history, **twins, "x.jpg": jpeg(photo(1), 50)})
    assert outcomes["x.jpg"] is ImportOutcome.IRRELEVANT
