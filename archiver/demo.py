"""The whole job on bundled recordings: two clients, four accounts, a real browser, a local timestamp authority.

The recordings are authored, so the archives they make are marked NOT EVIDENCE. Everything else is the real thing.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from shlex import quote

from archiver import accounts, evidence
from archiver.archive.authority import LocalAuthority
from archiver.archive.reader import Archive
from archiver.browsing.recording import bundled
from archiver.catalogue.catalogue import Catalogue
from archiver.config import Home, add_client, create_home
from archiver.domain import DocumentKind
from archiver.errors import ConfigError
from archiver.reading.licence_json import from_json
from archiver.run import Order, Summary, run
from archiver.vault import Vault, find_key, open_vault

CLIENTS = {"acme": "Acme Ltd", "northlight": "Northlight Cafe"}
ACCOUNTS = {
    "acme-shutterstock": ("acme", "shutterstock"),
    "acme-elements": ("acme", "envato_elements"),
    "northlight-market": ("northlight", "envato_market"),
    "northlight-freepik": ("northlight", "freepik"),
}


async def demo(keep: Path | None, say: Callable[[str], None]) -> None:
    """Run the demo and tell what happens. All that it makes stays in `keep`, new or empty, else in a new folder."""
    folder = empty(keep) if keep else Path(tempfile.mkdtemp(prefix="archiver-demo-"))
    with ExitStack() as stack:
        await show(folder, say, stack)
    say(f"\nEverything lies in {folder}; remove it when you have seen enough.")
    say(f"  {folder / 'home' / 'archive'}: READ-ME-FIRST.txt in each client's folder says what is what.")
    say("To go on in this home with other commands:")
    say(f"  export ARCHIVER_HOME={quote(str(folder / 'home'))}")
    say(f"  export ARCHIVER_KEY_FILE={quote(str(folder / 'vault.key'))}")
    say("Its timestamp authority has stopped with this demo, so later seals stay UNPROVEN.")


def empty(folder: Path) -> Path:
    """The folder, made where it is not there; ConfigError where something lies in it."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty. Choose a new folder for the demo.")
    return folder


async def show(folder: Path, say: Callable[[str], None], stack: ExitStack) -> None:
    say("The archiver's demo. Its recordings are authored from public documents and prove nothing about real accounts.")
    os.environ["ARCHIVER_KEY_FILE"] = str(folder / "vault.key")
    find_key(create=True)
    authority = stack.enter_context(LocalAuthority(folder / "authority"))
    shutil.copyfile(authority.root_pem, folder / "tsa-root.pem")
    home = prepare(folder / "home", authority)
    vault = open_vault(home.vault)
    order = Order(replay=bundled())

    say(f"\n1. archiver run - {len(ACCOUNTS)} accounts of {len(CLIENTS)} clients, two of them in Chromium")
    first = await timed(home, vault, order, say)
    say("\n2. archiver run - again: nothing new, nothing fetched twice")
    second = await timed(home, vault, order, say)
    documents = document_urls(home)
    before, again = (len(documents & urls(summary)) for summary in (first, second))
    say(f"   {before} certificates and previews were requested in the first run, {again} of them again in the second.")

    [hit, *_] = evidence.find(home, "harbour")
    say('\n3. archiver find "harbour"')
    say(f"   {hit['licence']}: {hit['title']}, licensed on {hit['licensed_at']}, secured since {hit['secured_since']}")

    say("\n4. archiver verify")
    code, _, text = evidence.verify(home)
    say("\n".join("   " + line for line in text.splitlines()))
    if code:
        raise SystemExit(code)

    out = folder / "proof.zip"
    evidence.proof(home, [hit["licence"]], out)
    say(f"\n5. archiver proof {hit['licence']} --out proof.zip")
    say(f"   {out.stat().st_size // 1024} KB: the licence, its place in the ledger, timestamps, keys and a verifier.")
    say("\nNOT EVIDENCE: this archive was made from authored recordings, and verify and the proof say so.")


def prepare(root: Path, authority: LocalAuthority) -> Home:
    """A replay home with the demo's clients and accounts and a local timestamp authority."""
    (root.parent / "tsa-root.pem").chmod(0o644)
    create_home(root, replay=True, timestamps=[{"name": "local", "url": authority.url, "roots": "../tsa-root.pem"}])
    for slug, name in CLIENTS.items():
        add_client(root, slug, name=name)
    vault = open_vault(root / "vault.enc", create=True)
    for name, (client, provider) in ACCOUNTS.items():
        accounts.add(Home.load(root), vault, name, client=client, provider=provider)
    return Home.load(root)


async def timed(home: Home, vault: Vault, order: Order, say: Callable[[str], None]) -> Summary:
    """One run, told in a line per account."""
    started = time.monotonic()
    summary = await run(home, vault, order)
    for result in summary.accounts:
        say(
            f"   {result.account:<20} {result.outcome:<9} {result.listed:>3} listed, {result.archived:>3} archived, "
            f"{result.already:>3} already, {result.comps} comps"
        )
    archived = sum(result.archived for result in summary.accounts)
    say(f"   {archived} licences archived in {time.monotonic() - started:.1f} s.")
    if summary.exit_code:
        raise SystemExit(summary.exit_code)
    return summary


def urls(summary: Summary) -> set[str]:
    """What a run asked of the replay proxy."""
    return {request.url for listener in summary.replays.values() for request in listener.log}


def document_urls(home: Home) -> set[str]:
    """Where the archived certificates and previews came from."""
    found: set[str] = set()
    for slug in CLIENTS:
        archive = Archive(home.archive(slug))
        with Catalogue(home.catalogue(slug)) as catalogue:
            for entry in catalogue.entries():
                described = from_json(archive.object(entry.object_id).read("licence.json"))
                found |= {each.url for each in described.documents if each.url and each.kind is not DocumentKind.RECORD}
    return found
