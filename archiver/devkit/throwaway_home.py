"""A temporary home with one real account, and the personal data that its recording must not contain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.agency.account_statements import ACCEPTED, file_statements
from archiver.browsing import scrub
from archiver.browsing.capture import cookie_secrets
from archiver.home.settings import Account, Home
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, new_key
from archiver.provider import ProviderInfo

if TYPE_CHECKING:
    from playwright.async_api import StorageState


def personal_of(home: Home, vault: Vault) -> dict[str, str]:
    """The values of a home that no recording may contain: secrets, sessions, and names of people and clients."""
    known = {home.settings.agency.name: scrub.NAME}
    for client in home.clients.values():
        known |= dict.fromkeys((client.name, *client.aliases), scrub.NAME)
    for account in home.accounts():
        known |= {account.username or "": scrub.NAME}
        known |= {value: name for name, value in vault.secrets(account.name).items()}
        known |= dict.fromkeys(cookie_secrets((vault.session(account.name) or {}).get("cookies", [])), scrub.COOKIE)
    return known


def throw_away(
    home: Home, account: Account, root: Path, secrets: Mapping[str, str], state: StorageState | None, info: ProviderInfo
) -> tuple[Home, Vault]:
    """Create a home with only this account, without authorities and witnesses."""
    create_home(root, replay=home.settings.replay, timestamps=[])
    add_client(root, "client", name="Client")
    add_account(
        root, account.name, client="client", provider=account.provider, method=account.method,
        username=account.username, plan=account.plan, settings=account.settings,
    )  # fmt: skip
    vault = Vault.create(root / "vault.enc", new_key())
    vault.set_secrets(account.name, secrets)
    if state:
        vault.save_session(account.name, state)
    there = Home.load(root)
    if info.automation.stance.needs_acceptance and not home.settings.replay:
        said = {ACCEPTED: "accepted in the home that it is recorded for"}
        file_statements(there, vault, there.account(account.name), info, said)
    return there, vault


def bring_back(vault: Vault, kept: Vault, name: str) -> None:
    """Copy the new session and any refusal to the real vault, because the platform remembers both."""
    if state := kept.session(name):
        vault.save_session(name, state)
    if trouble := kept.trouble(name):
        vault.mark(name, trouble.error, trouble.secret_digest)
