"""The accounts page: which accounts need a person, the present job, and the forms to run or sign in."""

from __future__ import annotations

from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.agency.status import status
from archiver.core.errors import ConfigError
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.desk.home_page import troubles
from archiver.home.settings import Account
from archiver.provider import SignInMethod, Transport, method_of


def accounts(visit: PageRequest) -> Response:
    """All accounts, and which of them need a person."""
    marks = {each.account: each for each in troubles(visit)}
    here = visit.operates and not visit.desk.site.secure  # a person must sit at the machine of the desk to sign in
    known = visit.home.accounts()
    methods = {each.name: method for each in known if (method := _method(each))}
    attended = {name for name, method in methods.items() if here and method.transport is not Transport.HTTP}
    keyed = {name for name, method in methods.items() if method.secrets}
    standing = {
        each.account: each
        for each in status(
            visit.home, turns=visit.desk.turns, lacking=visit.desk.lacking, previews=visit.desk.previews
        ).accounts
    }
    return visit.page(
        "accounts.html", accounts=known, marks=marks, attended=attended, work=visit.desk.work, standing=standing,
        added=visit.kept_if("added", tuple), keyed=keyed, sources=visit.home.sources(), done=visit.asked("done"),
    )  # fmt: skip


def _method(account: Account) -> SignInMethod | None:
    with suppress(ConfigError):  # with a missing or broken adapter, the account is listed as needing a person
        return method_of(account.provider, account.method)
    return None


def run(visit: PageRequest) -> Response:
    """Run in the background the accounts whose names the form gives, with spaces between them, or those of its client,
    or all. Where the address asks for it, they are read to their end."""
    names = [visit.home.account(name).name for name in visit.given("account").split()]
    client = visit.given("client")
    clients = [visit.client(client).slug] if client and not names else []
    visit.desk.work.run(visit.home, visit.desk.vault, names, clients=clients, full=bool(visit.asked("full")))
    visit.log_action("run started", " ".join(names or clients) or "all")
    return visit.to("accounts")


def sign_in(visit: PageRequest) -> Response:
    """Open the attended sign-in on this machine."""
    if visit.desk.site.secure:  # the window would open on another machine
        raise HTTPException(403)
    account = visit.home.account(visit.given("account"))
    visit.desk.work.sign_in(visit.home, visit.desk.vault, account.name)
    visit.log_action("sign-in started", account.name)
    return visit.to("accounts")


ROUTES = [
    PageRoute("/accounts", accounts),
    PageRoute("/accounts/run", run, Role.OPERATE, post=True),
    PageRoute("/accounts/sign-in", sign_in, Role.OPERATE, post=True),
]
