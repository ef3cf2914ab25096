"""Finish a change of an account's user name that a killed command began."""

from __future__ import annotations

from archiver.home.settings import Account, Home
from archiver.home.settings_edit import change_account
from archiver.home.vault import Vault


def as_rotated(home: Home, vault: Vault, account: Account) -> Account:
    """The account with the user name that its secrets belong to: a rotation that was killed is finished."""
    name = vault.renamed(account.name)
    if name is None:
        return account
    if name != account.username:
        change_account(home.root, account.name, username=name)
    vault.settle_name(account.name)
    return account.model_copy(update={"username": name})
