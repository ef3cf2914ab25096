"""`archiver import`: read what lies in the paths, decide what it is, archive it, and tell what became of every file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from archiver.archive.reader import Archive
from archiver.catalogue.archives import writing
from archiver.catalogue.index import Catalogue
from archiver.collect.import_commit import commit_import
from archiver.collect.import_filing import Import
from archiver.collect.import_reader import recognised, spooling
from archiver.collect.import_report import ImportProgress, ImportReport
from archiver.core.errors import ConfigError
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.mail import DnsLookup, unasked
from archiver.reading.worker import DocumentReader


def import_files(
    home: Home,
    vault: Vault,
    paths: Sequence[Path],
    client: str,
    *,
    by: str,
    dry_run: bool = False,
    keep_files: bool = False,
    confirmed: bool = False,
    progress: ImportProgress = lambda *_: None,
) -> ImportReport:
    """Import everything in these paths into a client's archive; a dry run archives nothing and tells the same.

    `by` is the person who imports; `confirmed` says that this person vouches for papers of platforms that are not
    known. What is archived already is not archived again, so an import that was killed is simply repeated.
    ConfigError for a path that is not there; ArchiveBusy while another command writes to the archive.
    """
    home.client(client)
    if missing := [path for path in paths if not path.exists()]:
        raise ConfigError(f"{missing[0]} does not exist, so nothing was imported. Check the path.")
    report = ImportReport(client, dry_run=dry_run)
    with ExitStack() as stack:
        archive = None if dry_run else stack.enter_context(writing(home, vault, client))
        reader = stack.enter_context(DocumentReader(workers=os.cpu_count() or 2))
        catalogue = stack.enter_context(Catalogue(home.catalogue(client)))
        spool = None if dry_run else stack.enter_context(spooling(home.state / "import" / client))
        stored = Archive(home.archive(client))
        if stored.ledger.exists():
            catalogue.catch_up(stored, reader)
        lookup = unasked if home.settings.replay else DnsLookup()
        files = []
        for seen in recognised(paths, home.root, reader, lookup, spool, keep_files, progress):
            if seen.says_nothing:
                report.passed.append((seen.path, seen.what))
            else:
                files.append(seen)
        order = None
        if spool:
            order = Import(by=by, at=datetime.now(UTC), content=spool.content, preview=spool.preview,
                           keep_files=keep_files)  # fmt: skip
        commit_import(home, report, files, archive, order, catalogue, reader, progress, confirmed=confirmed)
    return report
