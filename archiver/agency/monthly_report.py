"""A client's monthly report: what was licensed and what was archived, the coverage with its denominator, gaps and
reasons, and the newest checkpoint, which whoever keeps it can later hold against the archive."""

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
from archiver.core.model import Outcome, iso
from archiver.core.progress import with_progress
from archiver.home.settings import Home


@dataclass(frozen=True, kw_only=True)
class ReportedLicence:
    """A licence of the month: short id, platform, what the platform says of it, and when it was archived."""

    licence: str
    provider: str
    asset_id: str
    title: str | None
    media_type: str | None
    kind: str | None
    licensed_at: str | None
    archived_at: str | None
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
    last_read_to_end: str | None = None  # all that the platform shows was read, without proof of an end


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    size: int
    note: str
    sha256: str
    secured_since: str | None


@dataclass(frozen=True, kw_only=True)
class MonthlyReport:
    """`licensed` in the month, by the day that every list shows, and `captured`: archived in it.

    `gaps`: kind -> reason -> number, of the month's licences. `open`: short ids of all time whose document could not
    be had so far. `checkpoint` is the newest one."""

    client: str
    client_name: str
    agency: str
    month: str
    time_zone: str
    evidence: bool
    licensed: tuple[ReportedLicence, ...]
    captured: tuple[ReportedLicence, ...]
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
    archived = {
        line.id: str(line.fields.get("at", ""))
        for line in with_progress(f"{client}: ledger", archive.lines(), last.seq + 1 if last else 0)
        if line.fields.get("version") == "v1" and line.id
    }
    new = sorted(each for each, at in archived.items() if month_of(at, zone) == month)
    entries, bought = list[CatalogueEntry](), list[CatalogueEntry]()
    open_: tuple[str, ...] = ()
    if archive.root.is_dir():
        with followed(home, client) as catalogue:
            found = map(catalogue.of_object, with_progress(f"{client}: licences", new, len(new)))
            entries = [each for each in found if each and each.held and not each.licence.comp]
            bought = catalogue.licensed_in(month)
            open_ = tuple(entry.short_id for entry in catalogue.incomplete())
    captured, licensed = _reported(entries, archived), _reported(bought, archived)
    gaps: dict[str, Counter[str]] = {}
    for each in captured:
        for kind, reason in each.gaps.items():
            gaps.setdefault(kind, Counter())[reason] += 1
    return MonthlyReport(
        client=client, client_name=owner.name, agency=home.settings.agency.name, month=month,
        time_zone=zone,
        evidence=archive.origin != "replay", licensed=licensed, captured=captured,
        coverage=tuple(_coverage(home, client, month)),
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


def _reported(entries: Iterable[CatalogueEntry], archived: Mapping[str, str]) -> tuple[ReportedLicence, ...]:
    """Their rows, the earliest licensed first. `archived`: moments by object id."""
    made = (_row(each, archived.get(each.object_id)) for each in entries)
    return tuple(sorted(made, key=lambda each: (each.licensed_at or "", each.licence)))


def _row(entry: CatalogueEntry, archived_at: str | None) -> ReportedLicence:
    licence = entry.licence
    return ReportedLicence(
        licence=entry.short_id, provider=licence.asset.provider, asset_id=licence.asset.asset_id,
        title=licence.asset.title, media_type=licence.asset.media_type, kind=licence.kind,
        licensed_at=iso(licence.licensed_at), archived_at=archived_at,
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
            complete = [run.at for run in until if run.outcome == Outcome.COMPLETE]
            to_end = [run.at for run in until if run.outcome == Outcome.READ_TO_END]
            provider = until[-1].provider if until else configured[account]
            yield AccountCoverage(
                account=account, provider=provider, counted=is_counted(until, provider),
                closed=account not in open_ones, listed=found.listed, differences=logged.get(account, {}),
                archived=found.archived, whole=found.whole,
                last_complete=complete[-1] if complete else None,
                last_read_to_end=to_end[-1] if to_end else None,
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
