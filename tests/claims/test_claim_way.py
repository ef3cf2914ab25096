"""The way through a claim: one next step, no tick on an open question, and a headline for every state."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.claims.claim_events import AnswerTo, ClaimEvent, ClaimEventKind, ClaimOutcome
from archiver.claims.claim_way import ClaimWay, NextStep, StepState, may_be_picture
from archiver.claims.rule_engine import Verdict
from archiver.desk.translations import LANGUAGES, words
from archiver.reading.letters import LetterKind
from tests.support.claims_kit import CLAIM

EVENTS = st.sampled_from(ClaimEventKind).map(
    lambda kind: ClaimEvent(
        what=kind, at="2026-11-24T02:00:00Z",
        to=AnswerTo.CLAIMANT if kind is ClaimEventKind.ANSWERED else None,
        outcome=ClaimOutcome.WON if kind is ClaimEventKind.CLOSED else None,
    )
)  # fmt: skip
WAYS = st.builds(
    lambda kind, confirmed, licences, events, own, verdict, proof, readable: ClaimWay(
        claim=replace(CLAIM, kind=kind, confirmed=confirmed, licences=licences, events=tuple(events)),
        own=own, verdict=verdict if licences else None, proof=proof, readable=readable,
    ),
    st.sampled_from([None, *LetterKind]), st.booleans(), st.sampled_from([(), ("acme/x",)]),
    st.lists(EVENTS, max_size=5), st.booleans(), st.sampled_from(Verdict), st.booleans(),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(way=WAYS, matches=st.none() | st.lists(st.sampled_from(["same", "probable", "possible"]), max_size=3))
def test_every_claim_has_one_next_step_and_a_headline(way: ClaimWay, matches: list[str] | None) -> None:
    steps = way.steps
    assert [*steps] == ["letter", "licence", "client", "verdict", "proof", "answer", "end"]
    now = [name for name, state in steps.items() if state is StepState.NOW]
    assert len(now) == (way.next is not NextStep.CLOSED)
    if way.verdict in (Verdict.OPEN, Verdict.NOT_COVERED):
        assert steps["verdict"] is not StepState.DONE, "an open question has no tick"
    if not way.readable:
        assert StepState.DONE not in (steps["client"], steps["verdict"]), "nobody can look"
    if way.lawyer:
        assert way.next not in (NextStep.PROVE, NextStep.ANSWER), "no reply is drafted"
    key, tone = way.headline(matches)
    assert all(words(language).known(f"headline_{key}") for language in LANGUAGES), key
    if tone == "good":
        assert way.claim.licences and way.own and way.readable and way.verdict is Verdict.COVERED


def test_no_sound_is_the_licence_of_a_picture() -> None:
    assert not any(map(may_be_picture, ["audio", "Audio/mpeg", "music", "font"]))
    assert all(map(may_be_picture, [None, "", "image", "photo", "vector", "video"]))
