"""The list of licences over all archives: filters, order, pages, neighbours and totals, from the search index alone.

A list holds licences, no comps. The house archive's licences count there until they are assigned, since the client's
archive then has a copy; only a list of the house archive itself shows all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from itertools import batched
from typing import Any

from archiver.archive.checking.parts.proven_dates import Dates
from archiver.archive.reader import Archive
from archiver.catalogue import views
from archiver.catalogue.checked_dates import checked_dates, dates_of
from archiver.catalogue.index import Catalogue, CatalogueEntry, Hit
from archiver.catalogue.search import archives, catalogue_of
from archiver.core.errors import ConfigError, IntegrityError
from archiver.core.model import DocumentKind, GapReason
from archiver.home.settings import HOUSE, Home
from archiver.reading.worker import DocumentReader

SORTS: Mapping[str, tuple[str, bool]] = {
    "newest": ("day", True), "oldest": ("day", False), "title": ("title", False), "platform": ("provider", False),
    "client": ("''", False),
}  # fmt: skip
"""The column of each order, and whether it descends. Equal rows follow by client and folder."""
MISSING = (
    "any",
    "none",
    *(kind.value for kind in DocumentKind if kind is not DocumentKind.PROVISIONAL),
    GapReason.ON_REQUEST.value,
)
PROVEN = ("proven", "unproven")
ROWS_AT_ONCE = 400  # rows of an export that are read together
MAX_FILTER_LENGTH = 200
MAX_JOBS = 5_000  # different jobs of an archive that are looked through for a part of a name
MAX_VALUES = 500  # of a column, in one query
MANY_LICENCES = 20_000  # of a platform or kind, or with the words of a filter
LATE = "listed INDEXED BY listed_seq"  # SQLite does not know that the licences under no timestamp are few


@dataclass(frozen=True, kw_only=True)
class ListFilter:
    """Which licences a list shows; empty: all.

    `since` and `until` are days (`2026-11-24`), both included. `seat` and `job` are parts of a text. `missing` is `any`
    or `none` or a kind of document that is missing (`GapReason.is_missing`), or `on_request`: the platform has to be
    asked for a document.
    """

    text: str = ""
    client: str = ""
    provider: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    seat: str = ""
    job: str = ""
    missing: str = ""
    state: str = ""

    @classmethod
    def of(cls, asked: Callable[[str], str]) -> ListFilter:
        """The filter in a query: `asked` gives each value. ConfigError for one that is not valid."""
        given = {each.name: asked(each.name).strip()[:MAX_FILTER_LENGTH] for each in fields(cls)}
        for name in ("since", "until"):
            if given[name] and not re.fullmatch(r"\d{4}-\d\d-\d\d", given[name], re.ASCII):
                raise ConfigError(f"{given[name]!r} is not a valid date (YYYY-MM-DD). Change the date of the filter.")
        for name, known in (("missing", MISSING), ("state", PROVEN)):
            if given[name] and given[name] not in known:
                raise ConfigError(f"{given[name]!r} is not valid for {name}. Use one of: {', '.join(known)}.")
        return cls(**given)

    def as_query(self) -> dict[str, str]:
        """The values that are set, by name."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def is_tallied(self) -> bool:
        """Whether the index has its numbers counted already."""
        return not (self.text or self.seat or self.job or self.state or self.missing == GapReason.ON_REQUEST)

    def __bool__(self) -> bool:
        return any(asdict(self).values())


@dataclass(frozen=True, kw_only=True)
class ListTotals:
    """How many licences a filter finds, how many lack a document or a timestamp, and their first and last day."""

    count: int = 0
    missing: int = 0
    unproven: int = 0
    first: str = ""
    last: str = ""
    platforms: Mapping[str, int] = field(default_factory=dict)
    clients: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """One page: rows as `find --json` has them, with the `seat`; and the short ids from which the next and the previous
    page go on.
    """

    rows: Sequence[dict[str, Any]]
    after: str | None
    before: str | None


@dataclass(frozen=True, order=True)
class ListPosition:
    """The position of a licence in a list."""

    key: str
    client: str
    folder: str

    @property
    def short_id(self) -> str:
        return f"{self.client}/{self.folder}"


