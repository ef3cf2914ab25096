"""A capture as the extension sends it: checked, and stored durably until it is filed.

`state/companion/inbox/ID/` holds a capture with its files; `state/companion/results/ID.json` what became of it. The
same id with the same content is the same capture, however often it is sent.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NotRequired, TypedDict

from archiver.collect.companion.paired_browsers import PairedBrowser
from archiver.core.atomic_files import remove_tree, replace_file, sync, sync_folder
from archiver.core.errors import ArchiverError
from archiver.core.json_files import read_record, write_json
from archiver.core.model import iso
from archiver.reading.licence_json import SaidDownload

FILED_KEPT_S = 24 * 3600.0  # for which the client of a filed capture can be changed
MAX_INBOX_BYTES = 2 << 30  # of captures that wait to be filed
CHUNK_BYTES = 1 << 20
_PARTS = re.compile(
    r"page\.html|page\.txt|page\.mhtml|screen-\d\d\.png|document-\d\d\.(?:pdf|txt|html|json|bin)", re.ASCII
)
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_MAGIC = {".png": b"\x89PNG\r\n"}


class CaptureRefused(ArchiverError):
    """The desk refused a capture: {detail}. Update the extension, or pair the browser again."""


class CaptureConflict(CaptureRefused):
    """The desk refused a capture: {detail}. The extension must send it under a new id."""


class InboxFull(ArchiverError):
    """Too many captures wait to be filed ({detail}). Free the archive or the disk; the browser keeps the rest."""

    exit_code = 50


class SaidPage(TypedDict):
    """The page of a capture, as far as it is read."""

    url: str


class SaidDocument(TypedDict):
    """A document that a rule or the person fetched."""

    name: str
    url: str
    by: str
    retrieved_at: str


class SaidMissed(TypedDict):
    """A document that was not fetched, and why."""

    url: str
    reason: str


class CaptureSaid(TypedDict):
    """What a `CaptureDescription` says, as plain data, as far as it is read. What waits has no `client` and `job`."""

    id: str
    how: str
    at: str
    client: NotRequired[str]
    job: NotRequired[str]
    platform: str
    asset: str
    page: SaidPage
    download: SaidDownload | None
    documents: list[SaidDocument]
    missed: list[SaidMissed]
    extension: str


@dataclass(frozen=True, kw_only=True)
class StoredCapture:
    """One capture in the inbox. `said` is the extension's own description, `files` the digests of its files."""

    id: str
    digest: str
    client: str
    job: str
    person: str
    browser_id: str
    browser: str
    extension: str
    received_at: str
    said: CaptureSaid
    files: Mapping[str, str]

    def for_client(self, client: str) -> StoredCapture:
        return replace(self, client=client)

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.said["at"])

    @property
    def url(self) -> str:
        return str(self.said["page"]["url"])


@dataclass(frozen=True, kw_only=True)
class CaptureResult:
    """What became of a capture: its outcome as of an import, its licences, and a sentence where that needs one."""

    id: str
    digest: str
    client: str
    job: str
    person: str
    url: str
    outcome: str
    licences: Sequence[Mapping[str, object]]
    message: str
    filed_at: str
    paper: str = ""  # the object that keeps it unread
    bound_to: str = ""  # the licence that a person named for it

    def assigned_to(self, client: str) -> CaptureResult:
        return replace(self, client=client)


# ---------------------------------------------------------------- the inbox


