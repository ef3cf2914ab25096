"""A client's monthly report: what was archived, the coverage with its denominator, gaps and reasons, and the newest
checkpoint, which whoever keeps it can later hold against the archive."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from archiver.agency.status import coverage
from archiver.archive import verify
from archiver.archive.reader import Archive
from archiver.catalogue.index import Entry
from archiver.catalogue.search import followed, runs_of
from archiver.claims.claim_files import zone as time_zone
from archiver.claims.claim_files import zone_of
from archiver.claims.facts import platform_of
from archiver.claims.pack_pages import LANGUAGES, Words, style
from archiver.core.atomic_files import read_file, replace_file
from archiver.core.errors import BrowserMissing, ConfigError
from archiver.core.model import GapReason, iso
from archiver.core.stale_files import sweep_beside
from archiver.home.settings import Home
from archiver.reading.terminal_safe import printable

LISTED = 400  # licences of the month that the pages list; the JSON has all

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Licence report",
        "by": "prepared by {agency}",
        "captured": "Archived in this month",
        "none": "Nothing new was licensed, as far as the accounts show.",
        "none_read": "No account of the client had been read by then: this says nothing about the month.",
        "licences": "{count} licences",
        "coverage": "Coverage at the end of the month",
        "account": "Account",
        "listed": "Listed",
        "archived": "Archived",
        "whole": "Complete",
        "last": "Last read without a fault",
        "never": "never so far",
        "closed": "closed; its proof stays",
        "coverage_is": "Listed is what the platform shows in the account's history, preview downloads included. "
        "Archived is what is held of it; complete is what is held with every document that the platform offers.",
        "gaps": "Missing documents, and why",
        "no_gaps": "No document is missing.",
        "open": "Still to be fetched",
        "checkpoint": "The checkpoint to keep",
        "checkpoint_is": "Please keep this page. Whoever holds this checkpoint can later prove that nothing which the "
        "archive held then was changed or removed.",
        "unsealed": "The archive has no checkpoint yet.",
        "secured": "Dated by an independent authority: {at}",
        "unsecured": "No independent authority has dated it yet.",
        "date": "Licensed on",
        "work": "Work",
        "platform": "Platform",
        "licence": "Licence",
        "zone": "The month is counted by the clocks of {zone}.",
        "more": "and {count} more",
        "one_licence": "1 licence",
        "this_month": "archived in {month}",
        "of": "{count} of {all}",
        "held": "of what the platforms list is archived",
        "held_whole": "is archived with every document that is offered",
        "uncounted": "without {count} account(s) whose number is not known yet",
        "no_accounts": "The client has no account of its own. Its licences come from shared accounts or were imported.",
    },
    "de": {
        "title": "Lizenzbericht",
        "by": "erstellt von {agency}",
        "captured": "In diesem Monat archiviert",
        "none": "Es wurde nichts Neues lizenziert, soweit die Konten es zeigen.",
        "none_read": "Bis dahin war kein Konto des Kunden gelesen: Über den Monat sagt das nichts.",
        "licences": "{count} Lizenzen",
        "coverage": "Abdeckung am Ende des Monats",
        "account": "Konto",
        "listed": "Gelistet",
        "archived": "Archiviert",
        "whole": "Vollständig",
        "last": "Zuletzt fehlerfrei gelesen",
        "never": "noch nicht",
        "closed": "geschlossen; die Nachweise bleiben",
        "coverage_is": "Gelistet ist, was die Plattform im Verlauf des Kontos zeigt, Layout-Downloads eingeschlossen. "
        "Archiviert ist, was davon vorliegt; vollständig, was mit allen angebotenen Dokumenten vorliegt.",
        "gaps": "Fehlende Dokumente und Gründe",
        "no_gaps": "Es fehlt kein Dokument.",
        "open": "Noch zu beschaffen",
        "checkpoint": "Der Prüfpunkt zum Aufbewahren",
        "checkpoint_is": "Bitte diese Seite aufbewahren. Wer diesen Prüfpunkt hat, kann später nachweisen, dass "
        "nichts, was das Archiv damals enthielt, geändert oder entfernt wurde.",
        "unsealed": "Das Archiv hat noch keinen Prüfpunkt.",
        "secured": "Von einer unabhängigen Stelle datiert: {at}",
        "unsecured": "Noch keine unabhängige Stelle hat ihn datiert.",
        "date": "Lizenziert am",
        "work": "Werk",
        "platform": "Plattform",
        "licence": "Lizenz",
        "zone": "Der Monat zählt nach den Uhren von {zone}.",
        "more": "und {count} weitere",
        "one_licence": "1 Lizenz",
        "this_month": "archiviert im {month}",
        "of": "{count} von {all}",
        "held": "der von den Plattformen gelisteten sind archiviert",
        "held_whole": "sind mit allen angebotenen Dokumenten archiviert",
        "uncounted": "ohne {count} Konto/Konten, deren Zahl noch nicht bekannt ist",
        "no_accounts": "Der Kunde hat kein eigenes Konto. Seine Lizenzen kommen aus gemeinsamen Konten oder wurden "
        "importiert.",
    },
}

STYLE_OF_REPORT = """
.numbers td, .numbers th { padding-inline-end: 4mm; width: auto }
.numbers .n { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap }
thead th { color: var(--accent); font-weight: 600; white-space: nowrap }
.numbers td:first-child { white-space: nowrap }
.numbers td { overflow-wrap: break-word }
@media screen { body { max-width: 190mm; margin: 8mm auto; padding: 0 6mm } }
.licences { table-layout: fixed }
.licences th:first-child { width: 35mm }
.licences th:last-child { width: 69mm }
.licences .digest { font-size: 6.2pt; padding-inline-end: 0 }
.dates strong { font-size: 1.5em; font-variant-numeric: tabular-nums }
pre { background: var(--paper); border-left: .9mm solid var(--accent); padding: 3mm 4mm; white-space: pre-wrap;
  font: 7.4pt/1.5 'Noto Sans Mono', 'DejaVu Sans Mono', monospace; margin: 2mm 0; break-inside: avoid }
