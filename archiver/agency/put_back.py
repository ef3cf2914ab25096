"""Replace damaged objects of an archive by those of the replica."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from archiver.agency.damage import object_at
from archiver.agency.integrity import VerifyRequest, verify
from archiver.archive.checking.parts import archive_words, ledger_lines
from archiver.catalogue.archives import writing
from archiver.core.errors import ConfigError, IntegrityError
from archiver.core.progress import Progress
from archiver.fleet.object_store import bucket_of
from archiver.fleet.published_objects import PublishedObjects
from archiver.home.settings import Home
from archiver.home.shared_copy import copy_of
from archiver.home.vault import Vault


def put_back(home: Home, vault: Vault, client: str, progress: Progress = lambda *_: None) -> tuple[str, ...]:
    """Replace the damaged objects of a client's archive by those of the replica. Returns their ids.

    Every byte must have the digest that the ledger of this archive records, so nothing else can come in, and the ledger
    stays as it is. The whole archive is verified before and after. What was damaged is kept in the state folder.

    ConfigError if no object is damaged, or there is no replica; IntegrityError if the replica lacks an object, or the
    archive is still damaged afterwards.
    """
    if copy_of(home.root):
        raise ConfigError("The bucket is the archive of a fleet, not a copy of it. Nothing was replaced.")
    bucket = bucket_of(home)
    damaged = [*dict.fromkeys(found for path in _damage(home, client, progress) if (found := object_at(path)))]
    if not damaged:
        raise ConfigError("No licence or other object of this archive is damaged. Nothing was replaced.")
    root, aside = home.archive(client), home.set_aside(client) / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with writing(home, vault, client):  # nobody else writes meanwhile
        objects = PublishedObjects(bucket, client, root, home.state / "fetch" / client)
        for object_id in damaged:
            place = root / ledger_lines.object_path(object_id)
            _replace(place, aside / place.name, partial(objects.bring, object_id))
        if hasattr(os, "sync"):
            os.sync()  # once for all files
    if left := _damage(home, client, progress):
        raise IntegrityError(f"{len(left)} files are still not what was archived, the first is {left[0]}")
    return tuple(damaged)


def _damage(home: Home, client: str, progress: Progress) -> Sequence[str]:
    """The damaged files of an archive, relative to it, by a complete verification."""
    _, document, _ = verify(home, VerifyRequest(client=client), progress)
    return [each["path"] for found in document["clients"] for each in found["findings"]
            if each["code"] not in archive_words.WARNINGS]  # fmt: skip


def _replace(place: Path, aside: Path, fetch: Callable[[Path], None]) -> None:
    """Move what is at a place aside and fetch another; without another, what was there comes back."""
    was_there = os.path.lexists(place)
    if was_there:
        aside.parent.mkdir(parents=True, exist_ok=True)
        place.rename(aside)
    try:
        fetch(place)
        if not place.is_dir():
            raise IntegrityError(f"the ledger does not record {place.name}")
    except BaseException:
        if was_there and not os.path.lexists(place):
            aside.rename(place)
        raise
