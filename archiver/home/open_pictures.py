"""Which pictures of a client's site wait for a person: the audit writes it, messages read it. A working paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archiver.core.json_files import read_record, write_json
from archiver.home.settings import Home


@dataclass(frozen=True, kw_only=True)
class OpenPictures:
    """The `pictures` of a visit that no licence covers and nobody marked.

    `new` are those that were new at `news_at`, the end of the last visit that found some: they make one message.
    """

    visit: int
    pictures: Sequence[str]
    new: Sequence[str]
    news_at: str


def write_open_pictures(home: Home, client: str, found: OpenPictures) -> None:
    write_json(_path(home, client), found)


def open_pictures(home: Home, client: str) -> OpenPictures | None:
    """What the audit of a client wrote; None before its first visit, or where the file was changed by hand."""
    return read_record(_path(home, client), OpenPictures)


def _path(home: Home, client: str) -> Path:
    return home.root / "work/audits" / f"{home.client(client).slug}.open.json"
