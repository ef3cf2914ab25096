"""A client's monthly report: what was archived, the coverage with its denominator, gaps and reasons, and the newest
checkpoint, which whoever keeps it can later hold against the archive."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from archiver.agency.status import coverage, is_counted, logged_differences
from archiver.archive.checking.parts import ledger_lines, timestamp_tokens
from archiver.archive.reader import Archive
from archiver.catalogue.index import CatalogueEntry
from archiver.catalogue.search import followed, runs_of
from archiver.claims.claim_files import zone as time_zone
from archiver.claims.claim_files import zone_of
from archiver.core.atomic_files import read_file
from archiver.core.errors import ConfigError
from archiver.core.model import iso
from archiver.core.progress import with_progress
from archiver.home.settings import Home


@dataclass(frozen=True, kw_only=True)
class CapturedLicence:
    """A licence that was archived in the month: short id, platform, and what the platform says of it."""

    licence: str
    provider: str
    asset_id: str
    title: str | None
    media_type: str | None
    kind: str | None
    licensed_at: str | None
    documents: tuple[str, ...]
    gaps: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class AccountCoverage:
    """An account's coverage: `whole` of `listed` are archived with every document; `listed` None: not known yet."""

    account: str
    provider: str
    closed: bool
    listed: int | None
    counted: bool
    differences: Mapping[str, Sequence[str]]  # of the last run
    archived: int
    whole: int
    last_complete: str | None


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    size: int
    note: str
    sha256: str
    secured_since: str | None


@dataclass(frozen=True, kw_only=True)
class MonthlyReport:
    """`gaps`: kind -> reason -> number, of the month's licences. `open`: short ids of all time whose document could not
    be had so far. `checkpoint` is the newest one."""

    client: str
    client_name: str
    agency: str
    month: str
    time_zone: str
    evidence: bool
    captured: tuple[CapturedLicence, ...]
    coverage: tuple[AccountCoverage, ...]
    gaps: Mapping[str, Mapping[str, int]]
    open: tuple[str, ...]
    checkpoint: Checkpoint | None

    def as_json(self) -> dict[str, object]:
        """The document of `report --json`."""
        return asdict(self)


def report(home: Home, client: str, month: str) -> MonthlyReport:
    """The report of a client for a month, `2026-11`, by the clocks of the agency's country.

    ConfigError for an unknown client or what is no month.
    """
    owner = home.client(client)
    if not re.fullmatch(r"(?!0000)\d{4}-(0[1-9]|1[0-2])", month):
        raise ConfigError(f"{month!r} is not a valid month. Write it as YYYY-MM, for example --month 2026-11.")
    if month > this_month(home):
        raise ConfigError(f"{month} has not begun yet. Name an earlier month with --month.")
    archive, zone = Archive(home.archive(client)), zone_of(home)
    last = archive.head()
    new = {
        line.id
        for line in with_progress(f"{client}: ledger", archive.lines(), last.seq + 1 if last else 0)
        if month_of(str(line.fields.get("at", "")), zone) == month and line.fields.get("version") == "v1" and line.id
    }
    entries: list[CatalogueEntry] = []
    open_: tuple[str, ...] = ()
    if archive.root.is_dir():
        with followed(home, client) as catalogue:
            found = map(catalogue.of_object, with_progress(f"{client}: licences", sorted(new), len(new)))
            entries = [each for each in found if each and each.held and not each.licence.comp]
            open_ = tuple(entry.short_id for entry in catalogue.incomplete())
    captured = sorted(map(_captured, entries), key=lambda each: (each.licensed_at or "", each.licence))
    gaps: dict[str, Counter[str]] = {}
    for each in captured:
        for kind, reason in each.gaps.items():
            gaps.setdefault(kind, Counter())[reason] += 1
    return MonthlyReport(
        client=client, client_name=owner.name, agency=home.settings.agency.name, month=month,
        time_zone=zone,
        evidence=archive.origin != "replay", captured=tuple(captured), coverage=tuple(_coverage(home, client, month)),
        gaps={kind: dict(reasons) for kind, reasons in gaps.items()}, open=open_, checkpoint=_checkpoint(archive.root),
    )  # fmt: skip


def month_of(at: str, zone: str) -> str:
    """The month, `2026-11`, in which a moment lies (UTC, `…Z`) by the clocks of a time zone; empty for what is none."""
    try:
        return f"{datetime.fromisoformat(at).astimezone(time_zone(zone)):%Y-%m}"
    except ValueError:
        return ""


def this_month(home: Home) -> str:
    """The current month by the agency's clocks."""
    return month_of(iso(datetime.now(UTC)) or "", zone_of(home))


def _captured(entry: CatalogueEntry) -> CapturedLicence:
    licence = entry.licence
    return CapturedLicence(
        licence=entry.short_id, provider=licence.asset.provider, asset_id=licence.asset.asset_id,
        title=licence.asset.title, media_type=licence.asset.media_type, kind=licence.kind,
        licensed_at=iso(licence.licensed_at),
        documents=tuple(document.name for document in entry.file.documents),
        gaps={gap.kind.value: gap.reason.value for gap in entry.file.gaps},
    )  # fmt: skip


def _coverage(home: Home, client: str, month: str) -> Iterable[AccountCoverage]:
    """Of every account, as it stood at the month's end: those that were closed, and those that nobody read yet, too."""
    owner = home.client(client)
    configured = {each.name: each.provider for each in owner.inputs}
    open_ones = {each.name for each in owner.inputs if not each.closed}
    runs, zone = runs_of(home, client), zone_of(home)
    logged = logged_differences(home, datetime.now(UTC))
    for account in dict.fromkeys((*runs, *configured)):
        until = [run for run in runs.get(account, ()) if month_of(run.at, zone) <= month]
        if until or account in open_ones:
            found = coverage(until)
            complete = [run.at for run in until if run.outcome == "complete"]
            provider = until[-1].provider if until else configured[account]
            yield AccountCoverage(
                account=account, provider=provider, counted=is_counted(until, provider),
                closed=account not in open_ones, listed=found.listed, differences=logged.get(account, {}),
                archived=found.archived, whole=found.whole,
                last_complete=complete[-1] if complete else None,
            )  # fmt: skip


def _checkpoint(root: Path) -> Checkpoint | None:
    size, path, tokens = ledger_lines.newest_checkpoint(root)
    if not size:
        return None
    times = [timestamp_tokens.Token.parse(read_file(token)).time for token in tokens]
    content = read_file(path)
    return Checkpoint(
        size=size, note=content.decode(), sha256=hashlib.sha256(content).hexdigest(),
        secured_since=min(times, default=None),
    )  # fmt: skip
