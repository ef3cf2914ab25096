"""Claim: the guided way from the letter to the pack. Each step is a form; what was done stays done."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.catalogue import assigning, search
from archiver.catalogue.assignment import Assignment, Loss
from archiver.catalogue.index import Entry, ErasedEntry
from archiver.catalogue.matching import Word
from archiver.claims import claim_entry, claim_files
from archiver.claims.assessment import Assessed, assess
from archiver.claims.claim_files import Claim
from archiver.claims.claim_pack import HandOver, hand_over
from archiver.claims.facts import Use
from archiver.claims.rule_engine import WORST, Verdict
from archiver.core.atomic_files import scratch
from archiver.core.errors import ConfigError
from archiver.desk.app import Visit, Way
from archiver.desk.auth import OWNER, Role
from archiver.desk.kept_searches import Search, missing
from archiver.desk.licence_pages import handed_out
from archiver.home.settings import HOUSE
from archiver.reading.letters import LetterKind
from archiver.reading.worker import DocumentReader

USES = ("commercial", "editorial")
PACK = "proof.zip"


def listed(visit: Visit) -> Response:
    """All claims, the most urgent first."""
    return visit.page("claims.html", claims=due(visit))


def new(visit: Visit) -> Response:
    return visit.page("new-claim.html", letter=None, client=visit.asked("client"), error=None)


def add(visit: Visit) -> Response:
    """A letter, a picture, or both, become a claim."""
    letter, picture = visit.upload("letter"), visit.upload("picture")
    if key := visit.given("letter_key"):
        letter = visit.desk.kept(f"{visit.visitor.name} {key}")
    client = visit.given("client")
    if client not in visit.home.clients or (letter is None and picture is None):
        error = "needs_client" if client not in visit.home.clients else "needs_letter"
        return visit.page("new-claim.html", 422, letter=None, client=client, error=error)
    return begun(visit, client, letter, picture)


def begun(
    visit: Visit, client: str, letter: tuple[bytes, str] | None, picture: tuple[bytes, str] | None,
    licence: str | None = None,
) -> Response:  # fmt: skip
    """A new claim, of the files as they came."""
    with tempfile.TemporaryDirectory(prefix=scratch("desk")) as folder:
        paths: dict[str, Path] = {}
        for what, file in (("letter", letter), ("picture", picture)):
            if file:
                paths[what] = Path(folder) / (what + Path(file[1]).suffix[:9])
                paths[what].write_bytes(file[0])
        pictures = [paths["picture"]] if picture else []
        claim = claim_entry.add(visit.home, client, paths.get("letter"), {}, pictures)
    if letter is None:  # nothing was read, so a person has still to say what the letter says
        claim = replace(claim, confirmed=False)
        claim_files.save(visit.home, claim)
    if licence:
        claim = claim_files.with_licences(visit.home, claim, [licence])
    visit.told("claim added", claim.claim)
    return visit.to("claim", claim.claim)


def taken(visit: Visit, content: bytes, name: str, client: str) -> Response:
    """A letter that was dropped where pictures are looked for. Whose it is, a person says, where that is not clear."""
    own = [each.slug for each in visit.clients() if each.slug != HOUSE]
    if client or len(own) == 1:
        return begun(visit, client or own[0], (content, name), None)
    key = secrets.token_urlsafe(12)
    visit.desk.keep(f"{visit.visitor.name} {key}", len(content), (content, name))
    return visit.page("new-claim.html", letter=(key, name), client="", error=None)


def from_picture(visit: Visit) -> Response:
    """A picture that was found becomes a claim, with the licence that a person chose for it."""
    kept: Search = visit.desk.kept(f"{visit.visitor.name} {visit.path['key']}")
    name = visit.given("licence")
    slug = visit.client(name.partition("/")[0]).slug
    client = visit.client(kept.client or visit.given("client") or slug).slug
    if name not in {row["licence"] for row in kept.found.rows}:
        raise HTTPException(404)
    return begun(visit, client, None, (kept.content, kept.name or "picture.jpg"), licence=name)


# ---------------------------------------------------------------- one claim


def _claim(visit: Visit) -> Claim:
    found = [each for each in claim_files.all_claims(visit.home) if each.claim == visit.path["claim"]]
    if not found:
        raise HTTPException(404)
    return found[0]


def show(visit: Visit) -> Response:
    """A claim with all its steps, and the deadline above them."""
    claim = _claim(visit)
    use = visit.asked("use") if visit.asked("use") in USES else ""
    entries = _entries(visit, claim)
    assessed = [_assessed(visit, claim, entry.short_id, use) for entry, _ in entries] if claim.confirmed else []
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
    verdict = _worst(assessed)
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


def _entries(visit: Visit, claim: Claim) -> list[tuple[Entry | ErasedEntry, bool]]:
    """The claim's licences, and whether each lies in its client's archive."""
    with DocumentReader() as reader:
        found = [search.named(visit.home, each, reader, prefer=claim.client) for each in claim.licences]
    return [(entry, slug == claim.client) for slug, entry in found]


def _assessed(visit: Visit, claim: Claim, licence: str, use: str) -> Assessed:
    """The verdict on one of a claim's licences, of which nothing is kept."""
    known = Use(kind=use or None, first_seen=claim.first_seen)
    page = next(iter(claim.urls), None)
    return assess(visit.home, claim.client, known, name=licence, used_on=page)


