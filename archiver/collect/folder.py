"""A folder as a source: project and download folders, local or on a share.

A file is read if it is new or changed and nobody is writing it any more. Moved files are recognised by their digest. A
delivered file joins its licence. A file that looks like stock but has no licence is remembered, and joins its licence
later.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict

from archiver.catalogue.index_rows import file_name
from archiver.collect.file_walk import Item
from archiver.collect.folder_index import FileKind, FolderIndex, IndexedFile
from archiver.collect.import_plan import ImportOutcome
from archiver.collect.import_reader import FileReading, recognised
from archiver.collect.recognition import ClassifiedFile
from archiver.collect.source_filing import Filing
from archiver.collect.sources import KeepSecrets, SourceKind, SourceReading, state_of
from archiver.core.errors import ConfigError, SiteUnavailable
from archiver.home.setting_keys import Meaning
from archiver.home.settings import Home
from archiver.home.source_settings import Source, SourceSettings
from archiver.reading.mail import lookup_for

FILES = "files.sqlite"
SETTLE_S = 2.0  # seconds for which a file must not have changed before it is read
BATCH_FILES = 1000  # recognised before they are archived
MAX_PASSES = 3  # in one run: some files were still being written, others got their licence meanwhile
_CLOUD = 0x1000 | 0x40000 | 0x400000  # Windows: offline, or fetched when it is opened or read
_DATALESS = 0x40000000  # macOS
_NOT_FOLLOWED = ("it is a link", "it is a device", "it is the archiver's own home")

# What programs and systems leave while they work: drafts, parts of downloads, locks, thumbnails, sync folders.
_TEMPORARY = re.compile(
    r"(?:^|/)(?:~\$[^/]*|\.~lock\.[^/]*|~[^/]*\.tmp|\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini|\.[^/]*\.icloud"
    r"|[^/]*\.(?:tmp|temp|part|partial|crdownload|download|opdownload|!ut|swp|lock|aria2|icloud)|\.syncthing\.[^/]*)$"
    r"|/(?:\.git|\.svn|node_modules|@eaDir|#recycle|\$RECYCLE\.BIN|\.Trash[^/]*|\.stversions)/",
    re.IGNORECASE,
)


class JobRule(BaseModel):
    """Files in folders like `folder` (a pattern of the path below the source) are for `job`, else for the folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Annotated[str, Meaning("A pattern for the path below the source.", "jobs/*")]
    job: Annotated[str, Meaning("The job's name; without it, the folder's.", "Summer campaign")] = ""


class FolderSettings(SourceSettings):
    """A folder."""

    path: Annotated[Path, Meaning("The folder, with its whole path.", "/srv/jobs")]
    exclude: Annotated[tuple[str, ...], Meaning("Patterns for paths that are passed over.", "['*/drafts/*']")] = ()
    jobs: Annotated[
        tuple[JobRule, ...], Meaning("Which job the files in a folder are for.", "[{folder: 'jobs/*'}]")
    ] = ()
    keep_files: Annotated[bool, Meaning("Whether to archive the delivered files, too.")] = False


class FolderKind(SourceKind):
    title: ClassVar[str] = "Folder"
    model: ClassVar[type[SourceSettings]] = FolderSettings

    def settings(self, home: Home, source: Source) -> FolderSettings:  # noqa: ARG002  # other kinds need the home
        settings = source.options(FolderSettings)
        if not settings.path.is_absolute():
            where = source.marked.where(("path",))
            raise ConfigError(f"{where} path: {settings.path} is not an absolute path. Write the whole path.")
        return settings

    def check(
        self,
        home: Home,
        source: Source,
        secrets: Mapping[str, str],  # noqa: ARG002  # a folder has none
        keep: KeepSecrets = lambda _: None,  # noqa: ARG002  # as above
    ) -> Iterator[str]:
        settings = self.settings(home, source)
        names = entries(settings.path)
        yield f"folder {settings.path}: {len(names)} entries"

    def read(self, reading: SourceReading) -> None:
        settings = self.settings(reading.home, reading.source)
        with FolderIndex(reading.state / FILES) as index:
            empty = not entries(settings.path)
            if empty and index.files():
                raise SiteUnavailable(f"{settings.path} is empty, though it held files before. Is the share mounted?")
            FolderReading(reading, settings, index).read()

    def forget(self, home: Home, source: Source) -> None:
        path = state_of(home, source.name) / FILES
        if path.exists():
            with FolderIndex(path) as index:
                index.forget()

    def listing(self, home: Home, source: Source) -> list[dict[str, object]]:
        path = state_of(home, source.name) / FILES
        if not path.exists():
            return []
        with FolderIndex(path) as index:
            found = index.of_kinds(FileKind.STOCK, FileKind.REFUSED, FileKind.UNREAD)
            return [
                {"place": each.path, "why": each.note, "kind": each.kind.value, "assets": each.assets.split()}
                for each in found
            ]


