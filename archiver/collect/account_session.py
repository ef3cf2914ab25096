"""Open an account's session: its secrets, its recording, its sign-in and one-time codes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyotp

from archiver.browsing.browser_session import PlaywrightSession
from archiver.browsing.http_session import HttpSession
from archiver.browsing.recording import Recording, clock
from archiver.browsing.request_pipeline import SessionAccount
from archiver.collect.automation import accepted
from archiver.collect.run_context import RunContext
from archiver.collect.run_tools import RunTools
from archiver.core.errors import (
    ConfigError,
    LayoutChanged,
    PasswordExpired,
    Remedy,
    SavedPage,
    SessionExpired,
    SignInNeeded,
    WrongPassword,
)
from archiver.home.network import Network
from archiver.home.renamed_account import as_rotated
from archiver.home.settings import Account
from archiver.home.vault import Vault, run_secret_command, secret_digest
from archiver.provider import (
    AnyProvider,
    Challenge,
    Phase,
    ProviderInfo,
    SignInMethod,
    Transport,
    load,
    own_adapter,
    redact_url,
)

if TYPE_CHECKING:
    from playwright.async_api import StorageState

CLOSE_TIMEOUT_S = 20.0  # for a browser's context
RENEW_BEFORE = timedelta(hours=36)  # before a session's end; one night before would be too late

type AccountSession = HttpSession | PlaywrightSession

REFUSALS = (WrongPassword, PasswordExpired)
"""The platform's own words about the secret. With secrets that never worked nothing is tried again until a person has
acted; others have `Trouble.rests`. A block is about the browser or the address, so the next run tries again."""


@dataclass(frozen=True, kw_only=True)
class AccountAccess:
    """Everything needed to sign in to an account."""

    account: Account
    provider: AnyProvider
    method: SignInMethod
    recording: Recording | None
    secrets: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, account: Account, replay: Path | None) -> AccountAccess:
        """The access by the account's method, or by that of its recording in `replay`. Without secrets yet."""
        provider: AnyProvider = load(account.provider)()
        recording = find_recording(replay, account)
        method = provider.info.method(recording.method if recording else account.method)
        return cls(account=account, provider=provider, method=method, recording=recording)

    def with_secrets(self, given: Mapping[str, str]) -> AccountAccess:
        """With these secrets, and with the recording's where they lack any."""
        return replace(self, secrets={**(self.recording.secrets if self.recording else {}), **given})

    def with_stored(self, vault: Vault) -> AccountAccess:
        """With the secrets from the account's command or the vault. SignInNeeded names missing ones."""
        stored: Mapping[str, str] = vault.secrets(self.account.name)
        if self.account.secret_command:
            stored = run_secret_command(self.account.secret_command, bare=next(iter(self.method.secrets), "password"))
        access = self.with_secrets(stored)
        missing = [name for name in self.method.secrets if not access.secrets.get(name)]
        if missing:
            raise SignInNeeded(f"the vault has no {' and no '.join(missing)} for {self.account.name}")
        return access

    @property
    def recorded_session(self) -> StorageState | None:
        """The browser session with which the recording begins."""
        return self.recording.saved_session if self.recording else None

    @property
    def now(self) -> Callable[[], datetime]:
        """The recording's clock, or this machine's."""
        return clock(self.recording)

    @property
    def in_session(self) -> SessionAccount:
        """What a session knows of the account."""
        return SessionAccount(
            username=self.account.username, settings=self.account.settings, secrets=self.secrets, now=self.now
        )

    @property
    def secret_digest(self) -> str:
        return secret_digest(self.secrets)

    @property
    def own_adapter(self) -> dict[str, str] | None:
        """The provenance of the home's own adapter, if that is used instead of the installed one."""
        return own_adapter(self.provider)

    @asynccontextmanager
    async def open(self, run: RunContext, network: Network) -> AsyncIterator[AccountSession]:
        """A guarded session, restored from the saved one if there is one."""
        saved = saved_state(run.vault, self.account, self.provider.info, self.method, run.summary.warnings.append)
        async with open_session(run.tools, self, network, saved or self.recorded_session) as session:
            yield session


def admit(run: RunContext, account: Account) -> AccountAccess:
    """Check that an account may run, and return what its sign-in needs.

    ConfigError for an unknown provider; NotAccepted; SignInNeeded; and the refusal of an earlier run if no secret has
    changed since.
    """
    access = AccountAccess.of(account, run.order.replay)
    accepted(run.home, account, access.provider.info)
    access = replace(access, account=as_rotated(run.home, run.vault, account)).with_stored(run.vault)
    trouble = run.vault.trouble(account.name)
    refusal = next((each for each in REFUSALS if trouble and each.__name__ == trouble.error), None)
    if trouble and refusal and trouble.rests(access.secret_digest, datetime.now(UTC)):
        raise refusal(f"this happened on {trouble.at}, and the secrets have not changed since, so nothing was tried")
    return access


