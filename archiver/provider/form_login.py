"""Base for adapters of web sites: a declared sign-in form, and the check for ended sessions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, override

from archiver.core.errors import ConfigError, LayoutChanged, SessionExpired, SignInNeeded
from archiver.provider.contract import BrowserSession, Challenge, Provider, Response, SignInOutcome
from archiver.provider.layout_errors import changed, known_layout

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


@dataclass(frozen=True)
class StatedCount:
    """A page, other than the list, that says how many rows the list has. `count` finds it there, as `Words` does."""

    url: str
    count: Callable[[str], str | None]


def stated_number(finder: Callable[[str], str | None], page: Response) -> int | None:
    """The whole number that `finder` finds on a page, however its thousands are set apart."""
    found = finder(page.text)
    return int(re.sub(r"[ .,'\u2019\u00a0\u202f]", "", found)) if found else None


class Website(Provider[BrowserSession]):
    """A platform that is read in the browser.

    `account_page` shows whether the account is signed in. An ended session leads to an address that begins with one of
    `leads_to_sign_in`. The first of `hosts` is part of all these addresses; an account's setting `host` may name
    another one. `stated_counts` names, for a list, another page that says how many rows it has.
    """

    form: ClassVar[SignInForm]
    account_page: ClassVar[str]
    leads_to_sign_in: ClassVar[tuple[str, ...]]
    hosts: ClassVar[tuple[str, ...]] = ()
    stated_counts: ClassVar[Mapping[str, StatedCount]] = {}

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

    @override
    async def counts(self, session: BrowserSession) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for listing, stated in self.stated_counts.items():
            page = await self.open(session, stated.url)
            with known_layout(page):
                count = stated_number(stated.count, page)
            if count is None:
                raise changed(page, f"the page does not say how many rows {listing} has")
            found[listing] = count
        return found

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
