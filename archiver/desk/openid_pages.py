"""The two addresses of a sign-in with OpenID Connect: away to the provider, and back."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from archiver.core.secret_texts import is_same
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import named
from archiver.desk.openid import FLOW_TIMEOUT_S, OpenIdFlows, OpenIdRefused
from archiver.desk.sign_in import let_in

FLOWS = OpenIdFlows()
BACK = "/sign-in/openid/back"


def away(visit: PageRequest) -> Response:
    """Lead the person to the provider. A cookie binds the way back to this browser."""
    site = visit.desk.site
    try:
        uri = f"{str(visit.request.base_url).rstrip('/')}{BACK}"
        state, address = FLOWS.begin(visit.home, uri, visit.asked("next"))
    except OpenIdRefused as refused:
        return _refused(visit, refused)
    response = RedirectResponse(address, status_code=303)
    response.set_cookie(
        _cookie(visit),
        state,
        max_age=round(FLOW_TIMEOUT_S),
        httponly=True,
        samesite="lax",
        secure=site.secure,
        path="/",
    )
    return response


def back(visit: PageRequest) -> Response:
    """The person comes back from the provider."""
    state, sent = visit.asked("state"), visit.request.cookies.get(_cookie(visit), "")
    try:
        if not state or not is_same(sent, state):
            raise OpenIdRefused("openid_expired")
        if visit.asked("error") or not visit.asked("code"):
            raise OpenIdRefused("openid_denied")
        name, wanted = FLOWS.end(visit.home, state, visit.asked("code"))
        user = visit.desk.access.users.all().get(name)
        if user is None:
            raise OpenIdRefused("openid_unknown", name)
    except OpenIdRefused as refused:
        return _refused(visit, refused)
    response = let_in(visit, named(user), wanted)
    response.delete_cookie(_cookie(visit), secure=visit.desk.site.secure, httponly=True, samesite="lax")
    return response


def _cookie(visit: PageRequest) -> str:
    return f"{visit.desk.site.cookie}-openid"


def _refused(visit: PageRequest, refused: OpenIdRefused) -> Response:
    visit.desk.access.log_action(None, "sign-in refused", "OpenID Connect", origin=visit.address)
    chosen = visit.home.settings.desk.openid
    reason = visit.words(refused.reason, name=refused.name) if refused.name else visit.words(refused.reason)
    text = visit.words("openid_refused", title=chosen.title if chosen else "OpenID Connect", reason=reason)
    return visit.page("sign-in.html", 401, wrong=False, wait=0, name="", next="", refused=text)


ROUTES = [PageRoute("/sign-in/openid", away, open=True), PageRoute(BACK, back, open=True)]
