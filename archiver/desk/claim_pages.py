"""The page of one claim, with the steps from the letter to the pack. Each step is a form."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from starlette.responses import Response

from archiver.catalogue import search
from archiver.catalogue.matching import Word
from archiver.claims import claim_entry, claim_files
from archiver.claims.claim_files import Claim
from archiver.claims.rule_engine import Verdict
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import OWNER, Role
from archiver.desk.claim_licence_pages import licences_of
from archiver.desk.claim_pack_pages import USES, assessed_for, papers, worst_verdict
from archiver.desk.kept_searches import missing
from archiver.reading.letters import LetterKind


def show(visit: PageRequest) -> Response:
    """A claim with its deadline and all its steps."""
    claim = visit.claim()
    use = visit.asked("use") if visit.asked("use") in USES else ""
    entries = licences_of(visit, claim)
    assessed = [assessed_for(visit, claim, entry.short_id, use) for entry, _ in entries] if claim.confirmed else []
    kept, rows, key = None, [], visit.asked("found")
    if key:
        kept = visit.desk.kept(f"{visit.visitor.name} {key}")
    if text := visit.asked("q"):
        rows = search.find(
            visit.home, text, client=claim.client, limit=10, used_on=partial(claim_files.licences_by_page, visit.home)
        )
    matches = [(number, *each) for number, each in enumerate(kept.found.matches)] if kept else []
    vain = bool(kept or text) and not rows and all(each[1].word is Word.POSSIBLE for each in matches)
    lawyer = claim.kind is LetterKind.ABMAHNUNG
    verdict = worst_verdict(assessed)
    refused = lawyer or verdict is Verdict.NOT_COVERED
    return visit.page(
        "claim.html", claim=claim, clocks=claim.clocks(datetime.now(UTC)), client=visit.home.client(claim.client),
        fields=[(name, _typed(claim, name), claim.sure.get(name)) for name in claim_entry.FIELDS], search=kept, key=key,
        q=text, rows=rows, papers=papers(visit, claim), use=use, uses=USES, lawyer=lawyer, refused=refused,
        incomplete=missing(visit, claim.client) if vain else [],
        changing=bool(visit.asked("change")), by="" if visit.visitor.name == OWNER else visit.visitor.name,
        kinds=[each.value for each in LetterKind], entries=entries, own=all(own for _, own in entries),
        assessed=assessed, verdict=verdict, matches=matches,
        matched_rows={row["licence"]: row for row in kept.found.rows} if kept else {},
    )  # fmt: skip


def _typed(claim: Claim, name: str) -> str:
    text = claim_entry.displayed(claim, name)
    if name == "amount" and claim.amount is not None:
        return f"{claim.amount:.2f}"
    return "" if text == "-" else text


def confirm(visit: PageRequest) -> Response:
    """Save the values that the person confirmed or corrected."""
    claim = visit.claim()
    answers = {name: " ".join(visit.given(name).split()) for name in claim_entry.FIELDS if name in visit.form}
    claim_entry.confirm(visit.home, claim, answers)
    visit.log_action("claim confirmed", claim.claim)
    return visit.to("claim", claim.claim)


WAYS = [
    PageRoute("/claim/{claim}", show),
    PageRoute("/claim/{claim}/confirm", confirm, Role.OPERATE, post=True),
]
