"""Archive what attended sessions took, those that were killed among them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from archiver.catalogue.archives import writing_when_free
from archiver.catalogue.index import Catalogue
from archiver.collect.attended_recognition import SessionRecognition
from archiver.collect.attended_session import AttendedSession
from archiver.collect.import_commit import commit_import
from archiver.collect.import_filing import Import
from archiver.collect.import_reader import spooling
from archiver.collect.import_report import ImportReport
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.licence_json import ATTENDED_PREFIX
from archiver.reading.mail import DnsLookup, unasked
from archiver.reading.worker import DocumentReader


def archive_sessions(
    home: Home,
    vault: Vault,
    client: str,
    by: str,
    session: AttendedSession,
    place: Path,
    reader: DocumentReader,
    say: Callable[[str], None],
) -> ImportReport:
    """Archive what this session took, and what earlier ones left that were killed."""
    report = ImportReport(client)
    report.warnings += session.observation.failures
    if session.downloads.is_dir() and any(session.downloads.iterdir()):
        say(f"The files that you downloaded are in {session.downloads}.")
    sessions = sorted(each for each in place.iterdir() if each.is_dir())
    if not sessions:
        return report
    with ExitStack() as stack:
        archive = stack.enter_context(writing_when_free(home, vault, client, say))
        catalogue = stack.enter_context(Catalogue(home.catalogue(client)))
        spool = stack.enter_context(spooling(home.state / "import" / client))
        if archive.reader.ledger.exists():
            catalogue.catch_up(archive.reader, reader)
        look = SessionRecognition(session, reader, unasked if home.settings.replay else DnsLookup(), spool)
        files = [seen for each in sessions for seen in look(each)]
        order = Import(
            by=by, at=datetime.now(UTC), content=spool.content, preview=spool.preview, source="attended",
            prefix=ATTENDED_PREFIX, origins=look.origins, captures=look.captures.__getitem__,
            mask=session.mask,
        )  # fmt: skip
        commit_import(home, report, files, archive, order, catalogue, reader)
        for each in sessions:
            shutil.rmtree(each)
    return report
