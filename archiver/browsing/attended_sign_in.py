"""Attended sign-in: a person signs in by hand, and the archiver detects the end of the sign-in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from archiver.browsing.browser_session import PlaywrightSession
from archiver.core.errors import SessionExpired, SignInNeeded, SiteUnavailable
from archiver.provider import Phase, Provider, Request

SIGN_IN_TIMEOUT_S = 600.0  # for a person to sign in
LOOK_INTERVAL_S = 1.0  # between two looks at the person's page
ASK_INTERVAL_S = 3.0  # between two requests to the platform


async def attend(
    session: PlaywrightSession,
    provider: Provider[PlaywrightSession],
    login_url: str,
    say: Callable[[str], None],
    *,
    timeout_s: float = SIGN_IN_TIMEOUT_S,
) -> None:
    """Open the sign-in page and return when the account is signed in. Raises SignInNeeded after `patience` seconds.

    Only a second page of the same session asks the platform, and only after the person has left the sign-in page, so
    that the person's page never changes under their hands.
    """
    deadline = time.monotonic() + timeout_s
    with session.during(Phase.SIGNING_IN):
        await session.goto(login_url)
        say(f"Sign in to {provider.info.title} in the browser window. This command ends when you are signed in.")
        login = Request("GET", login_url).place
        while Request("GET", session.tab.url).place == login:
            await _wait(session, deadline, LOOK_INTERVAL_S)
        async with session.beside() as hidden:
            while not await _signed_in(provider, hidden):
                await _wait(session, deadline, ASK_INTERVAL_S)
    say("Signed in. The session is saved.")


async def _wait(session: PlaywrightSession, deadline: float, seconds: float) -> None:
    if session.tab.is_closed():
        raise SignInNeeded("the browser window was closed before you were signed in")
    if time.monotonic() > deadline:
        raise SignInNeeded("nobody signed in before the time limit")
    await asyncio.sleep(seconds)


async def _signed_in(provider: Provider[PlaywrightSession], session: PlaywrightSession) -> bool:
    try:
        return await provider.signed_in(session)
    except (SessionExpired, SiteUnavailable):  # ask again later, while the person continues
        return False