class Inbox:
    """Captures that wait to be filed, and what became of the others. Safe for several threads and after a kill."""

    def __init__(self, state: Path) -> None:
        self._inbox, self._results, self._filed = (state / "companion" / each for each in ("inbox", "results", "filed"))
        self._quarantine = state / "quarantine"

    def store(self, said: CaptureSaid, client: str, browser: PairedBrowser, parts: Mapping[str, IO[bytes]]) -> str:
        """Store a capture durably, or find that it is there already. Returns the digest of its content.

        CaptureConflict if another content has its id; CaptureRefused for files that are not of a capture; InboxFull.
        """
        id = str(said["id"])
        declared = {each["name"] for each in said["documents"]}
        documents = {name for name in parts if name.startswith("document-")}
        if strange := sorted({name for name in parts if not _PARTS.fullmatch(name)} | (documents ^ declared)):
            raise CaptureRefused(f"it has or lacks the file {strange[0][:80]!r}")
        if self._size() > MAX_INBOX_BYTES:
            raise InboxFull(f"{MAX_INBOX_BYTES >> 30} GB")
        self._inbox.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._results.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._inbox / f".{id}-{os.getpid()}-{os.urandom(4).hex()}.new"
        new.mkdir(mode=0o700)
        try:
            files = {name: _copy(part, new / name) for name, part in sorted(parts.items())}
            observed = {name: each for name, each in said.items() if name not in ("client", "job")}
            digest = hashlib.sha256(_canonical({"said": observed, "files": files})).hexdigest()
            if known := self.digest(id):
                if known != digest:
                    raise CaptureConflict(f"another capture has the id {id}")
                return digest
            stored = StoredCapture(
                id=id, digest=digest, client=client, job=str(said["job"]), person=browser.person, browser_id=browser.id,
                browser=browser.browser, extension=said["extension"] or browser.extension,
                received_at=str(iso(datetime.now(UTC))), said=said, files=files,
            )  # fmt: skip
            write_json(new / "capture.json", stored)
            try:
                new.rename(self._inbox / id)
            except OSError:  # the same capture, sent twice at once
                if self.digest(id) != digest:
                    raise
            sync_folder(self._inbox)
            return digest
        finally:
            if new.exists():
                shutil.rmtree(new)

    def digest(self, id: str) -> str | None:
        """The digest of a capture that waits or was filed; None for an unknown one."""
        if waiting := _read(self._inbox / id):
            return waiting.digest
        result = self.result(id)
        return result.digest if result else None

    def waiting(self) -> Iterator[StoredCapture]:
        """The captures to file, the oldest first."""
        folders = [each for each in self._inbox.iterdir() if _ID.fullmatch(each.name)] if self._inbox.is_dir() else []
        found = [each for folder in folders if (each := _read(folder))]
        yield from sorted(found, key=lambda each: (each.said["at"], each.id))

    def file(self, capture: StoredCapture, name: str) -> Path:
        return self._inbox / capture.id / name

    def finish(self, result: CaptureResult) -> None:
        """Remember what became of a capture, then move it out of the inbox. For a day its client can be changed."""
        self.note(result)
        folder = self._inbox / result.id
        if folder.is_dir():
            self._filed.mkdir(exist_ok=True, mode=0o700)
            folder.rename(self._filed / result.id)
            os.utime(self._filed / result.id)

    def note(self, result: CaptureResult) -> None:
        write_json(self._results / f"{result.id}.json", result)

    def set_apart(self, content: bytes, sha256: str, ending: str) -> str:
        """Keep an unaltered document out of the archive, in `state/quarantine/`; its name there."""
        self._quarantine.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"companion-{sha256[:12]}.{ending}"
        replace_file(self._quarantine / name, content)
        return name

    def result(self, id: str) -> CaptureResult | None:
        """What became of a capture; None if it waits, or is not known."""
        return read_record(self._results / f"{id}.json", CaptureResult) if _ID.fullmatch(id) else None

    def results(self) -> Sequence[CaptureResult]:
        """All results, the newest first."""
        found = [each for path in self._results.glob("*.json") if (each := self.result(path.stem))]
        return sorted(found, key=lambda each: (each.filed_at, each.id), reverse=True)

    def sweep(self) -> None:
        """Remove what a killed desk left half written, and captures that were filed more than a day ago."""
        for folder in self._inbox.glob(".*.new"):
            remove_tree(folder)
        for folder in self._filed.glob("*"):
            if time.time() - folder.stat().st_mtime > FILED_KEPT_S:
                remove_tree(folder)

    def filed(self, id: str) -> StoredCapture | None:
        """A capture that was filed within the last day."""
        return _read(self._filed / id) if _ID.fullmatch(id) else None

    def put_back(self, capture: StoredCapture) -> None:
        """Let a filed capture wait once more, for another client; its result is forgotten."""
        folder = self._filed / capture.id
        write_json(folder / "capture.json", capture)
        (self._results / f"{capture.id}.json").unlink(missing_ok=True)
        folder.rename(self._inbox / capture.id)
        sync_folder(self._inbox)

    def _size(self) -> int:
        return sum(each.stat().st_size for each in self._inbox.glob("*/*")) if self._inbox.is_dir() else 0


def _read(folder: Path) -> StoredCapture | None:
    return read_record(folder / "capture.json", StoredCapture)


def _copy(part: IO[bytes], path: Path) -> str:
    """Write a file's bytes durably; its SHA-256. CaptureRefused if it is not what its name says."""
    digest, magic = hashlib.sha256(), _MAGIC.get(path.suffix, b"")
    with path.open("xb") as file:
        while chunk := part.read(CHUNK_BYTES):
            if magic and not chunk.startswith(magic):
                raise CaptureRefused(f"{path.name} is not a PNG picture")
            magic = b""
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    sync(path)
    return digest.hexdigest()


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
