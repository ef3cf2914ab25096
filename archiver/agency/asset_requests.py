"""Capture single assets that a person names, from platforms without accounts, with no person at the browser.

The same run that reads histories asks the platform's adapter for these assets, in the guarded browser.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from archiver.agency.asset_references import AskedAsset, asked_for, pages_of
from archiver.agency.night import run
from archiver.archive.reader import Archive
from archiver.catalogue.index import CatalogueEntry
from archiver.catalogue.search import followed
from archiver.collect.attended_capture import AttendedRequest as AttendedRequest
from archiver.collect.attended_capture import Person, capture_attended
from archiver.collect.import_plan import FileOutcome, Group, ImportOutcome
from archiver.collect.import_report import ImportReport, archived_rows
from archiver.collect.recognition import ClassifiedFile
from archiver.collect.run import asking
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.core.model import parse_iso
from archiver.home.settings import Account, Home
from archiver.home.vault import Vault

AGAIN = timedelta(hours=24)  # a page captured within this time is not opened again; one API's rules demand that


# many parameters: those of the two ways that it joins, `run` and `capture_attended`
async def capture(
    home: Home, vault: Vault, wanted: Sequence[str], request: AttendedRequest, *, attended: bool,
    say: Callable[[str], None], person: Person | None = None,
) -> ImportReport:  # fmt: skip
    """Archive the named pictures of platforms without accounts; open everything else in a browser for a person.

    `wanted` holds addresses, file names, `platform:id`, and names of platforms, whose account pages are opened.
    `attended` opens everything in the visible browser. Tests use `person`. Raises the errors of `capture_attended` and
    `run`.
    """
    home.client(request.client)
    asked = [] if attended else [each for text in wanted if (each := asked_for(text))]
    texts = {each.text for each in asked}
    rest = [page for text in wanted if text not in texts for page in pages_of(text)]
    report = ImportReport(request.client)
    if asked:
        await _capture_asked(home, vault, asked, report, request, say)
    if rest or not asked:
        found = await capture_attended(home, vault, replace(request, urls=rest), say, person)
        report = replace(
            found, fates=report.fates + found.fates, licences=report.licences + found.licences,
            warnings=report.warnings + found.warnings, failed=report.failed,
        )  # fmt: skip
    return report


async def _capture_asked(
    home: Home, vault: Vault, asked: Sequence[AskedAsset], report: ImportReport, request: AttendedRequest,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    by = request.by
    before = await asyncio.to_thread(_newest, home, report.client, asked)
    accounts, due = [], [each for each in asked if not _fresh(before.get(each.text))]
    for info in {each.info.name: each.info for each in due}.values():
        items = [each.wanted for each in due if each.info is info]
        accounts.append(asking(_account(home, report.client, info.name), items, by))
        say(f"{info.title}: {by} requests {len(items)}. The platform's terms on automation: {info.automation.stance}.")
    summary = RunSummary("")
    if accounts:
        summary = await run(home, vault, RunRequest(full=True, replay=request.replay), accounts=accounts)
    after = await asyncio.to_thread(_newest, home, report.client, asked)
    messages = {result.provider: result.message for result in summary.accounts}
    for each in asked:
        seen = ClassifiedFile(path=each.text, sha256="", size=0, what="page", media_type="text/html", marked=True)
        entry, old = after.get(each.text), before.get(each.text)
        if entry and (each not in due or (old and entry.object_id == old.object_id)):
            same = each not in due
            outcome = ImportOutcome.KNOWN if same else ImportOutcome.REFUSED
            message = "captured within the last 24 hours" if same else messages.get(each.info.name, "")
        else:
            outcome = ImportOutcome.ARCHIVED if entry else ImportOutcome.REFUSED
            message = "" if entry else messages.get(each.info.name, "")
        groups = [Group(entry.licence, entry)] if entry and outcome is not ImportOutcome.REFUSED else []
        report.fates.append(FileOutcome(seen, outcome, groups, message))
    archived = {entry.object_id: entry for entry in after.values()}
    report.licences += archived_rows(home, report.client, archived.values())
    report.warnings += summary.warnings
    report.failed = summary.exit_code


def _account(home: Home, client: str, provider: str) -> Account:
    """The account that holds the client's or the house's API key; otherwise one whose name no real account can have."""
    owners = home.client_and_house(client)
    held = [each for owner in owners for each in owner.accounts if each.provider == provider]
    nameless = Account(name=f"_{provider}", client=client, provider=provider, settings={})
    return held[0].model_copy(update={"client": client}) if held else nameless


def _newest(home: Home, client: str, asked: Sequence[AskedAsset]) -> dict[str, CatalogueEntry]:
    """The newest archived page of each asset, by the text that named it."""
    if not Archive(home.archive(client)).ledger.exists():
        return {}
    with followed(home, client) as catalogue:
        found = {each.text: catalogue.of_asset(each.info.name, each.asset_id) for each in asked}
    return {text: entries[-1] for text, entries in found.items() if entries}


def _fresh(entry: CatalogueEntry | None) -> bool:
    captured = parse_iso(entry.file.provenance.get("captured_at")) if entry else None
    return isinstance(captured, datetime) and datetime.now(UTC) - captured < AGAIN