class LicenceList:
    """The licences that a filter finds, in one order. Each method reads the current index."""

    def __init__(self, home: Home, chosen: ListFilter, sort: str = "newest") -> None:
        if sort not in SORTS:
            raise ConfigError(f"{sort!r} is not an order. Use one of: {', '.join(SORTS)}.")
        self._home, self._filter = home, chosen
        self._key, self._descending = SORTS[sort]

    def page(self, limit: int, *, after: str | None = None, before: str | None = None) -> ListPage:
        """Up to `limit` licences after one (`after`), or before one (`before`), or from the beginning."""
        place = self._place(before or after) if before or after else None
        back = bool(before) and place is not None
        found = self._next(place, limit + 1, back=back)
        more, page = len(found) > limit, found[:limit]
        if back:
            page.reverse()
        follows = more if not back else True
        precedes = more if back else place is not None
        return ListPage(
            rows=[
                row | {"seat": hit.entry.licence.seat}
                for row, hit in described(self._home, [each.short_id for each in page])
            ],
            after=page[-1].short_id if page and follows else None,
            before=page[0].short_id if page and precedes else None,
        )

    def neighbours(self, short_id: str) -> tuple[str | None, str | None]:
        """The licences before and after this one in the list."""
        place = self._place(short_id)
        if place is None:
            return None, None
        near = [self._next(place, 1, back=back) for back in (True, False)]
        previous, following = (found[0].short_id if found else None for found in near)
        return previous, following

    @property
    def is_quick(self) -> bool:
        """Whether `totals` is quick enough for a page. It is not if `MANY_LICENCES` have the words."""
        text = self._filter.text
        if not text:
            return True
        with DocumentReader() as reader:
            for slug in archives(self._home, self._filter.client or None):
                with suppress(IntegrityError), catalogue_of(self._home, slug, reader) as (_, catalogue):
                    if (words := catalogue.words_query(text)) and catalogue.is_common(words, MANY_LICENCES):
                        return False
        return True

    def totals(self) -> ListTotals:
        """The numbers of the whole list."""
        if self._filter.state == "proven":
            return self._proven()
        missing = unproven = 0
        platforms, clients, days = Counter[str](), Counter[str](), list[str]()
        table, number = ("tally", "number") if self._filter.is_tallied else ("listed", "1")
        if self._filter.state:
            table = LATE
        for slug, catalogue, where, values, proven in self._archives():
            query = f"""SELECT provider, sum({number}), sum({number} * (missing != '')), min(nullif(day, '')), max(day)
                FROM {table} WHERE {where} GROUP BY provider"""  # noqa: S608  # this file's own text
            for provider, found, lacks, first, last in catalogue.select(query, values):
                missing += lacks
                platforms[provider] += found
                clients[slug] += found
                days += [each for each in (first, last) if each]
            unproven += self._late(catalogue, where, values, proven) if clients[slug] else 0
        return ListTotals(
            count=clients.total(), missing=missing, unproven=unproven,
            first=min(days, default="")[:10], last=max(days, default="")[:10],
            platforms=dict(platforms.most_common()), clients=dict(clients.most_common()),
        )  # fmt: skip

    def _late(self, catalogue: Catalogue, where: str, values: list[object], proven: Dates) -> int:
        """How many licences of the list are under no timestamp. Mostly they are few, and the newest."""
        all_late = int(catalogue.select("SELECT count(*) FROM listed WHERE seq >= ?", (_size(proven),))[0][0])
        if not all_late or where == "true":
            return all_late
        query = f"SELECT count(*) FROM {LATE} WHERE seq >= ? AND {where}"  # noqa: S608  # this file's own text
        return int(catalogue.select(query, (_size(proven), *values))[0][0])

    def _proven(self) -> ListTotals:
        """The numbers of all licences without those of the unproven ones, which are few."""
        every = LicenceList(self._home, replace(self._filter, state="")).totals()
        late = LicenceList(self._home, replace(self._filter, state="unproven")).totals()
        days = [day for _, catalogue, where, values, _ in self._archives() for order in ("ASC", "DESC")
                for (day,) in catalogue.select(f"SELECT day FROM listed WHERE {where} AND day != '' "  # noqa: S608  # ours
                                               f"ORDER BY day {order} LIMIT 1", values)]  # fmt: skip
        return ListTotals(
            count=every.count - late.count, missing=every.missing - late.missing, first=min(days, default="")[:10],
            last=max(days, default="")[:10], platforms=dict(Counter(every.platforms) - Counter(late.platforms)),
            clients=dict(Counter(every.clients) - Counter(late.clients)),
        )  # fmt: skip

    def names(self) -> list[str]:
        """The short ids of all licences of the list, in its order."""
        return [each.short_id for each in self._next(None, -1, back=False)]

    def _archives(self, *, page: bool = False) -> Iterator[tuple[str, Catalogue, str, list[object], Dates]]:
        """Each archive of the list with its condition and the values in it; `page`: only a few rows are wanted.

        An archive at fault is left out: the home page and `verify` name its fault.
        """
        chosen = self._filter
        with DocumentReader() as reader:
            for slug in archives(self._home, chosen.client or None):
                with suppress(IntegrityError), catalogue_of(self._home, slug, reader) as (_, catalogue):
                    proven = checked_dates(self._home, catalogue)
                    condition = self._condition(slug, catalogue, proven, page)
                    if condition is not None:
                        yield slug, catalogue, *condition, proven

    def _condition(self, slug: str, catalogue: Catalogue, proven: Dates, page: bool) -> tuple[str, list[object]] | None:
        """The condition in SQL and its values; None if no licence can fit."""
        chosen, size = self._filter, _size(proven)
        parts: list[tuple[str, list[object]]] = []
        if slug == HOUSE and chosen.client != HOUSE:
            parts.append(("NOT shared", []))
        exact = {name: value for name in ("provider", "kind") if (value := getattr(chosen, name))}
        # Of many licences, a page by title meets some soon; without the plus, SQLite would first sort all of them.
        plus = "+" if page and self._key == "title" and _many(catalogue, exact) else ""
        parts += [(f"{plus}{name} = ?", [value]) for name, value in exact.items()]
        for name, known in (("seat", catalogue.seats), ("job", partial(catalogue.jobs, MAX_JOBS))):
            if value := getattr(chosen, name):
                parts.append(_of_values(name, value, known()))
        if chosen.since:
            parts.append(("day >= ?", [chosen.since]))
        if chosen.until:
            parts.append(("day != '' AND day < ?", [f"{chosen.until}U"]))  # `T` begins the time of day
        if chosen.missing in ("any", "none"):
            parts.append(("missing != ''" if chosen.missing == "any" else "missing = ''", []))
        elif chosen.missing == GapReason.ON_REQUEST:
            parts.append(("instr(papers, ?)", [f":{chosen.missing}"]))
        elif chosen.missing:
            parts.append(("instr(missing, ?)", [f" {chosen.missing} "]))
        if chosen.state:
            parts.append(("seq < ?" if chosen.state == "proven" else "seq >= ?", [size]))
        if chosen.text:
            words = catalogue.words_query(chosen.text)
            if not words:
                return None
            of_row = "EXISTS (SELECT 1 FROM words WHERE words MATCH ? AND rowid = licence)"
            gathered = "licence IN (SELECT rowid FROM words WHERE words MATCH ?)"
            parts.append((of_row if page and catalogue.is_common(words) else gathered, [words]))
        values = [value for _, given in parts for value in given]
        return " AND ".join(text for text, _ in parts) or "true", values

    def _place(self, short_id: str | None) -> ListPosition | None:
        """Where a licence stands; None if it is not in the index any more."""
        client, _, folder = (short_id or "").rpartition("/")
        if client not in archives(self._home):
            return None
        with DocumentReader() as reader, catalogue_of(self._home, client, reader) as (_, catalogue):
            query = f"""SELECT {self._key} FROM listed
                WHERE licence = (SELECT id FROM licence WHERE folder = ?)"""  # noqa: S608  # this file's own text
            found = catalogue.select(query, (folder,))
        return ListPosition(found[0][0], client, folder) if found else None

    def _next(self, place: ListPosition | None, limit: int, *, back: bool) -> list[ListPosition]:
        """The licences that follow a place, nearest first; or that precede it, where `back`. -1: all."""
        down = self._descending is not back
        order, beyond = ("DESC", "<") if down else ("ASC", ">")
        found: list[ListPosition] = []
        for slug, catalogue, where, values, _ in self._archives(page=limit >= 0):
            if place is not None:
                if slug == place.client:
                    where, values = (
                        f"({where}) AND ({self._key}, folder) {beyond} (?, ?)",
                        [*values, place.key, place.folder],
                    )
                else:
                    also = "=" if (slug < place.client) is down else ""
                    where, values = f"({where}) AND {self._key} {beyond}{also} ?", [*values, place.key]
            query = f"""SELECT {self._key}, folder FROM listed WHERE {where}
                ORDER BY {self._key} {order}, folder {order} LIMIT ?"""  # noqa: S608  # this file's own text
            rows = catalogue.select(query, (*values, limit))
            found += [ListPosition(key, slug, folder) for key, folder in rows]
        found.sort(reverse=down)
        return found if limit < 0 else found[:limit]


