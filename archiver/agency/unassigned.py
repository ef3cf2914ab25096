"""List the unassigned licences of shared accounts, suggest a client for each, and record a person's decisions.

Suggestions come from the licence's fields, from earlier assignments, and from project folders that hold licensed files.
None is applied until a named person decides it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from archiver.catalogue.archives import finish, writing
from archiver.catalogue.assignment import Agreed, Assignment, assign_all
from archiver.catalogue.assignment_rules import PROJECTS, fitting
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.catalogue.search import followed
from archiver.claims.facts import bare
from archiver.core.atomic_files import read_named
from archiver.core.errors import ConfigError
from archiver.core.model import iso
from archiver.core.progress import progress_bar
from archiver.home.settings import HOUSE, Client, Home
from archiver.home.vault import Vault
from archiver.reading import spreadsheet

RELATED = 100  # the most licences of one project that a page reads
MIN_NAME_LENGTH = 3  # characters; shorter names do not count inside other text

COLUMNS = (
    "licence", "client", "reason", "platform", "asset", "title", "licensed on", "seat", "order", "hints", "suggestions",
)  # fmt: skip


type DecidedLicences = list[tuple[CatalogueEntry, Assignment]]
"""Licences, each with a person's decision."""


@dataclass(frozen=True)
class Suggestion:
    """A client that a licence may be for. `how`: client_field, hint, seat, project, order, asset or folder."""

    client: str
    how: str
    reason: str


@dataclass
class Unassigned:
    """An unassigned licence. `rules` holds the matching rules if they name several clients."""

    entry: CatalogueEntry
    suggestions: list[Suggestion] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)

    @property
    def proposal(self) -> str | None:
        """The client that all suggestions name; None if they differ."""
        clients = {each.client for each in self.suggestions}
        return clients.pop() if len(clients) == 1 else None

    def as_json(self) -> dict[str, object]:
        """A row of `unassigned --json`."""
        licence = self.entry.licence
        return {
            "licence": self.entry.short_id,
            "account": self.entry.file.provenance.get("account"),
            "provider": licence.asset.provider,
            "asset_id": licence.asset.asset_id,
            "title": licence.asset.title,
            "licensed_at": iso(licence.licensed_at),
            "seat": licence.seat,
            "order": licence.order,
            "client_hints": dict(licence.client_hints),
            "proposal": self.proposal,
            "suggestions": [vars(each) for each in self.suggestions],
            "rules": self.rules,
        }


def names_of(client: Client) -> set[str]:
    """A client's names for comparing: short name, name and aliases, without legal forms."""
    return {name for name in map(bare, (client.slug, client.name, *client.aliases)) if name}


def named_in(text: str, clients: Iterable[Client]) -> set[str]:
    """The clients that a text names: the whole text is a name, or it contains a long enough name or a domain."""
    whole = bare(text)
    words = " ".join(re.findall(r"[^\W_]+", text.casefold()))
    found = set()
    for client in clients:
        names = names_of(client)
        inside = [" ".join(re.findall(r"[^\W_]+", name)) for name in names if len(name) >= MIN_NAME_LENGTH]
        if (
            whole in names
            or any(f" {name} " in f" {words} " for name in inside if name)
            or any(
                re.search(rf"(?<![\w-]){re.escape(each.casefold())}(?![\w-])", text.casefold())
                for each in client.domains
            )
        ):
            found.add(client.slug)
    return found


