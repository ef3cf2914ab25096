"""Write one of our own pages to a file that a person named: as HTML, or printed as PDF."""

from __future__ import annotations

from pathlib import Path

from archiver.core.atomic_files import replace_file, sweep_beside
from archiver.core.errors import BrowserMissing, ConfigError


def write_page(html: str, out: Path) -> None:
    """Write a page as HTML, or printed by Chromium as PDF, by the file's ending.

    Raises ConfigError for another ending or a missing folder, and BrowserMissing if no Chromium can print.
    """
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
        raise ConfigError(f"{out} is neither a .pdf nor a .html file. Name one with --out.")
    write_file(out, content)


def write_file(out: Path, content: bytes) -> None:
    """Write a file that a person named, at once; ConfigError where its folder is missing."""
    sweep_beside(out)
    try:
        replace_file(out, content)
    except FileNotFoundError:
        raise ConfigError(f"There is no folder {out.parent}. Make it, or name another file with --out.") from None