def options(home: Home) -> dict[str, list[str]]:
    """The platforms and the kinds of licences in all archives, for the fields of a filter."""
    providers, kinds = set[str](), set[str]()
    with DocumentReader() as reader:
        for slug in archives(home):
            with suppress(IntegrityError), catalogue_of(home, slug, reader) as (_, catalogue):
                for provider, kind in catalogue.kinds():
                    providers.add(provider)
                    kinds.add(kind)
    return {"provider": sorted(providers), "kind": sorted(kinds - {""}, key=str.casefold)}


def seats(home: Home) -> list[str]:
    """The seats of the licences in all archives, in alphabetical order."""
    found = set[str]()
    with DocumentReader() as reader:
        for slug in archives(home):
            with suppress(IntegrityError), catalogue_of(home, slug, reader) as (_, catalogue):
                found.update(catalogue.seats())
    return sorted(found, key=str.casefold)


def _many(catalogue: Catalogue, exact: Mapping[str, str]) -> bool:
    where = " AND ".join(f"{name} = ?" for name in exact) or "false"
    query = f"SELECT sum(number) FROM tally WHERE {where}"  # noqa: S608  # this file's own text
    return (catalogue.select(query, list(exact.values()))[0][0] or 0) > MANY_LICENCES


def _of_values(column: str, part: str, known: Sequence[str]) -> tuple[str, list[object]]:
    """The condition that a column contains a text: one of its values, if these are few, or else any."""
    fitting: list[object] = [value for value in known if part.casefold() in value.casefold()]
    if len(known) >= MAX_JOBS or len(fitting) > MAX_VALUES:
        return f"{column} != '' AND instr(lower({column}), lower(?))", [part]
    return f"{column} != '' AND {column} IN ({', '.join('?' * len(fitting))})", fitting


