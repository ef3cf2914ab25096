"""Assign a named licence, undo that, and assign the licences of shared accounts by their rules."""

from __future__ import annotations

from functools import partial

from archiver.catalogue import assignment
from archiver.catalogue.assignment import Assignment, follow
from archiver.catalogue.assignment_rules import follow_rules
from archiver.catalogue.search import located
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.worker import DocumentReader


def assign(
    home: Home, vault: Vault, name: str, made: Assignment, agreed: assignment.Agreed = assignment.disagreed
) -> None:
    """Record which client a licence is for, on a person's word; ConfigError if that is not possible."""
    from archiver.catalogue.archives import writing

    with DocumentReader() as reader, located(home, name, reader) as (_, _, entry):
        pass
    assignment.assign(home, partial(writing, home, vault), entry, made, agreed)


def undo_assignment(
    home: Home, vault: Vault, name: str, by: str, reason: str,
    agreed: assignment.Agreed,
) -> list[str]:  # fmt: skip
    """Undo a licence's last assignment. Returns the clients that it is for afterwards."""
    from archiver.catalogue.archives import writing

    with DocumentReader() as reader, located(home, name, reader, assigned_away=True) as (_, _, entry):
        pass
    return assignment.undo(home, partial(writing, home, vault), entry, by, reason, agreed)[0]


def assign_shared(home: Home, vault: Vault) -> list[str]:
    """Assign licences by the rules of shared accounts, and update copies. Returns messages for a person."""
    from archiver.catalogue.archives import writing

    opened = partial(writing, home, vault)
    return [*follow_rules(home, opened), *follow(home, opened)]
