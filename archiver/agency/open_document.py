"""Open a licence's document in this machine's viewer: always a copy, never the archived file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from archiver.catalogue.search import located
from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError, Remedy
from archiver.core.model import DocumentKind
from archiver.core.suggestions import did_you_mean
from archiver.home.settings import Home
from archiver.reading.worker import DocumentReader

ORDER = (
    DocumentKind.CERTIFICATE, DocumentKind.CAPTURE, DocumentKind.RECEIPT, DocumentKind.RECORD, DocumentKind.PREVIEW,
)  # fmt: skip
"""The kinds of documents that say most about a licence, first what says most."""

SAFE = (".pdf", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".txt", ".json", ".csv", ".eml", ".docx")
"""Endings that a viewer may open. A page from the web would run its scripts in the browser."""


def copy_of(home: Home, licence: str, document: str | None) -> Path:
    """A copy of the licence's document below `state/opened`; ConfigError for an unknown document."""
    with DocumentReader() as reader, located(home, licence, reader) as (slug, archive, entry):
        there = {each.name: each for each in entry.file.documents}
        if not there:
            raise ConfigError(f"{entry.short_id} has no documents.", remedy=Remedy("show", {"licence": entry.short_id}))
        if document and document not in there:
            raise ConfigError(
                f"{entry.short_id} has no document {document!r}.{did_you_mean(document, there)} It has: "
                f"{', '.join(there)}."
            )
        ranked = sorted(there.values(), key=lambda each: ORDER.index(each.kind) if each.kind in ORDER else len(ORDER))
        name = document or ranked[0].name
        content = archive.object(entry.object_id).read(name)
        target = home.state / "opened" / slug / entry.folder / Path(name).name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(target, content)
    return target


def start_viewer(path: Path) -> bool:
    """Start the system's viewer for a file; False if there is none, no screen, or the file could run scripts."""
    if path.suffix.lower() not in SAFE:
        return False
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606  # the system's own way; the path is ours
        return True
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not screen or not shutil.which(opener):
        return False
    done = subprocess.run([opener, str(path)], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0
