"""Which pictures of a client's site wait for a person: the audit writes it, messages read it. A working paper."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from archiver.core.atomic_files import replace_file
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
    path = _path(home, client)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(path, json.dumps(asdict(found)).encode())


def open_pictures(home: Home, client: str) -> OpenPictures | None:
    """What the audit of a client wrote; None before its first visit, or where the file was changed by hand."""
    try:
        return OpenPictures(**json.loads(_path(home, client).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _path(home: Home, client: str) -> Path:
    return home.root / "work/audits" / f"{home.client(client).slug}.open.json"
