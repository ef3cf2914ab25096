"""Mailboxes and folders that every run reads: add one, see it, check it, change its password, remove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.agency import source_admin
from archiver.core.errors import ArchiverError
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.desk.connect_account import refusal_of
from archiver.desk.home_page import troubles

KINDS: dict[str, tuple[str, ...]] = {
    "mailbox": ("host", "username", "port", "security", "folders", "since"),
    "folder": ("path",),
}
"""The fields that the page asks for, of each kind; docs/sources.md has the others."""
MAX_REPORTED = 100  # items that could not be read, on the page


def new(visit: PageRequest) -> Response:
    """The form of a new source of one kind."""
    return _form(visit, visit.asked("kind") or "mailbox")


def _form(visit: PageRequest, kind: str, error: str = "", *, ours: bool = False) -> Response:
    if kind not in KINDS:
        raise HTTPException(404)
    client = visit.given("client") or visit.asked("client")
    return visit.page(
        "new-source.html", 422 if error else 200, kind=kind, kinds=list(KINDS), error=error, ours=ours, client=client
    )


def add(visit: PageRequest) -> Response:
    """Open the source once and save it, as `archiver source add` does. If it cannot be opened, nothing is saved."""
    kind, client = visit.given("kind"), visit.given("client")
    if kind not in KINDS:
        raise HTTPException(404)
    name = visit.given("name") or f"{client}-{kind}"[:40]
    typed: dict[str, Any] = {key: text for key in KINDS[kind] if (text := visit.given(key))}
    if several := typed.pop("folders", ""):
        typed["folders"] = [each for part in several.split(",") if (each := part.strip())]
    if str(typed.get("port", "")).isdecimal():
        typed["port"] = int(typed["port"])
    said: list[str] = []
    try:
        source_admin.add(visit.home, visit.desk.vault, name, client, {"kind": kind, **typed}, _secrets(visit),
                         say=said.append)  # fmt: skip
    except (ArchiverError, OSError) as error:
        refused, ours = refusal_of(visit, name, error, "source refused")
        return _form(visit, kind, refused, ours=ours)
    visit.log_action("source added", name, kind=kind, client=client)
    return _to_source(visit, name, visit.words("source_added"), said)


def _secrets(visit: PageRequest) -> dict[str, str]:
    value = visit.form.get("password")
    return {"password": value} if isinstance(value, str) and value else {}


def _to_source(visit: PageRequest, name: str, what: str, said: list[str], *, well: bool = True) -> Response:
    """Go to the source's page, which shows the result once."""
    return visit.to("source", name, result=visit.keep((what, said, well)))


def show(visit: PageRequest) -> Response:
    """One source: its settings without its secret, how it was read, and the papers in it that wait for a person."""
    source, result = visit.source(), visit.kept_if("result", tuple)
    row = next(each for each in source_admin.listed(visit.home) if each["source"] == source.name)
    marks = {each.account: each for each in troubles(visit)}
    papers: Sequence[Mapping[str, object]] = ()
    with suppress(ArchiverError):  # settings that are not valid; the check says what is wrong
        papers = source_admin.report(visit.home, source.name)
    return visit.page(
        "source.html", source=source, row=row, result=result, mark=marks.get(source.name), papers=papers[:MAX_REPORTED],
        count=len(papers), by_password=source.kind == "mailbox" and source.value("auth") in (None, "password"),
        work=visit.desk.work,
    )  # fmt: skip


def check(visit: PageRequest) -> Response:
    """Open the source as a run would, and archive nothing."""
    source = visit.source()
    said, error = source_admin.check(visit.home, visit.desk.vault, source.name)
    if error:
        said.append(refusal_of(visit, source.name, error, "source refused")[0])
    return _to_source(visit, source.name, visit.words("source_closed_to_us" if error else "source_opens"), said,
                 well=error is None)  # fmt: skip


def read(visit: PageRequest) -> Response:
    """Read the source now, in the background."""
    source = visit.source()
    visit.desk.work.run(visit.home, visit.desk.vault, [], sources=[source.name])
    visit.log_action("run started", source.name)
    return visit.to("accounts")


def change(visit: PageRequest) -> Response:
    """Test a new password and save it, as `archiver source rotate` does. A refusal changes nothing."""
    source, said = visit.source(), list[str]()
    try:
        source_admin.rotate(visit.home, visit.desk.vault, source.name, _secrets(visit), say=said.append)
    except (ArchiverError, OSError) as error:
        refused, _ = refusal_of(visit, source.name, error, "source refused")
        return _to_source(visit, source.name, visit.words("source_closed_to_us"), [*said, refused], well=False)
    visit.log_action("secret changed", source.name)
    return _to_source(visit, source.name, visit.words("source_changed"), said)


def remove(visit: PageRequest) -> Response:
    """Remove the source, as `archiver source remove` does. What it brought stays."""
    source = visit.source()
    source_admin.remove(visit.home, visit.desk.vault, source.name)
    visit.log_action("source removed", source.name)
    return visit.to("accounts", done="source_removed")


ROUTES = [
    PageRoute("/sources/new", new, Role.ADMIN),
    PageRoute("/sources/new", add, Role.ADMIN, post=True),
    PageRoute("/source/{source}", show),
    PageRoute("/source/{source}/check", check, Role.OPERATE, post=True),
    PageRoute("/source/{source}/run", read, Role.OPERATE, post=True),
    PageRoute("/source/{source}/secret", change, Role.ADMIN, post=True, confirms=True),
    PageRoute("/source/{source}/remove", remove, Role.ADMIN, post=True, confirms=True),
]
