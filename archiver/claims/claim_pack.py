"""Write what is handed over: the pack of a claim's licences, and drafts of letters and statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.catalogue import search
from archiver.catalogue.archives import authorities_of
from archiver.claims import asic_container, claim_files, packing, wacz
from archiver.claims.case_builder import case_of
from archiver.claims.claim_files import Claim
from archiver.claims.drafts import Draft, DraftContext, drafts, write_drafts
from archiver.claims.facts import Use, platform_of
from archiver.claims.rule_engine import Verdict, assess
from archiver.core.errors import ConfigError, Remedy
from archiver.home.connections import network_of
from archiver.home.settings import Home
from archiver.reading.worker import DocumentReader

type PackProgress = Callable[[int, int], None]
"""Hears how many steps of how many are done."""

if TYPE_CHECKING:
    from pyhanko.sign.signers import Signer


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """What to write. `use` matters for the drafts, which depend on the verdict. `asice` is a container with timestamps.

    `wacz` is a file of the captured pages for viewers of web archives. `signer` signs proof.pdf.
    """

    out: Path
    language: str = "en"
    claim: Claim | None = None
    use: Use = Use()  # noqa: RUF009  # frozen
    internal: bool = False
    drafts: bool = False
    counter_requests: bool = True
    asice: bool = False
    wacz: bool = False
    signer: Signer | None = None


def hand_over(
    home: Home, names: Sequence[str], order: HandOver, *, warn: Callable[[str], None],
    progress: PackProgress = lambda *_: None,
) -> list[Path]:  # fmt: skip
    """Write the pack of these licences, or of the claim's, and drafts if requested. Returns the written files.

    Drafts go into the claim's folder, or into `drafts` beside the pack; several licences have a folder each. `warn`
    gets the licences that were found only by a picture, and those that do not cover the claim's use. `progress` hears
    of each step; what it raises ends the work, and then no pack is left behind.
    """
    claim = order.claim
    if claim:
        claim_files.must_be_confirmed(claim)
    container = asic_container.path_of(order.out) if order.asice else None
    viewed = wacz.path_of(order.out) if order.wacz else None
    if container and not authorities_of(home):
        raise ConfigError("A container needs a timestamp authority. Name one under `timestamps` in archiver.yaml.")
    compared = bool(names)  # a person who names a licence has compared it
    names = names or (claim.licences if claim else ())
    if not names:
        ways = claim_files.ways_to_licence(home, claim) if claim else Remedy("find")
        raise ConfigError("Name a licence, or a claim with a licence.", remedy=ways)
    contexts = _judged(home, names, order, warn, compared=compared)
    request = packing.ProofRequest(
        language=order.language, internal=order.internal, claim=claim, prefer=claim.client if claim else None,
        pictures=[path.read_bytes() for path in claim_files.pictures(home, claim)],
        verdicts={each.folder: each.assessed for each in contexts}, signer=order.signer,
    )  # fmt: skip
    drafted: list[Path] = []

    def step(done: int, of: int) -> None:
        # Now the pack is complete and has no name yet. So there are drafts wherever there is a pack, also after a kill.
        if done == of and order.drafts:
            drafted.extend(_write_drafts(home, contexts, order, warn))
        progress(done, of)

    written = packing.proof(home, names, order.out, request, warn=warn, progress=step)
    if order.signer and written[1].suffix != ".pdf":
        warn(f"{written[1].name} has no signature of yours: only a PDF can have one.")
    if viewed:
        if wacz.write_wacz(viewed, written[0], datetime.now(UTC)):
            written.append(viewed)
        else:
            warn(f"The pack encloses no captured page, so {viewed.name} was not written.")
    if container:
        contained = [path for path in written if path != viewed]
        written += _write_container(home, container, contained, warn)
    return [*written, *drafted]


def is_written(out: Path) -> bool:
    """Whether there is a pack of this name, and its drafts. One that a killed command left unfinished is removed."""
    return packing.is_written(out)


def _judged(
    home: Home, names: Sequence[str], order: HandOver, warn: Callable[[str], None], *, compared: bool
) -> list[DraftContext]:
    """The rules' verdict on each licence, where any is needed. Warns of what should not be handed on unseen."""
    claim = order.claim
    probable = claim.probable if claim else ()
    for each in [name for name in names if name in probable]:
        warn(f"{each} was found only by its picture and is not certain. Compare both pictures before you hand this on.")
    judged = names if claim or order.drafts or order.internal else ()
    contexts = [_draft_context(home, name, order, compared=compared or name not in probable) for name in judged]
    for context in contexts:
        if context.assessed.verdict is Verdict.NOT_COVERED:
            why = context.assessed.findings[0].messages["en"]
            warn(f"{context.folder} is not covered: {why} Ask a lawyer before you hand this on.")
    return contexts


