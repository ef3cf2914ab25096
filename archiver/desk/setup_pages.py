"""The checklist of a new home: what is done, and where to do the rest."""

from __future__ import annotations

from starlette.responses import Response

from archiver.agency.setup_checklist import checklist
from archiver.desk.app import PageRequest, PageRoute

PLACES = {"client": "/clients/new", "account": "/accounts/new", "licences": "/arrivals"}
"""The pages on which a step is done. The others are settings: the page names the file or the command."""


def setup(visit: PageRequest) -> Response:
    """What is set up, and what is not."""
    steps = visit.desk.cached("setup", lambda: checklist(visit.home)) if visit.home.clients else checklist(visit.home)
    return visit.page("setup.html", steps=steps, places=PLACES, users=visit.desk.access.users.all())


WAYS = [PageRoute("/setup", setup)]
