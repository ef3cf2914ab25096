"""Make claims from letters or from a person's statements, and confirm their values."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from archiver.claims import claim_files
from archiver.claims.claim_events import AnswerTo, ClaimEvent, ClaimEventKind, answered_to, closed_by
from archiver.claims.claim_files import Claim, to_come
from archiver.claims.claim_life import record, related
from archiver.claims.letter_reader import ParsedLetter, parse_letter, picture_of
from archiver.core.atomic_files import read_named
from archiver.core.errors import ConfigError
from archiver.core.model import day_of, iso
from archiver.core.questions import AskPerson, agrees
from archiver.home.settings import Client, Home
from archiver.reading.dates import LIKELY_YEARS, printed
from archiver.reading.letter_sums import number
from archiver.reading.letters import LetterKind, letter_by
from archiver.reading.worker import MAX_DOCUMENT_BYTES, DocumentReader

STATED = "stated by you"
KEPT = ("licences", "probable", "use", "verdict", "owner", "events")  # of a claim whose letter is added again


# many parameters: where a claim comes from, and how it is confirmed
def add(
    home: Home, client: str, path: Path | None, stated: Mapping[str, object], pictures: Sequence[Path] = (),
    *, accept: bool = False, ask: AskPerson | None = None, say: Callable[[str], None] = lambda _: None,
    by: str | None = None,
) -> Claim:  # fmt: skip
    """Make a claim from a letter, or from `stated` alone. The same file for the same client is the same claim.

    Values in `stated` override those that were read. Values count only when they are confirmed: all at once with
    `accept`, or field by field with `ask`. Where nothing was found or stated, nothing is confirmed. ConfigError for
    unreadable files.
    """
    owner = home.client(client)
    for field in ("received", "first_seen"):
        if isinstance(day := stated.get(field), date) and to_come(day):
            raise ConfigError(f"{_named(field)}: {StillToCome(day)}. Check the year.")
    content = read_paper(path) if path else b""
    what = content or json.dumps([sorted(map(str, stated.items())), [str(each) for each in pictures]]).encode()
    name, before = _name(client, hashlib.sha256(what).hexdigest()[:8], claim_files.all_claims(home, say))
    with DocumentReader() as reader:
        parsed = parse_letter(content, reader) if content else ParsedLetter()
        looked = [picture_of(each, reader) for each in parsed.pictures]
        looked += [_picture(path, reader) for path in pictures]
        claim = _read_claim(name, home, owner, parsed, stated, before, reader)
    for sentence in parsed.messages:
        say(sentence)
    files = {f"picture-{n}{ending}": each for n, (each, ending) in enumerate(filter(None, looked), 1)}
    letter = f"letter{file_ending(path)}" if path else None
    if before and not pictures:  # keep the pictures that a person named earlier
        files = {}
    claim = replace(claim, pictures=tuple(files) or (before.pictures if before else ()), letter=letter)
    if letter:
        files[letter] = content
    if claim.says_nothing:
        say(f"No claim details found in {path}. Check that it is the right file, or enter them yourself.")
    known = bool(before and before.confirmed)
    again = "You confirmed these values before. Go through them again?"
    if ask and not accept and (not known or agrees(ask, again)):
        claim = _asked(claim, ask, say)
    said = bool(stated) if path is None else (accept or ask is not None) and not claim.says_nothing
    confirmed = known or said
    claim = replace(claim, confirmed=confirmed)
    events = [] if before else [ClaimEventKind.ADDED]
    events += [ClaimEventKind.CONFIRMED] if confirmed and not known else []
    claim = _with_events(claim, events, by)
    claim_files.save(home, claim, files)
    for other in related(claim, claim_files.all_claims(home)):
        say(f"{other.claim.claim} is about the same {other.why}. Check that this is not the same claim.")
    return claim


def _name(client: str, digest: str, claims: Sequence[Claim]) -> tuple[str, Claim | None]:
    """The name of this client's claim with this letter, and the claim if there is one. A claim whose client a person
    changed keeps its name."""
    known = {each.claim: each for each in claims}
    ours = [each for each in claims if each.client == client and each.claim.endswith(f"-{digest}")]
    if ours:
        return ours[0].claim, ours[0]
    free = (f"{client}{n}-{digest}" for n in ("", *(f"-{number}" for number in range(2, 99))))
    return next(name for name in free if name not in known), None


def change_client(home: Home, claim: Claim, client: str, by: str | None = None) -> Claim:
    """The claim as one about another client: its letter is read again for that client, and has to be confirmed again.

    What a person stated stays; a licence has to be chosen anew. ConfigError for an unknown client.
    """
    owner = home.client(client)
    place = claim_files.folder(home, claim.claim)
    moved = replace(claim, licences=(), probable=(), verdict=None)
    if claim.letter:
        with DocumentReader() as reader:
            parsed = parse_letter(read_named(place / claim.letter, "Restore the claim's folder."), reader)
            reread = _read_claim(claim.claim, home, owner, parsed, {}, moved, reader)
        moved = replace(reread, letter=claim.letter, pictures=claim.pictures)
    names = f"{home.client(claim.client).name} → {owner.name}"
    event = ClaimEvent(what=ClaimEventKind.CLIENT, at=iso(datetime.now(UTC)) or "", by=by, text=names)
    read = {each.name: getattr(moved, each.name) for each in dataclasses.fields(moved)}
    del read["claim"], read["events"]
    return record(home, claim, event, **(read | {"client": client, "confirmed": False}))


def _with_events(claim: Claim, kinds: Sequence[ClaimEventKind], by: str | None) -> Claim:
    now = iso(datetime.now(UTC)) or ""
    return replace(claim, events=(*claim.events, *(ClaimEvent(what=kind, at=now, by=by) for kind in kinds)))


def read_paper(path: Path, what: str = "letter") -> bytes:
    """A file that a person named; ConfigError if it cannot be read, is empty or too large."""
    content = read_named(path, f"Give the {what}'s file.")
    if not content or len(content) > MAX_DOCUMENT_BYTES:
        raise ConfigError(f"{path} is {'empty' if not content else f'too large for a {what}'}. Give the {what}'s file.")
    return content


def _picture(path: Path, reader: DocumentReader) -> tuple[bytes, str]:
    """A picture that a person named, with its file extension; ConfigError if it is not a picture."""
    found = picture_of(read_paper(path, "picture"), reader)
    if not found:
        raise ConfigError(
            f"{path} is not a picture, or it is broken. Save it again as a JPEG or PNG file, and use that file."
        )
    return found


def file_ending(path: Path) -> str:
    ending = path.suffix.lower()
    return ending if re.fullmatch(r"\.[a-z0-9]{1,8}", ending) else ".bin"


# many parameters: what is known of a claim before its letter is read, and who reads it
def _read_claim(
    name: str, home: Home, owner: Client, parsed: ParsedLetter, stated: Mapping[str, object], before: Claim | None,
    reader: DocumentReader,
) -> Claim:  # fmt: skip
    """The values read from the letter, overridden by those stated before and now."""
    kept = {key: getattr(before, key) for key, how in before.sure.items() if how.startswith(STATED)} if before else {}
    given = kept | {key: value for key, value in stated.items() if value not in (None, (), [])}
    received = given.get("received") or parsed.received or (before and before.received) or datetime.now(UTC).date()
    read = partial(
        letter_by, reader, parsed.text, domains=owner.domains, links=parsed.links, senders=parsed.senders,
        own=(owner.name, *owner.aliases, *([home.settings.agency.name] if home.settings.agency.name else ())),
    )  # fmt: skip
    stated_day = "received" in given
    letter = read(received=received, assumed=not stated_day)
    assumed = not stated_day and not parsed.received
    if not stated_day and letter.dated and letter.dated < received:  # better a deadline too early than too late
        received, assumed = letter.dated, True
        letter = read(received=received, assumed=True)
    elif assumed and not letter.dated:  # a number of days from today would end too late
        letter = read(received=None)
    sure = dict(letter.sure)
    if letter.amount is not None:
        sure["currency"] = sure["amount"]
    day = "the letter's own date" if received == letter.dated else "the day on which it was added"
    if assumed and parsed.received and parsed.received > received:
        day = f"the letter's own date, because it may have come before the mail of {parsed.received}"
    sure["received"] = f"{claim_files.ASSUMED}: {day}; state the day it came" if assumed else "the mail's date"
    sure |= dict.fromkeys(given, STATED)
    fields: dict[str, Any] = {
        "claimant": letter.claimant, "reference": letter.reference, "kind": letter.kind, "urls": letter.urls,
        "amount": float(letter.amount) if letter.amount is not None else None, "currency": letter.currency,
        "dated": letter.dated, "received": received, "deadline": letter.deadline, "first_seen": letter.first_seen,
    }  # fmt: skip
    return Claim(
        claim=name, client=owner.slug, deadline_zone=claim_files.zone_of(home), sure=sure,
        **{name: getattr(before, name) for name in KEPT} if before else {}, **(fields | given),
    )  # fmt: skip


class StillToCome(ValueError):
    """A date in the future, where only a past date is possible."""

    def __init__(self, day: date) -> None:
        super().__init__(f"{day} is in the future")


def _day(text: str) -> date:
    """A date as people write it; ValueError if it is ambiguous or of another age."""
    day = day_of(printed(text))
    if day.year not in LIKELY_YEARS:
        raise ValueError(f"{day} is of another age")
    return day


def _gone(text: str) -> date:
    day = _day(text)
    if to_come(day):
        raise StillToCome(day)
    return day


def _named(field: str) -> str:
    return field.replace("_", " ").capitalize()


QUESTIONS = {
    "kind": "Kind of letter: inquiry, demand, abmahnung, or a court's paper such as mahnbescheid",
    "urls": "URLs of the pages with the picture",
    "first_seen": "First seen or first used, if known",
}
"""The questions for fields whose own name says too little."""

HOW = {
    "kind": "Write inquiry, demand, abmahnung, or the court's paper, for example mahnbescheid",
    "amount": "Write the amount, for example 389.59",
    **dict.fromkeys(("received", "deadline", "first_seen"), "Write the date, for example 2026-12-31"),
}
"""Help for the format of an answer."""


FIELDS: Mapping[str, Callable[[str], Any]] = {
    "claimant": str,
    "reference": str,
    "kind": LetterKind,
    "urls": lambda text: tuple(text.split()),
    "amount": lambda text: float(_number(text)),
    "currency": lambda text: text.upper(),
    "received": _gone,
    "deadline": _day,
    "first_seen": _gone,
}
"""The fields to confirm, and how to parse an answer."""


def _number(text: str) -> Decimal:
    found = number(text)
    if found is None:
        raise ValueError(f"{text!r} is not an amount")
    return found


def displayed(claim: Claim, name: str) -> str:
    """A field's value as a person reads and types it; `-` if it has none."""
    value = claim.as_json()[name]
    if isinstance(value, list):
        return " ".join(value) or "-"
    return "-" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)


