"""What `setup` asks a person: it can be left at any question and resumed.

What is done is seen from the home itself, so there is nothing to resume from but the home.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archiver.agency.accounts import NewAccount
from archiver.agency.directory import account_rows
from archiver.agency.new_client import free_slug
from archiver.agency.platform_list import adapter_named
from archiver.core.errors import ArchiverError, ConfigError
from archiver.home.settings import Client, Home
from archiver.home.settings_edit import add_client
from archiver.provider import SignInMethod, installed, method_of


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
        if not name:
            return None
        slug = free_slug(home, name)
        while True:
            chosen = self.ask("Its short name in files and commands, which never changes", slug).strip()
            try:
                return add_client(home.root, chosen, name=name)
            except ConfigError as error:
                self.say(f"archiver: {error}")

    def _account(self, home: Home, client: Client) -> str | None:
        while platform := self.ask(f"A platform of {client.name} (empty: later; ? lists them)", "").strip():
            if platform == "?":
                self.say("  " + ", ".join(installed()))
                continue
            try:
                return self._connected(home, client, adapter_named(platform, client.slug))
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
