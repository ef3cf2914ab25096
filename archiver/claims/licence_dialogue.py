"""Find a claim's licence in a dialogue, by its picture or by words, and assign it to the claim's client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from archiver.catalogue import assigning, assignment, picture_search, search
from archiver.claims import claim_files
from archiver.claims.claim_files import Claim
from archiver.claims.conversation import Conversation
from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError, Remedy
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.worker import DocumentReader

MAX_CHOICES = 5  # licences to choose from


@dataclass(frozen=True, kw_only=True)
class LicenceDialogue:
    """The dialogue about one claim's licence. `by` and `reason` are for the assignment, if already known."""

    home: Home
    vault: Callable[[], Vault]
    client: str
    talk: Conversation
    by: str | None = None
    reason: str | None = None

    def matched(self, claim: Claim) -> Sequence[str]:
        """The licences that match the letter's pictures. A person confirms uncertain matches."""
        matched: dict[str, None] = {}
        if not claim.pictures:
            self.talk.say("The letter contains no picture. Save the picture from its page, and add it with --picture.")
        pictures = list(enumerate(claim_files.pictures(self.home, claim), 1))
        with ExitStack() as stack:
            seeing = stack.enter_context(picture_search.open_recogniser(self.home)) if pictures else None
            for number, picture in pictures:
                found = picture_search.find_picture(
                    self.home, picture.read_bytes(), client=claim.client, seeing=seeing, warn=self.talk.tell
                )
                if self._is_picture(found, number, picture):
                    matched[str(found.rows[0]["licence"])] = None
        return list(matched)

    def _is_picture(self, found: picture_search.PictureMatches, number: int, picture: Path) -> bool:
        """Whether the letter's picture with this number shows the best match. A person confirms what is uncertain."""
        if not found.rows:
            self.talk.say(f"No picture in the archive looks like {picture}.")
            return False
        best = found.rows[0]
        name, same = str(best["licence"]), str(best["match"]) == "same"
        if drawn := found.sheet():
            beside = picture.with_name(f"match-{number}.png")
            replace_file(beside, drawn)
            self.talk.say(f"{best['match']}: {name}; side by side in {beside}")
        if self.talk.ask:
            return self.talk.agrees(f"Is {name} the picture of the letter?", default=same)
        if not same:
            self.talk.say("A person must confirm this. Name the licence with --licence.")
        return same

    def looked_for(self) -> Sequence[str]:
        """The licence that a person finds by words; empty if none."""
        text = self.talk.asked("Search for words, an asset ID, a file name or an address (Enter skips this)")
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
            self.talk.say(
                f"There are more than {MAX_CHOICES}. If yours is not in the list, start again with more words."
            )
        for number, row in enumerate(rows, 1):
            self.talk.say(f"{number}. {row['licence']} {row['title'] or ''}".rstrip())
        listed = {str(number): [str(row["licence"])] for number, row in enumerate(rows, 1)}
        return self.talk.chosen("Which one, by its number (Enter: none)", {"": [], **listed}) if rows else []

    def with_licences(self, claim: Claim, named: Sequence[str]) -> tuple[Claim, Sequence[tuple[str, str]]]:
        """The claim with these licences, and for each its archive and short ID."""
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
        """Assign the licence to the claim's client if a person confirms it. Returns the updated claim."""
        name = self.home.client(self.client).name
        if slug == self.client:
            self.talk.say(f"{short_id} is in the archive of {name}.")
            return claim
        self.talk.say(f"{short_id} is in the archive {slug}. No record says that it is for {name}.")
        by = self.by or self.talk.asked("Person who confirms that it is (Enter skips this)")
        reason = self.reason or (by and self.talk.asked("Reason, for example the order or the job"))
        if not (by and reason):
            self.talk.say(f"Skipped. {Remedy('assign', {'licence': short_id})}")
            return claim
        made = assignment.Assignment(client=self.client, by=by, reason=reason)
        refused: list[str] = []

        def agreed(losses: Sequence[assignment.Loss]) -> bool:
            question = f"Take the copy back from {' and '.join(each.client for each in losses)}?"
            if not self.talk.agrees(question):
                refused.extend(each.client for each in losses)
            return not refused

        try:
            assigning.assign(self.home, self.vault(), short_id, made, agreed)
        except ConfigError:
            if not refused:
                raise
            self.talk.say(
                f"Skipped, because other clients would lose their copies. {Remedy('assign', {'licence': short_id})}"
            )
            return claim
        self.talk.say(f"Assigned to {self.client}, confirmed by {by}.")
        own = f"{self.client}/{short_id.rpartition('/')[2]}"
        return claim_files.with_licences(self.home, claim, [*claim.licences, own])
