"""Decide for many licences at once which client they are for, and count first what that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from archiver.agency import unassigned
from archiver.catalogue import assignment
from archiver.catalogue.archives import finish, writing
from archiver.catalogue.assignment import ArchiveChanges, Assignment
from archiver.catalogue.index import CatalogueEntry
from archiver.catalogue.licence_list import entries
from archiver.home.settings import Home
from archiver.home.vault import Vault


@dataclass(frozen=True, kw_only=True)
class AssignmentPlan:
    """What would be assigned, what each archive gets or loses by it, and what is the client's already."""

    decided: Sequence[tuple[CatalogueEntry, Assignment]]
    changes: Sequence[ArchiveChanges]
    already: Sequence[str]

    @property
    def losers(self) -> list[str]:
        """The clients that would lose copies."""
        return [each.client for each in self.changes if each.loses]


def plan_assignment(home: Home, names: Sequence[str], client: str, *, by: str, reason: str) -> AssignmentPlan:
    """What assigning these licences to a client would change. Changes nothing; ConfigError if it is not possible."""
    made = Assignment(client=home.client(client).slug, by=by, reason=reason)
    return plan_assignments(home, [(each, made) for each in entries(home, names)])


def plan_assignments(home: Home, decided: Sequence[tuple[CatalogueEntry, Assignment]]) -> AssignmentPlan:
    """As `plan_assignment`, of decisions that may name different clients."""
    already = [entry.short_id for entry, made in decided if _is_for(entry, made.client)]
    todo = [(entry, made) for entry, made in decided if entry.short_id not in already]
    return AssignmentPlan(decided=todo, changes=assignment.preview(home, todo), already=already)


def _is_for(entry: CatalogueEntry, client: str) -> bool:
    return entry.client == client or (entry.assigned or {}).get("clients") == [client]


def assign_planned(home: Home, vault: Vault, plan: AssignmentPlan) -> None:
    """Do what a plan says. The person has seen who loses copies, and agreed."""
    unassigned.assign(home, vault, plan.decided, agreed=lambda _: True)


def undo_assignments(home: Home, vault: Vault, names: Sequence[str], *, by: str) -> None:
    """Undo the last assignment of each of these licences; archives that get back what they had are sealed."""
    assignment.undo_all(home, partial(writing, home, vault), entries(home, names), by, agreed=lambda _: True)
    for slug in home.clients:
        finish(home, vault, slug)
