"""Users and their roles, for administrators; and for each person the own password and authenticator app."""

from __future__ import annotations

import io

import pyotp
import segno
from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.core.errors import AuditChanged
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.audit_log import newest, verify
from archiver.desk.auth import OWNER, ROLES, Role

AUDIT_LINES = 200


def users(visit: PageRequest) -> Response:
    """Who may use the desk."""
    return visit.page("users.html", users=sorted(visit.desk.access.users.all().values(), key=lambda each: each.name),
                      roles=ROLES, done=visit.asked("done"))  # fmt: skip


def add(visit: PageRequest) -> Response:
    """Add a person."""
    name, password = " ".join(visit.given("name").split()), _typed(visit, "password")
    if name in visit.desk.access.users.all():
        raise visit.refusal("user_exists")
    if not password and visit.home.settings.desk.openid:
        visit.desk.access.users.add_without_password(name, visit.given("role"))
    else:
        visit.desk.access.users.add(name, visit.given("role"), password)
    visit.log_action("user added", name, role=visit.given("role"))
    return visit.to("users", done="user_added")


def change(visit: PageRequest) -> Response:
    """Change a person's role, give a new password, or take the authenticator app away."""
    name, access = visit.given("name"), visit.desk.access.users
    if name not in access.all():
        raise HTTPException(404)
    if visit.given("remove"):
        access.remove(name)
        visit.log_action("user removed", name)
        return visit.to("users", done="user_removed")
    role, password = visit.given("role") or None, _typed(visit, "password") or None
    access.change(
        name, role=role, password=password, totp="" if visit.given("no_totp") else None,
        passkeys=(lambda _: ()) if visit.given("no_passkeys") else None,
    )  # fmt: skip
    changed = {"role": role} if role else {}
    visit.log_action("user changed", name, password=password is not None, totp=not visit.given("no_totp"), **changed)
    return visit.to("users", done="user_changed")


def _typed(visit: PageRequest, name: str) -> str:
    value = visit.form.get(name)
    return value if isinstance(value, str) else ""


def own_page(visit: PageRequest) -> Response:
    """The page of the person who is signed in."""
    user = visit.desk.access.users.all().get(visit.visitor.name)
    return visit.page("you.html", user=user, done=visit.asked("done"), owner=visit.visitor.name == OWNER)


def new_password(visit: PageRequest) -> Response:
    """Change the own password. All sessions of the person end, also this one."""
    name = visit.visitor.name
    password = _typed(visit, "password")
    if password != _typed(visit, "repeated"):
        raise visit.refusal("passwords_differ")
    visit.desk.access.users.change(name, password=password)
    visit.log_action("password changed", name)
    return visit.to("sign-in")


def new_app(visit: PageRequest) -> Response:
    """A new key for an authenticator app. It counts once a code of it was entered."""
    return visit.to("you", "app", visit.keep(("totp", pyotp.random_base32())))


def _key(visit: PageRequest) -> str:
    what, secret = visit.kept(visit.path["key"], tuple)
    if what != "totp":
        raise HTTPException(404)
    return str(secret)


def show_app(visit: PageRequest) -> Response:
    """The key as a picture and as text, and the field for the first code."""
    return visit.page("new-app.html", secret=_key(visit), key=visit.path["key"])


def app_picture(visit: PageRequest) -> Response:
    """The QR code of the key."""
    site = min(visit.desk.site.hosts)
    address = pyotp.TOTP(_key(visit)).provisioning_uri(name=visit.visitor.name, issuer_name=f"archiver {site}")
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=5, light="#fff", dark="#000", xmldecl=False)
    return Response(out.getvalue(), media_type="image/svg+xml")


def use_app(visit: PageRequest) -> Response:
    """Ask for a code at each sign-in from now on."""
    secret = _key(visit)
    if not visit.desk.access.users.accept_code(visit.visitor.name, secret, visit.given("code")):
        raise visit.refusal("code_wrong")
    visit.desk.access.users.change(visit.visitor.name, totp=secret)
    visit.log_action("authenticator app added", visit.visitor.name)
    return visit.to("you", done="app_added")


def no_app(visit: PageRequest) -> Response:
    """Ask for no code any more."""
    visit.desk.access.users.change(visit.visitor.name, totp="")
    visit.log_action("authenticator app removed", visit.visitor.name)
    return visit.to("you", done="app_removed")


def audit(visit: PageRequest) -> Response:
    """Who did what, the newest first, and whether somebody changed the log."""
    path, fault = visit.desk.access.audit.path, ""
    lines = list(reversed(newest(path, AUDIT_LINES))) if path.exists() else []
    who, what = visit.asked("who"), visit.asked("what")
    names = sorted({str(each["who"]) for each in lines if each.get("who")})
    kinds = sorted({str(each["what"]) for each in lines if each.get("what")})
    chained = 0
    try:
        chained = verify(path) if path.exists() else 0
    except AuditChanged as error:
        fault = str(error)
    kept = [each for each in lines if who in ("", each.get("who")) and what in ("", each.get("what"))]
    return visit.page("audit.html", lines=kept, names=names, kinds=kinds, who=who, what=what, chained=chained,
                      fault=fault)  # fmt: skip


ROUTES = [
    PageRoute("/users", users, Role.ADMIN),
    PageRoute("/users", add, Role.ADMIN, post=True, confirms=True),
    PageRoute("/users/change", change, Role.ADMIN, post=True, confirms=True),
    PageRoute("/you", own_page),
    PageRoute("/you/password", new_password, post=True, confirms=True),
    PageRoute("/you/app", new_app, post=True, confirms=True),
    PageRoute("/you/app/{key}", show_app),
    PageRoute("/you/app/{key}/code.svg", app_picture),
    PageRoute("/you/app/{key}", use_app, post=True),
    PageRoute("/you/no-app", no_app, post=True, confirms=True),
    PageRoute("/audit", audit, Role.OPERATE),
]
