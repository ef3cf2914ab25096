"""The state that all visitors of a desk share: one home, served at one site."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, tzinfo
from fnmatch import fnmatch
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from archiver.agency.archive_summary import (
    ArchiveSummary,
    check_archive,
    check_stamp,
    find_licence_fault,
    seal_stamp,
    summarise_archive,
)
from archiver.catalogue import picture_search, search
from archiver.catalogue.index import Catalogue, CatalogueEntry, RunLine
from archiver.claims import claim_files
from archiver.core.errors import ArchiverError, machine_error
from archiver.desk.alert_cache import AlertCache
from archiver.desk.auth import AccessControl
from archiver.desk.background_job import PageWorks, Work
from archiver.desk.companion_state import CompanionState
from archiver.desk.workers import Workers
from archiver.home.settings import HOUSE, Home
from archiver.home.vault import Vault, find_key
from archiver.reading.worker import DocumentReader

FRESH_SECONDS = 3.0  # maximum age of a count during a run, because the run itself updates the catalogue
MAX_CACHED_COUNTS = 200
KEPT_BYTES = 96 << 20  # memory for pictures that were searched for


@dataclass(frozen=True, kw_only=True)
class Site:
    """The desk's address: the permitted hosts with their ports, and whether it uses https."""

    hosts: frozenset[str]
    secure: bool = False
    proxied: bool = False

    @property
    def cookie(self) -> str:
        """The name of the session cookie. It contains the port, because browsers share cookies between ports."""
        return "__Host-desk" if self.secure else f"desk-{min(self.hosts).rpartition(':')[2]}"

    def address_of(self, request: Request) -> str:
        """The address of the one who asks; behind a proxy, the last one in X-Forwarded-For. Empty if unknown."""
        if self.proxied:
            said = request.headers.getlist("x-forwarded-for")
            return said[-1].rpartition(",")[2].strip()[:60] if said else ""
        return request.client.host if request.client else ""


