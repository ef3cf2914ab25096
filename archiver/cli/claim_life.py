"""Commands for the life of a claim after its letter: answer, close, reopen, note, remove, and the calendar."""

from __future__ import annotations

from datetime import date
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import HomeOption, a_day, claim_app, confirmed, language_of, opened
from archiver.cli.output import offer, say, tell

if TYPE_CHECKING:
    from archiver.claims.claim_files import Claim
    from archiver.home.settings import Home

ClaimName = Annotated[str, typer.Argument(help="The claim, a unique part of its name, or its reference.")]
Sent = Annotated[
    date | None, typer.Option("--on", parser=a_day, metavar="DAY", help="When it was sent [default: today].")
]
Deadline = Annotated[date | None, typer.Option(parser=a_day, metavar="DAY", help="The new last day to answer.")]
Papers = Annotated[
    list[Path] | None,
    typer.Option(help="A paper to keep with the claim: a letter, a reply, a screenshot; repeatable."),
]
By = Annotated[str, typer.Option(metavar="NAME", help="The person who says so.")]


def _named(home: Path | None, claim: str) -> tuple[Home, Claim]:
    from archiver.claims.claim_files import load

    here = opened(home)
    return here, load(here, claim)


@claim_app.command("answer")
def claim_answer(
    claim: ClaimName,
    by: By,
    on: Sent = None,
    how: Annotated[str, typer.Option(help="How it was sent: mail, post, the claimant's portal.")] = "",
    sent: Annotated[list[str] | None, typer.Option(metavar="FILE", help="A paper that was sent; repeatable.")] = None,
    text: Annotated[str, typer.Option(help="What it said, in a few words.")] = "",
    to_platform: Annotated[
        bool, typer.Option("--to-platform", help="It was the indemnity notice to the platform, not the answer.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Record that a person answered a claim. The archiver sends nothing itself. An answered claim is never overdue.

    Example: archiver claim answer acme-1a2b3c4d --by "Ada Example" --how mail --sent proof.pdf
    """
    from archiver.claims.claim_events import AnswerTo
    from archiver.claims.claim_life import answer

    here, found = _named(home, claim)
    to = AnswerTo.PLATFORM if to_platform else AnswerTo.CLAIMANT
    changed = answer(here, found, by=by, day=on, how=how, sent=sent or (), text=text, to=to)
    say(f"Recorded. {changed.claim} is now: {changed.step.value.replace('_', ' ')}.")


@claim_app.command("close")
def claim_close(
    claim: ClaimName,
    outcome: Annotated[str, typer.Argument(help="won, paid, withdrawn or lapsed.")],
    by: By,
    amount: Annotated[float | None, typer.Option(help="The sum that was paid.")] = None,
    text: Annotated[str, typer.Option(help="A note about the end.")] = "",
    home: HomeOption = None,
) -> None:
    """Close a claim with its outcome. Its papers stay until you remove it.

    Example: archiver claim close acme-1a2b3c4d withdrawn --by "Ada Example"
    """
    from archiver.claims.claim_events import ClaimOutcome
    from archiver.claims.claim_life import close

    if outcome not in list(ClaimOutcome):
        raise typer.BadParameter(f"the outcome must be one of {', '.join(ClaimOutcome)}")
    if amount is not None and not 0 <= amount < inf:
        raise typer.BadParameter("--amount must be a sum, for example 389.59")
    here, found = _named(home, claim)
    changed = close(here, found, ClaimOutcome(outcome), by=by, amount=amount, text=text)
    say(f"Closed: {changed.claim}. If they write again, open it again.")
    offer("reopen claim", claim=changed.claim)


@claim_app.command("reopen")
def claim_reopen(
    claim: ClaimName,
    by: By,
    deadline: Deadline = None,
    text: Annotated[str, typer.Option(help="Why, for example that they wrote again.")] = "",
    home: HomeOption = None,
) -> None:
    """Open an answered or closed claim again.

    Example: archiver claim reopen acme-1a2b3c4d --by "Ada Example" --deadline 2026-12-31
    """
    from archiver.claims.claim_life import reopen

    here, found = _named(home, claim)
    changed = reopen(here, found, by=by, text=text, deadline=deadline)
    say(f"Open again: {changed.claim} is now: {changed.step.value.replace('_', ' ')}.")


@claim_app.command("note")
def claim_note(
    claim: ClaimName,
    by: By,
    text: Annotated[str, typer.Argument(help="What happened, or what the file is.")] = "",
    file: Papers = None,
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="The person who works on it from now on.")] = None,
    home: HomeOption = None,
) -> None:
    """Add a note, a paper or an owner to a claim.

    Example: archiver claim note acme-1a2b3c4d "The client sends the invoice" --by "Ada Example"
    """
    from archiver.claims import claim_life
    from archiver.claims.claim_entry import read_paper

    if not (text or file or owner is not None):
        raise typer.BadParameter("give a note, --file or --owner")
    here, found = _named(home, claim)
    papers = [(path.name, read_paper(path)) for path in file or ()]
    if owner is not None:
        found = claim_life.own(here, found, owner, by=by)
    for name, content in papers:
        found = claim_life.add_file(here, found, content, name, by=by, text=text)
    if text and not papers:
        found = claim_life.note(here, found, text, by=by)
    say(f"Recorded in {found.claim}.")


@claim_app.command("remove")
def claim_remove(
    claim: ClaimName,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it without asking.")] = False,
    home: HomeOption = None,
) -> None:
    """Delete a claim with all its working papers. Evidence in the archives stays. This cannot be undone.

    Example: archiver claim remove acme-1a2b3c4d
    """
    from archiver.claims import claim_life

    here, found = _named(home, claim)
    names = list(claim_life.papers(here, found))
    say(f"{found.claim} holds {len(names)} papers{': ' if names else ''}{', '.join(names[:10])}.")
    if names:
        offer("enter paper", claim=found.claim)
    if not (yes or confirmed("Delete all of it for good?")):
        say("Nothing was removed. To remove it without a question, add --yes.")
        raise typer.Exit(2)
    claim_life.remove(here, found)
    say(f"Removed {found.claim}.")


@claim_app.command("calendar")
def claim_calendar(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The .ics file [default: standard output].")] = None,
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
    home: HomeOption = None,
) -> None:
    """Write the open deadlines of all claims as a calendar file with reminders.

    Example: archiver claim calendar --out deadlines.ics
    """
    from datetime import UTC, datetime

    from archiver.browsing.page_file import write_file
    from archiver.claims.claim_calendar import deadline_calendar
    from archiver.claims.claim_files import all_claims

    text = deadline_calendar(all_claims(opened(home), say), datetime.now(UTC), language_of(language))
    if out:
        write_file(out, text)
        say(f"Wrote {out}.")
    else:
        tell(text.decode().replace("\r\n", "\n").rstrip())
