"""Add a client, connect an account, or give it a new secret. The sign-in is tested before anything is saved."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.agency import accounts, platform_list
from archiver.agency.new_client import free_slug
from archiver.browsing.recording import recordings_of
from archiver.core.errors import ArchiverError, ConfigError, SiteUnavailable, WrongPassword, machine_error
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.home import settings_edit
from archiver.home.settings import HOUSE, Account
from archiver.provider import ProviderInfo, SignInMethod, Transport, load
from archiver.provider.registry import matching

SEVERAL = ("aliases", "domains")  # fields of a client with several values
KEPT_AS_TYPED = "password"  # other secrets are pasted, often with a trailing space


def new_client(visit: PageRequest) -> Response:
    return visit.page("new-client.html", error="")


def add_client(visit: PageRequest) -> Response:
    """Add a client, as `archiver client add` does."""
    name = " ".join(visit.given("name").split())
    slug = visit.given("slug") or (free_slug(visit.home, name) if name else "")
    several = {key: [each for part in visit.given(key).split(",") if (each := part.strip())] for key in SEVERAL}
    try:
        settings_edit.add_client(visit.home.root, slug, name or slug, **several)
    except ConfigError as error:
        return visit.page("new-client.html", 422, error=str(error))
    visit.log_action("client added", slug)
    return visit.to("client", slug)


def new(visit: PageRequest) -> Response:
    """Show the platforms to choose from, or the sign-in form of one platform."""
    if name := visit.asked("provider"):
        info = _platform(name)
        return _form(visit, info, info.method(visit.asked("method") or None))
    messages: list[str] = []
    described = platform_list.describe_providers({}, messages.append)
    connected = [each for each in described if each["served_by"] == platform_list.ADAPTER and not each["on_request"]]
    by_hand = [each for each in described if each not in connected]
    return visit.page(
        "platforms.html", connected=connected, by_hand=by_hand, messages=messages, client=visit.asked("client")
    )


def add(visit: PageRequest) -> Response:
    """Test the sign-in and save the account, as `archiver account add` does. A refusal saves nothing."""
    info = _platform(visit.given("provider"))
    method = info.method(visit.given("method") or None)
    client = visit.given("client")
    name = visit.given("name") or f"{client}-{info.name}"[:40]
    if visit.given("accept") and not visit.person(visit.given("accepted_by")):
        return _form(visit, info, method, visit.words("accept_needs"), ours=True)
    said: list[str] = []
    try:
        new = accounts.NewAccount(
            name=name, client=client, provider=info.name, method=method.name,
            username=visit.given("username") or None, plan=visit.given("plan") or None, secrets=_secrets(visit, method),
            accepted_by=visit.person(visit.given("accepted_by")) if visit.given("accept") else None,
            authorised_by=visit.given("authorised_by") or None,
        )  # fmt: skip
        asyncio.run(accounts.add(visit.home, visit.desk.vault, new, replay=recordings_of(visit.home), say=said.append))
    except (ArchiverError, OSError) as error:
        refused, ours = refusal_of(visit, name, error, "account refused", provider=info.name)
        return _form(visit, info, method, refused, ours=ours)
    visit.log_action("account added", name, provider=info.name, client=client)
    return _done(visit, visit.words("added", name=name), said)


def secret(visit: PageRequest) -> Response:
    """The form for an account's new password or token."""
    return _secret_form(visit, visit.home.account(visit.asked("account")))


def change(visit: PageRequest) -> Response:
    """Test the new sign-in and save it, as `archiver account rotate` does. A refusal changes nothing."""
    account = visit.home.account(visit.given("account"))
    info = load(account.provider).info
    typed = {key: text for key, text in _secrets(visit, info.method(account.method)).items() if text}
    username = visit.given("username") if visit.given("username") != (account.username or "") else None
    if not typed and not username:
        return _secret_form(visit, account, visit.words("secret_none"), ours=True)
    said: list[str] = []
    try:
        changing = accounts.rotate(
            visit.home, visit.desk.vault, account.name, typed, username, replay=recordings_of(visit.home),
            say=said.append,
        )  # fmt: skip
        asyncio.run(changing)
    except (ArchiverError, OSError) as error:
        refused, ours = refusal_of(visit, account.name, error, "account refused", provider=info.name)
        return _secret_form(visit, account, refused, ours=ours)
    visit.log_action("secret changed", account.name, provider=info.name)
    return _done(visit, visit.words("changed", name=account.name), said)


def refusal_of(
    visit: PageRequest, name: str, error: ArchiverError | OSError, what: str, **more: object
) -> tuple[str, bool]:
    """The text of a refused sign-in, and whether it is in the visitor's language; the refusal goes to the audit log."""
    refusal = machine_error(error)
    visit.log_action(what, name, **more, error=type(refusal).__name__)
    if isinstance(refusal, WrongPassword):
        return visit.words("sign_in_refused", detail=refusal.detail), True
    if isinstance(refusal, SiteUnavailable):  # nothing is kept, so no later run tries again
        return f"It could not be opened: {refusal.detail}. Check what you entered, and try again.", False
    return refusal.message(name), False


def _done(visit: PageRequest, what: str, said: list[str]) -> Response:
    """Go to the accounts page. It shows the result and its messages once."""
    return visit.to("accounts", added=visit.keep((what, said)))


def _platform(name: str) -> ProviderInfo:
    """The declaration of an installed adapter; HTTPException 404 for any other, and for one without accounts."""
    found = matching(name)
    if len(found) != 1 or (info := load(found[0]).info).on_request:
        raise HTTPException(404)
    return info


def _secrets(visit: PageRequest, method: SignInMethod) -> dict[str, str]:
    asked = (*method.secrets, *method.optional_secrets)
    given: dict[str, object] = {name: visit.form.get(f"secret_{name}") for name in asked}
    texts = {name: text for name, text in given.items() if isinstance(text, str)}
    return {name: kept for name, text in texts.items() if (kept := text if name == KEPT_AS_TYPED else text.strip())}


def _form(
    visit: PageRequest, info: ProviderInfo, method: SignInMethod, error: str = "", *, ours: bool = False
) -> Response:
    """The form with all typed values except the secrets."""
    return visit.page(
        "connect.html", 422 if error else 200, info=info, method=method, error=error, ours=ours, house=HOUSE,
        client=visit.given("client") or visit.asked("client"), in_browser=method.transport is Transport.BROWSER,
        by=visit.person(""),
    )  # fmt: skip


def _secret_form(visit: PageRequest, account: Account, error: str = "", *, ours: bool = False) -> Response:
    info = load(account.provider).info
    method = info.method(account.method)
    return visit.page(
        "secret.html", 422 if error else 200, account=account, info=info, method=method, error=error, ours=ours,
        in_browser=method.transport is Transport.BROWSER,
    )  # fmt: skip


ROUTES = [
    PageRoute("/clients/new", new_client, Role.OPERATE),
    PageRoute("/clients/new", add_client, Role.OPERATE, post=True),
    PageRoute("/accounts/new", new, Role.OPERATE),
    PageRoute("/accounts/new", add, Role.OPERATE, post=True),
    PageRoute("/accounts/secret", secret, Role.OPERATE),
    PageRoute("/accounts/secret", change, Role.OPERATE, post=True, confirms=True),
]
