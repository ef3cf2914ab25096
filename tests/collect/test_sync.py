"""The sync's arithmetic, against an adapter that lists what a test says: nothing lost, doubled or silent."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from shutil import copytree, rmtree
from threading import get_ident
from typing import Any

import pytest

from archiver.archive.ocfl import NewObject
from archiver.archive.reader import Archive
from archiver.catalogue.index import Catalogue, identity_digest
from archiver.collect.account_result import AccountResult
from archiver.core.errors import (
    ArchiverError,
    LayoutChanged,
    NotACertificate,
    RateLimited,
    SavedPage,
    SessionExpired,
    SiteUnavailable,
    SpendRefused,
    Withheld,
)
from archiver.core.model import Document, DocumentKind, Gap, GapReason, Ground, Licence, Outcome
from archiver.provider import History, Page, Response, Session, UnreadRow
from archiver.provider.paging import ListEnd
from archiver.reading.licence_json import to_json
from archiver.reading.terminal_safe import printable
from archiver.reading.worker import DocumentReader
from tests.support.pdf_files import pdf
from tests.support.sync_kit import SECRET, Desk, Listed, Quiet, Site, licence, rows, text_certificate


@pytest.fixture
def desk(tmp_path: Path, reader: DocumentReader) -> Desk:
    return Desk(tmp_path, reader)


def always(*pages: Page | ListEnd | dict[str, str]) -> Listed:
    """The same list at each reading."""
    return lambda _: [*pages]


def down(start: int, end: int) -> list[Licence]:
    """Newest first, from `start` down to `end`."""
    return rows(*range(start, end - 1, -1))


def test_a_licence_that_appears_between_two_pages_is_neither_lost_nor_doubled(desk: Desk) -> None:
    def listed(reading: int) -> list[Page]:
        if reading == 1:  # L5 was licensed after page 1 had been read: L3 slides onto page 2, L5 is on no page
            return [Page(down(4, 3), 4), Page(rows(3, 2, 1), 5)]
        return [Page(down(5, 4), 5), Page(rows(3, 2, 1), 5)]

    result = desk.sync(listed)
    assert (result.outcome, result.listed, result.archived, result.total) == (Outcome.COMPLETE, 5, 5, 5)
    assert len(desk.archived) == 5


def test_what_the_platform_withholds_is_said_and_the_other_lists_are_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused() -> AsyncIterator[Page]:
        raise Withheld("the licences of audio")
        yield

    def lists(site: Site, session: Session) -> Sequence[History]:
        return [History("audio", refused()), History("images", site._pages()), History("editorial", site._pages())]

    monkeypatch.setattr(Site, "history", lists)
    monkeypatch.setattr(Site, "withheld", ("colleagues' licences",))
    result = desk.sync(lambda _: [Page(rows(2, 1), 2)])
    assert (result.outcome, result.error, result.exit_code) == (Outcome.PARTIAL, None, 40)
    assert "colleagues' licences" in result.message and "audio" in result.message
    # The same licences in two lists are archived and counted once.
    assert (result.listed, result.archived, result.already, len(desk.archived)) == (4, 2, 2, 2)
    monkeypatch.setattr(Site, "withheld", ())
    monkeypatch.setattr(Site, "info", replace(Site.info, listings=("audio", "images", "editorial")))
    settings = {"without": "audio"}
    result = desk.sync(lambda _: [Page(rows(2, 1), 2)], session=Quiet(settings=settings))
    assert result.outcome is Outcome.COMPLETE and "Not seen: the list audio (without: audio)." in result.message
    emptied = desk.sync(lambda _: [Page([], 0)], session=Quiet(settings=settings))
    assert "images, editorial showed rows before and show none now." in emptied.message
    assert emptied.outcome is Outcome.PARTIAL and emptied.message.count("What is archived stays.") == 1
    settings["without"] = "audio, sounds"
    desk.sync(lambda _: [], session=Quiet(settings=settings), error="ConfigError")


def test_a_licence_that_vanishes_between_two_pages_hides_no_other(desk: Desk) -> None:
    def listed(reading: int) -> list[Page]:
        if reading == 1:  # L4 went after page 1 had been read: L2 slides onto page 1, and the numbers agree
            return [Page(down(4, 3), 4), Page(rows(1), 3)]
        return [Page(down(3, 2), 3), Page(rows(1), 3)]

    result = desk.sync(listed)
    assert (result.outcome, result.archived, len(desk.archived)) == (Outcome.COMPLETE, 4, 4)

    older = [*down(129, 5), *down(3, 1)]
    hidden = [Page(down(204, 171), 203), Page(down(170, 131), 203), Page(older, 202)]  # L150 went: L130 slides up
    settled = [Page(down(204, 171), 202), Page([*down(170, 151), *down(149, 130)], 202), Page(older, 202)]
    result = desk.sync(lambda reading: settled if reading == 2 else hidden)
    assert (result.outcome, len(desk.archived)) == (Outcome.COMPLETE, 204), (
        "behind rows that the first reading archived"
    )

    # One goes in each of two readings: L230 is hidden, and the next night must not stop above it.
    older = [*down(204, 151), *down(149, 130), *older]
    result = desk.sync(always(Page(down(270, 231), 268), Page([*down(229, 205), *older], 267)))
    assert result.outcome is Outcome.PARTIAL and "its total changed while it was read" in result.message
    result = desk.sync(always(Page([*down(270, 251), *down(249, 240)], 267), Page([*down(239, 205), *older], 267)))
    assert (result.outcome, len(desk.archived)) == (Outcome.COMPLETE, 270)


def test_what_stands_beside_a_list_is_known_once_the_list_was_proven(desk: Desk) -> None:
    def night(first: int, last: int, *beside: str, refused: Sequence[str] = (), **more: Any) -> AccountResult:
        shown = Page(down(first, last)), {each: f"the {each}" for each in beside}, ListEnd.EMPTY_PAGE
        return desk.sync(always(*shown), full=True, session=Quiet(refused=[*refused]), **more)

    unknown = night(3, 1, "chat frame")
    assert (unknown.outcome, unknown.exit_code) == (Outcome.READ_TO_END, 0) and "the chat frame" in unknown.message
    assert night(3, 1, "chat frame").outcome is Outcome.READ_TO_END, "seeing it again proves nothing"
    assert night(3, 1, "chat frame", elsewhere={"downloads": 3}).ground == Ground.SECOND_SOURCE
    known = night(3, 1, "chat frame")
    assert known.ground == Ground.END_OF_DATA and "chat frame" not in known.message
    noted, again = night(4, 1, "chat frame", "button"), night(4, 1, "chat frame", "button")
    assert noted.ground == again.ground == Ground.END_OF_DATA, "it joins the known rows"
    assert "the button" in noted.message and "the button" not in again.message
    refused = night(5, 1, "chat frame", "button", refused=["POST https://shop.example/rows"])
    assert (
        refused.ground == Ground.END_OF_DATA and "POST https://shop.example/rows, which was refused" in refused.message
    )
    elsewhere = night(9, 2, "chat frame", "tab")
    assert elsewhere.outcome is Outcome.READ_TO_END and "the tab" in elsewhere.message, "another last row"


def test_fewer_rows_than_the_platform_states_are_said(desk: Desk) -> None:
    result = desk.sync(lambda _: [Page(down(3, 1), 4)])
    assert result.outcome is Outcome.PARTIAL and "states 4" in result.message and result.exit_code == 40
    assert result.listed == result.archived + result.already + result.comps + len(result.unexplained) == 3

    assert desk.sync(lambda _: [Page(down(3, 1), 3)]).outcome is Outcome.COMPLETE
    fewer = desk.sync(lambda _: [Page(down(3, 2), 2)])
    assert (fewer.outcome, fewer.exit_code) == (Outcome.READ_TO_END, 0), "told, and no ground"
    assert "The platform stated 3 in downloads on" in fewer.message and "and states 2 now" in fewer.message
    assert desk.sync(lambda _: [Page(down(3, 2), 2)]).outcome is Outcome.READ_TO_END, "not believed the next night"
    assert desk.sync(lambda _: [Page(down(3, 1), 3)]).ground == Ground.TOTAL
    accepted = desk.sync(lambda _: [Page(down(3, 2), 2)], full=True, accepts_fewer=True)
    assert accepted.outcome is Outcome.COMPLETE and "accepted, as --full was given" in accepted.message
    for lost in (False, True, True):  # what the readings left; the archive knows it all the same
        if lost:
            (desk.folder / "cursors.json").unlink(missing_ok=True)
        none = desk.sync(lambda _: [Page([], 0)])
        assert none.outcome is Outcome.PARTIAL and none.exit_code == 40 and "shows none now" in none.message
        assert "`archiver run --full --account one`" in none.message
        swept = desk.sync(lambda _: [Page([], 0)], full=True)  # what a last sweep does; nobody accepts it
        assert swept.outcome is Outcome.PARTIAL and "shows none now" in swept.message
    desk.sync(lambda _: [Page(down(3, 2), 2)], full=True)
    accepted = desk.sync(lambda _: [Page([], 0)], full=True, accepts_fewer=True)
    assert accepted.outcome is Outcome.COMPLETE, "a person accepts it"
    assert "downloads showed 2 rows on" in accepted.message
    assert "and shows none now; accepted, as --full was given." in accepted.message
    assert desk.sync(lambda _: [Page([], 0)]).outcome is Outcome.COMPLETE


def test_a_sweep_stops_at_known_licences_only_after_a_full_one(desk: Desk) -> None:
    pages = [Page(down(60, 41), 60), Page(down(40, 21), 60), Page(down(20, 1), 60)]
    assert desk.sync(lambda _: pages).sweep == "full"
    again = desk.sync(lambda _: pages)
    assert (again.sweep, desk.site.pages_read, again.already, again.archived) == ("known", 1, 20, 0)

    newer = [Page(rows(61, *range(60, 41, -1)), 61), Page(down(41, 22), 61), Page(down(21, 2), 61)]
    more = desk.sync(lambda _: newer)
    assert (more.sweep, more.archived, desk.site.pages_read) == ("known", 1, 2)

    (desk.folder / "cursors.json").unlink()
    assert desk.sync(lambda _: pages).sweep == "full"

    # A backup of the archive from a night that lost the end of the list; since then the list was read to its end.
    grown: list[Page | ListEnd] = [
        Page(down(160, 141)),
        Page(down(140, 61)),
        *(Page(each.rows) for each in pages),
        ListEnd.EMPTY_PAGE,
    ]
    desk.sync(always(*grown[:1]), error="LayoutChanged")
    copytree(desk.folder / "archive", desk.folder / "backup")
    desk.sync(always(*grown))
    rmtree(desk.folder / "archive")
    (desk.folder / "backup").rename(desk.folder / "archive")
    # The next night loses the end, too, and makes the ledger longer than it was before the restore.
    longer: list[Page | ListEnd] = [Page(down(300, 161)), *grown]
    assert desk.sync(always(*longer[:1]), error="LayoutChanged").archived == 140
    assert desk.sync(always(*longer)).archived == 79 and len(desk.archived) == 300


def test_a_total_that_does_not_fit_makes_the_sweep_go_on(desk: Desk) -> None:
    desk.sync(lambda _: [Page(down(60, 41), 59), Page([*down(40, 32), *down(30, 21)], 59), Page(down(20, 1), 59)])
    late = [Page(down(60, 41), 60), Page(down(40, 21), 60), Page(down(20, 1), 60)]  # L31 turned up in the middle
    result = desk.sync(lambda _: late)
    assert (result.sweep, result.archived, result.outcome) == ("full", 1, Outcome.COMPLETE)


def test_comps_are_counted_and_never_licences(desk: Desk) -> None:
    listed = [Page([licence(2), licence(1, comp=True)], 2)]
    result = desk.sync(lambda _: listed)
    assert (result.listed, result.archived, result.comps, len(desk.archived)) == (2, 1, 1, 1)
    assert desk.sync(lambda _: listed).already == 1


def test_a_session_that_expires_on_the_way_is_renewed_once(desk: Desk) -> None:
    def listed(reading: int) -> list[Page]:
        def pages() -> Iterator[Page]:
            yield Page(down(4, 3), 4)
            if reading == 1:
                raise SessionExpired("page 2 answered 401")
            yield Page(down(2, 1), 4)

        return pages()  # type: ignore[return-value]  # read like a list

    result = desk.sync(listed)
    assert (result.outcome, result.listed, result.archived, desk.renewals) == (Outcome.COMPLETE, 4, 4, 1)

    def never(reading: int) -> list[Page]:
        raise SessionExpired("401")

    desk.sync(never, error="SessionExpired")
    assert desk.renewals == 2


def test_a_session_that_expires_at_a_document_loses_no_licence_of_a_history_read_to_its_end(desk: Desk) -> None:
    def document(of: Licence) -> Any:
        return SessionExpired("401") if desk.renewals == 0 and of.licence_id == "L2" else text_certificate(of)

    result = desk.sync(lambda _: [Page(down(4, 1), 4)], document)
    assert (result.outcome, result.archived, result.unexplained, desk.renewals) == (Outcome.COMPLETE, 4, [], 1)

    endless = desk.sync(lambda _: [Page(down(5, 1), 5)], lambda _: SessionExpired("401"), error="SessionExpired")
    assert endless.unexplained == ["L5"]


def test_what_was_archived_before_a_session_was_renewed_counts_as_archived(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = dict[Catalogue, set[int]]()  # a connection that two of them use at once gives one the other's errors
    plain = Catalogue.catch_up

    def catch_up(catalogue: Catalogue, archive: Archive, reader: DocumentReader) -> None:
        threads.setdefault(catalogue, {get_ident()}).add(get_ident())
        plain(catalogue, archive, reader)

    monkeypatch.setattr(Catalogue, "catch_up", catch_up)

    def document(of: Licence) -> Any:
        return SessionExpired("401") if desk.renewals == 0 and of.licence_id == "L1" else text_certificate(of)

    result = desk.sync(lambda _: [Page(down(120, 1), 120)], document)
    assert (result.archived, result.already, result.unexplained) == (120, 0, [])
    assert len({*chain(*threads.values())}) > 1 and {len(each) for each in threads.values()} == {1}

    def late(of: Licence) -> Any:
        """L202 is being written without its certificate while the session expires; the second time it has one."""
        if desk.renewals > 1:
            return text_certificate(of)
        gap = Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.FAILED, detail="not yet")
        return gap if of.licence_id == "L202" else SessionExpired("401")

    result = desk.sync(lambda _: [Page(down(202, 201), 2)], late, full=True)
    assert result.outcome is Outcome.PARTIAL and len(result.incomplete) == 1, "what the archive holds counts"
    result = desk.sync(lambda _: [Page(down(202, 201), 2)])
    assert (result.outcome.is_whole, len(result.completed), desk.gap_details()) == (True, 1, [])


def test_one_document_that_leads_to_the_sign_in_does_not_keep_a_signed_in_browser_from_the_others(desk: Desk) -> None:
    def document(of: Licence) -> Any:
        return SessionExpired("it leads to the sign-in page") if of.licence_id == "L2" else text_certificate(of)

    for _ in range(2):
        result = desk.sync(lambda _: [Page(down(4, 1), 4)], document, session=Quiet(holds=True))
        assert (result.outcome, result.error, len(desk.archived)) == (Outcome.PARTIAL, None, 4)
        assert len(result.incomplete) == 1 and result.gaps == {"certificate": {"failed": 1}}


def test_what_was_listed_before_a_changed_page_is_archived(desk: Desk) -> None:
    def listed(reading: int) -> list[Page]:
        def pages() -> Iterator[Page]:
            yield Page(down(30, 11), 30)
            raise LayoutChanged("page 2 is another page")

        return pages()  # type: ignore[return-value]  # read like a list

    result = desk.sync(listed, error="LayoutChanged")
    assert result.archived == len(desk.archived) == 20 and result.unexplained == []

    # A list without a total, whose next reading meets what this night archived before it lost the rest.
    desk.sync(always(Page(down(30, 1)), ListEnd.EMPTY_PAGE))
    grown: list[Page | ListEnd] = [Page(down(90, 61)), Page(down(60, 31)), Page(down(30, 1)), ListEnd.EMPTY_PAGE]
    assert desk.sync(always(*grown[:1]), error="LayoutChanged").archived == 30
    result = desk.sync(always(*grown))
    assert (result.archived, len(desk.archived), desk.site.pages_read) == (30, 90, 3)
    assert desk.sync(always(*grown)).archived == 0 and desk.site.pages_read == 1
    by_title = Page(down(59, 40)), Page(down(90, 60)), Page(down(39, 1)), Page(rows(99)), ListEnd.EMPTY_PAGE
    assert desk.sync(always(*by_title)).archived == 1, "where the platform no longer sorts by date, all of it is read"
    # Its first page is sorted, and the reading before knew that the others are not; or a new row is below the newest.
    titled = Page(down(90, 60)), Page(down(39, 1)), Page(down(59, 40)), Page(rows(100, 99)), ListEnd.EMPTY_PAGE
    assert [desk.sync(always(*titled[n:], *titled[:n])).archived for n in (2, 0)] == [1, 0]


def test_a_row_that_cannot_be_read_keeps_none_of_the_others(desk: Desk) -> None:
    """Not those behind it either; and no night is called complete until it can be read."""
    fault = LayoutChanged("no license", page=SavedPage("https://example.com/?page=1", b"<p>the odd row</p>"))
    desk.sync(always(Page(down(60, 1)), ListEnd.EMPTY_PAGE))
    with_odd = Page([*down(91, 76), UnreadRow("unread 75", "no license"), *down(74, 61)], fault=fault)
    older = Page(down(60, 31)), Page(down(30, 1))
    for end, archived in (ListEnd.EMPTY_PAGE, 30), (ListEnd.EMPTY_PAGE, 0), (Page([], total=91), 0):
        result = desk.sync(always(with_odd, *older, end))
        assert (result.outcome, result.error, result.exit_code) == (Outcome.PARTIAL, "LayoutChanged", 40)
        assert result.archived == archived and len(desk.archived) == 90
        assert "could not be read, and are not archived: 1; saved as one-" in result.message
        assert "no license" in result.message and result.differences == {}
        assert len([*(desk.folder / "trouble").glob("*.html")]) == 1
    result = desk.sync(always(Page(down(91, 61)), *older, ListEnd.EMPTY_PAGE))
    assert (result.outcome, result.archived) == (Outcome.COMPLETE, 1)


def test_what_failed_is_archived_as_incomplete_and_tried_again_from_the_archive(desk: Desk) -> None:
    def broken(of: Licence) -> Document | ArchiverError:
        return NotACertificate("https://example.com/c (Sign in)") if of.licence_id == "L2" else text_certificate(of)

    first = desk.sync(lambda _: [Page(down(3, 1), 3)], broken)
    [incomplete] = first.incomplete
    assert (first.outcome, first.error, first.archived) == (Outcome.PARTIAL, None, 3) and "_A2_" in incomplete
    ledger = (desk.folder / "archive" / "ledger" / "ledger.jsonl").read_text()
    assert desk.sync(lambda _: [Page([], 0)], broken).incomplete == [incomplete]
    assert (desk.folder / "archive" / "ledger" / "ledger.jsonl").read_text() == ledger, (
        "the same failure is no new version"
    )

    second = desk.sync(
        lambda _: [Page([], 0)], full=True, accepts_fewer=True
    )  # it has left the history, and is had all the same
    assert (second.outcome, second.incomplete) == (Outcome.COMPLETE, [])
    [record] = desk.folder.glob("archive/evidence/licences/*/*/*_A2_*/v1/content/record.json")
    assert json.loads(record.read_text()) == {"row": {"number": 2}}
    assert list(desk.folder.glob("archive/evidence/licences/*/*/*_A2_*/v2/content/certificate.txt"))


def test_a_second_try_that_brings_less_takes_nothing_away(desk: Desk) -> None:
    preview = Document(name="preview.jpg", kind=DocumentKind.PREVIEW, content=b"picture", media_type="image/jpeg")
    page = NotACertificate("https://example.com/c (a page)")
    tries: list[
        Any
    ] = [  # the preview fails, twice; then the certificate does; then the certificate alone is had no more
        lambda of: [text_certificate(of), replace(preview, media_type="text/html")],
        lambda of: [replace(preview, content=b"\xff\xd8\xff\xdb\0\4"), page],  # it is cut
        lambda of: [preview, page],
    ]
    first = desk.sync(lambda _: [Page(rows(1), 1)], tries[0])
    assert "preview.jpg is not a picture" in first.message
    outcomes = [first.outcome]
    outcomes += [desk.sync(lambda _: [Page([], 0)], each, full=True, accepts_fewer=True).outcome for each in tries[1:]]
    assert outcomes == [Outcome.PARTIAL, Outcome.PARTIAL, Outcome.COMPLETE]
    with desk.open() as (_, catalogue):
        [entry] = catalogue.entries()
    assert {each.name for each in entry.file.documents} == {"record.json", "certificate.txt", "preview.jpg"}
    assert entry.file.gaps == ()
    assert len(list(desk.folder.glob("archive/evidence/licences/*/*/*/v*"))) == 2


def test_a_list_that_stops_without_a_total_an_empty_page_or_a_mark_is_a_changed_layout(desk: Desk) -> None:
    """Whatever the adapter makes of it; what was listed is archived."""
    rows = Page(down(40, 21)), Page(down(20, 1))
    ends: list[tuple[tuple[Page | ListEnd, ...], str | None]] = [
        (rows, "LayoutChanged"),
        ((*rows, Page([])), "LayoutChanged"),  # an adapter's own loop cannot say that a page was the last one
        *(((*rows, end), None) for end in ListEnd),
        ((Page(down(40, 21)), Page(down(20, 1), 40)), None),
    ]
    for said, error in ends:
        result = desk.sync(always(*said), full=True, error=error)
        assert result.sweep == ("known" if error else "full") and not result.unexplained
    assert len(desk.archived) == 40


def test_a_list_without_a_total_is_told_and_compared_with_the_night_before(desk: Desk) -> None:
    """Rows that come again on another page may hide some, and so may a list that became shorter."""
    whole: list[Page | ListEnd] = [Page(down(60, 41)), Page(down(40, 1)), ListEnd.EMPTY_PAGE]
    result = desk.sync(always(*whole))
    assert result.outcome is Outcome.COMPLETE and result.ends == {"downloads": ListEnd.EMPTY_PAGE}
    assert "does not say how many licences" in result.message
    left = (desk.folder / "cursors.json").read_text()
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    for _ in range(2):  # every night, until a person accepts it
        result = desk.sync(always(Page(down(60, 41)), ListEnd.EMPTY_PAGE), full_since=tomorrow)
        assert result.outcome is Outcome.PARTIAL and "60 rows" in result.message and "20 now" in result.message, result
    assert desk.sync(always(Page(down(60, 41)), ListEnd.EMPTY_PAGE), full=True).outcome is Outcome.PARTIAL
    assert desk.sync(always(Page(down(2, 1)), ListEnd.NAMED)).outcome is Outcome.COMPLETE, "a person named other items"
    (desk.folder / "cursors.json").write_text(left)
    accepted = desk.sync(always(Page(down(60, 41)), ListEnd.EMPTY_PAGE), full=True, accepts_fewer=True)
    assert accepted.outcome is Outcome.COMPLETE and "shows 20 now; accepted, as --full was given." in accepted.message
    result = desk.sync(always(Page(down(60, 41)), Page(down(60, 41)), ListEnd.EMPTY_PAGE), full=True)
    assert result.outcome is Outcome.PARTIAL and "came again" in result.message
    shared: list[Page | ListEnd] = [
        Page(down(60, 41)),
        Page(down(41, 20)),
        ListEnd.EMPTY_PAGE,
    ]  # the last row of a page opens the next one
    assert desk.sync(always(*shared), full=True).outcome is Outcome.COMPLETE


def test_a_list_without_a_total_is_compared_with_papers_and_with_what_was_archived(desk: Desk) -> None:
    whole: list[Page | ListEnd] = [Page(down(3, 1)), ListEnd.EMPTY_PAGE]
    assert desk.sync(always(*whole)).differences == {}
    paper = replace(rows(9)[0], licence_id="PAPER-9")
    described = to_json(paper, [], [], {"source": "import", "imports": [{"sha256": "0" * 64}]})
    with desk.open() as (archive, _):
        archive.put(NewObject.of(paper, {"licence.json": described}, datetime.now(UTC))).result()
    result = desk.sync(always(Page(down(3, 2)), ListEnd.EMPTY_PAGE), full=True)
    gone = rows(1)[0].platform_id
    assert result.differences == {"no_longer_listed": [gone], "papers_unlisted": ["PAPER-9"]}
    assert "1 licences that papers name are in none of its lists: PAPER-9" in result.message and gone in result.message
    assert desk.sync(always(Page(down(3, 2), 2)), full=True).differences == {}, "the platform states how many"


def test_the_number_on_the_account_page_is_compared_and_told(desk: Desk) -> None:
    """It may count comps, or not; a number that cannot be read changes no outcome."""
    whole: list[Page | ListEnd] = [Page([*down(4, 2), replace(rows(1)[0], comp=True)]), ListEnd.EMPTY_PAGE]
    for stated in ({}, {"downloads": 4}, {"downloads": 3}, {"another list": 9}):
        assert desk.sync(always(*whole), full=True, elsewhere=stated).differences == {}
    result = desk.sync(always(*whole), full=True, elsewhere={"downloads": 9})
    assert result.differences == {"counted_otherwise": ["downloads (9 stated, 4 listed)"]}
    assert "counts otherwise than 1 of its lists: downloads (9 stated, 4 listed)." in result.message
    assert desk.sync(always(*whole), elsewhere={"downloads": 9}, dry_run=True).differences == {}
    result = desk.sync(always(*whole), full=True, elsewhere=LayoutChanged("no number there"))
    assert result.outcome is Outcome.COMPLETE and "could not be read: no number there" in result.message


def test_a_row_that_the_platform_lists_twice_is_no_shortfall(desk: Desk) -> None:
    """On one page or on two, in every night; the list counts it twice, or once."""
    pages = [[*down(60, 41), *rows(60, 59)], [*rows(41), *down(40, 1)]]
    for total in (60, 63):
        result = desk.sync(always(*(Page(each, total) for each in pages)), full=True)
        assert (result.outcome, result.total, result.listed) == (Outcome.COMPLETE, total, 60), result
        assert "downloads lists 3 rows twice" in result.message
    desk.sync(lambda _: [Page(each, 63) for each in pages], full=True)
    again = desk.sync(lambda _: [Page(each, 63) for each in pages])
    assert (again.sweep, desk.site.pages_read) == ("known", 1), "its length is known with them"


def test_a_row_on_two_pages_that_hides_another_is_a_shortfall(desk: Desk) -> None:
    """An order that is not the same from page to page: another row is twice there at each reading, and one never."""
    result = desk.sync(lambda reading: [Page(down(6, 4), 6), Page(rows(4 + reading % 2, 3, 2), 6)])
    assert result.outcome is Outcome.PARTIAL and "states 6" in result.message
    result = desk.sync(always(Page(down(9, 7), 4), Page(rows(7), 4)))  # nor does the total prove that it has two
    assert result.outcome is Outcome.PARTIAL and "ended one page and began the next" in result.message


@pytest.mark.parametrize("told", [True, False])
def test_what_was_erased_is_neither_fetched_nor_tried_again(desk: Desk, told: bool) -> None:
    """Known by its identity's digest; and where the tombstone could not tell it, nothing is archived anew."""
    asked: list[str | None] = []

    def document(of: Licence) -> Document:
        asked.append(of.licence_id)
        return text_certificate(of)

    assert desk.sync(lambda _: [Page(rows(1), 1)], lambda _: NotACertificate("https://example.com/c")).incomplete
    with desk.open() as (archive, catalogue):
        [entry] = catalogue.entries()
        digest = identity_digest(entry.licence.identity) if told else None
        archive.erase(entry.object_id, reason="other", statement="x", identity_sha256=digest).result()
    result = desk.sync(lambda _: [Page(rows(2, 1), 2)], document, full=True)
    assert (result.outcome, result.archived, result.already, result.incomplete) == (Outcome.COMPLETE, 1, 1, [])
    assert len(desk.archived) == 1 and ("L1" in asked) is not told


