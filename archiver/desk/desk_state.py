"""One home at one site, and what all its visitors share."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from starlette.exceptions import HTTPException

from archiver.archive.verify import LEDGER
from archiver.catalogue import picture_search, search
from archiver.catalogue.index import RunLine
from archiver.claims import claim_files
from archiver.core.errors import ArchiverError, IntegrityError
from archiver.desk.auth import AccessControl
from archiver.desk.background_job import Work
from archiver.desk.workers import Workers
from archiver.home.settings import Home
from archiver.home.vault import Vault, find_key
from archiver.reading.worker import DocumentReader

FRESH_SECONDS = 3.0  # for which a count may be old while a run writes, which itself keeps the catalogue


KEPT_BYTES = 96 << 20  # of pictures that were looked for


@dataclass(frozen=True, kw_only=True)
class Site:
    """How the desk is reached: the hosts by which it may be called, with their ports, and whether by https."""

    hosts: frozenset[str]
    secure: bool = False
    proxied: bool = False

    @property
    def cookie(self) -> str:
        """The visit's cookie. Other desks of this machine have other ports, and cookies do not know ports."""
        return "__Host-desk" if self.secure else f"desk-{min(self.hosts).rpartition(':')[2]}"


@dataclass(frozen=True, kw_only=True)
class ArchiveSummary:
    """How many licences an archive holds, how many of them lack a document, and the turns of its accounts."""

    followed: object = None  # what the catalogue had taken in then
    count: int = 0
    incomplete: int = 0
    fault: str = ""  # why it cannot be read
    runs: Mapping[str, Sequence[RunLine]] = field(default_factory=dict)


def _stands(home: Home, slug: str, followed: object) -> ArchiveSummary:
    try:
        with DocumentReader() as reader, search.catalogue_of(home, slug, reader) as (_, catalogue):
            archive, lost = home.archive(slug), len(catalogue.unreadable())
            if lost or ((archive / "evidence").is_dir() and not (archive / LEDGER).is_file()):
                return ArchiveSummary(
                    fault=str(IntegrityError(f"{lost} objects cannot be read" if lost else "no ledger"))
                )
            runs: dict[str, list[RunLine]] = {}
            for run in catalogue.runs():
                runs.setdefault(run.account, []).append(run)
            return ArchiveSummary(
                followed=followed, count=catalogue.count(), incomplete=catalogue.count_incomplete(), runs=runs
            )
    except ArchiverError as error:  # one archive at fault does not take the others from whoever looks
        return ArchiveSummary(fault=str(error))


def _stamp(home: Home, slug: str) -> object:
    """What changes whenever a ledger grows, or its catalogue is made anew; None where there is no archive."""
    try:
        ledger = (home.archive(slug) / LEDGER).stat()
        return ledger.st_mtime_ns, ledger.st_size, home.catalogue(slug).stat().st_ino
    except FileNotFoundError:
        return None