.flow h2 { break-after: avoid }
"""


@dataclass(frozen=True, kw_only=True)
class Captured:
    """A licence that was archived in the month: short id, platform, and what the platform says of it."""

    licence: str
    provider: str
    asset_id: str
    title: str | None
    kind: str | None
    licensed_at: str | None
    documents: tuple[str, ...]
    gaps: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Covered:
    """An account's coverage: `whole` of `listed` are archived with every document; `listed` None: not known yet."""

    account: str
    provider: str
    closed: bool
    listed: int | None
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
class Report:
    """`gaps`: kind -> reason -> number, of the month's licences. `open`: short ids of all time whose document could not
    be had so far. `checkpoint` is the newest one."""

    client: str
    client_name: str
    agency: str
    month: str
    time_zone: str
    evidence: bool
    captured: tuple[Captured, ...]
    coverage: tuple[Covered, ...]
    gaps: Mapping[str, Mapping[str, int]]
    open: tuple[str, ...]
    checkpoint: Checkpoint | None

    def as_json(self) -> dict[str, Any]:
        """The document of `report --json`."""
        return asdict(self)


def report(home: Home, client: str, month: str) -> Report:
    """The report of a client for a month, `2026-11`, by the clocks of the agency's country.

    ConfigError for an unknown client or what is no month.
    """
    owner = home.client(client)
    if not re.fullmatch(r"(?!0000)\d{4}-(0[1-9]|1[0-2])", month):
        raise ConfigError(f"{month!r} is no month. Write it as YYYY-MM, e.g. --month 2026-11.")
    if month > this_month(home):
        raise ConfigError(f"{month} is still to come. Name a month that has begun with --month.")
    archive, zone = Archive(home.archive(client)), zone_of(home)
    new = {
        line.id
        for line in archive.lines()
        if month_of(str(line.fields.get("at", "")), zone) == month and line.fields.get("version") == "v1" and line.id
    }
    entries: list[Entry] = []
    open_: tuple[str, ...] = ()
    if archive.root.is_dir():
        with followed(home, client) as catalogue:
            found = (catalogue.of_object(each) for each in sorted(new))
            entries = [each for each in found if each and each.held and not each.licence.comp]
            open_ = tuple(entry.short_id for entry in catalogue.incomplete())
    captured = sorted(map(_captured, entries), key=lambda each: (each.licensed_at or "", each.licence))
    gaps: dict[str, Counter[str]] = {}
    for each in captured:
        for kind, reason in each.gaps.items():
            gaps.setdefault(kind, Counter())[reason] += 1
    return Report(
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


def _captured(entry: Entry) -> Captured:
    licence = entry.licence
    return Captured(
        licence=entry.short_id, provider=licence.asset.provider, asset_id=licence.asset.asset_id,
        title=licence.asset.title, kind=licence.kind, licensed_at=iso(licence.licensed_at),
        documents=tuple(document.name for document in entry.file.documents),
        gaps={gap.kind.value: gap.reason.value for gap in entry.file.gaps},
    )  # fmt: skip


def _coverage(home: Home, client: str, month: str) -> Iterable[Covered]:
    """Of every account, as it stood at the month's end: those that were closed, and those that nobody read yet, too."""
    configured = {account.name: account.provider for account in home.client(client).accounts}
    open_ones = {account.name for account in home.client(client).accounts if not account.closed}
    runs, zone = runs_of(home, client), zone_of(home)
    for account in dict.fromkeys((*runs, *configured)):
        until = [run for run in runs.get(account, ()) if month_of(run.at, zone) <= month]
        if until or account in open_ones:
            found = coverage(until)
            complete = [run.at for run in until if run.outcome == "complete"]
            yield Covered(
                account=account, provider=until[-1].provider if until else configured[account],
                closed=account not in open_ones, listed=found.listed, archived=found.archived, whole=found.whole,
                last_complete=complete[-1] if complete else None,
            )  # fmt: skip


def _checkpoint(root: Path) -> Checkpoint | None:
    size, path, tokens = verify.newest_checkpoint(root)
    if not size:
        return None
    times = [verify.Token.parse(read_file(token)).time for token in tokens]
    content = read_file(path)
    return Checkpoint(
        size=size, note=content.decode(), sha256=hashlib.sha256(content).hexdigest(),
        secured_since=min(times, default=None),
    )  # fmt: skip


# ---------------------------------------------------------------- pages


def write(made: Report, out: Path, language: str) -> None:
    """Write the report as HTML, or printed by Chromium as PDF, by the file's ending; ConfigError for another one."""
    html = page(made, language)
    if out.suffix.lower() == ".html":
        content = html.encode()
    elif out.suffix.lower() == ".pdf":
        from archiver.browsing.pdf_printing import print_pages

        try:
            (content,) = print_pages([html])
        except BrowserMissing as error:
            error.detail += f". Or write it as HTML: --out {out.with_suffix('.html').name}"
            raise
    else:
        raise ConfigError(f"{out.name} is neither a .pdf nor a .html file. Name one with --out.")
    sweep_beside(out)
    try:
        replace_file(out, content)
    except FileNotFoundError:
        raise ConfigError(f"There is no folder {out.parent}. Make it, or name another file with --out.") from None


def page(made: Report, language: str) -> str:
    """The report as one HTML document; other languages than ours get English."""
    language = language[:2] if language[:2] in LANGUAGES else "en"
    say, words = WORDS[language], Words(language)
    named = words.month(made.month)
    mark = "" if made.evidence else f"<p class=replay>{_e(words('not_evidence'))}: {_e(words('replay'))}</p>"
    agency = say["by"].format(agency=made.agency) if made.agency else ""
    return f"""<!doctype html><html lang={language}><meta charset=utf-8>
      <meta name=viewport content="width=device-width">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>{_e(say["title"])} {_e(made.client_name)} {_e(made.month)}</title><style>{style()}{STYLE_OF_REPORT}</style>
      <body><section class=flow><header><b>{_e(say["title"])}</b><span>{_e(agency)}</span></header>{mark}
      <h1 dir=auto>{_e(made.client_name)} · {_e(named)}</h1>
      {_tiles(made, say, named)}
      <p><small>{_e(say["zone"].format(zone=made.time_zone))}</small></p>
      <h2>{_e(say["captured"])}</h2>{_summary(made, say)}
      <h2>{_e(say["coverage"])}</h2>{_coverage_table(made, say, words)}
      <h2>{_e(say["gaps"])}</h2>{_gaps(made, say, words)}
      <h2>{_e(say["checkpoint"])}</h2>{_checkpoint_block(made, say, words)}
      </section>{_licences(made, say, words)}</body></html>"""


def _tiles(made: Report, say: Mapping[str, str], month: str) -> str:
    """The month in three numbers; the coverage over all accounts whose denominator is known."""
    number = len(made.captured)
    licences = say["one_licence"] if number == 1 else say["licences"].format(count=f"{number:,}")
    tiles = [(licences, say["this_month"].format(month=month), "")]
    counted = [each for each in made.coverage if each.listed is not None]
    if counted:
        listed = sum(each.listed or 0 for each in counted)
        rest = len(made.coverage) - len(counted)
        note = say["uncounted"].format(count=rest) if rest else ""
        for got, what in (
            (sum(each.archived for each in counted), "held"),
            (sum(c.whole for c in counted), "held_whole"),
        ):
            tiles.append((say["of"].format(count=f"{got:,}", all=f"{listed:,}"), say[what], note))
    return (
        "<div class=dates>"
        + "".join(
            f"<div><strong>{_e(value)}</strong>{_e(what)}{f'<br><small>{_e(note)}</small>' if note else ''}</div>"
            for value, what, note in tiles
        )
        + "</div>"
    )


def _summary(made: Report, say: Mapping[str, str]) -> str:
    if not made.captured:
        unread = made.coverage and not any(each.last_complete for each in made.coverage)
        return f"<p>{_e(say['none_read' if unread else 'none'])}</p>"
    by_platform = Counter(each.provider for each in made.captured)
    rows = "".join(f"<tr><td>{_e(_title(name))}<td class=n>{number}" for name, number in by_platform.most_common())
    return f"<table class=numbers>{rows}</table>"


def _coverage_table(made: Report, say: Mapping[str, str], words: Words) -> str:
    if not made.coverage:
        return f"<p>{_e(say['no_accounts'])}</p>"
    head = f"<th>{_e(say['account'])}<th>{_e(say['platform'])}" + "".join(
        f"<th class=n>{_e(say[name])}" for name in ("listed", "archived", "whole")
    )
    rows = "".join(
        f"<tr><td dir=auto>{_e(each.account)}{f'<br><small>{_e(say["closed"])}</small>' if each.closed else ''}"
        f"<td>{_e(_title(each.provider))}<td class=n>{'?' if each.listed is None else each.listed}"
        f"<td class=n>{each.archived}<td class=n>{each.whole}"
        f"<td>{_e(words.moment(each.last_complete) or say['never'])}"
        for each in made.coverage
    )
    table = f"<table class=numbers><thead><tr>{head}<th>{_e(say['last'])}</thead>{rows}</table>"
    return table + f"<p><small>{_e(say['coverage_is'])}</small></p>"


def _gaps(made: Report, say: Mapping[str, str], words: Words) -> str:
    rows = "".join(
        f"<li>{_e(words.of('names', kind))}: {_e(words.of('reasons', reason))} ({number})"
        for kind, reasons in sorted(made.gaps.items())
        for reason, number in sorted(reasons.items())
        if reason != GapReason.FAILED
    )
    still = "".join(f"<li>{_e(each)}" for each in made.open[:LISTED])
    still = f"<p>{_e(say['open'])} ({len(made.open)}):</p><ul>{still}</ul>" if made.open else ""
    return (f"<ul>{rows}</ul>" if rows else "") + still or f"<p>{_e(say['no_gaps'])}</p>"


def _checkpoint_block(made: Report, say: Mapping[str, str], words: Words) -> str:
    if made.checkpoint is None:
        return f"<p>{_e(say['unsealed'])}</p>"
    since = words.moment(made.checkpoint.secured_since)
    dated = say["secured"].format(at=since) if since else say["unsecured"]
    return (
        f"<p>{_e(say['checkpoint_is'])}</p><pre>{_e(made.checkpoint.note)}</pre>"
        f"<p>{_e(dated)}</p><p class=digest>SHA-256 {made.checkpoint.sha256}</p>"
    )


def _licences(made: Report, say: Mapping[str, str], words: Words) -> str:
    if not made.captured:
        return ""
    rows = "".join(
        f"<tr><td>{_e(words.moment((each.licensed_at or '')[:10]) or words('not_stated'))}"
        f"<td dir=auto>{_e(each.title or each.asset_id)}<br><small>{_e(_title(each.provider))} · {_e(each.asset_id)}"
        f"{' · ' + _e(each.kind) if each.kind else ''}</small><td class=digest>{_e(each.licence)}"
        for each in made.captured[:LISTED]
    )
    rest = len(made.captured) - LISTED
    more = f"<p class=soft>{_e(say['more'].format(count=rest))}</p>" if rest > 0 else ""
    head = f"<th>{_e(say['date'])}<th>{_e(say['work'])}<th>{_e(say['licence'])}"
    table = f"<table class='numbers licences'><thead><tr>{head}</thead>{rows}</table>"
    return f"<section class=flow><h2>{_e(say['captured'])}</h2>{table}{more}</section>"


def _title(provider: str) -> str:
    return str(platform_of(provider)["title"])


def _e(text: object) -> str:
    return escape(printable(str(text), keep="\n"))
