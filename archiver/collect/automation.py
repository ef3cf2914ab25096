"""Require a named person's acceptance of unattended runs if a platform's terms restrict automation."""

from __future__ import annotations

from datetime import UTC, datetime

from archiver.archive.ocfl import NewObject, object_path
from archiver.archive.reader import Archive
from archiver.core.errors import NotAccepted
from archiver.home.settings import Account, Home
from archiver.provider import ProviderInfo


def accepted(home: Home, account: Account, info: ProviderInfo) -> None:
    """Raise NotAccepted if the platform's terms forbid or do not mention robots and no named person accepted that.

    A person's own request for an asset is not an unattended run.
    """
    if not info.automation.stance.needs_acceptance or info.on_request or home.settings.replay:
        return
    archive = Archive(home.archive(account.client))
    said = acceptance(account, info).object_id[:-8]  # without the digest, which differs after an erasure
    stated = (line.id or "" for line in archive.lines() if b'"statement"' in line.raw and line.type == "statement")
    if not any(each.startswith(said) and object_path(archive.root, each).exists() for each in stated):
        raise NotAccepted(
            f"the terms of {info.title} on automation are {info.automation.stance} "
            f"({info.automation.source}, read {info.automation.read_on})"
        )


def acceptance(account: Account, info: ProviderInfo, statement: bytes = b"", again: str = "") -> NewObject:
    """The archive object of a person's acceptance of unattended runs. Its id without the final digest identifies it.

    `again` makes a new object if the first was erased.
    """
    return account_statement(account, f"automation:{info.name}:{account.name}{again}", statement)


def account_statement(account: Account, identity: str, statement: bytes) -> NewObject:
    """The archive object of what a person states about an account."""
    return NewObject(
        kind="statements",
        date=None,
        provider=account.provider,
        asset_id=account.name,
        identity=identity,
        files={"statement.json": statement},
        created=datetime.now(UTC),
    )
