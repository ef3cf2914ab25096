"""The monthly report as an HTML page or a PDF, in the agency's languages; its words are in `wording.yaml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from archiver.agency.monthly_report import MonthlyReport, ReportedLicence
from archiver.browsing.page_file import write_page
from archiver.browsing.page_templates import render
from archiver.claims.facts import platform_of
from archiver.claims.pack_words import LANGUAGES, PackWords
from archiver.claims.work_name import name_of_row
from archiver.core.model import GapReason

LISTED = 400  # licences of the month that the pages list; the JSON has all


def write(made: MonthlyReport, out: Path, language: str) -> None:
    """Write the report as HTML, or printed by Chromium as PDF, by the file's ending; ConfigError for another one."""
    write_page(page(made, language), out)


def page(made: MonthlyReport, language: str) -> str:
    """The report as one HTML document; other languages than ours get English."""
    language = language[:2] if language[:2] in LANGUAGES else "en"
    say, words = PackWords(language, "archiver.agency"), PackWords(language)
    gaps = [
        f"{words.of('names', kind)}: {words.of('reasons', reason)} ({number})"
        for kind, reasons in sorted(made.gaps.items())
        for reason, number in sorted(reasons.items())
        if not GapReason(reason).is_missing
    ]
    return render(
        Path(__file__).parent / "templates/report.html", report=made, words=words, say=say, gaps=gaps,
        month=words.month(made.month), tiles=_tiles(made, say, words.month(made.month)), listed=LISTED,
        platforms=_platforms(made), title_of=_title, rows=_rows(made),
        work_of=lambda each: name_of_row(vars(each), language),
        unread=bool(made.coverage) and not any(each.last_complete or each.last_read_to_end for each in made.coverage),
    )  # fmt: skip


def _tiles(made: MonthlyReport, say: PackWords, month: str) -> Iterator[tuple[str, str, str]]:
    """The month in numbers; the coverage over all accounts whose denominator is known."""
    yield say.count("licences", len(made.licensed)), say("licensed_then", month=month), ""
    yield say.count("licences", len(made.captured)), say("archived_then", month=month), ""
    counted = [each for each in made.coverage if each.listed is not None]
    if counted:
        listed = sum(each.listed or 0 for each in counted)
        rest = len(made.coverage) - len(counted)
        note = say.count("uncounted", rest) if rest else ""
        for got, meaning in (
            (sum(each.archived for each in counted), say("held")),
            (sum(each.whole for each in counted), say("held_whole")),
        ):
            yield say("of", count=say.number(got), all=say.number(listed)), meaning, note


def _rows(made: MonthlyReport) -> list[ReportedLicence]:
    """Each licence that was licensed or archived in the month, once, the earliest licensed first."""
    each = {row.licence: row for row in (*made.licensed, *made.captured)}
    return sorted(each.values(), key=lambda row: (row.licensed_at or "", row.licence))


def _platforms(made: MonthlyReport) -> list[tuple[str, int, int]]:
    """Each platform, with how many were licensed and archived in the month, the most first."""
    licensed, archived = (Counter(row.provider for row in rows) for rows in (made.licensed, made.captured))
    return [(name, licensed[name], archived[name]) for name, _ in (licensed + archived).most_common()]


def _title(provider: str) -> str:
    return str(platform_of(provider)["title"])
