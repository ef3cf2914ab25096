"""Search the archives by words and names: find, show, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from itertools import chain
from typing import Any

from archiver.archive.checking.parts import archive_words
from archiver.archive.erasure import holds
from archiver.archive.reader import Archive, is_unbegun
from archiver.catalogue import views
from archiver.catalogue.checked_dates import dated_rows, dates_of
from archiver.catalogue.filters import SORTS, LicenceFilter
from archiver.catalogue.index import Catalogue, CatalogueEntry, ErasedEntry, Hit, RunLine
from archiver.catalogue.known_archive import check_not_lost as check_not_lost  # for all who look at archives
from archiver.catalogue.known_archive import is_lost
from archiver.catalogue.views import secured_in_words as secured_in_words
from archiver.core.errors import ConfigError, Erased, IntegrityError, Remedy
from archiver.core.progress import with_progress
from archiver.home.settings import HOUSE, Home
from archiver.provider import declared
from archiver.reading import filenames
from archiver.reading.worker import DocumentReader

MAX_SEARCHED = 1_000_000  # the most licences of one archive that are looked at to narrow or sort a search
MAX_LISTED_ACCOUNTS = 4  # the most accounts that one sentence names


@contextmanager
def followed(home: Home, client: str) -> Iterator[Catalogue]:
    """A client's catalogue, updated from the archive."""
    with DocumentReader() as reader, Catalogue(home.catalogue(client)) as catalogue:
        catalogue.catch_up(Archive(home.archive(client)), reader)
        yield catalogue


type AccountRuns = Callable[[Home, str], Mapping[str, Sequence[RunLine]]]
"""Returns the runs of each account in a client's archive, oldest first: `runs_of`, or a cached version."""


def runs_of(home: Home, client: str) -> dict[str, list[RunLine]]:
    """The runs of each account in a client's archive, oldest first."""
    found: dict[str, list[RunLine]] = {}
    if home.archive(client).is_dir():
        with followed(home, client) as catalogue:
            for run in catalogue.runs():
                found.setdefault(run.account, []).append(run)
    return found


type CountByAccount = Callable[[Home, str], Mapping[str, int]]
"""Counts something of each account in a client's archive: `incomplete_of`, `previews_of`, or a cached version."""


def incomplete_of(home: Home, client: str) -> Mapping[str, int]:
    """How many licences in a client's archive lack a document, by the account whose run archived them."""
    if not home.archive(client).is_dir():
        return {}
    with followed(home, client) as catalogue:
        return catalogue.incomplete_by_account()


def previews_of(home: Home, client: str) -> Mapping[str, int]:
    """How many previews without a licence (comps) a client's archive holds, by the account whose run archived them."""
    if not home.archive(client).is_dir():
        return {}
    with followed(home, client) as catalogue:
        return catalogue.previews_by_account()


_as_they_are: ContextVar[bool] = ContextVar("catalogues as they are", default=False)


@contextmanager
def catalogues_as_they_are() -> Iterator[None]:
    """Inside, catalogues are not updated from the ledgers. A caller with many queries updates them once before."""
    before = _as_they_are.set(True)
    try:
        yield
    finally:
        _as_they_are.reset(before)


type PageUses = Callable[[], Mapping[str, Collection[str]]]
"""Returns the folders of the claims' licences, by the page addresses that the claims name."""


@contextmanager
def catalogue_of(home: Home, slug: str, reader: DocumentReader) -> Iterator[tuple[Archive, Catalogue]]:
    """A client's archive and its catalogue, updated to the ledger's head."""
    archive = Archive(home.archive(slug))
    with Catalogue(home.catalogue(slug)) as catalogue:
        if not _as_they_are.get() or catalogue.is_empty:
            catalogue.catch_up(archive, reader)
        yield archive, catalogue


def stamp(home: Home, slug: str) -> object:
    """Return a value that changes when the ledger grows or the catalogue is rebuilt; None without an archive."""
    try:
        ledger = (home.archive(slug) / archive_words.LEDGER).lstat()
        return ledger.st_mtime_ns, ledger.st_size, home.catalogue(slug).stat().st_ino
    except (FileNotFoundError, NotADirectoryError):
        return None


def archives(home: Home, client: str | None = None) -> list[str]:
    """The clients that have an archive, or only the given client. One that was never begun counts for none."""
    return [slug for slug in _slugs(home, client) if home.archive(slug).is_dir() and not is_unbegun(home.archive(slug))]


def gone(home: Home, client: str | None = None) -> list[str]:
    """The clients, or only the given client, that had an archive, as this home knows, and of which nothing is left."""
    return [slug for slug in _slugs(home, client) if is_unbegun(home.archive(slug)) and is_lost(home, slug)]


def _slugs(home: Home, client: str | None) -> list[str]:
    return [home.client(client).slug] if client else list(home.clients)


def scope(home: Home, client: str | None, *, alone: bool) -> Iterator[tuple[str, bool]]:
    """The archives in which a search looks, and whether only unassigned licences count there.

    A search for a client also looks in the house archive, whose unassigned licences may be for that client, unless it
    is `alone`.
    """
    for slug in archives(home, client):
        yield slug, False
    for house in home.client_and_house(client)[1:] if client and not alone else ():
        if home.archive(house.slug).is_dir():
            yield house.slug, True


