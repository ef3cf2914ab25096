"""The demo's first half: run the accounts of two clients twice, search and verify."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from archiver.agency import integrity
from archiver.agency.night import run
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.reader import Archive
from archiver.browsing.recording import bundled
from archiver.catalogue import search
from archiver.catalogue.index import Catalogue
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.core.model import DocumentKind
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, open_vault
from archiver.provider import Transport, load
from archiver.reading.licence_json import from_json

CLIENTS = {"acme": "Acme Ltd", "northlight": "Northlight Cafe"}
ACCOUNTS = {
    "acme-shutterstock": ("acme", "shutterstock"),
    "acme-elements": ("acme", "envato_elements"),
    "northlight-market": ("northlight", "envato_market"),
    "northlight-freepik": ("northlight", "freepik"),
}


def needs_browser(provider: str) -> bool:
    return load(provider).info.method(None).transport is Transport.BROWSER


def prepare(root: Path, authority: LocalAuthority, accounts: Mapping[str, tuple[str, str]]) -> Home:
    """A replay home with the demo's clients and accounts and a local timestamp authority."""
    (root.parent / "tsa-root.pem").chmod(0o644)
    (root / "roots").mkdir(parents=True, mode=0o700)
    shutil.copyfile(authority.root_pem, root / "roots/local.pem")
    create_home(root, replay=True, timestamps=[{"name": "local", "url": authority.url, "roots": "roots/local.pem"}])
    for slug, name in CLIENTS.items():
        add_client(root, slug, name=name, domains=[f"{slug}.example"])
    open_vault(root / "vault.enc", create=True)
    for name, (client, provider) in accounts.items():
        add_account(root, name, client=client, provider=provider)
    return Home.load(root)


async def timed(home: Home, vault: Vault, order: RunRequest, say: Callable[[str], None] = lambda _: None) -> RunSummary:
    """Run once and print a line for each account."""
    started = time.monotonic()
    summary = await run(home, vault, order)
    for each in summary.accounts:
        say(f"   {each.account:<20} {each.outcome:<9} {each.listed:>3} listed, {each.archived:>3} archived, "
            f"{each.comps} previews without a licence")  # fmt: skip
    archived = sum(result.archived for result in summary.accounts)
    say(f"   {archived} licences archived in {time.monotonic() - started:.1f} s.")
    if summary.exit_code:
        raise SystemExit(summary.exit_code)
    return summary


def urls(summary: RunSummary) -> set[str]:
    """The addresses that a run requested from the replay proxy."""
    return {request.url for listener in summary.replays.values() for request in listener.log}


def document_urls(home: Home) -> set[str]:
    """The addresses of the archived certificates and previews."""
    found: set[str] = set()
    for slug in CLIENTS:
        archive = Archive(home.archive(slug))
        with Catalogue(home.catalogue(slug)) as catalogue:
            for entry in catalogue.entries():
                described = from_json(archive.object(entry.object_id).read("licence.json"))
                found |= {each.url for each in described.documents if each.url and each.kind is not DocumentKind.RECORD}
    return found


async def archive_steps(home: Home, accounts: Mapping[str, tuple[str, str]], say: Callable[[str], None]) -> None:
    """Steps 1 to 4: run, run again, find, verify."""
    vault = open_vault(home.vault)
    order = RunRequest(replay=bundled())

    with_browser = len(accounts) - sum(not needs_browser(provider) for _, provider in accounts.values())
    said = f", {with_browser} of them in Chromium" if with_browser else ""
    say(f"1. archiver run: {len(accounts)} accounts of {len(CLIENTS)} clients{said}")
    first = await timed(home, vault, order, say)
    second = await timed(home, vault, order)
    documents = document_urls(home)
    before, again = (len(documents & urls(summary)) for summary in (first, second))
    already = sum(result.already for result in second.accounts)
    say(
        f"2. archiver run, again: {already} licences were known; certificates and previews fetched: {before} "
        f"in the first run, {again} in the second"
    )

    [hit, *_] = search.find(home, "harbour crane")
    say('3. archiver find "harbour crane"')
    say(f"   {hit['licence']}: licensed on {hit['licensed_at']}, secured since {hit['secured_since']}")

    code, checked, text = integrity.verify(home, integrity.VerifyRequest())
    say("4. archiver verify")
    if code:
        say(text)
        raise SystemExit(code)
    for each in checked["clients"]:
        since = each["secured_since"]
        say(f"   {each['client']}: {each['state']}, {each['licences']} licences, the newest secured since {since}")
