"""The monthly report as an HTML page or a PDF, in the agency's languages; its words are in `wording.yaml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from archiver.agency.monthly_report import MonthlyReport
from archiver.browsing.page_templates import render
from archiver.claims.facts import platform_of
from archiver.claims.pack_pages import LANGUAGES, PackWords
from archiver.core.atomic_files import replace_file
from archiver.core.errors import BrowserMissing, ConfigError
from archiver.core.model import GapReason
from archiver.core.stale_files import sweep_beside

LISTED = 400  # licences of the month that the pages list; the JSON has all


def write(made: MonthlyReport, out: Path, language: str) -> None:
    """Write the report as HTML, or printed by Chromium as PDF, by the file's ending; ConfigError for another one."""
    html = page(made, language)
    if out.suffix.lower() == ".html":
        content = html.encode()
    elif out.suffix.lower() == ".pdf":
        from archiver.browsing.pdf_printing import print_pages

        try:
            (content,) = print_pages([html])
        except BrowserMissing as error:
            error.detail += f". Or write it as HTML: --out {out.with_suffix('.html').name}"
            raise
    else:
        raise ConfigError(f"{out.name} is neither a .pdf nor a .html file. Name one with --out.")
    sweep_beside(out)
    try:
        replace_file(out, content)
    except FileNotFoundError:
        raise ConfigError(f"There is no folder {out.parent}. Make it, or name another file with --out.") from None


def page(made: MonthlyReport, language: str) -> str:
    """The report as one HTML document; other languages than ours get English."""
    language = language[:2] if language[:2] in LANGUAGES else "en"
    say, words = PackWords(language, "archiver.agency"), PackWords(language)
    gaps = [
        f"{words.of('names', kind)}: {words.of('reasons', reason)} ({number})"
        for kind, reasons in sorted(made.gaps.items())
        for reason, number in sorted(reasons.items())
        if reason != GapReason.FAILED
    ]
    return render(
        Path(__file__).parent / "templates/report.html", report=made, words=words, say=say, gaps=gaps,
        month=words.month(made.month), tiles=_tiles(made, say, words.month(made.month)), listed=LISTED,
        platforms=Counter(each.provider for each in made.captured).most_common(), title_of=_title,
        unread=bool(made.coverage) and not any(each.last_complete for each in made.coverage),
    )  # fmt: skip


def _tiles(made: MonthlyReport, say: PackWords, month: str) -> Iterator[tuple[str, str, str]]:
    """The month in three numbers; the coverage over all accounts whose denominator is known."""
    yield say.count("licences", len(made.captured)), say("this_month", month=month), ""
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


def _title(provider: str) -> str:
    return str(platform_of(provider)["title"])
