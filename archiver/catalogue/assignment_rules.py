"""Assign licences by the rules of shared accounts, unless a person has decided."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fnmatch import translate
from functools import cache

from archiver.archive.reader import Archive
from archiver.catalogue.assignment import Assignment, Open, assign_all
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.core.errors import ArchiverError, Remedy
from archiver.core.model import Licence, day_of
from archiver.home.settings import HOUSE, Account, Home
from archiver.home.settings_models import AssignmentRule
from archiver.reading.worker import DocumentReader

PROJECTS = ("project", "job")  # client hints with a project's name
FOLDERS = ("folder", "collection", "board", "album")  # client hints with a folder's name

type FittingRule = tuple[AssignmentRule, Mapping[str, str]]
"""A rule that a licence fits, and the matching values by condition."""


def fitting(rules: Iterable[AssignmentRule], licence: Licence) -> list[FittingRule]:
    """The rules that a licence matches, each with the matching values by condition. Pure."""
    return [(rule, why) for rule in rules if (why := _fits(rule, licence))]


def _fits(rule: AssignmentRule, licence: Licence) -> dict[str, str]:
    """The values that match a rule, by condition; empty if one condition does not match."""
    hints = licence.client_hints
    asked: list[tuple[str, str | None, list[tuple[str, str]]]] = [
        ("hint", rule.hint, list(hints.items())),
        *(("hints", pattern, [(name, hints.get(name, ""))]) for name, pattern in rule.hints.items()),
        ("project", rule.project, [(name, hints[name]) for name in PROJECTS if name in hints]),
        ("folder", rule.folder, [(name, hints[name]) for name in FOLDERS if name in hints]),
        ("seat", rule.seat, [("seat", licence.seat or "")]),
        ("title", rule.title, [("title", licence.asset.title or "")]),
    ]
    why: dict[str, str] = {}
    for condition, pattern, values in asked:
        if pattern is not None:
            found = next((each for each in values if each[1] and _pattern(pattern).match(each[1].casefold())), None)
            if found is None:
                return {}
            why[condition] = f"{why[condition]}; " if condition in why else ""
            why[condition] += f"{found[0]} is {found[1]!r}"
    if rule.since or rule.until:
        on = licence.licensed_at and day_of(licence.licensed_at)
        if on is None or not (rule.since or date.min) <= on <= (rule.until or date.max):
            return {}
        why["dates"] = f"licensed on {on}"
    return why


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(translate(text.casefold().replace("[", "[[]")))


def rules_digest(rules: Sequence[AssignmentRule]) -> str:
    """A fingerprint of a rule: 16 hex digits."""
    return hashlib.sha256(json.dumps([each.model_dump(mode="json") for each in rules]).encode()).hexdigest()[:16]


def follow_rules(home: Home, opened: Open) -> Iterator[str]:
    """Assign licences by the rules of shared accounts, unless a person has decided. Yields messages for a person.

    A licence that fits rules for two clients is assigned to nobody. If the rules change, they may reassign what a rule
    assigned, but never what a named person decided. Repeating it changes nothing.
    """
    ruled = [account for account in home.client(HOUSE).accounts if account.rules] if HOUSE in home.clients else []
    if not ruled:
        return
    wanted: list[tuple[CatalogueEntry, Assignment]] = []
    with DocumentReader() as reader, Catalogue(home.catalogue(HOUSE)) as catalogue:
        catalogue.catch_up(Archive(home.archive(HOUSE)), reader)
        for account in ruled:
            entries = [each for each in catalogue.of_account(account.name) if _may_rule(home, account, each)]
            decided, several = _by_rules(account, entries)
            wanted += decided
            if several:
                some = ", ".join(entry.short_id for entry in several[:3])
                yield (
                    f"{account.name}: {len(several)} licences fit rules for more than one client and were assigned to "
                    f"nobody, among them {some}. {Remedy('unassigned')}"
                )
    for slug in sorted({made.client for _, made in wanted}):
        try:  # client by client: one locked or damaged archive does not stop the others
            moved = [(entry, made) for entry, made in wanted if made.client == slug]
            for lost in assign_all(home, opened, moved, agreed=lambda _: True):  # only copies that the rules made
                yield f"{lost.client}: {lost.licence} is no longer for this client, because the rules changed."
        except (ArchiverError, OSError) as error:
            yield f"{slug}: the rules could not assign every licence. The next run tries again: {error}"


def _may_rule(home: Home, account: Account, entry: CatalogueEntry) -> bool:
    """Whether the account's present rules are still to be applied: no person has decided, nor have these rules."""
    said = entry.assigned
    if said is not None:
        return bool(said.get("rule")) and said.get("rules") != rules_digest(account.rules)
    archive = Archive(home.archive(HOUSE))
    undone = any(archive.line(*each).type == "assign" for each in entry.lines[1:])  # the first one is its capture
    return not undone


def _by_rules(
    account: Account, entries: Iterable[CatalogueEntry]
) -> tuple[list[tuple[CatalogueEntry, Assignment]], list[CatalogueEntry]]:
    """What the account's rules assign anew, and the licences that fit rules for more than one client."""
    digest = rules_digest(account.rules)
    wanted: list[tuple[CatalogueEntry, Assignment]] = []
    several: list[CatalogueEntry] = []
    for entry in entries:
        fits = fitting(account.rules, entry.licence)
        clients = {rule.client for rule, _ in fits}
        if len(clients) > 1:
            several.append(entry)
        elif clients and (entry.assigned or {}).get("clients") != [*clients]:
            wanted.append((entry, _by_rule(account, digest, fits[0])))
    return wanted, several


def _by_rule(account: Account, digest: str, fits: FittingRule) -> Assignment:
    rule, why = fits
    ruled = {"rule": rule.name, "reason": "+".join(why), "rules": digest}
    by = f"rule {rule.name} of the account {account.name}"
    return Assignment(client=rule.client, by=by, reason="; ".join(why.values()), ruled=ruled)
