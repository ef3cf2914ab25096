"""Unattended runs need a named person's acceptance where a platform's terms restrict automation."""

from __future__ import annotations

from datetime import UTC, datetime

from archiver.archive.ocfl import NewObject, object_path
from archiver.archive.reader import Archive
from archiver.core.errors import (
    NotAccepted,
)
from archiver.home.settings import Account, Home
from archiver.provider import (
    ProviderInfo,
)


def accepted(home: Home, account: Account, info: ProviderInfo) -> None:
    """NotAccepted where the platform's terms bar or do not mention robots, and no named person accepted that.

    What a person asks for there and then is no unattended run.
    """
    if not info.automation.stance.needs_acceptance or info.on_request or home.settings.replay:
        return
    archive = Archive(home.archive(account.client))
    said = acceptance(account, info).object_id[:-8]  # what follows tells an acceptance after an erased one
    stated = (line.id or "" for line in archive.lines() if b'"statement"' in line.raw and line.type == "statement")
    if not any(each.startswith(said) and object_path(archive.root, each).exists() for each in stated):
        raise NotAccepted(
            f"the terms of {info.title} on automation are {info.automation.stance} "
            f"({info.automation.source}, read {info.automation.read_on})"
        )


def acceptance(account: Account, info: ProviderInfo, statement: bytes = b"", again: str = "") -> NewObject:
    """The archive object by which a person accepted unattended runs of an account; found again by its id, but for the
    digest at its end. `again` makes it another one, where the first was erased."""
    return NewObject(
        kind="statements",
        date=None,
        provider=info.name,
        asset_id=account.name,
        identity=f"automation:{info.name}:{account.name}{again}",
        files={"statement.json": statement},
        created=datetime.now(UTC),
    )
