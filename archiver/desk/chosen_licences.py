"""What can be done with many licences that a person chose: proof, assignment, hold, and a report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.agency import licence_table, many_licences, privacy
from archiver.agency.many_licences import AssignmentPlan
from archiver.catalogue import licence_list
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import OWNER, Role
from archiver.desk.licence_pages import handed_out
from archiver.desk.made_packs import Packs, make
from archiver.home.settings import HOUSE

MAX_PACKED = 100  # licences of one pack that the desk makes while a person waits
MAX_CHANGED = 2_000  # licences that one click assigns or holds
MAX_ROWS = 48  # licences that the page shows of a longer choice
BYTES_OF_NAME = 120


@dataclass(frozen=True)
class ChosenLicences:
    """The licences that a person chose, and the list that they come from. `done` is what was done with them last."""

    names: tuple[str, ...]
    query: str = ""
    done: str = ""
    undo: tuple[str, ...] = ()
    number: int = 0
    warnings: tuple[str, ...] = ()
    packs: Packs = ()


def keep(visit: PageRequest, chosen: ChosenLicences, key: str = "") -> str:
    size = BYTES_OF_NAME * len(chosen.names) + sum(len(content) for _, content in chosen.packs)
    return visit.keep(chosen, size, key)


def _chosen(visit: PageRequest) -> tuple[str, ChosenLicences]:
    key = visit.path["key"]
    return key, visit.kept(key, ChosenLicences)


def _then(visit: PageRequest, key: str, chosen: ChosenLicences) -> Response:
    """Go to the page of the choice, which shows what was done."""
    return visit.to("licences", "chosen", keep(visit, chosen, key))


def chosen(visit: PageRequest) -> Response:
    """The chosen licences, and what can be done with them."""
    key, kept = _chosen(visit)
    found = [row for row, _ in licence_list.described(visit.home, kept.names[:MAX_ROWS])]
    return visit.page(
        "chosen.html", key=key, chosen=kept, rows=found, clients=Counter(name.partition("/")[0] for name in kept.names),
        by=visit.person(""), house=HOUSE, max_packed=MAX_PACKED, max_changed=MAX_CHANGED,
        work=visit.desk.works.of(at("licences", "chosen", key)),
    )  # fmt: skip


def export(visit: PageRequest) -> Response:
    """The chosen licences as a table."""
    _, kept = _chosen(visit)
    kind = visit.path["kind"]
    if kind not in licence_table.MEDIA_TYPES:
        raise HTTPException(404)
    content = licence_table.written(visit.home, kept.names, kind, visit.words("licences"))
    visit.log_action("list saved", kind, licences=len(kept.names))
    return visit.file(content, f"licences_chosen.{kind}", licence_table.MEDIA_TYPES[kind])


def proof(visit: PageRequest) -> Response:
    """Make one pack of the chosen licences."""
    key, kept = _chosen(visit)
    _few(visit, kept, MAX_PACKED)

    def packed(packs: Packs, warnings: tuple[str, ...]) -> None:
        keep(visit, replace(kept, done="packed", packs=packs, warnings=warnings, undo=()), key)
        visit.log_action("pack made", f"{len(kept.names)} licences", licences=list(kept.names))

    make(visit, kept.names, visit.given("language"), at("licences", "chosen", key), packed)
    return visit.to("licences", "chosen", key)


def pack(visit: PageRequest) -> Response:
    """One file of the pack that was made."""
    _, kept = _chosen(visit)
    content = dict(kept.packs).get(visit.path["name"])
    if content is None:
        raise HTTPException(404)
    return handed_out(visit, content, visit.path["name"], "")


def _few(visit: PageRequest, kept: ChosenLicences, most: int) -> None:
    if len(kept.names) > most:
        raise visit.refusal("too_many_chosen", n=most)


def _planned(visit: PageRequest, kept: ChosenLicences, client: str, by: str, reason: str) -> AssignmentPlan:
    _few(visit, kept, MAX_CHANGED)
    if not (client and by and reason):
        raise visit.refusal("assign_many_needs")
    return many_licences.plan_assignment(visit.home, kept.names, visit.client(client).slug, by=by, reason=reason)


def before_assigning(visit: PageRequest) -> Response:
    """Count what an assignment changes, archive by archive, before it is done."""
    key, kept = _chosen(visit)
    client, by, reason = visit.asked("client"), visit.person(visit.asked("by")), visit.asked("reason")
    plan = _planned(visit, kept, client, by, reason)
    return visit.page(
        "before-assigning.html", plan=plan, action=f"/licences/chosen/{key}/assign", back=f"/licences/chosen/{key}",
        fields={"client": client, "by": by, "reason": reason}, house=HOUSE,
    )  # fmt: skip


def assign(visit: PageRequest) -> Response:
    """Assign the chosen licences to one client, after the person has seen the counts."""
    key, kept = _chosen(visit)
    by = visit.person(visit.given("by"))
    plan = _planned(visit, kept, visit.given("client"), by, visit.given("reason"))
    if plan.losers and not visit.given("agreed"):
        raise visit.refusal("losers_needed")
    many_licences.assign_planned(visit.home, visit.desk.vault, plan)
    names = tuple(entry.short_id for entry, _ in plan.decided)
    for name in names:
        visit.log_action("assigned", name, client=visit.given("client"))
    return _then(visit, key, replace(kept, done="assigned", undo=names, number=len(names), warnings=()))


def undo(visit: PageRequest) -> Response:
    """Undo the assignment, or the hold, that was just made."""
    key, kept = _chosen(visit)
    if not kept.undo:
        raise HTTPException(404)
    by = visit.person(visit.given("by")) or OWNER
    if kept.done == "held":
        privacy.hold_all(visit.home, visit.desk.vault, kept.undo, by=by, reason="", release=True)
    else:
        many_licences.undo_assignments(visit.home, visit.desk.vault, kept.undo, by=by)
    for name in kept.undo:
        visit.log_action("hold released" if kept.done == "held" else "assignment undone", name)
    return _then(visit, key, replace(kept, done="undone", undo=(), number=len(kept.undo)))


def hold(visit: PageRequest) -> Response:
    """Put the chosen licences under legal hold."""
    key, kept = _chosen(visit)
    _few(visit, kept, MAX_CHANGED)
    by, reason = visit.person(visit.given("by")), visit.given("reason")
    if not by or not reason:
        raise visit.refusal("hold_needs")
    held, warnings = privacy.hold_all(visit.home, visit.desk.vault, kept.names, by=by, reason=reason)
    for name in held:
        visit.log_action("held", name)
    return _then(visit, key, replace(kept, done="held", undo=tuple(held), number=len(held), warnings=warnings))


ROUTES = [
    PageRoute("/licences/chosen/{key}", chosen, Role.READ),
    PageRoute("/licences/chosen/{key}/export.{kind}", export, Role.READ),
    PageRoute("/licences/chosen/{key}/proof", proof, Role.OPERATE, post=True),
    PageRoute("/licences/chosen/{key}/pack/{name}", pack, Role.OPERATE),
    PageRoute("/licences/chosen/{key}/assign", before_assigning, Role.OPERATE),
    PageRoute("/licences/chosen/{key}/assign", assign, Role.OPERATE, post=True),
    PageRoute("/licences/chosen/{key}/undo", undo, Role.OPERATE, post=True),
    PageRoute("/licences/chosen/{key}/hold", hold, Role.OPERATE, post=True),
]
