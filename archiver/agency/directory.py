"""List, describe, rename and remove the clients and accounts of a home."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from archiver.agency.status import status
from archiver.archive.checking.parts import archive_words
from archiver.catalogue.index import Catalogue
from archiver.catalogue.search import followed
from archiver.core.errors import ConfigError, Remedy
from archiver.home.settings import HOUSE, Account, Client, Home
from archiver.home.settings_edit import remove_client, remove_input, rename_account
from archiver.home.settings_models import check_account_name
from archiver.home.vault import Vault
from archiver.provider import declared


class ContactRow(TypedDict):
    """Whom a client's messages go to."""

    name: str | None
    to: list[str]


class ClientRow(TypedDict):
    """One client, in the form of `client show --json`."""

    client: str
    name: str
    aliases: list[str]
    domains: list[str]
    contact: ContactRow
    accounts: list[str]
    licences: int
    archive: bool


class AccountRow(TypedDict):
    """One account, in the form of `account list --json`."""

    account: str
    client: str
    provider: str
    method: str | None
    username: str | None
    plan: str | None
    closed: str | None
    licences: int


class DescribedAccount(AccountRow):
    """Everything about one account but its secrets, in the form of `account show --json`."""

    settings: dict[str, str]
    plan_until: str | None
    seats: int | None
    people: int | None
    rules: list[str]
    last_run: str | None
    last_complete: str | None
    outcome: str | None
    trouble: str | None
    next_full: str | None


def has_archive(home: Home, slug: str) -> bool:
    """Whether anything was written to the client's archive."""
    return (home.archive(slug) / archive_words.LEDGER).is_file()


def client_rows(home: Home) -> list[ClientRow]:
    """The clients of a home, in the form of `client list --json`."""
    return [client_row(home, client) for client in home.clients.values()]


def client_row(home: Home, client: Client) -> ClientRow:
    return {
        "client": client.slug,
        "name": client.name,
        "aliases": list(client.aliases),
        "domains": list(client.domains),
        "contact": {"name": client.contact.name, "to": list(client.contact.to)},
        "accounts": [account.name for account in client.accounts],
        "licences": _number(home, client.slug, Catalogue.count),
        "archive": has_archive(home, client.slug),
    }


def account_rows(home: Home, client: str | None = None) -> list[AccountRow]:
    """The accounts of a home or of one client, in the form of `account list --json`."""
    owners = [home.client(client)] if client else home.clients.values()
    return [account_row(home, account) for owner in owners for account in owner.accounts]


def account_row(home: Home, account: Account) -> AccountRow:
    info = declared(account.provider)
    method = account.method or (info.method(None).name if info else None)
    return {
        "account": account.name, "client": account.client, "provider": account.provider, "method": method,
        "username": account.username, "plan": account.plan,
        "closed": account.closed.isoformat() if account.closed else None,
        "licences": archived(home, account),
    }  # fmt: skip


def describe_account(home: Home, account: Account) -> DescribedAccount:
    row = next(each for each in status(home, client=account.client).accounts if each.account == account.name)
    return {
        **account_row(home, account),
        "settings": dict(account.settings),
        "plan_until": account.plan_until.isoformat() if account.plan_until else None,
        "seats": account.seats,
        "people": account.people,
        "rules": [rule.name for rule in account.rules],
        "last_run": row.last_run,
        "last_complete": row.last_complete,
        "outcome": row.outcome,
        "trouble": row.trouble_in_words,
        "next_full": row.next_full,
    }


def archived(home: Home, account: Account) -> int:
    """How many licences the archive has from this account."""
    return _number(home, account.client, lambda catalogue: catalogue.count_of_account(account.name))


def _number(home: Home, slug: str, count: Callable[[Catalogue], int]) -> int:
    """What `count` finds in a client's catalogue; 0 without an archive."""
    if not has_archive(home, slug):
        return 0
    with followed(home, slug) as catalogue:
        return count(catalogue)


def give_account_name(home: Home, vault: Vault, name: str, new: str) -> None:
    """Change an account's name; ConfigError if the archive already knows the account by its name.

    A repeated call completes an interrupted one.
    """
    known = {each.name for each in home.accounts()}
    if name not in known and new in known and name in vault.accounts():  # killed before the vault was written
        vault.rename(name, new)
        return
    account = home.account(name)
    try:
        check_account_name(new)
    except ValueError as error:
        raise ConfigError(f"{error}.") from None
    if _number(home, account.client, lambda catalogue: len(catalogue.runs(name, 1))):
        raise ConfigError(
            f"The archive of {account.client} names {name} in its signed records, so the name stays. To use another "
            "name from now on, close the account and connect it again.",
            remedy=Remedy("close account", {"account": name}),
        )
    rename_account(home.root, name, new)
    vault.rename(name, new)


def removable_account(home: Home, name: str) -> Account:
    """The account, if it can be removed; ConfigError says what stays if the archive has licences of it."""
    account = home.account(name)
    if number := archived(home, account):
        licences = "1 licence" if number == 1 else f"{number:,} licences"
        raise ConfigError(
            f"{name} has {licences} in the archive of {account.client}, which stay, with their documents and the "
            "account's runs; so its name stays taken. Close it to stop reading it and to delete its secrets.",
            remedy=Remedy("close account", {"account": name}),
        )
    return account


def remove_account_without_licences(home: Home, vault: Vault, name: str) -> None:
    """Remove an account without licences: its entry in the client's file, secrets, session and reading position."""
    account = removable_account(home, name)
    remove_input(home.root, "accounts", name)
    _forget(home, vault, account)


def _forget(home: Home, vault: Vault, account: Account) -> None:
    """Delete an account's secrets, session and reading position."""
    vault.forget(account.name)
    (home.state / "history" / f"{account.name}.json").unlink(missing_ok=True)


def removable_client(home: Home, slug: str) -> Client:
    """The client, if it can be removed; ConfigError says what stays if it has an archive."""
    client = home.client(slug)
    if slug == HOUSE and client.accounts:
        raise ConfigError(
            "The house belongs to the agency. Remove its accounts.",
            remedy=[Remedy("remove account", {"account": each.name}) for each in client.accounts],
        )
    if has_archive(home, slug):
        raise ConfigError(
            f"{slug} has an archive, and evidence is never removed. Its licences, documents and signed records stay in "
            f"archive/{slug}. To end the work for a client, close its accounts and hand the archive over.",
            remedy=[
                *(Remedy("close account", {"account": each.name}) for each in client.accounts if not each.closed),
                Remedy.of("hand over", {"client": slug}),
            ],
        )
    return client


def remove_client_without_archive(home: Home, vault: Vault, slug: str) -> None:
    """Remove a client without an archive: its file, and the secrets of its accounts."""
    client = removable_client(home, slug)
    for account in client.accounts:
        _forget(home, vault, account)
    remove_client(home.root, slug)
    home.catalogue(slug).unlink(missing_ok=True)