@dataclass
class SigningIn:
    """Restores the session or signs in, and signs in once more if the session expires."""

    provider: AnyProvider
    session: AccountSession
    secrets: Mapping[str, str]
    challenge: Challenge

    async def once(self) -> None:
        """Use the restored session if it is still valid, else sign in."""
        with self.session.during(Phase.SIGNING_IN), suppress(SessionExpired):
            try:
                if await self.provider.signed_in(self.session):
                    return
            except LayoutChanged as error:
                raise await self.session.meant(error) from error
        await self.again()

    async def again(self) -> None:
        """Sign in. LayoutChanged with the page's address if the account is still not signed in, because of an unknown
        step.

        SignInNeeded if there is no page that could show it. The phase ends when the account shows, or with an error.
        """
        with self.session.during(Phase.SIGNING_IN):
            try:
                await self._sign_in()
            except LayoutChanged as error:
                meant = await self.session.meant(error)
                # A password is asked for where somebody signs in, so that says nothing here.
                raise (error if isinstance(meant, SessionExpired) else meant) from error

    async def _sign_in(self) -> None:
        before = len(self.session.refused)
        await self.provider.sign_in(self.session, self.secrets, self.challenge)
        page = await self.session.page() if isinstance(self.session, PlaywrightSession) else None
        if not await self.provider.signed_in(self.session):
            refused = self.provider.info.rules.explained(self.session.refused[before:])
            on_the_way = f"; blocked requests: {'; '.join(refused)}" if refused else ""
            if page:
                raise LayoutChanged(
                    f"the sign-in led to {redact_url(page.url)}, a step that the adapter does not know{on_the_way}",
                    page=SavedPage(page.url, page.content),
                )
            raise SignInNeeded(f"after the sign-in, the platform still does not show the account{on_the_way}")


@dataclass
class Totp:
    """The challenge of unattended runs: a code from the vault's TOTP secret, or SignInNeeded. No code is used twice."""

    secret: str | None
    now: Callable[[], datetime]
    used: str = ""

    async def code(self) -> str:
        if not self.secret:
            raise SignInNeeded("the platform asks for a code, but the vault has no secret for codes")
        totp = ShortSecretTotp(self.secret.replace(" ", ""))
        if totp.at(self.now()) == self.used:  # wait for the next one
            await asyncio.sleep(totp.interval - self.now().timestamp() % totp.interval)
        self.used = totp.at(self.now())
        return self.used


class ShortSecretTotp(pyotp.TOTP):
    """TOTP that accepts 80-bit secrets, which many sites still issue."""

    min_secret_length_bits = 0


@asynccontextmanager
async def open_session(
    shared: RunTools, access: AccountAccess, network: Network, state: StorageState | None
) -> AsyncIterator[AccountSession]:
    """A guarded session of the method's transport. `state` is the saved session of a browser."""
    info, account = access.provider.info, access.in_session
    if access.method.transport is Transport.HTTP:
        async with HttpSession(
            info, network=network, pacing=shared.pacing, account=account, hear=shared.hear
        ) as session:
            yield session
    else:
        browser = await shared.browsers.open(info, network=network, pacing=shared.pacing, account=account, state=state)
        try:
            yield browser
        finally:
            with suppress(TimeoutError):  # a hanging browser must not delay the run
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await browser.close()


def find_recording(folder: Path | None, account: Account) -> Recording | None:
    """The recording for an account: DIR itself, DIR/ACCOUNT, or DIR/PROVIDER/two-pages. None without a folder."""
    if folder is None:
        return None
    for path in (folder, folder / account.name, folder / account.provider / "two-pages"):
        if (path / "session.yaml").is_file():
            recording = Recording.load(path)
            if recording.provider != account.provider:
                raise ConfigError(
                    f"{path} is a recording of {recording.provider}, but {account.name} is an account of "
                    f"{account.provider}. Name another recording."
                )
            return recording
    raise ConfigError(f"{folder} has no recording for account {account.name}. Add {account.name}/session.yaml there.")


def saved_state(
    vault: Vault, account: Account, info: ProviderInfo, method: SignInMethod, warn: Callable[[str], None]
) -> StorageState | None:
    """The saved session.

    If it ends soon, it is renewed early enough for a person to see a failure: None makes the caller sign in with
    secrets; without secrets, `warn` asks a person.
    """
    state = vault.session(account.name)
    ends = info.session_end(state)
    if ends is None or ends - datetime.now(UTC) > RENEW_BEFORE:
        return state
    if method.secrets:
        return None
    warn(
        f"{account.name}: the saved session ends on {ends:%Y-%m-%d %H:%M} UTC. "
        f"{Remedy('sign in', {'account': account.name})}"
    )
    return state


async def remember(vault: Vault, account: Account, session: AccountSession) -> None:
    """Save a browser's session for the next run."""
    if isinstance(session, PlaywrightSession) and not session.info.on_request:
        vault.save_session(account.name, await session.state())
