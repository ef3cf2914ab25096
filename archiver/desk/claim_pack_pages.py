"""The verdict on a claim, the proof pack, and the files in the claim's folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.claims import claim_files, claim_life
from archiver.claims.assessment import AssessedLicence, assess
from archiver.claims.claim_files import Claim
from archiver.claims.claim_pack import HandOver, hand_over
from archiver.claims.facts import Use
from archiver.claims.rule_engine import WORST, Verdict
from archiver.core.atomic_files import replace_file, scratch_folder
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import Role
from archiver.desk.background_job import Work
from archiver.desk.licence_pages import handed_out

PACK, PROOF_PDF = "proof.zip", "proof.pdf"


def assessed_for(visit: PageRequest, claim: Claim, licence: str) -> AssessedLicence:
    """The verdict on one of a claim's licences, without saving it."""
    known = Use(kind=claim.use, first_seen=claim.first_seen)
    page = next(iter(claim.urls), None)
    return assess(visit.home, claim.client, known, name=licence, used_on=page)


def worst_verdict(assessed: list[AssessedLicence]) -> Verdict | None:
    """The combined verdict; None without licences."""
    verdicts = [each.assessment.verdict for each in assessed if each.assessment]
    return max(verdicts, key=WORST.index, default=None)


def use(visit: PageRequest) -> Response:
    """Keep what the person says about the use. The verdict depends on it."""
    claim = visit.claim()
    claim_files.change(visit.home, claim, use=visit.given("use") if visit.given("use") in claim_files.USES else None)
    keep_verdict(visit)
    return visit.to("claim", claim.claim)


def keep_verdict(visit: PageRequest) -> None:
    """Keep the verdict on the claim's licences, for the list of claims."""
    claim = visit.claim()
    verdict = worst_verdict([assessed_for(visit, claim, each) for each in claim.licences])
    claim_files.change(visit.home, claim, verdict=verdict and verdict.value)


def pack(visit: PageRequest) -> Response:
    """Make the proof and its drafts, in the chosen language. They replace earlier ones."""
    claim = visit.claim()
    verdict = worst_verdict([assessed_for(visit, claim, each) for each in claim.licences])
    if claim.for_lawyer or verdict in (None, Verdict.NOT_COVERED):
        raise HTTPException(400)
    language = visit.language_or_own(visit.given("language"))
    home, place = visit.home, claim_files.folder(visit.home, claim.claim)

    def making(work: Work) -> list[str]:
        warnings: list[str] = []
        with scratch_folder("desk") as folder:
            out = folder / PACK
            order = HandOver(out=out, language=language, claim=claim, use=Use(kind=claim.use), drafts=True)
            hand_over(home, [], order, warn=warnings.append, progress=partial(work.step, "proof"))
            for path in sorted(folder.iterdir()):  # until here, an earlier pack stays
                replace_file(place / path.name, path.read_bytes())
        visit.log_action("pack made", claim.claim)
        return warnings

    visit.desk.works.do("proof", at("claim", claim.claim), making)
    return visit.to("claim", claim.claim)


def papers(visit: PageRequest, claim: Claim) -> dict[str, int]:
    """The files in a claim's folder and their sizes, by name."""
    return claim_life.papers(visit.home, claim)


def reply_of(visit: PageRequest, claim: Claim) -> str:
    """The draft of the reply, for reading in place; empty if there is none."""
    drafts = claim_files.folder(visit.home, claim.claim) / "drafts"
    found = sorted(drafts.rglob("reply.txt"))
    return found[0].read_text("utf-8", errors="replace") if found else ""


def paper(visit: PageRequest) -> Response:
    """One file of a claim's folder."""
    claim, name = visit.claim(), visit.path["name"]
    if name not in papers(visit, claim):
        raise HTTPException(404)
    if visit.asked("save"):
        visit.log_action("saved", f"{claim.claim}/{name}")
    content = (claim_files.folder(visit.home, claim.claim) / name).read_bytes()
    saved_as = name
    if name in (PACK, PROOF_PDF):
        saved_as = f"proof_{claim.client}_{claim.reference or claim.claim}{Path(name).suffix}"
    return handed_out(visit, content, saved_as, "text/plain" if name.endswith((".txt", ".eml")) else "")


ROUTES = [
    PageRoute("/claim/{claim}/use", use, Role.OPERATE, post=True),
    PageRoute("/claim/{claim}/pack", pack, Role.OPERATE, post=True),
    PageRoute("/claim/{claim}/file/{name:path}", paper),
]
