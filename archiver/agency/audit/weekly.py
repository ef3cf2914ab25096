"""Visit the sites that are due, after the nightly run: those whose client has `audit` in its settings, once a week."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from archiver.agency.audit import site_audit
from archiver.agency.audit.audit_store import AuditStore, path_of
from archiver.agency.audit.crawler import VisitProgress
from archiver.agency.audit.visit_options import AuditOptions
from archiver.core.errors import ArchiverError
from archiver.home.settings import Client, Home

WEEK = timedelta(days=7) - timedelta(hours=12)  # a night may begin somewhat earlier than a week before
MAX_NIGHT_HOURS = 2.0  # of one visit; the next night goes on


def options_of(client: Client) -> AuditOptions | None:
    """What the client's settings ask for; None without a weekly audit."""
    if client.audit is None:
        return None
    said = client.audit
    return AuditOptions(sites=said.sites, hosts=said.hosts, pages=said.pages, use=said.use, hours=MAX_NIGHT_HOURS)


def due(home: Home, client: Client, now: datetime) -> bool:
    """Whether a visit was stopped, or the last one is a week ago."""
    if client.audit is None:
        return False
    path = path_of(home, client.slug)
    if not path.exists():
        return True
    with AuditStore(path) as store:
        visits = store.visits()
        return store.under_way() or not visits or datetime.fromisoformat(visits[-1]["ended"]) <= now - WEEK


def visit_due(
    home: Home, say: Callable[[str], None], *, watch: VisitProgress = lambda *_: None, now: datetime | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> list[dict[str, Any]]:  # fmt: skip
    """Visit what is due and return the reports. What stops one visit is said, and the others take place."""
    now, made = now or datetime.now(UTC), []
    for client in home.clients.values():
        options = options_of(client)
        if options is None or not due(home, client, now):
            continue
        try:
            made.append(site_audit.run(home, client.slug, options, warn=say, watch=watch, wait=wait))
        except (ArchiverError, OSError) as error:
            say(f"{client.slug}: the audit of the site stopped: {error}")
    return made
