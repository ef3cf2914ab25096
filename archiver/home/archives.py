"""Open the parts of a home: its network, its mail server, its locks, and a client's archive for writing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from archiver.archive.seal import Authority
from archiver.archive.witness import CommandWitness, FolderWitness, MailWitness, Witness
from archiver.archive.writer import ArchiveWriter, open_archive, unfinished
from archiver.core.atomic_files import read_file, replace_file, this_process
from archiver.core.errors import ArchiveBusy, ConfigError
from archiver.core.smtp import Mailer
from archiver.home.network import Network
from archiver.home.settings import Account, Home, change_account
from archiver.home.vault import Vault, run_secret_command

ANOTHER_WRITER_TIMEOUT_S = 600.0
RETRY_INTERVAL_S = 2.0


def network_of(home: Home) -> Network:
    """The network settings of a home: archiver.yaml first, then the environment."""
    chosen = home.settings.network
    ca_file = home.root / chosen.ca_file if chosen.ca_file else None
    return Network.from_environment(proxy=chosen.proxy, ca_file=ca_file, no_proxy=chosen.no_proxy)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file that records its holder; ArchiveBusy names the holder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    holder = path.with_suffix(".holder")
    try:
        with FileLock(path, timeout=0):
            replace_file(holder, this_process().encode())
            yield
    except Timeout:
        who = read_file(holder).decode() if holder.exists() else "another process"
        raise ArchiveBusy(f"{who} holds it") from None


@contextmanager
def writing(
    home: Home, vault: Vault, client: str, *, after_restore: Path | None = None, clock_is_right: bool = False
) -> Iterator[ArchiveWriter]:
    """Open a client's archive for writing, with its lock, key, authorities and witnesses. The only way to write."""
    home.client(client)
    authorities = [
        Authority(name=each.name, url=each.url, roots=home.root / each.roots if each.roots else None)
        for each in home.settings.timestamps
    ]
    with open_archive(
        home.archive(client),
        client=client,
        signer=vault.signer(client),
        origin="replay" if home.settings.replay else "live",
        authorities=authorities,
        state=home.state / "archive" / client,
        post=network_of(home).post,
        witnesses=list(witnesses_of(home)),
        after_restore=after_restore,
        clock_is_right=clock_is_right,
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


def as_rotated(home: Home, vault: Vault, account: Account) -> Account:
    """The account with the user name that belongs to its secrets. Finishes a killed rotation."""
    name = vault.renamed(account.name)
    if name is None:
        return account
    if name != account.username:
        change_account(home.root, account.name, username=name)
    vault.settle_name(account.name)
    return replace(account, username=name)


def witnesses_of(home: Home) -> Iterator[Witness]:
    """The witnesses in the home's settings, ready to receive checkpoints."""
    for each in home.settings.witnesses:
        if each.folder:
            yield FolderWitness(name=each.name, folder=home.root / each.folder)
        elif each.command:
            yield CommandWitness(name=each.name, command=each.command)
        elif each.email:
            yield MailWitness(name=each.name, address=each.email, mailer=mailer_of(home))


def mailer_of(home: Home) -> Mailer:
    """The mail server in the home's settings; ConfigError if none is set."""
    mail = home.settings.mail
    if not (mail.host and mail.sender):
        raise ConfigError("Mail cannot be sent. Set `mail: {host: ..., from: ...}` in archiver.yaml.")

    def password() -> str:
        if not mail.secret_command:
            raise ConfigError("The mail settings name a user but no password. Set a secret_command that prints it.")
        return run_secret_command(mail.secret_command, bare="password").get("password", "")

    return Mailer(
        sender=mail.sender, host=mail.host, port=mail.port, username=mail.username, password=password,
        trust=network_of(home).ssl_context,
    )  # fmt: skip