def without_client(home: Home) -> list[str]:
    """The archives whose client's file is missing. They are still evidence."""
    places = sorted(home.archive("-").parent.glob("*"))
    whole = [each for each in places if (each / archive_words.LEDGER).is_file() or (each / "evidence").is_dir()]
    return [place.name for place in whole if place.name not in home.clients]


def orphan_archives(home: Home) -> list[str]:
    """A sentence for each archive whose client's file is missing."""
    return [
        f"archive/{slug} has no client. Restore clients/{slug}.yaml from a backup. Until then only `archiver "
        "verify` reads that archive."
        for slug in without_client(home)
    ]


# many parameters: the options of its command
def find(
    home: Home, text: str, *, client: str | None = None, alone: bool = False, limit: int = 20,
    used_on: PageUses = dict, warn: Callable[[str], None] = lambda _: None, only: LicenceFilter | None = None,
    sort: str = "match",
) -> list[dict[str, Any]]:  # fmt: skip
    """Matching licences, best first, in the form of `find --json`. `warn` gets the objects that cannot be read.

    If a file name or an address holds a platform's asset ID, only that asset's licences are found. The address of a
    page that a claim names finds the licences of that claim. Near misses are left out where a licence has all words.
    `alone` is a client's own link: it searches only what the link shows, so no seats, accounts, jobs, receipts or
    claims. `only` narrows the results, and `sort` is one of `SORTS`.
    """
    whole = sort != "match" or (only is not None and only.narrows)
    rows: list[dict[str, object]] = []
    named = [each for each in filenames.names(text.strip()) if each.asset_id]
    by = "page_url" if "://" in text else "file_name"
    pages = used_on() if by == "page_url" else {}
    with DocumentReader() as reader:
        for slug, unassigned, _, catalogue in _opened(home, client, reader, warn, alone=alone):
            hits = [
                Hit(entry, by, 1.0)
                for each in named
                for entry in catalogue.of_asset(each.platform, each.asset_id or "")
                if entry.held and not (unassigned and entry.assigned)
            ]
            seen = pages.get(text.strip(), ())
            hits += [Hit(entry, by, 1.0) for each in seen for entry in catalogue.matching(each) if entry.held]
            hits = hits or catalogue.find(text, MAX_SEARCHED if whole else limit, unassigned=unassigned, outside=alone)
            if only:
                counted = with_progress(f"{slug}: licences", hits, len(hits))
                hits = [hit for hit in counted if only.fits(hit.entry.licence)]
            if hits:
                rows += dated_rows(home, catalogue, hits, warn)
            for object_id, reason in catalogue.unreadable().items():
                look = Remedy("verify", {"client": slug})
                warn(f"warning: {slug}: the results leave out {object_id}: {reason}. {look}")
    if by_name := [row for row in rows if row["match"] == by]:
        rows = by_name
    whole_matches = [row for row in rows if not row["without"]]
    rows = whole_matches or rows
    return SORTS[sort](rows)[:limit]


def _opened(
    home: Home, client: str | None, reader: DocumentReader, warn: Callable[[str], None], *, alone: bool,
    stack: ExitStack | None = None,
) -> Iterator[tuple[str, bool, Archive, Catalogue]]:  # fmt: skip
    """Open the archives of a `scope`. If several are searched, a faulty archive is only reported.

    Each is closed before the next is opened, unless `stack` keeps them open.
    """
    places = [*scope(home, client, alone=alone), *((slug, False) for slug in gone(home, client))]
    for slug, unassigned in places:
        with ExitStack() as until_next:
            try:
                check_not_lost(home, slug)
                archive, catalogue = (stack or until_next).enter_context(catalogue_of(home, slug, reader))
            except IntegrityError as error:
                if client or len(places) == 1:
                    raise
                warn(f"warning: {titled(home, slug)} was not searched: {error}")
                continue
            yield slug, unassigned, archive, catalogue


def incomplete(home: Home, client: str | None, turns: AccountRuns = runs_of) -> list[str]:
    """What the searched archives do not contain, for a search without results: sentences about the accounts of each
    client.
    """
    found: dict[tuple[str, str], list[str]] = {}

    def note(slug: str, account: str, said: str) -> None:
        found.setdefault((slug, said), []).append(account)

    for owner in home.client_and_house(client) if client else home.clients.values():
        slug = owner.slug
        runs: dict[str, RunLine] = {}
        full: dict[str, str] = {}
        for run in chain(*turns(home, slug).values()):
            runs[run.account] = run
            if run.sweep == "full" and run.is_complete:
                full[run.account] = run.at[:10]
        for account in owner.inputs:
            last = runs.get(account.name)
            if account.closed:
                note(slug, account.name, f"was closed on {account.closed}; later licences are not archived")
            elif (info := declared(account.provider)) and info.on_request:
                note(slug, info.title, "has no licence history; only captured pages are archived")
            elif last is None:
                note(slug, account.name, "has not been read yet")
            elif last.is_read_to_end:
                as_far = "as far as the platform showed its list; nothing proves that no more follows"
                note(slug, account.name, f"is archived up to {last.at[:10]}, {as_far}")
            elif not last.is_complete:
                since = f"; its last complete reading was on {full[account.name]}" if account.name in full else ""
                note(slug, account.name, f"was read on {last.at[:10]} with the outcome {last.outcome}{since}")
            else:
                note(slug, account.name, f"is archived up to {last.at[:10]}; later licences are not")
        if not owner.inputs:
            note(slug, "", "no account is connected")
    return [f"{titled(home, slug)}: {_of_accounts(accounts, said)}" for (slug, said), accounts in found.items()]


