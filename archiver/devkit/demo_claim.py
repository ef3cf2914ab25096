"""The demo's second half: from the letter to the verdict, the pack and the drafts."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from archiver.catalogue import picture_search
from archiver.claims import claim_files
from archiver.claims.assessment import assess
from archiver.claims.claim_entry import add
from archiver.claims.claim_pack import HandOver, hand_over
from archiver.claims.facts import Use
from archiver.claims.pack_words import PackWords
from archiver.devkit.demo_letter import letter_arrives
from archiver.home.settings import Home

MAX_FINDINGS = 3


def claim_steps(
    home: Home, folder: Path, say: Callable[[str], None], *, near: Callable[[Path], Path], browser: bool
) -> None:
    """Steps 5 to 8: the letter, its picture, the verdict, the pack. `near` shortens a path for display."""
    started = time.monotonic()
    arrived = letter_arrives(home, folder, browser=browser)
    stated = {"claimant": "Northgate Picture Claims", "first_seen": arrived.first_seen}
    claim = add(home, "acme", arrived.letter, stated, accept=True)
    say(f"5. archiver claim add {arrived.letter.name} --client acme --first-seen {arrived.first_seen} --yes ...")
    say(f"   {claim.claimant}, case {claim.reference}: {claim.currency} {claim.amount:.2f} for {claim.urls[0]}")
    left = claim.clocks(datetime.now(UTC))["days_left"]
    say(f"   The last day to answer is {claim.deadline} ({claim.deadline_zone}): {left} days left.")

    found = picture_search.find_picture(home, arrived.picture.read_bytes(), client="acme")
    say(f"6. archiver find --image {arrived.picture.name}: {arrived.how}")
    if not found.rows:
        raise SystemExit("The demo did not find its own picture in its archive. Please report this.")
    best = found.rows[0]
    found.write_sheet(folder / "side-by-side.png")
    say(f"   {best['match']}: {best['licence']}. Compare the pictures: {near(folder / 'side-by-side.png')}")

    use = Use(kind="commercial")
    assessed = assess(home, "acme", use, name=best["licence"], claim=claim)
    say(f"7. archiver assess {best['licence']} --client acme --claim {claim.claim} --use commercial")
    if assessed.assessment:
        findings = [finding.messages["en"] for finding in assessed.assessment.findings]
        say(f"   {PackWords('en').of('verdicts', assessed.assessment.verdict)}")
        for finding in findings[:MAX_FINDINGS]:
            say(f"   - {finding}")
        if len(findings) > MAX_FINDINGS:
            say(f"   - and {len(findings) - MAX_FINDINGS} more, each with its document")

    out = folder / "proof.zip"
    handed = HandOver(out=out, claim=claim, use=use, drafts=True)
    _, page, *_ = hand_over(home, [best["licence"]], handed, warn=lambda warning: say(f"   {warning}"))
    say(f"8. archiver proof {best['licence']} --claim {claim.claim} --drafts --out proof.zip")
    say(f"   to read ({page.stat().st_size // 1024} KB): {near(page)}")
    say(f"   to check, without this software ({out.stat().st_size // 1024} KB): {near(out)}")
    say(f"   drafts of letters, for a person to check: {near(claim_files.folder(home, claim.claim) / 'drafts')}")
    say(f"   From the letter to the pack in {time.monotonic() - started:.1f} s.")
