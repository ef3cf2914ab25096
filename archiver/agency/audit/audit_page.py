"""An audit's report as one HTML page or a PDF, in the agency's languages; its words are in `wording.yaml`.

It goes to the client: it names no other client, and no licence that is not for this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from archiver.agency.audit.audit_workbook import Previews, workbook
from archiver.browsing.page_file import write_file, write_page
from archiver.browsing.page_templates import render
from archiver.claims.pack_words import LANGUAGES, PackWords

ORDER = ("looks_like_stock", "licence_but", "unknown", "licence_covers")
MAX_LISTED_PAGES = 8  # of a picture; the JSON has all
MAX_LISTED_UNREAD = 50


def write(made: Mapping[str, Any], previews: Previews, out: Path, language: str) -> None:
    """Write the report as HTML, printed by Chromium as PDF, or as .xlsx; ConfigError for another ending."""
    if out.suffix.lower() == ".xlsx":
        write_file(out, report_bytes(made, previews, ".xlsx", language))
    else:
        write_page(page(made, previews, language), out)


def report_bytes(made: Mapping[str, Any], previews: Previews, ending: str, language: str) -> bytes:
    """The report as `.xlsx` or `.html`."""
    if ending == ".xlsx":
        return workbook(made, previews, _known(language), _groups(made), _changed(made))
    return page(made, previews, language).encode()


def page(made: Mapping[str, Any], previews: Previews, language: str) -> str:
    """The report as one HTML document; other languages than ours get English."""
    language = _known(language)
    return render(
        Path(__file__).parent / "templates/audit.html", made=made, words=PackWords(language),
        say=PackWords(language, "archiver.agency.audit"), language=language, previews=previews,
        groups=_groups(made), changed=_changed(made), on_site=partial(_on_site, made["sites"]),
        first=made["visit"] == 1, left_out=sum(made["left_out"].values()), listed=MAX_LISTED_PAGES,
        unread=[each for each in made["unread"] if each["kind"] in ("page", "pdf")], most_unread=MAX_LISTED_UNREAD,
    )  # fmt: skip


def _on_site(sites: Sequence[str], url: str) -> str:
    """An address below the only site, whose own address heads the report, or the whole address."""
    site = sites[0].rstrip("/") if len(sites) == 1 else ""
    return url.removeprefix(site) if site and url.startswith(f"{site}/") else url


def _known(language: str) -> str:
    return language[:2] if language[:2] in LANGUAGES else "en"


def _groups(made: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """The pictures by answer, the most urgent first."""
    return [(name, [row for row in made["pictures"] if row["answer"] == name]) for name in ORDER]


def _changed(made: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The pictures that are new or have another answer than before."""
    return [row for row in made["pictures"] if row["new"] or row["before"] not in (None, row["answer"])]