def entries(path: Path) -> list[str]:
    """The names in the folder itself; SiteUnavailable if it is not there."""
    try:
        return os.listdir(path)  # noqa: PTH208  # names alone
    except NotADirectoryError:
        raise ConfigError(f"{path} is not a folder. Correct `path` in the source's settings.") from None
    except OSError as error:
        why = "it is not there" if isinstance(error, FileNotFoundError) else error.strerror
        raise SiteUnavailable(f"the folder {path} cannot be opened ({why})") from None


class FolderReading:
    """One reading of a folder, in one or more passes."""

    def __init__(self, reading: SourceReading, settings: FolderSettings, index: FolderIndex) -> None:
        self.reading, self.settings, self.index = reading, settings, index
        self._known = {} if reading.full else index.files()
        self._seen: set[str] = set()  # all files of the folder
        self._young: dict[str, tuple[int, int]] = {}  # that were perhaps still written
        self._again: set[str] = set()  # files without a licence whose assets have one now
        self._chosen: dict[str, tuple[int, int]] = {}  # that are being read, in the order of the walk
        self._batch: list[ClassifiedFile] = []
        self._moved: list[IndexedFile] = []
        self._done = 0
        self._root = settings.path.resolve().name or "files"

    def read(self) -> None:
        reading = self.reading
        if not self._known:
            reading.result.sweep = "full"
        with Filing(reading) as filing:
            for number in range(MAX_PASSES):
                self._again = self._with_licence(filing)
                settled, self._young = self._young, {}
                if number and not (settled or self._again):
                    break
                if settled:
                    time.sleep(SETTLE_S)
                self._pass(filing, settled)
                if reading.dry_run:
                    break
        if self._young:
            reading.result.reasons["passed over: still being written"] = len(self._young)
        if not reading.dry_run:
            self.index.drop(self.index.files().keys() - self._seen)

    def _with_licence(self, filing: Filing) -> set[str]:
        """The paths of files without a licence whose assets now have one in the archive."""
        found, downloads = set(), filing.intake.catalogue.downloads()
        for file in self.index.of_kinds(FileKind.STOCK, FileKind.OTHER) if downloads else ():
            if (file_name(file.path), file.size) in downloads:
                found.add(file.path)
        for file in self.index.of_kinds(FileKind.STOCK):
            for asset in file.assets.split():
                provider, _, asset_id = asset.partition(":")
                if any(
                    entry.held and not entry.licence.comp
                    for entry in filing.intake.catalogue.of_asset(provider, asset_id)
                ):
                    found.add(file.path)
        return found

    def _pass(self, filing: Filing, settled: Mapping[str, tuple[int, int]]) -> None:
        reading = self.reading
        self._seen.clear()
        how = FileReading(
            home=reading.home.root, reader=reading.reader, lookup=lookup_for(replay=reading.home.settings.replay),
            spool=filing.intake.spool, keep_files=self.settings.keep_files,
            wanted=partial(self._wanted, settled, time.time_ns()), known=self._was_here,
        )  # fmt: skip
        for seen in recognised([self.settings.path], how):
            reading.check_time()
            top = seen.whole
            if seen.refused and seen.refused.startswith(_NOT_FOLLOWED):
                continue
            if seen.refused == _CHANGED:
                self._young[top] = self._chosen.pop(top)
                continue
            # Only before a file that was chosen: of a folder that cannot be opened, nobody knows what comes before it.
            if len(self._batch) >= BATCH_FILES and top in self._chosen and top != self._batch[-1].whole:
                self._commit(filing, top)
            if seen.refused and seen.refused.startswith(_UNREADABLE) and not seen.sha256 and seen.path == top:
                self._chosen.pop(top, None)
                self._seen.discard(top)
            self._batch.append(seen)
            self._done += 1
            if self._done % 50 == 0:
                reading.progress(reading.source.name, self._done, None)
        self._commit(filing, None)
        self._remember_moved()

    def _wanted(self, settled: Mapping[str, tuple[int, int]], now_ns: int, path: str, state: os.stat_result) -> bool:
        """Whether to read this file: it is new or has changed, and nobody is writing it any more."""
        if self._passed_over(path, state):
            return False
        self._seen.add(path)
        mark = state.st_size, state.st_mtime_ns
        if self._known.get(path) == mark and path not in self._again:
            return False
        if now_ns - state.st_mtime_ns < SETTLE_S * 1e9 and settled.get(path) != mark:
            self._young[path] = mark
            return False
        self._chosen[path] = mark
        return True

    def _was_here(self, item: Item) -> bool:
        """Whether the same bytes were here before, under this name or another."""
        if item.within or item.path != item.file or item.path in self._again or self.reading.full:
            return False
        before = self.index.by_digest(item.sha256)
        if before is None or before.kind in (FileKind.REFUSED, FileKind.UNREAD):
            return False
        if before.kind is not FileKind.LICENCE and file_name(before.path) != file_name(item.path):
            return False  # what is not archived may be stock by its new name
        size, at = self._chosen.pop(item.path, (item.size, 0))
        self._moved.append(IndexedFile(item.path, size, at, item.sha256, before.kind, before.assets, before.note))
        if len(self._moved) >= BATCH_FILES:
            self._remember_moved()
        return True

    def _passed_over(self, path: str, state: os.stat_result) -> bool:
        inner = path.partition("/")[2]
        if _TEMPORARY.search(f"/{inner}") or any(fnmatchcase(inner, each) for each in self.settings.exclude):
            return True
        in_cloud = getattr(state, "st_file_attributes", 0) & _CLOUD or getattr(state, "st_flags", 0) & _DATALESS
        return bool(in_cloud)

    def _commit(self, filing: Filing, before: str | None) -> None:
        """Archive the files of the batch, and remember all files that the walk met before this one."""
        batch, self._batch = self._batch, []
        relevant = [seen for seen in batch if not seen.says_nothing]
        for seen in relevant:
            if seen.path == seen.whole:
                inner = seen.path.partition("/")[2]
                filing.about[seen.sha256] = {
                    "folder": {"source": self.reading.source.name, "path": seen.path},
                    **({"job": job} if (job := self._job(inner)) else {}),
                }  # fmt: skip
        found = {seen.whole: IndexedFile(seen.whole, 0, 0) for seen in batch}
        for seen in batch:
            if seen.path in found:
                found[seen.path] = IndexedFile(seen.path, 0, 0, seen.sha256)
        if relevant:
            report = filing.commit(relevant, keep_files=self.settings.keep_files)
            filing.tally(report)
            for fate in report.fates:
                path = fate.seen.whole
                found[path] = _better(found[path], fate.seen, fate.outcome, fate.message, bool(fate.groups))
                if self.reading.dry_run:
                    taken = bool(fate.groups) or fate.outcome is ImportOutcome.UNREAD
                    self.reading.result.count(fate.message or fate.seen.what, fate.seen.path, taken=taken, dry_run=True)
        ended = []
        for path in list(self._chosen):
            if path == before:
                break
            size, at = self._chosen.pop(path)
            file = found.get(path, IndexedFile(path, size, at))
            ended.append(IndexedFile(path, size, at, file.sha256, file.kind, file.assets, file.note))
        self._remember(ended)

    def _job(self, inner: str) -> str:
        """The job of a file: the first rule that matches one of its folders decides, and the outermost such folder
        counts.
        """
        parts = inner.split("/")[:-1]
        for rule in self.settings.jobs:
            for number in range(1, len(parts) + 1):
                if fnmatchcase("/".join(parts[:number]), rule.folder):
                    return rule.job or parts[number - 1]
        return ""

    def _remember_moved(self) -> None:
        self._remember(self._moved)
        self._moved = []

    def _remember(self, files: list[IndexedFile]) -> None:
        if not self.reading.dry_run:
            self.index.keep(files)
        for file in files:
            self._known[file.path] = file.size, file.mtime_ns
            self._again.discard(file.path)


_CHANGED = "it changed while it was read; import it again"
_UNREADABLE = "it cannot be read ("  # by this user or now, so it is not remembered and tried again
_ORDER = (FileKind.OTHER, FileKind.STOCK, FileKind.UNREAD, FileKind.REFUSED, FileKind.LICENCE)


def _better(file: IndexedFile, seen: ClassifiedFile, outcome: ImportOutcome, note: str, bound: bool) -> IndexedFile:
    """The file with the kind of one of its parts, if that says more than the kind known so far."""
    if bound:
        kind = FileKind.LICENCE
    elif outcome is ImportOutcome.REFUSED:
        kind = FileKind.REFUSED
    elif outcome is ImportOutcome.UNREAD:
        kind = FileKind.UNREAD
    else:
        kind = FileKind.STOCK if seen.named else FileKind.OTHER
    if _ORDER.index(kind) < _ORDER.index(file.kind):
        return file
    assets = " ".join(f"{each.platform}:{each.asset_id}" for each in seen.named if each.asset_id)
    return IndexedFile(file.path, file.size, file.mtime_ns, file.sha256, kind, assets, note)
