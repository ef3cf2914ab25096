"""What a person does about one picture in use: says what it is, captures its page, enters a capture into evidence."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from archiver.agency.audit import site_audit
from archiver.agency.audit.audit_store import AuditStore, Sighting, captures_of, folder_of
from archiver.agency.audit.page_captures import SHOWS, PageCapture
from archiver.agency.audit.visit_options import AuditOptions, fetcher_of_visit, scope_of_visit
from archiver.archive.ocfl import NewObject, object_path
from archiver.core.errors import BrowserMissing, ConfigError, Remedy
from archiver.core.json_files import readable
from archiver.core.model import iso
from archiver.core.progress import with_progress
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.worker import DocumentReader

MARKS = ("own", "permitted", "removed")
MAX_PAGES_LOOKED_AT = 3  # of a picture that a person says is removed

type Wait = Callable[[float], None]


# many parameters: the parts of a person's statement
def mark(
    home: Home, client: str, picture: str, word: str, by: str, reason: str, *,
    warn: Callable[[str], None] = lambda _: None, wait: Wait = time.sleep,
) -> dict[str, Any]:  # fmt: skip
    """Record what a person says of a picture.

    `removed` needs a newer visit that read all pages on which the picture was and did not find it, and that it is not
    there now: the first of these pages are captured. ConfigError where the picture is, or may be, still there.
    """
    if word not in MARKS:
        raise ConfigError(f"A picture can be marked as {', '.join(MARKS)}, not as {word!r}.")
    if not by.strip() or not reason.strip():
        raise ConfigError("A mark needs the name of a person and a reason. Give both with --by and --reason.")
    with site_audit.only_one(home, client), site_audit.opened(home, client) as store:
        name = store.named(picture, client)
        captures = _seen_gone(home, client, store, name, warn, wait) if word == "removed" else []
        store.mark(name, word, by.strip(), reason.strip())
        site_audit.tell_of(home, client, site_audit.report(home, client, store))
        return {"client": client, "picture": name, **store.marks()[name], "captures": captures}


def capture(home: Home, client: str, picture: str, *, wait: Wait = time.sleep) -> Sighting:
    """Capture the first page on which the last visit found a picture, as a working paper; see `page_captures`."""
    with site_audit.only_one(home, client), site_audit.opened(home, client) as store:
        name = store.named(picture, client)
        row, _ = site_audit.row_of(home, client, store, name)
        if not row["pages"]:
            raise ConfigError(f"{name} was found in a style sheet or site map, and on no page that could be captured.")
        return _taken(home, client, store, name, row["pages"][:1], wait)[0]


def enter(home: Home, vault: Vault, client: str, picture: str, by: str, folder: str | None = None) -> dict[str, str]:
    """Archive one capture of a picture, by default the newest, in the client's archive, on a person's word.

    Entering it again changes nothing. ConfigError if there is no capture.
    """
    from archiver.catalogue.archives import writing

    if not by.strip():
        raise ConfigError("Give the name of the person who enters the capture: --by NAME.")
    with site_audit.opened(home, client) as store:
        name = store.named(picture, client)
        row, _ = site_audit.row_of(home, client, store, name)
    taken = [each for each in captures_of(home, client).get(name, []) if folder in (None, each["folder"])]
    if not taken:
        make = Remedy("capture picture", {"client": client, "picture": name})
        raise ConfigError(f"There is no capture of {name}.", remedy=make)
    said = taken[-1]
    place = folder_of(home, client, name, said["folder"])
    files = {each: (place / each).read_bytes() for each in said["files"]}
    changed = [each for each, is_now in files.items() if hashlib.sha256(is_now).hexdigest() != said["files"][each]]
    if changed:
        raise ConfigError(f"{', '.join(changed)} of the capture was changed after it was made. Capture the page again.")
    at = datetime.now(UTC)
    statement = {
        "format": 1, "statement": "capture of a picture in use, entered by a person", "by": by.strip(), "at": iso(at),
        "sighting": {key: value for key, value in said.items() if key != "folder"}, "addresses": row["addresses"],
        "picture_sha256": row["sha256"], "first_seen": row["first_seen"], "on_site_since": row["on_site_since"],
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(said["files"], sort_keys=True).encode()).hexdigest()
    content = readable(statement)
    new = NewObject(
        kind="sightings", date=datetime.fromisoformat(said["at"]), provider="audit", asset_id=name,
        identity=f"audit:{client}:{name}:{digest}", created=at, files={"statement.json": content, **files},
    )  # fmt: skip
    with writing(home, vault, client) as archive:
        known = object_path(archive.reader.root, new.object_id).exists()
        if not known:
            archive.put(new).result()
        if not any(line.type == "statement" and line.id == new.object_id for line in archive.reader.lines()):
            archive.append("statement", id=new.object_id)  # a command may have been killed between the two
        archive.seal()
    return {"client": client, "picture": name, "object": new.object_id, "outcome": "known" if known else "entered"}


def _seen_gone(
    home: Home, client: str, store: AuditStore, name: str, warn: Callable[[str], None], wait: Wait
) -> list[Sighting]:
    """The captures of the pages where a picture was, none of which shows it now."""
    newest = store.visits()[-1]
    again = Remedy("audit site", {"client": client})
    visit = f"The visit of {newest['ended'][:10]}"
    row, found = site_audit.row_of(home, client, store, name)
    if found:
        raise ConfigError(f"{visit} still found {name} on the site. Remove it there.", remedy=again)
    pages = row["pages"]
    if unread := store.unread(newest["visit"], pages):
        why = f"{visit} did not read {unread[0]}, where {name} was, so it may still be there."
        raise ConfigError(why, remedy=again)
    try:
        taken = _taken(home, client, store, name, pages[:MAX_PAGES_LOOKED_AT], wait)
    except BrowserMissing as error:
        warn(f"The pages were not captured: {error}")
        return []
    if there := [each["page"] for each in taken if each["state"] == SHOWS]:
        raise ConfigError(f"{there[0]} shows {name} again now. Remove it there.", remedy=again)
    return taken


def _taken(
    home: Home, client: str, store: AuditStore, name: str, pages: list[str], wait: Wait
) -> list[Sighting]:  # fmt: skip
    asked = store.visits()[-1]["scope"]
    options = AuditOptions(sites=asked["sites"], hosts=asked["hosts"])
    scope = scope_of_visit(home.client(client), options)
    with DocumentReader() as reader, fetcher_of_visit(home, scope, store, wait) as fetcher:
        taking = PageCapture(home, client, name, store, fetcher, reader)
        once = list(dict.fromkeys(each.partition("#")[0] for each in pages))
        return list(with_progress(f"{client}: captured pages", map(taking.take, once), len(once)))
