"""What a person takes in our browser. It stays on the disk until it is archived."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from archiver.browsing.attended_browser import Observation, TakenItem
from archiver.core.atomic_files import replace_file
from archiver.core.model import iso
from archiver.reading.documents import is_pdf
from archiver.reading.secret_scan import Needle, all_forms, contains, mask, mask_named
from archiver.reading.worker import DocumentReader

SENT_PAGE = "page.html"


@dataclass(frozen=True, kw_only=True)
class AttendedRequest:
    """For whom a person captures, and which pages to open first. `replay`: a recording's folder, in a replay home."""

    client: str
    by: str
    urls: Sequence[str] = ()
    replay: Path | None = None
    headless: bool = False


@dataclass
class AttendedSession:
    """What one session took: each item in its own folder, with `origin.json`."""

    folder: Path
    downloads: Path
    quarantine: Path
    reader: DocumentReader
    observation: Observation = field(init=False)
    _number: int = 0

    @property
    def secret_values(self) -> list[Needle]:
        return all_forms(self.observation.secrets)

    def mask(self, content: bytes) -> bytes:
        """The content without the secrets of this browser."""
        return mask(content, self.secret_values)

    def place_for(self, name: str) -> Path:
        """A new file for a download. It never replaces another one."""
        self.downloads.mkdir(parents=True, exist_ok=True)
        stem, dot, ending = _safe(name).rpartition(".")
        number = 1
        while True:
            place = self.downloads / f"{stem}{'' if number == 1 else f' ({number})'}{dot}{ending}"
            with suppress(FileExistsError):
                place.touch(exist_ok=False)
                return place
            number += 1

    async def take(self, taken: TakenItem) -> str | None:
        """Keep an item until the end. Returns the reason if it holds a secret and is not kept."""
        return await asyncio.to_thread(self._take, taken, self.secret_values)

    def _take(self, taken: TakenItem, secret_values: list[Needle]) -> str | None:
        name = _safe(taken.name)
        if not taken.marked and self.holds_secret(taken.content, secret_values):
            return self.set_apart(name, taken.content)
        self._number += 1
        place = self.folder / f"{self._number:04d}"
        place.mkdir(parents=True, mode=0o700)
        captures = {each.name: [each.media_type, dict(each.notes)] for each in taken.captures}
        origin: dict[str, object] = {
            "how": taken.how, "name": taken.name, "file": name, "url": _address(taken.url, secret_values),
            "method": taken.method, "at": iso(taken.at), "captures": captures,
        }  # fmt: skip
        if taken.marked:
            origin |= {"name": _address(taken.name, secret_values), "file": "rendered.html"}
            for each in taken.captures:
                replace_file(place / each.name, each.content)
            if taken.sent and not contains(taken.sent, secret_values) and mask_named(taken.sent) == taken.sent:
                replace_file(place / SENT_PAGE, taken.sent)
                captures[SENT_PAGE] = ["text/html", {"made": "by the platform; as it was sent, unaltered"}]
        replace_file(place / str(origin["file"]), taken.content)
        replace_file(place / "origin.json", json.dumps(origin).encode())  # the last: without it there is nothing
        return None

    def holds_secret(self, content: bytes, secret_values: list[Needle]) -> bool:
        """Whether a document holds a secret of this browser, as bytes or in its text."""
        text = self.reader.read_all(content).text if is_pdf(content) else ""
        return contains(content, secret_values) or contains(text.encode(), secret_values)

    def set_apart(self, name: str, content: bytes) -> str:
        """Keep an unaltered document out of the archive."""
        self.quarantine.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest = sha256(content).hexdigest()[:12]
        path = self.quarantine / f"attended-{digest}{re.sub(r'[^.a-z0-9]', '', Path(name).suffix.lower())}"
        replace_file(path, content)
        return f"it contains a secret of this browser, so it was saved unaltered as {path.name} in state/quarantine"

    def log(self, folder: Path) -> None:
        """Log which requests other than GET the person's pages sent. People may ask later; the log is disposable."""
        if self.observation.sent:
            folder.mkdir(parents=True, exist_ok=True)
            lines = [json.dumps({"sent": each}) + "\n" for each in self.observation.sent]
            (folder / f"{self.folder.name}-attended.jsonl").write_text("".join(lines), "utf-8")


def _safe(name: str) -> str:
    """A file's name on any system, whatever the platform called it."""
    safe = re.sub(r"[^\w .()@+,-]|[\x00-\x1f]", "_", re.split(r"[/\\]", name)[-1]).strip(". ")[-100:]
    return safe if safe and not re.fullmatch(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", safe) else f"_{safe}"


def _address(url: str, secret_values: list[Needle]) -> str:
    return mask(mask_named(url.encode("utf-8", "replace")), secret_values).decode("utf-8", "replace")
