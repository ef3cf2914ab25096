"""An audit's report as one HTML page or a PDF, in the agency's languages; its words are in `wording.yaml`.

It goes to the client: it names no other client, and no licence that is not for this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archiver.browsing.page_file import write_page
from archiver.browsing.page_templates import render
from archiver.claims.pack_pages import LANGUAGES, PackWords

ORDER = ("looks_like_stock", "licence_but", "unknown", "licence_covers")
MAX_LISTED_PAGES = 8  # of a picture; the JSON has all
MAX_LISTED_UNREAD = 50

type Previews = Mapping[str, tuple[bytes, bytes]]
"""By picture: a small JPEG of it, and of the licensed picture; empty where there is none."""


def write(made: Mapping[str, Any], previews: Previews, out: Path, language: str) -> None:
    """Write the report as HTML, or printed by Chromium as PDF, by the file's ending; ConfigError for another one."""
    write_page(page(made, previews, language), out)


def page(made: Mapping[str, Any], previews: Previews, language: str) -> str:
    """The report as one HTML document; other languages than ours get English."""
    language = language[:2] if language[:2] in LANGUAGES else "en"
    rows = made["pictures"]
    changed = [row for row in rows if row["new"] or row["before"] not in (None, row["answer"])]
    return render(
        Path(__file__).parent / "templates/audit.html", made=made, words=PackWords(language),
        say=PackWords(language, "archiver.audit"), language=language, previews=previews,
        groups=[(name, [row for row in rows if row["answer"] == name]) for name in ORDER], changed=changed,
        first=made["visit"] == 1, left_out=sum(made["left_out"].values()), listed=MAX_LISTED_PAGES,
        unread=[each for each in made["unread"] if each["kind"] == "page"], most_unread=MAX_LISTED_UNREAD,
    )  # fmt: skip
