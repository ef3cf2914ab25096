"""The one way to open a client's archive for writing: its lock, signing key, authorities and witnesses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pkgutil import resolve_name

from archiver.archive.anchors import Anchor, Calendar, CosigningWitness
from archiver.archive.checking.parts import anchor_proofs, archive_words
from archiver.archive.seal import Authority
from archiver.archive.trusted_list import LOTL_URL, TrustedLists
from archiver.archive.witness import CommandWitness, FolderWitness, MailWitness, Witness
from archiver.archive.writer import ArchiveWriter, SealSettings, open_archive, unfinished
from archiver.archive.writer import Restored as Restored
from archiver.catalogue.known_archive import changes_by_others as changes_by_others  # for all who open archives
from archiver.catalogue.known_archive import check_key as check_key
from archiver.catalogue.known_archive import check_not_lost
from archiver.catalogue.known_archive import check_whole as check_whole
from archiver.catalogue.known_archive import remembered as remembered
from archiver.catalogue.known_archive import trusted_key as trusted_key
from archiver.core.errors import ArchiveBusy, ConfigError
from archiver.home.connections import mailer_of, network_of, pinned_roots
from archiver.home.reliance import note
from archiver.home.settings import Home
from archiver.home.settings_models import QualifiedAuthority
from archiver.home.shared_copy import holding
from archiver.home.vault import Vault

ANOTHER_WRITER_TIMEOUT_S = 600.0
RETRY_INTERVAL_S = 2.0

REPLICA = "archiver.fleet.publisher:ReplicaWitness"
"""Found by name, like the adapters: its room is above this one, and homes without a replica import nothing of it."""


@contextmanager
def writing(
    home: Home, vault: Vault, client: str, *, after_restore: Restored | None = None, clock_is_right: bool = False
) -> Iterator[ArchiveWriter]:
    """Open a client's archive for writing, with its lock, key, authorities and witnesses. The only way to write.

    Raises IntegrityError also if the archive is gone: no other is begun in its place, as where a share is not mounted.
    """
    home.client(client)
    with holding(home.root, client):
        if not after_restore:
            check_not_lost(home, client)
        means = SealSettings(
            client=client,
            signer=vault.signer(client),
            authorities=authorities_of(home),
            state=home.archive_state(client),
            post=network_of(home).post,
            qualify=trusted_lists_of(home).keep,
            roots=pinned_roots(home),
            witnesses=list(witnesses_of(home)),
            anchors=anchors_of(home),
            note=lambda item, asked: note(home, item, {f"{client}:{name}": why for name, why in asked.items()}),
        )
        origin, place = "replay" if home.settings.replay else "live", home.archive(client)
        with open_archive(
            place, means, origin=origin, after_restore=after_restore, clock_is_right=clock_is_right
        ) as archive:
            yield archive


@contextmanager
def writing_when_free(home: Home, vault: Vault, client: str, say: Callable[[str], None]) -> Iterator[ArchiveWriter]:
    """Open the archive for writing; wait while another command writes to it."""
    deadline, announced = time.monotonic() + ANOTHER_WRITER_TIMEOUT_S, False
    with ExitStack() as stack:
        while True:
            try:
                archive = stack.enter_context(writing(home, vault, client))
                break
            except ArchiveBusy:
                if time.monotonic() > deadline:
                    raise
                if not announced:
                    say("Another command is writing to this archive. Waiting until it ends.")
                    announced = True
                time.sleep(RETRY_INTERVAL_S)
        yield archive


def finish(home: Home, vault: Vault, client: str) -> None:
    """Finish the work of a killed command in a client's archive and seal it. Does nothing if there is none."""
    if unfinished(home.archive(client)):
        with writing(home, vault, client) as archive:
            archive.seal()


def authorities_of(home: Home) -> list[Authority]:
    """The timestamp authorities in the home's settings that are asked: of a preset's, those whose roots are there."""
    return [
        Authority(name=each.name, url=each.url, roots=home.root / each.roots if each.roots else None)
        for each in home.settings.timestamps
        if each.roots or not isinstance(each, QualifiedAuthority)
    ]


def anchors_of(home: Home) -> list[Anchor]:
    """The anchors in the home's settings. A replay has none: nobody is to vouch for what is no evidence."""
    ask, found = network_of(home).ask, list[Anchor]()
    for each in home.settings.anchors if not home.settings.replay else ():
        if each.calendar:
            found.append(Calendar(name=each.name, url=each.calendar, ask=ask))
            continue
        try:
            key = anchor_proofs.WitnessKey.parse(each.key or "")
        except archive_words.Malformed as error:
            raise ConfigError(f"the anchor {each.name} in archiver.yaml: its key {error}") from None
        found.append(CosigningWitness(name=each.name, url=each.witness or "", key=key, ask=ask))
    return found


def trusted_lists_of(home: Home) -> TrustedLists:
    """The way to the EU's trusted lists. A day's lists are kept in `state/` for all archives."""
    chosen = home.settings.trusted_lists
    return TrustedLists(
        get=lambda url, timeout, most: network_of(home).get(url, timeout, most)[0],
        folder=home.state / "trusted-lists",
        url=chosen.url or LOTL_URL,
        signers=chosen.signers,
    )


def witnesses_of(home: Home) -> Iterator[Witness]:
    """The witnesses in the home's settings, ready to receive checkpoints."""
    for each in home.settings.witnesses:
        if each.folder:
            yield FolderWitness(name=each.name, folder=home.root / each.folder)
        elif each.command:
            yield CommandWitness(name=each.name, command=each.command)
        elif each.email:
            yield MailWitness(name=each.name, address=each.email, mailer=mailer_of(home))
    if home.settings.replica:
        yield resolve_name(REPLICA)(home)
