"""Archive what attended sessions took, those that were killed among them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack

from archiver.catalogue.archives import writing_when_free
from archiver.collect.attended_recognition import SessionRecognition
from archiver.collect.attended_session import AttendedRequest, AttendedSession
from archiver.collect.import_commit import commit_import, open_intake
from archiver.collect.import_filing import Import
from archiver.collect.import_report import ImportReport
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.licence_json import ATTENDED_PREFIX
from archiver.reading.mail import lookup_for
from archiver.reading.worker import DocumentReader


def archive_sessions(
    home: Home,
    vault: Vault,
    request: AttendedRequest,
    session: AttendedSession,
    reader: DocumentReader,
    say: Callable[[str], None],
) -> ImportReport:
    """Archive what this session took, and what killed sessions left behind."""
    client, place = request.client, session.folder.parent
    report = ImportReport(client)
    report.warnings += session.observation.failures
    if session.downloads.is_dir() and any(session.downloads.iterdir()):
        say(f"The files that you downloaded are in {session.downloads}.")
    sessions = sorted(each for each in place.iterdir() if each.is_dir())
    if not sessions:
        return report
    with ExitStack() as stack:
        archive = stack.enter_context(writing_when_free(home, vault, client, say))
        intake = stack.enter_context(open_intake(home, client, archive, reader))
        look = SessionRecognition(session, reader, lookup_for(replay=home.settings.replay), intake.spool)
        files = [seen for each in sessions for seen in look(each)]
        order = Import(
            by=request.by, spool=intake.spool, source="attended", prefix=ATTENDED_PREFIX, origins=look.origins,
            captures=look.captures.__getitem__, mask=session.mask,
        )  # fmt: skip
        commit_import(intake, files, order, report)
        for each in sessions:
            shutil.rmtree(each)
    return report