@dataclass
class Desk:
    """One home, served at one site, with the state that its visitors share."""

    root: Path
    site: Site
    access: AccessControl
    work: Work = field(default_factory=Work)
    works: PageWorks = field(default_factory=PageWorks)
    workers: Workers = field(default_factory=Workers)
    vault_key: str | None = None  # as typed at the start; if None, it is looked up when needed
    _home: tuple[object, Home] | None = None
    _standing: dict[str, ArchiveSummary] = field(default_factory=dict)
    _followed: dict[str, tuple[object, float]] = field(default_factory=dict)  # by client: the state read, and when
    _faults: dict[str, str] = field(default_factory=dict)  # by client: why its archive or its catalogue cannot be read
    _checked: dict[str, object] = field(default_factory=dict)  # by client: the state of the last look for faults
    _reader: DocumentReader | None = None
    _sight: picture_search.PictureRecogniser | None = None
    _open: ExitStack = field(default_factory=ExitStack)
    _looking: Lock = field(default_factory=Lock)
    _lock: Lock = field(default_factory=Lock)
    _catching_up: Lock = field(default_factory=Lock)
    _alerts: AlertCache = field(default_factory=AlertCache)
    _kept: OrderedDict[str, tuple[int, object]] = field(default_factory=OrderedDict)
    _cached: OrderedDict[str, tuple[object, Any]] = field(default_factory=OrderedDict)

    @property
    def home(self) -> Home:
        """The home with its present settings. Changed files are read again."""
        files = {"": (self.root / "archiver.yaml").stat()}
        # A missing folder means no clients, as in `Home.load`. A file that vanishes now changes the stamp anyway.
        with suppress(FileNotFoundError), os.scandir(self.root / "clients") as entries:
            files |= {each.name: each.stat() for each in entries if fnmatch(each.name, "*.y*ml")}
        stamp = {name: (status.st_mtime_ns, status.st_size) for name, status in files.items()}
        loaded = self._home
        if loaded is None or loaded[0] != stamp:
            loaded = self._home = stamp, Home.load(self.root)
        return loaded[1]

    @property
    def clock(self) -> tzinfo | None:
        """The zone of the times on pages; None: this machine's."""
        return claim_files.clock_of(self.home)

    @property
    def vault(self) -> Vault:
        """The home's vault. A page never asks for its key."""
        if self.vault_key is None:
            self.vault_key = find_key(interactive=False)
        return Vault(self.home.vault, self.vault_key, remember=not self.home.settings.replay)

    @cached_property
    def companion(self) -> CompanionState:
        """The browsers of this home that send captures."""
        return CompanionState(lambda: self.home, lambda: self.vault)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Inside, pages read the catalogues without updating them.

        During a run the desk updates them every few seconds, not for each page, and keeps its document readers.
        """
        home, whole = self.home, True
        here = search.archives(home)
        for slug in home.clients.keys() - here:
            self._note_fault(home, slug)
        for slug in here:
            known, at = self._followed.get(slug, (None, 0.0))
            same = slug not in self._faults and known == search.stamp(home, slug)  # a fault may be mended meanwhile
            same = same and self._checked.get(slug) == check_stamp(home, slug)
            if known is not None and (same or time.monotonic() < at + FRESH_SECONDS):
                continue
            if not self._catching_up.acquire(blocking=not at):
                continue  # another page does the update; only a visitor who changed something waits for it
            try:
                if self._followed.get(slug, (None, 0.0))[0] is known:  # no other page has done it
                    whole = self._catch_up(home, slug) and whole
            finally:
                self._catching_up.release()
        if not whole:  # each page then reports the faults of its own archive
            yield
            return
        with search.catalogues_as_they_are():
            yield

    def _catch_up(self, home: Home, slug: str) -> bool:
        """Update the catalogue; False if it cannot be written, or if the archive has a fault."""
        if self._reader is None:
            self._reader = self._open.enter_context(DocumentReader())  # ends with the process
        stamp, self._checked[slug] = search.stamp(home, slug), check_stamp(home, slug)
        try:
            with search.catalogue_of(home, slug, self._reader) as (_, catalogue):
                self._note_fault(home, slug, catalogue)
        except ArchiverError as error:
            self._faults[slug] = str(error)
            self._followed.pop(slug, None)
            return False
        if not home.catalogue(slug).is_file():  # a read-only home
            return False
        if stamp:  # without a stamp the catalogue did not exist yet; check again
            self._followed[slug] = stamp, time.monotonic()
        return True

    def _note_fault(self, home: Home, slug: str, catalogue: Catalogue | None = None) -> None:
        before = self._faults.pop(slug, "")
        try:
            check_archive(home, slug, catalogue)
        except (ArchiverError, OSError) as error:
            self._faults[slug] = str(machine_error(error))
        if before != self._faults.get(slug, ""):
            self._standing.pop(slug, None)

    def faults(self) -> Mapping[str, str]:
        """Why archives cannot be read, as of the last look at them, by client. Nothing there hides the others."""
        return {slug: fault for slug, fault in sorted(self._faults.items()) if slug in self.home.clients}

    def licence_fault(self, catalogue: Catalogue, entry: CatalogueEntry) -> str:
        """Why a licence is not what was archived; empty if it is. Today and all pages then say so of its archive."""
        fault = find_licence_fault(self.home, catalogue, entry)
        self._note_fault(self.home, entry.client, catalogue)
        return fault or self._faults.get(entry.client, "")

    def changed(self) -> None:
        """Make a change visible at once."""
        self._followed = {slug: (known, 0.0) for slug, (known, _) in self._followed.items()}

    def standing(self, home: Home, slug: str) -> ArchiveSummary:
        """The state of a client's archive, according to its catalogue."""
        followed, known = self._followed.get(slug, (None, 0.0))[0], self._standing.get(slug)
        state = followed, seal_stamp(home, slug)  # a timestamp adds no line to the ledger
        if known is None or followed is None or known.followed != state:
            known = self._standing[slug] = summarise_archive(home, slug, state)
        return known

    def state_of(self, home: Home, client: str) -> object:
        """What changes when something is archived for a client, or in the house archive."""
        return tuple(search.stamp(home, slug) for slug in dict.fromkeys((client, HOUSE)))

    def alerts(self, home: Home, today: date) -> Sequence[Any]:
        """`find_alerts`, cached until an archive or a setting changes."""
        settings = self._home and self._home[0]
        return self._alerts.find(home, today, (settings, *(search.stamp(home, slug) for slug in home.clients)))

    def turns(self, home: Home, slug: str) -> Mapping[str, Sequence[RunLine]]:
        """`status.runs_of`, cached."""
        return self.standing(home, slug).runs

    def lacking(self, home: Home, slug: str) -> Mapping[str, int]:
        """`incomplete_of`, cached."""
        return self.standing(home, slug).incomplete_from

    def previews(self, home: Home, slug: str) -> Mapping[str, int]:
        """`previews_of`, cached."""
        return self.standing(home, slug).previews_from

    def cached[T](self, key: str, count: Callable[[], T]) -> T:
        """A count over all archives, done again when one of them has changed."""
        home = self.home
        stamp = tuple((slug, search.stamp(home, slug), seal_stamp(home, slug)) for slug in search.archives(home))
        known = self._cached.get(key)
        if known is None or known[0] != stamp:
            known = stamp, count()
            with self._lock:
                self._cached[key] = known
                while len(self._cached) > MAX_CACHED_COUNTS:
                    self._cached.popitem(last=False)
        value: T = known[1]
        return value

    def look_for(self, content: bytes, name: str, client: str | None, **more: Any) -> picture_search.PictureMatches:
        """Search for a picture with `picture_search.find_picture`. One search at a time; the matcher stays loaded."""
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
        """Keep a search for a while. The newest searches stay, up to `KEPT_BYTES`."""
        with self._lock:
            self._kept[key] = size, value
            while sum(size for size, _ in self._kept.values()) > KEPT_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)

    def kept(self, key: str) -> Any:
        """The search with this key; HTTPException 404 if it is no longer kept."""
        with self._lock:
            if key not in self._kept:
                raise HTTPException(404)
            return self._kept[key][1]
