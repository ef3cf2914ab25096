"""The verdict on a claim, the proof pack, and the files in the claim's folder."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.claims import claim_files
from archiver.claims.assessment import Assessed, assess
from archiver.claims.claim_files import Claim
from archiver.claims.claim_pack import HandOver, hand_over
from archiver.claims.facts import Use
from archiver.claims.rule_engine import WORST, Verdict
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.desk.licence_pages import handed_out
from archiver.reading.letters import LetterKind

USES = ("commercial", "editorial")


PACK = "proof.zip"


def assessed_for(visit: PageRequest, claim: Claim, licence: str, use: str) -> Assessed:
    """Show the verdict on one of a claim's licences, without saving it."""
    known = Use(kind=use or None, first_seen=claim.first_seen)
    page = next(iter(claim.urls), None)
    return assess(visit.home, claim.client, known, name=licence, used_on=page)


def worst_verdict(assessed: list[Assessed]) -> Verdict | None:
    """The combined verdict; None without licences."""
    verdicts = [each.assessment.verdict for each in assessed if each.assessment]
    return max(verdicts, key=WORST.index, default=None)


def pack(visit: PageRequest) -> Response:
    """Make the pack and its drafts. They replace earlier ones."""
    claim = visit.claim()
    use = Use(kind=visit.given("use") if visit.given("use") in USES else None)
    verdict = worst_verdict([assessed_for(visit, claim, each, use.kind or "") for each in claim.licences])
    if claim.kind is LetterKind.ABMAHNUNG or verdict in (None, Verdict.NOT_COVERED):
        raise HTTPException(400)
    out = claim_files.folder(visit.home, claim.claim) / PACK
    for old in (out, out.with_suffix(".pdf")):
        old.unlink(missing_ok=True)
    order = HandOver(out=out, language=visit.language, claim=claim, use=use, drafts=True)
    warnings: list[str] = []
    hand_over(visit.home, [], order, warn=warnings.append)
    key = secrets.token_urlsafe(12)
    visit.log_action("pack made", claim.claim)
    visit.desk.keep(f"{visit.visitor.name} {key}", 1, warnings)
    return visit.page(
        "packed.html",
        claim=claim,
        clocks=claim.clocks(datetime.now(UTC)),
        warnings=warnings,
        papers=papers(visit, claim),
    )


def papers(visit: PageRequest, claim: Claim) -> dict[str, int]:
    """The files in a claim's folder and their sizes, by name."""
    folder = claim_files.folder(visit.home, claim.claim)
    found = sorted(each for each in folder.rglob("*") if each.is_file() and not each.is_symlink())
    return {each.relative_to(folder).as_posix(): each.stat().st_size for each in found if each.name != "claim.json"}


def paper(visit: PageRequest) -> Response:
    """One file of a claim's folder."""
    claim, name = visit.claim(), visit.path["name"]
    if name not in papers(visit, claim):
        raise HTTPException(404)
    if visit.asked("save"):
        visit.log_action("saved", f"{claim.claim}/{name}")
    content = (claim_files.folder(visit.home, claim.claim) / name).read_bytes()
    return handed_out(visit, content, name, "text/plain" if name.endswith((".txt", ".eml")) else "")


WAYS = [
    PageRoute("/claim/{claim}/pack", pack, Role.OPERATE, post=True),
    PageRoute("/claim/{claim}/file/{name:path}", paper),
]