def _write_container(home: Home, container: Path, pack: Sequence[Path], warn: Callable[[str], None]) -> list[Path]:
    """Write the container of a pack; nothing, with a warning, if no authority gave a timestamp."""
    files = [path for path in pack if not path.stem.endswith("-internal")]
    authorities = authorities_of(home)
    reasons = asic_container.write_container(container, files, authorities, network_of(home).post)
    for reason in reasons:
        warn(f"{container.name} has no timestamp by {reason}.")
    if len(reasons) < len(authorities):
        return [container]
    warn(f"No authority gave a timestamp, so {container.name} was not written. The pack is complete without it.")
    return []


def _write_drafts(
    home: Home, contexts: Sequence[DraftContext], order: HandOver, warn: Callable[[str], None]
) -> list[Path]:
    """Write the drafts of all licences; several licences have a folder each. Edited drafts stay, with a warning."""
    claim, written = order.claim, list[Path]()
    folder = (claim_files.folder(home, claim.claim) if claim else order.out.parent) / "drafts"
    for context in contexts:
        made = drafts(context, order.language, counter_requests=order.counter_requests)
        place = folder / context.folder if len(contexts) > 1 else folder
        new = write_drafts(place, made)
        if len(new) < 2 * len(made):
            warn(
                f"{place} contains drafts that somebody edited. They stay as they are. Delete those that you want to "
                "make again."
            )
        written += new
    return written


def pack_name(names: Sequence[str]) -> str:
    """A file name that says what the pack of these licences (short ids) is, without an ending."""
    client, _, folder = names[0].rpartition("/") if names else ("", "", "")
    asset = "_".join(folder.split("_")[2:-1]) if len(names) == 1 else f"{len(names)}-licences"
    return "_".join(filter(None, ("proof", client, re.sub(r"[^A-Za-z0-9._-]", "-", asset))))


def checklist(home: Home, order: HandOver) -> Draft | None:
    """The checklist for a claim that gets no drafted reply: an uncovered use, or an Abmahnung."""
    named = [_draft_context(home, name, order) for name in order.claim.licences] if order.claim else []
    made = (each for context in named for each in drafts(context, order.language))
    return next((each for each in made if each.name.startswith("checklist-")), None)


def _draft_context(home: Home, name: str, order: HandOver, *, compared: bool = True) -> DraftContext:
    """The rules' verdict on one licence, and the facts that drafts may state."""
    claim = order.claim
    prefer = claim.client if claim else None
    with DocumentReader() as reader, search.located(home, name, reader, prefer=prefer) as (slug, archive, entry):
        owner = home.client(prefer or slug)
        case = replace(case_of(home, owner, archive, entry, reader), compared=compared)
        assigned = search.assigned_at(archive, entry)
    use = replace(order.use, first_seen=order.use.first_seen or (claim.first_seen if claim else None))
    return DraftContext(
        file=case.file, folder=entry.folder, platform=platform_of(entry.provider)["title"], client=owner.name,
        assessed=assess(case, use), agency=home.settings.agency.name, claim=claim, secured=case.secured_since,
        secured_documents=case.secured_documents, assigned=assigned, evidence=case.evidence,
    )  # fmt: skip