@pytest.mark.parametrize(
    ("pages", "objects"),
    [([["L1"]], 1), ([["L1", "L2"]], 3), ([["L1"], ["L2"]], 2)],
    ids=["one row", "two rows that look alike", "two on two pages"],
)
def test_an_import_is_completed_by_one_row_at_most(desk: Desk, pages: list[list[str]], objects: int) -> None:
    """A paper without a number may be either licence of its asset and day."""
    paper = replace(licence(1), licence_id=None, key=("", "A1", "2026-01-01"), row={})
    with desk.open() as (archive, _):
        described = to_json(paper, [], [], {"source": "import", "imports": [{"sha256": "0" * 64}]})
        archive.put(NewObject.of(paper, {"licence.json": described}, datetime.now(UTC))).result()
    total = sum(map(len, pages))
    result = desk.sync(
        lambda _: [Page([replace(licence(1), licence_id=each) for each in page], total) for page in pages]
    )
    assert (result.outcome, result.archived, len(desk.archived)) == (Outcome.COMPLETE, total, objects)
    with desk.open() as (_, catalogue):
        assert len(catalogue.known("shutterstock:L1", "shutterstock:L2")) == total


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (b"Licence of asset A1", None),
        (b"Licence of asset A", "different content"),
        (SiteUnavailable("cut"), "second fetch failed"),
    ],
)
def test_a_text_whose_length_nobody_stated_must_come_twice_and_the_same(
    desk: Desk, second: bytes | ArchiverError, said: str | None
) -> None:
    class Again(Quiet):
        async def get(self, url: str, *, query: object = None, headers: object = None) -> Response:
            if isinstance(second, ArchiverError):
                raise second
            return Response(200, url, {}, second, self.now())

    def document(of: Licence) -> Document:
        return replace(text_certificate(of), url="https://example.com/c", length_stated=False)

    result = desk.sync(lambda _: [Page(rows(1), 1)], document, session=Again())
    assert (result.outcome is Outcome.COMPLETE) is (said is None) and (said or "") in result.message
    without = Quiet()
    result = desk.sync(
        lambda _: [Page(rows(2), 1)], lambda of: replace(document(of), url=None), session=without, full=True
    )
    assert "nothing shows that certificate.txt is complete" in result.message


