"""Find, report and repair times in the future. A run leaves them when the clock is ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from archiver.archive import pending_statements
from archiver.archive.checking.parts import archive_words
from archiver.archive.clock_skew import CLOCK_TOLERANCE
from archiver.archive.ocfl import NewObject
from archiver.archive.reader import Archive
from archiver.archive.writer import LAST_LINE, latest_moment, unfinished
from archiver.catalogue.archives import writing
from archiver.collect.history_cursor import HistoryCursors
from archiver.collect.run_log import logged_at
from archiver.core.errors import ConfigError
from archiver.core.json_files import readable
from archiver.core.model import iso
from archiver.home.settings import Home
from archiver.home.vault import Vault


@dataclass(frozen=True)
class FutureTime:
    """One time in the future: in a client's archive or, if `client` is None, in the home's `state/`."""

    client: str | None
    place: str
    moment: str  # UTC, `…Z`
    of_archive: bool  # such an archive accepts no writes until the time has passed or is repaired

    def __str__(self) -> str:
        return f"{self.place} has the time {self.moment}, which is in the future"


def ahead(home: Home, now: datetime) -> Iterator[FutureTime]:
    """All times in the home that are later than `now` by more than clocks may differ."""
    for slug in home.clients:
        found = latest_moment(home.archive(slug)) if (home.archive(slug) / archive_words.LEDGER).is_file() else None
        if found and datetime.fromisoformat(found[0]) > now + CLOCK_TOLERANCE:
            yield FutureTime(slug, f"{found[1]} of {slug}", found[0], of_archive=True)
    for path in sorted((home.state / "runs").glob("*.jsonl")):
        began = logged_at(path)
        if began and began > now + CLOCK_TOLERANCE:
            yield FutureTime(None, f"state/runs/{path.name}", iso(began) or "", of_archive=False)
    for path in sorted((home.state / "history").glob("*.json")):
        if day := HistoryCursors.latest(path, now):
            yield FutureTime(None, f"state/history/{path.name}", f"{day}T00:00:00Z", of_archive=False)


def repair(home: Home, vault: Vault, by: str, now: datetime, say: Callable[[str], None]) -> int:
    """Repair times that a fast clock left, after a person confirms that the clock is right now. Returns their number.

    An archive gets a ledger line about it and accepts writes again. Logs and cursors are disposable; those with future
    times are removed. ConfigError without a name, and if an authority's timestamp lies in the future, since this clock
    is behind then.
    """
    if not by.strip():
        raise ConfigError("A person must confirm that this machine's clock is right now. Give a name with --by.")
    found = list(ahead(home, now))
    for each in found:
        if each.of_archive and not each.place.startswith(LAST_LINE):
            raise ConfigError(f"{each}. An authority gave that time, so this machine's clock is behind. Set it right.")
    clients = {each.client for each in found}
    for slug in home.clients:
        if slug not in clients and not unfinished(home.archive(slug)):
            continue
        with writing(home, vault, slug, clock_is_right=True) as archive:
            if slug in clients and (false := _claimed_later(archive.reader, now)):
                said = {"format": 1, "statement": "clock was ahead", "by": by.strip(), "first": false, "at": iso(now)}
                stated = pending_statements.same(pending_statements.pending(archive.reader), said)
                stated = stated or archive.put(_statement(said, now)).result().object_id
                archive.append("clock", statement=stated, first=false)
            for warning in archive.seal().warnings:
                say(f"warning: {slug}: {warning}")
    for each in found:
        if not each.of_archive:
            (home.root / each.place).unlink(missing_ok=True)
        say(f"{each.place} ({each.moment}): {'noted in the ledger' if each.of_archive else 'removed'}")
    return len(found)


def _claimed_later(archive: Archive, now: datetime) -> int | None:
    """The number of the first line with a time in the future."""
    latest = iso(now + CLOCK_TOLERANCE) or ""
    return next((line.seq for line in archive.lines() if str(line.fields["at"]) > latest), None)


def _statement(said: dict[str, object], now: datetime) -> NewObject:
    return NewObject(
        kind="statements", date=now, provider="archiver", asset_id="clock", identity=f"clock:{said['first']}",
        files={"statement.json": readable(said)}, created=now,
    )  # fmt: skip