def suggest(
    entry: CatalogueEntry, clients: Sequence[Client], earlier: Mapping[tuple[str, str], Mapping[str, int]]
) -> Iterator[Suggestion]:
    """Suggest clients for a licence. `earlier`: shared property -> client -> number of licences. No I/O."""
    licence, names = entry.licence, {client.slug: client.name for client in clients}
    field_, seen = licence.client_hints.get("client", ""), set[str]()
    for slug in sorted(client.slug for client in clients if field_ and bare(field_) in names_of(client)):
        seen.add(slug)
        yield Suggestion(slug, "client_field", f"the platform's client field is {field_!r}")
    texts = {**licence.client_hints, "order": licence.order, "plan": licence.plan, "title": licence.asset.title}
    for where, text in texts.items():
        for slug in sorted(named_in(text or "", clients) - seen):
            seen.add(slug)
            what = "further detail" if where == "other" else where.replace("_", " ")
            reason = f"the licence names {text!r} as its {what}"
            yield Suggestion(slug, "hint", reason)
    host = (licence.seat or "").rpartition("@")[2].casefold() if "@" in (licence.seat or "") else ""
    for client in clients:
        if host and host in map(str.casefold, client.domains):
            yield Suggestion(client.slug, "seat", f"the seat's address {licence.seat} belongs to {client.name}")
    for key in _alike(entry):
        for slug, count in sorted(earlier.get(key, {}).items()):
            how = key[0] if key[0] in ("order", "asset") else "project"
            what = f"the same {key[0].replace('_', ' ')}, {key[1]!r},"
            yield Suggestion(
                slug,
                how,
                f"{count} of {what} {'are' if count > 1 else 'is'} for {names.get(slug, slug)}",
            )


def _alike(entry: CatalogueEntry) -> Iterator[tuple[str, str]]:
    """The properties that licences for one client often share."""
    licence = entry.licence
    for name in (*PROJECTS, "purchase_order"):
        if value := licence.client_hints.get(name):
            yield name, value
    if licence.order:
        yield "order", licence.order
    yield "asset", f"{licence.asset.provider} {licence.asset.asset_id}"


def listed(home: Home, start: int = 0, limit: int | None = None) -> list[Unassigned]:
    """The unassigned licences of the house archive with suggestions, oldest first: all of them, or one page.

    For a page, at most `RELATED` earlier assignments of one project count.
    """
    if HOUSE not in home.clients:
        return []
    clients = home.customers()
    rules = {account.name: account.rules for account in home.client(HOUSE).accounts}
    earlier: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = []
    with followed(home, HOUSE) as catalogue:
        entries: Iterable[CatalogueEntry] = islice(
            catalogue.unassigned(), start, None if limit is None else start + limit
        )
        if limit is not None:
            entries = page_entries = list(entries)
        for entry in catalogue.assigned() if limit is None else _related(catalogue, page_entries):
            for slug in (entry.assigned or {}).get("clients") or ():
                for key in _alike(entry):
                    earlier[key][slug] += 1
        for entry in entries:
            row = Unassigned(entry, list(suggest(entry, clients, earlier)))
            fits = fitting(rules.get(str(entry.file.provenance.get("account")), ()), entry.licence)
            if len({rule.client for rule, _ in fits}) > 1:
                row.rules = [f"{rule.name} ({rule.client}): {'; '.join(why.values())}" for rule, why in fits]
            rows.append(row)
    return rows


def _related(catalogue: Catalogue, page_entries: Iterable[CatalogueEntry]) -> list[CatalogueEntry]:
    """The assigned licences that share a property with these, from the index."""
    asked: dict[tuple[str, str], list[CatalogueEntry]] = {}
    for entry in page_entries:
        for how, value in _alike(entry):
            if (how, value) not in asked:
                asked[how, value] = (
                    catalogue.of_asset(entry.provider, entry.licence.asset.asset_id) if how == "asset"
                    else catalogue.of_order(entry.provider, value) if how == "order"
                    else [hit.entry for hit in catalogue.find(value, RELATED)]
                )  # fmt: skip
    found = {each.object_id: each for entries in asked.values() for each in entries if each.assigned}
    return list(found.values())