def test_another_licences_certificate_is_not_filed(desk: Desk) -> None:
    result = desk.sync(lambda _: [Page(rows(1), 1)], lambda of: text_certificate(licence(77)))
    assert result.incomplete and not list(desk.folder.glob("archive/evidence/**/certificate.txt"))


@pytest.mark.parametrize("error", [LayoutChanged("no \ud83d date"), SpendRefused("GET https://shop.example/buy")])
def test_a_changed_page_of_one_licence_does_not_stop_the_others(desk: Desk, error: ArchiverError) -> None:
    faults: dict[str | None, Exception] = {"L2": error}

    def document(of: Licence) -> Document:
        if of.licence_id in faults:
            raise faults[of.licence_id]
        return text_certificate(of)

    result = desk.sync(always(Page(down(3, 1), 3)), document)
    name = type(error).__name__
    assert (result.outcome, result.error, result.exit_code, result.archived) == (Outcome.PARTIAL, name, 40, 3)
    assert len(result.incomplete) == 1 and "\ud83d" not in result.message
    faults = {"L5": KeyError("what no adapter should let out")}
    result = desk.sync(always(Page(down(6, 4), 3)), document)
    assert (result.error, result.archived, len(result.incomplete), len(result.completed)) == ("AdapterBroken", 3, 1, 1)