def _worst(assessed: list[Assessed]) -> Verdict | None:
    """What all together come to; None for none."""
    verdicts = [each.assessment.verdict for each in assessed if each.assessment]
    return max(verdicts, key=WORST.index, default=None)


def _typed(claim: Claim, name: str) -> str:
    text = claim_entry.shown(claim, name)
    if name == "amount" and claim.amount is not None:
        return f"{claim.amount:.2f}"
    return "" if text == "-" else text


def confirm(visit: Visit) -> Response:
    """A person accepts or corrects what was read."""
    claim = _claim(visit)
    answers = {name: " ".join(visit.given(name).split()) for name in claim_entry.FIELDS if name in visit.form}
    claim_entry.confirm(visit.home, claim, answers)
    visit.told("claim confirmed", claim.claim)
    return visit.to("claim", claim.claim)


def match(visit: Visit) -> Response:
    """Look for the licence by the claim's first picture that finds something, or by one given now."""
    claim = _claim(visit)
    folder = claim_files.folder(visit.home, claim.claim)
    given = visit.upload("picture")
    pictures = [given] if given else [((folder / name).read_bytes(), name) for name in claim.pictures]
    if not pictures:
        return visit.to("claim", claim.claim)
    told: list[str] = []
    for content, name in pictures:
        found = visit.desk.look_for(content, name, claim.client, warn=told.append)
        kept = Search(name, content, claim.client, found, told)
        if found.rows:
            break
    key = secrets.token_urlsafe(12)
    visit.desk.keep(f"{visit.visitor.name} {key}", len(kept.content) + 12_000_000, kept)
    return visit.to("claim", claim.claim, found=key)


def choose(visit: Visit) -> Response:
    """A person says which licence it is."""
    claim = _claim(visit)
    with DocumentReader() as reader, search.located(visit.home, visit.given("licence"), reader) as (_, _, entry):
        pass
    kept = claim.licences if visit.given("also") else ()
    claim_files.with_licences(visit.home, claim, [*kept, entry.short_id])
    visit.told("licence chosen", claim.claim, licence=entry.short_id)
    return visit.to("claim", claim.claim)


