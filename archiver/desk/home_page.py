"""The home page: clients, tasks for a person, and deadlines."""

from __future__ import annotations

from contextlib import suppress

from starlette.responses import Response

from archiver.agency.sign_ins import DueSignIn, due_sign_ins
from archiver.agency.status import status
from archiver.core.errors import VaultLocked
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.desk.new_claim_pages import due

PAGE = 24  # licences of a page


def start(visit: PageRequest) -> Response:
    """Show whether everything is archived: clients, tasks for a person, and deadlines."""
    if visit.visitor.client:
        return visit.to("client", visit.visitor.client)
    home = visit.home
    accounts = status(home, turns=visit.desk.turns).accounts
    rows = []
    for client in visit.clients():
        stands = visit.desk.standing(home, client.slug)
        theirs = [each for each in accounts if each.client == client.slug and each.configured]
        rows.append((client, stands, theirs))
    well = not any(
        each.fault or each.incomplete or any(account.trouble for account in theirs) for _, each, theirs in rows
    )
    return visit.page("home.html", rows=rows, troubles=troubles(visit), claims=due(visit), well=well)


def troubles(visit: PageRequest) -> list[DueSignIn]:
    """The sign-ins that need a person; empty if the vault is locked, because its commands report that."""
    with suppress(VaultLocked):
        return due_sign_ins(visit.home, visit.desk.vault, turns=visit.desk.turns)
    return []


WAYS = [PageRoute("/", start, Role.CLIENT)]
