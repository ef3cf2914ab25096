"""The monthly report as an HTML page or a PDF, in the agency's languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape
from pathlib import Path

from archiver.agency.monthly_report import MonthlyReport
from archiver.claims.facts import platform_of
from archiver.claims.pack_pages import LANGUAGES, PackWords, style
from archiver.core.atomic_files import replace_file
from archiver.core.errors import BrowserMissing, ConfigError
from archiver.core.model import GapReason
from archiver.core.stale_files import sweep_beside
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


def write(made: MonthlyReport, out: Path, language: str) -> None:
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


def page(made: MonthlyReport, language: str) -> str:
    """The report as one HTML document; other languages than ours get English."""
    language = language[:2] if language[:2] in LANGUAGES else "en"
    say, words = WORDS[language], PackWords(language)
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


def _tiles(made: MonthlyReport, say: Mapping[str, str], month: str) -> str:
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


def _summary(made: MonthlyReport, say: Mapping[str, str]) -> str:
    if not made.captured:
        unread = made.coverage and not any(each.last_complete for each in made.coverage)
        return f"<p>{_e(say['none_read' if unread else 'none'])}</p>"
    by_platform = Counter(each.provider for each in made.captured)
    rows = "".join(f"<tr><td>{_e(_title(name))}<td class=n>{number}" for name, number in by_platform.most_common())
    return f"<table class=numbers>{rows}</table>"


def _coverage_table(made: MonthlyReport, say: Mapping[str, str], words: PackWords) -> str:
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


def _gaps(made: MonthlyReport, say: Mapping[str, str], words: PackWords) -> str:
    rows = "".join(
        f"<li>{_e(words.of('names', kind))}: {_e(words.of('reasons', reason))} ({number})"
        for kind, reasons in sorted(made.gaps.items())
        for reason, number in sorted(reasons.items())
        if reason != GapReason.FAILED
    )
    still = "".join(f"<li>{_e(each)}" for each in made.open[:LISTED])
    still = f"<p>{_e(say['open'])} ({len(made.open)}):</p><ul>{still}</ul>" if made.open else ""
    return (f"<ul>{rows}</ul>" if rows else "") + still or f"<p>{_e(say['no_gaps'])}</p>"


def _checkpoint_block(made: MonthlyReport, say: Mapping[str, str], words: PackWords) -> str:
    if made.checkpoint is None:
        return f"<p>{_e(say['unsealed'])}</p>"
    since = words.moment(made.checkpoint.secured_since)
    dated = say["secured"].format(at=since) if since else say["unsecured"]
    return (
        f"<p>{_e(say['checkpoint_is'])}</p><pre>{_e(made.checkpoint.note)}</pre>"
        f"<p>{_e(dated)}</p><p class=digest>SHA-256 {made.checkpoint.sha256}</p>"
    )


def _licences(made: MonthlyReport, say: Mapping[str, str], words: PackWords) -> str:
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