def _asked(claim: Claim, ask: AskPerson, say: Callable[[str], None]) -> Claim:
    """Ask about each value. The person accepts, corrects, or removes it with `-`."""
    say("These values were read; the brackets say from what. Enter accepts a value. Type the right one, or - for none.")
    for name in FIELDS:
        how = claim.sure.get(name, "not found")
        while True:
            answer = ask(f"{QUESTIONS.get(name, _named(name))} ({how})", displayed(claim, name)).strip()
            try:
                claim = corrected(claim, name, answer)
            except StillToCome as error:
                say(f"{error}. Check the year.")
                continue
            except ValueError:
                say(f"{answer!r} is not valid. {HOW.get(name, 'Write it in another way')}.")
                continue
            break
    return claim


def corrected(claim: Claim, name: str, answer: str) -> Claim:
    """The claim with one value accepted, corrected, or removed with `-`. ValueError for an invalid answer."""
    if answer == displayed(claim, name):
        return claim
    value = FIELDS[name](answer) if answer != "-" else () if name == "urls" else None
    stated: dict[str, Any] = {name: value, "sure": {**claim.sure, name: STATED}}
    return replace(claim, **stated)


def confirm(home: Home, claim: Claim, answers: Mapping[str, str], by: str | None = None) -> Claim:
    """Apply the corrections in `answers`, mark the claim as confirmed, and save it. ConfigError for invalid answers."""
    for name, answer in answers.items():
        try:
            claim = corrected(claim, name, answer.strip() or "-")
        except StillToCome as error:
            raise ConfigError(f"{_named(name)}: {error}. Check the year.") from None
        except ValueError:
            raise ConfigError(
                f"{_named(name)}: {answer!r} is not valid. Write dates as 2026-12-31 and amounts as 389.59. Leave the "
                "field empty if you do not know it."
            ) from None
    claim = _with_events(claim, () if claim.confirmed else [ClaimEventKind.CONFIRMED], by)
    claim = replace(claim, confirmed=True)
    claim_files.save(home, claim)
    return claim


