"""What the anchors, witnesses and calendars, hold of each archive, and what they still owe."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from archiver.agency.diagnosis import Findings, ok, warning
from archiver.archive.anchors import Calendar, backlog, log_key
from archiver.archive.checking.parts import archive_words
from archiver.archive.reader import signer_key
from archiver.catalogue.archives import anchors_of, writing
from archiver.catalogue.search import archives
from archiver.core.errors import ArchiverError, IntegrityError
from archiver.core.remedy import Remedy
from archiver.home.settings import Home
from archiver.home.vault import Vault

PENDING_LONG_DAYS = 3  # a calendar needs hours


@dataclass(frozen=True)
class AnchorState:
    """What one anchor holds of one archive: how many checkpoints, and of which the proofs still wait for a block.

    `log` is what a witness's operator must know of the archive.
    """

    client: str
    anchor: str
    kind: str
    held: int
    lacks_newest: bool
    pending: tuple[int, ...]
    late: bool
    log: str | None

    def __str__(self) -> str:
        said = f"{self.held} checkpoint{'s' * (self.held != 1)}" + ", but not the newest" * self.lacks_newest
        waiting = f"; {len(self.pending)} wait{'s' * (len(self.pending) == 1)} for a Bitcoin block"
        return f"{self.client}: {self.anchor} has {said}{waiting * bool(self.pending)}"

    @property
    def behind(self) -> bool:
        return self.lacks_newest or self.late

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "pending": list(self.pending)}


def anchor_states(home: Home, client: str | None = None) -> list[AnchorState]:
    """The state of each anchor for each archive, or for one."""
    configured = anchors_of(home)
    return [
        AnchorState(
            slug, each.name, "calendar" if isinstance(anchor, Calendar) else "witness", each.held, each.lacks_newest,
            each.pending, _is_late(home.archive(slug), each.name, each.pending),
            None if isinstance(anchor, Calendar) else _log_of(home.archive(slug)),
        )
        for slug in (archives(home, client) if configured else ())
        for anchor, each in zip(configured, backlog(home.archive(slug), configured), strict=True)
    ]  # fmt: skip


def ask_anchors(home: Home, vault: Vault, client: str | None, say: Callable[[str], None]) -> None:
    """Seal each archive, which asks the anchors for what they owe. One that fails does not stop the others."""
    failures: list[ArchiverError] = []
    for slug in archives(home, client):
        try:
            with writing(home, vault, slug) as archive:
                warnings = archive.seal().warnings
        except ArchiverError as error:
            say(f"{slug}: {error}")
            failures.append(error)
            continue
        for each in warnings:
            say(f"warning: {slug}: {each}")
    if failures:
        raise failures[0]


def anchors(home: Home) -> Findings:
    """The doctor's check of the anchors."""
    for each in anchor_states(home):
        yield warning(str(each), "The next run asks it again.", Remedy("ask anchors")) if each.behind else ok(str(each))


def _log_of(root: Path) -> str | None:
    try:
        return log_key(signer_key(root))
    except IntegrityError:
        return None


def _is_late(root: Path, name: str, pending: tuple[int, ...]) -> bool:
    files = [root / archive_words.CHECKPOINTS / f"{size:08d}.note.{name}.pending.ots" for size in pending]
    oldest = min((each.stat().st_mtime for each in files if each.exists()), default=time.time())
    return time.time() - oldest > PENDING_LONG_DAYS * 86400
