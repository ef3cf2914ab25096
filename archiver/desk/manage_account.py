"""The page of an account: how it is set up, and the ways to rename, close or remove it."""

from __future__ import annotations

from contextlib import suppress

from starlette.responses import Response

from archiver.agency import account_closing, directory, first_purchase
from archiver.browsing.recording import recordings_of
from archiver.core.errors import ConfigError
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import Role
from archiver.provider import method_of


def show(visit: PageRequest) -> Response:
    """One account, without its secrets."""
    account, work = visit.account(), visit.desk.work
    secrets: tuple[str, ...] = ()
    with suppress(ConfigError):  # a missing or broken adapter; the page of the accounts names it
        secrets = method_of(account.provider, account.method).secrets
    mine = work.what == "close" and work.account == account.name
    return visit.page(
        "manage-account.html", account=account, row=directory.describe_account(visit.home, account),
        keyed=bool(secrets), work=work, mine=mine, closing=work.result if mine and not work.going else None,
        by=visit.person(""), done=visit.asked("done"),
        first=first_purchase.open_lists(visit.home, account) if visit.operates else [],
    )  # fmt: skip


def rename(visit: PageRequest) -> Response:
    """Give the account another name, as `archiver account rename` does."""
    account, new = visit.account(), visit.given("name")
    directory.give_account_name(visit.home, visit.desk.vault, account.name, new)
    visit.log_action("account renamed", account.name, new=new)
    return visit.to("account", new, done="account_renamed")


def close(visit: PageRequest) -> Response:
    """Close the account in the background, as `archiver account close` does."""
    account, home, vault, work = visit.account(), visit.home, visit.desk.vault, visit.desk.work
    by, reason, anyway = visit.person(visit.given("by")), visit.given("reason"), bool(visit.given("anyway"))
    if anyway and not by:
        raise visit.refusal("close_needs_person")
    request = account_closing.ClosingRequest(replay=recordings_of(home), anyway=anyway, by=by, reason=reason)

    async def closing() -> account_closing.ClosedAccount:
        return await account_closing.close(home, vault, account.name, request, work.progress)

    work.begin("close", account.name, closing, place=at("account", account.name))
    visit.log_action("account closing", account.name, anyway=anyway)
    return visit.to("account", account.name)


def say_first(visit: PageRequest) -> Response:
    """Record which row is the account's first purchase, as `archiver account first` does."""
    account, by = visit.account(), visit.person(visit.given("by"))
    first_purchase.say_first_purchase(
        visit.home, visit.desk.vault, account, visit.given("month"), by, visit.given("listing")
    )
    visit.log_action("first purchase said", account.name, listing=visit.given("listing"))
    return visit.to("account", account.name, done="first_said")


def remove(visit: PageRequest) -> Response:
    """Remove an account without licences, as `archiver account remove` does."""
    account = visit.account()
    directory.remove_account_without_licences(visit.home, visit.desk.vault, account.name)
    visit.log_action("account removed", account.name)
    return visit.to("accounts", done="account_removed")


ROUTES = [
    PageRoute("/account/{account}", show),
    PageRoute("/account/{account}/name", rename, Role.OPERATE, post=True),
    PageRoute("/account/{account}/close", close, Role.OPERATE, post=True, confirms=True),
    PageRoute("/account/{account}/first", say_first, Role.OPERATE, post=True),
    PageRoute("/account/{account}/remove", remove, Role.OPERATE, post=True, confirms=True),
]
