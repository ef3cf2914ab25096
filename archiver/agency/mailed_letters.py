"""Letters that came by mail: each becomes a claim to confirm, or joins the claim that it is about.

`mails.json` in a claim's folder lists its mails: file, source, place, arrival, and how the sender was checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Lock

from archiver.claims import claim_files
from archiver.claims.claim_entry import add
from archiver.claims.claim_files import Claim
from archiver.collect.mail_selection import START_BYTES, ClaimMarks, header_field, message_ids, split
from archiver.collect.sources import ReceivedLetter
from archiver.core.alert import Alert
from archiver.core.atomic_files import replace_file, scratch_folder
from archiver.core.errors import ArchiverError
from archiver.core.json_files import read_json, write_json
from archiver.core.model import iso
from archiver.core.remedy import Remedy
from archiver.home.settings import HOUSE, Home

MAILS = "mails.json"
SURE_MATCHES = ("same", "probable")
MAX_SEARCHED_PICTURES = 8  # of one claim
NEWS_DAYS = 14  # for which a further mail about a confirmed claim is news

_one_letter = Lock()  # two mailboxes of a client may have the same letter


@dataclass(frozen=True)
class MailedLetters:
    """Makes claims of letters that came by mail."""

    home: Home

    def claims_of(self, client: str) -> list[ClaimMarks]:
        """By what mails name the claims of a client; of the agency, those of all clients."""
        return [
            ClaimMarks(claim=each.claim, reference=each.reference, mails=_ids_of(self.home, each.claim))
            for each in claim_files.all_claims(self.home)
            if client in (each.client, HOUSE)
        ]

    def open_claim(self, letter: ReceivedLetter) -> str:
        """Open a claim for a letter, or add the mail to the claim that it is about.

        Nothing is confirmed: a person does that. The same mail again changes nothing. Returns the claim's name.
        """
        with _one_letter:
            return _claim_of(self.home, letter)


def _ids_of(home: Home, claim: str) -> frozenset[str]:
    """The IDs of a claim's mails."""
    found = list[str]()
    for path in claim_files.folder(home, claim).glob("letter*.eml"):
        with path.open("rb") as file:
            header, _ = split(file.read(START_BYTES))
        found += message_ids(header_field(header, "message-id"))
    return frozenset(found)


def _claim_of(home: Home, letter: ReceivedLetter) -> str:
    digest = sha256(letter.content).hexdigest()
    for before in claim_files.all_claims(home):
        if any(mail["sha256"] == digest for mail in mails_of(home, before.claim)):
            return before.claim
    owner = _owner(home, letter)
    with scratch_folder("letter") as folder:
        path = folder / "letter.eml"
        path.write_bytes(letter.content)
        claim = add(home, owner, path, {})
    if same := _same(home, claim) or _named(home, claim, letter):
        _remove(home, claim)
        return _joined(home, same, letter, digest)
    _record(home, claim.claim, [_entry(letter, claim.letter or "letter.eml", digest)])
    return claim.claim


def _owner(home: Home, letter: ReceivedLetter) -> str:
    """The client that a letter is for: the mailbox's, or for the agency's mailbox the one whose site it names."""
    if letter.client != HOUSE:
        return letter.client
    text = letter.content.decode("latin-1").lower()
    named = [
        client.slug
        for client in home.clients.values()
        if any(re.search(rf"(?<![\w-]){re.escape(domain.lower())}(?![\w-])", text) for domain in client.domains)
    ]
    return named[0] if len(named) == 1 else HOUSE


def _same(home: Home, claim: Claim) -> Claim | None:
    """The claim that is about the same letter: by its reference, or by its pages and sum."""
    for other in claim_files.all_claims(home):
        if other.claim == claim.claim or other.client != claim.client:
            continue
        if claim.claimant and other.claimant and claim.claimant != other.claimant:
            continue
        if claim.reference and other.reference:
            if _plain(claim.reference) == _plain(other.reference):
                return other
            continue
        pages = set(claim.urls) == set(other.urls)
        if claim.urls and pages and claim.amount == other.amount and claim.currency == other.currency:
            return other
    return None


def _named(home: Home, claim: Claim, letter: ReceivedLetter) -> Claim | None:
    """The claim whose mail this one answers, or whose reference its subject names; where no reference was read in it,
    also the one whose reference its text names.
    """
    header, text = split(letter.content[:START_BYTES])
    for marks in MailedLetters(home).claims_of(letter.client):
        if marks.claim == claim.claim:
            continue
        if marks.answered_by(header) or (claim.reference is None and marks.named_in(text)):
            return claim_files.load(home, marks.claim)
    return None


def _plain(reference: str) -> str:
    return re.sub(r"[^0-9a-z]", "", reference.lower())


