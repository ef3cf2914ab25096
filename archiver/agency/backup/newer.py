"""What is newer elsewhere than a restored home: at its witnesses, in its replica, and in this machine's memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from archiver.agency.backup.home_snapshot import archives
from archiver.archive.checking.parts import archive_words, witnessed
from archiver.archive.ledger import last_line
from archiver.archive.reader import signer_key
from archiver.catalogue.known_archive import changes_by_others
from archiver.core.errors import ArchiverError, IntegrityError
from archiver.core.remedy import Remedy
from archiver.fleet.replica_check import lines_beyond
from archiver.home.settings import Home
from archiver.home.vault import open_vault


@dataclass(frozen=True)
class Newer:
    """Something newer elsewhere, in a sentence, and what to do about it."""

    message: str
    remedy: Remedy | None = None

    def as_json(self) -> dict[str, object]:
        return {"message": self.message, "remedy": self.remedy.as_json() if self.remedy else None}


def newer_elsewhere(home: Home) -> list[Newer]:
    """What is newer than the home, and what could not be asked."""
    slugs = [each.name for each in archives(home.root) if each.name in home.clients]
    return [*_vault(home), *_witnesses(home, slugs), *_replica(home, slugs), *_memory(home, slugs)]


def _vault(home: Home) -> Iterator[Newer]:
    with suppress(ArchiverError):  # without its key, nothing can be said
        if home.vault.exists() and open_vault(home.vault, remember=True).replayed():
            yield Newer("This machine has seen a newer vault at this place.", Remedy("accept the vault"))


def _witnesses(home: Home, slugs: list[str]) -> Iterator[Newer]:
    for each in home.settings.witnesses:
        if not each.folder:
            yield Newer(f"The witness {each.name} cannot be asked from here. Compare with the newest file that it has.")
            continue
        place = home.root / each.folder
        if not place.is_dir():
            yield Newer(f"The witness {each.name} was not asked: there is no folder {place}.")
            continue
        for slug in slugs:
            with suppress(IntegrityError):
                key, log = signer_key(home.archive(slug)), f"{archive_words.LOG_DOMAIN}/{slug}"
                outside = witnessed.outside_checkpoints(place, key, log, signatures=False)
                held = witnessed.check_witnessed(home.archive(slug) / archive_words.LEDGER, outside)
                if held.forked:
                    lost = held.forked[-1]
                    yield Newer(
                        f"The witness {each.name} knows {lost.size} lines of {slug}, which this home does not have.",
                        Remedy("after restore", {"client": slug, "checkpoint": str(lost.path)}),
                    )


def _replica(home: Home, slugs: list[str]) -> Iterator[Newer]:
    if home.settings.replica is None:
        return
    for slug in slugs:
        last = last_line(home.archive(slug) / archive_words.LEDGER)
        here = last.seq + 1 if last else 0
        try:
            there = lines_beyond(home, slug, here)
        except ArchiverError as error:
            yield Newer(f"The replica was not asked: {error}")
            return
        if there:
            yield Newer(
                f"The replica has {there} lines of {slug}, this home {here}. To take the newer archive, move "
                f"{home.archive(slug)} away first.",
                Remedy("restore the archive", {"client": slug}),
            )


def _memory(home: Home, slugs: list[str]) -> Iterator[Newer]:
    for slug in slugs:
        yield from map(Newer, changes_by_others(home, slug))
