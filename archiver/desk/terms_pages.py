"""How the platforms' licence terms changed: the list of changes, and one change in words."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.agency import terms_watch
from archiver.core.errors import ConfigError
from archiver.desk.app import PageRequest, PageRoute


def changed(visit: PageRequest) -> Response:
    """All changes, newest first."""
    found = terms_watch.changes(visit.home)
    return visit.page("terms.html", changes=[each for each in found if each.important], quiet=len(found))


def of_platform(visit: PageRequest) -> Response:
    """The changes of one platform, in words, with what each touches."""
    try:
        found = terms_watch.changes(visit.home, visit.path["provider"])
    except ConfigError:
        raise HTTPException(404) from None
    every = visit.asked("all") == "1"
    rows = [(each, terms_watch.touched(visit.home, each)) for each in found if every or each.important]
    return visit.page(
        "terms-change.html", provider=visit.path["provider"], title=found[0].title if found else visit.path["provider"],
        rows=rows, every=every, topics=terms_watch.topics(), clients=visit.home.clients,
    )  # fmt: skip


ROUTES = [
    PageRoute("/terms", changed),
    PageRoute("/terms/{provider}", of_platform),
]
