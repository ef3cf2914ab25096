"""The dispute: a letter becomes a claim, a picture finds its licence, and rules say whether that covers the use.

All of it is working papers (`proof/claims.py`) until a person enters a paper into evidence.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archiver import assignment, evidence
from archiver.archive.reader import Archive
from archiver.archive.store import NewObject
from archiver.archive.verify import dates
from archiver.catalogue.catalogue import Catalogue, Entry
from archiver.config import HOUSE, Client, Home
from archiver.domain import DocumentKind, iso
from archiver.errors import ConfigError, UnreadablePicture
from archiver.files import replace_file
from archiver.intake.mail import Unreadable, looks_like_mail, read_mail
from archiver.proof import claims
from archiver.proof.assess import WORST, Assessment, Case, Use, Verdict, platform_of
from archiver.proof.assess import assess as apply_rules
from archiver.proof.claims import Claim
from archiver.proof.drafts import Matter, drafts, write_drafts
from archiver.proof.pages import LANGUAGES, Words, confirmation
from archiver.provider import Confirm, installed, load
from archiver.reading.documents import PAGE_BREAK, is_html, is_pdf, read_text
from archiver.reading.letters import LetterKind, number, read_letter
from archiver.reading.plans import paid_until
from archiver.reading.served import served
from archiver.reading.worker import LARGEST, DocumentReader

if TYPE_CHECKING:
    from archiver.vault import Vault

STATED = "stated by you"
CONFIRM = "Add the letter again: at a terminal, which asks for each of them, or with --yes."
OCR_SECONDS = 60
FORWARDED = 3  # letters inside letters that are opened
PICTURES = {
    b"\xff\xd8": ".jpg",
    b"\x89PNG": ".png",
    b"RIFF": ".webp",
    b"GIF8": ".gif",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
}

_LINK = re.compile(r"""\bhref\s*=\s*["'](https?://[^"'\s<>]+)""", re.IGNORECASE)

type Ask = Callable[[str, str], str]
"""Asks a person a question, with an answer that Enter accepts."""


# ---------------------------------------------------------------- reading what came


@dataclass(frozen=True, kw_only=True)
class Material:
    """A letter taken apart: its text, where its links lead, the pictures in it, the day its envelope states.

    `told` says what went wrong.
    """

    text: str = ""
    links: Sequence[str] = ()
    pictures: Sequence[bytes] = ()
    received: date | None = None
    told: Sequence[str] = field(default_factory=list)


def read_material(content: bytes, reader: DocumentReader) -> Material:
    """What a PDF, a mail with its attachments, a text or a scanned picture holds. Nothing in it is trusted."""
    if is_pdf(content):
        reading = reader.read(content, "application/pdf")
        told = [f"The PDF: {reading.error}."] if reading.error else []
        pictures = reader.pictures(content)
        if not reading.text.strip():  # a scan
            scans = [_recognised(each) for each in pictures]
            return Material(text="\n".join(text for text, _ in scans), told=[*told, *(t for _, t in scans if t)])
        return Material(text=reading.text, pictures=pictures, told=told)
    if looks_like_mail(content[:4096]):
        return _mail(content, reader, FORWARDED)
    if _picture_name(content):
        text, trouble = _recognised(content)
        return Material(text=text, pictures=[content], told=[trouble] if trouble else [])
    if is_html(content):
        return Material(text=reader.page(read_text(content).text).text)
    return Material(text=read_text(content).text)


def _mail(content: bytes, reader: DocumentReader, deeper: int) -> Material:
    """A mail and what is attached; of a letter that was forwarded so, the day on which the first one got it."""
    try:
        mail = read_mail(content)
    except Unreadable as error:
        return Material(told=[f"The mail cannot be read: {error}."])
    page = reader.page(mail.html).text
    texts = [mail.headers.get("Subject", ""), max(mail.text, page, key=len)]
    links = [unescape(found[1]) for found in _LINK.finditer(mail.html)]
    pictures: list[bytes] = []
    told: list[str] = []
    received = None
    try:
        received = parsedate_to_datetime(mail.headers["Date"]).date()
    except (KeyError, ValueError, TypeError):
        told.append("The mail states no day that can be read.")
    for name, attached in mail.attachments:
        if _picture_name(attached):
            pictures.append(attached)
            continue
        if is_pdf(attached):
            inner = read_material(attached, reader)
        elif deeper and name.endswith(".eml") and looks_like_mail(attached[:4096]):
            inner = _mail(attached, reader, deeper - 1)
        else:
            continue
        texts.append(inner.text)
        links += inner.links
        pictures += inner.pictures
        told += inner.told
        received = min(filter(None, (received, inner.received)), default=None)
    return Material(text="\n\n".join(filter(None, texts)), links=links, pictures=pictures, received=received, told=told)


def _picture_name(content: bytes) -> str | None:
    return next((ending for start, ending in PICTURES.items() if content.startswith(start)), None)


def _recognised(content: bytes) -> tuple[str, str | None]:
    """The text in a picture by the program tesseract, and why there is none."""
    program = shutil.which("tesseract")
    if not program:
        return "", "The letter is a picture, and the program tesseract, which reads it, is not installed."
    kept = {name: os.environ[name] for name in ("PATH", "TESSDATA_PREFIX", "SYSTEMROOT") if name in os.environ}
    for languages in (["-l", "eng+deu"], []):
        try:
            done = subprocess.run(
                [program, "stdin", "stdout", *languages], input=content, capture_output=True, check=False,
                timeout=OCR_SECONDS, env={**kept, "OMP_THREAD_LIMIT": "1"},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "", "Reading the picture took too long."
        except OSError as error:
            return "", f"tesseract could not be started: {error}."
        if done.returncode == 0:
            return done.stdout.decode("utf-8", "replace"), None
    return "", "tesseract could not read the picture."


# ---------------------------------------------------------------- claims


def add(
    home: Home, client: str, path: Path | None, stated: Mapping[str, Any], pictures: Sequence[Path] = (),
    *, accept: bool = False, ask: Ask | None = None, say: Callable[[str], None] = lambda _: None,
) -> Claim:  # fmt: skip
    """A letter, or without one what a person states, as a claim. The same file for the same client is the same claim.

    What `stated` names overrides what was read. Readings count once they are confirmed: by `accept`, or field by field
    through `ask`. ConfigError for files that cannot be read.
    """
    owner = home.client(client)
    content = _read(path) if path else b""
    what = content or json.dumps([sorted(map(str, stated.items())), [str(each) for each in pictures]]).encode()
    name = f"{client}-{hashlib.sha256(what).hexdigest()[:8]}"
    before = next((each for each in claims.all_claims(home, say) if each.claim == name), None)
    with DocumentReader() as reader:
        material = read_material(content, reader) if content else Material()
        looked = [_looked_at(each, reader) for each in (*material.pictures, *map(_read, pictures))]
    for sentence in material.told:
        say(sentence)
    files = {f"picture-{n}{ending}": each for n, (each, ending) in enumerate(filter(None, looked), 1)}
    claim = _read_claim(name, home, owner, material, stated, before)
    letter = f"letter{_ending(path)}" if path else None
    claim = replace(claim, pictures=tuple(files), letter=letter)
    if letter:
        files[letter] = content
    if ask and not accept:
        claim = _asked(claim, ask, say)
    confirmed = accept or ask is not None or (path is None) or bool(before and before.confirmed)
    claim = replace(claim, confirmed=confirmed)
    claims.save(home, claim, files)
    return claim


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. Name the letter's file.") from None
    if not content or len(content) > LARGEST:
        raise ConfigError(f"{path} is {'empty' if not content else 'too large for a letter'}. Name the letter's file.")
    return content


def _looked_at(content: bytes, reader: DocumentReader) -> tuple[bytes, str] | None:
    """A picture that can be looked at, with its ending."""
    try:
        reader.look(content)
    except UnreadablePicture:
        return None
    return content, _picture_name(content) or ".img"


def _ending(path: Path) -> str:
    ending = path.suffix.lower()
    return ending if re.fullmatch(r"\.[a-z0-9]{1,8}", ending) else ".bin"


def _read_claim(
    name: str, home: Home, owner: Client, material: Material, stated: Mapping[str, Any], before: Claim | None
) -> Claim:
    """Readings, overridden by what was stated before and now."""
    kept = {key: getattr(before, key) for key, how in before.sure.items() if how.startswith(STATED)} if before else {}
    given = kept | {key: value for key, value in stated.items() if value not in (None, (), [])}
    received = given.get("received") or material.received or (before and before.received) or datetime.now(UTC).date()
    letter = read_letter(material.text, received=received, domains=owner.domains, links=material.links)
    sure = dict(letter.sure)
    if letter.amount is not None:
        sure["currency"] = sure["amount"]
    sure["received"] = "the mail's date" if material.received else "assumed: the day on which it was added"
    sure |= dict.fromkeys(given, STATED)
    fields: dict[str, Any] = {
        "claimant": letter.claimant, "reference": letter.reference, "kind": letter.kind, "urls": letter.urls,
        "amount": float(letter.amount) if letter.amount is not None else None, "currency": letter.currency,
        "dated": letter.dated, "received": received, "deadline": letter.deadline, "first_seen": letter.first_seen,
    }  # fmt: skip
    return Claim(
        claim=name, client=owner.slug, deadline_zone=claims.zone_of(home), sure=sure,
        licences=before.licences if before else (), **(fields | given),
    )  # fmt: skip


FIELDS: Mapping[str, Callable[[str], Any]] = {
    "claimant": str,
    "reference": str,
    "kind": LetterKind,
    "urls": lambda text: tuple(text.split()),
    "amount": lambda text: float(_number(text)),
    "currency": lambda text: text.upper(),
    "received": date.fromisoformat,
    "deadline": date.fromisoformat,
    "first_seen": date.fromisoformat,
}
"""What is confirmed field by field, and how an answer is read."""


def _number(text: str) -> Decimal:
    found = number(text)
    if found is None:
        raise ValueError(f"{text!r} is no sum")
    return found


def shown(claim: Claim, name: str) -> str:
    """A field's value as a person reads and types it; `-` for none."""
    value = claim.as_json()[name]
    return " ".join(value) or "-" if isinstance(value, list) else "-" if value is None else str(value)


def _asked(claim: Claim, ask: Ask, say: Callable[[str], None]) -> Claim:
    """Each reading accepted or corrected; `-` takes one away."""
    for name in FIELDS:
        how = claim.sure.get(name, "not found")
        while True:
            answer = ask(f"{name.replace('_', ' ').capitalize()} ({how})", shown(claim, name)).strip()
            try:
                claim = corrected(claim, name, answer)
            except ValueError as error:
                say(f"That cannot be read: {error}.")
                continue
            break
    return claim


def corrected(claim: Claim, name: str, answer: str) -> Claim:
    """One reading as a person accepts or corrects it; `-` takes it away. ValueError for what cannot be read."""
    if answer == shown(claim, name):
        return claim
    value = FIELDS[name](answer) if answer != "-" else () if name == "urls" else None
    stated: dict[str, Any] = {name: value, "sure": {**claim.sure, name: STATED}}
    return replace(claim, **stated)


def confirm(home: Home, claim: Claim, answers: Mapping[str, str]) -> Claim:
    """All readings accepted by a person, save those that `answers` correct; kept. ConfigError names what is amiss."""
    for name, answer in answers.items():
        try:
            claim = corrected(claim, name, answer.strip() or "-")
        except ValueError:
            raise ConfigError(
                f"{name.replace('_', ' ').capitalize()}: {answer!r} cannot be read. Write days as 2026-12-31 and sums "
                "as 389.59; leave the field empty where nothing is known."
            ) from None
    claim = replace(claim, confirmed=True)
    claims.save(home, claim)
    return claim


def enter(home: Home, vault: Vault, name: str, file: str, by: str) -> str:
    """Make one paper of a claim evidence in its client's archive, on a person's word; the object's id.

    A letter becomes a statement, any other paper a sighting. ConfigError where there is no such paper.
    """
    from archiver.opening import writing

    claim = claims.load(home, name)
    if not by.strip():
        raise ConfigError("Say who enters the paper: --by NAME.")
    inside = claims.folder(home, claim.claim) / Path(file).name
    path = inside if inside.is_file() else Path(file)
    content = _read(path)
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
        stored = archive.put(new).result()
        if not stored.already:
            archive.append("statement", id=stored.object_id)
        archive.seal()
    return stored.object_id


# ---------------------------------------------------------------- the verdict


@dataclass(frozen=True, kw_only=True)
class Assessed:
    """What was assessed, and what came of it; `licence` is None where no licence was found, and `missing` says why.

    `licence` is the first of `licences`: a claim may be about several pictures, and then the worst verdict counts.
    """

    licence: str | None
    licences: tuple[str, ...] = ()
    assessment: Assessment | None = None
    match: str | None = None
    used_on: str | None = None
    missing: Sequence[str] = ()
    notes: Sequence[str] = ()

    def as_json(self, language: str) -> dict[str, Any]:
        """The document of `assess --json`. A licence that was not found is an open question, never a fault."""
        if self.assessment:
            document = self.assessment.as_json(language)
        else:
            message = " ".join(["No licence found in this archive.", *(f"{each}." for each in self.missing)])
            finding = {"rule": "found", "verdict": "open", "message": message, "document": None, "page": None}
            document = {"verdict": "open", "findings": [finding | {"source": "what the archives hold"}]}
        return document | {
            "licence": self.licence,
            "licences": list(self.licences),
            "match": self.match,
            "used_on": self.used_on,
        }


def assess(
    home: Home, client: str, use: Use, *, name: str | None = None, picture: str | None = None,
    claim: Claim | None = None, used_on: str | None = None, warn: Callable[[str], None] = lambda _: None,
) -> Assessed:  # fmt: skip
    """Whether a licence, or the one that a picture shows, covers a use for a client.

    Of a claim the first use counts, and its pictures and licence where neither is named. ConfigError where its
    readings are not confirmed.
    """
    owner = home.client(client)
    if claim:
        if not claim.confirmed:
            raise ConfigError(f"The readings of {claim.claim} are not confirmed. {CONFIRM}")
        use = replace(use, first_seen=use.first_seen or claim.first_seen)
        used_on = used_on or next(iter(claim.urls), None)
    names = [name] if name else list(claim.licences) if claim and not picture else []
    matches = []
    if not names:
        pictures = [picture] if picture else _pictures(home, claim)
        if not pictures:
            raise ConfigError("Name a licence, or a picture with --image FILE.")
        found = [row for each in pictures if (row := _pictured(home, client, each, warn))]
        names, matches = [str(row["licence"]) for row in found], [str(row["match"]) for row in found]
    if not names:
        missing = evidence.incomplete(home, client)
        return Assessed(licence=None, used_on=used_on, missing=missing)
    judged: dict[str, Assessment] = {}
    for each in names:
        with DocumentReader() as reader, evidence.located(home, each, reader, prefer=client) as (_, archive, entry):
            judged[entry.short_id] = apply_rules(case_of(home, owner, archive, entry, reader), use)
    if claim:
        claims.with_licences(home, claim, [*claim.licences, *judged])
    notes = []
    host = (urlsplit(used_on).hostname or "") if used_on else ""
    if host and not any(host == each or host.endswith(f".{each}") for each in owner.domains):
        notes.append(f"{host} is no domain that {owner.name} is known by in this home.")
    match = next((each for each in matches if each != "same"), matches[0] if matches else None)
    if match and match != "same":
        notes.append(f"The match is {match}: compare picture and preview by eye before anything is said.")
    return Assessed(
        licence=next(iter(judged)), licences=tuple(judged), assessment=together(judged), match=match, used_on=used_on,
        notes=notes,
    )  # fmt: skip


def together(judged: Mapping[str, Assessment]) -> Assessment:
    """One assessment of several licences: the worst verdict, and all findings, each with its licence before it."""
    if len(judged) == 1:
        return next(iter(judged.values()))
    findings = [
        replace(each, messages={language: f"{name}: {said}" for language, said in each.messages.items()})
        for name, assessment in judged.items()
        for each in assessment.findings
    ]
    findings.sort(key=lambda each: -WORST.index(each.verdict))
    return Assessment(max((each.verdict for each in judged.values()), key=WORST.index), tuple(findings))


def _pictures(home: Home, claim: Claim | None) -> list[str]:
    return [str(claims.folder(home, claim.claim) / each) for each in claim.pictures] if claim else []


def _pictured(home: Home, client: str, where: str, warn: Callable[[str], None]) -> dict[str, Any] | None:
    """The best find for a picture; what is only possible is not taken for it, and is told."""
    content, name = evidence.picture_of(home, where)
    rows = evidence.find_picture(home, content, name, client=client, warn=warn).rows
    good = [row for row in rows if row["match"] != "possible"]
    if good:
        own = [row for row in good if row["match"] == good[0]["match"] and row["client"] == client]
        return (own or good)[0]
    for row in rows:
        warn(f"possible, to be compared by eye with `archiver find --image`: {row['licence']}")
    return None


def case_of(home: Home, owner: Client, archive: Archive, entry: Entry, reader: DocumentReader) -> Case:
    """Everything that bears on one licence for one client, out of archive and home."""
    agency = home.settings.agency.name
    house = home.clients.get(HOUSE)
    held = assignment.holders(home, [entry.object_id], reader)[entry.object_id]
    versions = [line for line in (next(archive.lines(offset=o)) for _, o in entry.lines) if line.type != "assign"]
    by_hand = served().get(entry.provider)
    confirm, title = None, entry.provider
    if entry.provider in installed():
        info = load(entry.provider).info
        confirm, title = info.confirm, info.title
    elif by_hand and by_hand.confirm:
        confirm, title = Confirm(**by_hand.confirm), by_hand.title
    plan_ended = None
    if entry.licence.plan_ends:
        with Catalogue(home.catalogue(entry.client)) as catalogue:
            plan_ended = paid_until(
                entry.licence, [e.licence for e in catalogue.each() if e.provider == entry.provider]
            )
    return Case(
        file=entry.file,
        client_names=[owner.name, *owner.aliases],
        agency_names=[each for each in (agency, *((house.name, *house.aliases) if house else ())) if each],
        texts=_texts(archive, entry, reader),
        terms=[(each.relation.value, iso(each.seen_at) or "") for each in entry.file.terms],
        assigned=owner.slug in held,
        other_clients=bool(set(held) - {HOUSE, owner.slug}),
        plan_ended=plan_ended,
        secured_since=dates(archive.root).since(versions[-1].seq),
        evidence=archive.origin == "live",
        confirm={each: confirmation(confirm, title, Words(each)) for each in LANGUAGES} if confirm else {},
    )


def _texts(archive: Archive, entry: Entry, reader: DocumentReader) -> dict[str, list[str]]:
    """The text of each page of the documents that say something. IntegrityError where one is not what was archived."""
    stored = archive.object(entry.object_id)
    texts = {}
    for document in entry.file.documents:
        content_is_text = document.kind is DocumentKind.RECORD
        if document.kind in (DocumentKind.CERTIFICATE, DocumentKind.RECEIPT) or content_is_text:
            content = stored.read(document.name)
            reading = read_text(content) if content_is_text else reader.read(content, document.media_type)
            texts[document.name] = reading.text.split(PAGE_BREAK)
    return texts


# ---------------------------------------------------------------- the pack and the drafts


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """What to write, and for what use: `use` counts for the drafts, which depend on the verdict."""

    out: Path
    language: str = "en"
    claim: Claim | None = None
    use: Use = Use()  # noqa: RUF009  # frozen
    internal: bool = False
    drafts: bool = False
    counter_requests: bool = True


def hand_over(
    home: Home, names: Sequence[str], order: HandOver, *, warn: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Write the pack of these licences, or of the claim's own, and drafts where asked for; what was written.

    Drafts lie in the claim's folder, else in `drafts` beside the pack, in a folder for each of several licences.
    """
    claim = order.claim
    if claim and not claim.confirmed:
        raise ConfigError(f"The readings of {claim.claim} are not confirmed. {CONFIRM}")
    names = names or (claim.licences if claim else ())
    if not names:
        raise ConfigError("Name a licence, or a claim whose licence was found: `archiver assess --claim CLAIM`.")
    pictures = _pictures(home, claim)
    written = evidence.proof(
        home, names, order.out, language=order.language, internal=order.internal, claim=claim,
        picture=Path(pictures[0]).read_bytes() if pictures else None, prefer=claim.client if claim else None, warn=warn,
    )  # fmt: skip
    if not order.drafts:
        return written
    folder = claims.folder(home, claim.claim) if claim else order.out.parent
    for name in names:
        prefer = claim.client if claim else None
        with DocumentReader() as reader, evidence.located(home, name, reader, prefer=prefer) as (slug, archive, entry):
            owner = home.client(prefer or slug)
            case = case_of(home, owner, archive, entry, reader)
            history = [next(archive.lines(offset=offset)) for _, offset in entry.lines]
        use = replace(order.use, first_seen=order.use.first_seen or (claim.first_seen if claim else None))
        assigned = [str(line.fields["at"]) for line in history if line.type == "assign"]
        matter = Matter(
            file=case.file, folder=entry.folder, platform=platform_of(entry.provider)["title"], client=owner.name,
            verdict=apply_rules(case, use).verdict, agency=home.settings.agency.name, claim=claim,
            secured=case.secured_since, assigned=assigned[-1] if assigned else None,
        )  # fmt: skip
        place = folder / "drafts" / entry.folder if len(names) > 1 else folder / "drafts"
        written += write_drafts(place, drafts(matter, order.language, counter_requests=order.counter_requests))
    return written


# ---------------------------------------------------------------- the dialogue

EMPTY = """\
The archive does not hold this licence yet. Each of these brings one in; then start `archiver letter` again:
  archiver import FILE --client {client}            a certificate, an invoice or a mail that you have
  archiver capture --client {client} URL            the platform's page of the licence, opened by you
  archiver run --client {client} --asset ID         one asset, fetched from the connected accounts"""
CHECKLIST = """\
There is no reply to this by machine. In this order, before {deadline}:
  1. Capture the page as it is now (`archiver capture`), then take the picture down.
  2. Delete nothing: neither files nor mails.
  3. Have a lawyer answer; admit and offer nothing until then."""


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """What `archiver letter` was told beforehand; `yes` accepts what is read, and what is certain, without asking."""

    client: str
    yes: bool = False
    licence: str | None = None
    picture: Path | None = None
    by: str | None = None
    reason: str | None = None
    out: Path | None = None
    use: Use = Use()  # noqa: RUF009  # frozen
    stated: Mapping[str, Any] = field(default_factory=dict)
    language: str = "en"


def letter(
    home: Home, vault: Callable[[], Vault], path: Path, told: Dialogue, *, ask: Ask | None,
    say: Callable[[str], None],
) -> tuple[Claim, Assessed | None, Path | None]:  # fmt: skip
    """From a letter to a pack, step by step; what was done before is kept, and every step may be skipped.

    Without `ask` nothing is asked: steps that need a person are skipped, and said so.
    """
    pictures = [told.picture] if told.picture else []
    say("1. The letter")
    claim = add(home, told.client, path, told.stated, pictures, accept=told.yes, ask=ask, say=say)
    for sentence in described(claim):
        say(f"   {sentence}")
    if not claim.confirmed:
        say(f"   These readings are not confirmed. {CONFIRM}")
        return claim, None, None

    say("2. The licence")
    licences = [told.licence] if told.licence else [*claim.licences] or _matched(home, claim, ask, say)
    if not licences:
        for sentence in (*evidence.incomplete(home, told.client), *EMPTY.format(client=told.client).split("\n")):
            say(f"   {sentence}")
        return claim, None, None
    found = []
    for licence in licences:
        with (
            DocumentReader() as reader,
            evidence.located(home, licence, reader, prefer=told.client) as (slug, _, entry),
        ):
            found.append((slug, entry.short_id))
        say(f"   {entry.short_id} {entry.licence.asset.title or ''}".rstrip())
    claim = claims.with_licences(home, claim, [short_id for _, short_id in found])

    say("3. Whom it was for")
    for slug, short_id in found:
        claim = _for_whom(home, vault, claim, told, slug, short_id, ask, say)

    say("4. The verdict")
    use = told.use
    if use.kind is None and ask:
        answer = ask("   Was the use commercial or editorial (Enter: not known)", "").strip().lower()
        use = replace(use, kind=answer if answer in ("commercial", "editorial") else None)
    assessed = assess(home, told.client, use, claim=claim, warn=say)
    assert assessed.assessment
    say(f"   {VERDICTS[assessed.assessment.verdict]}")
    for finding in assessed.assessment.findings:
        say(f"   - {finding.messages[told.language]}")
    for note in assessed.notes:
        say(f"   - {note}")

    say("5. The pack")
    if assessed.assessment.verdict is Verdict.NOT_COVERED or claim.kind is LetterKind.ABMAHNUNG:
        deadline = iso(claim.deadline) or "the deadline"
        for sentence in CHECKLIST.format(deadline=deadline).split("\n"):
            say(f"   {sentence}")
        return claim, assessed, None
    out = told.out or claims.folder(home, claim.claim) / "proof.zip"
    if out.exists():
        say(f"   {out} is there already; it is kept.")
    elif ask and ask(f"   Write {out} (yes or no)", "yes").strip().lower() not in ("yes", "y", "ja", "j"):
        say("   Skipped. `archiver proof` writes it.")
        return claim, assessed, None
    else:
        order = HandOver(out=out, language=told.language, claim=claim, use=use, drafts=True)
        for path in hand_over(home, claim.licences, order, warn=say):
            say(f"   Wrote {path}.")
        say("   Look through all of it before you send anything; nothing is sent by itself.")
    return claim, assessed, out


def _for_whom(
    home: Home, vault: Callable[[], Vault], claim: Claim, told: Dialogue, slug: str, short_id: str, ask: Ask | None,
    say: Callable[[str], None],
) -> Claim:  # fmt: skip
    """The claim with the licence in its client's archive, where a person says that it is for that client."""
    name = home.client(told.client).name
    if slug == told.client:
        say(f"   {short_id} lies in the archive of {name}.")
        return claim
    say(f"   {short_id} lies in the archive {slug}, and nothing says that it is for {name}.")
    by = told.by or (ask("   Who says that it is (Enter skips this)", "") if ask else "")
    reason = told.reason or (ask("   Why: the order, the job", "") if ask and by else "")
    if not (by and reason):
        say("   Skipped. `archiver assign` records it.")
        return claim
    evidence.assign(home, vault(), short_id, assignment.Assignment(client=told.client, by=by, reason=reason))
    say(f"   Assigned to {told.client} on the word of {by}.")
    folder = short_id.rpartition("/")[2]
    return claims.with_licences(home, claim, [*claim.licences, f"{told.client}/{folder}"])


VERDICTS = {
    Verdict.COVERED: "Covered: every fact that is needed is there.",
    Verdict.OPEN: "Open: what follows is to be settled first.",
    Verdict.NOT_COVERED: "Not covered, as far as the documents say.",
}


def described(claim: Claim) -> list[str]:
    """A claim in sentences: who, what, by when, and how each was read."""
    clocks = claim.clocks(datetime.now(UTC))
    lines = [f"Claim {claim.claim} for {claim.client}"]
    lines += [
        f"{name.replace('_', ' ')}: {shown(claim, name)}" + (f" ({claim.sure[name]})" if name in claim.sure else "")
        for name in FIELDS
        if shown(claim, name) != "-"
    ]
    if claim.deadline:
        left = f"overdue by {-clocks['days_left']} days" if clocks["overdue"] else f"{clocks['days_left']} days left"
        lines.append(f"The deadline ends with {claim.deadline} in {claim.deadline_zone}: {left}.")
    if claim.notice_deadline:
        lines.append(
            f"Notice to an indemnifying platform: by {claim.notice_deadline}, {clocks['notice_days_left']} days."
        )
    if claim.kind is LetterKind.ABMAHNUNG:
        lines.append("This is an Abmahnung: give it to a lawyer, and sign no undertaking before.")
    return lines


def _matched(home: Home, claim: Claim, ask: Ask | None, say: Callable[[str], None]) -> list[str]:
    """The licences of the letter's pictures; a person confirms what is not surely the same."""
    matched = []
    for picture, name in enumerate(claim.pictures, 1):
        content = (claims.folder(home, claim.claim) / name).read_bytes()
        found = evidence.find_picture(home, content, client=claim.client, warn=say)
        if not found.rows:
            continue
        best = found.rows[0]
        if found.sheets:
            beside = claims.folder(home, claim.claim) / f"match-{picture}.png"
            replace_file(beside, evidence.sheet(found.sheets))
            say(f"   {best['match']}: {best['licence']}; side by side in {beside}")
        if ask:
            question = f"   Is {best['licence']} the picture of the letter (yes or no)"
            if ask(question, "yes" if best["match"] == "same" else "no").strip().lower() in ("yes", "y", "ja", "j"):
                matched.append(str(best["licence"]))
        elif best["match"] == "same":
            matched.append(str(best["licence"]))
        else:
            say("   A person has to confirm that: name it with --licence.")
    if ask and not matched:
        text = ask("   Words, an asset id, a file name or an address to look for (Enter skips this)", "").strip()
        rows = evidence.find(home, text, client=claim.client, limit=5) if text else []
        for number, row in enumerate(rows, 1):
            say(f"   {number}. {row['licence']} {row['title'] or ''}".rstrip())
        choice = ask("   Which one (Enter: none)", "").strip() if rows else ""
        if choice.isdecimal() and 0 < int(choice) <= len(rows):
            matched.append(str(rows[int(choice) - 1]["licence"]))
    return list(dict.fromkeys(matched))