def test_a_platform_that_is_gone_ends_the_account(desk: Desk) -> None:
    gone = SiteUnavailable("gone")
    few = desk.sync(always(Page(down(15, 1), 15)), lambda _: gone, give_up_s=0.0)
    assert (few.outcome, few.error, len(few.incomplete)) == (Outcome.PARTIAL, None, 15), (
        "a few that take long say little"
    )
    result = desk.sync(always(Page(down(60, 1), 60)), lambda _: gone, give_up_s=0.0, error="SiteUnavailable")
    assert 16 <= result.archived < 30 and len(result.unexplained) == result.listed - result.archived - result.already
    # What failed is archived without its documents, so the next run comes to the others.
    healthy = {f"L{number}" for number in range(31)}
    desk.sync(
        always(Page(down(60, 1), 60)),
        lambda of: text_certificate(of) if of.licence_id in healthy else gone,
        give_up_s=0.0,
        error="SiteUnavailable",
    )
    assert len(desk.archived) == 60


@pytest.mark.parametrize("error", [SiteUnavailable("gone"), RateLimited("429"), SessionExpired("401")])
def test_documents_that_never_come_are_their_licences_gaps_alone_and_keep_none_of_the_others(
    desk: Desk, error: ArchiverError
) -> None:
    """However many of them follow one another, and in whichever order they are tried again."""

    def document(of: Licence) -> Document | ArchiverError:
        return error if of.licence_id in {f"L{number}" for number in range(3, 11)} else text_certificate(of)

    session = Quiet(holds=True)
    for run in range(3):
        result = desk.sync(lambda _: [Page(down(20, 1), 20)], document, session=session)
        assert (result.outcome, result.error, len(result.incomplete)) == (Outcome.PARTIAL, None, 8), run
    assert len(desk.archived) == 20
    asked_to_wait = RateLimited("429, an hour", for_long=True)
    result = desk.sync(lambda _: [Page(down(21, 1), 21)], lambda _: asked_to_wait, error="RateLimited")
    assert not result.unexplained and len(desk.archived) == 21, "the licence is not asked for first next time"


