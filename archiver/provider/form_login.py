"""Base for adapters of web sites: a declared sign-in form, and the check for ended sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, override

from archiver.core.errors import ConfigError, LayoutChanged, SessionExpired, SignInNeeded
from archiver.provider.contract import BrowserSession, Challenge, Provider, Response, SignInOutcome

CAPTCHA = 'iframe[src*="captcha"]:not([src*="size=invisible"])'  # an invisible captcha with its badge asks nobody


@dataclass(frozen=True, kw_only=True)
class SignInForm:
    """A sign-in page: its address, the selectors of its fields and buttons, and what may follow.

    `cookies` is the button of a banner that may cover it, if the site has one; `opener` shows the form if it is hidden.
    """

    url: str
    username: str
    password: str
    submit: str
    outcomes: Mapping[str, SignInOutcome]
    cookies: str | None = None
    opener: str | None = None


class Website(Provider[BrowserSession]):
    """A platform that is read in the browser.

    `account_page` shows whether the account is signed in. An ended session leads to an address that begins with one of
    `leads_to_sign_in`. The first of `hosts` is part of all these addresses; an account's setting `host` may name
    another one.
    """

    form: ClassVar[SignInForm]
    account_page: ClassVar[str]
    leads_to_sign_in: ClassVar[tuple[str, ...]]
    hosts: ClassVar[tuple[str, ...]] = ()

    @override
    async def sign_in(self, session: BrowserSession, secrets: Mapping[str, str], challenge: Challenge) -> None:
        form = self.form
        if not secrets.get("password"):
            raise SignInNeeded(f"the saved session for {self.info.title} has ended, and no password is stored")
        self.check(await session.goto(self.at(session, form.url)))
        if form.cookies and await session.seen(form.cookies):
            try:
                await session.click(form.cookies)
            except LayoutChanged:
                if await session.seen(form.cookies):  # otherwise it disappeared by itself
                    raise
        if form.opener and not await session.seen(form.username):
            await session.click(form.opener)
        await session.fill({form.username: session.username or "", form.password: secrets["password"]})
        await session.click(form.submit)
        await session.settle(form.outcomes, challenge=challenge)

    @override
    async def signed_in(self, session: BrowserSession) -> bool:
        try:
            await self.open(session, self.account_page)
        except SessionExpired:
            return False
        return True

    async def open(self, session: BrowserSession, url: str) -> Response:
        """A page of the account; SessionExpired if it leads to a sign-in."""
        page = self.check(await session.goto(self.at(session, url)))
        if page.url.startswith(self.leads_to_sign_in):
            raise SessionExpired(f"{self.info.title} asks for a sign-in")
        return page.expect()

    def at(self, session: BrowserSession, url: str) -> str:
        """The address at the host that the account's setting names; ConfigError if the adapter does not support that
        host.
        """
        host = session.settings.get("host")
        if not host or not self.hosts:
            return url
        if host not in self.hosts:
            known = ", ".join(self.hosts)
            raise ConfigError(
                f"The setting `host` is {host!r}, which is not a host of {self.info.title}. Use one of: {known}."
            )
        return url.replace(f"https://{self.hosts[0]}/", f"https://{host}/", 1)

    def check(self, page: Response) -> Response:
        """Return the page; raise if it shows that the platform locked the account. By default, no page does."""
        return page
