"""Verify all archives of a home and renew their timestamps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.agency import verified
from archiver.agency.damage import look_again
from archiver.archive import object_source, trusted_list
from archiver.archive import seal as sealing
from archiver.archive.checking.parts import (
    archive_words,
    openssl_program,
    proven_dates,
    timestamp_tokens,
    verify_report,
    whole_archive,
)
from archiver.archive.checking.parts.proven_dates import renewal
from archiver.archive.checking.parts.timestamp_tokens import moment
from archiver.catalogue.archives import changes_by_others, remembered, trusted_key, writing
from archiver.catalogue.search import archives, gone, orphan_archives, without_client
from archiver.core.errors import ArchiveBusy, ArchiverError, ConfigError, Remedy
from archiver.home.connections import trusted_roots
from archiver.home.settings import Home
from archiver.home.vault import Vault

if TYPE_CHECKING:  # it imports the adapters
    from archiver.core.progress import Progress


SCOPE_BUCKET = "not every checkpoint in the bucket compared"


@dataclass(frozen=True, kw_only=True)
class VerifyRequest:
    """What to verify, and against what.

    `licence` is a short id or a unique part of one. `against` is a witness's checkpoint, a folder of them, a pack,
    or the replica (`s3://BUCKET/PREFIX`); archives without a checkpoint there are left out, and the text says so.
    """

    client: str | None = None
    quick: bool = False
    licence: str | None = None
    roots: Path | None = None
    key: Path | None = None
    against: Path | str | None = None
    headers: Path | None = None


def verify(home: Home, request: VerifyRequest, progress: Progress = lambda *_: None) -> tuple[int, dict[str, Any], str]:
    """Verify the archives. Returns the exit code, the document of `verify --json`, and the text for people.

    ConfigError if no archive has the licence or the checkpoint; ArchiveBusy while a run writes.
    """
    if str(request.against).startswith("s3://"):
        from archiver.agency.replica import witnessed

        with witnessed(home, str(request.against), request.client) as (folder, doubtful):
            code, document, text = verify(home, replace(request, against=folder), progress)
        return code, *_narrowed(document, text, doubtful)
    reports, reasons = _checked(home, request, progress)
    if reasons and not ((request.licence or request.against) and reports):
        raise ConfigError(f"{reasons[0]}.", remedy=Remedy("find") if request.licence else ())
    changed = {slug: changes_by_others(home, slug) for slug in reports}
    documents = [report.as_json() | {"client": slug, "changes": changed[slug]} for slug, report in reports.items()]
    states = [document["state"] for document in documents]
    worst = max(states, key=archive_words.STATES.index, default="UNPROVEN")
    texts = [report.as_text() for report in reports.values()]
    texts += [f"warning: {each}" for sentences in changed.values() for each in sentences]
    texts += [*(reasons if request.against else []), *orphan_archives(home)]
    text = "\n".join(texts) or "There are no archives yet."
    scope = max(
        (document["scope"] for document in documents), key=len, default=archive_words.SCOPE_ALL
    )  # the narrowest
    return (90 if worst in ("DAMAGED", "FORKED") else 0), {"state": worst, "scope": scope, "clients": documents}, text


def _narrowed(document: dict[str, Any], text: str, doubtful: list[str]) -> tuple[dict[str, Any], str]:
    """State of these clients that the bucket may have newer checkpoints than those that were compared."""
    for each in (document, *document["clients"]) if doubtful else ():
        if each is document or each["client"] in doubtful:
            all_else = each["scope"] == archive_words.SCOPE_ALL
            each["scope"] = SCOPE_BUCKET if all_else else f"{each['scope']}, {SCOPE_BUCKET}"
    said = [
        f"{slug}: {SCOPE_BUCKET}: somebody overwrote its head or put so much there that newer ones may have been left "
        f"out. {Remedy('check replica')}" for slug in doubtful
    ]  # fmt: skip
    return document, "\n".join([text, *said])


def _checked(
    home: Home, request: VerifyRequest, progress: Progress
) -> tuple[dict[str, verify_report.VerifyReport], list[str]]:
    """The report of each archive by its client, and why others were not checked."""
    outside = Path(request.against) if request.against else None
    named, _, part = (request.licence or "").rpartition("/")
    trusted = request.roots or trusted_roots(home)
    reports: dict[str, verify_report.VerifyReport] = {}
    reasons = []
    asked = request.client or named or None
    for slug in gone(home, asked):
        reports[slug] = _report_gone(slug)
    for slug in [*archives(home, asked), *(() if asked else without_client(home))]:
        try:
            root = home.archive(slug)
            object_source.bring_all(root, part)
            reports[slug] = whole_archive.verify_archive(
                root, trusted, request.key or trusted_key(home, slug), request.quick, part or None, outside,
                sealing.strict_checker(list_checker(home, root)), partial(progress, f"{slug}: objects"),
                request.headers,
            )  # fmt: skip
            _hold_against_memory(home, slug, reports[slug])
            if not part and not outside:
                verified.remember(home, slug, reports[slug], quick=request.quick)
                look_again(home, slug)
        except archive_words.Busy as error:
            raise ArchiveBusy(str(error)) from None
        except archive_words.Malformed as error:
            reasons.append(f"{slug} was not checked: {error}")
    return reports, reasons


def _hold_against_memory(home: Home, slug: str, report: verify_report.VerifyReport) -> None:
    """Compare an archive with what this machine saw of it, and of its replica: an end that is gone and confirmed by
    nobody is a fork.
    """
    seen, lost = remembered(home, slug)
    report.compared += [f"what this machine remembers: {seen} lines"] if seen else []
    forks = [each.finding for each in lost]
    if home.settings.replica:
        from archiver.agency.replica import published_fork

        forks += filter(None, [published_fork(home, slug)])
    report.findings += [archive_words.Finding("forked", archive_words.LEDGER, each) for each in forks]
    report.state = archive_words.FORKED if forks else report.state


def _report_gone(slug: str) -> verify_report.VerifyReport:
    """The report of an archive of which nothing is left but what this home knows of it."""
    text = "is missing, and so is all else of the archive, which had lines when this home last read or wrote it"
    lost = archive_words.Finding("missing", archive_words.LEDGER, text)
    return verify_report.VerifyReport(slug, archive_words.DAMAGED, findings=[lost])


def renew(home: Home, vault: Vault, *, client: str | None, say: Callable[[str], None]) -> None:
    """Renew the timestamps of all archives that are due; `say` gets a line for each archive.

    If one archive cannot be written, the others go on; the first such error is raised at the end.
    """

    failures: list[ArchiverError] = []
    for slug in archives(home, client):
        due = proven_dates.renewal(home.archive(slug))
        if due is None or due > timestamp_tokens.moment():
            say(f"{slug}: not renewed: " + (f"renewal is due from {due}." if due else "there are no timestamps yet."))
            continue
        try:
            with writing(home, vault, slug) as archive:
                seal = archive.renew()
        except ArchiverError as error:
            say(f"{slug}: not renewed: {error}")
            failures.append(error)
            continue
        for warning in seal.warnings:
            say(f"warning: {slug}: {warning}")
        if seal.secured_since:
            covers = f"the new timestamps of checkpoint {seal.size} cover all earlier ones"
            say(f"{slug}: renewed: {covers}. The next renewal is due from {proven_dates.renewal(home.archive(slug))}.")
    if failures:
        raise failures[0]


def qualify(home: Home, vault: Vault, *, client: str | None, say: Callable[[str], None]) -> None:
    """Fetch the EU's trusted lists for the timestamps that state to be qualified and have none; `say` gets a line for
    each archive.
    """
    for slug in archives(home, client):
        root = home.archive(slug)
        before = timestamp_tokens.qualifications(root / archive_words.LISTS)
        with writing(home, vault, slug) as archive:
            reasons = archive.qualify()
        for reason in reasons:
            say(f"warning: {slug}: {reason}")
        found = len(timestamp_tokens.qualifications(root / archive_words.LISTS)) - len(before)
        say(f"{slug}: {found} more timestamp{'s' * (found != 1)} shown to be qualified by trusted lists.")


def list_checker(home: Home, root: Path) -> openssl_program.ListChecker | None:
    """The reader of the trusted lists that an archive keeps; None where it keeps none, since loading the reader takes
    longer than most archives, or where the extra `qualified` is not installed.
    """
    if not timestamp_tokens.qualifications(root / archive_words.LISTS):
        return None
    try:
        return trusted_list.recheck(trusted_list.signers(home.settings.trusted_lists.signers))
    except trusted_list.UnprovenQualification:
        return None


def seal(home: Home, vault: Vault, client: str) -> list[str]:
    """Sign and timestamp what a client's archive holds without a timestamp. Returns warnings, in English."""
    with writing(home, vault, client) as archive:
        sealed = archive.seal(whole=True)
    missing = [] if sealed.secured_since else [f"The archive {client} still has no timestamp. Look at `timestamps:`."]
    return [*sealed.warnings, *missing]


def lost_archives(home: Home) -> list[str]:
    """A sentence for each archive of which nothing is left."""
    return [
        f"The archive of {slug} is gone: nothing is left in {home.archive(slug)}. If it is on a share or another disk, "
        "mount that. Otherwise find out who removed it, and put it back from a backup or the replica."
        for slug in gone(home)
    ]


def renewals_due(home: Home) -> Iterator[str]:
    """A sentence for each archive whose timestamps need renewal, including archives without new licences."""
    for slug in home.clients:
        due = renewal(home.archive(slug))
        if due and due <= moment():
            yield f"The timestamps of {slug} are due for renewal since {due}. {Remedy('renew', {'client': slug})}"