def test_a_platform_that_is_down_for_a_moment_leaves_few_licences_incomplete(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    plain = asyncio.sleep

    async def sleep(seconds: float) -> None:
        pauses.extend([seconds] if seconds >= 1 else [])
        await plain(0)

    monkeypatch.setattr("archiver.collect.stages.asyncio.sleep", sleep)
    result = desk.sync(
        lambda _: [Page(down(200, 1), 200)],
        lambda of: SiteUnavailable("down") if len(pauses) < 6 else text_certificate(of),
    )
    assert (result.outcome, result.error) == (Outcome.PARTIAL, None) and len(result.incomplete) < 40
    assert pauses[:6] == [1, 2, 4, 8, 15, 15]


def test_secrets_are_masked_in_records_and_keep_native_documents_out(desk: Desk) -> None:
    def leaking(of: Licence) -> Document:
        certificate = text_certificate(of)
        return replace(certificate, content=certificate.content + SECRET.encode())

    spied = replace(licence(1), row={"session": SECRET})
    result = desk.sync(lambda _: [Page([spied], 1)], leaking)
    assert result.incomplete
    archived = b"".join(path.read_bytes() for path in (desk.folder / "archive").rglob("*") if path.is_file())
    assert SECRET.encode() not in archived and b"[removed before archiving]" in archived
    [kept] = (desk.folder / "quarantine").iterdir()
    assert kept.read_bytes() == leaking(spied).content and kept.stat().st_mode & 0o077 == 0
    assert SECRET not in json.dumps(vars(result), default=str) and kept.name in json.dumps(desk.gap_details())


def test_no_title_moves_the_cursor_of_a_terminal() -> None:
    hostile = "a\x1b[2Jb\x07\u202egnp.\x00\u0085c\udc80"
    assert printable(hostile) == "a\ufffd[2Jb\ufffd\ufffdgnp.\ufffd\ufffdc\ufffd"
    assert printable("Größe 夜景 👩\u200d🎨 می\u200cخواهم") == "Größe 夜景 👩\u200d🎨 می\u200cخواهم"


def test_a_dry_run_counts_and_archives_nothing(desk: Desk) -> None:
    result = desk.sync(lambda _: [Page(down(3, 1), 3)], dry_run=True)
    assert (result.listed, result.archived, desk.archived) == (3, 3, []) and "dry run" in result.message


def test_one_asset_alone(desk: Desk) -> None:
    result = desk.sync(lambda _: [Page(down(3, 1), 3)], asset_id="A2")
    assert (result.listed, result.archived, len(desk.archived)) == (1, 1, 1)
    assert "no licence of asset A9" in desk.sync(lambda _: [Page(down(3, 1), 3)], asset_id="A9").message


PACKED = {"capture.warc.gz": "application/gzip", "page.pdf": "application/pdf"}


@pytest.mark.parametrize("name", PACKED)
def test_a_capture_is_opened_to_be_searched_and_never_patched(desk: Desk, name: str) -> None:
    def capture(words: str) -> Document:
        content = pdf(words) if name == "page.pdf" else gzip.compress(words.encode())
        return Document(name=name, kind=DocumentKind.CAPTURE, content=content, media_type=PACKED[name])

    clean, leaking = capture("a page of Ada"), capture(f"session {SECRET}")
    result = desk.sync(lambda _: [Page(down(2, 1), 2)], lambda of: clean if of.licence_id == "L1" else leaking)
    assert result.gaps == {"capture": {"failed": 1}} and f"{name}: it contains a secret" in result.message
    archived = [path.read_bytes() for path in (desk.folder / "archive").rglob("*") if path.is_file()]
    assert clean.content in archived and leaking.content not in archived


def test_a_secret_packed_inside_a_native_pdf_is_found_too(desk: Desk) -> None:
    content = pdf(f"Licence of asset A1, session {SECRET}")
    native = Document(name="c.pdf", kind=DocumentKind.CERTIFICATE, content=content, media_type="application/pdf")
    assert desk.sync(lambda _: [Page([licence(1)], 1)], lambda _: native).gaps == {"certificate": {"failed": 1}}
    [kept] = (desk.folder / "quarantine").iterdir()
    assert kept.read_bytes() == content and SECRET.encode() not in content


@pytest.mark.parametrize(
    ("stated", "funds", "said"),
    [
        ([{"credits": 7}, {"credits": 7}], "unchanged", "the same funds before and after"),
        ([{"credits": 7, "files": 1}, {"credits": 6, "files": 1}], "changed", "from {'credits': 7} to {'credits': 6}"),
        ([{"credits": 7}, SiteUnavailable("gone")], None, "but not after it"),
        ([SiteUnavailable("gone"), {"credits": 7}], None, ""),
        ([], None, ""),
    ],
)
def test_a_run_says_whether_the_funds_stayed_what_they_were(
    desk: Desk, stated: list[object], funds: str | None, said: str
) -> None:
    result = desk.sync(lambda _: [Page(rows(1, 2, 3), total=3)], funds=stated)
    assert (result.outcome, result.archived, result.funds) == (Outcome.COMPLETE, 3, funds)
    assert said in result.message and bool(said) is bool(result.message)


def test_a_list_is_complete_only_with_a_ground_and_later_nights_inherit_it(desk: Desk) -> None:
    """Words of a page that say an end prove nothing. What proved one, proves it while its rows are joined."""

    def night(numbers: Sequence[int], end: ListEnd, *, full: bool = False) -> Any:
        pages: list[Page | ListEnd] = [Page(rows(*numbers)), end]
        return desk.sync(lambda _: pages, full=full)

    shown = night(range(30, 0, -1), ListEnd.MARK)
    assert (shown.outcome, shown.exit_code, shown.ground, shown.grounds) == (
        Outcome.READ_TO_END, 0, None, {"downloads": None}
    )  # fmt: skip
    assert "nothing proves that no more follow" in shown.message
    assert night(range(30, 0, -1), ListEnd.MARK).outcome is Outcome.READ_TO_END
    proven = night(range(31, 0, -1), ListEnd.LAST_PAGE, full=True)
    assert (proven.outcome, proven.ground) == (Outcome.COMPLETE, Ground.END_OF_DATA)
    stopped = night(range(33, 0, -1), ListEnd.MARK)
    assert (stopped.outcome, stopped.sweep, stopped.ground) == (Outcome.COMPLETE, "known", Ground.END_OF_DATA)
    joined = night(range(34, 0, -1), ListEnd.MARK, full=True)
    assert (joined.outcome, joined.ground) == (Outcome.COMPLETE, Ground.END_OF_DATA)
    assert "whose last row is still the last" in joined.message
    longer = night([*range(34, 0, -1), 99], ListEnd.MARK, full=True)
    assert longer.outcome is Outcome.READ_TO_END, "a row below the last one: the earlier proof was none"
