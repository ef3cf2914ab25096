"""Add accounts, replace their secrets, and test their sign-ins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.agency.account_statements import ACCEPTED, AUTHORISED, file_statements
from archiver.agency.notification import seen_to
from archiver.collect.account_result import about
from archiver.collect.account_result import name_input as name_input  # sign-ins take both from here
from archiver.collect.account_result import sign_in_kind as sign_in_kind
from archiver.core.errors import ArchiverError, ConfigError, NotAccepted, Remedy, SignInKind
from archiver.home.renamed_account import as_rotated
from archiver.home.settings import Account, Home
from archiver.home.settings_edit import add_account, planned_input
from archiver.home.vault import Vault, run_secret_command
from archiver.provider import ProviderInfo, load

if TYPE_CHECKING:
    from playwright.async_api import StorageState

SWITCHED_OFF = "the test is switched off"


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """An account that a person adds: where it belongs, its secrets, and who accepted automation or gave access."""

    name: str
    client: str
    provider: str
    method: str | None = None
    username: str | None = None
    plan: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    secret_command: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    accepted_by: str | None = None
    authorised_by: str | None = None

    @property
    def fields(self) -> dict[str, object]:
        """The settings, as the client's file has them."""
        return {
            "provider": self.provider, "method": self.method, "username": self.username,
            "plan": self.plan, "settings": dict(self.settings), "secret_command": self.secret_command,
        }  # fmt: skip

    @property
    def statements(self) -> dict[str, str]:
        """Who stated what."""
        stated = ((ACCEPTED, self.accepted_by), (AUTHORISED, self.authorised_by))
        return {what: person for what, person in stated if person}

    def is_account(self, account: Account, *, wholly: bool) -> bool:
        """Whether the account is what is asked for; `wholly`: and nothing else."""
        asked = {"client": self.client, **self.fields}
        pairs = [(getattr(account, key) or None, value or None) for key, value in asked.items()]
        return all(value == there or (value is None and not wholly) for there, value in pairs)


