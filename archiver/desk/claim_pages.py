"""The page of one claim: the next step in view, then the whole way, the letter's soundness and the timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from starlette.responses import Response

from archiver.claims import claim_entry, claim_files, claim_life, soundness
from archiver.claims.claim_files import Claim
from archiver.claims.claim_way import ClaimWay, NextStep, may_be_picture
from archiver.core.errors import IntegrityError
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import Role
from archiver.desk.background_job import Work
from archiver.desk.claim_client_pages import other_clients
from archiver.desk.claim_licence_pages import found_by_words, judged, searched
from archiver.desk.claim_pack_pages import PACK, papers, reply_of
from archiver.desk.kept_searches import missing, notices
from archiver.reading.letters import LetterKind


def show(visit: PageRequest) -> Response:
    """A claim with its deadlines, its next step, and everything done so far."""
    claim = visit.claim()
    licences, files = judged(visit, claim), papers(visit, claim)
    way = ClaimWay(
        claim=claim, own=licences.own, verdict=licences.verdict, proof=PACK in files,
        readable=not licences.damage,
    )  # fmt: skip
    looks = way.next is NextStep.FIND or (bool(visit.asked("other")) and claim.confirmed and not claim.answered)
    chosen = visit.asked("picture") if visit.asked("picture") in claim.pictures else ""
    picture = (claim_files.folder(visit.home, claim.claim) / chosen).read_bytes() if chosen and looks else b""
    kept, rows, text, damage = None, [], visit.asked("q"), licences.damage
    try:
        kept = searched(visit, claim, (picture, chosen) if picture else None) if looks else None
        if text:
            rows = [each for each in found_by_words(visit, claim, text) if may_be_picture(each["media_type"])][:10]
    except IntegrityError as error:
        damage, looks, way = str(error), False, replace(way, readable=False)
    matches = [(number, *each) for number, each in enumerate(kept.found.matches)] if kept else []
    words = [each[1].word.value for each in matches] if kept else None
    work = visit.desk.works.of(at("claim", claim.claim))
    found = soundness.soundness_of(visit.home, claim)
    changeable = visit.operates and not claim.answered and PACK not in files and not damage
    language = visit.language_or_own(visit.asked("letters"))
    who = visit.person("")
    return visit.page(
        "claim.html", claim=claim, clocks=claim.clocks(datetime.now(UTC)), client=visit.home.client(claim.client),
        fields=[(name, _typed(claim, name), claim.sure.get(name)) for name in claim_entry.FIELDS],
        others=other_clients(visit, claim, kept) if changeable else {},
        search=kept, key=f"claim-{claim.claim}", q=text, rows=rows, papers=files, uses=claim_files.USES, way=way,
        headline=way.headline(words),
        incomplete=missing(visit, claim.client) if way.next in (NextStep.FIND, NextStep.WITHOUT) else [],
        changing=bool(visit.asked("change")), by=who, kinds=[each.value for each in LetterKind],
        courts={each.value: each.court_paper["name"][visit.language] for each in LetterKind if each.court_paper},
        entries=licences.entries, assessed=licences.assessed, damage=damage, matches=matches, looks=looks, found=found,
        letters_language=language, work=work,
        told=[*notices(visit), *_said(work)],
        letters=soundness.letters_of(visit.home, claim, found, language, by=who), reply=reply_of(visit, claim),
        matched_rows={row["licence"]: row for row in kept.found.rows} if kept else {},
        searches=soundness.soundness_data()["reverse_searches"],
        related=claim_life.related(claim, claim_files.all_claims(visit.home)),
    )  # fmt: skip


def _said(work: Work | None) -> list[str]:
    """The warnings of the proof that was made last."""
    return work.result if work and not work.going and isinstance(work.result, list) else []


def _typed(claim: Claim, name: str) -> str:
    text = claim_entry.displayed(claim, name)
    return "" if text == "-" else text


def confirm(visit: PageRequest) -> Response:
    """Save the values that the person confirmed or corrected. The page then searches by itself."""
    claim = visit.claim()
    answers = {name: " ".join(visit.given(name).split()) for name in claim_entry.FIELDS if name in visit.form}
    claim_entry.confirm(visit.home, claim, answers, by=visit.visitor.name)
    visit.log_action("claim confirmed", claim.claim)
    return visit.to("claim", claim.claim)


ROUTES = [
    PageRoute("/claim/{claim}", show),
    PageRoute("/claim/{claim}/confirm", confirm, Role.OPERATE, post=True),
]
