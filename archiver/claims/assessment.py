"""Assess whether a licence, named or found by a picture, covers a use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from archiver.catalogue import picture_search, picture_source, search
from archiver.claims import claim_files
from archiver.claims.case_builder import case_of
from archiver.claims.claim_files import Claim
from archiver.claims.facts import Use
from archiver.claims.rule_engine import WORST, Assessment
from archiver.claims.rule_engine import assess as apply_rules
from archiver.core.errors import ConfigError
from archiver.home.network import web_host
from archiver.home.settings import Home
from archiver.reading.letter_sender import belongs
from archiver.reading.worker import DocumentReader


@dataclass(frozen=True, kw_only=True)
class AssessedLicence:
    """The result of an assessment. If no licence was found, `licence` is None and `missing` says why.

    `licence` is the first of `licences`. A claim may be about several pictures; then the worst verdict counts.
    """

    licence: str | None
    licences: tuple[str, ...] = ()
    assessment: Assessment | None = None
    match: str | None = None
    used_on: str | None = None
    missing: Sequence[str] = ()
    notes: Sequence[str] = ()

    def as_json(self, language: str) -> dict[str, Any]:
        """The JSON document of `assess --json`. A missing licence is an open question, not a fault."""
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


# many parameters: the ways to name a licence, of which a caller gives one
def assess(
    home: Home, client: str, use: Use, *, name: str | None = None, picture: str | None = None,
    claim: Claim | None = None, used_on: str | None = None, warn: Callable[[str], None] = lambda _: None,
) -> AssessedLicence:  # fmt: skip
    """Assess whether a licence, named or found by a picture, covers a client's use.

    A claim gives the first use, and its licences or pictures if none are named. A licence found only by a picture
    counts as compared by a person when it is named. ConfigError if the claim's values are not confirmed.
    """
    owner = home.client(client)
    if claim:
        claim_files.must_be_confirmed(claim)
        use = replace(use, first_seen=use.first_seen or claim.first_seen)
        used_on = used_on or next(iter(claim.urls), None)
    names = [name] if name else list(claim.licences) if claim and not picture else []
    unsure = {each for each in claim.probable if each in names} if claim and not name else set()
    matches = ["probable"] if unsure else []
    if not names:
        pictures = [picture] if picture else [str(path) for path in claim_files.pictures(home, claim)]
        if not pictures:
            ways = claim_files.ways_to_licence(home, claim) if claim else ()
            raise ConfigError("Name a licence, or a picture with --image FILE.", remedy=ways)
        with picture_search.open_recogniser(home) as seeing:  # one for all, because its start is slow
            found = [row for each in pictures if (row := _pictured(home, client, each, seeing, warn))]
        names, matches = [str(row["licence"]) for row in found], [str(row["match"]) for row in found]
        unsure = {str(row["licence"]) for row in found if row["match"] != "same"}
    if not names:
        missing = search.incomplete(home, client)
        return AssessedLicence(licence=None, used_on=used_on, missing=missing)
    judged: dict[str, Assessment] = {}
    probable = set(claim.probable) if claim else set()
    for each in names:
        with DocumentReader() as reader, search.located(home, each, reader, prefer=client) as (_, archive, entry):
            case = replace(case_of(home, owner, archive, entry, reader), compared=each not in unsure)
            judged[entry.short_id] = apply_rules(case, use)
            probable = probable | {entry.short_id} if each in unsure else probable - {entry.short_id}
    if claim:
        kept = claim_files.with_licences(home, claim, [*claim.licences, *judged], sorted(probable))
        claim_files.change(home, kept, verdict=together(judged).verdict.value)
    notes = []
    if use.first_seen and claim_files.to_come(use.first_seen):
        notes.append(f"The first use, {use.first_seen}, is in the future.")
    host = web_host(used_on or "")
    if host and not belongs(host, owner.domains):
        notes.append(f"{host} is not a known domain of {owner.name}.")
    match = next((each for each in matches if each != "same"), matches[0] if matches else None)
    return AssessedLicence(
        licence=next(iter(judged)), licences=tuple(judged), assessment=together(judged), match=match, used_on=used_on,
        notes=notes,
    )  # fmt: skip


def together(judged: Mapping[str, Assessment]) -> Assessment:
    """Combine the assessments of several licences: the worst verdict, and all findings with their licences."""
    if len(judged) == 1:
        return next(iter(judged.values()))
    findings = [
        replace(each, messages={language: f"{name}: {said}" for language, said in each.messages.items()})
        for name, assessment in judged.items()
        for each in assessment.findings
    ]
    findings.sort(key=lambda each: -WORST.index(each.verdict))
    return Assessment(max((each.verdict for each in judged.values()), key=WORST.index), tuple(findings))


def _pictured(
    home: Home, client: str, where: str, seeing: picture_search.PictureRecogniser, warn: Callable[[str], None]
) -> dict[str, Any] | None:
    """The best match for a picture; None if there are only possible matches, which go to `warn`."""
    content, name = picture_source.picture_of(home, where)
    rows = picture_search.find_picture(
        home, content, name, client=client, seeing=seeing, used_on=partial(claim_files.licences_by_page, home),
        warn=warn,
    ).rows  # fmt: skip
    good = [row for row in rows if row["match"] != "possible"]
    if good:
        own = [row for row in good if row["match"] == good[0]["match"] and row["client"] == client]
        return (own or good)[0]
    for row in rows:
        warn(f"possible match: {row['licence']}. Compare both pictures before you rely on it.")
    return None