def _remove(home: Home, claim: Claim) -> None:
    """Remove the folder of a claim that was only just made."""
    folder = claim_files.folder(home, claim.claim)
    for path in sorted(folder.iterdir(), key=lambda path: path.name != claim_files.CLAIM):
        path.unlink()
    folder.rmdir()


def _joined(home: Home, claim: Claim, letter: ReceivedLetter, digest: str) -> str:
    mails = mails_of(home, claim.claim)
    folder = claim_files.folder(home, claim.claim)
    number = next(n for n in range(2, 100_000) if not (folder / f"letter-{n}.eml").exists())
    replace_file(folder / f"letter-{number}.eml", letter.content)
    _record(home, claim.claim, [*mails, _entry(letter, f"letter-{number}.eml", digest)])
    return claim.claim


def _entry(letter: ReceivedLetter, file: str, digest: str) -> dict[str, object]:
    arrived = iso(letter.received.astimezone(UTC)) if letter.received else None
    return {
        "file": file, "sha256": digest, "source": letter.source, "place": letter.place, "arrived": arrived,
        "read_at": iso(datetime.now(UTC)), "searched": False, **letter.origin,
    }  # fmt: skip


def mails_of(home: Home, claim: str) -> list[dict[str, object]]:
    """The mails of a claim; none for one that a person added."""
    return read_json(claim_files.folder(home, claim) / MAILS) or []


def _record(home: Home, claim: str, mails: Sequence[dict[str, object]]) -> None:
    write_json(claim_files.folder(home, claim) / MAILS, mails)


def to_confirm(home: Home) -> Iterator[tuple[Claim, list[dict[str, object]]]]:
    """The claims that came by mail and that nobody has confirmed yet, with their mails."""
    for claim in claim_files.all_claims(home):
        if not claim.confirmed and (mails := mails_of(home, claim.claim)):
            yield claim, mails


def search_pictures(home: Home) -> list[str]:
    """Search the archives for the pictures of claims that came by mail, once; returns warnings.

    What is found stays to be confirmed, as the claim does.
    """
    waiting = [
        (claim, mails)
        for claim, mails in to_confirm(home)
        if not all(mail.get("searched") for mail in mails) and not claim.licences
    ]
    said: list[str] = []
    if not waiting:
        return said
    from archiver.catalogue.picture_search import find_picture, open_recogniser

    with open_recogniser(home) as seeing:
        for claim, mails in waiting:
            found: dict[str, None] = {}
            for path in claim_files.pictures(home, claim)[:MAX_SEARCHED_PICTURES]:
                try:
                    rows = find_picture(home, path.read_bytes(), client=claim.client, seeing=seeing).rows
                except (ArchiverError, OSError) as error:
                    said.append(f"{claim.claim}: {path.name} was not searched for: {error}")
                    continue
                found |= dict.fromkeys(str(row["licence"]) for row in rows if row["match"] in SURE_MATCHES)
            if found:
                claim_files.with_licences(home, claim, found, probable=found)
            _record(home, claim.claim, [{**mail, "searched": True} for mail in mails])
    return said


def letter_alerts(home: Home) -> Iterator[Alert]:
    """Letters that came by mail and that nobody has confirmed yet. A further mail about one is news, too."""
    since = iso(datetime.now(UTC) - timedelta(days=NEWS_DAYS)) or ""
    for claim in claim_files.all_claims(home):
        mails = mails_of(home, claim.claim)
        if mails and not claim.confirmed:
            message = described(claim) + (f" {len(mails)} mails are about it." if len(mails) > 1 else "")
            risk = "Nobody has confirmed what was read in it. An unanswered claim may go to court."
            if claim.kind and claim.kind.court_paper:
                name = claim.kind.value.replace("_", " ")
                risk = f"It is a court's paper ({name}): its time runs from service. Give it to a lawyer at once."
            letter = claim_files.folder(home, claim.claim) / (claim.letter or "letter.eml")
            known = {"letter": str(letter), "client": claim.client, "claim": claim.claim}
            remedy = Remedy("confirm letter", known)
        elif any(mail["file"] != claim.letter and str(mail["read_at"]) >= since for mail in mails):
            message = f"A further mail about the claim {claim.claim} came; {len(mails)} mails are about it now."
            risk, remedy = "It may set another deadline.", Remedy("show claim", {"claim": claim.claim})
        else:
            continue
        yield Alert(
            flags=("letter",), subject=claim.claim, clients=(claim.client,), message=message, risk=risk, remedy=remedy
        )


def described(claim: Claim) -> str:
    """A letter in a few sentences, as a message says it."""
    who = claim.claimant or "an unknown sender"
    until = f" It asks for an answer by {claim.deadline}." if claim.deadline else " No deadline was found in it."
    found = f" A licence may fit: {', '.join(claim.licences[:3])}." if claim.licences else ""
    return f"A letter from {who} came by mail and is now the claim {claim.claim}.{until}{found}"
