"""Open an account's session: its secrets, its recording, its sign-in and one-time codes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyotp

from archiver.browsing.browser_session import PlaywrightSession
from archiver.browsing.http_session import HttpSession
from archiver.browsing.recording import Recording
from archiver.collect.run_tools import Tools
from archiver.core.errors import (
    ConfigError,
    SessionExpired,
    SignInNeeded,
)
from archiver.home.network import Network
from archiver.home.settings import Account
from archiver.home.vault import Vault, run_secret_command
from archiver.provider import (
    Challenge,
    Provider,
    ProviderInfo,
    SignInMethod,
    Transport,
)

CLOSING = 20.0  # seconds for a browser's context to close


@dataclass
class SigningIn:
    """Restore or sign in, once; and once more when the session expires on the way."""

    provider: Provider[Any]
    session: Any
    secrets: Mapping[str, str]
    challenge: Challenge

    async def once(self) -> None:
        """Use the restored session where it still holds, else sign in."""
        try:
            if await self.provider.signed_in(self.session):
                return
        except SessionExpired:
            pass
        await self.again()

    async def again(self) -> None:
        """Sign in; where that does not make the account signed in, a person is needed."""
        before = len(self.session.refused)
        await self.provider.sign_in(self.session, self.secrets, self.challenge)
        if not await self.provider.signed_in(self.session):
            refused = self.session.refused[before:]
            on_the_way = f"; refused on the way, as no rule allows it: {', '.join(refused)}" if refused else ""
            raise SignInNeeded(f"the sign-in ended, and the platform still does not show the account{on_the_way}")


@dataclass
class Totp:
    """The unattended challenge: a code from the vault's TOTP secret, or SignInNeeded. No code is used twice."""

    secret: str | None
    now: Callable[[], datetime]
    used: str = ""

    async def code(self) -> str:
        if not self.secret:
            raise SignInNeeded("the platform asks for a code that is not in the vault")
        totp = ShortSecretTotp(self.secret.replace(" ", ""))
        if totp.at(self.now()) == self.used:  # wait for the next one
            await asyncio.sleep(totp.interval - self.now().timestamp() % totp.interval)
        self.used = totp.at(self.now())
        return self.used


class ShortSecretTotp(pyotp.TOTP):
    """TOTP that accepts the 80-bit secrets which many sites still hand out."""

    min_secret_length_bits = 0


@asynccontextmanager
async def open_session(
    shared: Tools,
    info: ProviderInfo,
    method: SignInMethod,
    account: Account,
    network: Network,
    secrets: Mapping[str, str],
    now: Callable[[], datetime],
    state: Any,
) -> AsyncIterator[HttpSession | PlaywrightSession]:
    """A guarded session of the method's transport."""
    if method.transport is Transport.HTTP:
        async with HttpSession(
            info, network=network, pacing=shared.pacing, username=account.username, settings=account.settings,
            secrets=secrets, now=now, hear=shared.hear,
        ) as session:  # fmt: skip
            yield session
    else:
        browser = await shared.browsers.open(
            info, network=network, pacing=shared.pacing, username=account.username, settings=account.settings,
            secrets=secrets, now=now, state=state,
        )  # fmt: skip
        try:
            yield browser
        finally:
            with suppress(TimeoutError):  # one that hangs must not keep the run
                async with asyncio.timeout(CLOSING):
                    await browser.close()


def find_recording(folder: Path, account: Account) -> Recording:
    """The recording that serves an account: DIR itself, DIR/ACCOUNT, or DIR/PROVIDER/two-pages."""
    for path in (folder, folder / account.name, folder / account.provider / "two-pages"):
        if (path / "session.yaml").is_file():
            recording = Recording.load(path)
            if recording.provider != account.provider:
                raise ConfigError(f"{path} is a recording of {recording.provider}, and {account.name} is of another.")
            return recording
    raise ConfigError(f"No recording for account {account.name} in {folder}. Add {account.name}/session.yaml there.")


def secrets_of(vault: Vault, account: Account, method: SignInMethod, recording: Recording | None) -> dict[str, str]:
    """An account's secrets, from its command or the vault, over a recording's; SignInNeeded names those missing."""
    stored = vault.secrets(account.name)
    if account.secret_command:
        stored = run_secret_command(account.secret_command, bare=next(iter(method.secrets), "password"))
    secrets = {**(recording.secrets if recording else {}), **stored}
    missing = [name for name in method.secrets if not secrets.get(name)]
    if missing:
        raise SignInNeeded(f"the vault holds no {' and no '.join(missing)} for {account.name}")
    return secrets