def titled(home: Home, slug: str) -> str:
    """How a sentence names an archive."""
    return "House archive" if slug == HOUSE else home.client(slug).name


def _of_accounts(accounts: Sequence[str], said: str) -> str:
    """A sentence about one or several accounts; `said` begins with the verb for one."""
    names = list(dict.fromkeys(filter(None, accounts)))
    if len(names) > 1:
        verb, rest = said.split(" ", 1)
        said = {"is": "are", "has": "have", "was": "were"}[verb] + f" {rest}"
    more = f" and {len(names) - MAX_LISTED_ACCOUNTS} more" if len(names) > MAX_LISTED_ACCOUNTS else ""
    return f"{', '.join(names[:MAX_LISTED_ACCOUNTS])}{more} {said}".strip()


@contextmanager
def located(
    home: Home, name: str, reader: DocumentReader, prefer: str | None = None, *, assigned_away: bool = False
) -> Iterator[tuple[str, Archive, CatalogueEntry]]:
    """The one licence with this short ID or unique part of it; ConfigError for none or several, Erased if only an
    erased one has that name.

    `assigned_away`: also count a copy that was taken back from its client.
    """
    slug, entry = named(home, name, reader, prefer, assigned_away=assigned_away)
    if isinstance(entry, ErasedEntry):
        raise Erased(
            f"{entry.short_id} on {entry.at} ({entry.reason})", remedy=Remedy("show", {"licence": entry.short_id})
        )
    with catalogue_of(home, slug, reader) as (archive, catalogue):
        yield slug, archive, catalogue.matching(entry.folder)[0]


def named(
    home: Home, name: str, reader: DocumentReader, prefer: str | None = None, *, assigned_away: bool = False
) -> tuple[str, CatalogueEntry | ErasedEntry]:
    """The client and the one licence with this name; an erased one only if no other has it.

    If a licence has several copies, the copy of the client `prefer` counts, then any client's, then the house's.
    """
    client, _, part = name.rpartition("/")
    if client and client not in home.clients:
        raise ConfigError(f"There is no client {client!r}. Known: {', '.join(home.clients) or 'none'}.")
    found: list[tuple[str, CatalogueEntry | ErasedEntry]] = []
    erased: list[tuple[str, CatalogueEntry | ErasedEntry]] = []
    for slug in archives(home, client or None):
        with catalogue_of(home, slug, reader) as (_, catalogue):
            found += [(slug, entry) for entry in catalogue.matching(part) if entry.held or client or assigned_away]
            erased += [(slug, entry) for entry in catalogue.erased_matching(part)]
    found = found or erased
    if len({entry.folder for _, entry in found}) == 1:  # one licence, in the house archive and assigned to a client
        of_client = [each for each in found if each[0] == prefer]
        found = of_client or [each for each in found if each[0] != HOUSE] or found
    if not found:
        raise ConfigError(f"No licence in this archive has the name {name!r}.", remedy=Remedy("find"))
    if len(found) > 1:
        some = ", ".join(entry.short_id for _, entry in found[:5])
        raise ConfigError(f"{name!r} matches more than one licence, for example {some}. Give more of the name.")
    return found[0]


def show(home: Home, name: str) -> dict[str, Any]:
    """Everything about one licence, in the form of `show --json`; for an erased one, the content of its tombstone."""
    with DocumentReader() as reader:
        slug, entry = named(home, name, reader)
    archive = Archive(home.archive(slug))
    if isinstance(entry, ErasedEntry):
        return views.erased(slug, archive, entry, dates_of(home, slug))
    held = next((str(hold) for hold in holds(archive) if hold.covers(entry.object_id)), None)
    return views.show(slug, archive, entry, dates_of(home, slug)) | {"hold": held}


def rebuild(home: Home) -> dict[str, int]:
    """Rebuild every catalogue. Returns the number of licences by client."""
    counts = {}
    with DocumentReader() as reader:
        for slug in archives(home):
            with Catalogue(home.catalogue(slug)) as catalogue:
                catalogue.rebuild(Archive(home.archive(slug)), reader)
                counts[slug] = catalogue.count()
    return counts


def assigned_at(archive: Archive, entry: CatalogueEntry) -> str | None:
    """When the licence was last assigned to the archive's client, or withdrawn from it."""
    history = (archive.line(*each) for each in entry.lines)
    assigned = [str(line.fields["at"]) for line in history if line.type == "assign"]
    return assigned[-1] if assigned else None
