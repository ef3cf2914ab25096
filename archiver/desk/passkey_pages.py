"""Passkeys of the person who is signed in: add one, take one away; and the sign-in with one."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.core.errors import ConfigError
from archiver.desk import passkeys
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import User
from archiver.desk.sign_in import refused, right


def _user(visit: PageRequest) -> User:
    """The person's entry; HTTPException 404 for whoever has none, as at the desk's own machine."""
    user = visit.desk.access.users.all().get(visit.visitor.name)
    if user is None:
        raise HTTPException(404)
    return user


def begin(visit: PageRequest) -> Response:
    """Lead to the page on which the browser makes a passkey."""
    _user(visit)
    if passkeys.site_name(visit.request) is None:
        raise visit.refusal("passkey_needs_name")
    return visit.to("you", "passkey", visit.keep("passkey"))


def show(visit: PageRequest) -> Response:
    """The page on which the browser makes a passkey."""
    if visit.kept(visit.path["key"], str) != "passkey":
        raise HTTPException(404)
    options = passkeys.creation_options(
        visit.request, visit.desk.access.challenges, (user := _user(visit)).name, user.passkeys
    )
    return visit.page("new-passkey.html", options=options, key=visit.path["key"])


def add(visit: PageRequest) -> Response:
    """Keep the passkey that the browser made."""
    user, access = _user(visit), visit.desk.access
    if visit.kept(visit.path["key"], str) != "passkey":
        raise HTTPException(404)
    made = passkeys.made(visit.request, access.challenges, visit.given("credential"), visit.given("name"))
    if made is None or any(each.id == made.id for each in user.passkeys):
        raise visit.refusal("passkey_refused")
    access.users.change(user.name, passkeys=lambda kept: (*kept, made))
    visit.log_action("passkey added", user.name)
    return visit.to("you", done="passkey_added")


def remove(visit: PageRequest) -> Response:
    """Take a passkey away."""
    user, gone = _user(visit), visit.given("id")
    visit.desk.access.users.change(user.name, passkeys=lambda kept: tuple(each for each in kept if each.id != gone))
    visit.log_action("passkey removed", user.name)
    return visit.to("you", done="passkey_removed")


async def sign_in(visit: PageRequest) -> Response:
    """Sign in with a passkey. Nothing is counted, because a signature cannot be guessed."""
    found = await visit.desk.workers.run(None, _signed, visit)
    if found is None:
        return await visit.desk.workers.run(None, refused, visit, visit.words("passkey_unknown"))
    return await visit.desk.workers.run(None, right, visit, found)


def _signed(visit: PageRequest) -> User | None:
    access = visit.desk.access
    users = access.users.all()
    known = [(user.name, each) for user in users.values() for each in user.passkeys]
    found = passkeys.signed_by(visit.request, access.challenges, known, visit.given("credential"))
    if found is None:
        return None
    user, used = users[found[0]], found[1]
    if used.sign_count:  # passkeys that are synchronised count nothing
        try:
            access.users.change(
                user.name, passkeys=lambda kept: tuple(used if each.id == used.id else each for each in kept)
            )
        except ConfigError:  # the user was removed just now
            return None
    return user


ROUTES = [
    PageRoute("/you/passkey", begin, post=True, confirms=True),
    PageRoute("/you/passkey/{key}", show),
    PageRoute("/you/passkey/{key}", add, post=True),
    PageRoute("/you/no-passkey", remove, post=True, confirms=True),
    PageRoute("/sign-in/passkey", sign_in, post=True, open=True),
]
