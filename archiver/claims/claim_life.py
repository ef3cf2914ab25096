"""Record what happens to a claim: answers, its end, notes and papers, its owner, and which claims belong together."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from archiver.claims import claim_files
from archiver.claims.claim_events import AnswerTo, ClaimEvent, ClaimEventKind, ClaimOutcome, ClaimStep
from archiver.claims.claim_files import Claim, to_come
from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError, Remedy
from archiver.core.model import iso
from archiver.home.settings import Home
from archiver.reading.terminal_safe import printable
from archiver.reading.worker import MAX_DOCUMENT_BYTES

MAX_NAME_LENGTH = 60  # characters of a paper's name


def record(home: Home, claim: Claim, event: ClaimEvent, **changes: Any) -> Claim:
    """Add an event and changed fields to the claim as it is on disk now, and save it.

    Two people may work on one claim. ConfigError if somebody else removed it, or closed it where that matters.
    """
    with claim_files.locked(home, claim.claim):
        newest = claim_files.load(home, claim.claim)
        if event.what in (ClaimEventKind.ANSWERED, ClaimEventKind.CLOSED, ClaimEventKind.NO_LICENCE):
            _open(newest)
        changed = replace(newest, **changes, events=(*newest.events, event))
        claim_files.save(home, changed)
    return changed


# many parameters: the fields of the event that it records
def answer(
    home: Home, claim: Claim, *, by: str, day: date | None = None, how: str = "", text: str = "",
    sent: Sequence[str] = (), to: AnswerTo = AnswerTo.CLAIMANT,
) -> Claim:  # fmt: skip
    """Record that a person answered the claimant, or notified the platform. ConfigError for a future day."""
    said = day or datetime.now(UTC).date()
    if to_come(said):
        raise ConfigError(f"{said} is in the future. Give the day on which the answer was sent.")
    return record(home, claim, ClaimEvent(
        what=ClaimEventKind.ANSWERED, at=_now(), by=_named(by), day=said, how=how, text=text, sent=tuple(sent), to=to
    ))  # fmt: skip


def close(
    home: Home, claim: Claim, outcome: ClaimOutcome, *, by: str, amount: float | None = None, text: str = ""
) -> Claim:
    """Close the claim. ConfigError if it is closed already."""
    if amount is not None and amount < 0:
        raise ConfigError("The sum cannot be negative. Give the sum that was paid, for example 389.59.")
    return record(home, claim, ClaimEvent(
        what=ClaimEventKind.CLOSED, at=_now(), by=_named(by), outcome=outcome, amount=amount,
        currency=claim.currency if amount is not None else None, text=text,
    ))  # fmt: skip


def reopen(home: Home, claim: Claim, *, by: str, text: str = "", deadline: date | None = None) -> Claim:
    """Open an answered or closed claim again, with a new deadline if there is one."""
    if not claim.answered:
        raise ConfigError(f"{claim.claim} is open. Only an answered or closed claim can be reopened.")
    stated = {"deadline": deadline, "sure": {**claim.sure, "deadline": "stated by you"}} if deadline else {}
    event = ClaimEvent(what=ClaimEventKind.REOPENED, at=_now(), by=_named(by), text=text)
    return record(home, claim, event, **stated)


def note(home: Home, claim: Claim, text: str, *, by: str) -> Claim:
    """Add a note to the timeline."""
    if not text.strip():
        raise ConfigError("The note is empty. Write what happened.")
    return record(home, claim, ClaimEvent(what=ClaimEventKind.NOTE, at=_now(), by=_named(by), text=text.strip()))


def own(home: Home, claim: Claim, owner: str, *, by: str) -> Claim:
    """Name the person who works on the claim; empty for nobody."""
    owner = printable(" ".join(owner.split()))
    if owner == (claim.owner or ""):
        return claim
    event = ClaimEvent(what=ClaimEventKind.OWNER, at=_now(), by=_named(by), text=owner)
    return record(home, claim, event, owner=owner or None)


def add_file(home: Home, claim: Claim, content: bytes, name: str, *, by: str, text: str = "") -> Claim:
    """Keep one more paper in the claim's folder: another letter, a reply, a screenshot. Nothing reads it."""
    if not content or len(content) > MAX_DOCUMENT_BYTES:
        problem = "empty" if not content else "too large"
        raise ConfigError(f"{name or 'The file'} is {problem}. Choose another file.")
    folder, number = claim_files.folder(home, claim.claim), 1
    while (folder / (stored := f"paper-{number}-{_safe(name)}")).exists():
        number += 1
    replace_file(folder / stored, content)
    event = ClaimEvent(what=ClaimEventKind.FILE, at=_now(), by=_named(by), file=stored, text=text.strip())
    return record(home, claim, event)


