"""Claims: made of letters or of what a person states, confirmed reading by reading, and entered into evidence."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.archive.ocfl import NewObject, object_path
from archiver.archive.reader import Archive
from archiver.claims import claim_files
from archiver.claims.claim_files import Claim, to_come
from archiver.claims.letter_reader import ParsedLetter, parse_letter, picture_of
from archiver.core.errors import ConfigError
from archiver.core.model import iso
from archiver.home.settings import Client, Home
from archiver.reading.dates import printed
from archiver.reading.letters import LetterKind, number, read_letter
from archiver.reading.worker import MAX_DOCUMENT_BYTES, DocumentReader

if TYPE_CHECKING:
    from archiver.home.vault import Vault

STATED = "stated by you"

type AskPerson = Callable[[str, str], str]
"""Asks a person a question, with an answer that Enter accepts."""


def add(
    home: Home, client: str, path: Path | None, stated: Mapping[str, Any], pictures: Sequence[Path] = (),
    *, accept: bool = False, ask: AskPerson | None = None, say: Callable[[str], None] = lambda _: None,
) -> Claim:  # fmt: skip
    """A letter, or without one what a person states, as a claim. The same file for the same client is the same claim.

    What `stated` names overrides what was read. Readings count once they are confirmed: by `accept`, or field by field
    through `ask`. ConfigError for files that cannot be read.
    """
    owner = home.client(client)
    for field in ("received", "first_seen"):
        if (day := stated.get(field)) and to_come(day):
            raise ConfigError(f"{_named(field)}: {StillToCome(day)}. Look at the year.")
    content = _read(path) if path else b""
    what = content or json.dumps([sorted(map(str, stated.items())), [str(each) for each in pictures]]).encode()
    name = f"{client}-{hashlib.sha256(what).hexdigest()[:8]}"
    before = next((each for each in claim_files.all_claims(home, say) if each.claim == name), None)
    with DocumentReader() as reader:
        parsed = parse_letter(content, reader) if content else ParsedLetter()
        looked = [picture_of(each, reader) for each in parsed.pictures]
        looked += [_picture(path, reader) for path in pictures]
    for sentence in parsed.messages:
        say(sentence)
    files = {f"picture-{n}{ending}": each for n, (each, ending) in enumerate(filter(None, looked), 1)}
    claim = _read_claim(name, home, owner, parsed, stated, before)
    if content and claim.sure.keys() == {"received"}:
        say(f"{path} says nothing that letters say. Look whether it is the right file, or state what it says yourself.")
    letter = f"letter{_ending(path)}" if path else None
    if before and not pictures:  # those that a person named then stay
        files = {}
    claim = replace(claim, pictures=tuple(files) or (before.pictures if before else ()), letter=letter)
    if letter:
        files[letter] = content
    known = bool(before and before.confirmed)
    again = "These readings were confirmed before. Go through them again (yes or no)"
    if ask and not accept and (not known or agreed(ask(again, "no"))):
        claim = _asked(claim, ask, say)
    confirmed = accept or ask is not None or (path is None) or known
    claim = replace(claim, confirmed=confirmed)
    claim_files.save(home, claim, files)
    return claim


def _read(path: Path, what: str = "letter") -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. Name the {what}'s file.") from None
    if not content or len(content) > MAX_DOCUMENT_BYTES:
        raise ConfigError(f"{path} is {'empty' if not content else f'too large for a {what}'}. Name the {what}'s file.")
    return content


def _picture(path: Path, reader: DocumentReader) -> tuple[bytes, str]:
    """A picture that a person named, with its ending; ConfigError where it can be none."""
    found = picture_of(_read(path, "picture"), reader)
    if not found:
        raise ConfigError(f"{path} is no picture, or a broken one. Save it anew as a JPEG or PNG file, and name that.")
    return found


def _ending(path: Path) -> str:
    ending = path.suffix.lower()
    return ending if re.fullmatch(r"\.[a-z0-9]{1,8}", ending) else ".bin"


def _read_claim(
    name: str, home: Home, owner: Client, parsed: ParsedLetter, stated: Mapping[str, Any], before: Claim | None
) -> Claim:
    """Readings, overridden by what was stated before and now."""
    kept = {key: getattr(before, key) for key, how in before.sure.items() if how.startswith(STATED)} if before else {}
    given = kept | {key: value for key, value in stated.items() if value not in (None, (), [])}
    received = given.get("received") or parsed.received or (before and before.received) or datetime.now(UTC).date()
    letter = read_letter(parsed.text, received=received, domains=owner.domains, links=parsed.links)
    assumed = "received" not in given and not parsed.received
    if assumed and letter.dated and letter.dated < received:  # a term from receipt rather ends too early than too late
        received = letter.dated
        letter = read_letter(parsed.text, received=received, domains=owner.domains, links=parsed.links)
    sure = dict(letter.sure)
    if letter.amount is not None:
        sure["currency"] = sure["amount"]
    day = "the letter's own date" if received == letter.dated else "the day on which it was added"
    sure["received"] = f"{claim_files.ASSUMED}: {day}; state the day it came" if assumed else "the mail's date"
    sure |= dict.fromkeys(given, STATED)
    fields: dict[str, Any] = {
        "claimant": letter.claimant, "reference": letter.reference, "kind": letter.kind, "urls": letter.urls,
        "amount": float(letter.amount) if letter.amount is not None else None, "currency": letter.currency,
        "dated": letter.dated, "received": received, "deadline": letter.deadline, "first_seen": letter.first_seen,
    }  # fmt: skip
    return Claim(
        claim=name, client=owner.slug, deadline_zone=claim_files.zone_of(home), sure=sure,
        licences=before.licences if before else (), probable=before.probable if before else (), **(fields | given),
    )  # fmt: skip


def agreed(answer: str) -> bool:
    """Whether a person says yes."""
    return answer.strip().lower() in ("yes", "y", "ja", "j")


class StillToCome(ValueError):
    """A day on which nothing can have been received or seen yet."""

    def __init__(self, day: date) -> None:
        super().__init__(f"{day} is still to come")


def _day(text: str) -> date:
    """A day as people write it, where that can be one day only."""
    day = printed(text)
    return day.date() if isinstance(day, datetime) else day


def _gone(text: str) -> date:
    day = _day(text)
    if to_come(day):
        raise StillToCome(day)
    return day


def _named(field: str) -> str:
    return field.replace("_", " ").capitalize()


QUESTIONS = {
    "kind": "Kind of letter: inquiry, demand or abmahnung",
    "urls": "Urls of the pages with the picture",
    "first_seen": "First seen or used, as far as known",
}
"""What people are asked for, where a field's own name says too little."""

