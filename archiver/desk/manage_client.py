"""The administration of a client: its name, its accounts and sources, the hand-over of its archive, its removal."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from archiver.agency import client_handover, directory
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import Role
from archiver.home.settings import HOUSE
from archiver.home.settings_edit import rename_client


def show(visit: PageRequest) -> Response:
    """What can be changed of a client."""
    owner, work = visit.client(), visit.desk.work
    mine = work.what == "hand-over" and work.account == owner.slug
    return visit.page(
        "manage-client.html", client=owner, house=HOUSE, archive=directory.has_archive(visit.home, owner.slug),
        copies=client_handover.copies(visit.home, owner.slug), work=work, mine=mine,
        handed=work.result if mine and not work.going else None, done=visit.asked("done"),
    )  # fmt: skip


def rename(visit: PageRequest) -> Response:
    """Give the client another full name, as `archiver client rename` does."""
    owner, name = visit.client(), " ".join(visit.given("name").split())
    if not name:
        raise visit.refusal("client_needs_name")
    rename_client(visit.home.root, owner.slug, name)
    visit.log_action("client renamed", owner.slug)
    return visit.to("client", owner.slug, "manage", done="client_renamed")


def hand_over(visit: PageRequest) -> Response:
    """Copy and check the client's archive in the background, as `archiver client hand-over` does."""
    owner, home, vault, work = visit.client(), visit.home, visit.desk.vault, visit.desk.work
    out = client_handover.next_copy(home, owner.slug)

    async def copying() -> client_handover.HandoverResult:
        return client_handover.hand_over(
            home, vault, owner.slug, out, progress=lambda _, done, total: work.step(owner.name, done, total)
        )

    work.begin("hand-over", owner.slug, copying, place=at("client", owner.slug, "manage"))
    visit.log_action("hand-over started", owner.slug, folder=out.name)
    return visit.to("client", owner.slug, "manage")


def download(visit: PageRequest) -> Response:
    """A copy of the client's archive as a zip file."""
    owner = visit.client()
    found = [each for each in client_handover.copies(visit.home, owner.slug) if f"{each.name}.zip" == visit.path["zip"]]
    if not found:
        raise HTTPException(404)
    visit.log_action("saved", f"hand-over {found[0].name}")
    headers = {"content-disposition": f'attachment; filename="{found[0].name}.zip"'}
    return StreamingResponse(client_handover.zipped(found[0]), media_type="application/zip", headers=headers)


def remove(visit: PageRequest) -> Response:
    """Remove a client without an archive, as `archiver client remove` does."""
    owner = visit.client()
    directory.remove_client_without_archive(visit.home, visit.desk.vault, owner.slug)
    visit.log_action("client removed", owner.slug)
    return visit.to("")


ROUTES = [
    PageRoute("/client/{client}/manage", show, Role.OPERATE),
    PageRoute("/client/{client}/name", rename, Role.OPERATE, post=True),
    PageRoute("/client/{client}/hand-over", hand_over, Role.OPERATE, post=True, confirms=True),
    PageRoute("/client/{client}/hand-over/{zip}", download, Role.OPERATE),
    PageRoute("/client/{client}/remove", remove, Role.OPERATE, post=True, confirms=True),
]
