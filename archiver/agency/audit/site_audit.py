"""Audit a client's site: visit it, search the archives for its pictures, answer, and say what changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from archiver.agency.audit.answers import AuditAnswer
from archiver.agency.audit.audit_store import (
    AuditStore,
    CompleteVisit,
    PictureAnswer,
    Sighting,
    captures_of,
    folder_of,
    path_of,
)
from archiver.agency.audit.crawler import SiteVisit, VisitProgress
from archiver.agency.audit.picture_judge import PictureJudge
from archiver.agency.audit.scripted_pages import ScriptedPages, pages_to_open
from archiver.agency.audit.thumbnails import screen_thumbnail, thumbnail
from archiver.agency.audit.visit_options import AuditOptions, fetcher_of_visit, scope_of_visit
from archiver.catalogue import search
from archiver.catalogue.picture_search import open_search
from archiver.core.errors import ConfigError, Remedy
from archiver.home.locks import exclusive
from archiver.home.open_pictures import OpenPictures, open_pictures, write_open_pictures
from archiver.home.settings import Client, Home
from archiver.reading.worker import DocumentReader


def run(
    home: Home, client: str, options: AuditOptions, *, warn: Callable[[str], None] = lambda _: None,
    watch: VisitProgress = lambda *_: None, wait: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:  # fmt: skip
    """Visit the sites, answer for each picture, and return the report. A visit that was stopped goes on.

    ConfigError without a site. A visit that ran out of time has the `outcome` `partial`; the next one goes on.
    """
    owner = home.client(client)
    scope = scope_of_visit(owner, options)
    with (
        only_one(home, client), AuditStore(path_of(home, client)) as store, DocumentReader() as reader,
        fetcher_of_visit(home, scope, store, wait) as fetcher,
    ):  # fmt: skip
        asked = {"sites": list(scope.sites), "hosts": sorted(scope.hosts), "pages": options.pages}
        number, goes_on = store.begin(asked)
        visit = SiteVisit(
            store, fetcher, reader, number, options.pages, time.monotonic() + options.hours * 3600, watch,
            show=ScriptedPages(warn) if options.browser else None,
        )  # fmt: skip
        if goes_on:
            warn("The visit goes on where it stopped.")
        visit.begin()
        whole = visit.run()
        if not whole:
            warn("The visit ran out of time. Run the command again to go on.")
            return {"client": client, "outcome": "partial", "visit": number}
        _answer_all(home, owner, visit, options.use, warn)
        store.end(number)
        made = report(home, client, store)
        tell_of(home, client, made)
        return made


def dry_run(
    home: Home, client: str, options: AuditOptions, wait: Callable[[float], None] = time.sleep
) -> dict[str, Any]:
    """Read only robots.txt, the site maps and the first pages, and say what a visit would do. Nothing is saved."""
    scope = scope_of_visit(home.client(client), options)
    with AuditStore(None) as store, DocumentReader() as reader, fetcher_of_visit(home, scope, store, wait) as fetcher:
        number, _ = store.begin({})
        visit = SiteVisit(
            store, fetcher, reader, number, len(scope.sites), time.monotonic() + 600, kinds=("sitemap", "page")
        )
        visit.begin()
        visit.run()
        known = sum(store.count(number, "page").values())
        return {
            "client": client, "outcome": "would_visit", "sites": list(scope.sites), "hosts": sorted(scope.hosts),
            "pages": min(known, options.pages), "known_pages": known,
            "unread": _unread(store, number),
        }  # fmt: skip


def report(home: Home, client: str, store: AuditStore | None = None) -> dict[str, Any]:
    """The newest complete visit of a client, as `audit report --json`. ConfigError before the first one."""
    if store is None:
        with opened(home, client) as kept:
            return report(home, client, kept)
    visits = store.visits()
    if not visits:
        raise ConfigError(f"No visit of {client} is complete.", remedy=Remedy("audit site", {"client": client}))
    newest = visits[-1]
    number = newest["visit"]
    rows, gone = _rows(home, client, store, visits)
    order = (AuditAnswer.STOCK, AuditAnswer.BUT, AuditAnswer.UNKNOWN, AuditAnswer.COVERS)
    rows.sort(key=lambda row: order.index(AuditAnswer(row["answer"])))
    counts = {kind: store.count(number, kind) for kind in ("page", "picture")}
    return {
        "client": client, "client_name": home.client(client).name, "outcome": "complete",
        "visit": number, "began": newest["began"], "ended": newest["ended"],
        "sites": newest["scope"]["sites"], "hosts": newest["scope"]["hosts"],
        "requests": newest["requests"], "bytes": newest["bytes"],
        "pages": {"read": counts["page"].get("read", 0), "known": _known(counts["page"]),
                  "not_visited": counts["page"].get("waiting", 0), "traps": counts["page"].get("trap", 0)},
        "answers": {each.value: sum(row["answer"] == each for row in rows) for each in AuditAnswer},
        "opened_in_browser": store.opened(number), "not_opened": len(pages_to_open(store, number)),
        "left_out": store.left_out(number), "unread": _unread(store, number),
        "elsewhere": store.elsewhere(number, newest["scope"]["hosts"]),
        "incomplete": search.incomplete(home, client),
        "pictures": rows, "gone": gone,
    }  # fmt: skip


def _rows(
    home: Home, client: str, store: AuditStore, visits: Sequence[CompleteVisit], picture: str | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of the pictures that the last of these complete visits found, and of those that only earlier ones did;
    of one picture, if it is named.
    """
    number, before = visits[-1]["visit"], len(visits) > 1
    ended, marks, captures = {each["visit"]: each["ended"] for each in visits}, store.marks(), captures_of(home, client)

    def row(name: str, visit: int, said: str, earlier: str | None, content: PictureAnswer) -> dict[str, object]:
        return {
            "picture": name, "answer": said, "before": earlier if visit == number else None,
            "new": before and visit == number and earlier is None, **content,
            "last_seen": ended.get(visit, visits[-1]["began"]), "mark": marks.get(name),
            "captures": captures.get(name, []),
        }  # fmt: skip

    found, gone = list[dict[str, object]](), list[dict[str, object]]()
    for name, visit, said, earlier, content in store.answers(number, picture):
        (found if visit == number else gone).append(row(name, visit, said, earlier, content))
    return found, gone