def described(claim: Claim) -> list[str]:
    """A claim as lines of text: its values, how each was read, and its deadlines."""
    read = [
        f"{name.replace('_', ' ')}: {displayed(claim, name)}" + (f" ({claim.sure[name]})" if name in claim.sure else "")
        for name in FIELDS
        if displayed(claim, name) != "-"
    ]
    head = f"Claim {claim.claim} for {claim.client}"
    life = f"Step: {claim.step.value.replace('_', ' ')}" + (f". Owner: {claim.owner}" if claim.owner else "")
    return [head, life, *read, *urgent(claim)]


def timeline(claim: Claim) -> list[str]:
    """A claim's events as lines of text, oldest first."""
    lines = []
    for each in claim.events:
        facts = (each.how, ", ".join(each.sent), each.file, each.outcome and each.outcome.value, each.text)
        about = "; ".join(filter(None, facts))
        by = f" by {each.by}" if each.by else ""
        day = each.day or each.at[:10]
        lines.append(f"{day}  {each.what.value.replace('_', ' ')}{by}{': ' if about else ''}{about}")
    return lines


def urgent(claim: Claim) -> list[str]:
    """The deadlines and warnings of a claim, as sentences."""
    clocks = claim.clocks(datetime.now(UTC))
    lines = []
    if sent := answered_to(claim.events, AnswerTo.CLAIMANT):
        lines.append(f"Answered on {sent.day} by {sent.by}.")
    if closed := closed_by(claim.events):
        what = f", {closed.amount:.2f} {closed.currency or ''}".rstrip() if closed.amount is not None else ""
        lines.append(f"Closed on {closed.at[:10]} by {closed.by}: {closed.outcome}{what}.")
    if claim.deadline and not claim.answered:
        left = clocks["days_left"]
        left = f"overdue by {_days(-left)}" if clocks["overdue"] else f"{_days(left)} left"
        lines.append(f"The deadline is the end of {claim.deadline} in {claim.deadline_zone}: {left}.")
    if claim.notice_deadline and not claim.notified:
        days = clocks["notice_days_left"]
        left = f"{_days(days)} left" if days >= 0 else f"{_days(-days)} ago: read the platform's own clause"
        lines.append(f"If the platform indemnifies you, it may require notice by {claim.notice_deadline}, {left}.")
    if court := claim.kind and claim.kind.court_paper:
        lines.append(
            f"This is a court's paper: {court['name']['en']}. {court['act']['en']} Give it to a lawyer at once."
        )
    if claim.kind is LetterKind.ABMAHNUNG:
        lines.append(
            "This is an Abmahnung (a German warning letter). Give it to a lawyer. Do not sign an "
            "undertaking before that."
        )
    return lines


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