def as_csv(rows: Sequence[Unassigned]) -> str:
    """The list as a table for editing and `from_csv`. `client` is filled in where all suggestions agree."""
    table = []
    for row in rows:
        licence = row.entry.licence
        table.append((
            row.entry.short_id, row.proposal, "; ".join(each.reason for each in row.suggestions if row.proposal),
            licence.asset.provider, licence.asset.asset_id, licence.asset.title, iso(licence.licensed_at), licence.seat,
            licence.order, "; ".join(f"{name}: {value}" for name, value in licence.client_hints.items()),
            "; ".join(f"{each.client}: {each.reason}" for each in row.suggestions),
        ))  # fmt: skip
    return spreadsheet.written(COLUMNS, table)


def proposed(rows: Iterable[Unassigned], by: str) -> DecidedLicences:
    """The rows whose suggestions all agree, as this person's assignments."""
    return [
        (row.entry, Assignment(client=row.proposal, by=by, reason="; ".join(each.reason for each in row.suggestions)))
        for row in rows
        if row.proposal
    ]


TABLE = "Name a table with the columns licence and client, as `archiver unassigned --csv` writes one."


def from_csv(home: Home, path: Path, by: str) -> DecidedLicences:
    """The assignments in a table with the columns `licence`, `client` and optionally `reason`.

    Rows without a client and rows that are already assigned so are left out. ConfigError names `file:line` of every
    fault; then nothing is assigned.
    """
    try:
        rows = list(spreadsheet.read(read_named(path, TABLE)))
    except ValueError as error:
        raise ConfigError(f"{path}:{error}. {TABLE}") from None
    if rows and not {"licence", "client"} <= rows[0][1].keys():
        raise ConfigError(f"{path}:1 the column licence or client is missing. {TABLE}")
    faults: list[str] = []
    found: dict[str, tuple[CatalogueEntry, Assignment]] = {}
    lookup = _lookup(home)
    for line, cells in rows:
        if not (whom := cells.get("client", "")):
            continue
        clients = [each for each in home.customers() if bare(whom) in names_of(each)]
        entry = lookup(cells["licence"])
        if len(clients) != 1:
            faults.append(
                f"{path}:{line} client: {'no' if not clients else 'more than one'} client has the name {whom!r}"
            )
        elif entry is None:
            faults.append(f"{path}:{line} licence: there is no licence {cells['licence']!r}")
        elif (before := found.get(entry.object_id)) and before[1].client != clients[0].slug:
            faults.append(f"{path}:{line} licence: an earlier row assigns {entry.short_id} to {before[1].client}")
        elif (entry.assigned or {}).get("clients") != [clients[0].slug] or (entry.assigned or {}).get("rule"):
            reason = cells.get("reason") or f"listed in {path.name}"
            found[entry.object_id] = entry, Assignment(client=clients[0].slug, by=by, reason=reason)
    if faults:
        raise ConfigError("\n".join(faults))
    return list(found.values())


def _lookup(home: Home) -> Callable[[str], CatalogueEntry | None]:
    """A function that finds a licence by its short id. Without a client in it, the house archive is meant."""
    entries: dict[str, dict[str, CatalogueEntry]] = {}

    def find(short_id: str) -> CatalogueEntry | None:
        slug, _, folder = short_id.rpartition("/")
        slug = slug or HOUSE
        if slug not in entries and slug in home.clients:
            with followed(home, slug) as catalogue:
                entries[slug] = {entry.folder.casefold(): entry for entry in catalogue.each()}
        return entries.get(slug, {}).get(folder.casefold())

    return find


def assign(home: Home, vault: Vault, decided: Sequence[tuple[CatalogueEntry, Assignment]], agreed: Agreed) -> None:
    """Record a person's decisions. ConfigError without the person's name, or if clients would lose copies and `agreed`
    returns False."""
    if decided:
        with progress_bar() as watch:
            assign_all(home, partial(writing, home, vault), decided, agreed, watch)
    for slug in home.clients:  # decisions that a killed command recorded are not in `decided`, and need their seal
        finish(home, vault, slug)