def last_report(home: Home, client: str) -> dict[str, Any] | None:
    """As `report`; None before the first complete visit."""
    if not path_of(home, client).exists():
        return None
    with opened(home, client) as store:
        return report(home, client, store) if store.visits() else None


def small_copies(home: Home, client: str, row: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """The small JPEGs of a picture in a report and of the licensed one, as the audit keeps them; empty without one."""
    with opened(home, client) as store:
        return store.preview(row["sha256"]), store.licensed_preview(row["picture"])


def rows(home: Home) -> list[dict[str, Any]]:
    """The newest visit of each client, as `audit list --json`."""
    found = []
    for client in home.clients:
        if path_of(home, client).exists():
            with opened(home, client) as store:
                if visits := store.visits():
                    answers = store.count_answers(visits[-1]["visit"])
                    counts = {each.value: answers.get(each.value, 0) for each in AuditAnswer}
                    found.append(
                        {"client": client, "sites": visits[-1]["scope"]["sites"], "last_visit": visits[-1]["ended"],
                         "visits": len(visits), "answers": counts}
                    )  # fmt: skip
    return found


def row_of(home: Home, client: str, store: AuditStore, picture: str) -> tuple[dict[str, Any], bool]:
    """What the report says of one picture, and whether the last complete visit found it; KeyError without one."""
    visits = store.visits()
    found, gone = _rows(home, client, store, visits, picture) if visits else ([], [])
    if not found and not gone:
        raise KeyError(picture)
    return (found or gone)[0], bool(found)


def previews(home: Home, client: str, made: Mapping[str, Any]) -> dict[str, tuple[bytes, bytes]]:
    """For the pictures of a report, small JPEGs of the picture and of the licensed one; empty where there is none. For
    their captures, by the folder's name, a small JPEG of the page.
    """
    with opened(home, client) as store, DocumentReader() as reader:
        rows = (*made["pictures"], *made["gone"])
        found = {
            row["picture"]: (
                thumbnail(reader, store.preview(row["sha256"])),
                thumbnail(reader, store.licensed_preview(row["picture"])),
            )
            for row in rows
        }
        for marked in (row for row in rows if row["mark"]):
            for each in marked["captures"]:
                page = capture_file(home, client, marked, each, "page.png")
                found[each["folder"]] = screen_thumbnail(reader, page), b""
        return found


def capture_file(home: Home, client: str, row: Mapping[str, Any], each: Sighting, name: str) -> bytes:
    """A file of a capture; empty where the capture has no such file."""
    if name not in each["files"] or "folder" not in each:
        return b""
    try:
        return (folder_of(home, client, row["picture"], each["folder"]) / name).read_bytes()
    except OSError:
        return b""


# ---------------------------------------------------------------- answers


def _answer_all(home: Home, owner: Client, visit: SiteVisit, use: str | None, warn: Callable[[str], None]) -> None:
    pictures = visit.store.site_pictures(visit.number)
    found = []
    with open_search(home, warn=warn) as archives, DocumentReader() as reader:
        judge = PictureJudge(home, owner, archives, reader, use, visit.store)
        for done, each in enumerate(pictures):
            said, licensed = judge.answer(each)
            content: PictureAnswer = {
                "sha256": each.sha256, "width": each.width, "height": each.height, "pages": list(each.pages),
                "addresses": list(each.addresses), "first_seen": each.first_seen,
                "on_site_since": judge.since(each).isoformat(), "licences": list(said.licences),
                "generated": each.said.get("generated"), "reasons": [reason.as_json() for reason in said.reasons],
            }  # fmt: skip
            found.append((each.id, said.answer.value, content, licensed))
            visit.watch("searches", done + 1, len(pictures))
    visit.store.put_answers(visit.number, found)


# ---------------------------------------------------------------- the parts of a visit


@contextmanager
def only_one(home: Home, client: str) -> Iterator[None]:
    """One process at a time works on a client's audit."""
    with exclusive(home.root / "state" / f"audit-{home.client(client).slug}.lock"):
        yield


@contextmanager
def opened(home: Home, client: str) -> Iterator[AuditStore]:
    path = path_of(home, client)
    if not path.exists():
        raise ConfigError(f"There is no audit of {client}.", remedy=Remedy("audit site", {"client": client}))
    with AuditStore(path) as store:
        yield store


def tell_of(home: Home, client: str, made: Mapping[str, Any]) -> None:
    """Save what messages say of a visit."""
    waiting = [row for row in made["pictures"] if row["answer"] != AuditAnswer.COVERS and not row["mark"]]
    pictures = tuple(row["picture"] for row in waiting)
    new = pictures if made["visit"] == 1 else tuple(row["picture"] for row in waiting if row["new"])
    before = open_pictures(home, client)
    if before and (before.visit == made["visit"] or not new):
        found = replace(before, visit=made["visit"], pictures=pictures)
    else:
        found = OpenPictures(visit=made["visit"], pictures=pictures, new=new, news_at=made["ended"])
    write_open_pictures(home, client, found)


def _known(counts: Mapping[str, int]) -> int:
    return sum(count for state, count in counts.items() if state not in ("redirect", "other", "trap"))


def _unread(store: AuditStore, visit: int) -> list[dict[str, str]]:
    return [
        {"address": url, "kind": kind, "reason": reason}
        for kind in ("page", "style", "pdf", "picture")
        for url, state, reason in store.reasons(visit, kind, ("failed", "refused", "gone", "read"))
        if state != "read" or reason
    ]
