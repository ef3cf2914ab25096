"""The licence of a claim, in a conversation: found by its picture or by words, and assigned to the claim's client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from archiver.catalogue import assigning, assignment, picture_search, search
from archiver.claims import claim_files
from archiver.claims.claim_files import Claim
from archiver.claims.conversation import Conversation
from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError
from archiver.home.settings import Home
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from archiver.home.vault import Vault

MAX_CHOICES = 5  # licences that a person chooses from


@dataclass(frozen=True, kw_only=True)
class LicenceDialogue:
    """About the licence of one claim of `client`. `by` and `reason` are a person's word, where it was given before."""

    home: Home
    vault: Callable[[], Vault]
    client: str
    talk: Conversation
    by: str | None = None
    reason: str | None = None

    def matched(self, claim: Claim) -> Sequence[str]:
        """The licences of the letter's pictures; a person confirms what is not surely the same."""
        matched: dict[str, None] = {}
        if not claim.pictures:
            self.talk.say("The letter holds no picture. Save one from its page, and name it with --picture.")
        for number, picture in enumerate(claim_files.pictures(self.home, claim), 1):
            found = picture_search.find_picture(
                self.home, picture.read_bytes(), client=claim.client, warn=self.talk.tell
            )
            if not found.rows:
                self.talk.say(f"Nothing in the archive looks like {picture}.")
                continue
            best = found.rows[0]
            name, same = str(best["licence"]), best["match"] == "same"
            if drawn := found.sheet():
                beside = picture.with_name(f"match-{number}.png")
                replace_file(beside, drawn)
                self.talk.say(f"{best['match']}: {name}; side by side in {beside}")
            if (
                self.talk.agrees(f"Is {name} the picture of the letter", "yes" if same else "no")
                if self.talk.ask
                else same
            ):
                matched[name] = None
            elif not self.talk.ask:
                self.talk.say("A person has to confirm that: name it with --licence.")
        return list(matched)

    def looked_for(self) -> Sequence[str]:
        """A licence that a person finds by words."""
        text = self.talk.asked("Words, an asset id, a file name or an address to look for (Enter skips this)")
        rows = (
            search.find(
                self.home,
                text,
                client=self.client,
                limit=MAX_CHOICES + 1,
                used_on=partial(claim_files.licences_by_page, self.home),
            )
            if text
            else []
        )
        if len(rows) > MAX_CHOICES:
            rows = rows[:MAX_CHOICES]
            self.talk.say(f"These are {MAX_CHOICES} of more; start again with more words if yours is not among them.")
        for number, row in enumerate(rows, 1):
            self.talk.say(f"{number}. {row['licence']} {row['title'] or ''}".rstrip())
        choice = self.talk.asked("Which one (Enter: none)") if rows else ""
        return [str(row["licence"]) for number, row in enumerate(rows, 1) if choice == str(number)]

    def with_licences(self, claim: Claim, named: Sequence[str]) -> tuple[Claim, Sequence[tuple[str, str]]]:
        """The claim with these licences, and of each the archive and the short id."""
        found = []
        for name in named:
            with (
                DocumentReader() as reader,
                search.located(self.home, name, reader, prefer=self.client) as (slug, _, entry),
            ):
                found.append((slug, entry.short_id))
            self.talk.say(f"{entry.short_id} {entry.licence.asset.title or ''}".rstrip())
        return claim_files.with_licences(self.home, claim, [short_id for _, short_id in found]), found

    def assigned(self, claim: Claim, slug: str, short_id: str) -> Claim:
        """The claim with the licence in its client's archive, where a person says that it is for that client."""
        name = self.home.client(self.client).name
        if slug == self.client:
            self.talk.say(f"{short_id} lies in the archive of {name}.")
            return claim
        self.talk.say(f"{short_id} lies in the archive {slug}, and nothing says that it is for {name}.")
        by = self.by or self.talk.asked("Who says that it is (Enter skips this)")
        reason = self.reason or (by and self.talk.asked("Why: the order, the job"))
        if not (by and reason):
            self.talk.say("Skipped. `archiver assign` records it.")
            return claim
        made = assignment.Assignment(client=self.client, by=by, reason=reason)
        refused: list[str] = []

        def agreed(losses: Sequence[assignment.Loss]) -> bool:
            question = f"Take the copy back from {' and '.join(each.client for each in losses)}"
            if not self.talk.agrees(question, "no"):
                refused.extend(each.client for each in losses)
            return not refused

        try:
            assigning.assign(self.home, self.vault(), short_id, made, agreed)
        except ConfigError:
            if not refused:
                raise
            self.talk.say("Skipped: other clients would lose their copies. `archiver assign` asks about that.")
            return claim
        self.talk.say(f"Assigned to {self.client} on the word of {by}.")
        own = f"{self.client}/{short_id.rpartition('/')[2]}"
        return claim_files.with_licences(self.home, claim, [*claim.licences, own])