def _size(proven: Dates) -> int:
    """How many ledger lines a trusted timestamp covers."""
    return proven.sizes[-1] if proven.sizes else 0


def entries(home: Home, names: Sequence[str]) -> list[CatalogueEntry]:
    """The licences with these short IDs, in their order. Missing ones are left out."""
    folders: dict[str, list[str]] = {}
    for name in names:
        client, _, folder = name.rpartition("/")
        folders.setdefault(client, []).append(folder)
    found: dict[str, CatalogueEntry] = {}
    with DocumentReader() as reader:
        for slug in archives(home):
            if slug in folders:
                with catalogue_of(home, slug, reader) as (_, catalogue):
                    found |= {each.short_id: each for each in catalogue.in_folders(folders[slug])}
    return [found[name] for name in dict.fromkeys(names) if name in found]


def described(home: Home, names: Sequence[str]) -> Iterator[tuple[dict[str, Any], Hit]]:
    """The licences with these short ids, in their order: the row of `find --json`, and the entry."""
    proven: dict[str, Dates] = {}
    for part in batched(names, ROWS_AT_ONCE):
        found = entries(home, part)
        rows: dict[str, dict[str, object]] = {}
        for slug in dict.fromkeys(each.client for each in found):
            dated = proven[slug] = proven.get(slug) or dates_of(home, slug)
            hits = (Hit(each, None, 0.0) for each in found if each.client == slug)
            rows |= {row["licence"]: row for row in views.hits(slug, Archive(home.archive(slug)), hits, dated)}
        yield from ((rows[each.short_id], Hit(each, None, 0.0)) for each in found)


def neighbours(home: Home, query: Mapping[str, str], short_id: str) -> tuple[str | None, str | None]:
    """The licences before and after one, in the list with the filter and the `sort` of this query.

    None at its ends, or if the query is not valid.
    """
    try:
        chosen = ListFilter.of(lambda name: query.get(name, ""))
        return LicenceList(home, chosen, query.get("sort") or "newest").neighbours(short_id)
    except ConfigError:
        return None, None