HOW = {
    "kind": "Write inquiry, demand or abmahnung",
    "amount": "Write a sum as 389.59",
    **dict.fromkeys(("received", "deadline", "first_seen"), "Write a day as 2026-12-31"),
}
"""How an answer is written that could not be read."""


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
"""What is confirmed field by field, and how an answer is read."""


def _number(text: str) -> Decimal:
    found = number(text)
    if found is None:
        raise ValueError(f"{text!r} is no sum")
    return found


def displayed(claim: Claim, name: str) -> str:
    """A field's value as a person reads and types it; `-` for none."""
    value = claim.as_json()[name]
    if isinstance(value, list):
        return " ".join(value) or "-"
    return "-" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)


def _asked(claim: Claim, ask: AskPerson, say: Callable[[str], None]) -> Claim:
    """Each reading accepted or corrected; `-` takes one away."""
    say("This was read; in brackets, from what. Enter accepts it. Type what is right instead, or - for nothing.")
    for name in FIELDS:
        how = claim.sure.get(name, "not found")
        while True:
            answer = ask(f"{QUESTIONS.get(name, _named(name))} ({how})", displayed(claim, name)).strip()
            try:
                claim = corrected(claim, name, answer)
            except StillToCome as error:
                say(f"That cannot be: {error}. Look at the year.")
                continue
            except ValueError:
                say(f"{answer!r} cannot be read. {HOW.get(name, 'Write it otherwise')}.")
                continue
            break
    return claim


def corrected(claim: Claim, name: str, answer: str) -> Claim:
    """One reading as a person accepts or corrects it; `-` takes it away. ValueError for what cannot be read."""
    if answer == displayed(claim, name):
        return claim
    value = FIELDS[name](answer) if answer != "-" else () if name == "urls" else None
    stated: dict[str, Any] = {name: value, "sure": {**claim.sure, name: STATED}}
    return replace(claim, **stated)


