"""`archiver letter`: from a letter to a pack, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.catalogue import assigning, assignment, picture_search, search
from archiver.claims import claim_files
from archiver.claims.assessment import Assessed, assess
from archiver.claims.claim_entry import AskPerson, add, agreed, described, urgent
from archiver.claims.claim_files import CONFIRM, Claim
from archiver.claims.claim_pack import HandOver, checklist, hand_over
from archiver.claims.facts import Use
from archiver.claims.pack_pages import PackWords
from archiver.claims.rule_engine import Verdict
from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError
from archiver.home.settings import Home
from archiver.reading.letters import LetterKind
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from archiver.home.vault import Vault

EMPTY = """\
No licence was found in this archive. Each of these brings one in; then start `archiver letter` again:
  archiver import FILE --client {client}            a certificate, an invoice or a mail that you have
  archiver capture --client {client} URL            the platform's page of the licence, opened by you
  archiver run --client {client} --asset ID         one asset, fetched from the connected accounts"""


SHOWN = 5  # licences that a person chooses from


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """A dialogue about one letter: whom to `ask`, and what was told beforehand.

    What was done before is kept, and every step may be skipped. Without `ask` nothing is asked: steps that need a
    person are skipped, and said so. `yes` accepts what is read, and what is certain.
    """

    home: Home
    vault: Callable[[], Vault]
    client: str
    ask: AskPerson | None
    tell: Callable[[str], None]
    yes: bool = False
    licence: str | None = None
    picture: Path | None = None
    by: str | None = None
    reason: str | None = None
    out: Path | None = None
    use: Use = Use()  # noqa: RUF009  # frozen
    stated: Mapping[str, Any] = field(default_factory=dict)
    language: str = "en"

    def about(self, letter: Path) -> None:
        """Go as far as the letter, the archive and the answers allow."""
        self.tell("1. The letter")
        claim = self._claim(letter)
        if not claim.confirmed:
            return self._say(f"These readings are not confirmed. {CONFIRM}")
        self.tell("2. The licence")
        known = [] if claim.probable else [*claim.licences]  # what nobody has compared is asked again
        named = [self.licence] if self.licence else known or self._matched(claim) or self._looked_for()
        if not named:
            return self._say(*search.incomplete(self.home, self.client), EMPTY.format(client=self.client))
        claim, found = self._with_licences(claim, named)
        self.tell("3. Whom it was for")
        for slug, short_id in found:
            claim = self._assigned(claim, slug, short_id)
        self.tell("4. The verdict")
        use = self._use()
        assessed = assess(self.home, self.client, use, claim=claim, warn=self.tell)
        verdict = self._judged(assessed)
        self.tell("5. The pack")
        if verdict is Verdict.NOT_COVERED or claim.kind is LetterKind.ABMAHNUNG:
            return self._listed(claim, use)
        return self._packed(claim, use)

    def _say(self, *texts: str) -> None:
        for line in "\n".join(texts).split("\n"):
            self.tell(f"   {line}")

    def _asked(self, question: str, default: str = "") -> str:
        return self.ask(f"   {question}", default).strip() if self.ask else ""

    def _agreed(self, question: str, default: str) -> bool:
        return agreed(self._asked(f"{question} (yes or no)", default))

    # ------------------------------------------------------------ the steps

    def _claim(self, letter: Path) -> Claim:
        pictures = [self.picture] if self.picture else []
        claim = add(self.home, self.client, letter, self.stated, pictures, accept=self.yes, ask=self.ask, say=self.tell)
        asked = self.ask and not self.yes  # and thereby shown
        self._say(*([f"Kept as claim {claim.claim}.", *urgent(claim)] if asked else described(claim)))
        return claim

    def _matched(self, claim: Claim) -> Sequence[str]:
        """The licences of the letter's pictures; a person confirms what is not surely the same."""
        matched: dict[str, None] = {}
        if not claim.pictures:
            self._say("The letter holds no picture. Save one from its page, and name it with --picture.")
        for number, picture in enumerate(claim_files.pictures(self.home, claim), 1):
            found = picture_search.find_picture(self.home, picture.read_bytes(), client=claim.client, warn=self.tell)
            if not found.rows:
                self._say(f"Nothing in the archive looks like {picture}.")
                continue
            best = found.rows[0]
            name, same = str(best["licence"]), best["match"] == "same"
            if drawn := found.sheet():
                beside = picture.with_name(f"match-{number}.png")
                replace_file(beside, drawn)
                self._say(f"{best['match']}: {name}; side by side in {beside}")
            if self._agreed(f"Is {name} the picture of the letter", "yes" if same else "no") if self.ask else same:
                matched[name] = None
            elif not self.ask:
                self._say("A person has to confirm that: name it with --licence.")
        return list(matched)

    def _looked_for(self) -> Sequence[str]:
        """A licence that a person finds by words."""
        text = self._asked("Words, an asset id, a file name or an address to look for (Enter skips this)")
        rows = (
            search.find(
                self.home,
                text,
                client=self.client,
                limit=SHOWN + 1,
                used_on=partial(claim_files.licences_by_page, self.home),
            )
            if text
            else []
        )
        if len(rows) > SHOWN:
            rows = rows[:SHOWN]
            self._say(f"These are {SHOWN} of more; start again with more words if yours is not among them.")
        for number, row in enumerate(rows, 1):
            self._say(f"{number}. {row['licence']} {row['title'] or ''}".rstrip())
        choice = self._asked("Which one (Enter: none)") if rows else ""
        return [str(row["licence"]) for number, row in enumerate(rows, 1) if choice == str(number)]

    def _with_licences(self, claim: Claim, named: Sequence[str]) -> tuple[Claim, Sequence[tuple[str, str]]]:
        """The claim with these licences, and of each the archive and the short id."""
        found = []
        for name in named:
            with (
                DocumentReader() as reader,
                search.located(self.home, name, reader, prefer=self.client) as (slug, _, entry),
            ):
                found.append((slug, entry.short_id))
            self._say(f"{entry.short_id} {entry.licence.asset.title or ''}".rstrip())
        return claim_files.with_licences(self.home, claim, [short_id for _, short_id in found]), found

    def _assigned(self, claim: Claim, slug: str, short_id: str) -> Claim:
        """The claim with the licence in its client's archive, where a person says that it is for that client."""
        name = self.home.client(self.client).name
        if slug == self.client:
            self._say(f"{short_id} lies in the archive of {name}.")
            return claim
        self._say(f"{short_id} lies in the archive {slug}, and nothing says that it is for {name}.")
        by = self.by or self._asked("Who says that it is (Enter skips this)")
        reason = self.reason or (by and self._asked("Why: the order, the job"))
        if not (by and reason):
            self._say("Skipped. `archiver assign` records it.")
            return claim
        made = assignment.Assignment(client=self.client, by=by, reason=reason)
        refused: list[str] = []

        def agreed(losses: Sequence[assignment.Loss]) -> bool:
            question = f"Take the copy back from {' and '.join(each.client for each in losses)}"
            if not self._agreed(question, "no"):
                refused.extend(each.client for each in losses)
            return not refused

        try:
            assigning.assign(self.home, self.vault(), short_id, made, agreed)
        except ConfigError:
            if not refused:
                raise
            self._say("Skipped: other clients would lose their copies. `archiver assign` asks about that.")
            return claim
        self._say(f"Assigned to {self.client} on the word of {by}.")
        own = f"{self.client}/{short_id.rpartition('/')[2]}"
        return claim_files.with_licences(self.home, claim, [*claim.licences, own])

    def _use(self) -> Use:
        if self.use.kind:
            return self.use
        kind = self._asked("Was the use commercial or editorial (Enter: not known)").lower()
        return replace(self.use, kind=kind if kind in ("commercial", "editorial") else None)

    def _judged(self, assessed: Assessed) -> Verdict:
        assert assessed.assessment, "the licences are named"
        found = assessed.assessment
        messages = [*(each.messages[self.language] for each in found.findings), *assessed.notes]
        self._say(PackWords(self.language).of("verdicts", found.verdict), *(f"- {each}" for each in messages))
        return found.verdict

    def _listed(self, claim: Claim, use: Use) -> None:
        order = HandOver(out=Path(), language=self.language, claim=claim, use=use)
        if draft := checklist(self.home, order):
            self._say(*draft.paragraphs, f"(`archiver capture --client {self.client} URL` captures a page, and")
            self._say(f"`archiver proof --claim {claim.claim} --out FILE.zip` makes the pack for a lawyer.)")

    def _packed(self, claim: Claim, use: Use) -> None:
        out = self.out or claim_files.folder(self.home, claim.claim) / "proof.zip"
        if out.exists():
            return self._say(f"{out} is there already; it is kept.")
        if self.ask and not self._agreed(f"Write {out}", "yes"):
            return self._say("Skipped. `archiver proof` writes it.")
        order = HandOver(out=out, language=self.language, claim=claim, use=use, drafts=True)
        for path in hand_over(self.home, claim.licences, order, warn=lambda text: self._say(f"warning: {text}")):
            self._say(f"Wrote {path}.")
        return self._say("Look through all of it before you send anything; nothing is sent by itself.")
