"""`archiver letter`: from a letter to a pack, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from archiver.catalogue import search
from archiver.claims import claim_files
from archiver.claims.assessment import AssessedLicence, assess
from archiver.claims.claim_entry import add, described, urgent
from archiver.claims.claim_files import Claim, Remedy
from archiver.claims.claim_pack import HandOver, checklist, hand_over, is_written
from archiver.claims.conversation import Conversation
from archiver.claims.facts import Use
from archiver.claims.licence_dialogue import LicenceDialogue
from archiver.claims.pack_words import PackWords
from archiver.claims.rule_engine import RuleFinding, Verdict
from archiver.claims.soundness import soundness_of, write_short_letters
from archiver.home.settings import Home
from archiver.home.vault import Vault

EMPTY = "No licence found in this archive. Add it in one of these ways, then begin this dialogue again:"
WAYS = ("import", "capture", "run asset")  # a file that you have, the platform's page, one asset of the accounts


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """A dialogue about one letter, with the answers that the command line already gave.

    Earlier results stay, and every step may be skipped. Without `ask`, the dialogue skips the steps that need a person
    and says so. `yes` accepts the values that were read, and certain matches.
    """

    home: Home
    vault: Callable[[], Vault]
    client: str
    ask: Callable[[str, str], str] | None
    tell: Callable[[str], None]
    yes: bool = False
    licence: str | None = None
    picture: Path | None = None
    by: str | None = None
    reason: str | None = None
    out: Path | None = None
    use: Use = Use()  # noqa: RUF009  # frozen
    stated: Mapping[str, object] = field(default_factory=dict)
    language: str = "en"

    def about(self, letter: Path) -> None:
        """Go through the steps as far as the letter, the archive and the answers allow."""
        self.tell("1. The letter")
        claim = self._claim(letter)
        if not claim.confirmed:
            return self._talk.say(f"These values are not confirmed. {claim.how_to_confirm}")
        self._examine(claim)
        self.tell("2. The licence")
        about = LicenceDialogue(
            home=self.home, vault=self.vault, client=self.client, talk=self._talk, by=self.by, reason=self.reason
        )
        known = [] if claim.probable else [*claim.licences]  # ask again about licences that nobody has compared
        named = [self.licence] if self.licence else known or about.matched(claim) or about.looked_for()
        if not named:
            ways = [f"  {Remedy(each, {'client': self.client})}" for each in WAYS]
            self._talk.say(*search.incomplete(self.home, self.client), EMPTY, *ways)
            return self._without_licence(claim)
        claim, found = about.with_licences(claim, named)
        self.tell("3. The client")
        for slug, short_id in found:
            claim = about.assigned(claim, slug, short_id)
        self.tell("4. The verdict")
        use = self._use()
        assessed = assess(self.home, self.client, use, claim=claim, warn=self.tell)
        verdict = self._judged(assessed)
        self.tell("5. The pack")
        if verdict is Verdict.NOT_COVERED or claim.for_lawyer:
            return self._listed(claim, use)
        return self._packed(claim, use)

    def _examine(self, claim: Claim) -> None:
        """Say who writes and what the letter lacks, and write the short letters that fit every verdict."""
        found = soundness_of(self.home, claim)
        if found.read:
            self._talk.say("Is the claim itself sound?", *found.as_lines(self.language))
        for path in write_short_letters(self.home, claim, found, self.language):
            self._talk.say(f"Wrote {path}.")

    def _without_licence(self, claim: Claim) -> None:
        words = PackWords(self.language)
        court = claim.kind and claim.kind.court_paper
        if court:
            said = f"{court['name'][self.language]}. {court['act'][self.language]} {words('no_licence_court')}"
        else:
            said = words("no_licence_lawyer" if claim.for_lawyer else "no_licence_answer")
        self._talk.say(said, words("no_licence_buy"))

    @property
    def _talk(self) -> Conversation:
        return Conversation(ask=self.ask, tell=self.tell)

    def _claim(self, letter: Path) -> Claim:
        pictures = [self.picture] if self.picture else []
        claim = add(self.home, self.client, letter, self.stated, pictures, accept=self.yes, ask=self.ask, say=self.tell)
        asked = self.ask and not self.yes  # the questions have shown the values
        self._talk.say(*([f"Kept as claim {claim.claim}.", *urgent(claim)] if asked else described(claim)))
        return claim

    def _use(self) -> Use:
        if self.use.kind:
            return self.use
        kinds: dict[str, str | None] = {"": None, **{each: each for each in claim_files.USES}}
        return replace(
            self.use, kind=self._talk.chosen("Was the use commercial or editorial (Enter: not known)", kinds)
        )

    def _judged(self, assessed: AssessedLicence) -> Verdict:
        assert assessed.assessment, "the licences are named"
        found = assessed.assessment
        words = PackWords(self.language)
        self._talk.say(words.of("verdicts", found.verdict), *self._points(found.unsettled))
        if found.settled:
            self._talk.say(words("settled"), *self._points(found.settled))
        self._talk.say(*assessed.notes)
        return found.verdict

    def _points(self, findings: Sequence[RuleFinding]) -> list[str]:
        return [f"- {each.messages[self.language]}" for each in findings]

    def _listed(self, claim: Claim, use: Use) -> None:
        order = HandOver(out=Path(), language=self.language, claim=claim, use=use)
        if draft := checklist(self.home, order):
            self._talk.say(
                *draft.paragraphs,
                str(Remedy("capture", {"client": self.client})),
                str(Remedy("pack claim", {"claim": claim.claim})),
            )

    def _packed(self, claim: Claim, use: Use) -> None:
        out = self.out or claim_files.folder(self.home, claim.claim) / "proof.zip"
        if is_written(out):
            return self._talk.say(f"{out} exists already and stays as it is.")
        if self.ask and not self._talk.agrees(f"Write {out}?", default=True):
            return self._talk.say(f"Skipped. {Remedy('pack claim', {'claim': claim.claim})}")
        order = HandOver(out=out, language=self.language, claim=claim, use=use, drafts=True)
        for path in hand_over(self.home, claim.licences, order, warn=lambda text: self._talk.say(f"warning: {text}")):
            self._talk.say(f"Wrote {path}.")
        return self._talk.say("Read all of it before you send anything. The archiver sends nothing.")