def _safe(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(name.replace("\\", "/")).name).strip("._-")
    stem, dot, ending = plain.rpartition(".")
    if dot and len(ending) <= 8:
        return f"{stem[: MAX_NAME_LENGTH - len(ending) - 1]}.{ending}"
    return plain[:MAX_NAME_LENGTH] or "file"


def no_licence(home: Home, claim: Claim, *, by: str) -> Claim:
    """Record that a person found no licence for the claim in this archive. Its earlier licences no longer count."""
    claim_files.must_be_confirmed(claim)
    event = ClaimEvent(what=ClaimEventKind.NO_LICENCE, at=_now(), by=_named(by))
    return record(home, claim, event, licences=(), probable=())


def papers(home: Home, claim: Claim) -> dict[str, int]:
    """The papers in a claim's folder and their sizes in bytes, by name. The claim's own data is left out."""
    folder = claim_files.folder(home, claim.claim)
    found = sorted(each for each in folder.rglob("*") if each.is_file() and not each.is_symlink())
    return {
        each.relative_to(folder).as_posix(): each.stat().st_size
        for each in found
        if each.name != claim_files.CLAIM and not each.name.startswith(".")
    }


def remove(home: Home, claim: Claim) -> None:
    """Delete the claim with all its working papers. Evidence in the archives stays."""
    folder = claim_files.folder(home, claim.claim)
    (folder / claim_files.CLAIM).unlink(missing_ok=True)  # first, so that no half of a claim stays listed
    shutil.rmtree(folder)


def merge(home: Home, claim: Claim, into: Claim, *, by: str) -> Claim:
    """Keep the letter of a claim as a further letter of another one, and remove the claim.

    The other claim gets the new deadline and the pages, and is open again. ConfigError for claims of two clients.
    """
    if claim.client != into.client or claim.claim == into.claim:
        raise ConfigError("Only two claims of one client can be put together.")
    if into.answered:
        into = reopen(home, into, by=by, text=f"another letter came: {claim.reference or claim.claim}")
    folder = claim_files.folder(home, claim.claim)
    for name in filter(None, (claim.letter, *claim.pictures)):
        if (folder / name).is_file():
            into = add_file(home, into, (folder / name).read_bytes(), name, by=by, text=f"from {claim.claim}")
    deadline = max(filter(None, (claim.deadline, into.deadline)), default=None)
    urls = tuple(dict.fromkeys((*into.urls, *claim.urls)))
    text = f"holds the letter of {claim.claim}"
    event = ClaimEvent(what=ClaimEventKind.NOTE, at=_now(), by=_named(by), text=text)
    into = record(home, into, event, deadline=deadline, urls=urls)
    remove(home, claim)
    return into


def _now() -> str:
    return iso(datetime.now(UTC)) or ""


def _named(by: str) -> str:
    name = " ".join(by.split())
    if not name:
        raise ConfigError("Give the name of the person who says so: --by NAME.")
    return name


def _open(claim: Claim) -> None:
    if claim.step is ClaimStep.CLOSED:
        raise ConfigError(f"{claim.claim} is closed.", remedy=Remedy("reopen claim", {"claim": claim.claim}))


# ---------------------------------------------------------------- claims that belong together


@dataclass(frozen=True, kw_only=True)
class RelatedClaim:
    """Another claim, and what both have in common: `reference`, `picture` or `page`."""

    claim: Claim
    why: str


def related(claim: Claim, others: Iterable[Claim]) -> list[RelatedClaim]:
    """The other claims about the same matter, the most certain first. The same reference is probably the same claim."""
    found = [RelatedClaim(claim=other, why=why) for other in others if (why := next(_common(claim, other), None))]
    order = ("reference", "picture", "page")
    return sorted(found, key=lambda each: (order.index(each.why), each.claim.claim))


def _common(one: Claim, other: Claim) -> Iterator[str]:
    if one.claim == other.claim:
        return
    if _plain(one.reference) and _plain(one.reference) == _plain(other.reference) and _same_writer(one, other):
        yield "reference"
    if {each.rpartition("/")[2] for each in one.licences} & {each.rpartition("/")[2] for each in other.licences}:
        yield "picture"
    if one.client == other.client and set(one.urls) & set(other.urls):
        yield "page"


def _plain(text: str | None) -> str:
    return re.sub(r"[^0-9a-z]", "", (text or "").casefold())


def _same_writer(one: Claim, other: Claim) -> bool:
    return not (one.claimant and other.claimant) or _plain(one.claimant) == _plain(other.claimant)
