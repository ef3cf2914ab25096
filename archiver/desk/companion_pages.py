"""The companion at the desk: the paired browsers, a code for a new one, and captures that wait for a licence."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.collect.companion import package
from archiver.collect.companion.captures import CaptureRefused, Inbox
from archiver.collect.companion.paired_browsers import CODE_MINUTES, PairedBrowser, PairingOffer
from archiver.core.errors import ConfigError
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role

MAX_CAPTURES = 50  # on the page


def show(visit: PageRequest, code: str = "", offer: PairingOffer | None = None) -> Response:
    """Browsers, newest contact first. Users who may only read see their own."""
    browsers = [each for each in visit.desk.companion.browsers.all() if _may(visit, each)]
    users = visit.desk.access.users.all()
    inbox = Inbox(visit.home.state)
    captures = [each for each in inbox.results() if visit.operates or each.person == visit.visitor.name]
    unread = [each for each in captures if each.outcome == "unread" and not each.bound_to]
    return visit.page(
        "companion.html", browsers=[(each, visit.desk.companion.browsers.read_state(each, users)) for each in browsers],
        code=code, offer=offer, minutes=CODE_MINUTES, by=visit.person(""),
        clients=visit.clients(), captures=captures[:MAX_CAPTURES], unread=unread, waiting=len(list(inbox.waiting())),
        waits_for=visit.desk.companion.filer.waits_for, families=list(package.BrowserFamily),
    )  # fmt: skip


def _may(visit: PageRequest, browser: PairedBrowser) -> bool:
    return visit.operates or browser.person == visit.visitor.name


def make_code(visit: PageRequest) -> Response:
    """A code for one browser, in the name of a person and for all clients or the chosen ones."""
    person = visit.given("person")
    chosen = tuple(visit.client(str(slug)).slug for slug in visit.form.getlist("client"))
    offer = PairingOffer(
        person=person, clients=chosen or None, by=visit.visitor.name, user=person in visit.desk.access.users.all()
    )
    code = visit.desk.companion.codes.offer(offer)
    visit.log_action("pairing code made", person, clients=", ".join(chosen) or "all")
    return show(visit, code, offer)


def extension(visit: PageRequest) -> Response:
    """The extension for one family of browsers, as `archiver companion package` writes it."""
    if visit.path["family"] not in list(package.BrowserFamily):
        raise HTTPException(404)
    family = package.BrowserFamily(visit.path["family"])
    return visit.file(package.zipped(package.files_for(family)), package.zip_name(family), "application/zip")


def revoke(visit: PageRequest) -> Response:
    """End a browser's token at once."""
    browser = visit.desk.companion.browsers.named(visit.given("id"))
    if browser is None or not _may(visit, browser):
        raise visit.refusal("companion_gone")
    visit.desk.companion.browsers.revoke(browser.id)
    visit.log_action("browser revoked", browser.person, browser=browser.id)
    return visit.to("companion")


def bind(visit: PageRequest) -> Response:
    """Put a capture that no reader knew to the licence that the visitor names."""
    from archiver.collect.companion.binding import bind as bind_capture

    result = Inbox(visit.home.state).result(visit.given("id"))
    by = visit.person(visit.given("by"))
    if result is None or not by:
        raise visit.refusal("companion_bind_needs")
    licence = visit.given("licence").rstrip("/").rpartition("/licence/")[2]  # a pasted address names it, too
    try:
        bound = bind_capture(visit.home, visit.desk.vault, result, licence, by)
    except CaptureRefused as error:
        raise ConfigError(f"{visit.words('companion_bind_refused')} {error.detail}.") from None
    visit.log_action("capture bound", bound, capture=result.id)
    return visit.to("companion")


ROUTES = [
    PageRoute("/companion", show),
    PageRoute("/companion/extension/{family}.zip", extension),
    PageRoute("/companion/code", make_code, Role.OPERATE, post=True),
    PageRoute("/companion/revoke", revoke, post=True),
    PageRoute("/companion/bind", bind, Role.OPERATE, post=True),
]
