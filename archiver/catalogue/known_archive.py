"""What this home knows of a client's archive from outside it: whose key signs it, and how it was left.

Who can write to the archive can replace it as a whole, by one that holds in itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archiver.archive.checking.parts import archive_words
from archiver.archive.last_seen import LastSeen, LostEnd, has_known_key, has_written, known_key
from archiver.archive.ledger import last_line
from archiver.archive.reader import key_in, signer_key
from archiver.catalogue.index_schema import has_read
from archiver.core.errors import ArchiverError, IntegrityError
from archiver.home.settings import Home
from archiver.home.vault import open_vault


def trusted_key(home: Home, client: str) -> Path | None:
    """The file of the key that signs a client's archive: the one with which this machine wrote, else the vault's.

    None if neither is known, as on a machine without the vault's key that never wrote.
    """
    state = home.archive_state(client)
    if known_key(state) is None and home.vault.exists():
        with suppress(ArchiverError, OSError):
            if public := open_vault(home.vault).public_key(client):
                memory = LastSeen(state)
                memory.wrote_with(public)
                memory.close()
    return known_key(state)


def has_trusted_key(home: Home, client: str) -> bool:
    """Whether a client's archive has the `trusted_key`, if that is known."""
    return trusted_key(home, client) is None or has_known_key(home.archive_state(client), home.archive(client))


def check_key(home: Home, client: str) -> None:
    """Raise IntegrityError if somebody put an archive with another key in the place of a client's."""
    if not has_trusted_key(home, client):
        place = home.archive(client) / archive_words.SIGNER_KEY
        raise IntegrityError(f"{place} is not the key with which this machine wrote to the archive")


def expected_key(home: Home, client: str) -> bytes | None:
    """The trusted key, else the archive's own; None if it has none."""
    known = trusted_key(home, client)
    with suppress(IntegrityError):
        return key_in(known) if known else signer_key(home.archive(client))
    return None


def is_lost(home: Home, client: str) -> bool:
    """Whether a client's archive has no ledger line, though this home read or wrote some."""
    try:
        if last_line(home.archive(client) / archive_words.LEDGER):
            return False
    except IntegrityError:  # something is there, which the verifier judges
        return False
    return has_written(home.archive_state(client)) or has_read(home.catalogue(client))


def check_not_lost(home: Home, client: str) -> None:
    """Raise IntegrityError if a client's archive `is_lost`."""
    if is_lost(home, client):
        raise IntegrityError(
            f"nothing is left in {home.archive(client)}, which this home read or wrote before. If it is on a share or "
            "another disk, mount that; otherwise put it back from a backup or the replica"
        )


def changes_by_others(home: Home, client: str) -> list[str]:
    """What somebody changed in a client's archive since this machine wrote to it, in sentences. An older state of it,
    which holds in itself, is such a change, too.
    """
    with _memory(home, client) as memory:
        return memory.differences(client, home.archive(client)) if memory else []


def remembered(home: Home, client: str) -> tuple[int, list[LostEnd]]:
    """The number of lines that this machine saw in a client's ledger (0: none), and the ends that it saw and that are
    gone, unless a `rollback` line names them.
    """
    with _memory(home, client) as memory:
        return (memory.lines, memory.losses(home.archive(client))) if memory else (0, [])


def check_whole(home: Home, client: str) -> None:
    """Raise IntegrityError if a client's archive is shorter than this machine remembers, whatever was added since."""
    with _memory(home, client) as memory:
        if memory and (lost := memory.losses(home.archive(client))):
            raise IntegrityError(lost[0].sentence(client).removesuffix("."), remedy=memory.confirm(client))


@contextmanager
def _memory(home: Home, client: str) -> Iterator[LastSeen | None]:
    state = home.archive_state(client)
    memory = LastSeen(state) if state.is_dir() else None
    try:
        yield memory
    finally:
        if memory:
            memory.close()