def confirm(home: Home, claim: Claim, answers: Mapping[str, str]) -> Claim:
    """All readings accepted by a person, save those that `answers` correct; kept. ConfigError names what is amiss."""
    for name, answer in answers.items():
        try:
            claim = corrected(claim, name, answer.strip() or "-")
        except StillToCome as error:
            raise ConfigError(f"{_named(name)}: {error}. Look at the year.") from None
        except ValueError:
            raise ConfigError(
                f"{_named(name)}: {answer!r} cannot be read. Write days as 2026-12-31 and sums as 389.59; leave the "
                "field empty where nothing is known."
            ) from None
    claim = replace(claim, confirmed=True)
    claim_files.save(home, claim)
    return claim


def enter(home: Home, vault: Vault, name: str, file: str, by: str) -> str:
    """Make one paper of a claim evidence in its client's archive, on a person's word; the object's id.

    A letter becomes a statement, any other paper a sighting. Entering it again changes nothing. ConfigError where there
    is no such paper.
    """
    from archiver.catalogue.archives import writing

    claim = claim_files.load(home, name)
    if not by.strip():
        raise ConfigError("Say who enters the paper: --by NAME.")
    inside = claim_files.folder(home, claim.claim) / Path(file).name
    path = inside if inside.is_file() else Path(file)
    content = _read(path, "paper")
    kind = "statements" if path.name == claim.letter else "sightings"
    at = datetime.now(UTC)
    digest = hashlib.sha256(content).hexdigest()
    said = {
        "format": 1, "statement": "paper of a claim, entered by a person", "claim": claim.claim,
        "claimant": claim.claimant, "reference": claim.reference, "urls": list(claim.urls), "file": path.name,
        "sha256": digest, "by": by, "at": iso(at),
    }  # fmt: skip
    statement = json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False).encode()
    paper = f"{'letter' if kind == 'statements' else 'sighting'}{_ending(path)}"
    new = NewObject(
        kind=kind, date=at, provider="claim", asset_id=claim.claim, identity=f"claim:{claim.claim}:{digest}",
        created=at, files={"statement.json": statement, paper: content},
    )  # fmt: skip
    with writing(home, vault, claim.client) as archive:
        object_id, recorded = _entered(archive.reader, new)
        object_id = object_id or archive.put(new).result().object_id
        if not recorded:
            archive.append("statement", id=object_id)
        archive.seal()
    return object_id


def _entered(archive: Archive, new: NewObject) -> tuple[str | None, bool]:
    """The id under which this paper of the claim is archived, on whatever day that was, and whether its entering is
    recorded: a command may have been killed in between."""
    kind, rest = new.object_id.rpartition(":")[0], new.object_id.rpartition(":")[2].partition("_")[2]
    lines = [line for line in archive.lines() if line.id and line.id.startswith(kind) and line.id.endswith(f"_{rest}")]
    ids = [str(line.id) for line in lines if object_path(archive.root, str(line.id)).exists()]
    return next(iter(ids), None), any(line.type == "statement" and line.id in ids for line in lines)


def described(claim: Claim) -> list[str]:
    """A claim in sentences: who, what, by when, and how each was read."""
    read = [
        f"{name.replace('_', ' ')}: {displayed(claim, name)}" + (f" ({claim.sure[name]})" if name in claim.sure else "")
        for name in FIELDS
        if displayed(claim, name) != "-"
    ]
    return [f"Claim {claim.claim} for {claim.client}", *read, *urgent(claim)]


def urgent(claim: Claim) -> list[str]:
    """By when what is to be done for a claim, in sentences."""
    clocks = claim.clocks(datetime.now(UTC))
    lines = []
    if claim.deadline:
        left = clocks["days_left"]
        left = f"overdue by {_days(-left)}" if clocks["overdue"] else f"{_days(left)} left"
        lines.append(f"The deadline ends with {claim.deadline} in {claim.deadline_zone}: {left}.")
    if claim.notice_deadline:
        days = clocks["notice_days_left"]
        left = f"{_days(days)} left" if days >= 0 else f"{_days(-days)} ago: read that platform's own clause"
        lines.append(f"A platform that indemnifies you may want to be told by {claim.notice_deadline}, {left}.")
    if claim.kind is LetterKind.ABMAHNUNG:
        lines.append("This is an Abmahnung: give it to a lawyer, and sign no undertaking before.")
    return lines


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
