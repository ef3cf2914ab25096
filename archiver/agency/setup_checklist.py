"""The checklist of a new home, which `setup` goes through: it can be left at any question and resumed.

What is done is seen from the home itself, so there is nothing to resume from but the home.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from archiver.agency.accounts import NewAccount
from archiver.agency.directory import account_rows, archived, has_archive
from archiver.catalogue.archives import authorities_of
from archiver.catalogue.search_words import spelt_out
from archiver.core.errors import ArchiverError, ConfigError, IntegrityError
from archiver.home.settings import Client, Home
from archiver.home.settings_edit import add_client
from archiver.provider import SignInMethod, installed, method_of


class SetupState(StrEnum):
    DONE = "done"
    OPEN = "open"


@dataclass(frozen=True)
class SetupStep:
    """One line of the checklist: what it is, whether it is done, and the command that does it."""

    name: str
    state: SetupState
    message: str
    command: str = ""

    def __str__(self) -> str:
        todo = f" Do it with: {self.command}" if self.command and self.state is SetupState.OPEN else ""
        return f"[{'x' if self.state is SetupState.DONE else ' '}] {self.name}: {self.message}.{todo}"


def checklist(home: Home, scheduled: bool) -> Iterator[SetupStep]:
    """The steps of a home, in the order in which they are done. `scheduled`: a nightly run is installed."""

    def step(name: str, done: str, command: str, otherwise: str) -> SetupStep:
        return SetupStep(name, SetupState.DONE if done else SetupState.OPEN, done or otherwise, command)

    where = f'archiver --home "{home.root}"'
    clients = [client.slug for client in home.customers()]
    accounts = [account.name for account in home.accounts() if not account.closed]
    licences = _count_archived(home)
    has = f"{licences:,} archived" if licences else "imported" if any(has_archive(home, s) for s in clients) else ""
    stamped = ", ".join(each.name for each in authorities_of(home))
    yield step("client", ", ".join(clients), f'{where} client add SLUG --name "NAME"', "none yet")
    yield step(
        "account or import", ", ".join(accounts) or has,
        f"{where} account add NAME --client CLIENT --provider PROVIDER", "none yet",
    )  # fmt: skip
    yield step("first licences", has, f"{where} run", "nothing is archived yet")
    yield step(
        "timestamps", stamped or ("a replay home needs none" if home.settings.replay else ""),
        f"edit {home.root / 'archiver.yaml'}, key `timestamps`", "no authority is set",
    )  # fmt: skip
    yield step(
        "notification", ", ".join(home.settings.notify.channels),
        f"edit {home.root / 'archiver.yaml'}, key `notify`; then {where} notify --dry-run", "nobody receives messages",
    )  # fmt: skip
    yield step("nightly run", "installed" if scheduled else "", f"{where} schedule --install", "not scheduled")
    witnesses = ", ".join(each.name for each in home.settings.witnesses)
    yield step(
        "backup", f"witnesses hold the newest checkpoint: {witnesses}" if witnesses else "",
        f"back up {home.root} and, apart from it, the vault's key; then name a witness in archiver.yaml",
        "no witness is set",
    )  # fmt: skip


def _count_archived(home: Home) -> int:
    """The licences of all accounts whose archives can be read: what is damaged is reported elsewhere."""
    number = 0
    for account in home.accounts():
        with suppress(IntegrityError):
            number += archived(home, account)
    return number


def slug_for(name: str) -> str:
    """A short name for a client: `Acme Ltd` is `acme`, and `Grün GmbH` is `gruen`."""
    dropped = ("ltd", "limited", "gmbh", "inc", "ag", "llc")
    words = [word for word in re.findall("[a-z0-9]+", spelt_out(name)) if word not in dropped]
    return "-".join(words)[:40].strip("-") or "client"


@dataclass
class SetupConversation:
    """What `setup` asks a person, and the two things that it does with the answers.

    `ask` takes a question and a default; `ask_secrets` a sign-in method; `connect` tests and adds an account; `read`
    runs it and returns how many licences were archived.
    """

    ask: Callable[[str, str], str]
    ask_secrets: Callable[[SignInMethod], Mapping[str, str]]
    say: Callable[[str], None]
    connect: Callable[[Home, NewAccount], None]
    read: Callable[[Home, str], int]

    def go_through(self, home: Home) -> Home:
        """Ask for a client and an account where there is none, connect the account, and read it once."""
        if not (client := self._client(home)):
            return home
        home = Home.load(home.root)
        accounts = [account for account in home.accounts() if not account.closed]
        name = accounts[0].name if accounts else self._account(home, client)
        home = Home.load(home.root)
        if name and not any(row["licences"] for row in account_rows(home)):
            self.say(f"Reading {name} for the first time. You can stop it with Ctrl-C; the next run continues.")
            number = self.read(home, name)
            self.say(f"{number:,} licence{'s' * (number != 1)} archived from {name}.")
        return home

    def _client(self, home: Home) -> Client | None:
        if there := home.customers():
            return there[0]
        name = self.ask("Your first client's name (empty: later)", "").strip()
        return add_client(home.root, slug_for(name), name=name) if name else None

    def _account(self, home: Home, client: Client) -> str | None:
        while platform := self.ask(f"A platform of {client.name} (empty: later; ? lists them)", "").strip():
            if platform == "?":
                self.say("  " + ", ".join(installed()))
                continue
            try:
                return self._connected(home, client, platform)
            except ConfigError as error:
                self.say(f"archiver: {error}")
            except ArchiverError as error:
                self.say(f"archiver: {error} Nothing was saved; try again.")
        return None

    def _connected(self, home: Home, client: Client, platform: str) -> str:
        method = method_of(platform, None)
        name = f"{client.slug}-{platform}"[:40]
        username = self.ask(f"User name at {platform}", "") if method.needs_username else ""
        secrets = {} if home.settings.replay else self.ask_secrets(method)
        new = NewAccount(name=name, client=client.slug, provider=platform, username=username or None, secrets=secrets)
        self.connect(home, new)
        return name


def scheduled_here(home: Path) -> bool:
    """Whether a nightly run of this home is where `schedule --install` puts it; a fleet plans alone."""
    from archiver.agency.schedule import System, schedule, system_here
    from archiver.home.shared_copy import copy_of

    if copy_of(home):
        return True

    made = schedule(home, system_here())
    for name in made.files:
        file = made.folder / name
        if file.is_file() and str(home) in file.read_text("utf-8", "replace"):
            enabled = made.folder / "timers.target.wants" / f"{file.stem}.timer"
            return made.system is not System.SYSTEMD or enabled.is_symlink()
    return False
