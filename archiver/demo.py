"""The whole job on bundled recordings: two clients, four accounts, a real browser, a local timestamp authority, and
a letter about one of the pictures.

The recordings are authored, so the archives they make are marked NOT EVIDENCE. Everything else is the real thing.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shlex import quote

from archiver import evidence
from archiver.archive.authority import LocalAuthority
from archiver.archive.reader import Archive
from archiver.browsing.recording import bundled
from archiver.catalogue.catalogue import Catalogue
from archiver.config import Home, add_account, add_client, create_home
from archiver.dispute.claiming import add
from archiver.dispute.handover import HandOver, hand_over
from archiver.dispute.verdict import assess
from archiver.domain import DocumentKind
from archiver.errors import ConfigError
from archiver.proof import claims
from archiver.proof.facts import Use
from archiver.proof.pages import Words
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
    say("To look at it in your browser: archiver desk")
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

    started = time.monotonic()
    letter, picture, first_seen = arrived(home, folder)
    stated = {"claimant": "Studio Ada Example", "first_seen": first_seen}
    claim = add(home, "acme", letter, stated, [picture], accept=True)
    say("\n5. archiver claim add letter.txt --client acme --picture letter-picture.jpg --yes ...")
    say(f"   {claim.claimant}, case {claim.reference}: {claim.currency} {claim.amount:.2f} for {claim.urls[0]}")
    left = claim.clocks(datetime.now(UTC))["days_left"]
    say(f"   The deadline ends with {claim.deadline} ({claim.deadline_zone}): {left} days left.")

    found = evidence.find_picture(home, picture.read_bytes(), client="acme", warn=say)
    say("\n6. archiver find --image letter-picture.jpg - the letter's picture is cropped and recompressed")
    if not found.rows:
        raise SystemExit("the demo's own picture was not found in its archive")
    best = found.rows[0]
    evidence.write_new(folder / "side-by-side.png", evidence.sheet(found.sheets))
    say(f"   {best['match']}: {best['licence']}. A person compares: {folder / 'side-by-side.png'}")

    use = Use(kind="commercial")
    assessed = assess(home, "acme", use, name=best["licence"], claim=claim)
    say(f"\n7. archiver assess {best['licence']} --client acme --claim {claim.claim} --use commercial")
    if assessed.assessment:
        say(f"   {Words('en').of('verdicts', assessed.assessment.verdict)}")
        for finding in assessed.assessment.findings:
            say(f"   - {finding.messages['en']}")

    out = folder / "proof.zip"
    handed = HandOver(out=out, claim=claim, use=use, drafts=True)
    hand_over(home, [best["licence"]], handed, warn=say)
    say(f"\n8. archiver proof {best['licence']} --claim {claim.claim} --drafts --out proof.zip")
    say(f"   {out.with_suffix('.pdf').stat().st_size // 1024} KB of PDF to read: {out.with_suffix('.pdf')}")
    say(f"   {out.stat().st_size // 1024} KB of zip: documents, their place in the ledger, timestamps and a verifier.")
    say(f"   Letters and statements for a person to check: {claims.folder(home, claim.claim) / 'drafts'}")
    say(f"   From the letter to the pack in {time.monotonic() - started:.1f} s: {out}")
    say("\nNOT EVIDENCE: this archive was made from authored recordings, and verify and the proof say so.")


def arrived(home: Home, folder: Path) -> tuple[Path, Path, date]:
    """An invented letter about a picture of the demo's archive, as a page would show it: cropped and recompressed.

    The third is the day on which the page first showed it.
    """
    from PIL import Image

    archive = Archive(home.archive("acme"))
    rows = [row for row in evidence.find(home, "", client="acme", limit=200) if row["kind"] == "standard"]
    stored = [(row, archive.object(row["licence"].partition("/")[2])) for row in rows]
    row, shown = next((row, each) for row, each in stored if "preview.jpg" in each.files())
    image = Image.open(io.BytesIO(shown.read("preview.jpg")))
    width, height = image.size
    part = image.crop((round(0.05 * width), 0, width, round(0.96 * height))).resize((600, 460))
    picture, letter = folder / "letter-picture.jpg", folder / "letter.txt"
    part.save(picture, quality=60)
    today = datetime.now(UTC)
    letter.write_text(LETTER.format(today=f"{today.day} {today:%B %Y}"), "utf-8")
    return letter, picture, date.fromisoformat(row["licensed_at"][:10]) + timedelta(days=3)


LETTER = """\
Studio Ada Example
{today}
Case Number: DEMO-4711

Unauthorized use of a photograph on https://www.acme.example/news/launch.html
Please send us your licence within ten business days. Otherwise an amount of EUR 389.59 is due.
"""


def prepare(root: Path, authority: LocalAuthority) -> Home:
    """A replay home with the demo's clients and accounts and a local timestamp authority."""
    (root.parent / "tsa-root.pem").chmod(0o644)
    create_home(root, replay=True, timestamps=[{"name": "local", "url": authority.url, "roots": "../tsa-root.pem"}])
    for slug, name in CLIENTS.items():
        add_client(root, slug, name=name, domains=[f"{slug}.example"])
    open_vault(root / "vault.enc", create=True)
    for name, (client, provider) in ACCOUNTS.items():
        add_account(root, name, client=client, provider=provider)
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
