"""The four answers about a picture in use, as rules with reasons. Pure; the reasons' words are in `answers.yaml`.

A licence covers a picture only if it is certainly the same picture and the rules of verdicts say `covered`. An answer
never says that somebody infringes anything, and has no score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from archiver.claims.rule_engine import MANDATORY, WORST, Assessment, Verdict
from archiver.core.packaged_data import parse_yaml

LANGUAGES = ("en", "de")
SAME = "same"
PROBABLE = "probable"
NAMED = ("file_name",)
MAX_NAMED_PAGES = 3  # pages that a reason names


class AuditAnswer(StrEnum):
    """What the archives say of a picture, the most urgent last but one."""

    COVERS = "licence_covers"
    BUT = "licence_but"
    STOCK = "looks_like_stock"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class AuditReason:
    """One sentence, in each language, by the rule that says so."""

    rule: str
    messages: Mapping[str, str]

    def as_json(self) -> dict[str, str]:
        return {"rule": self.rule, **self.messages}


@dataclass(frozen=True, kw_only=True)
class LicenceCandidate:
    """A licence that a picture may be of.

    `match`: same, probable or file_name; possible matches are left out, since most are chance. A probable one is
    certain if the file's name or metadata names the same asset, as `quote` says. `assessment` is None if the licence is
    another client's. `uncredited`: the pages that name neither platform nor contributor.
    """

    licence: str
    match: str
    assessment: Assessment | None
    comp: bool = False
    uncredited: Sequence[str] = ()
    quote: str = ""

    @property
    def certain(self) -> bool:
        """Whether it is certainly the licence of this picture."""
        return self.match == SAME or (self.match == PROBABLE and bool(self.quote))


@dataclass(frozen=True, kw_only=True)
class StockSign:
    """What says that a picture is a platform's. `where`: address or metadata."""

    where: str
    platform: str
    quote: str


@dataclass(frozen=True, kw_only=True)
class AnsweredPicture:
    answer: AuditAnswer
    reasons: tuple[AuditReason, ...]
    licences: tuple[str, ...] = ()


def answer(
    candidates: Sequence[LicenceCandidate], signs: Sequence[StockSign], generated: str | None = None
) -> AnsweredPicture:
    """The answer about one picture, from the licences that it may be of and what the file says of itself."""
    extra = [_say("generated", quote=generated)] if generated else []
    likely = [each for each in candidates if not each.comp]
    if likely:
        judged = sorted(((_judge(each), each) for each in likely), key=lambda each: _rank(each[0], each[1]))
        (covers, reasons), best = judged[0]
        others = [each.licence for _, each in judged[1:] if each.assessment]
        more = [_say("several_licences", licences=", ".join(others))] if others and best.assessment else []
        own = tuple(each.licence for _, each in judged if each.assessment)
        return AnsweredPicture(
            answer=AuditAnswer.COVERS if covers else AuditAnswer.BUT, reasons=(*reasons, *more, *extra), licences=own
        )
    stock = [_say("comp_only")] if any(each.comp for each in candidates) else []
    stock += [_say(each.where, platform=each.platform, quote=each.quote) for each in signs]
    if stock:
        return AnsweredPicture(answer=AuditAnswer.STOCK, reasons=(*stock, *extra))
    return AnsweredPicture(answer=AuditAnswer.UNKNOWN, reasons=(_say("no_sign"), *extra))


def _judge(each: LicenceCandidate) -> tuple[bool, tuple[AuditReason, ...]]:
    """Whether this licence covers the use, and the reasons."""
    if each.assessment is None:
        return False, (_say("other_client"),)
    if each.match in NAMED:
        first = _say("named_only", licence=each.licence, quote=each.quote)
    else:
        first = _say("same_picture" if each.match == SAME else "compare", licence=each.licence)
    if each.match == PROBABLE and each.quote:
        first = _say("picture_and_name", licence=each.licence, quote=each.quote)
    reasons, worst = [first], Verdict.COVERED if each.certain else Verdict.OPEN
    credited = False
    for finding in each.assessment.findings:
        if finding.verdict is Verdict.COVERED:
            continue
        reason = AuditReason(finding.rule, finding.messages)
        if finding.rule == "credit":
            if not each.uncredited:
                credited = True
                continue
            named = ", ".join(each.uncredited[:MAX_NAMED_PAGES])
            more = len(each.uncredited) - MAX_NAMED_PAGES
            said = {language: _say("no_credit", pages=f"{named} (+{more})" if more > 0 else named,
                                   terms=finding.messages[language]).messages[language]
                    for language in LANGUAGES}  # fmt: skip
            reason = AuditReason("no_credit", said)
        elif finding.rule == "match":  # said above in the audit's words
            continue
        reasons.append(reason)
        worst = max(worst, finding.verdict, key=WORST.index)
    if credited:
        reasons.append(_say("credit"))
    # A verdict is also open where a mandatory rule says nothing.
    good = {finding.rule for finding in each.assessment.findings if finding.verdict is Verdict.COVERED}
    return worst is Verdict.COVERED and good.issuperset(MANDATORY), tuple(reasons)


def _rank(judged: tuple[bool, tuple[AuditReason, ...]], each: LicenceCandidate) -> tuple[object, ...]:
    covers, _ = judged
    verdict = WORST.index(each.assessment.verdict) if each.assessment else len(WORST)
    return not covers, each.assessment is None, not each.certain, each.match in NAMED, verdict, each.licence


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    text = files("archiver.agency.audit").joinpath("answers.yaml").read_text("utf-8")
    loaded: Mapping[str, Mapping[str, str]] = parse_yaml(text)
    return loaded


def _say(rule: str, /, **facts: object) -> AuditReason:
    return AuditReason(rule, {language: _sentences()[rule][language].format_map(facts) for language in LANGUAGES})