async def add(
    home: Home,
    vault: Vault,
    new: NewAccount,
    *,
    check: bool = True,
    replay: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Add an account to a client's file, its secrets to the vault, and the statements of persons to the archive.

    With `check`, the sign-in is tested first if possible; `say` gets the result. If the platform refuses it or anything
    else fails, nothing is left behind: the client's file is written last. If the account exists with the same details,
    `accepted_by` and `authorised_by` are recorded for it.
    """
    info, name, secrets, stated = load(new.provider).info, new.name, dict(new.secrets), new.statements
    info.method(new.method)
    info.check_settings(new.settings)
    there = next((account for account in home.accounts() if account.name == name), None)
    if there and stated and new.is_account(there, wholly=False):
        if secrets:
            vault.set_secrets(name, secrets)
        file_statements(home, vault, there, info, stated)
        return
    if there and new.is_account(there, wholly=True) and vault.secrets(name) == secrets:
        return  # a killed command added it completely
    planned, _ = planned_input(home.root, "accounts", name, client=new.client, **new.fields)
    account = planned.account(name)
    _require_secrets(home, new, info)
    usable = secrets
    if check and new.secret_command:
        usable = run_secret_command(new.secret_command, bare=next(iter(info.method(new.method).secrets), "password"))
    untested = _untestable(planned, account, usable, bool(new.accepted_by), replay) if check else SWITCHED_OFF
    with about(account, SignInKind.UNSAVED):
        session = await _tested(planned, account, usable, untested, replay, say)
    try:
        vault.forget(name)  # remove the leftovers of a killed command
        if secrets:
            vault.set_secrets(name, secrets)
        if session:
            vault.save_session(name, session)
        if stated:
            file_statements(planned, vault, account, info, stated)
        add_account(home.root, name, client=new.client, **new.fields)
    except BaseException:
        if name not in {each.name for each in Home.load(home.root).accounts()}:  # otherwise another command added it
            vault.forget(name)
        raise


def _require_secrets(home: Home, new: NewAccount, info: ProviderInfo) -> None:
    """ConfigError if an account of a real home would have no way to sign in."""
    method = info.method(new.method)
    missing = [each for each in method.secrets if not new.secrets.get(each)]
    if missing and not home.settings.replay and not new.secret_command:
        raise ConfigError(
            f"No {' and no '.join(missing)} was given for {new.name}, so nothing was added. Give it at the prompt of a "
            f"terminal, as YAML with --secrets-stdin, or by a password manager's command with --secret-command."
            + (f" You find it like this: {method.where}." if method.where else "")
        )


async def _tested(
    home: Home, account: Account, secrets: Mapping[str, str], untested: str | None, replay: Path | None,
    say: Callable[[str], None],
) -> StorageState | None:  # fmt: skip
    """Test the sign-in and return the browser's session. `untested`: a reason against the test, which is said instead.

    Raises the error of the platform or the network.
    """
    if untested:
        say(f"The sign-in was not tested: {untested}.")
        return None
    session = await try_sign_in(home, account, secrets, replay)
    say(f"{load(account.provider).info.title} accepts the sign-in.")
    return session


def _untestable(
    home: Home, account: Account, secrets: Mapping[str, str], accepted: bool, replay: Path | None
) -> str | None:
    """Why the sign-in cannot be tested automatically now; None if it can. `accepted`: a person accepts that."""
    info = load(account.provider).info
    method = info.method(account.method)
    if home.settings.replay and not replay:
        return "a replay home never connects to a site; name recordings with --replay DIR"
    if info.on_request:
        return f"{info.title} has no history. {Remedy('capture', {'client': account.client})}".rstrip(".")
    if not method.secrets:
        return f"a person must sign in. {Remedy('sign in', {'account': account.name})}".rstrip(".")
    missing = [each for each in method.secrets if not secrets.get(each)]
    if missing and not replay:
        return f"no {' and no '.join(missing)} was given; find it like this: {method.where}"
    if info.automation.stance.needs_acceptance and not (accepted or home.settings.replay):
        stance = info.automation.stance
        return f"the terms of {info.title} on automation are {stance}; accept that with --accept-automation NAME"
    return None


async def try_sign_in(
    home: Home, account: Account, secrets: Mapping[str, str], replay: Path | None
) -> StorageState | None:
    """Sign in once with only these secrets; return the browser's session, or None without a browser.

    Saves nothing. Raises the error of the platform or the network.
    """
    from archiver.browsing.browser_session import PlaywrightSession
    from archiver.collect.account_session import AccountAccess, SigningIn, Totp, open_session
    from archiver.collect.run_tools import open_tools
    from archiver.collect.trouble_page import add_page, save_trouble

    home.check_replay(replay)
    access = AccountAccess.of(account, replay).with_secrets(secrets)
    provider, secrets = access.provider, access.secrets
    async with open_tools(home, replay=bool(replay)) as shared:
        network = await shared.network_for(access.recording, provider.info.rules)
        async with open_session(shared, access, network, access.recorded_session) as session:
            try:
                await SigningIn(provider, session, secrets, Totp(secrets.get("totp"), access.now)).once()
            except ArchiverError as error:
                await add_page(error, session)
                refused = "; ".join(provider.info.rules.explained(session.refused))
                secret_values = session.secret_values()
                save_trouble(home, account, error, secret_values, step="testing the sign-in", blocked=refused)
                raise
            return await session.state() if isinstance(session, PlaywrightSession) else None


def open_account(home: Home, name: str) -> Account:
    """The account of this name; ConfigError if it is closed or does not exist."""
    account = home.account(name)
    if account.closed:
        raise ConfigError(
            f"{name} was closed on {account.closed}. Add the sign-in again under another name, or remove `closed:` "
            f"from clients/{account.client}.yaml."
        )
    return account


# many parameters: what changes, and how the sign-in is tested
async def rotate(
    home: Home,
    vault: Vault,
    name: str,
    secrets: Mapping[str, str],
    username: str | None = None,
    *,
    check: bool = True,
    replay: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Replace an account's secrets or user name; values not given stay. If the platform refuses them, nothing changes.

    The sign-in is tested as for a new account. Afterwards the "needs a person" mark and the old session are gone.
    """
    from archiver.collect.automation import accepted

    account = open_account(home, name)
    if not secrets and not username:
        raise ConfigError(f"There is no new secret for {name}. Give it at the prompt or with --secrets-stdin.")
    account = as_rotated(home, vault, account)
    account = account.model_copy(update={"username": username or account.username})
    secrets = {**vault.secrets(name), **secrets}
    answered = True
    try:
        accepted(home, account, load(account.provider).info)
    except NotAccepted:
        answered = False
    untested = _untestable(home, account, secrets, answered, replay) if check else SWITCHED_OFF
    with about(account):
        session = await _tested(home, account, secrets, untested, replay, say)
    vault.rotate(name, secrets, session, username)
    as_rotated(home, vault, home.account(name))
    seen_to(home, account)
