"""`archiver import`: read what lies in the paths, decide what it is, archive it, and tell what became of every file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from archiver.catalogue.archives import writing
from archiver.collect.import_commit import commit_import, open_intake
from archiver.collect.import_filing import Import
from archiver.collect.import_reader import FileReading, recognised
from archiver.collect.import_report import ImportProgress, ImportReport
from archiver.collect.judged_files import FILE, JudgedFiles
from archiver.collect.recognition import ClassifiedFile
from archiver.core.atomic_files import read_file
from archiver.core.errors import ConfigError, UnreadablePicture
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.mail import lookup_for
from archiver.reading.proposals import Statement, contradicted, stated
from archiver.reading.worker import DocumentReader

__all__ = ["ImportRequest", "Statement", "import_files"]

COLLECTIONS = (".zip", ".mbox")  # of many papers in one file


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What to import, and for whom. `by` is the person who imports; `confirmed` says that this person vouches for
    papers of platforms that are not known, and with `proposals` also for papers that no reader takes for a licence;
    `said` is what this person says of the one paper that it is about. `keep_files` archives delivered files, too. A dry
    run archives nothing."""

    paths: Sequence[Path]
    client: str
    by: str
    dry_run: bool = False
    keep_files: bool = False
    confirmed: bool = False
    proposals: bool = False
    said: Statement | None = None

    @property
    def alone(self) -> bool:
        """Whether it is about one paper, so that who confirms it has read this one."""
        return len(self.paths) == 1 and self.paths[0].is_file() and self.paths[0].suffix.lower() not in COLLECTIONS


def import_files(home: Home, vault: Vault, request: ImportRequest, progress: ImportProgress) -> ImportReport:
    """Import everything in the request's paths into a client's archive. A dry run reports the same.

    What is archived already is not archived again, so an import that was killed is simply repeated.
    ConfigError for a path that is not there; ArchiveBusy while another command writes to the archive.
    """
    paths, client, dry_run = request.paths, request.client, request.dry_run
    home.client(client)
    if missing := [path for path in paths if not path.exists()]:
        raise ConfigError(f"{missing[0]} does not exist, so nothing was imported. Check the path.")
    if request.said and not (request.alone and request.confirmed):
        raise ConfigError("What you say of a paper is about one file: name this file alone, and add --yes.")
    if request.proposals and not request.confirmed:
        raise ConfigError("Only someone who read the papers can confirm them. Read them, then add --yes, too.")
    report = ImportReport(client, dry_run=dry_run)
    with ExitStack() as stack:
        archive = None if dry_run else stack.enter_context(writing(home, vault, client))
        reader = stack.enter_context(DocumentReader(workers=os.cpu_count() or 2))
        intake = stack.enter_context(open_intake(home, client, archive, reader))
        judged = stack.enter_context(JudgedFiles(home.state / FILE, paths, keeps=not (dry_run or request.alone)))
        intake.spool.again, intake.spool.look = judged.content, lambda content: _preview(reader, content)
        how = FileReading(
            home=home.root, reader=reader, lookup=lookup_for(replay=home.settings.replay),
            spool=None if dry_run else intake.spool, keep_files=request.keep_files, keep_all=request.said is not None,
            closely=request.alone, progress=progress, wanted=None if request.alone else judged.is_new,
            judged=judged.take,
        )  # fmt: skip
        files = []
        for seen in recognised(paths, how):
            judged.add(seen)
            if request.alone or (request.proposals and seen.sign):  # else no line says what it may license
                seen = _judged(seen, request, report, reader)
            if seen.says_nothing:
                report.passed.append((seen.path, seen.what))
            else:
                files.append(seen)
        order = Import(
            by=request.by, spool=intake.spool, confirmed=request.confirmed, keep_files=request.keep_files
        )  # fmt: skip
        commit_import(intake, files, order, report, progress=progress)
    return report


def _preview(reader: DocumentReader, content: bytes) -> bytes | None:
    with suppress(UnreadablePicture):  # it is bound by its name or its download
        return reader.look(content).preview
    return None


def _judged(
    seen: ClassifiedFile, request: ImportRequest, report: ImportReport, reader: DocumentReader
) -> ClassifiedFile:
    """A file with what a person who read it says: that it licenses what is proposed, or what they state."""
    said = None if seen.within else request.said  # of a mail, not of what is attached
    if seen.paper and seen.paper.licences and seen.machine_read:
        if said:
            report.warnings.append(f"{seen.path} is read already, so what you said of it was not used.")
        return seen
    if not said and (request.said or not seen.proposal):
        return seen
    if not request.confirmed:
        return replace(seen, sign=True)
    try:
        paper = stated(said, seen.proposal) if said else seen.proposal
    except ValueError as error:
        raise ConfigError(f"{seen.path}: say also {error}, with --seller, --licensed-on or --item.") from None
    if not said:
        return replace(seen, paper=paper, note="", sign=True)
    says = contradicted(said, _text_of(request.paths[0], seen, reader))
    note = "; ".join(_contradiction(said, name, other) for name, other in says.items())
    return replace(seen, paper=paper, note=note, sign=True, paper_says=says)


def _text_of(path: Path, seen: ClassifiedFile, reader: DocumentReader) -> str:
    """The text of the one file that a person states something of, as far as it can be read."""
    content = read_file(path)
    if seen.media_type == "text/html":
        return reader.page(content.decode("utf-8", "replace")).text
    if seen.is_letter or seen.media_type.startswith("text/"):
        return content.decode("utf-8", "replace")
    return reader.read(content, seen.media_type).text


def _contradiction(said: Statement, name: str, other: str | None) -> str:
    """What a person reads of a value that the paper does not confirm."""
    mine = {"licensed_at": said.day, "licensee": said.licensee, "asset_id": ", ".join(said.items)}[name]
    what = {"licensed_at": "the day", "licensee": "the licensee", "asset_id": "the item"}[name]
    return f"you say {what} {mine}, the paper says {other}" if other else f"the paper does not name {what} {mine}"
