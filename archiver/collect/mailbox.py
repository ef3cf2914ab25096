"""A mailbox as a source: which mails are new, which are taken, and how far it is read.

The newest mails come first, since letters have deadlines. What is read is remembered by each folder's UIDVALIDITY and
UIDs, after it is archived; so a reading that was killed goes on where it was, and repeats at most one batch.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from archiver.collect.imap import FolderState, ImapConnection, MailStart
from archiver.collect.mail_origin import KeptAnswers, authentication_results
from archiver.collect.mail_selection import START_BYTES, MailUse, SelectionRule, choose, header_field, split
from archiver.collect.mailbox_access import MailboxSettings, oauth_client, opened
from archiver.collect.recognition import ClassifiedFile, Ocr, ocr_by, read_item
from archiver.collect.source_filing import Filing
from archiver.collect.sources import KeepSecrets, ReceivedLetter, SourceKind, SourceReading, state_of
from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError, SiteUnavailable
from archiver.core.model import iso
from archiver.home.settings import HOUSE, Home
from archiver.home.source_settings import Source, SourceSettings
from archiver.reading.containers import MAX_FILE_BYTES, ContainerPlace, Refused, unpack
from archiver.reading.mail import documents_in, lookup_for, origin_by

CURSORS = "cursor.json"
BATCH_MAILS = 100  # that are in memory at once, with their beginnings only
MAX_PENDING_BYTES = 16 << 20  # of taken mails that wait to be archived
MAX_EXAMINED_BYTES = 4 << 20  # of a mail whose documents are read to decide whether it is taken
MAX_LETTER_BYTES = 16 << 20  # of a letter that are read; what follows are large attachments
MAX_CUTS = 4  # of the connection, in one run
MAX_CUTS_AT_A_MAIL = 2  # after which the other mails are read without it
MIN_OUTAGE_MAILS = 10  # in a batch of which none is given; that is no fault of these mails
NOT_GIVEN = "the server does not give this mail; the next run asks again"


class MailboxKind(SourceKind):
    title: ClassVar[str] = "Mailbox"
    model: ClassVar[type[SourceSettings]] = MailboxSettings
    secrets: ClassVar[tuple[str, ...]] = ("password", "token")

    def settings(self, home: Home, source: Source) -> MailboxSettings:
        settings = source.options(MailboxSettings)
        if not settings.username:
            raise ConfigError(f"{source.marked.where()} username: is missing. Add the mailbox's user name.")
        if settings.auth != "password" and not settings.client_id:
            raise ConfigError(f"{source.marked.where()} client_id: is missing. Add the id of the registered program.")
        if settings.auth == "oauth2" and not (settings.token_url and (settings.device_url or settings.authorise_url)):
            raise ConfigError(f"{source.marked.where()} oauth2 needs token_url, and device_url or authorise_url.")
        if settings.ca_file and not (home.root / settings.ca_file).is_file():
            where = source.marked.where(("ca_file",))
            raise ConfigError(f"{where} ca_file: {settings.ca_file} does not exist. Correct the path or add the file.")
        return settings

    def check(
        self, home: Home, source: Source, secrets: Mapping[str, str], keep: KeepSecrets = lambda _: None
    ) -> Iterator[str]:
        settings = self.settings(home, source)
        with opened(home, settings, secrets, keep) as box:
            yield f"{settings.host} accepts the sign-in of {settings.username}"
            for name in box.folders(settings.folders):
                state = box.examine(name)
                yield f"folder {name}: {f'{state.mails} mails' if state else 'it does not exist'}"

    def read(self, reading: SourceReading) -> None:
        settings = self.settings(reading.home, reading.source)
        with Filing(reading) as filing:
            work = MailboxReading(reading, settings, filing)
            for cuts in range(MAX_CUTS):
                before = work.steps
                try:
                    secrets = reading.secrets
                    with opened(reading.home, settings, secrets, reading.keep_secrets) as box:
                        work.read(box)
                    return
                except SiteUnavailable:
                    reading.check_time()
                    if cuts == MAX_CUTS - 1 or work.steps == before:  # no progress, so it is down
                        raise

    def sign_in(
        self, home: Home, source: Source, secrets: Mapping[str, str], say: Callable[[str], None]
    ) -> dict[str, str] | None:
        settings = self.settings(home, source)
        if settings.auth == "password":
            return None
        token = oauth_client(home, settings, secrets).sign_in(say)
        return {**secrets, "token": token}

    def forget(self, home: Home, source: Source) -> None:
        (state_of(home, source.name) / CURSORS).unlink(missing_ok=True)

    def listing(self, home: Home, source: Source) -> list[dict[str, object]]:
        cursors = ReadingCursors.load(state_of(home, source.name), source.options(MailboxSettings))
        return [{"place": place, "why": why} for place, why in sorted(cursors.lacking.items())]


# ---------------------------------------------------------------- how far it is read


@dataclass
class FolderCursor:
    """The mails of a folder that are read: all numbers from `low` to `top`, without those that were not given."""

    uidvalidity: int
    low: int
    top: int
    not_given: list[int] = field(default_factory=list)


@dataclass
class ReadingCursors:
    """How far each folder is read, and what could not be read.

    The file may vanish: then all is read again, and what is archived is recognised.
    """

    path: Path
    since: str | None
    folders: dict[str, FolderCursor] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, state: Path, settings: MailboxSettings) -> ReadingCursors:
        since = settings.since.isoformat() if settings.since else None
        found = cls(state / CURSORS, since)
        with suppress(OSError, ValueError, KeyError, TypeError):
            stored = json.loads(found.path.read_text("utf-8"))
            if stored["since"] == since:
                found.folders = {name: FolderCursor(**each) for name, each in stored["folders"].items()}
            found.lacking = dict(stored["lacking"])
        return found

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folders = {name: vars(each) for name, each in self.folders.items()}
        content = {"since": self.since, "folders": folders, "lacking": self.lacking}
        replace_file(self.path, json.dumps(content, sort_keys=True, ensure_ascii=False).encode())


# ---------------------------------------------------------------- the reading


class MailboxReading:
    """One reading of a mailbox. `done` counts the mails that were looked at, `steps` also the cuts at known mails.

    After a cut connection it may continue.
    """

    def __init__(self, reading: SourceReading, settings: MailboxSettings, filing: Filing) -> None:
        self.reading, self.settings, self.filing = reading, settings, filing
        self.done = self.steps = 0
        self._cuts: Counter[tuple[str, int]] = Counter()  # folder and number of a mail -> cuts while it was read
        clients = reading.home.clients.values()  # in the agency's mailbox, a letter may be for any of them
        whose = [each for each in clients if reading.source.client in (each.slug, HOUSE)]
        self._domains = [domain for each in whose for domain in each.domains]
        self._rules = [SelectionRule(**each.model_dump()) for each in settings.rules]
        self._claims = reading.letters.claims_of(reading.source.client) if reading.letters else []
        self._cursors = ReadingCursors.load(reading.state, settings)
        if reading.full:
            self._cursors.folders.clear()
        self._refused: defaultdict[str, set[int]] = defaultdict(set)  # folder -> mails that this run did not get
        self._lookup = lookup_for(replay=reading.home.settings.replay)
        self._ocr: Ocr = ocr_by(reading.reader)
        self._pending: list[ClassifiedFile] = []
        self._bytes = 0
        self._total = 0

    def read(self, box: ImapConnection) -> None:
        result, names = self.reading.result, box.folders(self.settings.folders)
        for each in self.settings.folders or ("*",):
            if not any(name == each or fnmatchcase(name, each) for name in names):
                result.lack(f"{self.reading.source.name}/{each}", "the server lists no folder of this name")
        for name in names:
            state = box.examine(name)
            if state is None:
                result.lack(f"{self.reading.source.name}/{name}", "this folder does not exist")
                continue
            self._folder(box, state)
        read = [name for name in names if name in self._cursors.folders]
        for name in read:
            self._ask_again(box, name)
        if not self.reading.dry_run and all(self._cursors.folders[name].low <= 1 for name in read):
            result.sweep = "full" if self.reading.full or result.sweep == "full" else "known"

    def _folder(self, box: ImapConnection, state: FolderState) -> None:
        cursor = self._cursors.folders.get(state.name)
        went_back = cursor and state.stated and cursor.top >= state.uidnext  # as of a server that was restored
        if cursor and (cursor.uidvalidity != state.uidvalidity or went_back):
            self.reading.result.warnings.append(
                f"{self.reading.source.name}: the server numbered the mails of {state.name} anew, so all of them are "
                "read again. What is archived is not archived twice."
            )
            cursor = None
        if cursor is None:
            cursor = FolderCursor(state.uidvalidity, state.uidnext, state.uidnext - 1)
            self._cursors.folders[state.name] = cursor
            self.reading.result.sweep = "full"
            self._total += state.mails
        span = max(50_000, state.uidnext // 2000)
        while cursor.top < state.uidnext - 1:  # what came since
            high = min(cursor.top + span, state.uidnext - 1)
            uids = box.uids(cursor.top + 1, high, self.settings.since)
            for part in self._parts(state, uids):
                self._batch(box, state, part)
                cursor.top = part[-1]
                self._save()
            cursor.top = high
        while cursor.low > 1:  # what came before, backwards
            low = max(1, cursor.low - span)
            uids = box.uids(low, cursor.low - 1, self.settings.since)
            for part in self._parts(state, uids[::-1]):
                self._batch(box, state, part)
                cursor.low = part[-1]
                self._save()
            cursor.low = low
        self._save()

    def _ask_again(self, box: ImapConnection, name: str) -> None:
        """Read the mails that earlier runs were not given, one by one; at the end, since the connection may be cut."""
        uids = sorted({*self._cursors.folders[name].not_given} - self._refused[name])
        state = box.examine(name) if uids else None
        for uid in uids:
            if state is None:
                self.reading.result.lack(f"{self.reading.source.name}/{name}/{uid}", NOT_GIVEN)
                continue
            self._cuts[name, uid] = max(self._cuts[name, uid], MAX_CUTS_AT_A_MAIL - 1)
            self._batch(box, state, [uid])
            self._save()

    def _parts(self, state: FolderState, uids: Sequence[int]) -> Iterator[Sequence[int]]:
        """Batches. Mails at which the connection was cut are read one by one, to find the one that cuts it."""
        at = 0
        while at < len(uids):
            cut = any(self._cuts[state.name, uid] for uid in uids[at : at + BATCH_MAILS])
            part = uids[at : at + (1 if cut else BATCH_MAILS)]
            yield part
            at += len(part)

    def _save(self) -> None:
        if not self.reading.dry_run:
            self._cursors.lacking |= self.reading.result.lacking
            self._cursors.save()

    def _batch(self, box: ImapConnection, state: FolderState, uids: Sequence[int]) -> None:
        """Read some mails, and archive what is taken."""
        self.reading.check_time()
        asked = [uid for uid in uids if self._cuts[state.name, uid] < MAX_CUTS_AT_A_MAIL]
        refused = {*uids} - {*asked}
        try:
            for mail in box.starts(asked, START_BYTES):
                if not self._mail(box, state, mail):
                    refused.add(mail.uid)
                if self._bytes > MAX_PENDING_BYTES:
                    self._commit()
        except SiteUnavailable:
            self._cuts.update((state.name, uid) for uid in asked)
            self.steps += 1
            raise
        if len(refused) == len(uids) >= MIN_OUTAGE_MAILS:
            raise SiteUnavailable(f"the folder {state.name}: the server gives none of {len(uids)} mails")
        self._commit()
        self._refuse(state, uids, refused)
        self.done += len(uids)
        self.steps += 1
        self.reading.progress(self.reading.source.name, self.done, max(self._total, self.done) or None)

    def _refuse(self, state: FolderState, uids: Sequence[int], refused: Set[int]) -> None:
        """Name the mails of a batch that the server did not give, and remember them for the next run."""
        cursor = self._cursors.folders[state.name]
        cursor.not_given = sorted({*cursor.not_given} - {*uids} | refused)
        self._refused[state.name] |= refused
        for uid in uids:
            place = f"{self.reading.source.name}/{state.name}/{uid}"
            if uid in refused:
                self.reading.result.lack(place, NOT_GIVEN)
            elif self._cursors.lacking.get(place) == NOT_GIVEN:
                del self._cursors.lacking[place]

    def _mail(self, box: ImapConnection, state: FolderState, mail: MailStart) -> bool:
        """Take or pass over one mail; false if the server does not give it."""
        if mail.start is None:
            return False
        reading, place = self.reading, f"{self.reading.source.name}/{state.name}/{mail.uid}"
        known = (self._rules, self._domains, self._claims)
        choice = choose(mail.start, *known)
        if choice.undecided and mail.size <= MAX_EXAMINED_BYTES:
            content = self._content(box, mail, MAX_EXAMINED_BYTES)
            if content is None:
                return False
            choice = choose(mail.start, *known, documents=documents_in(content))
        taken, letter = choice.use is not MailUse.NONE, choice.use is MailUse.LETTER
        too_large = taken and not letter and mail.size > MAX_FILE_BYTES
        content = None
        if taken and not too_large:
            content = self._content(box, mail, MAX_LETTER_BYTES if letter else MAX_FILE_BYTES)
            if content is None:
                return False
        said = {"arrived": iso(mail.arrived.astimezone(UTC)) if mail.arrived else None, "use": choice.use.value}
        if taken and reading.dry_run:
            header, _ = split(mail.start)
            said |= {"from": header_field(header, "from")[:200], "subject": header_field(header, "subject")[:200]}
        reading.result.count(choice.reason, place, taken=taken, dry_run=reading.dry_run, **said)
        if too_large:
            reading.result.lack(place, f"it is larger than {MAX_FILE_BYTES >> 20} MB")
        if content is None:
            return True
        about = {
            "mailbox": {
                "source": reading.source.name, "folder": state.name, "uid": mail.uid,
                "uidvalidity": state.uidvalidity, "arrived": said["arrived"],
            },
            "authentication_results": authentication_results(content),
        }  # fmt: skip
        if letter:
            self._letter(place, content, mail, about)
        else:
            self._paper(place, content, about)
        return True

    def _content(self, box: ImapConnection, mail: MailStart, most: int) -> bytes | None:
        start = mail.start or b""
        return start if len(start) < START_BYTES else box.rest(mail.uid, start, most, mail.size)

    def _paper(self, place: str, content: bytes, about: Mapping[str, object]) -> None:
        """Take a mail apart and recognise its parts. One that cannot be taken apart is archived as it came."""
        digest, keys = sha256(content).hexdigest(), KeptAnswers(self._lookup)
        reader = self.reading.reader
        for item in unpack(reader, ContainerPlace(f"{place}.eml"), content):
            if isinstance(item, Refused):
                if item.path != f"{place}.eml":
                    continue  # an attachment; the whole mail is archived
                origin = origin_by(reader, content, keys)
                seen = ClassifiedFile(
                    path=item.path, sha256=digest, size=len(content), what="letter", media_type="message/rfc822",
                    sign=True, note=item.reason, origin=origin,
                )  # fmt: skip
                kept: bytes | None = content
            else:
                seen = read_item(item, reader, keys, self._ocr)
                if item.sha256 == digest and item.within is None:
                    # It was taken, so it is archived whatever it says, and whatever we make of it.
                    seen = replace(seen, sign=True, refused=None, note=seen.refused or seen.note)
                else:
                    self.filing.about[seen.sha256] = {"attached_to": digest, "mailbox": about["mailbox"]}
                if seen.says_nothing:
                    continue
                kept = item.content if seen.keep else None
            self.filing.intake.spool.take(seen, kept)
            self._pending.append(replace(seen, preview=None, file=place))
        self._bytes += len(content)
        self.filing.about[digest] = {**about, "dkim_keys": keys.kept}

    def _letter(self, place: str, content: bytes, mail: MailStart, about: Mapping[str, object]) -> None:
        reading = self.reading
        if reading.dry_run:
            return
        if reading.letters is None:
            reading.result.lack(place, "it is a letter, and only a run opens claims")
            return
        keys = KeptAnswers(self._lookup)
        origin = origin_by(reading.reader, content, keys)
        if len(content) >= MAX_LETTER_BYTES:
            reading.result.lack(place, f"only the first {MAX_LETTER_BYTES >> 20} MB of this letter are read")
        letter = ReceivedLetter(
            client=reading.source.client, source=reading.source.name, place=place, content=content,
            received=mail.arrived, origin={**about, "dkim": origin, "dkim_keys": keys.kept},
        )  # fmt: skip
        name = reading.letters.open_claim(letter)
        if name not in reading.result.claims:
            reading.result.claims.append(name)
            self._claims = reading.letters.claims_of(reading.source.client)

    def _commit(self) -> None:
        if not self._pending:
            return
        report = self.filing.commit(self._pending)
        self.filing.tally(report)
        self._pending, self._bytes = [], 0
