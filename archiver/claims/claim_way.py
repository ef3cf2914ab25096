"""The way through a claim: which step is next, how each step stands, and what the headline answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from archiver.claims.claim_events import ClaimStep, closed_by
from archiver.claims.claim_files import Claim
from archiver.claims.rule_engine import Verdict

NOT_PICTURES = ("audio", "music", "sound", "font")  # how the media types of works begin that no picture shows


class NextStep(StrEnum):
    """A step that a person takes next about a claim."""

    CONFIRM = "confirm"
    FIND = "find"
    UNREADABLE = "unreadable"  # the archive is damaged
    ASSIGN = "assign"
    PROVE = "prove"
    ANSWER = "answer"
    LAWYER = "lawyer"
    WITHOUT = "without"  # there is no licence in this archive
    WAIT = "wait"
    CLOSED = "closed"


class StepState(StrEnum):
    """How a step stands: `open` has questions that nobody answered yet, `bad` is done with a bad result."""

    DONE = "done"
    OPEN = "open"
    BAD = "bad"
    NOW = "now"
    LATER = "later"


@dataclass(frozen=True, kw_only=True)
class ClaimWay:
    """A claim as its page shows it. `own`: all licences are in the client's archive. `proof`: a proof is there.

    Not `readable`: the archive is damaged. `verdict` is then the last one that was kept.
    """

    claim: Claim
    own: bool = False
    verdict: Verdict | None = None
    proof: bool = False
    readable: bool = True

    @property
    def lawyer(self) -> bool:
        """Whether no reply is drafted: an Abmahnung, a court's paper, or a use that the licence does not cover."""
        return self.claim.for_lawyer or self.verdict is Verdict.NOT_COVERED

    @property
    def next(self) -> NextStep:
        """The one step that comes next."""
        claim = self.claim
        settled = {
            ClaimStep.CLOSED: NextStep.CLOSED, ClaimStep.ANSWERED: NextStep.WAIT, ClaimStep.NEW: NextStep.CONFIRM,
            ClaimStep.NO_LICENCE: NextStep.WITHOUT,
        }  # fmt: skip
        if claim.step in settled:
            return settled[claim.step]
        if not self.readable:
            return NextStep.UNREADABLE
        if claim.step is ClaimStep.CONFIRMED:
            return NextStep.FIND
        if not self.own:
            return NextStep.ASSIGN
        if self.lawyer:
            return NextStep.LAWYER
        return NextStep.ANSWER if self.proof else NextStep.PROVE

    @property
    def steps(self) -> Mapping[str, StepState]:
        """Each step of a claim with its state, in order. A step with an open question is never done."""
        claim, now = self.claim, self.next
        found = claim.step is ClaimStep.LICENCE_FOUND or bool(claim.licences)
        judged = {None: StepState.LATER, Verdict.COVERED: StepState.DONE, Verdict.OPEN: StepState.OPEN,
                  Verdict.NOT_COVERED: StepState.BAD}[self.verdict if found and self.readable else None]  # fmt: skip
        without = claim.step is ClaimStep.NO_LICENCE
        done = {
            "letter": StepState.DONE if claim.confirmed else StepState.LATER,
            "licence": StepState.DONE if found else StepState.OPEN if without else StepState.LATER,
            "client": StepState.DONE if found and self.own and self.readable else StepState.LATER,
            "verdict": judged,
            "proof": StepState.DONE if found and self.proof and not self.lawyer else StepState.LATER,
            "answer": StepState.DONE if claim.answered else StepState.LATER,
            "end": StepState.DONE if now is NextStep.CLOSED else StepState.LATER,
        }
        at = {
            NextStep.CONFIRM: "letter", NextStep.FIND: "licence", NextStep.UNREADABLE: "licence",
            NextStep.ASSIGN: "client", NextStep.PROVE: "proof",
            NextStep.ANSWER: "answer", NextStep.LAWYER: "answer", NextStep.WITHOUT: "answer", NextStep.WAIT: "end",
        }.get(now)  # fmt: skip
        return {name: StepState.NOW if name == at else state for name, state in done.items()}

    def headline(self, matches: Sequence[str] | None) -> tuple[str, str]:
        """The answer to "do we have a licence?" as the key of a text, and its tone.

        `matches` are the words of the picture search, best first; None before a search.
        """
        claim = self.claim
        if closed := closed_by(claim.events):
            return f"closed_{closed.outcome}", "calm"
        if claim.answered and not claim.licences:
            return "answered", "calm"
        if not claim.confirmed:
            return "letter_came", "calm"
        if claim.step is ClaimStep.NO_LICENCE:
            return "none_here", "warn"
        if not self.readable:
            return "unreadable", "bad"
        if claim.licences and self.verdict is not None:
            if not self.own:
                return "found_elsewhere", "warn"
            return {
                Verdict.COVERED: ("yes", "good"), Verdict.OPEN: ("yes_open", "warn"),
                Verdict.NOT_COVERED: ("not_covered", "bad"),
            }[self.verdict]  # fmt: skip
        if matches is None:
            return "which_picture", "calm"
        if "same" in matches:
            return "compare_same", "warn"
        return ("compare", "warn") if "probable" in matches else ("none_here", "warn")


def may_be_picture(media_type: str | None) -> bool:
    """Whether a work may be the picture of a claim, as far as its media type says."""
    return not (media_type or "").casefold().startswith(NOT_PICTURES)