@dataclass
class Desk:
    """One home at one site, and what its visitors share."""

    root: Path
    site: Site
    access: AccessControl
    work: Work = field(default_factory=Work)
    workers: Workers = field(default_factory=Workers)
    vault_key: str | None = None  # as it was typed at the start; else it is looked for when it is needed
    _home: tuple[object, Home] | None = None
    _standing: dict[str, ArchiveSummary] = field(default_factory=dict)
    _followed: dict[str, tuple[object, float]] = field(default_factory=dict)  # as what, and when
    _reader: DocumentReader | None = None
    _sight: picture_search.PictureRecogniser | None = None
    _open: ExitStack = field(default_factory=ExitStack)
    _looking: Lock = field(default_factory=Lock)
    _lock: Lock = field(default_factory=Lock)
    _catching_up: Lock = field(default_factory=Lock)
    _kept: OrderedDict[str, tuple[int, Any]] = field(default_factory=OrderedDict)

    @property
    def home(self) -> Home:
        """The home as its files are now; they are read again when one of them changed."""
        files = {"": (self.root / "archiver.yaml").stat()}
        # No folder is no clients, as in `Home.load`; a file that goes just now changes the stamp all the same.
        with suppress(FileNotFoundError), os.scandir(self.root / "clients") as entries:
            files |= {each.name: each.stat() for each in entries if fnmatch(each.name, "*.y*ml")}
        stamp = {name: (status.st_mtime_ns, status.st_size) for name, status in files.items()}
        loaded = self._home
        if loaded is None or loaded[0] != stamp:
            loaded = self._home = stamp, Home.load(self.root)
        return loaded[1]

    @property
    def vault(self) -> Vault:
        """The home's vault; nobody is asked for its key while a page waits."""
        if self.vault_key is None:
            self.vault_key = find_key(interactive=False)
        return Vault(self.home.vault, self.vault_key, remember=not self.home.settings.replay)

    @contextmanager
    def following(self) -> Iterator[None]:
        """In here pages read the catalogues as they are. While a run writes, these are caught up every few seconds and
        not by each page, and by readers of documents that stay."""
        home, whole = self.home, True
        for slug in search.archives(home):
            known, at = self._followed.get(slug, (None, 0.0))
            if known is not None and (known == _stamp(home, slug) or time.monotonic() < at + FRESH_SECONDS):
                continue
            if not self._catching_up.acquire(blocking=not at):
                continue  # another page takes in what is new; only who has changed something here waits for it
            try:
                if self._followed.get(slug, (None, 0.0))[0] is known:  # nobody was quicker
                    whole = self._catch_up(home, slug) and whole
            finally:
                self._catching_up.release()
        if not whole:  # each page then says itself what is wrong with what it is about
            yield
            return
        with search.catalogues_as_they_are():
            yield

    def _catch_up(self, home: Home, slug: str) -> bool:
        """Take in what is new; False where that cannot be kept, or the archive is at fault."""
        if self._reader is None:
            self._reader = self._open.enter_context(DocumentReader())  # ends with the process
        stamp = _stamp(home, slug)
        try:
            with search.catalogue_of(home, slug, self._reader):
                pass
        except ArchiverError:
            return False
        if not home.catalogue(slug).is_file():  # a home that can only be read
            return False
        if stamp:  # else the catalogue was not there yet, and is looked at once more
            self._followed[slug] = stamp, time.monotonic()
        return True

    def changed(self) -> None:
        """What was done here is seen at once."""
        self._followed = {slug: (known, 0.0) for slug, (known, _) in self._followed.items()}

    def standing(self, home: Home, slug: str) -> ArchiveSummary:
        """How a client's archive stands, as far as its catalogue has taken it in."""
        if not home.archive(slug).is_dir():
            return ArchiveSummary()
        followed, known = self._followed.get(slug, (None, 0.0))[0], self._standing.get(slug)
        if known is None or followed is None or known.followed != followed:
            known = self._standing[slug] = _stands(home, slug, followed)
        return known

    def turns(self, home: Home, slug: str) -> Mapping[str, Sequence[RunLine]]:
        """`status.runs_of`, remembered."""
        return self.standing(home, slug).runs

    def look_for(self, content: bytes, name: str, client: str | None, **more: Any) -> picture_search.PictureMatches:
        """What a picture shows, see `picture_search.find_picture`: one after another, with what looks kept ready."""
        with self._looking:
            if self._sight is None:
                self._sight = self._open.enter_context(
                    picture_search.open_recogniser(self.home)
                )  # ends with the process
            pages = dict if more.get("alone") else partial(claim_files.licences_by_page, self.home)
            return picture_search.find_picture(
                self.home, content, name, client=client, seeing=self._sight, used_on=pages, **more
            )

    def keep(self, key: str, size: int, value: Any) -> None:
        """Remember a search for a while: the newest ones, as far as memory was set aside for them."""
        with self._lock:
            self._kept[key] = size, value
            while sum(size for size, _ in self._kept.values()) > KEPT_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)

    def kept(self, key: str) -> Any:
        """What was kept under this key; HTTPException 404 where it is gone."""
        with self._lock:
            if key not in self._kept:
                raise HTTPException(404)
            return self._kept[key][1]
