"""Client and accounts: what an archive holds, what it lacks, and the sign-ins that fill it."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver import evidence
from archiver.assignment import Assignment
from archiver.catalogue import views
from archiver.config import HOUSE, Account
from archiver.desk.access import OWNER, Role
from archiver.desk.app import Visit, Way
from archiver.desk.pages import PAGE, troubles
from archiver.errors import ConfigError
from archiver.provider import Transport, installed, load
from archiver.reading.worker import DocumentReader

LINK_DAYS = (7, 30, 90)


def client(visit: Visit, link: tuple[str, object] | None = None) -> Response:
    """One client: the licences, the newest first, a page at a time; and a link to show them by."""
    owner = visit.client(visit.path["client"])
    rows, more, count, failed, free = [], None, 0, 0, set[str]()
    if visit.home.archive(owner.slug).is_dir():
        with DocumentReader() as reader, evidence.catalogue_of(visit.home, owner.slug, reader) as (archive, catalogue):
            hits, more = catalogue.newest(PAGE, visit.asked("after") or None)
            rows = views.hits(owner.slug, archive, hits)
            if owner.slug == HOUSE and visit.operates:
                free = {hit.entry.short_id for hit in hits if not hit.entry.assigned}
            count, failed = catalogue.count(), catalogue.count_incomplete()
    return visit.page(
        "client.html", client=owner, rows=rows, more=more, count=count, failed=failed, link=link, days=LINK_DAYS,
        free=free, by="" if visit.visitor.name == OWNER else visit.visitor.name,
        first=not visit.asked("after"),
        lacks=[] if visit.visitor.client else evidence.incomplete(visit.home, owner.slug),
    )  # fmt: skip


def assign(visit: Visit) -> Response:
    """A named person says for which client licences of shared accounts were bought, several at once."""
    visit.client(HOUSE)
    by = visit.given("by") if visit.visitor.name == OWNER else visit.visitor.name
    made = Assignment(client=visit.given("to"), by=by, reason=visit.given("reason"))
    chosen = [str(each) for each in visit.form.getlist("licence")][:PAGE]
    if not chosen or not made.client or not made.by or not made.reason:
        raise ConfigError(visit.words("assign_many_needs"))
    for name in chosen:
        evidence.assign(visit.home, visit.desk.vault, name, made)
        visit.told("assigned", name, client=made.client)
    return visit.to("client", HOUSE)


def make_link(visit: Visit) -> Response:
    """A read-only link to one client's licences."""
    owner = visit.client(visit.path["client"])
    days = visit.given("days")
    secret, until = visit.desk.doors.links.made(owner.slug, int(days) if days.isdecimal() and len(days) < 4 else 0)
    visit.told("link made", owner.slug, until=until.isoformat())
    base = str(visit.request.base_url)
    if visit.desk.site.secure:
        base = base.replace("http:", "https:", 1)
    return client(visit, link=(f"{base}link/{secret}", until))


def accounts(visit: Visit) -> Response:
    """All accounts, and which of them need a person."""
    marks = {each["account"].name: each for each in troubles(visit)}
    here = visit.operates and not visit.desk.site.secure  # a person signs in where the desk runs
    known = visit.home.accounts()
    attended = {each.name for each in known if here and _in_browser(each)}
    return visit.page("accounts.html", accounts=known, marks=marks, attended=attended, work=visit.desk.work)


def _in_browser(account: Account) -> bool:
    if account.provider not in installed():
        return False
    return load(account.provider).info.method(account.method).transport is not Transport.HTTP


def progress(visit: Visit) -> Response:
    """A part of a page: what runs just now, and how far it is."""
    return visit.page("progress.html", work=visit.desk.work)


def run(visit: Visit) -> Response:
    """Run one account, or all, beside the desk."""
    name = visit.given("account")
    names = [visit.home.account(name).name] if name else []
    visit.desk.work.run(visit.home, visit.desk.vault, names)
    visit.told("run started", name or "all")
    return visit.to("accounts")


def sign_in(visit: Visit) -> Response:
    """Open the attended sign-in on this machine."""
    account = visit.home.account(visit.given("account"))
    if visit.desk.site.secure:
        raise HTTPException(403)
    visit.desk.work.sign_in(visit.home, visit.desk.vault, account.name)
    visit.told("sign-in started", account.name)
    return visit.to("accounts")


WAYS = [
    Way("/client/{client}", client, Role.CLIENT),
    Way("/assign", assign, Role.OPERATE, post=True),
    Way("/client/{client}/link", make_link, Role.OPERATE, post=True),
    Way("/accounts", accounts),
    Way("/accounts/progress", progress),
    Way("/accounts/run", run, Role.OPERATE, post=True),
    Way("/accounts/sign-in", sign_in, Role.OPERATE, post=True),
]
