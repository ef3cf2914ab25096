"""Commands for a letter that demands proof: claims, verdicts and packs."""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import (
    HomeOption,
    JsonOption,
    a_day,
    app,
    ask_secret,
    asking,
    claim_app,
    language_of,
    opened,
    unlocked,
)
from archiver.cli.output import Nothing, emit, listing, progress, say, tell

if TYPE_CHECKING:
    from archiver.claims.facts import Use


FirstSeen = Annotated[date | None, typer.Option(parser=a_day, metavar="DAY", help="When the picture was first used.")]


@claim_app.command("add")
def claim_add(
    client: Annotated[str, typer.Option(help="The client that the letter concerns.")],
    file: Annotated[Path | None, typer.Argument(help="The letter: PDF, mail, text or picture.")] = None,
    manual: Annotated[bool, typer.Option("--manual", help="There is no letter file; the options state all.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm the details read from the letter; do not ask.")] = False,
    claimant: Annotated[str | None, typer.Option(help="Who makes the claim.")] = None,
    reference: Annotated[str | None, typer.Option(help="Their case number.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="inquiry, demand, abmahnung, or a court's paper, for example mahnbescheid.")
    ] = None,
    url: Annotated[list[str] | None, typer.Option(help="A page that shows the picture; repeatable.")] = None,
    picture: Annotated[list[Path] | None, typer.Option(help="A picture of the claim; repeatable.")] = None,
    amount: Annotated[float | None, typer.Option(help="The sum that they demand.")] = None,
    currency: Annotated[str | None, typer.Option(help="Its currency: EUR.")] = None,
    received: Annotated[date | None, typer.Option(parser=a_day, metavar="DAY", help="When it arrived.")] = None,
    deadline: Annotated[date | None, typer.Option(parser=a_day, metavar="DAY", help="The last day to answer.")] = None,
    first_seen: FirstSeen = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Make a claim from a letter: claimant, case, pages, amount and deadline. Options override what the letter says.

    The details count once you confirm them: field by field on a terminal, or all with --yes.

    Example: archiver claim add letter.pdf --client acme
    """
    from archiver.claims.claim_entry import add, described
    from archiver.reading.letters import LetterKind

    if manual == bool(file):
        raise typer.BadParameter("give the letter's file or --manual, not both")
    if kind and kind not in list(LetterKind):
        raise typer.BadParameter(f"--kind must be one of {', '.join(LetterKind)}")
    if amount is not None and not 0 < amount < inf:
        raise typer.BadParameter("--amount must be positive, for example 389.59")
    if currency and not re.fullmatch("[A-Za-z]{3}", currency):
        raise typer.BadParameter("--currency must be a three-letter code, for example EUR")
    stated = {
        "claimant": claimant, "reference": reference, "kind": LetterKind(kind) if kind else None,
        "urls": tuple(url or ()), "amount": amount, "currency": currency and currency.upper(), "received": received,
        "deadline": deadline, "first_seen": first_seen,
    }  # fmt: skip
    claim = add(
        opened(home), client, file, stated, picture or (), accept=yes, ask=None if as_json else asking(), say=say
    )
    if as_json:
        emit(claim.as_json())
    for line in [] if as_json else described(claim):
        tell(line)
    if not claim.confirmed:
        say(f"The details are not confirmed, so they do not count yet. {claim.how_to_confirm}")


@claim_app.command("list")
def claim_list(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the claims, most urgent first, with the days left to answer and to notify the platform.

    Example: archiver claim list
    """
    from datetime import UTC, datetime

    from archiver.claims.claim_files import all_claims

    now = datetime.now(UTC)
    found = [claim.as_json() | claim.clocks(now) for claim in all_claims(opened(home), say)]
    columns = ("claim", "claimant", "reference", "deadline", "days_left", "notice_deadline", "notice_days_left")
    rows = [
        (*("-" if claim[name] is None else claim[name] for name in columns),
         "OVERDUE" if claim["overdue"] else claim["step"].replace("_", " ") if claim["confirmed"] else "not confirmed",
         claim["owner"] or "-")
        for claim in found
    ]  # fmt: skip
    headings = (*(name.replace("_", " ") for name in columns), "step", "owner")
    none = Nothing("No claims yet.", "answer letter")
    listing(found, "claims", as_json, headings, rows, none)


@claim_app.command("show")
def claim_show(
    claim: Annotated[str, typer.Argument(help="The claim, a unique part of its name, or its reference.")],
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show a claim: its details and how each was read, its timeline, and what the letter proves and lacks.

    Example: archiver claim show acme-1a2b3c4d
    """
    from datetime import UTC, datetime

    from archiver.claims.claim_entry import described, timeline
    from archiver.claims.claim_files import all_claims, load
    from archiver.claims.claim_life import papers, related
    from archiver.claims.soundness import soundness_of

    here = opened(home)
    found = load(here, claim)
    others = related(found, all_claims(here))
    examined = soundness_of(here, found)
    if as_json:
        more = {"papers": list(papers(here, found)), "soundness": examined.as_json() if examined.read else None}
        common = [{"claim": each.claim.claim, "why": each.why} for each in others]
        emit(found.as_json() | found.clocks(datetime.now(UTC)) | more | {"related": common})
        return
    for line in described(found):
        tell(line)
    for each in others:
        tell(f"Same {each.why}: {each.claim.claim}")
    for line in (*timeline(found), *(examined.as_lines() if examined.read else ())):
        tell(line)


@claim_app.command("enter")
def claim_enter(
    claim: Annotated[str, typer.Argument(help="The claim.")],
    file: Annotated[str, typer.Argument(help="A paper in the claim's folder, or any other file.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="The person who enters it.")],
    home: HomeOption = None,
) -> None:
    """Turn one working paper into evidence: copy it into the client's archive, where it stays.

    Example: archiver claim enter acme-1a2b3c4d letter.pdf --by "Ada Example"
    """
    from archiver.claims.paper_entry import enter

    here = opened(home)
    say(f"Entered as {enter(here, unlocked(here), claim, file, by)}.")


UseKind = Annotated[str | None, typer.Option("--use", help="commercial or editorial.")]
Seats = Annotated[
    int, typer.Option(min=0, show_default=False, help="How many people worked with the picture [default: unknown].")
]
Territory = Annotated[str | None, typer.Option(help="Where it was used, if not on the web.")]
Copies = Annotated[
    int, typer.Option(min=0, show_default=False, help="How many copies were printed [default: unknown].")
]
Language = Annotated[str, typer.Option(help="en or de.")]


def use_of(first_seen: date | None, kind: str | None, seats: int, territory: str | None, copies: int) -> Use:
    from archiver.claims.facts import Use

    if kind not in (None, "commercial", "editorial"):
        raise typer.BadParameter("--use must be commercial or editorial")
    return Use(first_seen=first_seen, kind=kind, seats=seats, territory=territory, copies=copies)


@app.command()
def assess(
    client: Annotated[
        str | None, typer.Option(help="The client that used the picture [default: the claim's].", show_default=False)
    ] = None,
    licence: Annotated[str | None, typer.Argument(help="A short id or any unique part of it.")] = None,
    image: Annotated[str | None, typer.Option(metavar="FILE|URL", help="The picture, instead of a licence.")] = None,
    claim: Annotated[str | None, typer.Option(help="A claim that gives first use, pages and picture.")] = None,
    used_on: Annotated[str | None, typer.Option(metavar="URL", help="The page that shows the picture.")] = None,
    first_seen: FirstSeen = None,
    use: UseKind = None,
    seats: Seats = 0,
    territory: Territory = None,
    copies: Copies = 0,
    language: Language = "en",
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Check whether a licence covers a use: covered, open or not covered. Each finding names its document.

    Example: archiver assess 20261124_shutterstock_1234567890 --client acme --first-seen 2026-12-01 --use commercial
    """
    from archiver.claims.assessment import assess as judge
    from archiver.claims.claim_files import load
    from archiver.claims.facts import DocumentPlace
    from archiver.claims.pack_words import PackWords

    if licence and image:
        raise typer.BadParameter("name a licence or its picture, not both")
    here = opened(home)
    claimed = load(here, claim) if claim else None
    user = client or (claimed and claimed.client)
    if not user:
        raise typer.BadParameter("name the client with --client, or a claim with --claim")
    facts = use_of(first_seen, use, seats, territory, copies)
    found = judge(here, user, facts, name=licence, picture=image, claim=claimed, used_on=used_on, warn=say)
    document = found.as_json(language_of(language))
    if as_json:
        emit(document)
        return
    tell(f"{document['verdict']}: {found.licence or 'no licence found in this archive'}")
    for finding in document["findings"]:
        where = PackWords(language).basis(DocumentPlace(finding["document"], finding["page"]))
        tell(f"  {finding['verdict']:<11} {finding['message']}{f' [{where}]' if where else ''}")
    for note in found.notes:
        tell(f"  note        {note}")


@app.command()
def letter(
    file: Annotated[Path, typer.Argument(help="The letter: PDF, mail, text or picture.")],
    client: Annotated[str, typer.Option(help="The client that it concerns.")],
    yes: Annotated[bool, typer.Option("--yes", help="Accept all details and certain matches; do not ask.")] = False,
    licence: Annotated[str | None, typer.Option(help="The licence, if you know it.")] = None,
    picture: Annotated[Path | None, typer.Option(help="The picture, if the letter holds none.")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who says which client the licence is for.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is for this client: the order, the job.")] = None,
    first_seen: FirstSeen = None,
    use: UseKind = None,
    out: Annotated[Path | None, typer.Option(help="The pack to write [default: in the claim's folder].")] = None,
    language: Language = "en",
    home: HomeOption = None,
) -> None:
    """Answer a letter in one dialogue: claim, licence, client, verdict, pack. Run it again to continue.

    Example: archiver letter letter.pdf --client acme
    """
    from archiver.claims.letter_dialogue import Dialogue

    here = opened(home)
    dialogue = Dialogue(
        home=here, vault=lambda: unlocked(here), client=client, ask=None if yes else asking(), tell=tell, yes=yes,
        licence=licence, picture=picture, by=by, reason=reason, out=out, use=use_of(first_seen, use, 0, None, 0),
        stated={"first_seen": first_seen}, language=language_of(language),
    )  # fmt: skip
    dialogue.about(file)


@app.command()
def proof(
    out: Annotated[Path, typer.Option(help="The zip to write; a PDF of the same name is written beside it.")],
    licence: Annotated[
        list[str] | None, typer.Argument(help="Licences, by short id or a unique part [default: the claim's].")
    ] = None,
    claim: Annotated[
        str | None, typer.Option(help="The claim that this answers; its reference and picture are included.")
    ] = None,
    internal: Annotated[bool, typer.Option(help="Also write everything, unabridged, to NAME-internal.zip.")] = False,
    asice: Annotated[
        bool, typer.Option("--asice", help="Also put both files, with a timestamp, into NAME.asice (ASiC-E).")
    ] = False,
    wacz: Annotated[
        bool, typer.Option("--wacz", help="Also put the captured pages into NAME.wacz for viewers of web archives.")
    ] = False,
    sign: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="P12",
            help="Sign the PDF with this certificate (PKCS#12); asks for its passphrase.",
        ),
    ] = None,
    card: Annotated[
        bool, typer.Option("--card", help="Sign the PDF with the card or token that archiver.yaml names (PKCS#11).")
    ] = False,
    drafts: Annotated[bool, typer.Option(help="Also write drafts of letters and statements beside the zip.")] = False,
    counter_requests: Annotated[bool, typer.Option(help="Let the reply ask for eight proofs in return.")] = True,
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
    home: HomeOption = None,
) -> None:
    """Pack the proof of licences for a claimant, an insurer or a lawyer: a PDF to read and a zip to check.

    Both leave out prices, accounts, seats and other clients.

    Example: archiver proof 1234567890_1a2b3c4d --out proof.zip
    """
    from archiver.claims.claim_files import load
    from archiver.claims.claim_pack import HandOver, hand_over
    from archiver.claims.pdf_signature import signer_of

    if sign and card:
        raise typer.BadParameter("give --sign or --card, not both")
    here = opened(home)
    with signer_of(here, sign, card=card, ask=ask_secret) as signer:
        order = HandOver(
            out=out, language=language_of(language), claim=load(here, claim) if claim else None, internal=internal,
            drafts=drafts, counter_requests=counter_requests, asice=asice, wacz=wacz,
            signer=signer,
        )  # fmt: skip
        with progress() as watch:
            written = hand_over(here, licence or [], order, warn=_warn, progress=partial(watch, "Proof"))
        for path in written:
            say(f"Wrote {path}.")
    say("HOW-TO-CHECK.txt in the zip explains how to check it without this software.")


def _warn(text: str) -> None:
    say(f"warning: {text}")
