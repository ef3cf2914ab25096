"""Licences from shared accounts that have no client yet: suggestions, a review that counts, and undo."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.agency import many_licences, unassigned
from archiver.agency.many_licences import AssignmentPlan
from archiver.catalogue.assignment import Assignment
from archiver.catalogue.licence_list import entries
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import OWNER, Role
from archiver.home.settings import HOUSE

PAGE = 24  # licences of a page


@dataclass(frozen=True)
class Decisions:
    """What a person chose on the page: the client and the reason of each licence. `done`: it was assigned."""

    clients: tuple[tuple[str, str, str], ...]
    by: str
    done: bool = False
    undone: bool = False

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.clients]


def listed(visit: PageRequest) -> Response:
    """Licences without a client, each with suggested clients. Nothing is chosen yet."""
    start = visit.number(visit.asked("from"))
    rows = unassigned.listed(visit.home, start, PAGE + 1)
    return visit.page(
        "unassigned.html", rows=rows[:PAGE], next=start + PAGE if len(rows) > PAGE else None, start=start,
        done=visit.kept_if("done", Decisions), key=visit.asked("done"), by=visit.person(""),
        suggested=sum(1 for each in rows[:PAGE] if each.proposal),
    )  # fmt: skip


def _keep(visit: PageRequest, decisions: Decisions, key: str = "") -> str:
    return visit.keep(decisions, 300 * len(decisions.clients), key)


def decide(visit: PageRequest) -> Response:
    """Keep what the person chose, and show what it changes."""
    by, reason = visit.person(visit.given("by")), visit.given("reason")
    if visit.given("suggested"):
        start = visit.number(visit.given("from"))
        rows = unassigned.listed(visit.home, start, PAGE)
        clients = [
            (row.entry.short_id, row.proposal, reason or "; ".join(each.reason for each in row.suggestions))
            for row in rows
            if row.proposal
        ]
    else:
        chosen = [
            (name.removeprefix("for "), str(slug)) for name, slug in visit.form.items() if name.startswith("for ")
        ]
        clients = [(name, slug, reason) for name, slug in chosen if slug]
    if not clients or not by or not all(why for _, _, why in clients):
        raise visit.refusal("assign_many_needs")
    return visit.to("unassigned", "review", _keep(visit, Decisions(tuple(clients), by)))


def _plan(visit: PageRequest, decisions: Decisions) -> AssignmentPlan:
    found = {each.short_id: each for each in entries(visit.home, decisions.names)}
    decided = [
        (found[name], Assignment(client=visit.client(slug).slug, by=decisions.by, reason=reason))
        for name, slug, reason in decisions.clients
        if name in found and not found[name].assigned
    ]
    return many_licences.plan_assignments(visit.home, decided)


def review(visit: PageRequest) -> Response:
    """Count what the decisions change, archive by archive, before they are carried out."""
    key = visit.path["key"]
    decisions = visit.kept(key, Decisions)
    reasons = dict.fromkeys(reason for _, _, reason in decisions.clients)
    return visit.page(
        "before-assigning.html", plan=_plan(visit, decisions), action=f"/unassigned/review/{key}", back="/unassigned",
        fields={"by": decisions.by, "reason": "; ".join(reasons)[:400]}, house=HOUSE,
    )  # fmt: skip


def assign(visit: PageRequest) -> Response:
    """Carry out what the person has reviewed."""
    key = visit.path["key"]
    decisions = visit.kept(key, Decisions)
    plan = _plan(visit, decisions)
    many_licences.assign_planned(visit.home, visit.desk.vault, plan)
    for entry, made in plan.decided:
        visit.log_action("assigned", entry.short_id, client=made.client)
    names = {entry.short_id for entry, _ in plan.decided}
    kept = tuple(each for each in decisions.clients if each[0] in names)
    return visit.to("unassigned", done=_keep(visit, replace(decisions, clients=kept, done=True), key))


def undo(visit: PageRequest) -> Response:
    """Undo the assignments that were just made."""
    key = visit.path["key"]
    decisions = visit.kept(key, Decisions)
    if not decisions.done or decisions.undone:
        raise HTTPException(404)
    many_licences.undo_assignments(visit.home, visit.desk.vault, decisions.names, by=decisions.by or OWNER)
    for name in decisions.names:
        visit.log_action("assignment undone", name)
    return visit.to("unassigned", done=_keep(visit, replace(decisions, undone=True), key))


ROUTES = [
    PageRoute("/unassigned", listed),
    PageRoute("/unassigned", decide, Role.OPERATE, post=True),
    PageRoute("/unassigned/review/{key}", review, Role.OPERATE),
    PageRoute("/unassigned/review/{key}", assign, Role.OPERATE, post=True),
    PageRoute("/unassigned/undo/{key}", undo, Role.OPERATE, post=True),
]
