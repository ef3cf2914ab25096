"""What happens to a claim after its proof: answers, its end, notes, papers, its owner, removal, and the calendar."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.claims import claim_files, claim_life
from archiver.claims.claim_calendar import deadline_calendar
from archiver.claims.claim_events import AnswerTo, ClaimOutcome
from archiver.core.errors import ConfigError
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import OWNER, Role
from archiver.desk.calendar_links import CalendarLinks
from archiver.desk.forms import given_day
from archiver.reading.letter_sums import number

CALENDAR_TYPE = "text/calendar; charset=utf-8"


def answer(visit: PageRequest) -> Response:
    """Record that somebody answered, or told the platform. Nothing is sent."""
    claim = visit.claim()
    to = AnswerTo.PLATFORM if visit.given("to") == AnswerTo.PLATFORM else AnswerTo.CLAIMANT
    sent = [str(value) for name, value in visit.form.multi_items() if name == "sent"]
    claim_life.answer(
        visit.home, claim, by=_by(visit), day=given_day(visit.given("day")), how=visit.given("how"),
        text=visit.given("text"), sent=sent, to=to,
    )  # fmt: skip
    visit.log_action("claim answered", claim.claim, to=to.value)
    return visit.to("claim", claim.claim)


def close(visit: PageRequest) -> Response:
    """Close the claim with its outcome."""
    claim = visit.claim()
    if visit.given("outcome") not in list(ClaimOutcome):
        raise HTTPException(400)
    outcome = ClaimOutcome(visit.given("outcome"))
    claim_life.close(visit.home, claim, outcome, by=_by(visit), amount=_sum(visit), text=visit.given("text"))
    visit.log_action("claim closed", claim.claim, outcome=outcome.value)
    return visit.to("claim", claim.claim)


def reopen(visit: PageRequest) -> Response:
    """Open an answered or closed claim again."""
    claim = visit.claim()
    claim_life.reopen(
        visit.home, claim, by=_by(visit), text=visit.given("text"), deadline=given_day(visit.given("deadline"))
    )
    visit.log_action("claim reopened", claim.claim)
    return visit.to("claim", claim.claim)


def note(visit: PageRequest) -> Response:
    """Add a note, a paper, or both."""
    claim, given = visit.claim(), visit.upload("paper")
    if given:
        claim_life.add_file(visit.home, claim, *given, by=_by(visit), text=visit.given("text"))
    else:
        claim_life.note(visit.home, claim, visit.given("text"), by=_by(visit))
    visit.log_action("paper added" if given else "note added", claim.claim)
    return visit.to("claim", claim.claim)


def own(visit: PageRequest) -> Response:
    """Name the person who works on the claim."""
    claim = visit.claim()
    claim_life.own(visit.home, claim, visit.given("owner"), by=_by(visit))
    visit.log_action("claim owner", claim.claim, owner=visit.given("owner"))
    return visit.to("claim", claim.claim)


def remove(visit: PageRequest) -> Response:
    """Delete the claim with its working papers, after the person ticked that this is meant."""
    claim = visit.claim()
    if not visit.given("sure"):
        raise HTTPException(400)
    claim_life.remove(visit.home, claim)
    visit.log_action("claim removed", claim.claim)
    return visit.to("claims")


def merge(visit: PageRequest) -> Response:
    """Keep this letter as a further letter of another claim."""
    claim, into = visit.claim(), claim_files.load(visit.home, visit.given("into"))
    merged = claim_life.merge(visit.home, claim, into, by=_by(visit))
    visit.log_action("claims put together", claim.claim, into=merged.claim)
    return visit.to("claim", merged.claim)


def calendar(visit: PageRequest) -> Response:
    """The open deadlines as a calendar file."""
    text = deadline_calendar(claim_files.all_claims(visit.home), datetime.now(UTC), visit.language)
    return visit.file(text, "deadlines.ics", CALENDAR_TYPE)


def subscribe(visit: PageRequest) -> Response:
    """Make a secret address for calendar programs. It is shown once, on the list of claims."""
    secret = CalendarLinks(visit.home.state).made(visit.visitor.name, visit.language)
    visit.log_action("calendar address made")
    return visit.to("claims", told=visit.keep([f"{visit.request.base_url}calendar/{secret}.ics"]))


def subscribed(visit: PageRequest) -> Response:
    """The calendar at a secret address, for a program without a session; 404 unless its person may still sign in."""
    link = CalendarLinks(visit.home.state).read(visit.path["secret"].removesuffix(".ics"))
    if link is None or not (link.name == OWNER or link.name in visit.desk.access.users.all()):
        raise HTTPException(404)
    text = deadline_calendar(claim_files.all_claims(visit.home), datetime.now(UTC), link.language)
    return Response(text, media_type=CALENDAR_TYPE)


def _by(visit: PageRequest) -> str:
    return visit.visitor.name


def _sum(visit: PageRequest) -> float | None:
    """A sum from a form, as people write it in any of our languages; None if it is empty."""
    text = visit.given("amount")
    amount = number(text) if text else None
    if text and amount is None:
        raise ConfigError(f"{text!r} is not a sum. Write it as 389.59.")
    return None if amount is None else float(amount)


ROUTES = [
    PageRoute("/claim/{claim}/answer", answer, Role.OPERATE, post=True),
    PageRoute("/claim/{claim}/close", close, Role.OPERATE, post=True),
    PageRoute("/claim/{claim}/reopen", reopen, Role.OPERATE, post=True),
    PageRoute("/claim/{claim}/note", note, Role.OPERATE, post=True, upload=True),
    PageRoute("/claim/{claim}/owner", own, Role.OPERATE, post=True),
    PageRoute("/claim/{claim}/merge", merge, Role.OPERATE, post=True),
    PageRoute("/claim/{claim}/remove", remove, Role.OPERATE, post=True),
    PageRoute("/claims/calendar.ics", calendar),
    PageRoute("/claims/calendar", subscribe, Role.READ, post=True),
    PageRoute("/calendar/{secret}", subscribed, open=True),
]