def assign(visit: Visit) -> Response:
    """A named person says that the licence was bought for this client."""
    claim = _claim(visit)
    by = visit.given("by") if visit.visitor.name == OWNER else visit.visitor.name
    made = Assignment(client=claim.client, by=by, reason=visit.given("reason"))
    if not made.by or not made.reason:
        raise ConfigError(visit.words("assign_needs"))

    def agreed(losses: Sequence[Loss]) -> bool:
        if not visit.given("take_back"):
            names = ", ".join(visit.home.client(each.client).name for each in losses)
            raise ConfigError(visit.words("assign_takes_back", clients=names))
        return True

    now = []
    for entry, own in _entries(visit, claim):
        if not own:
            assigning.assign(visit.home, visit.desk.vault, entry.short_id, made, agreed)
            visit.told("assigned", entry.short_id, client=claim.client)
        now.append(f"{claim.client}/{entry.folder}")
    claim_files.with_licences(visit.home, claim, now)
    return visit.to("claim", claim.claim)


def pack(visit: Visit) -> Response:
    """The pack and its drafts, made anew where they were made before."""
    claim = _claim(visit)
    use = Use(kind=visit.given("use") if visit.given("use") in USES else None)
    verdict = _worst([_assessed(visit, claim, each, use.kind or "") for each in claim.licences])
    if claim.kind is LetterKind.ABMAHNUNG or verdict in (None, Verdict.NOT_COVERED):
        raise HTTPException(400)
    out = claim_files.folder(visit.home, claim.claim) / PACK
    for old in (out, out.with_suffix(".pdf")):
        old.unlink(missing_ok=True)
    order = HandOver(out=out, language=visit.language, claim=claim, use=use, drafts=True)
    warnings: list[str] = []
    hand_over(visit.home, [], order, warn=warnings.append)
    key = secrets.token_urlsafe(12)
    visit.told("pack made", claim.claim)
    visit.desk.keep(f"{visit.visitor.name} {key}", 1, warnings)
    return visit.page(
        "packed.html",
        claim=claim,
        clocks=claim.clocks(datetime.now(UTC)),
        warnings=warnings,
        papers=papers(visit, claim),
    )


def papers(visit: Visit, claim: Claim) -> dict[str, int]:
    """The files in a claim's folder and their sizes, by name."""
    folder = claim_files.folder(visit.home, claim.claim)
    found = sorted(each for each in folder.rglob("*") if each.is_file() and not each.is_symlink())
    return {each.relative_to(folder).as_posix(): each.stat().st_size for each in found if each.name != "claim.json"}


def paper(visit: Visit) -> Response:
    """One file of a claim's folder."""
    claim, name = _claim(visit), visit.path["name"]
    if name not in papers(visit, claim):
        raise HTTPException(404)
    if visit.asked("save"):
        visit.told("saved", f"{claim.claim}/{name}")
    content = (claim_files.folder(visit.home, claim.claim) / name).read_bytes()
    return handed_out(visit, content, name, "text/plain" if name.endswith((".txt", ".eml")) else "")


WAYS = [
    Way("/claims", listed),
    Way("/claims/new", new, Role.OPERATE),
    Way("/claims/new", add, Role.OPERATE, post=True, upload=True),
    Way("/find/picture/{key}/claim", from_picture, Role.OPERATE, post=True),
    Way("/claim/{claim}", show),
    Way("/claim/{claim}/confirm", confirm, Role.OPERATE, post=True),
    Way("/claim/{claim}/match", match, Role.OPERATE, post=True, upload=True),
    Way("/claim/{claim}/licence", choose, Role.OPERATE, post=True),
    Way("/claim/{claim}/assign", assign, Role.OPERATE, post=True),
    Way("/claim/{claim}/pack", pack, Role.OPERATE, post=True),
    Way("/claim/{claim}/file/{name:path}", paper),
]


def due(visit: Visit) -> list[tuple[claim_files.Claim, dict[str, Any]]]:
    """The claims with their clocks, the most urgent first."""
    now = datetime.now(UTC)
    return [(each, each.clocks(now)) for each in claim_files.all_claims(visit.home)]
