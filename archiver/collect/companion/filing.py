"""File waiting captures into a client's archive, through the one intake path."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from archiver.catalogue.archives import writing
from archiver.collect.companion.captures import CaptureResult, Inbox, StoredCapture
from archiver.collect.companion.outcome import result_of
from archiver.collect.companion.recognition import CaptureRecognition
from archiver.collect.import_commit import commit_import, open_intake
from archiver.collect.import_filing import Import
from archiver.collect.import_plan import FileOutcome
from archiver.collect.import_report import ImportReport
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.licence_json import COMPANION_PREFIX
from archiver.reading.worker import DocumentReader

MAX_AT_ONCE = 50  # captures that are filed and sealed together


def file_captures(
    home: Home, vault: Vault, client: str, person: str, captures: Sequence[StoredCapture], reader: DocumentReader
) -> list[CaptureResult]:
    """File captures of one person for one client, seal the archive, and say what became of each.

    What is archived already is not archived again, so a call that was killed is simply repeated. ArchiveBusy while
    another command writes to the archive.
    """
    inbox, report = Inbox(home.state), ImportReport(client)
    with ExitStack() as stack:
        archive = stack.enter_context(writing(home, vault, client))
        intake = stack.enter_context(open_intake(home, client, archive, reader))
        look = CaptureRecognition(inbox, reader, intake.spool)
        files = [seen for capture in captures for seen in look(capture)]
        order = Import(
            by=person, spool=intake.spool, source="companion", prefix=COMPANION_PREFIX, origins=look.origins,
            captures=look.captures.__getitem__,
        )  # fmt: skip
        commit_import(intake, files, order, report)
    fates: dict[str, list[FileOutcome]] = {}
    for fate in report.fates:
        fates.setdefault(look.made_of[id(fate.seen)].id, []).append(fate)
    rows = {row["licence"]: row for row in report.licences}
    return [result_of(capture, fates.get(capture.id, []), rows) for capture in captures]
